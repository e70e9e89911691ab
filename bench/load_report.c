/* SPDX-License-Identifier: MIT */
#include "bench/load_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/assert.h"
#include "net/json_write.h"

static const struct {
    const char *key, *label;
    double percent;
} percentiles[] = {
    {"p50", "p50", 50}, {"p90", "p90", 90}, {"p99", "p99", 99}, {"p999", "p99.9", 99.9}};
#define PERCENTILES_COUNT (sizeof percentiles / sizeof percentiles[0])

/* Answered in the window. */
static uint64_t requests_of(const sp_bench_load_outcome *outcome)
{
    return outcome->measured.accepted + outcome->measured.refused;
}

static double per_second(const sp_bench_load_outcome *outcome)
{
    return outcome->seconds > 0 ? (double)requests_of(outcome) / outcome->seconds : 0;
}

static double per_request(const sp_bench_load_outcome *outcome, double total)
{
    return requests_of(outcome) > 0 ? total / (double)requests_of(outcome) : 0;
}

static uint64_t errors_of(const sp_bench_load_outcome *outcome)
{
    uint64_t sum = 0;
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        sum += outcome->errors[i];
    return sum;
}

static uint64_t unexpected_in(const sp_bench_load_counts *counts, const char *expected)
{
    return counts->refused - (expected != NULL ? sp_bench_load_counts_code(counts, expected) : 0);
}

uint64_t sp_bench_load_report_unexpected(const sp_bench_load_report *report)
{
    const sp_bench_load_outcome *outcome = report->outcome;
    const char *expected = report->options->workload->expected_code;
    return unexpected_in(&outcome->warmup, expected) + unexpected_in(&outcome->measured, expected) +
           unexpected_in(&outcome->late, expected);
}

/* ---- text ---- */

static void print_title(const sp_bench_load_options *options)
{
    printf("%s over %s, %u connections, depth %u, ", options->workload->name,
           options->protocol->name, options->connections_count, options->depth);
    if (options->rate > 0)
        printf("open loop at %" PRIu64 "/s\n", options->rate);
    else
        printf("closed loop\n");
}

/* What was asked for is no result: an open loop tells both. */
static void print_rate(const sp_bench_load_options *options, const sp_bench_load_outcome *outcome)
{
    if (options->rate > 0)
        printf("  asked %" PRIu64 "/s, answered %.0f/s", options->rate, per_second(outcome));
    else
        printf("  %.0f requests/s", per_second(outcome));
    printf(": %" PRIu64 " in %.3f s\n", requests_of(outcome), outcome->seconds);
}

void sp_bench_load_report_print_latency(const char *name, const sp_bench_histogram *latency)
{
    printf("  %s (ms)", name);
    for (size_t i = 0; i < PERCENTILES_COUNT; i++)
        printf("  %s %.3f", percentiles[i].label,
               (double)sp_bench_histogram_percentile_us(latency, percentiles[i].percent) / 1000);
    printf("  max %.3f  mean %.3f\n", (double)sp_bench_histogram_max_us(latency) / 1000,
           sp_bench_histogram_mean_us(latency) / 1000);
}

void sp_bench_load_report_print_refused(const sp_bench_load_counts *counts, const char *when)
{
    for (uint32_t i = 0; i < counts->codes_count; i++)
        printf("    refused  %-20s %" PRIu64 "%s\n", counts->codes[i].name, counts->codes[i].count,
               when);
}

static void print_counts(const sp_bench_load_outcome *outcome)
{
    const sp_bench_load_counts *counts = &outcome->measured;
    printf("  accepted %" PRIu64 ", refused %" PRIu64 ", errors %" PRIu64 "\n", counts->accepted,
           counts->refused, errors_of(outcome));
    sp_bench_load_report_print_refused(counts, "");
    sp_bench_load_report_print_refused(&outcome->warmup, " in the warm-up");
    sp_bench_load_report_print_refused(&outcome->late, " behind the window");
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        if (outcome->errors[i] > 0)
            printf("    error    %-20s %" PRIu64 "\n", sp_bench_load_error_name(i),
                   outcome->errors[i]);
    if (outcome->late.accepted > 0)
        printf("  %" PRIu64 " more accepted behind the window\n", outcome->late.accepted);
    if (outcome->unanswered > 0)
        printf("  %" PRIu64 " requests got no answer\n", outcome->unanswered);
    if (outcome->unsent > 0)
        printf("  %" PRIu64 " requests were due and never sent: every connection was waiting\n",
               outcome->unsent);
}

