/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/assert.h"
#include "net/loop.h"

static uv_stream_t *stream_of(sp_conn *conn)
{
    return (uv_stream_t *)&conn->tcp;
}

void sp_conn_touch(sp_conn *conn)
{
    if (conn->dirty)
        return;
    (void)sp_loop_turn_ns(conn->loop); /* this is work: a turn, if it was none yet */
    conn->dirty = true;
    conn->dirty_next = conn->loop->dirty;
    conn->loop->dirty = conn;
}

/* So many writes in a row, then others have their turn: a client that reads as
 * fast as it asks could otherwise hold the loop for as long as it likes. */
#define ROUNDS_MAX 4u

/* Answers of an iteration are written when all connections have been read. So
 * many bytes are not gathered: sent while they are in the processor's cache, they
 * leave a buffer for the next connection, and a loop whose clients all ask for
 * seat maps needs one such buffer, not one each. */
#define FLUSH_AT_ONCE (8u * 1024)

/* Back-pressure: may another request be taken from this connection now? */
static bool may_take(const sp_conn *conn)
{
    return !conn->closing && !conn->input_over && conn->in_flight_count < SP_CONN_IN_FLIGHT_MAX &&
           conn->held_size < SP_CONN_HELD_MAX && sp_conn_unsent(conn) < SP_CONN_UNSENT_MAX;
}

static void forget_rest(sp_conn *conn)
{
    free(conn->rest);
    conn->rest = NULL;
    conn->rest_offset = conn->rest_size = 0;
}

static void forget_reading(sp_conn *conn)
{
    if (conn->reading != NULL)
        sp_exchange_give(conn->reading);
    conn->reading = NULL;
}

/* Nothing more is read from it; what came behind is dropped. */
static void end_input(sp_conn *conn)
{
    conn->input_over = true;
    conn->continue_due = false;
    forget_rest(conn);
    forget_reading(conn);
}

/* The request (or its refusal) takes its place in the line. */
static sp_exchange_node *enqueue_reading(sp_conn *conn)
{
    sp_exchange_node *node = conn->reading;
    conn->reading = NULL;
    if (conn->last != NULL)
        conn->last->next = node;
    else
        conn->first = node;
    conn->last = node;
    conn->in_flight_count++;
    node->held_size = node->http->message.capacity; /* it grows no more */
    conn->held_size += node->held_size;
    conn->requests_count++;
    return node;
}

void sp_conn_unhold(sp_conn *conn, sp_exchange_node *node)
{
    conn->held_size -= node->held_size;
    node->held_size = 0;
}

static sp_exchange_node *dequeue_first(sp_conn *conn)
{
    sp_exchange_node *node = conn->first;
    conn->first = node->next;
    if (conn->first == NULL)
        conn->last = NULL;
    node->next = NULL;
    conn->in_flight_count--;
    sp_conn_unhold(conn, node);
    return node;
}

static void leave_all(sp_conn *conn)
{
    while (conn->first != NULL)
        sp_exchange_leave(dequeue_first(conn));
}

/* Answers whose turn has come, as long as the client takes them. */
static void answer_in_turn(sp_conn *conn)
{
    while (conn->first != NULL && conn->first->state >= SP_EXCHANGE_READY &&
           sp_conn_unsent(conn) < SP_CONN_UNSENT_MAX) {
        sp_exchange_node *node = dequeue_first(conn);
        if (!sp_exchange_answer(node, sp_conn_out(conn)))
            continue;
        /* `Connection: close` was said: whatever was asked behind it is void. */
        end_input(conn);
        leave_all(conn);
    }
}

static void on_request(sp_conn *conn)
{
    sp_exchange_node *node = enqueue_reading(conn);
    if (!node->http->message.keep_alive) {
        node->ex.close_after = true;
        end_input(conn);
    }
    sp_exchange_begin(node);
    answer_in_turn(conn); /* most GETs are answered here, in one go */
}

/* The answer to what can't be a request waits for its turn like any other. */
static void on_refused(sp_conn *conn)
{
    enqueue_reading(conn)->state = SP_EXCHANGE_REFUSED;
    end_input(conn);
}

void sp_conn_refuse(sp_conn *conn, sp_outcome outcome, const char *detail)
{
    SP_ASSERT(conn->reading != NULL);
    conn->reading->http->outcome = outcome;
    conn->reading->http->detail = detail;
    on_refused(conn);
    sp_conn_touch(conn);
}

