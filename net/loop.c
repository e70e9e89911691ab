/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "engine/assert.h"

/* Connections kept for reuse. */
#define SPARE_CONNS_MAX 256u
/* A timer is not worth more precision; it bounds how often a busy loop looks. */
#define TIMER_MIN_MS 50u

enum { WRITE_TIMEOUT_MS = 30000, LINGER_TIMEOUT_MS = 2000 };

/* --- what the application may ask (exchange.h) --- */

uv_loop_t *sp_loop_uv(sp_loop *loop)
{
    return &loop->uv;
}
void *sp_loop_app(sp_loop *loop)
{
    return loop->app;
}
const sp_views *sp_loop_views(sp_loop *loop)
{
    return loop->shared->config.views;
}
sp_metrics_loop *sp_loop_metrics(sp_loop *loop)
{
    return loop->metrics;
}
sp_clock *sp_loop_clock(sp_loop *loop)
{
    return loop->shared->config.clock;
}
sp_time_ms sp_loop_now(sp_loop *loop)
{
    return sp_clock_now(sp_loop_clock(loop));
}
sp_time_ms sp_loop_now_coarse(sp_loop *loop)
{
    if (loop->now == 0)
        loop->now = sp_loop_now(loop);
    return loop->now;
}
bool sp_loop_stopping(sp_loop *loop)
{
    return loop->stopping;
}
uint32_t sp_loop_count(const sp_loop *loop)
{
    return loop->shared->config.loops_count;
}
uint32_t sp_loop_index(const sp_loop *loop)
{
    return loop->index;
}
sp_loop *sp_loop_of_index(const sp_loop *any, uint32_t index)
{
    SP_ASSERT_CMP(index, <, any->shared->config.loops_count);
    return any->shared->loops[index];
}

/* --- pools --- */

uint64_t sp_loop_id_next(sp_loop *loop)
{
    /* Loops take turns in one row of numbers, so none is given twice. */
    uint64_t n = loop->ids_count++ * loop->shared->config.loops_count + loop->index;
    return loop->shared->id_base + n;
}

static void count_out(sp_loop *loop)
{
    sp_counter_add(&loop->metrics->closed, 1);
    atomic_fetch_sub_explicit(&loop->shared->connections_count, 1, memory_order_relaxed);
}

sp_conn *sp_loop_conn_add(sp_loop *loop)
{
    sp_conn *conn = loop->conns_spare;
    if (conn != NULL) {
        loop->conns_spare = conn->next;
        loop->conns_spare_count--;
    } else if ((conn = malloc(sizeof *conn)) == NULL) {
        count_out(loop);
        return NULL;
    }
    memset(conn, 0, sizeof *conn);
    conn->loop = loop;
    conn->next = loop->conns;
    if (loop->conns != NULL)
        loop->conns->prev = conn;
    loop->conns = conn;
    loop->conns_count++;
    return conn;
}

void sp_loop_conn_remove(sp_loop *loop, sp_conn *conn)
{
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        loop->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    loop->conns_count--;
    count_out(loop);
    if (loop->conns_spare_count == SPARE_CONNS_MAX) {
        free(conn);
    } else {
        conn->next = loop->conns_spare;
        loop->conns_spare = conn;
        loop->conns_spare_count++;
    }
}

void sp_loop_out_take(sp_loop *loop, sp_out *out)
{
    if (loop->outs_spare_count > 0)
        *out = loop->outs_spare[--loop->outs_spare_count];
    sp_out_reserve(out, 1); /* so that `bytes` says whether it has been taken */
}

void sp_loop_out_give(sp_loop *loop, sp_out *out)
{
    if (out->bytes == NULL)
        return;
    if (loop->outs_spare_count == SP_LOOP_SPARE_OUTS_MAX ||
        out->capacity > SP_LOOP_SPARE_OUT_SIZE_MAX) {
        sp_out_close(out);
        return;
    }
    sp_out_clear(out);
    loop->outs_spare[loop->outs_spare_count++] = *out;
    sp_out_init(out);
}

/* --- the iteration --- */

