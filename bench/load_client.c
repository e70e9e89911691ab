/* SPDX-License-Identifier: MIT */
#include "bench/load_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/load_client_private.h"
#include "engine/assert.h"

#define TICK_MS 20u
#define RECONNECT_TICKS 5u /* a refused connection is tried again so often */
#define START_NS UINT64_C(10000000000)
#define SIDE_START_NS UINT64_C(60000000000)
#define MS_NS UINT64_C(1000000)

typedef sp_bench_load_client client;

static client *client_of(const sp_bench_load_connection *connection)
{
    return connection->lines->owner;
}

/* ---- phases ---- */

static void on_handle_closed(uv_handle_t *handle)
{
    (void)handle;
}

/* Closes everything, so that the loop ends. Requests still in flight are lost
 * here and told as such. */
static void finish(client *c)
{
    if (c->phase == SP_BENCH_LOAD_DONE)
        return;
    c->phase = SP_BENCH_LOAD_DONE;
    c->phase_end_ns = UINT64_MAX;
    for (uint32_t i = 0; i < c->plan->connections_count; i++)
        sp_bench_load_connection_drop(&c->connections[i], SP_BENCH_LOAD_CLOSED, false, 0);
    if (c->plan->side != NULL)
        c->plan->workload->side->finish(c->plan->side);
    uv_close((uv_handle_t *)&c->tick, on_handle_closed);
    if (sp_bench_load_client_is_open_loop(c)) {
        uv_close((uv_handle_t *)&c->pace_poll, on_handle_closed);
        uv_close((uv_handle_t *)&c->before_sleep, on_handle_closed);
    }
}

static void fail(client *c, const char *what, const char *reason)
{
    if (c->phase == SP_BENCH_LOAD_STARTING)
        snprintf(c->why, c->why_size, "%s%s", what, reason);
    finish(c);
}

static double usage_us(struct timeval before, struct timeval after)
{
    return (double)(after.tv_sec - before.tv_sec) * 1e6 + (double)(after.tv_usec - before.tv_usec);
}

static void begin_drain(client *c, uint64_t now_ns)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (c->phase == SP_BENCH_LOAD_MEASURING) {
        c->out->user_us = usage_us(c->window_usage.ru_utime, usage.ru_utime);
        c->out->system_us = usage_us(c->window_usage.ru_stime, usage.ru_stime);
        uint64_t end_ns = c->phase_end_ns < now_ns ? c->phase_end_ns : now_ns;
        c->out->seconds = (double)(end_ns - c->window_start_ns) / 1e9;
    }
    c->phase = SP_BENCH_LOAD_DRAINING;
    c->phase_end_ns = now_ns + c->plan->drain_ms * MS_NS;
}

static void begin_window(client *c)
{
    getrusage(RUSAGE_SELF, &c->window_usage);
    c->phase = SP_BENCH_LOAD_MEASURING;
    c->phase_end_ns = sp_bench_load_client_is_counted(c)
                          ? UINT64_MAX
                          : c->window_start_ns + c->plan->run_ms * MS_NS;
}

static void begin_warmup(client *c, uint64_t now_ns)
{
    c->phase = SP_BENCH_LOAD_WARMING;
    c->window_start_ns = now_ns + c->plan->warmup_ms * MS_NS;
    c->phase_end_ns = c->window_start_ns;
    if (!sp_bench_load_client_is_open_loop(c))
        return;
    sp_bench_load_pace_start(&c->pace, now_ns);
    uint64_t before = sp_bench_load_pace_due(&c->pace, c->window_start_ns - 1);
    uint64_t end_ns = c->window_start_ns + c->plan->run_ms * MS_NS;
    c->arrivals_end = sp_bench_load_client_is_counted(c)
                          ? before + c->plan->requests_count
                          : sp_bench_load_pace_due(&c->pace, end_ns - 1);
}

