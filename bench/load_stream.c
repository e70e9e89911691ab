/* SPDX-License-Identifier: MIT */
#include "bench/load_stream.h"

#include <string.h>

#include "bench/bench.h"
#include "engine/assert.h"

typedef sp_bench_load_stream stream;

static void on_closed(uv_handle_t *handle)
{
    stream *s = (stream *)handle;
    s->state = SP_BENCH_LOAD_STREAM_DOWN;
    s->streams->on_closed(s, s->failed);
}

static void end(stream *s, bool failed)
{
    if (s->state == SP_BENCH_LOAD_STREAM_DOWN || s->state == SP_BENCH_LOAD_STREAM_CLOSING)
        return;
    s->state = SP_BENCH_LOAD_STREAM_CLOSING;
    s->failed = failed;
    uv_close((uv_handle_t *)&s->tcp, on_closed);
}

void sp_bench_load_stream_close(stream *s)
{
    end(s, false);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    stream *s = (stream *)handle;
    (void)suggested;
    *buffer = uv_buf_init(s->streams->read_bytes, SP_BENCH_LOAD_STREAM_READ_SIZE);
}

/* Bytes of the head; *failed: it is no 200. */
static size_t pass_head(stream *s, const char *bytes, size_t size, bool *failed)
{
    static const char ends[] = "\r\n\r\n", good[] = "HTTP/1.1 200 ";
    size_t at = 0;
    while (at < size && s->ends_matched < 4) {
        if (s->head_size < sizeof s->head)
            s->head[s->head_size++] = bytes[at];
        s->ends_matched =
            bytes[at] == ends[s->ends_matched] ? s->ends_matched + 1 : bytes[at] == '\r';
        at++;
    }
    if (s->ends_matched == 4) {
        s->state = SP_BENCH_LOAD_STREAM_OPEN;
        *failed = s->head_size < sizeof good - 1 || memcmp(s->head, good, sizeof good - 1) != 0;
    }
    return at;
}

static void tell(void *context, const sp_bench_load_event *event)
{
    stream *s = context;
    if (s->state == SP_BENCH_LOAD_STREAM_OPEN)
        s->streams->on_event(s, event);
}

static void on_read(uv_stream_t *handle, ssize_t size, const uv_buf_t *buffer)
{
    stream *s = (stream *)handle;
    bool failed = false;
    size_t used = 0;
    if (size == 0 || s->state < SP_BENCH_LOAD_STREAM_HEAD ||
        s->state == SP_BENCH_LOAD_STREAM_CLOSING)
        return;
    if (size < 0) {
        end(s, s->state != SP_BENCH_LOAD_STREAM_OPEN || size != UV_EOF);
        return;
    }
    s->streams->now_ns = sp_bench_now_ns();
    if (s->state == SP_BENCH_LOAD_STREAM_HEAD)
        used = pass_head(s, buffer->base, (size_t)size, &failed);
    if (failed)
        end(s, true);
    else
        sp_bench_load_events_read(&s->events, buffer->base + used, (size_t)size - used, tell, s);
}

static void on_connected(uv_connect_t *connecting, int status)
{
    stream *s = (stream *)connecting->handle;
    if (s->state != SP_BENCH_LOAD_STREAM_CONNECTING)
        return;
    uv_buf_t request = uv_buf_init((char *)(uintptr_t)s->request.bytes, s->request.size);
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    /* The first bytes of a connection always fit its buffer. */
    if (status == 0 && uv_try_write((uv_stream_t *)&s->tcp, &request, 1) != (int)s->request.size)
        status = UV_EIO;
    s->state = SP_BENCH_LOAD_STREAM_HEAD;
    if (status != 0)
        end(s, true);
}

void sp_bench_load_stream_open(stream *s, sp_bench_load_streams *streams, sp_text request)
{
    SP_ASSERT_CMP(s->state, ==, SP_BENCH_LOAD_STREAM_DOWN);
    s->streams = streams;
    s->request = request;
    s->head_size = s->ends_matched = 0;
    s->failed = false;
    s->events =
        (sp_bench_load_events){.line = s->events.line, .line_capacity = s->events.line_capacity};
    int status = uv_tcp_init(streams->loop, &s->tcp);
    SP_ASSERT_CMP(status, ==, 0);
    s->state = SP_BENCH_LOAD_STREAM_CONNECTING;
    status = uv_tcp_connect(&s->connecting, &s->tcp, streams->address, on_connected);
    if (status != 0)
        end(s, true);
}
