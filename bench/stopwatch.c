/* SPDX-License-Identifier: MIT */
#include "bench/stopwatch.h"

#include <stdlib.h>
#include <sys/resource.h>

#include "bench/bench.h"
#include "engine/assert.h"

static double kernel_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

void sp_bench_stopwatch_start(sp_bench_stopwatch *watch)
{
    watch->kernel_from = kernel_seconds();
    watch->from_ns = sp_bench_now_ns();
}

void sp_bench_stopwatch_stop(sp_bench_stopwatch *watch)
{
    watch->seconds += (double)(sp_bench_now_ns() - watch->from_ns) / 1e9;
    watch->kernel_seconds += kernel_seconds() - watch->kernel_from;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

void sp_bench_sort(uint64_t *values, uint64_t count)
{
    qsort(values, count, sizeof *values, compare);
}

uint64_t sp_bench_per_mille(const uint64_t *sorted, uint64_t count, uint32_t per_mille)
{
    SP_ASSERT_CMP(count, >=, 1);
    SP_ASSERT_CMP(per_mille, <=, 1000);
    uint64_t rank = (count * per_mille + 999) / 1000;
    return sorted[rank > 0 ? rank - 1 : 0];
}

sp_bench_pace sp_bench_pace_of(void (*body)(void *context), void *context, uint32_t operations,
                               uint32_t runs)
{
    uint64_t took_ns[SP_BENCH_RUNS_MAX] = {0};
    SP_ASSERT_CMP(runs, >=, 1);
    SP_ASSERT_CMP(runs, <=, SP_BENCH_RUNS_MAX);
    body(context);
    for (uint32_t i = 0; i < runs; i++) {
        uint64_t from_ns = sp_bench_now_ns();
        body(context);
        took_ns[i] = sp_bench_now_ns() - from_ns;
    }
    sp_bench_sort(took_ns, runs);
    return (sp_bench_pace){.median_ns = (double)took_ns[(runs - 1) / 2] / operations,
                           .least_ns = (double)took_ns[0] / operations};
}