/* Asked when all requests have been answered: the first time begins its drain. */
static bool is_side_quiet(client *c)
{
    const sp_bench_load_side *side = c->plan->workload->side;
    if (c->plan->side == NULL || c->phase != SP_BENCH_LOAD_DRAINING)
        return true;
    if (!c->side_drains)
        side->drain(c->plan->side);
    c->side_drains = true;
    return side->is_quiet(c->plan->side);
}

/* Called with each reading of the clock, before anything is counted by it. */
static void advance(client *c, uint64_t now_ns)
{
    if (c->phase == SP_BENCH_LOAD_WARMING && now_ns >= c->phase_end_ns)
        begin_window(c);
    /* A sequence that ended ends a run, or what was to be a warm-up. */
    if (c->out->ran_out && c->phase < SP_BENCH_LOAD_DRAINING)
        begin_drain(c, now_ns);
    bool counted_all =
        sp_bench_load_client_is_counted(c) && c->window_ended == c->plan->requests_count;
    if (c->phase == SP_BENCH_LOAD_MEASURING && (now_ns >= c->phase_end_ns || counted_all))
        begin_drain(c, now_ns);
    bool quiet = c->flights_count == 0 && c->follows_count == 0 &&
                 !sp_bench_load_client_has_arrivals(c) && is_side_quiet(c);
    if (c->phase == SP_BENCH_LOAD_DRAINING && (quiet || now_ns >= c->phase_end_ns))
        finish(c);
}

/* ---- what connections tell ---- */

static void give_all(client *c, uint64_t now_ns)
{
    for (uint32_t i = 0; i < c->plan->connections_count; i++)
        sp_bench_load_sender_give(c, &c->connections[i], now_ns);
}

/* Everything is known that the requests need. */
static void go(client *c, uint64_t now_ns)
{
    begin_warmup(c, now_ns);
    advance(c, now_ns); /* without a warm-up the window begins at once */
    give_all(c, now_ns);
}

static void begin(client *c, uint64_t now_ns)
{
    c->phase = SP_BENCH_LOAD_PRIMING;
    c->phase_end_ns = UINT64_MAX;
    if (c->primes_count > 0)
        give_all(c, now_ns);
    else
        go(c, now_ns);
}

static void on_side_ready(void *context)
{
    client *c = context;
    begin(c, sp_bench_now_ns());
}

/* All connections are up. */
static void begin_side(client *c, uint64_t now_ns)
{
    if (c->plan->side == NULL) {
        begin(c, now_ns);
        return;
    }
    c->phase_end_ns = now_ns + SIDE_START_NS;
    c->plan->workload->side->start(c->plan->side, &c->loop, on_side_ready, c);
}

static void on_open(sp_bench_load_connection *connection)
{
    client *c = client_of(connection);
    uint64_t now_ns = sp_bench_now_ns();
    c->up_count++;
    if (c->phase != SP_BENCH_LOAD_STARTING)
        sp_bench_load_sender_give(c, connection, now_ns);
    else if (c->up_count == c->plan->connections_count)
        begin_side(c, now_ns);
}

static void record_since(sp_bench_histogram *histogram, uint64_t since_ns, uint64_t now_ns)
{
    uint64_t waited_ns = now_ns > since_ns ? now_ns - since_ns : 0;
    sp_bench_histogram_record(histogram, (waited_ns + 500) / 1000);
}

static void record(client *c, const sp_bench_load_flight *flight, uint64_t now_ns)
{
    record_since(c->out->latency, flight->unit_ns, now_ns);
}

/* Where an answer counts that has just come. By time it is the moment that
 * decides, in an open loop too: counted with their requests, answers that a slow
 * server gives after the window would be divided by the window's seconds, and
 * any server would seem to keep up with any rate. */
static sp_bench_load_counts *counts_of(client *c, const sp_bench_load_flight *flight)
{
    if (sp_bench_load_client_is_counted(c))
        return flight->in_window ? &c->out->measured : &c->out->warmup;
    if (c->phase == SP_BENCH_LOAD_WARMING)
        return &c->out->warmup;
    return c->phase == SP_BENCH_LOAD_MEASURING ? &c->out->measured : &c->out->late;
}

