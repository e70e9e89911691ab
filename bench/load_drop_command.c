/* SPDX-License-Identifier: MIT */
#include "bench/load_drop_command.h"

#include <inttypes.h>
#include <stdio.h>

#include "bench/load_drop.h"
#include "bench/load_report.h"
#include "engine/assert.h"
#include "tools/options.h"

typedef struct show {
    const sp_bench_load_options *options;
    sp_bench_load_drop_outcome out;
    void *watch;
    sp_bench_load_log before;
    sp_bench_load_check check;
    bool is_checked;
} show;

static int report_failure(const char *why)
{
    fprintf(stderr, "stagepick: bench load: %s\n", why);
    return SP_EXIT_FAILED;
}

static uint64_t errors_of(const sp_bench_load_drop_outcome *out)
{
    uint64_t sum = out->unanswered;
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        sum += out->errors[i];
    return sum;
}

static double seats_per_second(const sp_bench_load_drop_outcome *out)
{
    return out->sold_s > 0 ? (double)out->seats_sold / out->sold_s : 0;
}

/* ---- the log ---- */

static int compare_with_log(show *s)
{
    sp_bench_load_log after;
    sp_finding finding;
    uint64_t unknown = s->out.unanswered;
    if (sp_bench_load_log_read(s->options->dir, s->before.head.seq, &after, &finding) !=
        SP_STORAGE_OK) {
        report_failure(finding.text);
        return (int)finding.status;
    }
    for (int i = 0; i < SP_BENCH_LOAD_DROP_STEPS_COUNT; i++)
        unknown += sp_bench_load_counts_code(&s->out.steps[i].counts, "outcome_unknown");
    s->check = sp_bench_load_check_of(
        &s->before, &after, s->out.steps[SP_BENCH_LOAD_DROP_ORDER].counts.statuses[201],
        s->out.steps[SP_BENCH_LOAD_DROP_HOLD].counts.statuses[201], unknown);
    s->is_checked = true;
    return SP_EXIT_OK;
}

/* ---- text ---- */

static void print_steps(const sp_bench_load_drop_outcome *out)
{
    for (int i = 0; i < SP_BENCH_LOAD_DROP_STEPS_COUNT; i++) {
        const sp_bench_load_counts *counts = &out->steps[i].counts;
        printf("  %s: accepted %" PRIu64 ", refused %" PRIu64 "\n", sp_bench_load_drop_step_name(i),
               counts->accepted, counts->refused);
        sp_bench_load_report_print_latency("  latency", out->steps[i].latency);
        sp_bench_load_report_print_refused(counts, "");
    }
}

static void print_text(const show *s)
{
    const sp_bench_load_drop_outcome *out = &s->out;
    printf("drop over http, %u users\n", s->options->connections_count);
    printf("  %" PRIu64 " seats sold in %.3f s: %.0f/s, at most %" PRIu64 " in a second\n",
           out->seats_sold, out->sold_s, seats_per_second(out), out->peak_seats);
    if (out->none_left_s > 0)
        printf("  no seat was free after %.3f s\n", out->none_left_s);
    printf("  users: %u bought, %u gave back, %u walked away, %u gave up, %u unfinished\n",
           out->bought, out->gave_back, out->walked_away, out->gave_up, out->unfinished);
    print_steps(out);
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        if (out->errors[i] > 0)
            printf("    error    %-20s %" PRIu64 "\n", sp_bench_load_error_name(i), out->errors[i]);
    s->options->workload->side->print(s->watch);
    if (s->is_checked)
        sp_bench_load_report_print_check(&s->check);
}

/* ---- JSON ---- */

static void put_steps(sp_json_writer *json, const sp_bench_load_drop_outcome *out)
{
    sp_json_key(json, "steps");
    sp_json_object(json);
    for (int i = 0; i < SP_BENCH_LOAD_DROP_STEPS_COUNT; i++) {
        sp_json_key(json, sp_bench_load_drop_step_name(i));
        sp_json_object(json);
        sp_json_put_integer(json, "accepted", (int64_t)out->steps[i].counts.accepted);
        sp_bench_load_report_put_refused(json, "refused", &out->steps[i].counts);
        sp_bench_load_report_put_latency(json, "latencyUs", out->steps[i].latency);
        sp_json_object_end(json);
    }
    sp_json_object_end(json);
}

static void put_users(sp_json_writer *json, const sp_bench_load_drop_outcome *out)
{
    sp_json_key(json, "users");
    sp_json_object(json);
    sp_json_put_integer(json, "bought", out->bought);
    sp_json_put_integer(json, "gaveBack", out->gave_back);
    sp_json_put_integer(json, "walkedAway", out->walked_away);
    sp_json_put_integer(json, "gaveUp", out->gave_up);
    sp_json_put_integer(json, "unfinished", out->unfinished);
    sp_json_object_end(json);
}

