/* SPDX-License-Identifier: MIT */
#include "tools/runtime.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "net/fold.h"
#include "storage/recover.h"
#include "tools/options.h"
#include "tools/version.h"

/* A batch is bounded so that its commit stays some milliseconds of work. */
#define BATCH_COMMANDS_MAX 8192u
#define BATCH_BYTES_MAX (4u << 20)
_Static_assert(BATCH_COMMANDS_MAX >= SP_LOCAL_COMMANDS_MAX, "ours are one batch");

static int report(const sp_finding *finding)
{
    fprintf(stderr, "stagepick: %s\n", finding->text);
    return (int)finding->status;
}

static int report_memory(void)
{
    fprintf(stderr, "stagepick: not enough memory or address space for the tables\n");
    return SP_EXIT_FAILED;
}

int sp_runtime_open(sp_runtime *runtime, const char *dir, uint32_t queue_capacity)
{
    sp_finding finding;
    memset(runtime, 0, sizeof *runtime);
    runtime->dir = dir;
    runtime->datadir.lock_fd = -1;
    /* A log that grows over RLIMIT_FSIZE is to fail with words, not be killed. */
    signal(SIGXFSZ, SIG_IGN);
    if (sodium_init() < 0)
        return report_memory();
    if (sp_datadir_open(&runtime->datadir, dir, &finding) != SP_STORAGE_OK)
        return report(&finding);
    /* In a child: a damaged file can crash whoever reads it first. */
    if (sp_log_precheck_start(&runtime->check, dir, &finding) != SP_STORAGE_OK)
        return report(&finding);
    sp_system_clock_init(&runtime->clock);
    sp_futex_wait_init(&runtime->wait);
    runtime->state = sp_state_create(&sp_limits_default);
    runtime->views = sp_views_create(&sp_limits_default, sp_fold_text);
    runtime->queue = sp_queue_create(queue_capacity, &runtime->wait.wait);
    if (runtime->state == NULL || runtime->views == NULL || runtime->queue == NULL)
        return report_memory();
    return SP_EXIT_OK;
}

static void on_slice(void *context, sp_seq done, sp_seq head)
{
    const sp_recover_options *options = context;
    (void)done;
    (void)head;
    if (options->on_progress != NULL)
        options->on_progress();
}

static int open_log(sp_runtime *runtime, const sp_recover_options *options)
{
    sp_finding finding;
    bool is_new = !sp_env_exists(runtime->dir);
    if (sp_log_precheck_finish(&runtime->check, options->on_progress, &finding) != SP_STORAGE_OK ||
        sp_env_open(runtime->dir, SP_ENV_CREATE, 0, &runtime->env, &finding) != SP_STORAGE_OK)
        return report(&finding);
    if (is_new) /* a mistyped directory should not go unnoticed */
        fprintf(stderr, "stagepick: made a new, empty log in %s\n", runtime->dir);
    sp_profiles_init(&runtime->profiles, runtime->env);
    sp_events_init(&runtime->events, runtime->env);
    return SP_EXIT_OK;
}

static int replay(sp_runtime *runtime, const sp_recover_options *options)
{
    sp_recover_options shown = *options;
    sp_recover_config config = {.state = runtime->state, .on_slice = on_slice, .context = &shown};
    sp_recover_summary summary;
    sp_finding finding;
    if (sp_recover(runtime->env, &config, &summary, &finding) != SP_STORAGE_OK)
        return report(&finding);
    int64_t ahead_ms =
        sp_system_clock_raise(&runtime->clock, sp_state_time(runtime->state),
                              options->accept_clock_ahead ? -1 : SP_CLOCK_AHEAD_MS_MAX);
    if (ahead_ms > SP_CLOCK_AHEAD_MS_MAX && !options->accept_clock_ahead) {
        fprintf(stderr,
                "stagepick: the last event is %lld ms ahead of the wall clock: set the clock, "
                "or start with --accept-clock-ahead\n",
                (long long)ahead_ms);
        return SP_EXIT_FAILED;
    }
    return SP_EXIT_OK;
}

