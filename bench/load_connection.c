/* SPDX-License-Identifier: MIT */
#include "bench/load_connection.h"

#include <stdlib.h>

#include "bench/bench.h"
#include "engine/assert.h"

bool sp_bench_load_connection_init(sp_bench_load_connection *connection, sp_bench_load_lines *lines)
{
    connection->lines = lines;
    connection->flights = malloc(lines->depth * sizeof *connection->flights);
    return connection->flights != NULL;
}

void sp_bench_load_connection_free(sp_bench_load_connection *connection)
{
    SP_ASSERT_CMP(connection->state, ==, SP_BENCH_LOAD_DOWN);
    free(connection->flights);
    free(connection->kept);
    free(connection->unsent);
}

/* ---- closing ---- */

static void on_closed(uv_handle_t *handle)
{
    sp_bench_load_connection *c = (sp_bench_load_connection *)handle;
    c->state = SP_BENCH_LOAD_DOWN;
    c->lines->on_lost(c, c->lost_error, c->lost_is_error, c->lost_reason);
}

static void forget_flights(sp_bench_load_connection *c)
{
    for (; c->flights_count > 0; c->flights_count--) {
        c->lines->on_lost_flight(c, &c->flights[c->flights_first]);
        c->flights_first = (c->flights_first + 1) % c->lines->depth;
    }
}

void sp_bench_load_connection_drop(sp_bench_load_connection *c, sp_bench_load_error error,
                                   bool is_error, int reason)
{
    if (c->state == SP_BENCH_LOAD_DOWN || c->state == SP_BENCH_LOAD_CLOSING)
        return;
    c->state = SP_BENCH_LOAD_CLOSING;
    c->lost_error = error;
    c->lost_is_error = is_error;
    c->lost_reason = reason;
    forget_flights(c);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* ---- reading ---- */

/* The bytes kept of an unfinished answer go in front of what will be read. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    sp_bench_load_connection *c = (sp_bench_load_connection *)handle;
    (void)suggested;
    if (c->kept_size > 0)
        memcpy(c->lines->read_bytes, c->kept, c->kept_size);
    *buffer = uv_buf_init(c->lines->read_bytes + c->kept_size, SP_BENCH_LOAD_READ_SIZE);
}

/* false if it would be too much, or there is no memory. */
static bool keep(sp_bench_load_connection *c, const char *bytes, size_t size)
{
    if (size > c->kept_capacity) {
        char *kept = size <= SP_BENCH_LOAD_KEPT_SIZE_MAX ? realloc(c->kept, size) : NULL;
        if (kept == NULL)
            return false;
        c->kept = kept;
        c->kept_capacity = size;
    }
    if (size > 0)
        memcpy(c->kept, bytes, size);
    c->kept_size = size;
    return true;
}

static void take_answer(sp_bench_load_connection *c, const sp_bench_load_answer *answer,
                        uint64_t now_ns)
{
    sp_bench_load_flight flight = c->flights[c->flights_first];
    if (++c->flights_first == c->lines->depth)
        c->flights_first = 0;
    c->flights_count--;
    c->lines->on_answer(c, &flight, answer, now_ns);
}

/* Everything that is complete. false = the connection was dropped. */
static bool take_answers(sp_bench_load_connection *c, const char *bytes, size_t size,
                         uint64_t now_ns)
{
    sp_bench_load_answer answer = {0};
    while (size > 0) {
        size_t used;
        sp_bench_load_scan_status status =
            c->lines->protocol->scan(&c->scan, bytes, size, &used, &answer);
        bytes += used;
        size -= used;
        if (status == SP_BENCH_LOAD_MORE)
            break;
        /* What nobody asked for is malformed too. */
        if (status == SP_BENCH_LOAD_MALFORMED || c->flights_count == 0) {
            sp_bench_load_connection_drop(c, SP_BENCH_LOAD_MALFORMED_ANSWER, true, 0);
            return false;
        }
        take_answer(c, &answer, now_ns);
        if (answer.closes) {
            sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CLOSED, c->flights_count > 0, 0);
            return false;
        }
    }
    if (keep(c, bytes, size))
        return true;
    sp_bench_load_connection_drop(c, SP_BENCH_LOAD_MALFORMED_ANSWER, true, 0);
    return false;
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    sp_bench_load_connection *c = (sp_bench_load_connection *)stream;
    (void)buffer;
    if (size == 0 || c->state != SP_BENCH_LOAD_UP)
        return;
    if (size < 0) {
        bool lost = c->flights_count > 0 || c->kept_size > 0 || c->scan.body_left > 0;
        sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CLOSED, lost, (int)size);
        return;
    }
    uint64_t now_ns = sp_bench_now_ns();
    if (take_answers(c, c->lines->read_bytes, c->kept_size + (size_t)size, now_ns))
        c->lines->on_room(c, now_ns);
}

