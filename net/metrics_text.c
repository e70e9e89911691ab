/* SPDX-License-Identifier: MIT */
#include "net/metrics_text.h"

#include "engine/assert.h"
#include "net/digits.h"
#include "net/router.h"
#include "net/seconds_text.h"

/* Of times: bounds below 16 µs are of no use to anyone, and make the page longer
 * (buckets are cumulative, so any bound may be left out). */
#define TIME_BUCKET_FIRST 4u
/* Of sizes: no batch has more than 65,536 commands. */
#define SIZE_BUCKET_LAST 16u

/* --- the format --- */

void sp_metrics_text_label(sp_out *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            sp_out_text(out, SP_TEXT("\\n"));
        else if (*value == '\\' || *value == '"')
            sp_out_bytes(out, (char[]){'\\', *value}, 2);
        else
            sp_out_bytes(out, value, 1);
    }
}

static void put_count(sp_out *out, uint64_t value)
{
    char *at = sp_out_reserve(out, SP_DIGITS_SIZE_MAX);
    sp_out_end(out, sp_digits_put(at, value));
}

static void begin_metric(sp_out *out, const char *name, const char *type, const char *help)
{
    sp_out_text(out, SP_TEXT("# HELP "));
    sp_out_string(out, name);
    sp_out_text(out, SP_TEXT(" "));
    sp_out_string(out, help);
    sp_out_text(out, SP_TEXT("\n# TYPE "));
    sp_out_string(out, name);
    sp_out_text(out, SP_TEXT(" "));
    sp_out_string(out, type);
    sp_out_text(out, SP_TEXT("\n"));
}

/* Labels of a sample, in pairs up to a NULL. */
typedef const char *const *labels;

static void put_label(sp_out *out, const char *name, const char *value)
{
    sp_out_string(out, name);
    sp_out_text(out, SP_TEXT("=\""));
    sp_metrics_text_label(out, value);
    sp_out_text(out, SP_TEXT("\""));
}

/* `name suffix {labels, le}`, up to the value. le NULL: there is none. */
static void begin_sample(sp_out *out, const char *name, const char *suffix, labels pairs,
                         const char *le)
{
    const char *before = "{";
    sp_out_string(out, name);
    sp_out_string(out, suffix);
    for (; pairs != NULL && *pairs != NULL; pairs += 2) {
        sp_out_string(out, before);
        put_label(out, pairs[0], pairs[1]);
        before = ",";
    }
    if (le != NULL) {
        sp_out_string(out, before);
        put_label(out, "le", le);
        before = ",";
    }
    sp_out_string(out, *before == ',' ? "} " : " ");
}

static void put_sample(sp_out *out, const char *name, labels pairs, uint64_t value)
{
    begin_sample(out, name, "", pairs, NULL);
    put_count(out, value);
    sp_out_text(out, SP_TEXT("\n"));
}

static void put_seconds(sp_out *out, const char *name, labels pairs, uint64_t ns)
{
    begin_sample(out, name, "", pairs, NULL);
    sp_seconds_put(out, ns);
    sp_out_text(out, SP_TEXT("\n"));
}

/* A metric of one sample without labels. */
static void put_one(sp_out *out, const char *name, const char *type, const char *help,
                    uint64_t value)
{
    begin_metric(out, name, type, help);
    put_sample(out, name, NULL, value);
}

static void put_one_seconds(sp_out *out, const char *name, const char *type, const char *help,
                            uint64_t ns)
{
    begin_metric(out, name, type, help);
    put_seconds(out, name, NULL, ns);
}

/* Of times if unit is SP_TALLY_TIMES: in nanoseconds, told in seconds. */
static void put_quantity(sp_out *out, uint64_t unit, uint64_t value)
{
    if (unit == SP_TALLY_TIMES)
        sp_seconds_put(out, value);
    else
        put_count(out, value);
}

static void put_bucket(sp_out *out, const char *name, labels pairs, const char *le, uint64_t value)
{
    begin_sample(out, name, "_bucket", pairs, le);
    put_count(out, value);
    sp_out_text(out, SP_TEXT("\n"));
}

static bool is_shown(uint64_t unit, uint32_t bucket)
{
    return unit == SP_TALLY_TIMES ? bucket >= TIME_BUCKET_FIRST : bucket <= SIZE_BUCKET_LAST;
}

