/* SPDX-License-Identifier: MIT */
#include "bench/sales.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "engine/assert.h"

#define SEED UINT64_C(0x9e3779b97f4a7c15)
#define POINTS_EACH INT64_C(1000000000)

/* Seats are sold in blocks of an order's size. */
static uint32_t blocks_of(const sp_bench_sales *sales)
{
    return sales->seats_count / sales->seats_per_order;
}

uint64_t sp_bench_sales_orders_max(const sp_bench_sales *sales)
{
    return (uint64_t)sales->concerts_count * blocks_of(sales);
}

/* A step that visits every block once, far from the one before. */
static uint32_t stride_of(uint32_t count)
{
    uint32_t stride = count / 2 + count / 8 + 1;
    while (sp_bench_common_divisor(stride, count) != 1)
        stride++;
    return stride;
}

sp_bench_sale *sp_bench_sales_plan(const sp_bench_sales *sales)
{
    sp_bench_random random = {SEED};
    uint32_t blocks_count = blocks_of(sales), stride = stride_of(blocks_count);
    uint32_t *sold = calloc(sales->concerts_count, sizeof *sold);
    sp_bench_sale *plan = malloc(sales->orders_count * sizeof *plan);
    if (sold == NULL || plan == NULL) {
        fputs("stagepick bench: out of memory\n", stderr);
        free(sold);
        free(plan);
        return NULL;
    }
    for (uint32_t i = 0; i < sales->orders_count; i++) {
        uint32_t concert = sp_bench_random_below(&random, sales->concerts_count);
        while (sold[concert] == blocks_count) /* orders_count <= orders_max */
            concert = (concert + 1) % sales->concerts_count;
        uint64_t nth = sold[concert]++;
        uint32_t block = (uint32_t)(nth * stride % blocks_count);
        plan[i] = (sp_bench_sale){
            .user = sp_bench_random_below(&random, sales->users_count) + 1,
            .concert = concert + 1,
            .first_seat = block * sales->seats_per_order,
        };
    }
    free(sold);
    return plan;
}

sp_state *sp_bench_sales_state(const sp_bench_sales *sales)
{
    sp_limits limits = sp_limits_default;
    limits.users_max = sales->users_count;
    limits.concerts_max = sales->concerts_count;
    limits.grades_max = sales->concerts_count;
    limits.rows_max = sales->concerts_count;
    limits.seats_max = sales->concerts_count * sales->seats_count;
    limits.orders_max = sales->orders_count;
    sp_state *state = sp_state_create(&limits);
    if (state == NULL)
        fputs("stagepick bench: no memory for the state\n", stderr);
    return state;
}

sp_decision sp_bench_decide_apply(sp_state *state, const sp_command *command,
                                  sp_bench_on_event on_event, void *context, sp_refusal *refusal)
{
    sp_event event;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_replay replay;
    sp_outcome outcome;
    sp_decision decision =
        sp_decide(state, command, SP_BENCH_SALES_TIME, &event, seats, &replay, &outcome, refusal);
    if (decision != SP_DECISION_EVENT)
        return decision;
    if (on_event != NULL)
        on_event(context, &event);
    sp_apply(state, &event);
    return decision;
}

static void stage_concerts(const sp_bench_sales *sales, sp_state *state, sp_bench_on_event on_event,
                           void *context, sp_refusal *refusal)
{
    sp_grade_spec grade = {SP_TEXT("A"), SP_BENCH_SALES_PRICE, &sales->seats_count, 1};
    sp_concert_spec spec = {
        .category = 1,
        .name = SP_TEXT("Bench"),
        .age_limit = SP_AGE_ZERO,
        .start_date = SP_BENCH_SALES_TIME,
        .end_date = SP_BENCH_SALES_TIME + 1,
        .concert_date = SP_BENCH_SALES_TIME + 1,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = 300,
        .grades = &grade,
        .grades_count = 1,
    };
    sp_command command = {.type = SP_COMMAND_CONCERT_CREATE};
    command.concert_create.spec = &spec;
    for (uint32_t i = 0; i < sales->concerts_count; i++) {
        command.actor = i % sales->users_count + 1;
        sp_decision made = sp_bench_decide_apply(state, &command, on_event, context, refusal);
        SP_ASSERT_CMP(made, ==, SP_DECISION_EVENT);
    }
}

void sp_bench_sales_stage(const sp_bench_sales *sales, sp_state *state, sp_bench_on_event on_event,
                          void *context)
{
    static sp_refusal refusal;
    /* Any of them may be a host. All points together have a limit. */
    sp_points points_most = SP_POINTS_TOTAL_MAX / sales->users_count;
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = SP_ROLE_HOST;
    command.user_create.points = points_most < POINTS_EACH ? points_most : POINTS_EACH;
    for (uint32_t i = 0; i < sales->users_count; i++) {
        sp_decision made = sp_bench_decide_apply(state, &command, on_event, context, &refusal);
        SP_ASSERT_CMP(made, ==, SP_DECISION_EVENT);
    }
    command = (sp_command){.type = SP_COMMAND_CATEGORY_CREATE};
    command.category_create.name = SP_TEXT("Bench");
    sp_decision made = sp_bench_decide_apply(state, &command, on_event, context, &refusal);
    SP_ASSERT_CMP(made, ==, SP_DECISION_EVENT);
    stage_concerts(sales, state, on_event, context, &refusal);
}

void sp_bench_sale_command(const sp_bench_sales *sales, const sp_bench_sale *sale,
                           sp_command *command)
{
    command->type = SP_COMMAND_ORDER_CREATE;
    command->actor = sale->user;
    command->order_create.concert = sale->concert;
    command->order_create.amount = SP_AMOUNT_UNSTATED;
    command->order_create.hold = 0;
    command->order_create.job.present = false;
    command->order_create.seats_count = sales->seats_per_order;
    for (uint32_t i = 0; i < sales->seats_per_order; i++)
        command->order_create.seats[i] = sale->first_seat + i;
}