/* ---- connecting ---- */

static void on_connected(uv_connect_t *request, int status)
{
    sp_bench_load_connection *c = (sp_bench_load_connection *)request->handle;
    if (c->state != SP_BENCH_LOAD_CONNECTING)
        return; /* dropped meanwhile */
    if (status == 0)
        status = uv_tcp_nodelay(&c->tcp, 1);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
    if (status != 0) {
        sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CONNECT, true, status);
        return;
    }
    c->state = SP_BENCH_LOAD_UP;
    c->lines->on_open(c);
}

void sp_bench_load_connection_connect(sp_bench_load_connection *c)
{
    SP_ASSERT_CMP(c->state, ==, SP_BENCH_LOAD_DOWN);
    int status = uv_tcp_init(c->lines->loop, &c->tcp);
    SP_ASSERT_CMP(status, ==, 0); /* makes no socket yet: can't fail */
    c->state = SP_BENCH_LOAD_CONNECTING;
    c->is_writing = false;
    c->flights_first = c->flights_count = 0;
    c->kept_size = 0;
    c->scan = (sp_bench_load_scan){.keeps_body = c->lines->keeps_bodies};
    status = uv_tcp_connect(&c->connecting, &c->tcp, c->lines->address, on_connected);
    if (status != 0)
        sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CONNECT, true, status);
}

/* ---- writing ---- */

void sp_bench_load_connection_add(sp_bench_load_connection *c, const sp_bench_load_flight *flight)
{
    SP_ASSERT_CMP(c->flights_count, <, c->lines->depth);
    uint32_t at = c->flights_first + c->flights_count;
    if (at >= c->lines->depth)
        at -= c->lines->depth;
    c->flights[at] = *flight;
    c->flights_count++;
}

static void on_written(uv_write_t *request, int status)
{
    sp_bench_load_connection *c = (sp_bench_load_connection *)request->handle;
    if (c->state != SP_BENCH_LOAD_UP)
        return;
    c->is_writing = false;
    if (status != 0)
        sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CLOSED, true, status);
    else
        c->lines->on_room(c, sp_bench_now_ns());
}

/* The kernel's buffer is full, which a closed loop seldom sees: the rest is
 * copied and goes when there is room. */
static void send_later(sp_bench_load_connection *c, const char *bytes, size_t size)
{
    if (size > c->unsent_capacity) {
        char *unsent = realloc(c->unsent, size);
        if (unsent == NULL) {
            sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CLOSED, true, UV_ENOMEM);
            return;
        }
        c->unsent = unsent;
        c->unsent_capacity = size;
    }
    memcpy(c->unsent, bytes, size);
    uv_buf_t buffer = uv_buf_init(c->unsent, (unsigned)size);
    int status = uv_write(&c->writing, (uv_stream_t *)&c->tcp, &buffer, 1, on_written);
    if (status != 0)
        sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CLOSED, true, status);
    else
        c->is_writing = true;
}

void sp_bench_load_connection_send(sp_bench_load_connection *c, const char *bytes, size_t size)
{
    SP_ASSERT(c->state == SP_BENCH_LOAD_UP && !c->is_writing);
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
    int written = uv_try_write((uv_stream_t *)&c->tcp, &buffer, 1);
    if (written == UV_EAGAIN)
        written = 0;
    if (written < 0)
        sp_bench_load_connection_drop(c, SP_BENCH_LOAD_CLOSED, true, written);
    else if ((size_t)written < size)
        send_later(c, bytes + written, size - (size_t)written);
}

const sp_bench_load_flight *sp_bench_load_connection_oldest(const sp_bench_load_connection *c)
{
    return c->flights_count > 0 ? &c->flights[c->flights_first] : NULL;
}
