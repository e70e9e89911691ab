/* SPDX-License-Identifier: MIT
 *
 * Everyone wants the same thousand seats of one concert: users in turn, seats
 * at random (seeded). Soon nearly every answer is `seat_taken`, which is what
 * a sold-out drop does to a server.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/load_workload.h"

#define WANTED_SEATS 1000u
#define SEED UINT64_C(0x5eed0f5eed0f5eed)

static void *open_hot(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    if (stage->seats_count < WANTED_SEATS) {
        snprintf(why, why_size, "hot wants %u seats of a concert, which has %u", WANTED_SEATS,
                 stage->seats_count);
        return NULL;
    }
    sp_bench_load_stage *own = malloc(sizeof *own);
    if (own == NULL)
        snprintf(why, why_size, "out of memory");
    else
        *own = *stage;
    return own;
}

static uint64_t capacity(const void *workload)
{
    (void)workload;
    return UINT64_MAX;
}

static void next(void *workload, uint64_t index, sp_bench_load_request *out)
{
    const sp_bench_load_stage *stage = workload;
    out->kind = SP_BENCH_LOAD_ORDER;
    out->user = (uint32_t)(index % stage->users.count);
    out->user_id = stage->users.first + out->user;
    out->concert = stage->concerts.first;
    out->seat = (sp_seat)(sp_bench_random_at(SEED, index) % WANTED_SEATS);
    out->mark = 0;
}

const sp_bench_load_workload sp_bench_load_hot = {
    .name = "hot",
    .help = "orders for the same 1,000 seats of one concert",
    .kind = SP_BENCH_LOAD_ORDER,
    .expected_code = "seat_taken",
    .open = open_hot,
    .close = free,
    .capacity = capacity,
    .next = next,
};