static void count_step(client *c, const sp_bench_load_flight *flight,
                       const sp_bench_load_answer *answer, uint64_t now_ns)
{
    sp_bench_load_step_outcome *step = &c->out->steps[flight->step];
    step->made += answer->status == 201 || answer->status == 202;
    if (step->latency == NULL)
        return;
    if (counts_of(c, flight) == &c->out->measured)
        sp_bench_load_counts_add(&step->measured, answer);
    if (flight->in_window)
        record_since(step->latency, flight->intended_ns, now_ns);
}

/* Does another request belong to the unit? Then it waits for the end of this
 * wake-up. */
static bool take_follow(client *c, const sp_bench_load_connection *connection,
                        const sp_bench_load_flight *flight, const sp_bench_load_answer *answer,
                        uint64_t now_ns)
{
    const sp_bench_load_workload *workload = c->plan->workload;
    sp_bench_load_follows *follows = &c->follows[sp_bench_load_client_index_of(c, connection)];
    if (workload->follow == NULL || !answer->accepted)
        return false;
    SP_ASSERT_CMP(follows->count, <, c->plan->depth);
    sp_bench_load_follow *follow = &follows->waiting[follows->count];
    follow->request.index = flight->index;
    if (!workload->follow(c->plan->sequence, flight->index, flight->step, answer, &follow->request))
        return false;
    follow->flight = *flight;
    follow->flight.intended_ns = now_ns;
    follow->flight.step++;
    SP_ASSERT_CMP(follow->flight.step, <, workload->steps_count);
    follows->count++;
    c->follows_count++;
    return true;
}

static void tell_side(client *c, const sp_bench_load_connection *connection,
                      const sp_bench_load_flight *flight, const sp_bench_load_answer *answer,
                      uint64_t now_ns)
{
    const sp_bench_load_told told = {
        .connection = sp_bench_load_client_index_of(c, connection),
        .index = flight->index,
        .in_window = flight->in_window,
        .answer = answer,
        .now_ns = now_ns,
    };
    if (c->plan->side != NULL)
        c->plan->workload->side->answered(c->plan->side, &told);
}

static void on_answer(sp_bench_load_connection *connection, const sp_bench_load_flight *flight,
                      const sp_bench_load_answer *answer, uint64_t now_ns)
{
    client *c = client_of(connection);
    const sp_bench_load_workload *workload = c->plan->workload;
    if (now_ns >= c->phase_end_ns)
        advance(c, now_ns);
    c->flights_count--;
    if (workload->answered != NULL)
        workload->answered(c->plan->sequence, flight->mark, answer);
    if (flight->is_prime) {
        c->primes_ended++;
        return;
    }
    count_step(c, flight, answer, now_ns);
    tell_side(c, connection, flight, answer, now_ns);
    if (take_follow(c, connection, flight, answer, now_ns))
        return;
    sp_bench_load_counts_add(counts_of(c, flight), answer);
    if (!flight->in_window)
        return;
    record(c, flight, now_ns);
    c->window_ended++;
}

static void on_room(sp_bench_load_connection *connection, uint64_t now_ns)
{
    client *c = client_of(connection);
    advance(c, now_ns);
    if (c->phase == SP_BENCH_LOAD_PRIMING && c->primes_ended == c->primes_count)
        go(c, now_ns);
    else
        sp_bench_load_sender_give(c, connection, now_ns);
}

static void on_lost_flight(sp_bench_load_connection *connection, const sp_bench_load_flight *flight)
{
    client *c = client_of(connection);
    c->flights_count--;
    if (flight->is_prime) { /* the first answer to a request will do */
        c->primes_ended++;
        return;
    }
    c->out->unanswered++;
    if (!flight->in_window)
        return;
    c->window_ended++;
    if (c->phase == SP_BENCH_LOAD_DONE || connection->lost_error == SP_BENCH_LOAD_TIMEOUT)
        record(c, flight, sp_bench_now_ns());
}