/* Of a unit of several requests; a unit's refusals are those of its last one. */
static void print_steps(const sp_bench_load_report *report)
{
    const sp_bench_load_workload *workload = report->options->workload;
    for (uint32_t i = 0; i < workload->steps_count; i++) {
        const sp_bench_load_step_outcome *step = &report->outcome->steps[i];
        printf("  step %s: accepted %" PRIu64 ", refused %" PRIu64 "\n", workload->steps[i].name,
               step->measured.accepted, step->measured.refused);
        sp_bench_load_report_print_latency("  latency", step->latency);
    }
}

void sp_bench_load_report_print_check(const sp_bench_load_check *check)
{
    printf("  check: the log sold %" PRIu64 ", the answers %" PRIu64, check->sold, check->accepted);
    if (check->unknown > 0)
        printf(" (and %" PRIu64 " of unknown outcome)", check->unknown);
    if (check->held > 0 || check->given > 0)
        printf("; held %" PRIu64 ", the answers %" PRIu64, check->held, check->given);
    if (check->wrong > 0)
        printf("; %" PRIu64 " SOLD TWICE", check->wrong);
    printf(": %s\n", sp_bench_load_check_is_ok(check) ? "ok"
                     : check->same_log                ? "MISMATCH"
                                                      : "ANOTHER LOG");
    if (check->sold_s > 0)
        printf("  sold in %.3f s by the log's times: %.0f/s\n", check->sold_s,
               (double)check->sold / check->sold_s);
}

void sp_bench_load_report_text(const sp_bench_load_report *report)
{
    const sp_bench_load_outcome *outcome = report->outcome;
    print_title(report->options);
    print_rate(report->options, outcome);
    sp_bench_load_report_print_latency("latency", outcome->latency);
    print_counts(outcome);
    print_steps(report);
    if (report->side != NULL)
        report->options->workload->side->print(report->side);
    printf("  processor time of the generator: %.2f us user, %.2f us system a request\n",
           per_request(outcome, outcome->user_us), per_request(outcome, outcome->system_us));
    if (sp_bench_load_kind_has_user(report->options->workload->kind))
        printf("  orders %" PRIu64 " to %" PRIu64 " of the sequence; go on with --from %" PRIu64
               "\n",
               report->options->from, outcome->next, outcome->next);
    if (report->check != NULL)
        sp_bench_load_report_print_check(report->check);
}

/* ---- JSON ---- */

void sp_bench_load_report_put_double(sp_json_writer *json, const char *key, double value,
                                     int decimals)
{
    char text[64];
    snprintf(text, sizeof text, "%.*f", decimals, value);
    sp_json_key(json, key);
    sp_out_string(sp_json_raw(json), text);
}

static void put_count(sp_json_writer *json, const char *key, uint64_t count)
{
    SP_ASSERT_CMP(count, <=, INT64_MAX);
    sp_json_put_integer(json, key, (int64_t)count);
}

static void put_shape(sp_json_writer *json, const sp_bench_load_options *options)
{
    sp_json_put_string(json, "workload", options->workload->name);
    sp_json_put_string(json, "protocol", options->protocol->name);
    put_count(json, "connections", options->connections_count);
    put_count(json, "depth", options->depth);
    put_count(json, "rate", options->rate);
    sp_json_key(json, "asked"); /* a second; a closed loop asks for no rate */
    if (options->rate > 0)
        sp_json_integer(json, (int64_t)options->rate);
    else
        sp_json_null(json);
}

void sp_bench_load_report_put_refused(sp_json_writer *json, const char *key,
                                      const sp_bench_load_counts *counts)
{
    sp_json_key(json, key);
    sp_json_object(json);
    for (uint32_t i = 0; i < counts->codes_count; i++)
        put_count(json, counts->codes[i].name, counts->codes[i].count);
    sp_json_object_end(json);
}