static void put_errors(sp_json_writer *json, const sp_bench_load_drop_outcome *out)
{
    sp_json_key(json, "errors");
    sp_json_object(json);
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        sp_json_put_integer(json, sp_bench_load_error_name(i), (int64_t)out->errors[i]);
    sp_json_object_end(json);
    sp_json_put_integer(json, "unanswered", (int64_t)out->unanswered);
}

static void print_json(const show *s)
{
    const sp_bench_load_drop_outcome *out = &s->out;
    sp_out bytes;
    sp_json_writer *json = sp_json_writer_create();
    SP_ASSERT(json != NULL);
    sp_out_init(&bytes);
    sp_json_begin(json, &bytes);
    sp_json_object(json);
    sp_json_put_string(json, "workload", "drop");
    sp_json_put_integer(json, "connections", s->options->connections_count);
    sp_bench_load_report_put_double(json, "seconds", out->seconds, 3);
    sp_json_put_integer(json, "seatsSold", (int64_t)out->seats_sold);
    sp_bench_load_report_put_double(json, "lastSaleSeconds", out->sold_s, 3);
    sp_bench_load_report_put_double(json, "seatsPerSecond", seats_per_second(out), 1);
    sp_json_put_integer(json, "peakSeats", (int64_t)out->peak_seats);
    sp_bench_load_report_put_double(json, "noneLeftSeconds", out->none_left_s, 3);
    put_users(json, out);
    put_steps(json, out);
    put_errors(json, out);
    s->options->workload->side->put(s->watch, json);
    if (s->is_checked)
        sp_bench_load_report_put_check(json, &s->check);
    sp_json_object_end(json);
    printf("%.*s\n", (int)bytes.size, bytes.bytes);
    sp_out_close(&bytes);
    sp_json_writer_destroy(json);
}

/* ---- the whole ---- */

static int judge(const show *s)
{
    int code = SP_EXIT_OK;
    if (!s->out.opened)
        code = report_failure("sales did not open");
    if (s->out.opened && s->out.bought == 0)
        code = report_failure("nothing was bought");
    if (errors_of(&s->out) > 0)
        code = report_failure("there were errors");
    if (s->is_checked && !sp_bench_load_check_is_ok(&s->check))
        code = report_failure("the log does not say what the answers said");
    if (!s->options->workload->side->judge(s->watch))
        code = SP_EXIT_FAILED;
    return code;
}

static int tell(show *s)
{
    int code = s->options->check ? compare_with_log(s) : SP_EXIT_OK;
    if (s->options->json)
        print_json(s);
    else
        print_text(s);
    if (fflush(stdout) != 0)
        code = report_failure("can't write to standard output");
    int judged = judge(s);
    return code != SP_EXIT_OK ? code : judged;
}

static int play(show *s, const void *wire)
{
    const sp_bench_load_options *o = s->options;
    const sp_bench_load_drop_config config = {
        .address = (const struct sockaddr *)&o->address,
        .wire = wire,
        .stage = &o->stage,
        .users_count = o->connections_count,
        .run_ms = o->run_s * 1000,
        .timeout_ms = o->timeout_s * 1000,
        .side = o->workload->side,
        .watch = s->watch,
    };
    char why[512];
    sp_finding finding;
    if (o->check &&
        sp_bench_load_log_read(o->dir, UINT64_MAX, &s->before, &finding) != SP_STORAGE_OK) {
        report_failure(finding.text);
        return (int)finding.status;
    }
    if (sp_bench_load_drop_run(&config, &s->out, why, sizeof why))
        return tell(s);
    fprintf(stderr, "stagepick: bench load: %s: %s\n", o->to, why);
    return SP_EXIT_FAILED;
}

int sp_bench_load_drop_command(const sp_bench_load_options *options, const void *wire, void *watch)
{
    show *s = calloc(1, sizeof *s); /* its counters are too many for the stack */
    bool good = s != NULL;
    for (int i = 0; good && i < SP_BENCH_LOAD_DROP_STEPS_COUNT; i++)
        good = (s->out.steps[i].latency = sp_bench_histogram_create()) != NULL;
    SP_ASSERT(good);
    s->options = options;
    s->watch = watch;
    int code = play(s, wire);
    for (int i = 0; i < SP_BENCH_LOAD_DROP_STEPS_COUNT; i++)
        sp_bench_histogram_destroy(s->out.steps[i].latency);
    free(s);
    return code;
}
