/* SPDX-License-Identifier: MIT */
#include "storage/check.h"

#include <stdio.h>
#include <string.h>

#include "storage/guard.h"

typedef struct job {
    const char *dir;
    const sp_log_check_options *options;
} job;

static const char *on_event(void *context, const sp_event *event)
{
    sp_log_report *report = context;
    report->events_by_type[event->type]++;
    return NULL;
}

static sp_storage_status check_events(sp_env *env, const sp_log_check_options *options,
                                      sp_log_report *report, sp_finding *finding)
{
    sp_recover_config config = {
        .until = options->until,
        .lookups = options->lookups,
        .on_event = options->decode ? on_event : NULL,
        .context = report,
    };
    if (options->limits != NULL) {
        config.state = sp_state_create(options->limits);
        if (config.state == NULL)
            return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "no address space for the state");
    }
    sp_storage_status status = sp_recover(env, &config, &report->summary, finding);
    if (status == SP_STORAGE_OK && config.state != NULL) {
        report->replayed_seq = sp_state_seq(config.state);
        sp_digest(config.state, report->digest);
    }
    if (config.state != NULL)
        sp_state_destroy(config.state);
    return status;
}

static void work(void *context, void *result, sp_finding *finding)
{
    const job *it = context;
    sp_log_report *report = result;
    sp_env *env;
    if (sp_env_open(it->dir, SP_ENV_READ, 0, &env, finding) != SP_STORAGE_OK)
        return;
    report->identity = env->identity;
    sp_storage_status status = check_events(env, it->options, report, finding);
    if (status == SP_STORAGE_OK && it->options->side)
        status = sp_side_check_profiles(env, &report->side, finding);
    if (status == SP_STORAGE_OK && it->options->side)
        status = sp_side_check_sessions(env, &report->side, finding);
    if (status == SP_STORAGE_OK && it->options->side)
        sp_side_check_pages(env, &report->side, finding);
    sp_env_close(env);
}

/* What a crash can't say itself: about where it came. Behind the last event that
 * was walked; but events are judged by runs, so it may have been one of the last
 * SP_PREFETCH_BATCH of these. */
static void add_place(const sp_log_report *report, sp_finding *finding)
{
    size_t size = strlen(finding->text);
    if (finding->seq != 0 || report->summary.seq == 0 ||
        report->summary.seq >= report->summary.head.seq)
        return;
    finding->seq = report->summary.seq + 1;
    snprintf(finding->text + size, sizeof finding->text - size, " (at about event %llu)",
             (unsigned long long)finding->seq);
}

sp_storage_status sp_log_check(const char *dir, const sp_log_check_options *options,
                               sp_log_report *report, sp_finding *finding)
{
    job it = {dir, options};
    sp_storage_status status = sp_guard_run(work, &it, report, sizeof *report, finding);
    if (status == SP_STORAGE_DAMAGED)
        add_place(report, finding);
    return status;
}

sp_storage_status sp_log_precheck_start(sp_log_precheck *check, const char *dir,
                                        sp_finding *finding)
{
    static const sp_log_check_options options = {.side = true};
    job it = {dir, &options}; /* the child has its own copy of this stack */
    sp_finding_clear(finding);
    *check = (sp_log_precheck){.dir = dir};
    if (!sp_env_exists(dir)) {
        if (!sp_env_was_here(dir))
            return SP_STORAGE_OK;
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "%.200s: data.mdb is missing, but lock.mdb tells that a log was here",
                              dir);
    }
    check->guard = sp_guard_start(work, &it, sizeof(sp_log_report), finding);
    return check->guard != NULL ? SP_STORAGE_OK : finding->status;
}

sp_storage_status sp_log_precheck_finish(sp_log_precheck *check, void (*on_wait)(void),
                                         sp_finding *finding)
{
    sp_log_report report;
    sp_finding_clear(finding);
    if (check->guard == NULL)
        return SP_STORAGE_OK;
    sp_storage_status status = sp_guard_finish(check->guard, on_wait, &report, finding);
    check->guard = NULL;
    if (status == SP_STORAGE_DAMAGED)
        add_place(&report, finding);
    return status;
}
