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

/* `stagepick bench engine …`: argv[0] is "engine". Exit code. */
int sp_bench_engine(int argc, char **argv);
/* `stagepick bench fill …`: argv[0] is "fill". Exit code. */
int sp_bench_fill(int argc, char **argv);

#endif