/* Only when an iteration is settled: whatever callback has let go of the last
 * thing that kept the loop may still begin another. */
static void end_if_drained(sp_loop *loop)
{
    if (loop->stopping && sp_hops_over(loop))
        uv_stop(&loop->uv);
}

static void on_deadline_timer(uv_timer_t *timer)
{
    sp_loop *loop = timer->data;
    sp_deadline_kind kind;
    sp_deadline *expired;
    loop->timer_at_ms = UINT64_MAX;
    (void)sp_loop_turn_ns(loop);
    while ((expired = sp_deadlines_expire(&loop->deadlines, uv_now(&loop->uv), &kind)) != NULL)
        sp_conn_expired(expired, kind);
}

/* Armed for the earliest deadline, and left alone when that moves away: then
 * it fires once in vain and is armed anew. */
static void arm_deadline_timer(sp_loop *loop)
{
    uint64_t next_ms = sp_deadlines_next(&loop->deadlines);
    if (next_ms >= loop->timer_at_ms)
        return;
    uint64_t now_ms = uv_now(&loop->uv);
    uint64_t delay_ms = next_ms > now_ms + TIMER_MIN_MS ? next_ms - now_ms : TIMER_MIN_MS;
    if (now_ms + delay_ms >= loop->timer_at_ms)
        return;
    loop->timer_at_ms = now_ms + delay_ms;
    uv_timer_start(&loop->deadline_timer, on_deadline_timer, delay_ms, 0);
}

void sp_loop_notify(sp_loop *loop)
{
    if (loop->pushed_count == 0)
        return;
    loop->pushed_count = 0;
    sp_counter_raise(&loop->metrics->queue_high, sp_queue_depth(loop->shared->config.queue));
    sp_queue_notify(loop->shared->config.queue);
}

static void complete_bounced(sp_loop *loop)
{
    while (loop->bounced != NULL) {
        sp_slot *slot = loop->bounced;
        loop->bounced = slot->next;
        sp_exchange_complete(slot);
    }
}

/* It stays dirty; the wake-up makes the next iteration come at once. */
static void put_later(sp_loop *loop, sp_conn *conn)
{
    conn->yields = false;
    conn->dirty_next = loop->later;
    loop->later = conn;
    sp_loop_wake(loop);
}

static void settle_dirty(sp_loop *loop)
{
    while (loop->dirty != NULL) {
        sp_conn *conn = loop->dirty;
        loop->dirty = conn->dirty_next;
        if (conn->yields && !conn->closing) {
            put_later(loop, conn);
            continue;
        }
        conn->dirty = false;
        sp_conn_settle(conn);
    }
}

static void take_later(sp_loop *loop)
{
    while (loop->later != NULL) {
        sp_conn *conn = loop->later;
        loop->later = conn->dirty_next;
        conn->dirty_next = loop->dirty;
        loop->dirty = conn;
    }
}

/* After the events of an iteration (check), and after its timers and what the
 * iteration before has closed (prepare). */
static void settle(sp_loop *loop)
{
    take_later(loop);
    if (loop->dirty != NULL)
        loop->settled_ns = uv_hrtime();
    while (loop->bounced != NULL || loop->dirty != NULL) {
        complete_bounced(loop);
        settle_dirty(loop);
    }
    sp_loop_notify(loop);
    arm_deadline_timer(loop);
    end_if_drained(loop);
}

static void end_turn(sp_loop *loop)
{
    sp_metrics_loop *metrics = loop->metrics;
    loop->now = 0; /* the loop may sleep now */
    if (loop->turn_ns == 0)
        return;
    uint64_t took = uv_hrtime() - loop->turn_ns;
    loop->turn_ns = 0;
    sp_counter_add(&metrics->turns, 1);
    sp_counter_add(&metrics->busy_ns, took);
    sp_counter_raise(&metrics->turn_ns_max, took);
}

static void on_prepare(uv_prepare_t *prepare)
{
    sp_loop *loop = prepare->data;
    settle(loop);
    end_turn(loop);
}
static void on_check(uv_check_t *check)
{
    sp_loop *loop = check->data;
    settle(loop);
    end_turn(loop);
}

