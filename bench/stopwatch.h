/* SPDX-License-Identifier: MIT
 *
 * Time as the benchmarks take it: seconds of the wall, and beside them the
 * seconds that this process spent in the kernel meanwhile.
 *
 * What is measured in memory makes no system call, so its time in the kernel
 * is the first touch of each page. A running server has paid for that once,
 * and on a virtual machine it can be most of the time: it is shown apart.
 */
#ifndef SP_BENCH_STOPWATCH_H
#define SP_BENCH_STOPWATCH_H

#include <stdint.h>

typedef struct sp_bench_stopwatch {
    double seconds, kernel_seconds; /* gathered so far */
    uint64_t from_ns;
    double kernel_from;
} sp_bench_stopwatch;

/* May be started and stopped many times: the times add up. All zero at first. */
void sp_bench_stopwatch_start(sp_bench_stopwatch *watch);
void sp_bench_stopwatch_stop(sp_bench_stopwatch *watch);

/* Of several runs of the same work, by the nanoseconds of one operation. */
typedef struct sp_bench_pace {
    double median_ns, least_ns;
} sp_bench_pace;

#define SP_BENCH_RUNS_MAX 64u

/* Runs `body` once unmeasured, then `runs` times (1 … SP_BENCH_RUNS_MAX);
 * every run does `operations` of them. */
sp_bench_pace sp_bench_pace_of(void (*body)(void *context), void *context, uint32_t operations,
                               uint32_t runs);

/* The value below which so many of a thousand lie (nearest rank). `sorted`:
 * ascending, count >= 1. */
uint64_t sp_bench_per_mille(const uint64_t *sorted, uint64_t count, uint32_t per_mille);
void sp_bench_sort(uint64_t *values, uint64_t count);

#endif
