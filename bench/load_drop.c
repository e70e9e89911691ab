/* SPDX-License-Identifier: MIT */
#include "bench/load_drop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/load_body.h"
#include "bench/load_connection.h"
#include "engine/assert.h"

#define TICK_MS 5u
#define MS_NS UINT64_C(1000000)
#define START_NS (60000 * MS_NS)
#define DRAIN_NS (10000 * MS_NS)
#define REFUSALS_MAX 4u
#define REQUEST_SIZE_MAX 8192u
#define SEED UINT64_C(0xd40b0fd40b0fd40b)
#define SECONDS_MAX 900u
#define NEVER UINT64_MAX

typedef struct user {
    sp_bench_load_connection connection; /* first */
    sp_bench_load_drop_plan plan;
    sp_bench_load_drop_step step; /* to do next, at due_ns */
    uint64_t due_ns;              /* NEVER: waits for an answer, or is done */
    uint32_t group_size, refusals, choices;
    sp_hold_id hold;
    bool done;
} user;

typedef struct drop {
    const sp_bench_load_drop_config *config;
    sp_bench_load_drop_outcome *out;
    char *why;
    size_t why_size;
    uv_loop_t loop;
    uv_timer_t tick;
    sp_bench_load_lines lines;
    user *users;
    char write_bytes[REQUEST_SIZE_MAX];
    uint32_t up_count, done_count, flights_count;
    bool going, ending, finished;
    uint64_t end_ns, opened_ns; /* opened_ns 0: not yet */
    uint32_t seats_by_second[SECONDS_MAX];
} drop;

const char *sp_bench_load_drop_step_name(sp_bench_load_drop_step step)
{
    static const char *const names[] = {"poll", "hold", "order", "release"};
    SP_ASSERT_CMP(step, <, SP_BENCH_LOAD_DROP_STEPS_COUNT);
    return names[step];
}

sp_bench_load_drop_plan sp_bench_load_drop_plan_of(uint32_t number)
{
    uint64_t random = sp_bench_random_at(SEED, number);
    uint32_t size = (uint32_t)(random % 100), end = (uint32_t)(random / 100 % 100);
    return (sp_bench_load_drop_plan){
        .group_size = size < 20   ? 1
                      : size < 70 ? 2
                      : size < 80 ? 3
                                  : 4,
        .end = end < 80   ? SP_BENCH_LOAD_DROP_BUYS
               : end < 90 ? SP_BENCH_LOAD_DROP_GIVES_BACK
                          : SP_BENCH_LOAD_DROP_WALKS,
        .thought_ms = 200 + (uint32_t)(random / 10000 % 1801),
    };
}

static drop *drop_of(const sp_bench_load_connection *connection)
{
    return connection->lines->owner;
}

static uint32_t number_of(const drop *d, const user *u)
{
    return (uint32_t)(u - d->users);
}

/* In [from, to] ms, another one each time. */
static uint64_t pause_ns(const drop *d, user *u, uint32_t from_ms, uint32_t to_ms)
{
    uint64_t random = sp_bench_random_at(SEED + 1 + number_of(d, u), u->choices++);
    return (from_ms + random % (to_ms - from_ms + 1)) * MS_NS;
}

/* ---- the end ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void finish(drop *d)
{
    if (d->finished)
        return;
    d->finished = true;
    for (uint32_t i = 0; i < d->config->users_count; i++)
        sp_bench_load_connection_drop(&d->users[i].connection, SP_BENCH_LOAD_CLOSED, false, 0);
    d->config->side->finish(d->config->watch);
    uv_close((uv_handle_t *)&d->tick, on_handle_closed);
}

static void end_user(drop *d, user *u, uint32_t *how)
{
    SP_ASSERT(!u->done);
    u->done = true;
    u->due_ns = NEVER;
    d->done_count++;
    (*how)++;
}

static void begin_end(drop *d, uint64_t now_ns)
{
    if (d->ending)
        return;
    d->ending = true;
    d->end_ns = now_ns + DRAIN_NS;
    if (d->opened_ns > 0)
        d->out->seconds = (double)(now_ns - d->opened_ns) / 1e9;
    for (uint32_t i = 0; i < d->config->users_count; i++)
        if (!d->users[i].done)
            end_user(d, &d->users[i], &d->out->unfinished);
    d->config->side->drain(d->config->watch);
}

/* ---- what users do ---- */