/* --- completions and draining --- */

/* A slot without an owner is the app's. */
static void complete(sp_loop *loop, sp_slot *slot)
{
    if (slot->owner == NULL)
        loop->shared->config.app->slot_completed(loop, slot);
    else
        sp_exchange_complete(slot);
}

static void take_completions(sp_loop *loop)
{
    sp_slot *slot = sp_mailbox_take_all(&loop->mailbox);
    if (slot != NULL)
        loop->wakes_due++;
    while (slot != NULL) {
        sp_slot *next = slot->next; /* completing may give the slot away */
        complete(loop, slot);
        slot = next;
    }
}

static void on_drain_over(uv_timer_t *timer)
{
    sp_loop *loop = timer->data;
    for (sp_conn *conn = loop->conns; conn != NULL; conn = conn->next)
        sp_conn_close(conn);
}

static void drain(sp_loop *loop)
{
    loop->stopping = true;
    for (uint32_t i = 0; i < loop->acceptors_count; i++)
        sp_acceptor_close(&loop->acceptors[i]);
    for (sp_conn *conn = loop->conns; conn != NULL; conn = conn->next)
        sp_conn_drain(conn);
    uv_timer_start(&loop->drain_timer, on_drain_over, loop->shared->drain_ms, 0);
}

static void on_wake(uv_async_t *async)
{
    sp_loop *loop = async->data;
    (void)sp_loop_turn_ns(loop);
    take_completions(loop);
    sp_hops_run(loop);
    /* Acquire: pairs with the release in sp_server_drain, for drain_ms. */
    if (!loop->stopping && atomic_load_explicit(&loop->shared->draining, memory_order_acquire))
        drain(loop);
}

/* The sequencer's thread. Touches nothing of the loop after the last line. */
static void on_mailbox_filled(sp_mailbox *mailbox)
{
    sp_loop *loop = (sp_loop *)((char *)mailbox - offsetof(sp_loop, mailbox));
    uv_async_send(&loop->wake);
    atomic_fetch_add_explicit(&loop->wakes_done, 1, memory_order_release);
}

void sp_loop_wake(sp_loop *loop)
{
    uv_async_send(&loop->wake);
}

/* --- life --- */

static void set_timeouts(sp_loop *loop)
{
    const sp_server_config *config = &loop->shared->config;
    uint32_t write_ms = config->write_timeout_ms;
    uint32_t linger_ms = config->linger_timeout_ms;
    const uint32_t timeouts_ms[SP_DEADLINE_KINDS] = {
        [SP_DEADLINE_HEAD] = config->head_timeout_ms,
        [SP_DEADLINE_BODY] = config->body_timeout_ms,
        [SP_DEADLINE_IDLE] = config->idle_timeout_ms,
        [SP_DEADLINE_WRITE] = write_ms > 0 ? write_ms : WRITE_TIMEOUT_MS,
        [SP_DEADLINE_LINGER] = linger_ms > 0 ? linger_ms : LINGER_TIMEOUT_MS,
    };
    sp_deadlines_init(&loop->deadlines, timeouts_ms);
    loop->timer_at_ms = UINT64_MAX;
}

static int init_handles(sp_loop *loop)
{
    int status = uv_async_init(&loop->uv, &loop->wake, on_wake);
    if (status != 0)
        return status;
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_timer_init(&loop->uv, &loop->deadline_timer);
    uv_timer_init(&loop->uv, &loop->drain_timer);
    loop->wake.data = loop->prepare.data = loop->check.data = loop;
    loop->deadline_timer.data = loop->drain_timer.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    return 0;
}

/* Every socket is owned once this was called; those not opened are closed. */
static int open_acceptors(sp_loop *loop, const int *fds, uint32_t count)
{
    int status = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool ops = i >= loop->shared->config.addresses_count;
        int opened = sp_acceptor_open(&loop->acceptors[i], loop, fds[i], ops);
        if (status == 0)
            status = opened;
    }
    loop->acceptors_count = count;
    return status;
}

static void close_fds(const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        uv_fs_close(NULL, &(uv_fs_t){0}, fds[i], NULL);
}