/* `last`: no byte of the body has come with the head. */
static void on_event(sp_conn *conn, sp_http_event event, bool last)
{
    switch (event) {
    case SP_HTTP_MORE:
        break;
    case SP_HTTP_HEAD:
        conn->continue_due = last && sp_http_continue_wanted(conn->reading->http);
        break;
    case SP_HTTP_REQUEST:
        on_request(conn);
        break;
    case SP_HTTP_REFUSED:
        on_refused(conn);
        break;
    case SP_HTTP_NO_MEMORY:
        sp_conn_close(conn);
        break;
    }
}

/* Parses as much as back-pressure allows; returns how much that was. */
static uint32_t feed(sp_conn *conn, const char *bytes, uint32_t size)
{
    uint32_t at = 0;
    while (at < size && may_take(conn)) {
        if (conn->reading == NULL)
            conn->reading = sp_exchange_take(conn->loop, conn);
        if (conn->reading == NULL) {
            sp_conn_close(conn);
            break;
        }
        conn->continue_due = false; /* the client did not wait for it */
        size_t used;
        sp_http_event event = sp_http_feed(conn->reading->http, bytes + at, size - at, &used);
        at += (uint32_t)used;
        sp_text token;
        if (event == SP_HTTP_HEAD &&
            sp_http_next_token(conn->reading->http, bytes + at, size - at, &token))
            sp_exchange_foresee(conn->reading, token);
        on_event(conn, event, at == size);
    }
    return at;
}

static void keep_rest(sp_conn *conn, const char *bytes, uint32_t size)
{
    conn->rest = malloc(size);
    if (conn->rest == NULL) {
        sp_conn_close(conn);
        return;
    }
    memcpy(conn->rest, bytes, size);
    conn->rest_offset = 0;
    conn->rest_size = size;
}

static void feed_rest(sp_conn *conn)
{
    /* Taken off the connection meanwhile: its end frees what it holds. */
    char *bytes = conn->rest;
    uint32_t offset = conn->rest_offset, size = conn->rest_size;
    conn->rest = NULL;
    offset += feed(conn, bytes + offset, size - offset);
    if (offset == size || conn->input_over || conn->closing) {
        free(bytes);
        conn->rest_offset = conn->rest_size = 0;
        return;
    }
    conn->rest = bytes;
    conn->rest_offset = offset;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf);

/* One buffer a loop: each read is used up before the next one begins. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    sp_conn *conn = handle->data;
    *buf = uv_buf_init(conn->loop->read_bytes, SP_LOOP_READ_SIZE);
}

/* Reads exactly when it may take something. */
static void watch(sp_conn *conn)
{
    bool wanted = !conn->peer_ended &&
                  (conn->lingering || conn->streaming || (conn->rest == NULL && may_take(conn)));
    if (wanted == conn->reading_on)
        return;
    conn->reading_on = wanted;
    if (!wanted)
        uv_read_stop(stream_of(conn));
    else if (uv_read_start(stream_of(conn), on_alloc, on_read) != 0)
        sp_conn_close(conn);
}

static void pause_reading(sp_conn *conn)
{
    conn->reading_on = false;
    uv_read_stop(stream_of(conn));
}

static void discard(sp_conn *conn, uint32_t size)
{
    conn->discarded_size += size;
    if (conn->discarded_size > SP_CONN_DISCARD_MAX)
        sp_conn_close(conn);
}

static void on_bytes(sp_conn *conn, const char *bytes, uint32_t size)
{
    if (conn->lingering || conn->streaming) {
        discard(conn, size);
        return;
    }
    SP_ASSERT(conn->rest == NULL);
    uint32_t used = feed(conn, bytes, size);
    if (used < size && !conn->input_over && !conn->closing)
        keep_rest(conn, bytes + used, size - used);
    if (!conn->closing && conn->out.size >= FLUSH_AT_ONCE)
        sp_conn_flush(conn);
    /* Now, not when it is settled: libuv may hold more bytes ready and would
     * bring them before that. */
    if (!conn->closing)
        watch(conn);
    /* More may be ready than a read takes; libuv would go on to 32 reads in a
     * row. Settling starts it again. */
    if (!conn->closing && size == SP_LOOP_READ_SIZE)
        pause_reading(conn);
    if (!conn->closing)
        sp_conn_touch(conn);
}

