/* SPDX-License-Identifier: MIT */
#include "tests/support/transport_toy.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/assert.h"
#include "tests/support/toy_hops.h"
#include "tests/support/toy_streams.h"
#include "tests/support/transport_client.h"

#define HELD_MAX 256u
#define OWN_TAG UINT64_C(1000000)

struct toy {
    toy_counts counts;
    sp_server *server;
    char address[128];
    sp_queue *queue;
    sp_wait wait; /* the sequencer sleeps on wake_ups */
    sem_t wake_ups;
    sp_clock clock;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    sp_slot *held[HELD_MAX];
    bool paused, stopping;
    sem_t pool_gate;
    _Atomic unsigned loops_count;
};

/* What the toy keeps of a loop. */
typedef struct toy_loop {
    toy *t;
    unsigned index;
    toy_streams streams;
} toy_loop;

static toy *toy_of(sp_exchange *ex)
{
    return ((toy_loop *)sp_loop_app(ex->loop))->t;
}

/* --- the sequencer: pops, answers each in a chain of its own --- */

static void complete(sp_slot *slot)
{
    slot->result.outcome = SP_OK;
    slot->result.seq = 1;
    sp_mailbox_put_chain(slot->mailbox, slot, slot);
}

static void on_command(toy *t, sp_slot *slot)
{
    unsigned n = slot->command.query_order.order;
    if (n == 0) {
        complete(slot);
        return;
    }
    pthread_mutex_lock(&t->lock);
    SP_ASSERT_CMP(n, <, HELD_MAX);
    SP_ASSERT(t->held[n] == NULL);
    t->held[n] = slot;
    pthread_mutex_unlock(&t->lock);
}

static bool is_set(toy *t, const bool *flag)
{
    pthread_mutex_lock(&t->lock);
    bool set = *flag;
    pthread_mutex_unlock(&t->lock);
    return set;
}

static void *sequence(void *argument)
{
    toy *t = argument;
    for (;;) {
        sp_slot *slot;
        if (!is_set(t, &t->paused) && sp_queue_pop(t->queue, &slot, 1) == 1)
            on_command(t, slot);
        else if (is_set(t, &t->stopping))
            return NULL;
        else if (is_set(t, &t->paused))
            usleep(1000);
        else
            sp_queue_wait(t->queue, -1);
    }
}

static void toy_sleep(sp_wait *wait, int64_t timeout_ms)
{
    toy *t = (toy *)((char *)wait - offsetof(toy, wait));
    SP_ASSERT_CMP(timeout_ms, <, 0);
    sem_wait(&t->wake_ups);
}

static void toy_wake(sp_wait *wait)
{
    sem_post(&((toy *)((char *)wait - offsetof(toy, wait)))->wake_ups);
}

void toy_wait_held(toy *t, unsigned n)
{
    for (int i = 0; i < TRANSPORT_PATIENCE_MS; i++) {
        pthread_mutex_lock(&t->lock);
        bool held = t->held[n] != NULL;
        pthread_mutex_unlock(&t->lock);
        if (held)
            return;
        usleep(1000);
    }
    SP_ASSERT(!"never held");
}

void toy_release(toy *t, unsigned n)
{
    toy_wait_held(t, n);
    pthread_mutex_lock(&t->lock);
    sp_slot *slot = t->held[n];
    t->held[n] = NULL;
    pthread_mutex_unlock(&t->lock);
    complete(slot);
}

void toy_resume(toy *t)
{
    pthread_mutex_lock(&t->lock);
    t->paused = false;
    pthread_mutex_unlock(&t->lock);
}

/* --- the application --- */

static bool path_begins(const sp_exchange *ex, const char *prefix)
{
    size_t size = strlen(prefix);
    return ex->request.path.size >= size && memcmp(ex->request.path.bytes, prefix, size) == 0;
}

static unsigned path_number(const sp_exchange *ex)
{
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)ex->request.path.size, ex->request.path.bytes);
    return (unsigned)atoi(strrchr(text, '/') + 1);
}

static void push(sp_exchange *ex, unsigned n)
{
    sp_slot *slot = sp_exchange_slot(ex);
    if (slot == NULL) {
        ex->app.outcome = SP_QUEUE_FULL;
        sp_exchange_ready(ex);
        return;
    }
    slot->command = (sp_command){.type = SP_QUERY_ORDER, .query_order = {.order = n}};
    if (n == 0 && !ex->app.numbers[0]) /* others keep their bytes */
        sp_exchange_drop_request(ex);
    sp_exchange_push(ex);
}