static void put_counts(sp_json_writer *json, const sp_bench_load_outcome *outcome)
{
    const sp_bench_load_counts *counts = &outcome->measured;
    put_count(json, "accepted", counts->accepted);
    sp_bench_load_report_put_refused(json, "refused", counts);
    sp_bench_load_report_put_refused(json, "warmupRefused", &outcome->warmup);
    put_count(json, "lateAccepted", outcome->late.accepted);
    sp_bench_load_report_put_refused(json, "lateRefused", &outcome->late);
    sp_json_key(json, "statuses");
    sp_json_object(json);
    for (uint32_t status = 100; status <= SP_BENCH_LOAD_STATUS_MAX; status++) {
        char name[8];
        snprintf(name, sizeof name, "%u", status);
        if (counts->statuses[status] > 0)
            put_count(json, name, counts->statuses[status]);
    }
    sp_json_object_end(json);
    sp_json_key(json, "errors");
    sp_json_object(json);
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        put_count(json, sp_bench_load_error_name(i), outcome->errors[i]);
    sp_json_object_end(json);
    put_count(json, "unanswered", outcome->unanswered);
    put_count(json, "unsent", outcome->unsent);
}

void sp_bench_load_report_put_latency(sp_json_writer *json, const char *key,
                                      const sp_bench_histogram *latency)
{
    sp_json_key(json, key);
    sp_json_object(json);
    for (size_t i = 0; i < PERCENTILES_COUNT; i++)
        put_count(json, percentiles[i].key,
                  sp_bench_histogram_percentile_us(latency, percentiles[i].percent));
    put_count(json, "max", sp_bench_histogram_max_us(latency));
    sp_bench_load_report_put_double(json, "mean", sp_bench_histogram_mean_us(latency), 1);
    sp_json_object_end(json);
}

void sp_bench_load_report_put_check(sp_json_writer *json, const sp_bench_load_check *check)
{
    sp_json_key(json, "check");
    sp_json_object(json);
    put_count(json, "sold", check->sold);
    put_count(json, "accepted", check->accepted);
    put_count(json, "held", check->held);
    put_count(json, "given", check->given);
    put_count(json, "soldTwice", check->wrong);
    put_count(json, "unknown", check->unknown);
    sp_json_key(json, "sameLog");
    sp_json_boolean(json, check->same_log);
    sp_json_key(json, "ok");
    sp_json_boolean(json, sp_bench_load_check_is_ok(check));
    sp_json_object_end(json);
}

static void put_steps(sp_json_writer *json, const sp_bench_load_report *report)
{
    const sp_bench_load_workload *workload = report->options->workload;
    if (workload->steps_count == 0)
        return;
    sp_json_key(json, "steps");
    sp_json_object(json);
    for (uint32_t i = 0; i < workload->steps_count; i++) {
        const sp_bench_load_step_outcome *step = &report->outcome->steps[i];
        sp_json_key(json, workload->steps[i].name);
        sp_json_object(json);
        put_count(json, "accepted", step->measured.accepted);
        sp_bench_load_report_put_refused(json, "refused", &step->measured);
        sp_bench_load_report_put_latency(json, "latencyUs", step->latency);
        sp_json_object_end(json);
    }
    sp_json_object_end(json);
}

void sp_bench_load_report_json(const sp_bench_load_report *report)
{
    const sp_bench_load_outcome *outcome = report->outcome;
    sp_out out;
    sp_json_writer *json = sp_json_writer_create();
    SP_ASSERT(json != NULL);
    sp_out_init(&out);
    sp_json_begin(json, &out);
    sp_json_object(json);
    put_shape(json, report->options);
    sp_bench_load_report_put_double(json, "seconds", outcome->seconds, 6);
    put_count(json, "requests", requests_of(outcome));
    sp_bench_load_report_put_double(json, "perSecond", per_second(outcome), 1);
    put_counts(json, outcome);
    sp_bench_load_report_put_latency(json, "latencyUs", outcome->latency);
    put_steps(json, report);
    if (report->side != NULL)
        report->options->workload->side->put(report->side, json);
    sp_json_key(json, "generatorUs"); /* its own processor time a request */
    sp_json_object(json);
    sp_bench_load_report_put_double(json, "user", per_request(outcome, outcome->user_us), 3);
    sp_bench_load_report_put_double(json, "system", per_request(outcome, outcome->system_us), 3);
    sp_json_object_end(json);
    put_count(json, "from", report->options->from);
    put_count(json, "next", outcome->next);
    if (report->check != NULL) {
        sp_bench_load_report_put_double(json, "soldSeconds", report->check->sold_s, 3);
        sp_bench_load_report_put_check(json, report->check);
    }
    sp_json_object_end(json);
    printf("%.*s\n", (int)out.size, out.bytes);
    sp_out_close(&out);
    sp_json_writer_destroy(json);
}