static void ask(const drop *d, const user *u, sp_bench_load_request *request)
{
    static const sp_bench_load_kind kinds[] = {SP_BENCH_LOAD_CONCERT, SP_BENCH_LOAD_BEST,
                                               SP_BENCH_LOAD_BUY, SP_BENCH_LOAD_RELEASE};
    *request = (sp_bench_load_request){
        .kind = kinds[u->step],
        .user = number_of(d, u),
        .user_id = d->config->stage->users.first + number_of(d, u),
        .concert = d->config->stage->concerts.first,
        .count = u->group_size,
        .hold = u->hold,
        .index = (uint64_t)number_of(d, u) << 16 | u->refusals,
    };
}

static void act(drop *d, user *u, uint64_t now_ns)
{
    sp_bench_load_request request;
    if (u->due_ns > now_ns || sp_bench_load_connection_room(&u->connection) == 0)
        return;
    ask(d, u, &request);
    u->due_ns = NEVER;
    d->flights_count++;
    sp_bench_load_flight flight = {.intended_ns = now_ns, .sent_ns = now_ns, .step = u->step};
    sp_bench_load_connection_add(&u->connection, &flight);
    char *end = sp_bench_load_http.write(d->config->wire, &request, d->write_bytes);
    sp_bench_load_connection_send(&u->connection, d->write_bytes, (size_t)(end - d->write_bytes));
}

static void polled(drop *d, user *u, const sp_bench_load_answer *answer, uint64_t now_ns)
{
    sp_text status = sp_bench_load_body_text(answer->body, "status");
    if (status.size == 0 || !sp_text_equal(status, SP_TEXT("ON_SALE"))) {
        u->due_ns = now_ns + pause_ns(d, u, 250, 750);
        return;
    }
    if (d->opened_ns == 0) {
        d->opened_ns = now_ns;
        d->out->opened = true;
        d->end_ns = now_ns + d->config->run_ms * MS_NS;
    }
    u->step = SP_BENCH_LOAD_DROP_HOLD;
    u->due_ns = now_ns;
}

/* Nobody is told `1` of neighbours: then not one seat is free. */
static void held(drop *d, user *u, const sp_bench_load_answer *answer, uint64_t now_ns)
{
    if (answer->accepted) {
        u->hold = (sp_hold_id)sp_bench_load_body_number(answer->body, "holdId");
        u->step = u->plan.end == SP_BENCH_LOAD_DROP_BUYS ? SP_BENCH_LOAD_DROP_ORDER
                                                         : SP_BENCH_LOAD_DROP_RELEASE;
        if (u->plan.end == SP_BENCH_LOAD_DROP_WALKS)
            end_user(d, u, &d->out->walked_away);
        else
            u->due_ns = now_ns + u->plan.thought_ms * MS_NS;
        return;
    }
    bool none = sp_text_equal(answer->code, SP_TEXT("no_adjacent_seats"));
    if (none && u->group_size == 1 && d->out->none_left_s == 0)
        d->out->none_left_s = (double)(now_ns - d->opened_ns) / 1e9;
    if (++u->refusals == REFUSALS_MAX) {
        end_user(d, u, &d->out->gave_up);
        return;
    }
    u->group_size -= none && u->group_size > 1;
    u->due_ns = now_ns + pause_ns(d, u, 300, 1000);
}

