/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "engine/assert.h"
#include "net/loop.h"

static uv_stream_t *stream_of(sp_conn *conn)
{
    return (uv_stream_t *)&conn->tcp;
}

size_t sp_conn_unsent(const sp_conn *conn)
{
    return sp_out_size(&conn->out) +
           uv_stream_get_write_queue_size((const uv_stream_t *)&conn->tcp);
}

/* libuv may have written all and not have said so yet. */
bool sp_conn_is_all_sent(const sp_conn *conn)
{
    return sp_conn_unsent(conn) == 0 && !conn->write_pending;
}

sp_out *sp_conn_out(sp_conn *conn)
{
    if (conn->out.bytes == NULL)
        sp_loop_out_take(conn->loop, &conn->out);
    sp_out_absorb(&conn->out);
    return &conn->out;
}

static void on_written(uv_write_t *write, int status)
{
    sp_conn *conn = write->data;
    conn->write_pending = false;
    sp_loop_out_give(conn->loop, &conn->writing);
    if (conn->closing)
        return;
    sp_deadline_set(&conn->loop->deadlines, &conn->write_deadline, SP_DEADLINE_NONE, 0);
    if (status < 0)
        sp_conn_close(conn);
    else
        sp_conn_touch(conn);
}

/* What the client has not taken yet: with what lies in the kernel's buffer. That
 * has megabytes, and libuv hears of room in it only when a third is free, so
 * without it a client who takes a little all the time seems to take nothing for
 * half a minute. */
static size_t untaken(sp_conn *conn)
{
    int fd, queued = 0;
    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0 || ioctl(fd, SIOCOUTQ, &queued) != 0)
        queued = 0;
    return uv_stream_get_write_queue_size(stream_of(conn)) + (size_t)queued;
}

/* libuv only reads what it points to. */
static uv_buf_t buf_of(const char *bytes, size_t size)
{
    return uv_buf_init((char *)(uintptr_t)bytes, (unsigned)size);
}

/* All of it but what was taken, in one or two pieces. */
#define PIECES_MAX 2u
static unsigned pieces_of(const sp_out *out, size_t taken, uv_buf_t bufs[PIECES_MAX])
{
    unsigned count = 0;
    size_t taken_behind = taken > out->size ? taken - out->size : 0;
    if (taken < out->size)
        bufs[count++] = buf_of(out->bytes + taken, out->size - taken);
    if (__builtin_expect(out->behind != NULL, 0) && taken_behind < out->behind->size)
        bufs[count++] = buf_of(out->behind->bytes + taken_behind, out->behind->size - taken_behind);
    return count;
}

/* What the kernel did not take at once waits in libuv, in a buffer that stays
 * where it is; new answers gather in a fresh one. */
static bool write_rest(sp_conn *conn, size_t taken)
{
    uv_buf_t bufs[PIECES_MAX];
    conn->writing = conn->out;
    sp_out_init(&conn->out);
    unsigned count = pieces_of(&conn->writing, taken, bufs);
    conn->write.data = conn;
    if (uv_write(&conn->write, stream_of(conn), bufs, count, on_written) != 0) {
        sp_loop_out_give(conn->loop, &conn->writing);
        sp_conn_close(conn);
        return false;
    }
    conn->write_pending = true;
    conn->stalled_size = untaken(conn);
    sp_deadline_set(&conn->loop->deadlines, &conn->write_deadline, SP_DEADLINE_WRITE,
                    uv_now(&conn->loop->uv));
    return true;
}

/* What the kernel takes at once goes into *taken. false = failed and closed. */
static bool try_write(sp_conn *conn, const uv_buf_t *bufs, unsigned count, size_t *taken)
{
    int written = uv_try_write(stream_of(conn), bufs, count);
    if (written < 0 && written != UV_EAGAIN) {
        sp_conn_close(conn);
        return false;
    }
    for (unsigned i = 0; i < count; i++)
        sp_counter_add(&conn->loop->metrics->sent_bytes, bufs[i].len);
    *taken = written > 0 ? (size_t)written : 0;
    return true;
}

bool sp_conn_flush(sp_conn *conn)
{
    size_t taken;
    uv_buf_t bufs[PIECES_MAX];
    if (conn->out.size == 0 || conn->write_pending)
        return true;
    if (!try_write(conn, bufs, pieces_of(&conn->out, 0, bufs), &taken))
        return false;
    if (taken < sp_out_size(&conn->out))
        return write_rest(conn, taken);
    sp_loop_out_give(conn->loop, &conn->out);
    return true;
}

bool sp_conn_write(sp_conn *conn, sp_text bytes)
{
    size_t taken;
    SP_ASSERT(sp_conn_is_all_sent(conn));
    uv_buf_t buf = buf_of(bytes.bytes, bytes.size);
    if (!try_write(conn, &buf, 1, &taken))
        return false;
    if (taken == bytes.size)
        return true;
    sp_out_bytes(sp_conn_out(conn), bytes.bytes + taken, bytes.size - taken);
    return write_rest(conn, 0);
}

void sp_conn_linger(sp_conn *conn)
{
    int fd;
    SP_ASSERT(!conn->write_pending);
    /* By hand and at once: uv_shutdown would only wait for writes, of which
     * there are none. */
    if (uv_fileno((uv_handle_t *)&conn->tcp, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        sp_conn_close(conn);
        return;
    }
    conn->lingering = true;
}

void sp_conn_reset(sp_conn *conn)
{
    /* SO_LINGER of 0 makes the close a reset; nothing is lost if it fails. */
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fd;
    if (!conn->closing && uv_fileno((uv_handle_t *)&conn->tcp, &fd) == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    sp_conn_close(conn);
}

bool sp_conn_is_stalled(sp_conn *conn)
{
    size_t size = untaken(conn);
    if (size >= conn->stalled_size)
        return true;
    conn->stalled_size = size;
    return false;
}
