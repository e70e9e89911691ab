/* SPDX-License-Identifier: MIT
 *
 * Watchers of seat maps beside orders: `map-watch`. Each watcher is a stream of a
 * concert's changes, concerts in turn, opened before the first order; the orders are
 * those of `spread`. An event's lag is the time from the arrival of the 201 to the
 * order that it shows, of the oldest if it shows several: so it is what a watcher has
 * waited for at most. An event that came before its 201 has none, and is counted.
 *
 * At the end every watcher must have been told the last order of his concert. With
 * the server's process id its memory is read before the streams are opened and when
 * all have their map.
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

#define LINE_SIZE 48u   /* `event: seats`, `id: ` and a number; data is passed over */
#define OPENING_MAX 64u /* connections on their way at once */
#define SETTLE_MS 300u  /* before memory is read */
#define REQUEST_SIZE 512u

typedef struct watcher {
    sp_bench_load_stream stream; /* first */
    char line[LINE_SIZE];
    uint32_t concert; /* index */
    uint64_t seq;     /* told last; 0: no map yet */
} watcher;

typedef struct sale {
    uint64_t seq, told_ns;
    bool in_window;
} sale;

typedef struct watched {
    char request[REQUEST_SIZE];
    uint32_t request_size;
    sale *sales; /* by seq */
    size_t sales_count, sales_capacity;
    uint64_t last_seq; /* of any order */
} watched;

typedef struct watch {
    sp_bench_load_streams streams;
    sp_bench_load_range concerts;
    uint32_t watchers_count, server_pid;
    watcher *watchers;
    watched *watched; /* by concert */
    char *read_bytes;
    uv_timer_t settle;
    bool has_timer, is_finished;
    void (*ready)(void *client);
    void *client;

    uint32_t begun, opened; /* streams */
    uint32_t lost;          /* ended, or never opened */
    uint32_t arrived;       /* from the first on: those who know the last order */
    uint64_t events, early;
    sp_bench_histogram *lag;
    uint64_t memory_before, memory_after; /* bytes; 0: not known */
} watch;

static void close_watch(void *side)
{
    watch *w = side;
    for (uint32_t i = 0; w->watched != NULL && i < w->concerts.count; i++)
        free(w->watched[i].sales);
    free(w->watched);
    free(w->watchers);
    free(w->read_bytes);
    sp_bench_histogram_destroy(w->lag);
    free(w);
}

static void *open_watch(const sp_bench_load_side_setup *setup, char *why, size_t why_size)
{
    watch *w = calloc(1, sizeof *w);
    SP_ASSERT(w != NULL);
    w->concerts = setup->stage->concerts;
    w->watchers_count = setup->watchers_count;
    w->server_pid = setup->server_pid;
    w->watchers = calloc(w->watchers_count + 1, sizeof *w->watchers);
    w->watched = calloc(w->concerts.count, sizeof *w->watched);
    w->read_bytes = malloc(SP_BENCH_LOAD_STREAM_READ_SIZE);
    w->lag = sp_bench_histogram_create();
    if (!w->watchers || !w->watched || !w->read_bytes || !w->lag) {
        snprintf(why, why_size, "not enough memory for %u watchers", w->watchers_count);
        close_watch(w);
        return NULL;
    }
    for (uint32_t i = 0; i < w->concerts.count; i++)
        w->watched[i].request_size =
            (uint32_t)snprintf(w->watched[i].request, REQUEST_SIZE,
                               "GET /v1/concerts/%u/seats/stream HTTP/1.1\r\nHost: %s\r\n\r\n",
                               w->concerts.first + i, setup->host);
    w->streams = (sp_bench_load_streams){.address = setup->address, .owner = w};
    return w;
}

static uint32_t files_count(const sp_bench_load_side_setup *setup)
{
    return setup->watchers_count;
}

/* ---- memory ---- */

