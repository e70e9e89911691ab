/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "engine/assert.h"
#include "net/conn.h"
#include "net/loop.h"

static sp_conn *conn_of(sp_stream *stream)
{
    return (sp_conn *)((char *)stream - offsetof(sp_conn, stream));
}

static const sp_conn *const_conn_of(const sp_stream *stream)
{
    return (const sp_conn *)((const char *)stream - offsetof(sp_conn, stream));
}

/* One that fails costs a slow or vanished client some memory, or some time. */
static void set_options(sp_conn *conn)
{
    int fd;
    unsigned unsent_max = SP_STREAM_KERNEL_UNSENT_MAX;
    /* Unacknowledged for so long: the kernel ends it. Later than our own deadline,
     * which resets, so that a client who is there hears of it. */
    unsigned unheard_ms = 2 * conn->loop->deadlines.timeouts_ms[SP_DEADLINE_WRITE];
    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max, sizeof unsent_max);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard_ms, sizeof unheard_ms);
}

sp_stream *sp_exchange_stream(sp_exchange *ex, const sp_stream_ops *ops, void *context)
{
    sp_conn *conn = ex->conn;
    SP_ASSERT(ops->closed != NULL);
    SP_ASSERT(!ex->gone);
    SP_ASSERT(conn->first == NULL || &conn->first->ex != ex); /* in answer: off the line */
    SP_ASSERT(conn->stream.ops == NULL);
    ex->close_after = true;
    conn->stream = (sp_stream){.ops = ops, .context = context};
    conn->streaming = true;
    conn->loop->streams_count++;
    atomic_fetch_add_explicit(&conn->loop->shared->streams_count, 1, memory_order_relaxed);
    set_options(conn);
    return &conn->stream;
}

bool sp_loop_streams_full(const sp_loop *loop)
{
    uint32_t max = loop->shared->config.connections_max;
    return atomic_load_explicit(&loop->shared->streams_count, memory_order_relaxed) >=
           max - max / 8;
}

bool sp_stream_is_idle(const sp_stream *stream)
{
    const sp_conn *conn = const_conn_of(stream);
    return conn->streaming && !conn->closing && sp_conn_is_all_sent(conn);
}

bool sp_stream_write(sp_stream *stream, sp_text bytes)
{
    sp_conn *conn = conn_of(stream);
    if (!conn->streaming || conn->closing)
        return false;
    (void)sp_loop_turn_ns(conn->loop); /* from a timer of the app's, nothing else says so */
    SP_ASSERT(sp_conn_is_all_sent(conn));
    return sp_conn_write(conn, bytes);
}

void sp_stream_end(sp_stream *stream)
{
    sp_conn *conn = conn_of(stream);
    conn->streaming = false;
    if (!conn->closing)
        sp_conn_touch(conn);
}

void sp_stream_settle(sp_conn *conn)
{
    sp_stream *stream = &conn->stream;
    bool leaves = conn->peer_ended;
    if (!leaves && !conn->loop->stopping)
        return;
    if (!leaves && stream->ops->may_end != NULL && !stream->ops->may_end(stream, stream->context))
        return;
    conn->streaming = false;
    if (!leaves && stream->ops->drain != NULL)
        stream->ops->drain(stream, stream->context, sp_conn_out(conn));
}

void sp_stream_close(sp_conn *conn)
{
    const sp_stream_ops *ops = conn->stream.ops;
    if (ops == NULL)
        return;
    conn->streaming = false;
    conn->stream.ops = NULL;
    conn->loop->streams_count--;
    atomic_fetch_sub_explicit(&conn->loop->shared->streams_count, 1, memory_order_relaxed);
    ops->closed(&conn->stream, conn->stream.context);
}
