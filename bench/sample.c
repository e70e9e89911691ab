/* SPDX-License-Identifier: MIT */
#include "bench/sample.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/engine.h"
#include "net/fold.h"
#include "net/loop.h"

/* Ids as large as a busy server's: they decide how long an answer is. */
#define USERS_COUNT 20000u
#define ORDERS_COUNT 1000u
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct sp_bench_sample {
    sp_clock clock; /* first: the interface; it always shows one time */
    sp_loop_shared shared;
    sp_loop *loop;
    sp_app *app;
    atomic_bool serving, failed;
    sp_state *state;
    sp_views *views;
    sp_metrics *metrics;
    sp_slot paid, taken;
};

static sp_time_ms on_now(sp_clock *clock)
{
    (void)clock;
    return SP_BENCH_SAMPLE_TIME;
}

static sp_outcome decide_apply(sp_bench_sample *sample, sp_slot *slot)
{
    sp_event event;
    sp_replay replay;
    sp_result *result = &slot->result;
    sp_decision decision = sp_decide(sample->state, &slot->command, SP_BENCH_SAMPLE_TIME, &event,
                                     result->seats, &replay, &result->outcome, &result->refusal);
    if (decision != SP_DECISION_EVENT)
        return result->outcome;
    sp_apply(sample->state, &event);
    sp_result_of_event(sample->state, &event, result);
    return result->outcome;
}

static void must(sp_bench_sample *sample, sp_slot *slot)
{
    sp_outcome outcome = decide_apply(sample, slot);
    SP_ASSERT_CMP(outcome, ==, SP_OK);
}

static void add_concert(sp_bench_sample *sample, sp_slot *slot)
{
    static uint32_t row_sizes[500];
    for (uint32_t i = 0; i < 500; i++)
        row_sizes[i] = 100;
    const sp_grade_spec grades[] = {
        {.name = SP_TEXT("VIP"), .price = 150000, .row_sizes = row_sizes, .rows_count = 100},
        {.name = SP_TEXT("R"), .price = 90000, .row_sizes = row_sizes, .rows_count = 400}};
    const sp_concert_spec spec = {
        .category = 1,
        .name = SP_TEXT("Winter Festival"),
        .description = SP_TEXT("Two stages, twelve bands."),
        .image_url = SP_TEXT("https://images.example/winter.jpg"),
        .address = SP_TEXT("Old Harbour Hall"),
        .running_time_min = 180,
        .age_limit = SP_AGE_ZERO,
        .start_date = SP_BENCH_SAMPLE_TIME - DAY_MS,
        .end_date = SP_BENCH_SAMPLE_TIME + 30 * DAY_MS,
        .concert_date = SP_BENCH_SAMPLE_TIME + 31 * DAY_MS,
        .max_seats_per_user = 10,
        .hold_seconds = 300,
        .grades = grades,
        .grades_count = 2,
    };
    slot->command = (sp_command){.type = SP_COMMAND_CONCERT_CREATE, .actor = 1};
    slot->command.concert_create.spec = &spec;
    must(sample, slot);
}

static void order(sp_command *command, sp_user_id user, sp_seat seat)
{
    *command = (sp_command){.type = SP_COMMAND_ORDER_CREATE, .actor = user};
    command->order_create.concert = 1;
    command->order_create.amount = SP_AMOUNT_UNSTATED;
    command->order_create.seats_count = 1;
    command->order_create.seats[0] = seat;
}

/* Users, a concert, orders; the last one is the sample, and the same seat once
 * more is the refusal. */
static void fill(sp_bench_sample *sample)
{
    sp_slot *slot = &sample->paid;
    slot->command = (sp_command){.type = SP_COMMAND_USER_CREATE};
    slot->command.user_create.role = SP_ROLE_HOST;
    slot->command.user_create.points = INT64_C(1000000000);
    for (uint32_t i = 0; i < USERS_COUNT; i++)
        must(sample, slot);
    slot->command = (sp_command){.type = SP_COMMAND_CATEGORY_CREATE};
    slot->command.category_create.name = SP_TEXT("Concerts");
    must(sample, slot);
    add_concert(sample, slot);
    for (uint32_t i = 1; i <= ORDERS_COUNT; i++) {
        order(&slot->command, 10000 + i, 10000 + i);
        must(sample, slot);
    }
    order(&sample->taken.command, 10001, 10000 + ORDERS_COUNT);
    sp_outcome outcome = decide_apply(sample, &sample->taken);
    SP_ASSERT_CMP(outcome, ==, SP_SEAT_TAKEN);
    sample->taken.result.seq = sp_state_seq(sample->state);
    sp_views_publish_all(sample->views, sample->state);
}