/* Bytes of a process's own, pages of files not counted; 0 if it can't be read. */
static uint64_t memory_of(uint32_t pid)
{
    char path[64], line[256];
    unsigned long kib = 0;
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    FILE *file = pid > 0 ? fopen(path, "r") : NULL;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtoul(line + 8, NULL, 10);
    if (file != NULL)
        fclose(file);
    return (uint64_t)kib * 1024;
}

/* ---- opening ---- */

static void open_some(watch *w)
{
    while (w->begun < w->watchers_count && w->begun - w->opened - w->lost < OPENING_MAX) {
        watcher *one = &w->watchers[w->begun];
        one->concert = w->begun % w->concerts.count;
        one->stream.events.line = one->line;
        one->stream.events.line_capacity = LINE_SIZE;
        const watched *concert = &w->watched[one->concert];
        w->begun++;
        sp_bench_load_stream_open(&one->stream, &w->streams,
                                  (sp_text){concert->request, concert->request_size});
    }
}

static void on_settled(uv_timer_t *timer)
{
    watch *w = timer->data;
    w->memory_after = memory_of(w->server_pid);
    w->ready(w->client);
}

/* A lost one has been opened too, as far as waiting goes: it is told at the end. */
static void settle_if_all(watch *w)
{
    if (w->opened + w->lost == w->watchers_count && !w->is_finished && w->has_timer)
        uv_timer_start(&w->settle, on_settled, w->watchers_count > 0 ? SETTLE_MS : 0, 0);
}

/* ---- what streams tell ---- */