static void on_work(uv_work_t *work)
{
    toy *t = toy_of(work->data);
    sem_wait(&t->pool_gate);
}

static void on_worked(uv_work_t *work, int status)
{
    sp_exchange *ex = work->data;
    SP_ASSERT_CMP(status, ==, 0);
    if (ex->gone)
        sp_exchange_abandon(ex);
    else
        sp_exchange_ready(ex);
    free(work);
}

static toy_counts *counts_of(sp_exchange *ex)
{
    return &toy_of(ex)->counts;
}

/* What comes back is checked to be what was pushed: the tag says so. */
static bool push_own(sp_loop *loop, unsigned n, uint64_t *position)
{
    sp_slot *slot = sp_loop_slot_take(loop);
    if (slot == NULL)
        return false;
    slot->command = (sp_command){.type = SP_QUERY_ORDER, .query_order = {.order = n}};
    if (!sp_loop_slot_push(loop, slot, n + OWN_TAG, position)) {
        sp_loop_slot_give(loop, slot);
        return false;
    }
    atomic_fetch_add(&((toy_loop *)sp_loop_app(loop))->t->counts.own_pushed, 1);
    return true;
}

static void begin_own(sp_exchange *ex, unsigned n)
{
    uint64_t position;
    if (push_own(ex->loop, n, &position))
        ex->app.numbers[1] = (int64_t)position;
    else
        ex->app.outcome = SP_QUEUE_FULL;
    sp_exchange_ready(ex);
}

static void on_errand(sp_loop *loop, unsigned n)
{
    bool pushed = push_own(loop, n, NULL);
    SP_ASSERT(pushed);
}

static void begin_hops(sp_exchange *ex, unsigned n)
{
    if (path_begins(ex, "/hop/")) {
        toy_hops_travel(ex, counts_of(ex), n);
        return;
    }
    if (path_begins(ex, "/shout/"))
        toy_hops_shout(ex->loop, counts_of(ex), 100, n);
    else
        toy_hops_errand(ex->loop, counts_of(ex), on_errand, n);
    sp_exchange_ready(ex);
}

static void on_slot_completed(sp_loop *loop, sp_slot *slot)
{
    toy *t = ((toy_loop *)sp_loop_app(loop))->t;
    SP_ASSERT_CMP(slot->owner_generation, ==, slot->command.query_order.order + OWN_TAG);
    SP_ASSERT_CMP(slot->result.outcome, ==, SP_OK);
    SP_ASSERT_CMP(sp_queue_popped(sp_loop_queue(loop)), >, 0);
    unsigned n = slot->command.query_order.order;
    sp_loop_slot_give(loop, slot);
    atomic_fetch_add(&t->counts.own_completed, 1);
    if (n >= TOY_PASSED_ON)
        toy_hops_errand(loop, &t->counts, on_errand, n - 100);
}

static void on_begin(sp_exchange *ex)
{
    toy_loop *loop = sp_loop_app(ex->loop);
    atomic_fetch_add(&loop->t->counts.begun, 1);
    atomic_fetch_or(&loop->t->counts.loops_used, 1u << loop->index);
    ex->app.memory = malloc(16);                    /* the transport must free it */
    ex->app.numbers[0] = path_begins(ex, "/again"); /* the path is dropped with a push */
    if (path_begins(ex, "/slot") || path_begins(ex, "/again")) {
        push(ex, 0);
    } else if (path_begins(ex, "/held/")) {
        push(ex, path_number(ex));
    } else if (path_begins(ex, "/own/")) {
        begin_own(ex, path_number(ex));
    } else if (path_begins(ex, "/hop/") || path_begins(ex, "/shout/") ||
               path_begins(ex, "/errand/")) {
        begin_hops(ex, path_number(ex));
    } else if (path_begins(ex, "/pool")) {
        uv_work_t *work = malloc(sizeof *work);
        SP_ASSERT(work != NULL);
        work->data = ex;
        uv_queue_work(sp_loop_uv(ex->loop), work, on_work, on_worked);
    } else {
        ex->close_after |= path_begins(ex, "/bye");
        if (path_begins(ex, "/nap"))
            usleep(100000);
        sp_exchange_ready(ex);
    }
}

