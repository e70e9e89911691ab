/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench load`: loads a server over keep-alive connections and tells
 * rate, latencies, refusals and errors. One thread, since it shares the
 * machine with what it measures; its own processor time is part of the report.
 *
 * Exit 0: the run was whole. 1: it could not begin, something came back that
 * is no answer, the sequence ran out, the log says otherwise (--check), or a
 * workload that no refusals belong to had nothing accepted: that rate is one of
 * refusals. Refusals are else data and no failure; those that do not belong to
 * the workload, the warm-up's too, are named on stderr.
 */
#include "bench/bench.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/load_check.h"
#include "bench/load_client.h"
#include "bench/load_drop_command.h"
#include "bench/load_options.h"
#include "bench/load_report.h"
#include "bench/load_spread.h"
#include "tools/options.h"

#define WHY_SIZE 512
#define DRAIN_MS 10000u
/* Standard files, the loop's, the timer. */
#define OTHER_FILES 32u

typedef struct load {
    sp_bench_load_options options;
    sp_bench_load_tokens tokens;
    void *wire, *sequence, *side;
    sp_bench_load_outcome outcome;
    sp_bench_load_log before;
    sp_bench_load_check check;
} load;

static int report_failure(const char *why)
{
    fprintf(stderr, "stagepick: bench load: %s\n", why);
    return SP_EXIT_FAILED;
}

static bool raise_files_limit(uint32_t files_count)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)files_count + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return true;
    limit.rlim_cur = needed;
    if (limit.rlim_max < needed)
        limit.rlim_max = needed; /* root may */
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return true;
    fprintf(stderr,
            "stagepick: bench load: %u connections need %u files, which this process may not "
            "have (ulimit -n)\n",
            files_count, files_count + OTHER_FILES);
    return false;
}

/* A run that can't end well is not begun. */
static bool check_sequence(const load *l, char *why)
{
    uint64_t capacity = l->options.workload->capacity(l->sequence);
    uint64_t left = l->options.from < capacity ? capacity - l->options.from : 0;
    if (left > 0 && l->options.requests_count <= left)
        return true;
    int size = snprintf(
        why, WHY_SIZE,
        "%s: there are no %s%" PRIu64 " orders from %" PRIu64 " on: ", l->options.workload->name,
        left > 0 ? "" : "more than ", left > 0 ? l->options.requests_count : left, l->options.from);
    sp_bench_load_spread_explain(&l->options.stage, why + size, WHY_SIZE - (size_t)size);
    return false;
}

static bool create_histograms(load *l, char *why)
{
    bool good = (l->outcome.latency = sp_bench_histogram_create()) != NULL;
    for (uint32_t i = 0; i < l->options.workload->steps_count; i++)
        good = (l->outcome.steps[i].latency = sp_bench_histogram_create()) != NULL && good;
    if (!good)
        snprintf(why, WHY_SIZE, "out of memory");
    return good;
}

static sp_bench_load_side_setup setup_of(const load *l)
{
    const sp_bench_load_options *o = &l->options;
    return (sp_bench_load_side_setup){
        .address = (const struct sockaddr *)&o->address,
        .host = o->to,
        .stage = &o->stage,
        .connections_count = o->connections_count,
        .watchers_count = o->watchers_count,
        .server_pid = o->server_pid,
    };
}

static bool open_side(load *l, char *why)
{
    const sp_bench_load_side *side = l->options.workload->side;
    sp_bench_load_side_setup setup = setup_of(l);
    if (side != NULL)
        l->side = side->open(&setup, why, WHY_SIZE);
    return side == NULL || l->side != NULL;
}

static uint32_t files_count(const load *l)
{
    const sp_bench_load_side *side = l->options.workload->side;
    sp_bench_load_side_setup setup = setup_of(l);
    return l->options.connections_count + (side != NULL ? side->files_count(&setup) : 0);
}

static bool prepare(load *l, char *why)
{
    const sp_bench_load_options *o = &l->options;
    bool needs_tokens =
        o->protocol == &sp_bench_load_http && sp_bench_load_kind_has_user(o->workload->kind);
    sp_bench_load_wire wire = {
        .host = o->to, .tokens = &l->tokens, .script = o->script, .keyed = o->keyed};
    l->sequence = o->workload->open(&o->stage, why, WHY_SIZE);
    if (l->sequence == NULL || !check_sequence(l, why))
        return false;
    if (needs_tokens &&
        !sp_bench_load_tokens_make(&l->tokens, o->dir, o->stage.users, why, WHY_SIZE))
        return false;
    l->wire = o->protocol->open(&wire, why, WHY_SIZE);
    return l->wire != NULL && create_histograms(l, why);
}

static bool run(load *l, char *why)
{
    const sp_bench_load_options *o = &l->options;
    const sp_bench_load_plan plan = {
        .address = (const struct sockaddr *)&o->address,
        .protocol = o->protocol,
        .wire = l->wire,
        .workload = o->workload,
        .sequence = l->sequence,
        .side = l->side,
        .connections_count = o->connections_count,
        .depth = o->depth,
        .rate = o->rate,
        .warmup_ms = o->warmup_s * 1000,
        .run_ms = o->run_s * 1000,
        .requests_count = o->requests_count,
        .from = o->from,
        .timeout_ms = o->timeout_s * 1000,
        .drain_ms = DRAIN_MS,
    };
    return sp_bench_load_run(&plan, &l->outcome, why, WHY_SIZE);
}

static bool is_hold(const sp_bench_load_options *options, uint32_t step)
{
    const sp_bench_load_workload *workload = options->workload;
    return step < workload->steps_count && workload->steps[step].kind != SP_BENCH_LOAD_BUY;
}

/* Answers of all parts of the run; outcome_unknown says what it says. */
static int compare_with_log(load *l)
{
    const sp_bench_load_outcome *out = &l->outcome;
    const sp_bench_load_counts *const parts[] = {&out->warmup, &out->measured, &out->late};
    uint64_t accepted = 0, given = 0, unknown = out->unanswered;
    sp_bench_load_log after;
    sp_finding finding;
    if (sp_bench_load_log_read(l->options.dir, l->before.head.seq, &after, &finding) !=
        SP_STORAGE_OK) {
        report_failure(finding.text);
        return (int)finding.status;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        unknown += sp_bench_load_counts_code(parts[i], "outcome_unknown");
    }
    for (uint32_t i = 0; i < SP_BENCH_LOAD_STEPS_MAX; i++)
        *(is_hold(&l->options, i) ? &given : &accepted) += out->steps[i].made;
    l->check = sp_bench_load_check_of(&l->before, &after, accepted, given, unknown);
    return SP_EXIT_OK;
}

static bool write_histogram(const load *l)
{
    const char *path = l->options.histogram_path;
    FILE *file = path != NULL ? fopen(path, "w") : NULL;
    if (file != NULL)
        sp_bench_histogram_print(l->outcome.latency, file);
    if (path == NULL || (file != NULL && fclose(file) == 0))
        return true;
    fprintf(stderr, "stagepick: bench load: %s can not be written: %s\n", path, strerror(errno));
    return false;
}

/* The exit code, and on stderr what a reader of the figures must know. */
static int judge(const load *l, const sp_bench_load_report *report)
{
    int code = SP_EXIT_OK;
    for (int i = 0; i < SP_BENCH_LOAD_ERRORS_COUNT; i++)
        if (l->outcome.errors[i] > 0)
            code = SP_EXIT_FAILED;
    if (l->outcome.unanswered > 0)
        code = SP_EXIT_FAILED;
    if (code != SP_EXIT_OK)
        report_failure("there were errors");
    if (l->outcome.ran_out) {
        char why[WHY_SIZE];
        int size = snprintf(why, sizeof why, "the run came to the end of it: ");
        sp_bench_load_spread_explain(&l->options.stage, why + size, sizeof why - (size_t)size);
        code = report_failure(why);
    }
    if (report->check != NULL && !sp_bench_load_check_is_ok(report->check))
        code = report_failure(report->check->same_log ? "the log does not say what the answers said"
                                                      : "the log is not the one of before");
    if (l->options.workload->expected_code == NULL && l->outcome.measured.accepted == 0)
        code = report_failure("nothing was accepted");
    if (l->side != NULL && !l->options.workload->side->judge(l->side))
        code = SP_EXIT_FAILED;
    if (sp_bench_load_report_unexpected(report) > 0)
        fprintf(stderr,
                "stagepick: bench load: %" PRIu64 " refusals do not belong to this workload\n",
                sp_bench_load_report_unexpected(report));
    return code;
}

static int tell(load *l)
{
    int code = l->options.check ? compare_with_log(l) : SP_EXIT_OK;
    sp_bench_load_report report = {&l->options, &l->outcome,
                                   l->options.check && code == SP_EXIT_OK ? &l->check : NULL,
                                   l->side};
    if (l->options.json)
        sp_bench_load_report_json(&report);
    else
        sp_bench_load_report_text(&report);
    if (fflush(stdout) != 0)
        code = report_failure("can't write to standard output");
    if (!write_histogram(l))
        code = SP_EXIT_FAILED;
    int judged = judge(l, &report);
    return code != SP_EXIT_OK ? code : judged;
}

static int load_server(load *l)
{
    char why[WHY_SIZE];
    sp_finding finding;
    if (!raise_files_limit(files_count(l)))
        return SP_EXIT_FAILED;
    if (!prepare(l, why) || !open_side(l, why))
        return report_failure(why);
    if (l->options.workload == &sp_bench_load_drop)
        return sp_bench_load_drop_command(&l->options, l->wire, l->side);
    if (l->options.check &&
        sp_bench_load_log_read(l->options.dir, UINT64_MAX, &l->before, &finding) != SP_STORAGE_OK) {
        report_failure(finding.text);
        return (int)finding.status;
    }
    if (!run(l, why)) {
        fprintf(stderr, "stagepick: bench load: %s: %s\n", l->options.to, why);
        return SP_EXIT_FAILED;
    }
    return tell(l);
}

int sp_bench_load(int argc, char **argv)
{
    load *l = calloc(1, sizeof *l); /* its counters are too many for the stack */
    if (l == NULL)
        return report_failure("out of memory");
    int code = sp_bench_load_options_parse(argc, argv, &l->options);
    if (code == SP_EXIT_OK) {
        signal(SIGPIPE, SIG_IGN);
        code = load_server(l);
    } else if (code < 0) {
        code = SP_EXIT_OK;
    }
    if (l->wire != NULL)
        l->options.protocol->close(l->wire);
    if (l->sequence != NULL)
        l->options.workload->close(l->sequence);
    sp_bench_load_tokens_close(&l->tokens);
    if (l->side != NULL)
        l->options.workload->side->close(l->side);
    sp_bench_histogram_destroy(l->outcome.latency);
    for (uint32_t i = 0; i < SP_BENCH_LOAD_STEPS_MAX; i++)
        sp_bench_histogram_destroy(l->outcome.steps[i].latency);
    free(l);
    return code;
}
