/* SPDX-License-Identifier: MIT */
#include "bench/log_append.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/bench.h"
#include "bench/stopwatch.h"

#define TIME INT64_C(1767225600000)
#define BATCHES_INITIAL 4096u

typedef struct appending {
    sp_bench_log_append what;
    sp_log *log;
    sp_bench_log_appended *out;
    uint64_t capacity;
    uint64_t from_ns;
    uint64_t pending_due_ns; /* of the batch that is not durable yet */
    bool pending;
} appending;

void sp_bench_log_event(sp_seq n, sp_event *event, sp_seat *seat)
{
    sp_bench_random random = {n * UINT64_C(0x9e3779b97f4a7c15)};
    (void)sp_bench_random_below(&random, 2); /* the first of a new seed is poor */
    *event = (sp_event){.seq = n, .time = TIME, .type = SP_EVENT_ORDER_PAID};
    *seat = sp_bench_random_below(&random, 50000);
    event->actor = event->order_paid.buyer = 1 + sp_bench_random_below(&random, 1000000);
    event->order_paid.order = (sp_order_id)n;
    event->order_paid.concert = 1 + sp_bench_random_below(&random, 1000);
    event->order_paid.amount = 150000;
    event->order_paid.seats = seat;
    event->order_paid.seats_count = 1;
}

static bool grow(appending *a)
{
    uint64_t capacity = a->capacity > 0 ? a->capacity * 2 : BATCHES_INITIAL;
    uint64_t *commit_ns = realloc(a->out->commit_ns, capacity * sizeof *commit_ns);
    if (commit_ns != NULL)
        a->out->commit_ns = commit_ns;
    uint64_t *durable_ns = realloc(a->out->durable_ns, capacity * sizeof *durable_ns);
    if (durable_ns != NULL)
        a->out->durable_ns = durable_ns;
    if (commit_ns == NULL || durable_ns == NULL)
        return false;
    a->capacity = capacity;
    return true;
}

/* The batch before is durable as of now. */
static void note_durable(appending *a, uint64_t now_ns)
{
    if (!a->pending)
        return;
    a->out->durable_ns[a->out->batches_count - 1] = now_ns - a->pending_due_ns;
    a->pending = false;
}

static bool settle(appending *a)
{
    if (a->log->settle(a->log) != SP_LOG_OK)
        return false;
    note_durable(a, sp_bench_now_ns());
    return true;
}

/* Waits for the batch's place in the schedule, and returns that; settles while
 * there is time for it, as the sequencer does when nothing has come. */
static bool await_due(appending *a, uint64_t *due_ns)
{
    *due_ns = sp_bench_now_ns();
    if (a->what.events_per_s <= 0)
        return true;
    double batches_per_s = a->what.events_per_s / a->what.events_per_batch;
    uint64_t wanted_ns =
        a->from_ns + (uint64_t)((double)a->out->batches_count * 1e9 / batches_per_s);
    if (*due_ns < wanted_ns && !settle(a))
        return false;
    *due_ns = wanted_ns;
    struct timespec until = {.tv_sec = (time_t)(wanted_ns / 1000000000u),
                             .tv_nsec = (long)(wanted_ns % 1000000000u)};
    while (sp_bench_now_ns() < wanted_ns)
        if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINVAL)
            return false;
    return true;
}

static bool append_batch(appending *a, uint64_t due_ns)
{
    sp_event event;
    sp_seat seat;
    for (uint32_t i = 0; i < a->what.events_per_batch; i++) {
        sp_bench_log_event(a->out->events_count + i + 1, &event, &seat);
        if (a->log->append(a->log, &event) != SP_LOG_OK)
            return false;
    }
    uint64_t from_ns = sp_bench_now_ns();
    if (a->log->commit(a->log, TIME) != SP_LOG_OK)
        return false;
    uint64_t now_ns = sp_bench_now_ns();
    note_durable(a, now_ns);
    a->out->commit_ns[a->out->batches_count++] = now_ns - from_ns;
    a->out->events_count += a->what.events_per_batch;
    a->pending = true;
    a->pending_due_ns = due_ns;
    return true;
}

static bool is_over(const appending *a)
{
    if (a->out->batches_count >= a->what.batches_max)
        return true;
    double seconds = (double)(sp_bench_now_ns() - a->from_ns) / 1e9;
    return a->what.seconds_max > 0 && a->out->batches_count > 0 && seconds >= a->what.seconds_max;
}

bool sp_bench_log_append_run(sp_bench_log_scratch *scratch, const sp_bench_log_append *what,
                             sp_bench_log_appended *out)
{
    appending a = {.what = *what,
                   .log = sp_event_log_interface(scratch->log),
                   .out = out,
                   .from_ns = sp_bench_now_ns()};
    bool good = true;
    memset(out, 0, sizeof *out);
    uint64_t bytes_before = sp_bench_log_scratch_bytes(scratch);
    while (good && !is_over(&a)) {
        uint64_t due_ns = 0;
        if (out->batches_count == a.capacity && !grow(&a)) {
            fputs("stagepick bench: out of memory\n", stderr);
            return false;
        }
        good = await_due(&a, &due_ns) && append_batch(&a, due_ns);
    }
    good = good && settle(&a);
    if (!good) {
        fprintf(stderr, "stagepick bench: the log: %s\n", sp_event_log_error(scratch->log));
        return false;
    }
    out->seconds = (double)(sp_bench_now_ns() - a.from_ns) / 1e9;
    out->file_bytes = sp_bench_log_scratch_bytes(scratch) - bytes_before;
    sp_bench_sort(out->commit_ns, out->batches_count);
    sp_bench_sort(out->durable_ns, out->batches_count);
    return true;
}

void sp_bench_log_appended_close(sp_bench_log_appended *appended)
{
    free(appended->commit_ns);
    free(appended->durable_ns);
    memset(appended, 0, sizeof *appended);
}