/* With its connection, what belonged to units that had begun. */
static void forget_follows(client *c, const sp_bench_load_connection *connection)
{
    sp_bench_load_follows *follows = &c->follows[sp_bench_load_client_index_of(c, connection)];
    for (; follows->count > 0; follows->count--) {
        c->follows_count--;
        c->out->unsent++;
        c->window_ended += follows->waiting[follows->count - 1].flight.in_window;
    }
}

static void on_lost(sp_bench_load_connection *connection, sp_bench_load_error error, bool is_error,
                    int reason)
{
    client *c = client_of(connection);
    forget_follows(c, connection);
    if (c->phase == SP_BENCH_LOAD_DONE)
        return;
    if (is_error)
        c->out->errors[error]++;
    if (c->phase == SP_BENCH_LOAD_STARTING)
        fail(c, "can't connect: ", reason != 0 ? uv_strerror(reason) : "closed at once");
    else if (error != SP_BENCH_LOAD_CONNECT &&
             (c->phase < SP_BENCH_LOAD_DRAINING || sp_bench_load_client_has_arrivals(c)))
        sp_bench_load_connection_connect(connection);
}

/* ---- time ---- */

static void on_tick(uv_timer_t *timer)
{
    client *c = timer->data;
    uint64_t now_ns = sp_bench_now_ns(), timeout_ns = c->plan->timeout_ms * MS_NS;
    if (c->phase == SP_BENCH_LOAD_STARTING && now_ns >= c->phase_end_ns)
        fail(c,
             c->up_count < c->plan->connections_count ? "not all connections could be made in 10 s"
                                                      : "not all streams could be opened in 60 s",
             "");
    advance(c, now_ns);
    if (c->phase == SP_BENCH_LOAD_PRIMING && c->primes_ended == c->primes_count)
        go(c, now_ns); /* the last prime was lost with its connection */
    bool reconnect = ++c->ticks % RECONNECT_TICKS == 0 && c->phase < SP_BENCH_LOAD_DRAINING;
    for (uint32_t i = 0; c->phase != SP_BENCH_LOAD_DONE && i < c->plan->connections_count; i++) {
        sp_bench_load_connection *connection = &c->connections[i];
        const sp_bench_load_flight *oldest = sp_bench_load_connection_oldest(connection);
        if (oldest != NULL && now_ns > oldest->sent_ns && now_ns - oldest->sent_ns >= timeout_ns)
            sp_bench_load_connection_drop(connection, SP_BENCH_LOAD_TIMEOUT, true, 0);
        else if (reconnect && connection->state == SP_BENCH_LOAD_DOWN)
            sp_bench_load_connection_connect(connection);
    }
}

static void on_pace(uv_poll_t *poll, int status, int events)
{
    client *c = poll->data;
    uint64_t now_ns = sp_bench_now_ns();
    (void)status;
    (void)events;
    advance(c, now_ns);
    if (c->phase >= SP_BENCH_LOAD_WARMING && c->phase <= SP_BENCH_LOAD_DRAINING)
        sp_bench_load_sender_pump(c, now_ns);
}

/* ---- the whole ---- */

/* Arrivals that never got a connection have waited since they were due. */
static void record_unsent(client *c)
{
    uint64_t now_ns = sp_bench_now_ns();
    if (!sp_bench_load_client_is_open_loop(c) || c->out->ran_out)
        return;
    for (uint64_t k = c->arrivals_sent; k < c->arrivals_end; k++) {
        sp_bench_load_flight flight = {.unit_ns = sp_bench_load_pace_intended_ns(&c->pace, k)};
        c->out->unsent++;
        if (flight.unit_ns >= c->window_start_ns)
            record(c, &flight, now_ns);
    }
}

/* Runs before the loop sleeps: one setting of the timer, whatever was sent. */
static void on_prepare(uv_prepare_t *prepare)
{
    sp_bench_load_sender_wait(prepare->data, sp_bench_now_ns());
}