int sp_loop_create(sp_loop_shared *shared, uint32_t index, const int *fds, uint32_t fds_count,
                   sp_loop **out)
{
    int status = UV_ENOMEM;
    sp_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        goto failed_loop;
    loop->shared = shared;
    loop->index = index;
    loop->is_alive = true;
    loop->metrics = sp_metrics_of_loop(shared->config.metrics, index);
    loop->read_bytes = malloc(SP_LOOP_READ_SIZE);
    loop->acceptors = calloc(fds_count, sizeof *loop->acceptors);
    if (loop->read_bytes == NULL || loop->acceptors == NULL)
        goto failed_memory;
    sp_mailbox_init(&loop->mailbox, on_mailbox_filled);
    if (!sp_slots_init(&loop->slots, shared->config.slots_per_loop, &loop->mailbox))
        goto failed_memory;
    status = uv_loop_init(&loop->uv);
    if (status != 0)
        goto failed_uv;
    status = init_handles(loop);
    if (status != 0)
        goto failed_handles;
    set_timeouts(loop);
    status = open_acceptors(loop, fds, fds_count);
    if (status == 0) {
        *out = loop;
        return 0;
    }
    sp_loop_destroy(loop);
    return status;

failed_handles:
    uv_loop_close(&loop->uv);
failed_uv:
    sp_slots_close(&loop->slots);
failed_memory:
    free(loop->acceptors);
    free(loop->read_bytes);
    free(loop);
failed_loop:
    close_fds(fds, fds_count);
    return status;
}

static void run(void *argument)
{
    sp_loop *loop = argument;
    sigset_t pipe;
    uv_mutex_lock(&loop->shared->starting);
    bool failed = loop->shared->start_failed;
    uv_mutex_unlock(&loop->shared->starting);
    if (failed)
        return;
    /* A write to a client who has left must fail, not kill the process; a
     * blocked SIGPIPE stays with this thread. */
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

int sp_loop_start(sp_loop *loop)
{
    return uv_thread_create(&loop->thread, run, loop);
}

void sp_loop_join(sp_loop *loop)
{
    uv_thread_join(&loop->thread);
}

static void free_pools(sp_loop *loop)
{
    while (loop->conns_spare != NULL) {
        sp_conn *conn = loop->conns_spare;
        loop->conns_spare = conn->next;
        free(conn);
    }
    while (loop->exchanges_spare != NULL) {
        sp_exchange_node *node = loop->exchanges_spare;
        loop->exchanges_spare = node->next;
        free(node);
    }
    while (loop->https_spare != NULL) {
        sp_http *http = loop->https_spare;
        loop->https_spare = http->next;
        free(http);
    }
    sp_http_heads_close(&loop->heads);
    while (loop->outs_spare_count > 0)
        sp_out_close(&loop->outs_spare[--loop->outs_spare_count]);
}

static void close_handles(sp_loop *loop)
{
    for (uint32_t i = 0; i < loop->acceptors_count; i++)
        sp_acceptor_close(&loop->acceptors[i]);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->deadline_timer, NULL);
    uv_close((uv_handle_t *)&loop->drain_timer, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void sp_loop_destroy(sp_loop *loop)
{
    /* The last completion may have been taken before the sequencer's wake-up
     * for it was done with the loop: a few instructions to wait for. */
    while (atomic_load_explicit(&loop->wakes_done, memory_order_acquire) < loop->wakes_due)
        sched_yield();
    SP_ASSERT_CMP(loop->conns_count, ==, 0);
    SP_ASSERT_CMP(loop->exchanges_live, ==, 0);
    SP_ASSERT_CMP(loop->slots_out, ==, 0);
    SP_ASSERT(atomic_load_explicit(&loop->hops, memory_order_relaxed) == NULL);
    close_handles(loop);
    SP_ASSERT_CMP(uv_loop_close(&loop->uv), ==, 0);
    sp_slots_close(&loop->slots);
    free_pools(loop);
    free(loop->acceptors);
    free(loop->read_bytes);
    free(loop);
}
