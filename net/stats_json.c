/* SPDX-License-Identifier: MIT */
#include "net/stats_json.h"

#include <stdio.h>

#include "engine/assert.h"
#include "net/json_write.h"
#include "net/router.h"
#include "net/seconds_text.h"

static void put_count(sp_json_writer *json, const char *key, uint64_t value)
{
    sp_json_put_integer(json, key, value < INT64_MAX ? (int64_t)value : INT64_MAX);
}

static void put_if(sp_json_writer *json, const char *key, bool is_there, int64_t value)
{
    sp_json_key(json, key);
    if (is_there)
        sp_json_integer(json, value);
    else
        sp_json_null(json);
}

static void put_seconds(sp_json_writer *json, const char *key, uint64_t ns)
{
    sp_json_key(json, key);
    sp_seconds_put(sp_json_raw(json), ns);
}

static void put_tally(sp_json_writer *json, const char *key, const sp_tally_figures *tally,
                      uint64_t unit,
                      void (*put)(sp_json_writer *json, const char *key, uint64_t value))
{
    sp_json_key(json, key);
    sp_json_object(json);
    put(json, "p50", sp_tally_quantile(tally, unit, 500));
    put(json, "p99", sp_tally_quantile(tally, unit, 990));
    put(json, "max", tally->max);
    sp_json_object_end(json);
}

static void put_times(sp_json_writer *json, const char *key, const sp_tally_figures *tally)
{
    put_tally(json, key, tally, SP_TALLY_TIMES, put_seconds);
}

static void put_sizes(sp_json_writer *json, const char *key, const sp_tally_figures *tally)
{
    put_tally(json, key, tally, SP_TALLY_SIZES, put_count);
}

static void put_sales(sp_json_writer *json, const sp_figures *figures)
{
    bool has = figures->has_engine;
    const sp_engine_figures *engine = &figures->engine;
    put_if(json, "concerts", figures->has_views, figures->concerts_count);
    put_if(json, "categories", figures->has_views, figures->categories_count);
    put_if(json, "users", has, (int64_t)engine->users);
    put_if(json, "orders", has, (int64_t)engine->orders);
    put_if(json, "ordersCancelled", has, (int64_t)engine->orders_cancelled);
    put_if(json, "soldSeats", has, (int64_t)engine->sold_seats);
    put_if(json, "heldSeats", has, (int64_t)engine->held_seats);
    put_if(json, "holds", has, (int64_t)engine->holds_live);
    put_if(json, "points", has, engine->points_total);
}

static void put_connections(sp_json_writer *json, const sp_figures *figures)
{
    put_if(json, "streams", figures->has_streams, (int64_t)figures->streams);
    sp_json_key(json, "connections");
    sp_json_object(json);
    put_count(json, "open", figures->http->open);
    put_count(json, "accepted", figures->http->accepted);
    put_count(json, "turnedAway", figures->http->turned_away);
    sp_json_object_end(json);
}

static void put_queue(sp_json_writer *json, const sp_figures *figures)
{
    sp_json_key(json, "queue");
    if (!figures->has_queue) {
        sp_json_null(json);
        return;
    }
    sp_json_object(json);
    put_count(json, "depth", figures->queue_depth);
    put_count(json, "high", figures->http->queue_high);
    put_count(json, "capacity", figures->queue_capacity);
    sp_json_object_end(json);
}

static void put_sequencer(sp_json_writer *json, const sp_figures *figures)
{
    const sp_sequencer_stats *stats = &figures->sequencer;
    sp_json_key(json, "sequencer");
    if (!figures->has_sequencer) {
        sp_json_null(json);
        return;
    }
    sp_json_object(json);
    put_count(json, "batches", stats->batches);
    put_count(json, "commands", stats->commands);
    put_count(json, "events", stats->events);
    put_count(json, "batchHigh", stats->batch_commands_high);
    put_seconds(json, "cycleSecondsMax", stats->cycle_ns_max);
    put_times(json, "commitSeconds", &stats->commit_time);
    put_sizes(json, "batchCommands", &stats->batch_size);
    sp_json_object_end(json);
}

