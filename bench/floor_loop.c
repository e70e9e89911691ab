/* SPDX-License-Identifier: MIT */
#include "bench/floor_loop.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/floor_conn.h"
#include "engine/assert.h"

#define BACKLOG 4096
#define DRAIN_MS 2000
/* Copies of the answer in one write, at most; and their bytes, if more than
 * one fits. */
#define BLOCK_ANSWERS_MAX 256u
#define BLOCK_SIZE_MAX (1u << 20)

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        sp_bench_floor_conn_accept(listener->data);
}

/* ---- slots that come back ---- */

static void on_mail(sp_mailbox *mailbox)
{
    char *loop = (char *)mailbox - offsetof(sp_bench_floor_loop, mailbox);
    uv_async_send(&((sp_bench_floor_loop *)(void *)loop)->wake);
}

/* All that have come back are counted first, so that a connection with many
 * of them writes once. */
static void on_wake(uv_async_t *wake)
{
    sp_bench_floor_loop *loop = wake->data;
    sp_bench_floor_conn *marked = NULL;
    for (sp_slot *slot = sp_mailbox_take_all(&loop->mailbox); slot != NULL;) {
        sp_slot *next = slot->next;
        sp_bench_floor_conn *conn = slot->owner;
        if (!conn->closing && !conn->marked) {
            conn->marked = true;
            conn->settled_next = marked;
            marked = conn;
        }
        sp_slots_give(&loop->slots, slot);
        sp_bench_floor_conn_complete(conn);
        slot = next;
    }
    /* None of them is freed meanwhile: that takes a turn of the loop. */
    while (marked != NULL) {
        sp_bench_floor_conn *conn = marked;
        marked = conn->settled_next;
        conn->marked = false;
        sp_bench_floor_conn_settle(conn);
    }
}

/* Once a turn, behind its reads: one wake-up for all that was pushed. */
static void on_check(uv_check_t *check)
{
    sp_bench_floor_loop *loop = check->data;
    if (loop->pushed)
        sp_queue_notify(loop->config.queue);
    loop->pushed = false;
}

/* ---- the end ---- */

void sp_bench_floor_loop_end_if_drained(sp_bench_floor_loop *loop)
{
    if (!loop->draining || loop->ended || loop->conns != NULL)
        return;
    loop->ended = true;
    /* Connections wait for their slots, so all are back; but the thread may
     * still be about to wake us. */
    if (loop->config.stop != NULL)
        loop->config.stop(loop->config.context);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->terminate, NULL);
    uv_close((uv_handle_t *)&loop->interrupt, NULL);
    uv_close((uv_handle_t *)&loop->drain_timer, NULL);
}

static void on_drain_over(uv_timer_t *timer)
{
    sp_bench_floor_loop *loop = timer->data;
    for (sp_bench_floor_conn *conn = loop->conns; conn != NULL; conn = conn->next)
        sp_bench_floor_conn_close(conn);
}

static void drain(sp_bench_floor_loop *loop)
{
    if (loop->draining)
        return;
    loop->draining = true;
    uv_close((uv_handle_t *)&loop->listener, NULL);
    uv_timer_start(&loop->drain_timer, on_drain_over, DRAIN_MS, 0);
    for (sp_bench_floor_conn *conn = loop->conns; conn != NULL; conn = conn->next)
        sp_bench_floor_conn_drain(conn);
    sp_bench_floor_loop_end_if_drained(loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    drain(handle->data);
}

/* ---- the beginning ---- */

static bool make_block(sp_bench_floor_loop *loop)
{
    uint32_t answer_size = loop->config.answer_size;
    uint32_t count = BLOCK_SIZE_MAX / answer_size;
    if (count > BLOCK_ANSWERS_MAX)
        count = BLOCK_ANSWERS_MAX;
    if (count == 0)
        count = 1;
    loop->block_size = count * answer_size;
    loop->block = malloc(loop->block_size);
    for (uint32_t i = 0; i < count && loop->block != NULL; i++)
        memcpy(loop->block + (size_t)i * answer_size, loop->config.answer, answer_size);
    return loop->block != NULL;
}

static void init_handles(sp_bench_floor_loop *loop)
{
    uv_check_init(&loop->uv, &loop->check);
    uv_signal_init(&loop->uv, &loop->terminate);
    uv_signal_init(&loop->uv, &loop->interrupt);
    uv_timer_init(&loop->uv, &loop->drain_timer);
    uv_tcp_init(&loop->uv, &loop->listener);
    loop->wake.data = loop->check.data = loop->terminate.data = loop->interrupt.data =
        loop->drain_timer.data = loop->listener.data = loop;
    uv_check_start(&loop->check, on_check);
}

static int start(sp_bench_floor_loop *loop)
{
    int status = uv_tcp_open(&loop->listener, loop->config.fd);
    if (status != 0)
        close(loop->config.fd);
    else
        status = uv_listen((uv_stream_t *)&loop->listener, BACKLOG, on_connection);
    if (status == 0)
        status = uv_signal_start(&loop->terminate, on_signal, SIGTERM);
    if (status == 0)
        status = uv_signal_start(&loop->interrupt, on_signal, SIGINT);
    return status;
}

static void destroy(sp_bench_floor_loop *loop)
{
    sp_slots_close(&loop->slots);
    free(loop->block);
    free(loop);
}

int sp_bench_floor_loop_create(const sp_bench_floor_config *config, sp_bench_floor_loop **out)
{
    int status = UV_ENOMEM;
    sp_bench_floor_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        goto failed;
    loop->config = *config;
    llhttp_settings_init(&loop->settings);
    loop->settings.on_message_complete = sp_bench_floor_on_message;
    sp_mailbox_init(&loop->mailbox, on_mail);
    if (!make_block(loop) || !sp_slots_init(&loop->slots, SP_BENCH_FLOOR_SLOTS, &loop->mailbox))
        goto failed;
    status = uv_loop_init(&loop->uv);
    if (status != 0)
        goto failed;
    status = uv_async_init(&loop->uv, &loop->wake, on_wake);
    SP_ASSERT_CMP(status, ==, 0);
    init_handles(loop);
    status = start(loop);
    *out = loop;
    if (status == 0)
        return 0;
    drain(loop); /* ends before it began */
    sp_bench_floor_loop_run(loop);
    return status;
failed:
    close(config->fd);
    if (loop != NULL)
        destroy(loop);
    return status;
}

void sp_bench_floor_loop_run(sp_bench_floor_loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int closed = uv_loop_close(&loop->uv);
    SP_ASSERT_CMP(closed, ==, 0);
    destroy(loop);
}
