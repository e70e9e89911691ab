/* SPDX-License-Identifier: MIT
 *
 * The sales that the engine and the log are measured with: random users buy at
 * random concerts, each order some neighbouring seats, every concert's seats
 * in a scattered order, so that nothing is found in the cache by luck. Every
 * order succeeds. The same numbers make the same sales on every machine.
 */
#ifndef SP_BENCH_SALES_H
#define SP_BENCH_SALES_H

#include "engine/engine.h"

#define SP_BENCH_SALES_TIME INT64_C(1700000000000)
#define SP_BENCH_SALES_PRICE INT64_C(100)

typedef struct sp_bench_sales {
    uint32_t users_count, concerts_count;
    uint32_t seats_count; /* of each concert */
    uint32_t orders_count, seats_per_order;
} sp_bench_sales;

/* One order to come. */
typedef struct sp_bench_sale {
    sp_user_id user;
    sp_concert_id concert;
    sp_seat first_seat;
} sp_bench_sale;

/* Orders that the seats are enough for. */
uint64_t sp_bench_sales_orders_max(const sp_bench_sales *sales);

/* All sales in order, malloc'ed; orders_count <= orders_max. NULL (after a line
 * on stderr) if out of memory. */
sp_bench_sale *sp_bench_sales_plan(const sp_bench_sales *sales);

/* An empty state with tables of just this size. NULL as above. */
sp_state *sp_bench_sales_state(const sp_bench_sales *sales);

/* What is done with an event before it is applied; may be NULL. */
typedef void (*sp_bench_on_event)(void *context, const sp_event *event);

/* Users with points for all that they may buy, and the concerts: every command
 * must succeed. */
void sp_bench_sales_stage(const sp_bench_sales *sales, sp_state *state, sp_bench_on_event on_event,
                          void *context);

/* Makes *command, zeroed once by the caller, that of a sale. */
void sp_bench_sale_command(const sp_bench_sales *sales, const sp_bench_sale *sale,
                           sp_command *command);

/* Decides at SP_BENCH_SALES_TIME and applies. *refusal is filled if it was
 * refused: large, so the caller keeps one for all. */
sp_decision sp_bench_decide_apply(sp_state *state, const sp_command *command,
                                  sp_bench_on_event on_event, void *context, sp_refusal *refusal);

#endif