static bool allocate(client *c)
{
    const sp_bench_load_plan *plan = c->plan;
    c->connections = calloc(plan->connections_count, sizeof *c->connections);
    c->queue = malloc(plan->connections_count * sizeof(sp_bench_load_connection *));
    c->write_bytes = malloc(plan->depth * plan->protocol->request_size_max(plan->wire));
    c->lines.read_bytes = malloc(SP_BENCH_LOAD_KEPT_SIZE_MAX + SP_BENCH_LOAD_READ_SIZE);
    c->follows = calloc(plan->connections_count, sizeof *c->follows);
    bool good = c->connections != NULL && c->queue != NULL && c->write_bytes != NULL &&
                c->lines.read_bytes != NULL && c->follows != NULL;
    for (uint32_t i = 0; good && i < plan->connections_count; i++)
        good = sp_bench_load_connection_init(&c->connections[i], &c->lines);
    for (uint32_t i = 0; good && plan->workload->follow != NULL && i < plan->connections_count; i++)
        good = (c->follows[i].waiting = malloc(plan->depth * sizeof(sp_bench_load_follow))) != NULL;
    return good;
}

static void release(client *c)
{
    for (uint32_t i = 0; c->connections != NULL && i < c->plan->connections_count; i++)
        sp_bench_load_connection_free(&c->connections[i]);
    for (uint32_t i = 0; c->follows != NULL && i < c->plan->connections_count; i++)
        free(c->follows[i].waiting);
    free(c->follows);
    free(c->connections);
    free(c->queue);
    free(c->write_bytes);
    free(c->lines.read_bytes);
    sp_bench_load_pace_close(&c->pace);
}

static bool start_loop(client *c)
{
    if (sp_bench_load_client_is_open_loop(c) && !sp_bench_load_pace_init(&c->pace, c->plan->rate))
        return false;
    if (uv_loop_init(&c->loop) != 0)
        return false;
    uv_timer_init(&c->loop, &c->tick);
    uv_timer_start(&c->tick, on_tick, TICK_MS, TICK_MS);
    c->tick.data = c;
    if (sp_bench_load_client_is_open_loop(c)) {
        int status = uv_poll_init(&c->loop, &c->pace_poll, c->pace.fd);
        SP_ASSERT_CMP(status, ==, 0);
        c->pace_poll.data = c;
        uv_poll_start(&c->pace_poll, UV_READABLE, on_pace);
        uv_prepare_init(&c->loop, &c->before_sleep);
        c->before_sleep.data = c;
        uv_prepare_start(&c->before_sleep, on_prepare);
    }
    return true;
}

bool sp_bench_load_run(const sp_bench_load_plan *plan, sp_bench_load_outcome *outcome, char *why,
                       size_t why_size)
{
    client c = {.plan = plan, .out = outcome, .why = why, .why_size = why_size, .pace = {.fd = -1}};
    why[0] = '\0';
    outcome->next = plan->from;
    c.capacity = plan->workload->capacity(plan->sequence);
    if (plan->workload->primes_count != NULL)
        c.primes_count = plan->workload->primes_count(plan->sequence);
    c.lines = (sp_bench_load_lines){
        .loop = &c.loop,
        .address = plan->address,
        .protocol = plan->protocol,
        .depth = plan->depth,
        .keeps_bodies = plan->workload->reads_bodies,
        .owner = &c,
        .on_open = on_open,
        .on_answer = on_answer,
        .on_room = on_room,
        .on_lost = on_lost,
        .on_lost_flight = on_lost_flight,
    };
    if (!allocate(&c) || !start_loop(&c)) {
        snprintf(why, why_size, "no memory, or no timer, for %u connections",
                 plan->connections_count);
        release(&c);
        return false;
    }
    c.phase_end_ns = sp_bench_now_ns() + START_NS;
    for (uint32_t i = 0; i < plan->connections_count && c.phase != SP_BENCH_LOAD_DONE; i++)
        sp_bench_load_connection_connect(&c.connections[i]);
    uv_run(&c.loop, UV_RUN_DEFAULT);
    int busy = uv_loop_close(&c.loop);
    SP_ASSERT_CMP(busy, ==, 0);
    record_unsent(&c);
    release(&c);
    return why[0] == '\0';
}