static void put_histogram(sp_out *out, const char *name, labels pairs, uint64_t unit,
                          const sp_tally_figures *tally)
{
    uint64_t below = 0;
    sp_out bound = {0};
    for (uint32_t i = 0; i + 1 < SP_TALLY_BUCKETS; i++) {
        below += tally->counts[i];
        if (!is_shown(unit, i))
            continue;
        sp_out_clear(&bound);
        put_quantity(&bound, unit, sp_tally_bound(unit, i));
        sp_out_bytes(&bound, "", 1);
        put_bucket(out, name, pairs, bound.bytes, below);
    }
    sp_out_close(&bound);
    put_bucket(out, name, pairs, "+Inf", tally->count);
    begin_sample(out, name, "_sum", pairs, NULL);
    put_quantity(out, unit, tally->sum);
    sp_out_text(out, SP_TEXT("\n"));
    begin_sample(out, name, "_count", pairs, NULL);
    put_count(out, tally->count);
    sp_out_text(out, SP_TEXT("\n"));
}

/* --- the metrics --- */

static const char *method_name(sp_method method)
{
    switch (method) {
    case SP_METHOD_GET:
        return "GET"; /* and HEAD, which is the same row */
    case SP_METHOD_POST:
        return "POST";
    case SP_METHOD_PUT:
        return "PUT";
    case SP_METHOD_PATCH:
        return "PATCH";
    case SP_METHOD_DELETE:
        return "DELETE";
    default:
        return "unknown";
    }
}

static const char *row_method(uint32_t row)
{
    return row < sp_routes_count ? method_name(sp_routes[row].method) : "unknown";
}

static const char *row_pattern(uint32_t row)
{
    return row < sp_routes_count ? sp_routes[row].pattern : "unknown";
}

static const char *digits(char buffer[SP_DIGITS_SIZE_MAX + 1], uint64_t value)
{
    *sp_digits_put(buffer, value) = '\0';
    return buffer;
}

static void put_requests(sp_out *out, const sp_metrics_figures *http)
{
    static const char name[] = "stagepick_http_requests_total";
    char number[SP_DIGITS_SIZE_MAX + 1];
    begin_metric(out, name, "counter",
                 "Requests answered, by route of the interface and HTTP status; route unknown is "
                 "what matched no route and method (OPTIONS too), or was refused before it was a "
                 "whole request. HEAD counts as GET.");
    for (uint32_t row = 0; row < http->routes_count; row++) {
        for (uint32_t s = 0; s < SP_STATUSES_COUNT; s++) {
            if (http->routes[row].statuses[s] == 0)
                continue;
            uint64_t status = (uint64_t)sp_status_number((sp_status)s);
            const char *pairs[] = {"method", row_method(row),        "route", row_pattern(row),
                                   "status", digits(number, status), NULL};
            put_sample(out, name, pairs, http->routes[row].statuses[s]);
        }
    }
}

static void put_answer_times(sp_out *out, const sp_metrics_figures *http)
{
    static const char name[] = "stagepick_http_answer_seconds";
    begin_metric(
        out, name, "histogram",
        "Time from the begin of the I/O loop's turn in which a request was whole until its "
        "answer was begun to be written; the wait for the disk is in it, the network and "
        "the socket's queue are not. Exact to a turn of the loop. Of a stream: to its "
        "head.");
    for (uint32_t row = 0; row < http->routes_count; row++) {
        const char *pairs[] = {"method", row_method(row), "route", row_pattern(row), NULL};
        if (http->routes[row].time.count > 0)
            put_histogram(out, name, pairs, SP_TALLY_TIMES, &http->routes[row].time);
    }
}