static void on_completed(sp_exchange *ex)
{
    atomic_fetch_add(&toy_of(ex)->counts.completed, 1);
    ex->app.outcome = ex->slot->result.outcome;
    if (ex->app.numbers[0] && ex->app.stage++ == 0)
        push(ex, 0);
    else
        sp_exchange_ready(ex);
}

static void write_body(sp_exchange *ex, sp_out *body)
{
    if (ex->app.outcome != SP_OK) {
        sp_out_string(body, sp_outcome_row_of(ex->app.outcome)->code);
    } else if (ex->slot != NULL) {
        sp_out_string(body, ex->app.stage == 2 ? "again" : "slot");
    } else if (path_begins(ex, "/tell/")) {
        sp_out_string(body, "told ");
        sp_out_decimal(body, ex->app.numbers[1]);
    } else if (path_begins(ex, "/tick/") || path_begins(ex, "/turns")) {
        sp_out_string(body, "turns ");
        sp_out_decimal(body, (int64_t)sp_counter_get(&sp_loop_metrics(ex->loop)->turns));
    } else if (path_begins(ex, "/own/")) {
        sp_out_string(body, "own ");
        sp_out_decimal(body, ex->app.numbers[1]);
    } else if (path_begins(ex, "/big/")) {
        unsigned size = path_number(ex);
        memset(sp_out_reserve(body, size), 'x', size);
        body->size += size;
    } else {
        sp_out_text(body, ex->request.path);
        sp_out_string(body, " ");
        sp_out_text(body, ex->request.query);
        sp_out_string(body, " ");
        sp_out_text(body, ex->request.body);
    }
}

