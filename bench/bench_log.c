/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench log`: the event log alone, on the disk of --dir. Commits by
 * batch size, each size in a fresh log; then the replay of a log of orders
 * that was made just before, so that it lies in the page cache: by itself a
 * disk that is read in order could deliver as much.
 *
 * With --batch only that size runs, for --seconds, at --rate events a second
 * if that is given: what a server's latency is to be compared with, which can
 * not be better than its commits.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "bench/log_append.h"
#include "bench/sales.h"
#include "engine/assert.h"
#include "storage/recover.h"
#include "tools/options.h"

#define REPLAYS 3
#define REPLAY_BATCH 1000u

static double ms(uint64_t ns)
{
    return (double)ns / 1e6;
}

/* The fields of an order as one number. */
static uint64_t fingerprint(const sp_event *event)
{
    uint64_t x = event->seq * UINT64_C(0x9e3779b97f4a7c15) + event->order_paid.buyer;
    x = x * UINT64_C(0xbf58476d1ce4e5b9) + event->order_paid.concert;
    return x * UINT64_C(0x94d049bb133111eb) + event->order_paid.seats[0];
}

static const char *on_read_back(void *context, const sp_event *event)
{
    uint64_t *sum = context;
    *sum += fingerprint(event);
    return NULL;
}

/* What was written is there, every field of it: walks the log and compares. */
static bool check(const sp_bench_log_scratch *scratch, uint64_t events_count, uint64_t *sum)
{
    sp_finding finding;
    sp_recover_summary summary;
    sp_recover_config config = {.on_event = on_read_back, .context = sum};
    uint64_t wanted = 0;
    *sum = 0;
    for (sp_seq n = 1; n <= events_count; n++) {
        sp_event event;
        sp_seat seat;
        sp_bench_log_event(n, &event, &seat);
        wanted += fingerprint(&event);
    }
    if (sp_recover(scratch->env, &config, &summary, &finding) != SP_STORAGE_OK) {
        fprintf(stderr, "stagepick bench: %s\n", finding.text);
        return false;
    }
    if (summary.events_count == events_count && *sum == wanted)
        return true;
    fputs("stagepick bench: the log holds not what was written\n", stderr);
    return false;
}

static void print_appended(sp_bench_figures *figures, const sp_bench_log_append *what,
                           const sp_bench_log_appended *done)
{
    static const struct {
        const char *name, *unit;
        uint32_t per_mille;
        bool durable;
    } times[] = {
        {"commit_ms_p50", "ms commit p50", 500, false},
        {"commit_ms_p99", "p99", 990, false},
        {"commit_ms_max", "max", 1000, false},
        {"durable_ms_p50", "ms durable p50", 500, true},
        {"durable_ms_p99", "p99", 990, true},
        {"durable_ms_max", "max", 1000, true},
    };
    sp_bench_figures_row(figures, "batches of %u", what->events_per_batch);
    sp_bench_figures_number(figures, "events_per_s", "events/s",
                            (double)done->events_count / done->seconds, 0);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const uint64_t *sorted = times[i].durable ? done->durable_ns : done->commit_ns;
        uint64_t ns = sp_bench_per_mille(sorted, done->batches_count, times[i].per_mille);
        sp_bench_figures_number(figures, times[i].name, times[i].unit, ms(ns), 3);
    }
    sp_bench_figures_number(figures, "bytes_per_event", "bytes/event",
                            (double)done->file_bytes / (double)done->events_count, 1);
    sp_bench_figures_number(figures, "batches", "batches", (double)done->batches_count, 0);
    sp_bench_figures_row_end(figures);
}

static bool bench_batches(sp_bench_figures *figures, const char *base,
                          const sp_bench_log_append *what)
{
    sp_bench_log_scratch scratch;
    sp_bench_log_appended done = {0};
    uint64_t sum = 0;
    if (!sp_bench_log_scratch_open(&scratch, base))
        return false;
    bool good =
        sp_bench_log_append_run(&scratch, what, &done) && check(&scratch, done.events_count, &sum);
    if (good) {
        print_appended(figures, what, &done);
        sp_bench_figures_hash(figures, &sum, sizeof sum);
    }
    sp_bench_log_appended_close(&done);
    sp_bench_log_scratch_close(&scratch);
    return good;
}

static bool bench_sizes(sp_bench_figures *figures, const char *base)
{
    static const struct {
        uint32_t size;
        uint64_t batches_count, tiny_batches_count;
    } rows[] = {{1, 2000, 20},  {16, 2000, 20}, {64, 2000, 20},
                {256, 1500, 5}, {1024, 700, 2}, {10000, 150, 1}};
    bool good = true;
    for (size_t i = 0; good && i < sizeof rows / sizeof rows[0]; i++) {
        sp_bench_log_append what = {.events_per_batch = rows[i].size,
                                    .batches_max = figures->tiny ? rows[i].tiny_batches_count
                                                                 : rows[i].batches_count};
        good = bench_batches(figures, base, &what);
    }
    return good;
}

/* ---- replay ---- */

typedef struct writing {
    sp_log *log;
    uint32_t uncommitted_count;
    bool failed;
} writing;

static void on_event(void *context, const sp_event *event)
{
    writing *w = context;
    w->failed = w->failed || w->log->append(w->log, event) != SP_LOG_OK;
    if (!w->failed && ++w->uncommitted_count == REPLAY_BATCH) {
        w->failed = w->log->commit(w->log, event->time) != SP_LOG_OK;
        w->uncommitted_count = 0;
    }
}

/* Sells everything once, on a state and into the log; the state's digest is
 * what every replay must come to. */
static bool write_log(sp_bench_log_scratch *scratch, const sp_bench_sales *sales,
                      uint8_t digest[SP_DIGEST_SIZE])
{
    static sp_refusal refusal;
    static sp_command command;
    writing w = {.log = sp_event_log_interface(scratch->log)};
    sp_state *state = sp_bench_sales_state(sales);
    sp_bench_sale *plan = sp_bench_sales_plan(sales);
    bool good = state != NULL && plan != NULL;
    if (good) {
        sp_bench_sales_stage(sales, state, on_event, &w);
        for (uint32_t i = 0; i < sales->orders_count && !w.failed; i++) {
            sp_bench_sale_command(sales, &plan[i], &command);
            sp_bench_decide_apply(state, &command, on_event, &w, &refusal);
        }
        w.failed = w.failed || w.log->commit(w.log, SP_BENCH_SALES_TIME) != SP_LOG_OK ||
                   w.log->settle(w.log) != SP_LOG_OK;
        sp_digest(state, digest);
        good = !w.failed;
        if (w.failed)
            fprintf(stderr, "stagepick bench: the log: %s\n", sp_event_log_error(scratch->log));
    }
    free(plan);
    sp_state_destroy(state);
    return good;
}

static const char *on_decoded(void *context, const sp_event *event)
{
    uint64_t *sum = context;
    *sum += event->seq;
    return NULL;
}

typedef enum depth { CHAIN, DECODE, APPLY } depth;

/* One replay; its time in *watch. digest: what the state must come to. */
static bool replay_once(const sp_bench_log_scratch *scratch, const sp_bench_sales *sales, depth how,
                        const uint8_t digest[SP_DIGEST_SIZE], sp_bench_stopwatch *watch,
                        sp_recover_summary *summary)
{
    uint64_t sum = 0;
    uint8_t reached[SP_DIGEST_SIZE];
    sp_finding finding;
    sp_recover_config config = {.context = &sum};
    if (how == DECODE)
        config.on_event = on_decoded;
    if (how == APPLY) {
        config.state = sp_bench_sales_state(sales);
        if (config.state == NULL)
            return false;
    }
    sp_bench_stopwatch_start(watch);
    sp_storage_status status = sp_recover(scratch->env, &config, summary, &finding);
    sp_bench_stopwatch_stop(watch);
    bool good = status == SP_STORAGE_OK;
    if (!good)
        fprintf(stderr, "stagepick bench: %s\n", finding.text);
    if (good && how == APPLY) {
        sp_digest(config.state, reached);
        good = memcmp(reached, digest, SP_DIGEST_SIZE) == 0;
        if (!good)
            fputs("stagepick bench: the replay came to another state\n", stderr);
    }
    sp_state_destroy(config.state);
    return good;
}

static bool bench_replay(sp_bench_figures *figures, const sp_bench_log_scratch *scratch,
                         const sp_bench_sales *sales, depth how, const char *label,
                         const uint8_t digest[SP_DIGEST_SIZE])
{
    sp_bench_stopwatch watches[REPLAYS] = {0};
    sp_recover_summary summary;
    int median = 0;
    for (int i = 0; i < REPLAYS; i++)
        if (!replay_once(scratch, sales, how, digest, &watches[i], &summary))
            return false;
    for (int i = 0; i < REPLAYS; i++) {
        int faster = 0;
        for (int j = 0; j < REPLAYS; j++)
            faster += watches[j].seconds < watches[i].seconds ||
                      (j < i && watches[j].seconds == watches[i].seconds);
        if (faster == REPLAYS / 2)
            median = i;
    }
    const sp_bench_stopwatch *watch = &watches[median];
    double events = (double)summary.events_count;
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "events_per_s", "events/s", events / watch->seconds, 0);
    sp_bench_figures_number(figures, "ns_per_event", "ns/event", watch->seconds * 1e9 / events, 1);
    sp_bench_figures_number(figures, "kernel_ns_per_event", "ns of it in the kernel",
                            watch->kernel_seconds * 1e9 / events, 1);
    sp_bench_figures_number(figures, "bytes_per_event", "bytes/event",
                            (double)summary.value_bytes / events, 1);
    sp_bench_figures_number(figures, "events", "events", events, 0);
    sp_bench_figures_row_end(figures);
    return true;
}

static bool bench_replays(sp_bench_figures *figures, const char *base)
{
    sp_bench_log_scratch scratch;
    uint8_t digest[SP_DIGEST_SIZE];
    sp_bench_sales sales = {100000, 200, 10000, 2000000, 1};
    if (figures->tiny)
        sales = (sp_bench_sales){100, 10, 100, 1000, 1};
    if (!sp_bench_log_scratch_open(&scratch, base))
        return false;
    bool good = write_log(&scratch, &sales, digest) &&
                bench_replay(figures, &scratch, &sales, APPLY,
                             "replay: chain, decode, admit, apply", digest) &&
                bench_replay(figures, &scratch, &sales, DECODE, "walk: chain, decode", digest) &&
                bench_replay(figures, &scratch, &sales, CHAIN, "walk: chain", digest);
    if (good)
        sp_bench_figures_hash(figures, digest, sizeof digest);
    sp_bench_log_scratch_close(&scratch);
    return good;
}

/* ---- the command ---- */

enum { DIR_NAME, BATCH, SECONDS, RATE, TINY, JSON, OPTIONS_COUNT };

static int bench(const char *base, const sp_bench_log_append *single, bool json, bool tiny)
{
    char title[512];
    sp_bench_figures figures;
    snprintf(title, sizeof title,
             "events appended and committed in %s, one thread; durable: told when the next\n"
             "commit or a settle has returned, from the time when the batch was due",
             base);
    if (!sp_bench_figures_begin(&figures, "log", title, json, tiny))
        return SP_EXIT_FAILED;
    bool good = single != NULL ? bench_batches(&figures, base, single)
                               : bench_sizes(&figures, base) && bench_replays(&figures, base);
    sp_bench_figures_end(&figures, single == NULL);
    return good ? SP_EXIT_OK : SP_EXIT_FAILED;
}

int sp_bench_log(int argc, char **argv)
{
    const char *texts[OPTIONS_COUNT] = {".", NULL};
    sp_option options[OPTIONS_COUNT] = {
        [DIR_NAME] = {"dir", "DIR", "where the logs are made (.)", &texts[DIR_NAME], 1, 0},
        [BATCH] = {"batch", "N", "this batch size alone", &texts[BATCH], 1, 0},
        [SECONDS] = {"seconds", "S", "with --batch: for so long (5)", &texts[SECONDS], 1, 0},
        [RATE] = {"rate", "R", "with --batch: so many events a second", &texts[RATE], 1, 0},
        [TINY] = {"tiny", NULL, "a run for tests: small numbers", &texts[TINY], 1, 0},
        [JSON] = {"json", NULL, "print a JSON object a line", &texts[JSON], 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench log [OPTION]...\n"
                                  "Commits batches of events, and replays a log.",
                                  options, OPTIONS_COUNT, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;
    uint64_t batch = 0, seconds = 5, rate = 0;
    if ((options[BATCH].count > 0 && !sp_option_number(&options[BATCH], 1, 100000, &batch)) ||
        (options[SECONDS].count > 0 && !sp_option_number(&options[SECONDS], 1, 3600, &seconds)) ||
        (options[RATE].count > 0 && !sp_option_number(&options[RATE], 1, 10000000, &rate)))
        return SP_EXIT_USAGE;
    if (batch == 0 && (options[SECONDS].count > 0 || options[RATE].count > 0)) {
        fputs("stagepick bench log: --seconds and --rate go with --batch\n", stderr);
        return SP_EXIT_USAGE;
    }
    sp_bench_log_append single = {.events_per_batch = (uint32_t)batch,
                                  .batches_max = UINT64_MAX,
                                  .seconds_max = (double)seconds,
                                  .events_per_s = (double)rate};
    return bench(texts[DIR_NAME], batch > 0 ? &single : NULL, options[JSON].count > 0,
                 options[TINY].count > 0);
}