/* The first order behind a seq; NULL: the watcher was sooner than its 201. */
static const sale *first_behind(const watched *concert, uint64_t seq)
{
    size_t low = 0, high = concert->sales_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (concert->sales[middle].seq <= seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < concert->sales_count ? &concert->sales[low] : NULL;
}

static void on_event(sp_bench_load_stream *stream, const sp_bench_load_event *event)
{
    watcher *one = (watcher *)stream;
    watch *w = stream->streams->owner;
    if (event->id == 0)
        return; /* `reset`: not to be expected, and no news */
    uint64_t before = one->seq;
    one->seq = event->id;
    if (before == 0) {
        w->opened++;
        open_some(w);
        settle_if_all(w);
        return;
    }
    const sale *oldest = first_behind(&w->watched[one->concert], before);
    w->events++;
    if (oldest == NULL || oldest->seq > event->id)
        w->early++;
    else if (oldest->in_window)
        sp_bench_histogram_record(w->lag, (stream->streams->now_ns - oldest->told_ns + 500) / 1000);
}

static void on_closed(sp_bench_load_stream *stream, bool failed)
{
    watcher *one = (watcher *)stream;
    watch *w = stream->streams->owner;
    (void)failed;
    if (w->is_finished)
        return;
    bool was_open = one->seq > 0;
    one->seq = 0;
    w->lost++;
    w->opened -= was_open;
    open_some(w);
    settle_if_all(w);
}

/* ---- as a side ---- */

static void start(void *side, uv_loop_t *loop, void (*ready)(void *client), void *client)
{
    watch *w = side;
    w->streams.loop = loop;
    w->streams.read_bytes = w->read_bytes;
    w->streams.on_event = on_event;
    w->streams.on_closed = on_closed;
    w->ready = ready;
    w->client = client;
    uv_timer_init(loop, &w->settle);
    w->settle.data = w;
    w->has_timer = true;
    w->memory_before = memory_of(w->server_pid);
    open_some(w);
    settle_if_all(w);
}

/* Answers come in the order of their seq, nearly. */
static void add_sale(watched *concert, sale sold)
{
    if (concert->sales_count == concert->sales_capacity) {
        concert->sales_capacity = 2 * concert->sales_capacity + 1024;
        concert->sales = realloc(concert->sales, concert->sales_capacity * sizeof sold);
        SP_ASSERT(concert->sales != NULL);
    }
    size_t at = concert->sales_count++;
    for (; at > 0 && concert->sales[at - 1].seq > sold.seq; at--)
        concert->sales[at] = concert->sales[at - 1];
    concert->sales[at] = sold;
}

static void answered(void *side, const sp_bench_load_told *told)
{
    watch *w = side;
    if (told->answer->status != 201)
        return;
    watched *concert = &w->watched[told->index % w->concerts.count];
    uint64_t seq = sp_bench_load_body_number(told->answer->body, "seq");
    add_sale(concert, (sale){seq, told->now_ns, told->in_window});
    if (seq > concert->last_seq)
        concert->last_seq = seq;
}

static void drain(void *side)
{
    (void)side; /* the streams go on by themselves */
}

static bool knows_all(const watch *w, const watcher *one)
{
    return one->stream.state != SP_BENCH_LOAD_STREAM_OPEN ||
           one->seq >= w->watched[one->concert].last_seq;
}

/* No order comes any more, so who knows the last one needs not be asked again. */
static bool is_quiet(const void *side)
{
    watch *w = (watch *)(uintptr_t)side;
    while (w->arrived < w->begun && knows_all(w, &w->watchers[w->arrived]))
        w->arrived++;
    return w->arrived == w->begun;
}

static void finish(void *side)
{
    watch *w = side;
    (void)is_quiet(w); /* as it was */
    w->is_finished = true;
    for (uint32_t i = 0; i < w->begun; i++)
        sp_bench_load_stream_close(&w->watchers[i].stream);
    if (w->has_timer)
        uv_close((uv_handle_t *)&w->settle, NULL);
}

static bool judge(const void *side)
{
    const watch *w = side;
    if (w->lost > 0)
        fprintf(stderr, "stagepick: bench load: %u of %u watchers were lost\n", w->lost,
                w->watchers_count);
    if (w->arrived < w->begun)
        fprintf(stderr, "stagepick: bench load: a watcher was not told the last order\n");
    return w->lost == 0 && w->arrived == w->begun;
}

static int64_t bytes_per_watcher(const watch *w)
{
    if (w->memory_before == 0 || w->memory_after == 0 || w->opened == 0)
        return -1;
    return ((int64_t)w->memory_after - (int64_t)w->memory_before) / (int64_t)w->opened;
}

static void print(const void *side)
{
    const watch *w = side;
    printf("  %u watchers, %u lost, told %" PRIu64 " events, %" PRIu64 " of them before the 201\n",
           w->watchers_count, w->lost, w->events, w->early);
    sp_bench_load_report_print_latency("lag", w->lag);
    if (bytes_per_watcher(w) >= 0)
        printf("  memory of the server: %" PRId64 " bytes a watcher\n", bytes_per_watcher(w));
}

static void put(const void *side, sp_json_writer *json)
{
    const watch *w = side;
    sp_json_key(json, "watch");
    sp_json_object(json);
    sp_json_put_integer(json, "watchers", w->watchers_count);
    sp_json_put_integer(json, "lost", w->lost);
    sp_json_key(json, "toldAll");
    sp_json_boolean(json, w->arrived == w->begun);
    sp_json_put_integer(json, "events", (int64_t)w->events);
    sp_json_put_integer(json, "early", (int64_t)w->early);
    sp_bench_load_report_put_latency(json, "lagUs", w->lag);
    if (bytes_per_watcher(w) >= 0)
        sp_json_put_integer(json, "bytesPerWatcher", bytes_per_watcher(w));
    sp_json_object_end(json);
}

const sp_bench_load_side sp_bench_load_side_of_watch = {
    .open = open_watch,
    .close = close_watch,
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

const sp_bench_load_workload sp_bench_load_map_watch = {
    .name = "map-watch",
    .help = "the orders of spread beside watchers of the seat maps",
    .kind = SP_BENCH_LOAD_ORDER,
    .open = sp_bench_load_spread_open,
    .close = free,
    .capacity = sp_bench_load_spread_of,
    .next = sp_bench_load_spread_next,
    .reads_bodies = true,
    .side = &sp_bench_load_side_of_watch,
};
