/* SPDX-License-Identifier: MIT
 *
 * One stream of events that the load generator listens to: a connection of its own,
 * one request, and events until somebody closes it. Many at once are cheap: they
 * read into one buffer, and keep the beginning of a line each.
 *
 * One loop, one thread.
 */
#ifndef SP_BENCH_LOAD_STREAM_H
#define SP_BENCH_LOAD_STREAM_H

#include <uv.h>

#include "bench/load_events.h"

typedef struct sp_bench_load_stream sp_bench_load_stream;

#define SP_BENCH_LOAD_STREAM_READ_SIZE (64u << 10)

/* What streams share. */
typedef struct sp_bench_load_streams {
    uv_loop_t *loop;
    const struct sockaddr *address;
    char *read_bytes; /* SP_BENCH_LOAD_STREAM_READ_SIZE */
    void *owner;
    uint64_t now_ns; /* of the wake-up that events are told in */
    void (*on_event)(sp_bench_load_stream *stream, const sp_bench_load_event *event);
    /* It is closed, and may be opened again. failed: it was neither closed here nor
     * ended by a server that had answered 200. */
    void (*on_closed)(sp_bench_load_stream *stream, bool failed);
} sp_bench_load_streams;

typedef enum sp_bench_load_stream_state {
    SP_BENCH_LOAD_STREAM_DOWN = 0,
    SP_BENCH_LOAD_STREAM_CONNECTING,
    SP_BENCH_LOAD_STREAM_HEAD,
    SP_BENCH_LOAD_STREAM_OPEN,
    SP_BENCH_LOAD_STREAM_CLOSING,
} sp_bench_load_stream_state;

struct sp_bench_load_stream {
    uv_tcp_t tcp; /* first */
    uv_connect_t connecting;
    sp_bench_load_streams *streams;
    sp_bench_load_stream_state state;
    bool failed;
    sp_text request; /* the owner's, until it is open */
    char head[16];   /* the beginning of the answer's head */
    uint32_t head_size, ends_matched;
    sp_bench_load_events events;
};

/* From DOWN (zeroed, but for events.line). request: all of it, one write. */
void sp_bench_load_stream_open(sp_bench_load_stream *stream, sp_bench_load_streams *streams,
                               sp_text request);
/* Whatever its state; on_closed comes later, unless it is down. */
void sp_bench_load_stream_close(sp_bench_load_stream *stream);

#endif