static void put_rejections(sp_out *out, const sp_metrics_figures *http)
{
    static const char name[] = "stagepick_rejections_total";
    begin_metric(out, name, "counter", "Problems answered, by code of the interface.");
    static const struct {
        int number;
        const char *code;
    } rows[] = {
#define ROW(number, id, code, status, retryable, title) {number, code},
        SP_OUTCOMES(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *pairs[] = {"code", rows[i].code, NULL};
        if (rows[i].number != SP_OK)
            put_sample(out, name, pairs, http->rejections[rows[i].number]);
    }
}

static void put_throttled(sp_out *out, const sp_metrics_figures *http)
{
    static const char name[] = "stagepick_throttled_total";
    begin_metric(out, name, "counter",
                 "Requests refused by a limit: writes, log_ins, passwords and sign_ups "
                 "(rate_limited), and hashing (busy: the line for password computations was "
                 "full).");
    for (uint32_t i = 0; i < SP_THROTTLES_COUNT; i++) {
        const char *pairs[] = {"limit", sp_throttle_name((sp_throttle)i), NULL};
        put_sample(out, name, pairs, http->throttled[i]);
    }
}

static void put_http(sp_out *out, const sp_figures *figures)
{
    const sp_metrics_figures *http = figures->http;
    put_requests(out, http);
    put_answer_times(out, http);
    put_rejections(out, http);
    put_throttled(out, http);
    put_one(out, "stagepick_http_requests_left_total", "counter",
            "Requests whose client had left before they could be answered.", http->left);
    put_one(out, "stagepick_http_sent_bytes_total", "counter",
            "Bytes of answers handed to the operating system, or waiting for it to take them.",
            http->sent_bytes);
    put_one(out, "stagepick_connections_accepted_total", "counter", "Connections accepted.",
            http->accepted);
    put_one(out, "stagepick_connections_turned_away_total", "counter",
            "Connections closed at once, for want of room or of file descriptors.",
            http->turned_away);
    put_one(out, "stagepick_connections", "gauge", "Connections open.", http->open);
    if (figures->has_streams)
        put_one(out, "stagepick_streams", "gauge", "Pushed streams open.", figures->streams);
}

/* One sample a loop. */
static void put_loops(sp_out *out, const sp_metrics_figures *http)
{
    static const char turns[] = "stagepick_loop_turns_total";
    static const char busy[] = "stagepick_loop_busy_seconds_total";
    static const char longest[] = "stagepick_loop_turn_seconds_max";
    char number[SP_DIGITS_SIZE_MAX + 1];
    begin_metric(out, turns, "counter", "Turns of an I/O loop in which something happened.");
    for (uint32_t i = 0; i < http->loops_count; i++)
        put_sample(out, turns, (const char *[]){"loop", digits(number, i), NULL},
                   http->loops[i].turns);
    begin_metric(out, busy, "counter",
                 "Time of these turns: a second a second is a loop that never sleeps.");
    for (uint32_t i = 0; i < http->loops_count; i++)
        put_seconds(out, busy, (const char *[]){"loop", digits(number, i), NULL},
                    http->loops[i].busy_ns);
    begin_metric(out, longest, "gauge", "The longest of these turns since the start.");
    for (uint32_t i = 0; i < http->loops_count; i++)
        put_seconds(out, longest, (const char *[]){"loop", digits(number, i), NULL},
                    http->loops[i].turn_ns_max);
}

static void put_queue(sp_out *out, const sp_figures *figures)
{
    put_one(out, "stagepick_queue_depth", "gauge", "Commands waiting for the sequencer.",
            figures->queue_depth);
    put_one(out, "stagepick_queue_depth_max", "gauge",
            "The most commands that a loop saw waiting when it woke the sequencer, since the "
            "start.",
            figures->http->queue_high);
    put_one(out, "stagepick_queue_capacity", "gauge",
            "Commands that can be under way at once; more are refused queue_full.",
            figures->queue_capacity);
}

static void put_sequencer(sp_out *out, const sp_sequencer_stats *stats)
{
    put_one(out, "stagepick_batches_total", "counter", "Batches of commands that are durable.",
            stats->batches);
    put_one(out, "stagepick_commands_total", "counter",
            "Commands and queries answered by the sequencer, refused ones included.",
            stats->commands);
    put_one(out, "stagepick_events_total", "counter",
            "Events made durable since this process started.", stats->events);
    begin_metric(out, "stagepick_batch_commands", "histogram", "Commands of a batch.");
    put_histogram(out, "stagepick_batch_commands", NULL, SP_TALLY_SIZES, &stats->batch_size);
    put_one(out, "stagepick_batch_commands_max", "gauge",
            "Commands of the largest batch since the start.", stats->batch_commands_high);
    begin_metric(
        out, "stagepick_commit_seconds", "histogram",
        "Time of a flush of the log, be it a batch's commit or the flush that follows when "
        "no other batch comes.");
    put_histogram(out, "stagepick_commit_seconds", NULL, SP_TALLY_TIMES, &stats->commit_time);
    put_one_seconds(out, "stagepick_commit_seconds_max", "gauge",
                    "The longest of these flushes since the start.", stats->commit_ns_max);
    put_one_seconds(out, "stagepick_sequencer_cycle_seconds_max", "gauge",
                    "The longest cycle of the sequencer, its flush included, since the start.",
                    stats->cycle_ns_max);
}

static void put_views(sp_out *out, const sp_figures *figures)
{
    put_one(out, "stagepick_seq", "gauge", "Sequence number of the last durable event.",
            figures->seq);
    put_one(out, "stagepick_concerts", "gauge", "Concerts ever made.", figures->concerts_count);
    put_one(out, "stagepick_categories", "gauge", "Categories.", figures->categories_count);
}

static void put_engine(sp_out *out, const sp_engine_figures *engine)
{
    put_one(out, "stagepick_users", "gauge", "Users, without those who were erased.",
            engine->users);
    put_one(out, "stagepick_orders_total", "counter", "Orders ever paid, over all starts.",
            engine->orders);
    put_one(out, "stagepick_orders_cancelled_total", "counter",
            "Orders of these that were cancelled.", engine->orders_cancelled);
    put_one(out, "stagepick_seats_sold", "gauge", "Seats that are sold now.", engine->sold_seats);
    put_one(out, "stagepick_seats_held", "gauge", "Seats that are held now.", engine->held_seats);
    put_one(out, "stagepick_holds", "gauge", "Holds that have not ended.", engine->holds_live);
    begin_metric(out, "stagepick_points", "gauge", "Points of all users together.");
    begin_sample(out, "stagepick_points", "", NULL, NULL);
    sp_out_decimal(out, engine->points_total);
    sp_out_text(out, SP_TEXT("\n"));
}

static void put_files(sp_out *out, const sp_figures *figures)
{
    static const char dropped[] = "stagepick_log_lines_dropped_total";
    if (figures->has_storage) {
        put_one(out, "stagepick_log_file_bytes", "gauge",
                "Size of the event log's file, with the room that it keeps ahead.",
                figures->storage.log_bytes);
        put_one(out, "stagepick_disk_free_bytes", "gauge",
                "Free space of the file system that the event log is on.",
                figures->storage.disk_free_bytes);
    }
    if (!figures->has_logger)
        return;
    begin_metric(out, dropped, "counter",
                 "Lines of the server's log and its access log that nobody took in time.");
    put_sample(out, dropped, (const char *[]){"log", "server", NULL}, figures->log_dropped);
    put_sample(out, dropped, (const char *[]){"log", "access", NULL}, figures->access_dropped);
}

static void put_process(sp_out *out, const sp_figures *figures)
{
    const sp_process_figures *process = &figures->process;
    begin_metric(out, "stagepick_build_info", "gauge", "1, with the version of the program.");
    put_sample(out, "stagepick_build_info", (const char *[]){"version", figures->version, NULL}, 1);
    put_one(out, "stagepick_serving", "gauge",
            "1 if the server answers all routes; 0 while it "
            "replays its log, and after its log has failed.",
            figures->serving);
    put_one_seconds(out, "process_cpu_seconds_total", "counter",
                    "User and system time of all threads.", process->cpu_ns);
    put_one(out, "process_resident_memory_bytes", "gauge", "Memory in use.",
            process->resident_bytes);
    put_one(out, "process_virtual_memory_bytes", "gauge",
            "Address space in use; tables are reserved at the start and touched as they fill.",
            process->virtual_bytes);
    put_one(out, "process_open_fds", "gauge", "Open file descriptors.", process->open_files);
    put_one(out, "process_max_fds", "gauge", "File descriptors that may be open.",
            process->open_files_max);
    put_one_seconds(out, "process_start_time_seconds", "gauge", "When it started, in Unix time.",
                    (uint64_t)figures->http->started_at_ms * 1000000u);
}

void sp_metrics_text_write(const sp_figures *figures, sp_out *out)
{
    SP_ASSERT_CMP(figures->http->routes_count, ==, sp_routes_count + 1);
    put_process(out, figures);
    if (figures->has_views)
        put_views(out, figures);
    if (figures->has_engine)
        put_engine(out, &figures->engine);
    if (figures->has_queue)
        put_queue(out, figures);
    if (figures->has_sequencer)
        put_sequencer(out, &figures->sequencer);
    put_http(out, figures);
    put_loops(out, figures->http);
    put_files(out, figures);
}
