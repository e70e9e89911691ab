/* SPDX-License-Identifier: MIT
 *
 * Holds that are bought: a unit is a hold and, when it was given, the order of it.
 * `hold-then-order` holds the seats of the sequence `spread`; `best-available` asks
 * for neighbours, users and concerts in turn, and takes what the server finds. Of
 * each hundred units the last `abandon_percent` buy nothing: their holds expire.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/load_body.h"
#include "bench/load_spread.h"
#include "engine/limits.h"

/* Of the rows that `bench fill` makes. */
#define ROW_SIZE 50u

static const sp_bench_load_step hold_steps[] = {{"hold", SP_BENCH_LOAD_HOLD},
                                                {"order", SP_BENCH_LOAD_BUY}};
static const sp_bench_load_step best_steps[] = {{"hold", SP_BENCH_LOAD_BEST},
                                                {"order", SP_BENCH_LOAD_BUY}};

static void ask(const sp_bench_load_stage *stage, uint64_t index, sp_bench_load_request *out)
{
    sp_bench_load_spread_order order = sp_bench_load_spread_at(stage, index);
    out->user = order.user;
    out->user_id = stage->users.first + order.user;
    out->concert = stage->concerts.first + order.concert;
    out->seat = order.seat;
    out->count = stage->group_size;
    out->hold = 0;
    out->mark = 0;
}

static void next_hold(void *workload, uint64_t index, sp_bench_load_request *out)
{
    ask(workload, index, out);
    out->kind = SP_BENCH_LOAD_HOLD;
}

static bool follow(void *workload, uint64_t index, uint32_t step,
                   const sp_bench_load_answer *answer, sp_bench_load_request *out)
{
    const sp_bench_load_stage *stage = workload;
    if (step != 0 || index % 100 >= 100 - stage->abandon_percent)
        return false;
    ask(stage, index, out);
    out->kind = SP_BENCH_LOAD_BUY;
    out->index = index;
    out->hold = (sp_hold_id)sp_bench_load_body_number(answer->body, "holdId");
    return true;
}

const sp_bench_load_workload sp_bench_load_hold_then_order = {
    .name = "hold-then-order",
    .help = "holds of distinct seats, each bought when it was given",
    .kind = SP_BENCH_LOAD_HOLD,
    .open = sp_bench_load_spread_open,
    .close = free,
    .capacity = sp_bench_load_spread_of,
    .next = next_hold,
    .steps = hold_steps,
    .steps_count = 2,
    .follow = follow,
    .reads_bodies = true,
};

/* ---- best available ---- */

static void *open_best(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    if (stage->group_size >= 1 && stage->group_size <= ROW_SIZE)
        return sp_bench_load_spread_open(stage, why, why_size);
    snprintf(why, why_size, "best-available wants 1 to %u neighbours", ROW_SIZE);
    return NULL;
}

/* Where the groups fill the rows; of others the server finds no more a little
 * sooner, and says so. Users' limits as with single seats. */
static uint64_t best_capacity(const void *workload)
{
    const sp_bench_load_stage *stage = workload;
    uint64_t rows = stage->seats_count / ROW_SIZE;
    uint64_t groups =
        rows * (ROW_SIZE / stage->group_size) + stage->seats_count % ROW_SIZE / stage->group_size;
    uint64_t allowed =
        sp_bench_load_spread_pairs(stage) * (SP_MAX_SEATS_PER_USER_MAX / stage->group_size);
    uint64_t all = stage->concerts.count * groups;
    return all < allowed ? all : allowed;
}

static void next_best(void *workload, uint64_t index, sp_bench_load_request *out)
{
    ask(workload, index, out);
    out->kind = SP_BENCH_LOAD_BEST;
}

const sp_bench_load_workload sp_bench_load_best_available = {
    .name = "best-available",
    .help = "holds of the best neighbours, each bought when it was given",
    .kind = SP_BENCH_LOAD_BEST,
    .open = open_best,
    .close = free,
    .capacity = best_capacity,
    .next = next_best,
    .steps = best_steps,
    .steps_count = 2,
    .follow = follow,
    .reads_bodies = true,
};
