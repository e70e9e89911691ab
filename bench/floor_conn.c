/* SPDX-License-Identifier: MIT */
#include "bench/floor_conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"

/* More under way and the connection is not read on, as at the server. */
#define IN_FLIGHT_MAX 64u

static uv_stream_t *stream_of(sp_bench_floor_conn *conn)
{
    return (uv_stream_t *)&conn->tcp;
}

/* ---- its end ---- */

/* Freed when its handle is closed and its last slot is back. */
static void free_if_over(sp_bench_floor_conn *conn)
{
    sp_bench_floor_loop *loop = conn->loop;
    if (!conn->closed || conn->in_flight_count > 0)
        return;
    if (conn->prev != NULL)
        conn->prev->next = conn->next;
    else
        loop->conns = conn->next;
    if (conn->next != NULL)
        conn->next->prev = conn->prev;
    free(conn);
    sp_bench_floor_loop_end_if_drained(loop);
}

static void on_closed(uv_handle_t *handle)
{
    sp_bench_floor_conn *conn = handle->data;
    conn->closed = true;
    free_if_over(conn);
}

void sp_bench_floor_conn_close(sp_bench_floor_conn *conn)
{
    if (conn->closing)
        return;
    conn->closing = true;
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void sp_bench_floor_conn_drain(sp_bench_floor_conn *conn)
{
    conn->input_over = true;
    sp_bench_floor_conn_settle(conn);
}

/* ---- writing ---- */

/* So many bytes of the endless row of answers have gone. */
static void advance(sp_bench_floor_conn *conn, uint32_t size)
{
    uint32_t answer_size = conn->loop->config.answer_size;
    conn->written_size += size;
    uint32_t whole = conn->written_size / answer_size;
    SP_ASSERT_CMP(whole, <=, conn->due_count);
    conn->due_count -= whole;
    conn->written_size -= whole * answer_size;
}

static void on_written(uv_write_t *write, int status)
{
    sp_bench_floor_conn *conn = write->data;
    conn->write_pending = false;
    if (conn->closing)
        return;
    if (status < 0) {
        sp_bench_floor_conn_close(conn);
        return;
    }
    advance(conn, conn->writing_size);
    sp_bench_floor_conn_settle(conn);
}

/* What the kernel did not take waits in libuv, in the block itself. */
static void write_rest(sp_bench_floor_conn *conn, uv_buf_t rest)
{
    conn->write.data = conn;
    conn->writing_size = (uint32_t)rest.len;
    conn->write_pending = uv_write(&conn->write, stream_of(conn), &rest, 1, on_written) == 0;
    if (!conn->write_pending)
        sp_bench_floor_conn_close(conn);
}

static void flush(sp_bench_floor_conn *conn)
{
    const sp_bench_floor_loop *loop = conn->loop;
    while (conn->due_count > 0 && !conn->write_pending && !conn->closing) {
        uint64_t due = (uint64_t)conn->due_count * loop->config.answer_size - conn->written_size;
        uint32_t most = loop->block_size - conn->written_size;
        uv_buf_t buf =
            uv_buf_init(loop->block + conn->written_size, due < most ? (unsigned)due : most);
        int taken = uv_try_write(stream_of(conn), &buf, 1);
        if (taken < 0 && taken != UV_EAGAIN) {
            sp_bench_floor_conn_close(conn);
            return;
        }
        size_t size = taken > 0 ? (size_t)taken : 0;
        advance(conn, (uint32_t)size);
        if (size < buf.len)
            write_rest(conn, uv_buf_init(buf.base + size, (unsigned)(buf.len - size)));
    }
}

/* ---- reading ---- */

/* A request is whole: answered now, or when its slot has come back. */
int sp_bench_floor_on_message(llhttp_t *parser)
{
    sp_bench_floor_conn *conn = parser->data;
    sp_bench_floor_loop *loop = conn->loop;
    if (!llhttp_should_keep_alive(parser))
        conn->input_over = true;
    if (loop->config.queue == NULL) {
        conn->due_count++;
        return HPE_OK;
    }
    sp_slot *slot = sp_slots_take(&loop->slots);
    if (slot == NULL) {
        fprintf(stderr, "stagepick bench floor: more than %u requests under way\n",
                SP_BENCH_FLOOR_SLOTS);
        return HPE_USER;
    }
    slot->owner = conn;
    conn->in_flight_count++;
    loop->pushed = true;
    bool has_room = sp_queue_push(loop->config.queue, slot);
    SP_ASSERT(has_room); /* as many cells as slots */
    return HPE_OK;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    sp_bench_floor_conn *conn = handle->data;
    (void)suggested;
    *buf = uv_buf_init(conn->loop->read_bytes, SP_BENCH_FLOOR_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buf)
{
    sp_bench_floor_conn *conn = stream->data;
    if (size == 0)
        return;
    /* After an error of the parser nothing that follows can be told apart. */
    if (size < 0 || llhttp_execute(&conn->parser, buf->base, (size_t)size) != HPE_OK)
        conn->input_over = true;
    if (size < 0 && size != UV_EOF)
        sp_bench_floor_conn_close(conn);
    else
        sp_bench_floor_conn_settle(conn);
}

static void watch(sp_bench_floor_conn *conn)
{
    bool wanted =
        !conn->input_over && !conn->write_pending && conn->in_flight_count < IN_FLIGHT_MAX;
    if (wanted == conn->reads)
        return;
    conn->reads = wanted;
    if (!wanted)
        uv_read_stop(stream_of(conn));
    else if (uv_read_start(stream_of(conn), on_alloc, on_read) != 0)
        sp_bench_floor_conn_close(conn);
}

void sp_bench_floor_conn_settle(sp_bench_floor_conn *conn)
{
    flush(conn);
    if (conn->closing)
        return;
    if (conn->input_over && conn->in_flight_count == 0 && conn->due_count == 0)
        sp_bench_floor_conn_close(conn);
    else
        watch(conn);
}

void sp_bench_floor_conn_complete(sp_bench_floor_conn *conn)
{
    SP_ASSERT_CMP(conn->in_flight_count, >, 0);
    conn->in_flight_count--;
    conn->due_count++;
    if (conn->closing)
        free_if_over(conn);
}

/* ---- its beginning ---- */

void sp_bench_floor_conn_accept(sp_bench_floor_loop *loop)
{
    sp_bench_floor_conn *conn = calloc(1, sizeof *conn);
    SP_ASSERT(conn != NULL);
    conn->loop = loop;
    conn->next = loop->conns;
    if (conn->next != NULL)
        conn->next->prev = conn;
    loop->conns = conn;
    uv_tcp_init(&loop->uv, &conn->tcp); /* can't fail without a domain */
    conn->tcp.data = conn;
    llhttp_init(&conn->parser, HTTP_REQUEST, &loop->settings);
    conn->parser.data = conn;
    if (uv_accept((uv_stream_t *)&loop->listener, stream_of(conn)) != 0) {
        sp_bench_floor_conn_close(conn);
        return;
    }
    uv_tcp_nodelay(&conn->tcp, 1);
    watch(conn);
}
