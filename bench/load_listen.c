/* SPDX-License-Identifier: MIT
 *
 * Queued orders and what becomes of them: `queue`. The requests are those of
 * `spread`, each accepted before it is decided. Of every 64th accepted order the
 * stream is opened at once, on a connection of its own, and the time from the 202 to
 * `orderEnd` is its outcome's latency. When all requests have been answered, the last
 * order of each connection is listened to: the server decides in the order in which
 * it accepted, so after those everything is decided, and the log (--check) must have
 * sold all that was accepted.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/load_body.h"
#include "bench/load_report.h"
#include "bench/load_side.h"
#include "bench/load_spread.h"
#include "bench/load_stream.h"
#include "engine/assert.h"

#define SAMPLE_EVERY 64u
#define LISTENERS_MAX 64u
#define LINE_SIZE (4u << 10) /* an order of one seat, or a problem */
#define URL_SIZE_MAX 160u
#define REQUEST_SIZE (URL_SIZE_MAX + 384u)

typedef struct job {
    char url[URL_SIZE_MAX];
    uint32_t url_size; /* 0: none */
} job;

typedef struct listener {
    sp_bench_load_stream stream; /* first */
    bool busy, ended, timed;
    uint64_t accepted_ns;
    char request[REQUEST_SIZE];
    char line[LINE_SIZE];
} listener;

typedef struct listening {
    sp_bench_load_streams streams;
    const char *host;
    uint32_t connections_count;
    job *last; /* by connection */
    listener *listeners;
    char *read_bytes;
    uint32_t busy_count, asked_count; /* asked: connections whose last has been looked after */
    bool drains, is_finished;

    uint64_t accepted, succeeded, failed, lost, missed;
    char failure[44]; /* code of the first that failed */
    sp_bench_histogram *latency;
} listening;

static void close_listen(void *side)
{
    listening *l = side;
    free(l->last);
    free(l->listeners);
    free(l->read_bytes);
    sp_bench_histogram_destroy(l->latency);
    free(l);
}

static void *open_listen(const sp_bench_load_side_setup *setup, char *why, size_t why_size)
{
    listening *l = calloc(1, sizeof *l);
    SP_ASSERT(l != NULL);
    l->host = setup->host;
    l->connections_count = setup->connections_count;
    l->last = calloc(l->connections_count, sizeof *l->last);
    l->listeners = calloc(LISTENERS_MAX, sizeof *l->listeners);
    l->read_bytes = malloc(SP_BENCH_LOAD_STREAM_READ_SIZE);
    l->latency = sp_bench_histogram_create();
    if (!l->last || !l->listeners || !l->read_bytes || !l->latency) {
        snprintf(why, why_size, "out of memory");
        close_listen(l);
        return NULL;
    }
    l->streams = (sp_bench_load_streams){.address = setup->address, .owner = l};
    return l;
}

static uint32_t files_count(const sp_bench_load_side_setup *setup)
{
    (void)setup;
    return LISTENERS_MAX;
}

/* ---- listening ---- */

static listener *free_listener(listening *l)
{
    for (uint32_t i = 0; i < LISTENERS_MAX && l->busy_count < LISTENERS_MAX; i++)
        if (!l->listeners[i].busy)
            return &l->listeners[i];
    return NULL;
}

static void listen_to(listening *l, listener *one, const job *of, uint64_t accepted_ns, bool timed)
{
    int size = snprintf(one->request, sizeof one->request, "GET %.*s HTTP/1.1\r\nHost: %s\r\n\r\n",
                        (int)of->url_size, of->url, l->host);
    SP_ASSERT(size > 0 && (size_t)size < sizeof one->request);
    one->busy = true;
    one->ended = false;
    one->timed = timed;
    one->accepted_ns = accepted_ns;
    one->stream.events.line = one->line;
    one->stream.events.line_capacity = LINE_SIZE;
    l->busy_count++;
    sp_bench_load_stream_open(&one->stream, &l->streams, (sp_text){one->request, (uint32_t)size});
}

/* At the end: the last orders of the connections, as listeners get free. */
static void listen_to_last(listening *l)
{
    listener *one;
    while (l->asked_count < l->connections_count && (one = free_listener(l)) != NULL) {
        const job *last = &l->last[l->asked_count++];
        if (last->url_size > 0)
            listen_to(l, one, last, 0, false);
    }
}

