/* SPDX-License-Identifier: MIT
 *
 * Micro-benchmarks: `stagepick bench NAME`. Each runs a canonical workload
 * without arguments, prints its headline figures first and a hash of its
 * result, and runs small under --tiny so that tests can run it.
 */
#ifndef SP_BENCH_BENCH_H
#define SP_BENCH_BENCH_H

#include <stdint.h>

/* Monotonic nanoseconds. */
uint64_t sp_bench_now_ns(void);

/* A seeded stream of numbers (xorshift64*, S. Vigna): the same on every
 * machine, so that two runs do the same work. */
typedef struct sp_bench_random {
    uint64_t state; /* not 0 */
} sp_bench_random;

/* Uniform in [0, bound); bound >= 1. */
uint32_t sp_bench_random_below(sp_bench_random *random, uint32_t bound);

/* The same kind of stream with its numbers by index, without those before it
 * (SplitMix64; G. Steele, D. Lea, C. Flood: "Fast splittable pseudorandom
 * number generators", 2014). Here, since it is part of measured loops. */
static inline uint64_t sp_bench_random_at(uint64_t seed, uint64_t index)
{
    uint64_t x = seed + index * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The greatest; not both 0. */
uint64_t sp_bench_common_divisor(uint64_t a, uint64_t b);

/* `stagepick bench engine …`: argv[0] is "engine". Exit code. */
int sp_bench_engine(int argc, char **argv);
/* Likewise for each of the others. */
int sp_bench_queue(int argc, char **argv);
int sp_bench_log(int argc, char **argv);
int sp_bench_codec(int argc, char **argv);
int sp_bench_http(int argc, char **argv);
int sp_bench_json(int argc, char **argv);
int sp_bench_finder(int argc, char **argv);
int sp_bench_holds(int argc, char **argv);
int sp_bench_search(int argc, char **argv);
int sp_bench_cancel(int argc, char **argv);
int sp_bench_floor(int argc, char **argv);
/* `stagepick bench load …`: argv[0] is "load". Exit code. */
int sp_bench_load(int argc, char **argv);
/* `stagepick bench fill …`: argv[0] is "fill". Exit code. */
int sp_bench_fill(int argc, char **argv);

#endif