static void ordered(drop *d, user *u, const sp_bench_load_answer *answer, uint64_t now_ns)
{
    if (!answer->accepted) {
        end_user(d, u, &d->out->gave_up);
        return;
    }
    uint64_t second = (now_ns - d->opened_ns) / (1000 * MS_NS);
    uint32_t *seats = &d->seats_by_second[second < SECONDS_MAX ? second : SECONDS_MAX - 1];
    *seats += u->group_size;
    if (*seats > d->out->peak_seats)
        d->out->peak_seats = *seats;
    d->out->seats_sold += u->group_size;
    d->out->sold_s = (double)(now_ns - d->opened_ns) / 1e9;
    end_user(d, u, &d->out->bought);
}

static void on_answer(sp_bench_load_connection *connection, const sp_bench_load_flight *flight,
                      const sp_bench_load_answer *answer, uint64_t now_ns)
{
    drop *d = drop_of(connection);
    user *u = (user *)connection;
    const sp_bench_load_told told = {
        .connection = number_of(d, u), .in_window = true, .answer = answer, .now_ns = now_ns};
    d->flights_count--;
    sp_bench_load_counts_add(&d->out->steps[flight->step].counts, answer);
    sp_bench_histogram_record(d->out->steps[flight->step].latency,
                              (now_ns - flight->sent_ns + 500) / 1000);
    d->config->side->answered(d->config->watch, &told);
    if (u->done)
        return; /* it has ended for him meanwhile: counted, no more */
    if (flight->step == SP_BENCH_LOAD_DROP_POLL)
        polled(d, u, answer, now_ns);
    else if (flight->step == SP_BENCH_LOAD_DROP_HOLD)
        held(d, u, answer, now_ns);
    else if (flight->step == SP_BENCH_LOAD_DROP_ORDER)
        ordered(d, u, answer, now_ns);
    else
        end_user(d, u, answer->accepted ? &d->out->gave_back : &d->out->gave_up);
}

/* ---- connections ---- */

/* Not all in one moment: who polls is spread from the beginning. */
static void on_ready(void *context)
{
    drop *d = context;
    uint64_t now_ns = sp_bench_now_ns();
    d->going = true;
    d->end_ns = now_ns + d->config->run_ms * MS_NS;
    for (uint32_t i = 0; i < d->config->users_count; i++)
        d->users[i].due_ns = now_ns + pause_ns(d, &d->users[i], 0, 500);
}

static void on_open(sp_bench_load_connection *connection)
{
    drop *d = drop_of(connection);
    if (!d->going && ++d->up_count == d->config->users_count)
        d->config->side->start(d->config->watch, &d->loop, on_ready, d);
}

static void on_room(sp_bench_load_connection *connection, uint64_t now_ns)
{
    act(drop_of(connection), (user *)connection, now_ns);
}

static void on_lost_flight(sp_bench_load_connection *connection, const sp_bench_load_flight *flight)
{
    drop *d = drop_of(connection);
    user *u = (user *)connection;
    (void)flight;
    d->flights_count--;
    d->out->unanswered++;
    if (!u->done)
        end_user(d, u, &d->out->unfinished);
}

static void on_lost(sp_bench_load_connection *connection, sp_bench_load_error error, bool is_error,
                    int reason)
{
    drop *d = drop_of(connection);
    user *u = (user *)connection;
    if (d->finished)
        return;
    if (is_error)
        d->out->errors[error]++;
    if (!d->going) {
        snprintf(d->why, d->why_size, "can't connect: %s",
                 reason != 0 ? uv_strerror(reason) : "closed at once");
        finish(d);
    } else if (!u->done) {
        sp_bench_load_connection_connect(connection);
    }
}

/* ---- time ---- */

static void on_tick(uv_timer_t *timer)
{
    drop *d = timer->data;
    uint64_t now_ns = sp_bench_now_ns(), timeout_ns = d->config->timeout_ms * MS_NS;
    if (!d->going && now_ns >= d->end_ns) {
        snprintf(d->why, d->why_size, "not all connections could be made in 60 s");
        finish(d);
        return;
    }
    for (uint32_t i = 0; d->going && !d->ending && i < d->config->users_count; i++) {
        user *u = &d->users[i];
        const sp_bench_load_flight *oldest = sp_bench_load_connection_oldest(&u->connection);
        if (oldest != NULL && now_ns > oldest->sent_ns && now_ns - oldest->sent_ns >= timeout_ns)
            sp_bench_load_connection_drop(&u->connection, SP_BENCH_LOAD_TIMEOUT, true, 0);
        else
            act(d, u, now_ns);
    }
    if (d->going && (d->done_count == d->config->users_count || now_ns >= d->end_ns) && !d->ending)
        begin_end(d, now_ns);
    bool quiet = d->flights_count == 0 && d->ending && d->config->side->is_quiet(d->config->watch);
    if (d->ending && (quiet || now_ns >= d->end_ns))
        finish(d);
}

