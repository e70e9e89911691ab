/* SPDX-License-Identifier: MIT
 *
 * GET /livez: what a request costs that asks for nothing.
 */
#include "bench/load_workload.h"

static void *open_livez(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    static char nothing;
    (void)stage;
    (void)why;
    (void)why_size;
    return &nothing;
}

static void close_livez(void *workload)
{
    (void)workload;
}

static uint64_t capacity(const void *workload)
{
    (void)workload;
    return UINT64_MAX;
}

static void next(void *workload, uint64_t index, sp_bench_load_request *out)
{
    (void)workload;
    (void)index;
    out->kind = SP_BENCH_LOAD_LIVEZ;
    out->mark = 0;
}

const sp_bench_load_workload sp_bench_load_livez = {
    .name = "livez",
    .help = "GET /livez",
    .kind = SP_BENCH_LOAD_LIVEZ,
    .open = open_livez,
    .close = close_livez,
    .capacity = capacity,
    .next = next,
};
