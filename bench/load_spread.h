/* SPDX-License-Identifier: MIT
 *
 * The sequence of distinct single-seat orders: order i is for user i mod U, at
 * concert i mod C, seat i div C. `bench fill --orders` sells by it and the
 * workload `spread` goes on behind that. Pure.
 */
#ifndef SP_BENCH_LOAD_SPREAD_H
#define SP_BENCH_LOAD_SPREAD_H

#include "bench/load_workload.h"

/* Indexes from 0: add the first id of each range. */
typedef struct sp_bench_load_spread_order {
    uint32_t user, concert;
    sp_seat seat;
} sp_bench_load_spread_order;

/* Pairs of a user and a concert that the sequence goes through: lcm(U, C). */
uint64_t sp_bench_load_spread_pairs(const sp_bench_load_stage *stage);

/* How many orders the sequence has: until the seats are sold, or until every
 * user has as many seats at a concert as any may (SP_MAX_SEATS_PER_USER_MAX).
 * User and concert repeat together after lcm(U, C) orders, so each pair of
 * them comes once in so many. */
uint64_t sp_bench_load_spread_capacity(const sp_bench_load_stage *stage);

/* index < capacity. */
sp_bench_load_spread_order sp_bench_load_spread_at(const sp_bench_load_stage *stage,
                                                   uint64_t index);

/* A sentence on where the capacity comes from, for whoever asked for more. */
void sp_bench_load_spread_explain(const sp_bench_load_stage *stage, char *out, size_t size);

/* As a workload: for those whose requests are these orders, asked in another way.
 * Closed by free. */
void *sp_bench_load_spread_open(const sp_bench_load_stage *stage, char *why, size_t why_size);
uint64_t sp_bench_load_spread_of(const void *workload);
void sp_bench_load_spread_next(void *workload, uint64_t index, sp_bench_load_request *out);

#endif