/* ---- the whole ---- */

static bool allocate(drop *d)
{
    const sp_bench_load_drop_config *config = d->config;
    d->users = calloc(config->users_count, sizeof *d->users);
    d->lines.read_bytes = malloc(SP_BENCH_LOAD_KEPT_SIZE_MAX + SP_BENCH_LOAD_READ_SIZE);
    bool good = d->users != NULL && d->lines.read_bytes != NULL;
    for (uint32_t i = 0; good && i < config->users_count; i++) {
        user *u = &d->users[i];
        u->plan = sp_bench_load_drop_plan_of(i);
        u->group_size = u->plan.group_size;
        u->due_ns = NEVER;
        good = sp_bench_load_connection_init(&u->connection, &d->lines);
    }
    return good && uv_loop_init(&d->loop) == 0;
}

static void release(drop *d)
{
    for (uint32_t i = 0; d->users != NULL && i < d->config->users_count; i++)
        sp_bench_load_connection_free(&d->users[i].connection);
    free(d->users);
    free(d->lines.read_bytes);
    free(d);
}

static void play(drop *d)
{
    d->end_ns = sp_bench_now_ns() + START_NS;
    uv_timer_init(&d->loop, &d->tick);
    d->tick.data = d;
    uv_timer_start(&d->tick, on_tick, TICK_MS, TICK_MS);
    for (uint32_t i = 0; i < d->config->users_count && !d->finished; i++)
        sp_bench_load_connection_connect(&d->users[i].connection);
    uv_run(&d->loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&d->loop);
    SP_ASSERT_CMP(busy, ==, 0);
}

bool sp_bench_load_drop_run(const sp_bench_load_drop_config *config,
                            sp_bench_load_drop_outcome *out, char *why, size_t why_size)
{
    drop *d = calloc(1, sizeof *d);
    SP_ASSERT(d != NULL);
    SP_ASSERT_CMP(sp_bench_load_http.request_size_max(config->wire), <=, REQUEST_SIZE_MAX);
    d->config = config;
    d->out = out;
    d->why = why;
    d->why_size = why_size;
    why[0] = '\0';
    d->lines = (sp_bench_load_lines){
        .loop = &d->loop,
        .address = config->address,
        .protocol = &sp_bench_load_http,
        .depth = 1,
        .keeps_bodies = true,
        .owner = d,
        .on_open = on_open,
        .on_answer = on_answer,
        .on_room = on_room,
        .on_lost = on_lost,
        .on_lost_flight = on_lost_flight,
    };
    if (allocate(d))
        play(d);
    else
        snprintf(why, why_size, "not enough memory for %u users", config->users_count);
    release(d);
    return why[0] == '\0';
}

/* ---- its place among the workloads; it makes no sequence ---- */

static void *open_drop(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    (void)why;
    (void)why_size;
    return (void *)(uintptr_t)stage;
}

static void close_drop(void *workload)
{
    (void)workload;
}

static uint64_t capacity(const void *workload)
{
    (void)workload;
    return UINT64_MAX;
}

const sp_bench_load_workload sp_bench_load_drop = {
    .name = "drop",
    .help = "users who wait for the opening, hold, buy or give up; some watch",
    .kind = SP_BENCH_LOAD_BEST,
    .expected_code = "no_adjacent_seats",
    .open = open_drop,
    .close = close_drop,
    .capacity = capacity,
    .reads_bodies = true,
    .side = &sp_bench_load_side_of_watch,
};