static void write_answer(int status, bool close, bool head, const sp_out *body, sp_out *out)
{
    sp_out_string(out, "HTTP/1.1 ");
    sp_out_decimal(out, status);
    sp_out_string(out, " -\r\nContent-Length: ");
    sp_out_decimal(out, (int64_t)body->size);
    sp_out_string(out, close ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n");
    if (!head)
        sp_out_bytes(out, body->bytes, body->size);
}

static toy_streams *streams_of(sp_exchange *ex)
{
    return &((toy_loop *)sp_loop_app(ex->loop))->streams;
}

static void on_tell(sp_exchange *ex)
{
    unsigned before = atomic_load(&counts_of(ex)->told);
    if (!path_begins(ex, "/finish"))
        toy_streams_tell(streams_of(ex), path_number(ex));
    if (!path_begins(ex, "/tell"))
        toy_streams_end(streams_of(ex));
    ex->app.numbers[1] = atomic_load(&counts_of(ex)->told) - before;
}

static void on_answer(sp_exchange *ex, sp_out *out)
{
    atomic_store(&toy_of(ex)->counts.age_ns, sp_exchange_age_ns(ex));
    atomic_fetch_add(&toy_of(ex)->counts.answered, 1);
    if (path_begins(ex, "/stream/")) {
        toy_streams_open(streams_of(ex), ex, path_number(ex), out);
        return;
    }
    if (path_begins(ex, "/tell/") || path_begins(ex, "/finish") || path_begins(ex, "/last/"))
        on_tell(ex);
    if (path_begins(ex, "/tick/"))
        toy_streams_tick(streams_of(ex), ex->loop, path_number(ex));
    sp_out body;
    sp_out_init(&body);
    write_body(ex, &body);
    write_answer(sp_outcome_row_of(ex->app.outcome)->http_status, ex->close_after,
                 ex->request.method == SP_METHOD_HEAD, &body, out);
    sp_out_close(&body);
}

static void on_app_end(sp_exchange *ex)
{
    atomic_fetch_add(&toy_of(ex)->counts.ended, 1);
    if (ex->gone)
        atomic_fetch_add(&toy_of(ex)->counts.gone, 1);
}

static void on_refuse(sp_loop *loop, const sp_refused *refused, sp_out *out)
{
    SP_ASSERT(refused->detail != NULL);
    atomic_fetch_add(&((toy_loop *)sp_loop_app(loop))->t->counts.refused, 1);
    sp_out body;
    sp_out_init(&body);
    sp_out_string(&body, sp_outcome_row_of(refused->outcome)->code);
    write_answer(sp_outcome_row_of(refused->outcome)->http_status, true, refused->head, &body, out);
    sp_out_close(&body);
}

static const sp_app_ops ops = {
    .begin = on_begin,
    .completed = on_completed,
    .answer = on_answer,
    .end = on_app_end,
    .refuse = on_refuse,
    .slot_completed = on_slot_completed,
};

static void *loop_create(void *context, sp_loop *loop)
{
    toy_loop *own = malloc(sizeof *own);
    SP_ASSERT(own != NULL);
    (void)loop;
    own->t = context;
    own->streams = (toy_streams){.counts = &own->t->counts};
    own->index = atomic_fetch_add(&own->t->loops_count, 1);
    return own;
}

static sp_time_ms clock_now(sp_clock *self)
{
    (void)self;
    return 1;
}

/* --- life --- */

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

static void start_server(toy *t, const toy_options *options)
{
    const uint32_t never = 10 * TRANSPORT_PATIENCE_MS;
    sp_listen_address address;
    const char *failed;
    const char *text = options->address != NULL ? options->address : "127.0.0.1:0";
    SP_ASSERT(sp_listen_address_parse(text, &address));
    sp_server_config config = {
        .addresses = &address,
        .addresses_count = 1,
        .loops_count = or_default(options->loops_count, 1),
        .slots_per_loop = or_default(options->slots_per_loop, 1024),
        .connections_max = or_default(options->connections_max, 1000),
        .head_timeout_ms = or_default(options->head_ms, never),
        .body_timeout_ms = or_default(options->body_ms, never),
        .idle_timeout_ms = or_default(options->idle_ms, never),
        .write_timeout_ms = or_default(options->write_ms, never),
        .linger_timeout_ms = options->linger_ms,
        .queue = t->queue,
        .clock = &t->clock,
        .metrics = options->metrics,
        .app = &ops,
        .app_loop_create = loop_create,
        .app_loop_destroy = free,
        .app_context = t,
    };
    SP_ASSERT_CMP(sp_server_start(&config, &t->server, &failed), ==, 0);
    sp_server_address(t->server, 0, t->address, sizeof t->address);
}

toy *toy_start(const toy_options *options)
{
    static const toy_options defaults;
    if (options == NULL)
        options = &defaults;
    toy *t = calloc(1, sizeof *t);
    SP_ASSERT(t != NULL);
    pthread_mutex_init(&t->lock, NULL);
    sem_init(&t->wake_ups, 0, 0);
    sem_init(&t->pool_gate, 0, 0);
    t->paused = options->sequencer_paused;
    t->clock.now = clock_now;
    t->wait = (sp_wait){.sleep = toy_sleep, .wake = toy_wake};
    t->queue = sp_queue_create(or_default(options->queue_capacity, 1024), &t->wait);
    SP_ASSERT(t->queue != NULL);
    SP_ASSERT_CMP(pthread_create(&t->thread, NULL, sequence, t), ==, 0);
    start_server(t, options);
    return t;
}

const char *toy_address(const toy *t)
{
    return t->address;
}
sp_server *toy_server(toy *t)
{
    return t->server;
}
const toy_counts *toy_counts_of(const toy *t)
{
    return &t->counts;
}
void toy_pool_release(toy *t)
{
    sem_post(&t->pool_gate);
}

void toy_stop(toy *t, uint32_t drain_ms)
{
    sp_server_drain(t->server, drain_ms);
    sp_server_stop(t->server);
    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_mutex_unlock(&t->lock);
    toy_wake(&t->wait);
    pthread_join(t->thread, NULL);
    SP_ASSERT_CMP(atomic_load(&t->counts.begun), ==, atomic_load(&t->counts.ended));
    SP_ASSERT_CMP(atomic_load(&t->counts.hops_sent), ==, atomic_load(&t->counts.hops_run));
    SP_ASSERT_CMP(atomic_load(&t->counts.streams_opened), ==,
                  atomic_load(&t->counts.streams_closed));
    SP_ASSERT_CMP(atomic_load(&t->counts.own_pushed), ==, atomic_load(&t->counts.own_completed));
    sp_queue_destroy(t->queue);
    sem_destroy(&t->pool_gate);
    sem_destroy(&t->wake_ups);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

void toy_wait_count(const _Atomic unsigned *counter, unsigned wanted)
{
    for (int i = 0; i < TRANSPORT_PATIENCE_MS; i++) {
        if (atomic_load(counter) >= wanted)
            return;
        usleep(1000);
    }
    SP_ASSERT_CMP(atomic_load(counter), >=, wanted);
}