/* The one time that a drop is about. */
static void put_order_times(sp_json_writer *json, const sp_metrics_figures *http)
{
    static const sp_tally_figures none;
    const sp_tally_figures *found = &none;
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (sp_routes[i].method == SP_METHOD_POST &&
            strcmp(sp_routes[i].pattern, "/v1/orders") == 0)
            found = &http->routes[i].time;
    put_times(json, "orderSeconds", found);
}

static void put_requests(sp_json_writer *json, const sp_metrics_figures *http)
{
    uint64_t total = 0, by_status[SP_STATUSES_COUNT] = {0};
    char number[12];
    for (uint32_t row = 0; row < http->routes_count; row++) {
        total += http->routes[row].count;
        for (uint32_t s = 0; s < SP_STATUSES_COUNT; s++)
            by_status[s] += http->routes[row].statuses[s];
    }
    sp_json_key(json, "requests");
    sp_json_object(json);
    put_count(json, "total", total);
    put_count(json, "left", http->left);
    sp_json_key(json, "byStatus");
    sp_json_object(json);
    for (uint32_t s = 0; s < SP_STATUSES_COUNT; s++) {
        if (by_status[s] == 0)
            continue;
        snprintf(number, sizeof number, "%d", sp_status_number((sp_status)s));
        put_count(json, number, by_status[s]);
    }
    sp_json_object_end(json);
    sp_json_object_end(json);
}

static void put_refusals(sp_json_writer *json, const sp_metrics_figures *http)
{
    sp_json_key(json, "rejections");
    sp_json_object(json);
#define PUT(number, id, code, status, retryable, title) \
    if (http->rejections[number] > 0)                   \
        put_count(json, code, http->rejections[number]);
    SP_OUTCOMES(PUT)
#undef PUT
    sp_json_object_end(json);
    sp_json_key(json, "throttled");
    sp_json_object(json);
    for (uint32_t i = 0; i < SP_THROTTLES_COUNT; i++)
        put_count(json, sp_throttle_name((sp_throttle)i), http->throttled[i]);
    sp_json_object_end(json);
}

static void put_loops(sp_json_writer *json, const sp_metrics_figures *http)
{
    sp_json_key(json, "loops");
    sp_json_array(json);
    for (uint32_t i = 0; i < http->loops_count; i++) {
        sp_json_object(json);
        put_count(json, "turns", http->loops[i].turns);
        put_seconds(json, "busySeconds", http->loops[i].busy_ns);
        put_seconds(json, "turnSecondsMax", http->loops[i].turn_ns_max);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
    put_count(json, "sentBytes", http->sent_bytes);
}

static void put_process(sp_json_writer *json, const sp_figures *figures)
{
    const sp_process_figures *process = &figures->process;
    put_count(json, "memoryBytes", process->resident_bytes);
    put_seconds(json, "cpuSeconds", process->cpu_ns);
    put_count(json, "openFiles", process->open_files);
    put_count(json, "openFilesMax", process->open_files_max);
    put_if(json, "logBytes", figures->has_storage, (int64_t)figures->storage.log_bytes);
    put_if(json, "diskFreeBytes", figures->has_storage, (int64_t)figures->storage.disk_free_bytes);
    put_if(json, "logLinesDropped", figures->has_logger,
           (int64_t)(figures->log_dropped + figures->access_dropped));
}

void sp_stats_write(const sp_figures *figures, sp_out *out)
{
    sp_json_writer *json = sp_json_writer_create();
    SP_ASSERT(json != NULL);
    sp_json_begin(json, out);
    sp_json_object(json);
    put_if(json, "seq", figures->has_views, (int64_t)figures->seq);
    sp_json_put_time(json, "now", figures->now);
    sp_json_put_time(json, "startedAt", figures->http->started_at_ms);
    put_seconds(json, "uptimeSeconds", figures->http->uptime_ms * 1000000u);
    sp_json_put_string(json, "version", figures->version);
    put_sales(json, figures);
    put_connections(json, figures);
    put_queue(json, figures);
    put_sequencer(json, figures);
    put_order_times(json, figures->http);
    put_requests(json, figures->http);
    put_refusals(json, figures->http);
    put_loops(json, figures->http);
    put_process(json, figures);
    sp_json_object_end(json);
    sp_json_end(json);
    sp_json_writer_destroy(json);
}
