/* SPDX-License-Identifier: MIT */
#include "bench/load_spread.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "engine/assert.h"
#include "engine/limits.h"

uint64_t sp_bench_load_spread_pairs(const sp_bench_load_stage *stage)
{
    uint64_t users = stage->users.count, concerts = stage->concerts.count;
    return users / sp_bench_common_divisor(users, concerts) * concerts;
}

uint64_t sp_bench_load_spread_capacity(const sp_bench_load_stage *stage)
{
    uint64_t seats = (uint64_t)stage->concerts.count * stage->seats_count;
    uint64_t allowed = sp_bench_load_spread_pairs(stage) * SP_MAX_SEATS_PER_USER_MAX;
    return seats < allowed ? seats : allowed;
}

sp_bench_load_spread_order sp_bench_load_spread_at(const sp_bench_load_stage *stage, uint64_t index)
{
    return (sp_bench_load_spread_order){
        .user = (uint32_t)(index % stage->users.count),
        .concert = (uint32_t)(index % stage->concerts.count),
        .seat = (sp_seat)(index / stage->concerts.count),
    };
}

void sp_bench_load_spread_explain(const sp_bench_load_stage *stage, char *out, size_t size)
{
    snprintf(out, size,
             "the sequence has %" PRIu64 " orders: %u concerts of %u seats, %u users of whom "
             "each may have %u seats at a concert",
             sp_bench_load_spread_capacity(stage), stage->concerts.count, stage->seats_count,
             stage->users.count, SP_MAX_SEATS_PER_USER_MAX);
}

/* ---- as a workload ---- */

void *sp_bench_load_spread_open(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    sp_bench_load_stage *own = malloc(sizeof *own);
    if (own == NULL)
        snprintf(why, why_size, "out of memory");
    else
        *own = *stage;
    return own;
}

uint64_t sp_bench_load_spread_of(const void *workload)
{
    return sp_bench_load_spread_capacity(workload);
}

void sp_bench_load_spread_next(void *workload, uint64_t index, sp_bench_load_request *out)
{
    const sp_bench_load_stage *stage = workload;
    sp_bench_load_spread_order order = sp_bench_load_spread_at(stage, index);
    SP_ASSERT_CMP(order.seat, <, stage->seats_count);
    out->kind = SP_BENCH_LOAD_ORDER;
    out->user = order.user;
    out->user_id = stage->users.first + order.user;
    out->concert = stage->concerts.first + order.concert;
    out->seat = order.seat;
    out->mark = 0;
}

const sp_bench_load_workload sp_bench_load_spread = {
    .name = "spread",
    .help = "orders of distinct seats, users and concerts in turn",
    .kind = SP_BENCH_LOAD_ORDER,
    .open = sp_bench_load_spread_open,
    .close = free,
    .capacity = sp_bench_load_spread_of,
    .next = sp_bench_load_spread_next,
};