static int create_sequencer(sp_runtime *runtime, const sp_recover_options *options)
{
    sp_sequencer_config config = {
        .state = runtime->state,
        .views = runtime->views,
        .log = sp_event_log_interface(runtime->log),
        .clock = &runtime->clock.clock,
        .queue = runtime->queue,
        .batch_commands_max = BATCH_COMMANDS_MAX,
        .batch_bytes_max = BATCH_BYTES_MAX,
        .on_failed = options->on_failed,
        .on_failed_context = options->on_failed_context,
    };
    runtime->sequencer = sp_sequencer_create(&config);
    if (runtime->sequencer == NULL ||
        !sp_local_init(&runtime->local, runtime->sequencer, runtime->queue))
        return report_memory();
    return SP_EXIT_OK;
}

/* A fact of its own, with a random epoch: two programs that went on from one
 * copied log can be told apart. */
static int record_start(sp_runtime *runtime)
{
    sp_command command = {.type = SP_COMMAND_SERVER_START};
    command.server_start.version = SP_TEXT(SP_VERSION);
    randombytes_buf(&command.server_start.epoch, sizeof command.server_start.epoch);
    sp_outcome outcome = sp_local_give(&runtime->local, &command)->outcome;
    if (outcome == SP_OK)
        return SP_EXIT_OK;
    const char *why = sp_event_log_error(runtime->log);
    fprintf(stderr, "stagepick: the start could not be recorded: %s\n",
            *why != '\0' ? why : sp_outcome_row_of(outcome)->code);
    return SP_EXIT_FAILED;
}

int sp_runtime_recover(sp_runtime *runtime, const sp_recover_options *options)
{
    sp_finding finding;
    int code = open_log(runtime, options);
    if (code == SP_EXIT_OK)
        code = replay(runtime, options);
    if (code != SP_EXIT_OK)
        return code;
    if (sp_event_log_create(runtime->env, &runtime->log, &finding) != SP_STORAGE_OK)
        return report(&finding);
    sp_views_publish_all(runtime->views, runtime->state);
    code = create_sequencer(runtime, options);
    return code == SP_EXIT_OK ? record_start(runtime) : code;
}

static void *run_sequencer(void *context)
{
    sp_runtime *runtime = context;
    (void)sp_sequencer_run(runtime->sequencer);
    return NULL;
}

int sp_runtime_start(sp_runtime *runtime)
{
    sp_local_close(&runtime->local); /* also gives back what the demo took up */
    int error = pthread_create(&runtime->thread, NULL, run_sequencer, runtime);
    if (error != 0) {
        fprintf(stderr, "stagepick: no thread for the sequencer: %s\n", strerror(error));
        return SP_EXIT_FAILED;
    }
    runtime->has_thread = true;
    return SP_EXIT_OK;
}

static void report_log_failed(const sp_runtime *runtime)
{
    const char *why = sp_event_log_error(runtime->log);
    if (runtime->logger != NULL)
        sp_log_say(runtime->logger, SP_LEVEL_ERROR, "log_failed", why);
    else
        fprintf(stderr, "stagepick: the log failed, nothing after it was acknowledged: %s\n", why);
}

int sp_runtime_stop(sp_runtime *runtime)
{
    if (!runtime->has_thread)
        return SP_EXIT_OK;
    sp_sequencer_stop(runtime->sequencer);
    pthread_join(runtime->thread, NULL);
    runtime->has_thread = false;
    if (!sp_sequencer_failed(runtime->sequencer))
        return SP_EXIT_OK;
    report_log_failed(runtime);
    return SP_EXIT_FAILED;
}

void sp_runtime_close(sp_runtime *runtime)
{
    sp_finding ignored;
    (void)sp_log_precheck_finish(&runtime->check, NULL, &ignored);
    (void)sp_runtime_stop(runtime);
    sp_local_close(&runtime->local);
    sp_sequencer_destroy(runtime->sequencer);
    sp_queue_destroy(runtime->queue);
    sp_views_destroy(runtime->views);
    sp_state_destroy(runtime->state);
    sp_event_log_destroy(runtime->log);
    sp_env_close(runtime->env);
    sp_datadir_close(&runtime->datadir);
}
