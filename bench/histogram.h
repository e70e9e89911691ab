/* SPDX-License-Identifier: MIT
 *
 * A latency histogram after HdrHistogram (Gil Tene,
 * https://hdrhistogram.github.io): counters whose width grows with the value,
 * so that every value from 1 µs to 60 s is kept to three significant digits
 * in one flat array, and recording is a shift and an increment. Debian has no
 * packaged library of it; this is the part that a load generator needs.
 *
 *   value    0 … 2047        one counter each
 *            2048 … 4095     a counter for 2
 *            4096 … 8191     a counter for 4, and so on
 *
 * So two values that share a counter differ by less than 1 in 1024.
 *
 * Caveat: a value over 60 s counts as 60 s; `max_us` and the mean stay exact.
 *
 * One thread. Nothing allocates but create.
 */
#ifndef SP_BENCH_HISTOGRAM_H
#define SP_BENCH_HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define SP_BENCH_HISTOGRAM_MAX_US UINT64_C(60000000)

typedef struct sp_bench_histogram sp_bench_histogram;

/* NULL if out of memory. */
sp_bench_histogram *sp_bench_histogram_create(void);
void sp_bench_histogram_destroy(sp_bench_histogram *histogram);

void sp_bench_histogram_record(sp_bench_histogram *histogram, uint64_t value_us);

uint64_t sp_bench_histogram_count(const sp_bench_histogram *histogram);
/* 0 while nothing was recorded, as the two below. */
uint64_t sp_bench_histogram_max_us(const sp_bench_histogram *histogram);
double sp_bench_histogram_mean_us(const sp_bench_histogram *histogram);

/* The smallest value that `percent` of all values do not exceed, rounded up to
 * the end of its counter (and never over the maximum): percent in (0, 100]. */
uint64_t sp_bench_histogram_percentile_us(const sp_bench_histogram *histogram, double percent);

/* The whole distribution as two columns, `value_us percentile`, a line for
 * each counter that is not 0, below a comment line: for plots. */
void sp_bench_histogram_print(const sp_bench_histogram *histogram, FILE *to);

#endif
