/* SPDX-License-Identifier: MIT */
#include "bench/histogram.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "engine/assert.h"

/* Half of a power's values share its counters: 2^10 of them keep an error
 * under 1/1024, which is what three significant digits ask for. */
#define HALF_BITS 10u
#define HALF (1u << HALF_BITS)
#define VALUE_BITS 26u /* 60 s in µs */
#define COUNTERS ((VALUE_BITS - HALF_BITS - 1 + 2) * HALF)

_Static_assert(SP_BENCH_HISTOGRAM_MAX_US < UINT64_C(1) << VALUE_BITS, "60 s has a counter");

struct sp_bench_histogram {
    uint64_t count, max_us;
    double sum_us; /* exact up to 2^53 µs in all: 285 years */
    uint64_t counters[COUNTERS];
};

sp_bench_histogram *sp_bench_histogram_create(void)
{
    return calloc(1, sizeof(sp_bench_histogram));
}

void sp_bench_histogram_destroy(sp_bench_histogram *histogram)
{
    free(histogram);
}

/* By how much a value is shifted so that it fits 11 bits. */
static uint32_t shift_of(uint64_t value)
{
    uint32_t bits = 64u - (uint32_t)__builtin_clzll(value | 1);
    return bits > HALF_BITS + 1 ? bits - HALF_BITS - 1 : 0;
}

static uint32_t index_of(uint64_t value)
{
    uint32_t shift = shift_of(value);
    return shift * HALF + (uint32_t)(value >> shift);
}

/* The greatest value that a counter counts. */
static uint64_t value_of(uint32_t index)
{
    uint32_t shift = index < 2 * HALF ? 0 : index / HALF - 1;
    return ((uint64_t)(index - shift * HALF + 1) << shift) - 1;
}

void sp_bench_histogram_record(sp_bench_histogram *histogram, uint64_t value_us)
{
    histogram->count++;
    histogram->sum_us += (double)value_us;
    if (value_us > histogram->max_us)
        histogram->max_us = value_us;
    if (value_us > SP_BENCH_HISTOGRAM_MAX_US)
        value_us = SP_BENCH_HISTOGRAM_MAX_US;
    uint32_t index = index_of(value_us);
    SP_ASSERT_CMP(index, <, COUNTERS);
    histogram->counters[index]++;
}

uint64_t sp_bench_histogram_count(const sp_bench_histogram *histogram)
{
    return histogram->count;
}

uint64_t sp_bench_histogram_max_us(const sp_bench_histogram *histogram)
{
    return histogram->max_us;
}

double sp_bench_histogram_mean_us(const sp_bench_histogram *histogram)
{
    return histogram->count > 0 ? histogram->sum_us / (double)histogram->count : 0;
}

static uint64_t shown(const sp_bench_histogram *histogram, uint32_t index)
{
    uint64_t value = value_of(index);
    return value < histogram->max_us ? value : histogram->max_us;
}

uint64_t sp_bench_histogram_percentile_us(const sp_bench_histogram *histogram, double percent)
{
    SP_ASSERT(percent > 0 && percent <= 100);
    if (histogram->count == 0)
        return 0;
    uint64_t rank = (uint64_t)ceil(percent / 100 * (double)histogram->count), seen = 0;
    for (uint32_t i = 0; i < COUNTERS; i++) {
        seen += histogram->counters[i];
        if (seen >= rank && seen > 0)
            return shown(histogram, i);
    }
    return histogram->max_us;
}

void sp_bench_histogram_print(const sp_bench_histogram *histogram, FILE *to)
{
    uint64_t seen = 0;
    fputs("# value_us percentile\n", to);
    for (uint32_t i = 0; i < COUNTERS; i++) {
        if (histogram->counters[i] == 0)
            continue;
        seen += histogram->counters[i];
        fprintf(to, "%" PRIu64 " %.6f\n", shown(histogram, i),
                100.0 * (double)seen / (double)histogram->count);
    }
}