static void on_event(sp_bench_load_stream *stream, const sp_bench_load_event *event)
{
    listener *one = (listener *)stream;
    listening *l = stream->streams->owner;
    if (strcmp(event->name, "orderEnd") != 0 || one->ended)
        return;
    one->ended = true;
    if (one->timed)
        sp_bench_histogram_record(l->latency,
                                  (stream->streams->now_ns - one->accepted_ns + 500) / 1000);
    if (sp_bench_load_body_is_true(event->data, "success")) {
        l->succeeded++;
        return;
    }
    sp_text code = sp_bench_load_body_text(event->data, "code");
    if (l->failed++ == 0)
        snprintf(l->failure, sizeof l->failure, "%.*s", (int)code.size,
                 code.bytes != NULL ? code.bytes : "");
}

/* An end without its event is what this is looking for. */
static void on_closed(sp_bench_load_stream *stream, bool failed)
{
    listener *one = (listener *)stream;
    listening *l = stream->streams->owner;
    (void)failed;
    one->busy = false;
    l->busy_count--;
    l->lost += !one->ended;
    if (l->drains && !l->is_finished)
        listen_to_last(l);
}

/* ---- as a side ---- */

static void start(void *side, uv_loop_t *loop, void (*ready)(void *client), void *client)
{
    listening *l = side;
    l->streams.loop = loop;
    l->streams.read_bytes = l->read_bytes;
    l->streams.on_event = on_event;
    l->streams.on_closed = on_closed;
    ready(client);
}

static void answered(void *side, const sp_bench_load_told *told)
{
    listening *l = side;
    if (told->answer->status != 202)
        return;
    job *last = &l->last[told->connection];
    sp_text url = sp_bench_load_body_text(told->answer->body, "streamUrl");
    last->url_size = url.size < URL_SIZE_MAX ? url.size : 0;
    if (last->url_size > 0)
        memcpy(last->url, url.bytes, url.size);
    else
        l->lost++;
    if (l->accepted++ % SAMPLE_EVERY != 0 || last->url_size == 0)
        return;
    listener *one = free_listener(l);
    if (one != NULL)
        listen_to(l, one, last, told->now_ns, told->in_window);
    else
        l->missed++;
}

static void drain(void *side)
{
    listening *l = side;
    l->drains = true;
    listen_to_last(l);
}

static bool is_quiet(const void *side)
{
    const listening *l = side;
    return l->busy_count == 0 && l->asked_count == l->connections_count;
}

static void finish(void *side)
{
    listening *l = side;
    l->is_finished = true;
    for (uint32_t i = 0; i < LISTENERS_MAX; i++)
        sp_bench_load_stream_close(&l->listeners[i].stream);
}

static bool judge(const void *side)
{
    const listening *l = side;
    if (l->lost > 0)
        fprintf(stderr, "stagepick: bench load: %" PRIu64 " streams ended without an orderEnd\n",
                l->lost);
    if (l->failed > 0)
        fprintf(stderr, "stagepick: bench load: %" PRIu64 " accepted orders were refused: %s\n",
                l->failed, l->failure);
    return l->lost == 0 && l->failed == 0;
}

static void print(const void *side)
{
    const listening *l = side;
    printf("  outcomes listened to: %" PRIu64 " sold, %" PRIu64 " refused, %" PRIu64
           " lost; %" PRIu64 " not listened to for want of a listener\n",
           l->succeeded, l->failed, l->lost, l->missed);
    sp_bench_load_report_print_latency("202 to orderEnd", l->latency);
}

static void put(const void *side, sp_json_writer *json)
{
    const listening *l = side;
    sp_json_key(json, "outcomes");
    sp_json_object(json);
    sp_json_put_integer(json, "sold", (int64_t)l->succeeded);
    sp_json_put_integer(json, "refused", (int64_t)l->failed);
    sp_json_put_integer(json, "lost", (int64_t)l->lost);
    sp_json_put_integer(json, "missed", (int64_t)l->missed);
    sp_bench_load_report_put_latency(json, "latencyUs", l->latency);
    sp_json_object_end(json);
}

static const sp_bench_load_side side_of_queue = {
    .open = open_listen,
    .close = close_listen,
    .files_count = files_count,
    .start = start,
    .answered = answered,
    .drain = drain,
    .is_quiet = is_quiet,
    .finish = finish,
    .judge = judge,
    .print = print,
    .put = put,
};

static void next(void *workload, uint64_t index, sp_bench_load_request *out)
{
    sp_bench_load_spread_next(workload, index, out);
    out->kind = SP_BENCH_LOAD_QUEUE;
}

/* A queue that is full says so at once: that belongs to asking as fast as it goes. */
const sp_bench_load_workload sp_bench_load_queue = {
    .name = "queue",
    .help = "the orders of spread by the queue, some listened to until their end",
    .kind = SP_BENCH_LOAD_QUEUE,
    .expected_code = "queue_full",
    .open = sp_bench_load_spread_open,
    .close = free,
    .capacity = sp_bench_load_spread_of,
    .next = next,
    .reads_bodies = true,
    .side = &side_of_queue,
};