static bool create_app(sp_bench_sample *sample)
{
    sp_app_config config = {.signing_key = {.kid = "bench", .bytes = {1, 2, 3}},
                            .serving = &sample->serving,
                            .failed = &sample->failed,
                            .loops_count = 1};
    atomic_init(&sample->serving, true);
    sample->shared.config.clock = &sample->clock;
    sample->shared.config.views = sample->views;
    sample->loop->shared = &sample->shared;
    sample->loop->metrics = sp_metrics_of_loop(sample->metrics, 0);
    sample->loop->turn_ns = 1; /* a request is answered in a later turn: by no clock */
    sample->app = sp_app_create(&config);
    if (sample->app != NULL)
        sample->loop->app = sp_app_loop_create(sample->app, sample->loop);
    return sample->loop->app != NULL;
}

sp_bench_sample *sp_bench_sample_create(void)
{
    sp_limits limits = sp_limits_default;
    limits.users_max = USERS_COUNT;
    limits.concerts_max = 1;
    limits.seats_max = 50000;
    limits.orders_max = ORDERS_COUNT;
    sp_bench_sample *sample = calloc(1, sizeof *sample);
    if (sample != NULL) {
        sample->clock.now = on_now;
        sample->loop = calloc(1, sizeof *sample->loop);
        sample->state = sp_state_create(&limits);
        sample->views = sp_views_create(&limits, sp_fold_text);
        sample->metrics = sp_metrics_create(1, sp_routes_count + 1);
    }
    if (sample == NULL || sample->loop == NULL || sample->state == NULL || sample->views == NULL ||
        sample->metrics == NULL || !create_app(sample)) {
        fputs("stagepick bench: out of memory\n", stderr);
        sp_bench_sample_destroy(sample);
        return NULL;
    }
    fill(sample);
    return sample;
}

void sp_bench_sample_destroy(sp_bench_sample *sample)
{
    if (sample == NULL)
        return;
    if (sample->loop != NULL) {
        sp_app_loop_destroy(sample->loop->app);
    }
    sp_app_destroy(sample->app);
    sp_views_destroy(sample->views);
    sp_state_destroy(sample->state);
    sp_metrics_destroy(sample->metrics);
    free(sample->loop);
    free(sample);
}

uint32_t sp_bench_sample_token(const sp_bench_sample *sample, sp_user_id user,
                               char out[SP_TOKEN_SIZE_MAX])
{
    return sp_token_sign(sp_token_ring_signer(sp_app_ring(sample->app)), user, 0,
                         SP_BENCH_SAMPLE_TIME, out);
}

uint32_t sp_bench_sample_request(const sp_bench_sample *sample, sp_user_id user, sp_seat seat,
                                 char out[SP_BENCH_REQUEST_SIZE_MAX])
{
    char token[SP_TOKEN_SIZE_MAX], body[64];
    uint32_t token_size = sp_bench_sample_token(sample, user, token);
    int body_size = snprintf(body, sizeof body, "{\"concertId\":\"1\",\"seats\":[%u]}", seat);
    int size = snprintf(out, SP_BENCH_REQUEST_SIZE_MAX,
                        "POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
                        "Authorization: Bearer %.*s\r\nContent-Type: application/json\r\n"
                        "Content-Length: %d\r\n\r\n%s",
                        (int)token_size, token, body_size, body);
    SP_ASSERT_CMP(size, <, (int)SP_BENCH_REQUEST_SIZE_MAX);
    return (uint32_t)size;
}

void sp_bench_sample_answer(sp_bench_sample *sample, sp_bench_answer which, sp_out *out)
{
    sp_exchange ex = {.loop = sample->loop, .id = UINT64_C(0x123456789abcdef0)};
    ex.request.version_minor = 1;
    if (which == SP_BENCH_ANSWER_UNCHANGED) {
        ex.request.method = SP_METHOD_GET;
        ex.request.path = SP_TEXT("/v1/concerts/1/seats");
        ex.request.headers[SP_HEADER_IF_NONE_MATCH] = SP_TEXT("*");
    } else {
        ex.request.method = SP_METHOD_POST;
        ex.request.path = SP_TEXT("/v1/orders");
        ex.request.headers[SP_HEADER_AUTHORIZATION] = SP_TEXT("Bearer");
        ex.slot = which == SP_BENCH_ANSWER_PAID ? &sample->paid : &sample->taken;
    }
    sp_route_match match = sp_router_match(ex.request.method, ex.request.path);
    ex.app.route = match.route;
    memcpy(ex.app.params, match.params, sizeof match.params);
    sp_app_ops_http.answer(&ex, out);
}

const sp_concert_card *sp_bench_sample_card(const sp_bench_sample *sample)
{
    return sp_views_card(sample->views, 1);
}

const sp_order_view *sp_bench_sample_order(const sp_bench_sample *sample)
{
    return &sample->paid.result.order;
}

const sp_token_ring *sp_bench_sample_ring(const sp_bench_sample *sample)
{
    return sp_app_ring(sample->app);
}