/* A half close: what was asked is still answered, but a stream ends. An
 * incomplete request is dropped: nobody could tell what it would have been. */
static void on_end(sp_conn *conn)
{
    conn->peer_ended = true;
    conn->reading_on = false;
    if (conn->lingering) {
        sp_conn_close(conn);
        return;
    }
    end_input(conn);
    sp_conn_touch(conn);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    sp_conn *conn = stream->data;
    (void)sp_loop_turn_ns(conn->loop);
    if (size > 0)
        on_bytes(conn, buf->base, (uint32_t)size);
    else if (size == UV_EOF)
        on_end(conn);
    else if (size < 0)
        sp_conn_close(conn);
}

static void send_continue(sp_conn *conn)
{
    if (!conn->continue_due || conn->in_flight_count > 0)
        return;
    conn->continue_due = false;
    sp_out_string(sp_conn_out(conn), "HTTP/1.1 100 Continue\r\n\r\n");
}

/* A node without a byte of a request in it is not worth keeping. */
static void give_fresh(sp_conn *conn)
{
    if (conn->reading != NULL && sp_http_is_fresh(conn->reading->http))
        forget_reading(conn);
}

static bool is_over(const sp_conn *conn)
{
    return conn->input_over && !conn->lingering && !conn->streaming && conn->in_flight_count == 0 &&
           sp_conn_is_all_sent(conn);
}

void sp_conn_settle(sp_conn *conn)
{
    unsigned rounds = 0;
    if (conn->closing)
        return;
    for (;;) {
        answer_in_turn(conn);
        if (conn->streaming)
            sp_stream_settle(conn);
        if (conn->rest != NULL && may_take(conn)) {
            feed_rest(conn);
            if (conn->closing)
                return;
            continue;
        }
        send_continue(conn);
        if (!sp_conn_flush(conn))
            return;
        /* The write may have made room for more of both. */
        bool more_answers = conn->first != NULL && conn->first->state >= SP_EXCHANGE_READY;
        bool more_requests = conn->rest != NULL && may_take(conn);
        if (!more_requests && (!more_answers || conn->write_pending))
            break;
        if (++rounds == ROUNDS_MAX) {
            conn->yields = true;
            sp_conn_touch(conn);
            break;
        }
    }
    give_fresh(conn);
    if (is_over(conn)) {
        if (conn->peer_ended)
            sp_conn_close(conn);
        else
            sp_conn_linger(conn);
    }
    if (!conn->closing)
        watch(conn);
    if (!conn->closing)
        sp_conn_await(conn);
}

void sp_conn_drain(sp_conn *conn)
{
    if (conn->closing || conn->lingering)
        return;
    end_input(conn);
    if (conn->streaming) {
        sp_conn_touch(conn); /* the farewell is said when it is settled */
        return;
    }
    if (conn->last != NULL)
        conn->last->ex.close_after = true;
    else if (sp_conn_unsent(conn) == 0) {
        sp_conn_close(conn);
        return;
    }
    sp_conn_touch(conn);
}

static void on_closed(uv_handle_t *handle)
{
    sp_conn *conn = handle->data;
    SP_ASSERT(!conn->dirty);
    SP_ASSERT(!conn->write_pending);
    sp_out_close(&conn->out);
    sp_stream_close(conn);
    sp_loop_conn_remove(conn->loop, conn);
}

void sp_conn_close(sp_conn *conn)
{
    if (conn->closing)
        return;
    conn->closing = true;
    end_input(conn);
    leave_all(conn);
    sp_deadlines *deadlines = &conn->loop->deadlines;
    sp_deadline_set(deadlines, &conn->read_deadline, SP_DEADLINE_NONE, 0);
    sp_deadline_set(deadlines, &conn->write_deadline, SP_DEADLINE_NONE, 0);
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void sp_conn_open(sp_loop *loop, int fd, const sp_client_address *peer, bool ops)
{
    sp_conn *conn = sp_loop_conn_add(loop);
    if (conn == NULL) {
        close(fd);
        return;
    }
    int on = 1;
    uv_tcp_init(&loop->uv, &conn->tcp); /* can't fail without a domain */
    conn->tcp.data = conn;
    conn->peer = *peer;
    conn->ops = ops;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (uv_tcp_open(&conn->tcp, fd) != 0) {
        close(fd);
        sp_conn_close(conn);
        return;
    }
    sp_conn_touch(conn);
}
