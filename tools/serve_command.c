/* SPDX-License-Identifier: MIT
 *
 * stagepick serve: the server's life from start to end, on the main thread.
 *
 * Until it serves, what keeps it from doing so is said in plain lines on stderr,
 * as every subcommand does; from then on stderr has the log's lines
 * (net/logger.h), but for the demo's logins.
 *
 *   open → listen (everything but /livez: 503) → check, replay → first ADMIN, demo
 *        → sequencer thread → serving → signal or failure → drain → close
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "engine/fault.h"
#include "net/app.h"
#include "net/router.h"
#include "net/token_ring.h"
#include "storage/token_key.h"
#include "tools/accounts.h"
#include "tools/commands.h"
#include "tools/demo.h"
#include "tools/options.h"
#include "tools/serve_figures.h"
#include "tools/serve_options.h"
#include "tools/version.h"

/* A server that ends answers what is under way for so long. */
#define DRAIN_MS 10000u
/* Sent to ourselves when the sequencer has failed. */
#define SIGNAL_FAILED SIGUSR1

typedef struct serving {
    sp_serve_options options;
    const char *admin_email, *admin_password; /* both or neither */
    sp_runtime runtime;
    sp_logger *logger;
    sp_metrics *metrics;
    sp_serve_figures figures;
    sp_app *app;
    sp_server *server;
    atomic_bool is_serving, has_failed;
} serving;

static sigset_t handled_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGNAL_FAILED);
    return set;
}

/* A replay may take long; nothing has been written yet, so a signal ends the
 * program at once. */
static void on_progress(void)
{
    const struct timespec now = {0};
    sigset_t set = handled_signals();
    sigdelset(&set, SIGHUP); /* kept until it serves */
    if (sigtimedwait(&set, NULL, &now) > 0) {
        fprintf(stderr, "stagepick: stopped while starting\n");
        _exit(SP_EXIT_OK);
    }
}

static void on_failed(void *context)
{
    serving *s = context;
    atomic_store_explicit(&s->has_failed, true, memory_order_release);
    kill(getpid(), SIGNAL_FAILED);
}

static uint32_t power_of_two_at_least(uint32_t count)
{
    uint32_t power = 2;
    while (power < count)
        power *= 2;
    return power;
}

static int start_logger(serving *s)
{
    sp_logger_config config = {
        .level = s->options.log_level,
        .log_fd = STDERR_FILENO,
        .access_to_log_fd = s->options.access_log_to_stderr,
        .access_path = s->options.access_log,
    };
    int error = sp_logger_start(&config, &s->logger);
    if (error == 0)
        return SP_EXIT_OK;
    fprintf(stderr, "stagepick: can not log%s%s: %s\n", config.access_path ? " to " : "",
            config.access_path ? config.access_path : "", strerror(error));
    return SP_EXIT_FAILED;
}

_Static_assert(SP_TOKEN_KEYS_KEPT_MAX <= SP_TOKEN_KEYS_MAX, "a file's keys fit a ring");

/* From where they are kept to where they are used. */
static bool set_keys(sp_app *app, const sp_token_keys *kept, sp_time_ms now)
{
    sp_signing_key keys[SP_TOKEN_KEYS_KEPT_MAX] = {0};
    for (uint32_t i = 0; i < kept->count; i++) {
        memcpy(keys[i].kid, kept->items[i].kid, sizeof kept->items[i].kid);
        memcpy(keys[i].bytes, kept->items[i].secret, sizeof kept->items[i].secret);
        keys[i].good_until = kept->items[i].good_until;
    }
    bool set = sp_app_set_keys(app, keys, kept->count, now);
    sodium_memzero(keys, sizeof keys);
    return set;
}

static bool create_metrics(serving *s)
{
    s->metrics = sp_metrics_create(s->options.loops_count, sp_routes_count + 1);
    if (s->metrics == NULL)
        return false;
    sp_serve_figures_init(&s->figures, &s->runtime, &s->server, &s->is_serving);
    s->figures.sources.metrics = s->metrics;
    s->figures.sources.logger = s->logger;
    s->figures.sources.queue_capacity = s->options.slots_per_loop * s->options.loops_count;
    return true;
}

static int create_app(serving *s)
{
    sp_token_keys keys;
    sp_finding finding;
    if (sp_token_keys_load(s->options.dir, &keys, &finding) != SP_STORAGE_OK) {
        fprintf(stderr, "stagepick: %s\n", finding.text);
        return (int)finding.status;
    }
    sp_app_config config = {
        .profiles = &s->runtime.profiles.reader,
        .events = &s->runtime.events.reader,
        .signup_open = s->options.signup_open,
        .signup_points = s->options.signup_points,
        .serving = &s->is_serving,
        .failed = &s->has_failed,
        .loops_count = s->options.loops_count,
        .password_cost = s->options.password_cost,
        .sign_ups_per_hour = s->options.sign_ups_per_hour,
        .logger = s->logger,
        .writes_per_s_max = s->options.writes_per_s_max,
        .cors = s->options.cors.count > 0 ? &s->options.cors : NULL,
        .figures = &s->figures.sources,
        .version = SP_VERSION,
    };
    memcpy(config.signing_key.kid, keys.items[0].kid, sizeof keys.items[0].kid);
    memcpy(config.signing_key.bytes, keys.items[0].secret, sizeof keys.items[0].secret);
    bool made = create_metrics(s);
    s->app = made ? sp_app_create(&config) : NULL;
    made = s->app != NULL && set_keys(s->app, &keys, 0);
    sodium_memzero(&keys, sizeof keys);
    sodium_memzero(&config, sizeof config);
    if (!made) {
        fprintf(stderr, "stagepick: not enough memory\n");
        return SP_EXIT_FAILED;
    }
    return SP_EXIT_OK;
}

/* Profiles are read on libuv's pool beside the password computations, which
 * may be as many as loops or half the processors: some threads must be left.
 * A size from the environment stands. */
static void size_thread_pool(uint32_t loops_count)
{
    long half = sysconf(_SC_NPROCESSORS_ONLN) / 2;
    uint32_t hashes_max = half > (long)loops_count ? (uint32_t)half : loops_count;
    char text[16];
    snprintf(text, sizeof text, "%u", hashes_max + 3);
    setenv("UV_THREADPOOL_SIZE", text, 0);
}

static int start_server(serving *s)
{
    size_thread_pool(s->options.loops_count);
    sp_server_config config = {
        .addresses = s->options.addresses,
        .addresses_count = s->options.addresses_count,
        .ops_address = s->options.has_ops_address ? &s->options.ops_address : NULL,
        .metrics = s->metrics,
        .loops_count = s->options.loops_count,
        .slots_per_loop = s->options.slots_per_loop,
        .connections_max = s->options.connections_max,
        .head_timeout_ms = s->options.head_timeout_ms,
        .body_timeout_ms = s->options.body_timeout_ms,
        .idle_timeout_ms = s->options.idle_timeout_ms,
        .trusted_proxies = s->options.trusted_proxies,
        .trusted_proxies_count = s->options.trusted_proxies_count,
        .queue = s->runtime.queue,
        .views = s->runtime.views,
        .clock = &s->runtime.clock.clock,
        .app = &sp_app_ops_http,
        .app_loop_create = sp_app_loop_create,
        .app_loop_destroy = sp_app_loop_destroy,
        .app_context = s->app,
    };
    const char *failed = NULL;
    int error = sp_server_start(&config, &s->server, &failed);
    if (error < 0) {
        fprintf(stderr, "stagepick: can not listen on %s", failed);
        for (uint32_t i = 0; i < s->options.addresses_count; i++)
            if (failed == s->options.addresses[i].host)
                fprintf(stderr, ", port %u", s->options.addresses[i].port);
        if (failed == s->options.ops_address.host)
            fprintf(stderr, ", port %u", s->options.ops_address.port);
        fprintf(stderr, ": %s\n", uv_strerror(error));
        s->server = NULL;
        return SP_EXIT_FAILED;
    }
    return SP_EXIT_OK;
}

/* How often the main thread looks at the wall clock while it waits. */
#define CLOCK_LOOK_S 2
/* A step of the wall clock that is worth a line. */
#define CLOCK_STEP_MS 1000

/* Sales run on a clock that no one can set (storage/clock.h); that the wall
 * clock went its own way is for the operator to know. */
static void report_clock_step(sp_logger *logger, const sp_system_clock *clock,
                              int64_t *known_drift_ms)
{
    char detail[200];
    sp_log_line line = {0};
    int64_t drift_ms = sp_system_clock_drift_ms(clock);
    int64_t step_ms = drift_ms - *known_drift_ms;
    if (step_ms < CLOCK_STEP_MS && step_ms > -CLOCK_STEP_MS)
        return;
    *known_drift_ms = drift_ms;
    sp_json_writer *json = sp_log_begin(logger, &line, SP_LEVEL_WARN, "clock_step");
    if (json == NULL)
        return;
    snprintf(detail, sizeof detail,
             "the wall clock was set by %+lld ms; sales do not follow it and are now %lld ms %s it",
             (long long)step_ms, (long long)(drift_ms < 0 ? -drift_ms : drift_ms),
             drift_ms < 0 ? "ahead of" : "behind");
    sp_json_put_integer(json, "step_ms", step_ms);
    sp_json_put_integer(json, "drift_ms", drift_ms);
    sp_log_line_text(&line, "detail", detail);
    sp_log_end(logger, &line);
}

/* A file that can't be used is for the operator to know; the keys that there
 * are stay in use. */
static void reload_keys(serving *s)
{
    sp_token_keys keys;
    sp_finding finding;
    sp_log_line line = {0};
    bool read = sp_token_keys_read(s->options.dir, &keys, &finding) == SP_STORAGE_OK;
    bool set = read && set_keys(s->app, &keys, sp_clock_now(&s->runtime.clock.clock));
    sp_json_writer *json = sp_log_begin(s->logger, &line, set ? SP_LEVEL_INFO : SP_LEVEL_ERROR,
                                        set ? "keys_read" : "keys_not_read");
    if (json != NULL && set)
        sp_log_line_text(&line, "kid", keys.items[0].kid);
    else if (json != NULL)
        sp_log_line_text(&line, "detail", read ? "not enough memory" : finding.text);
    if (json != NULL)
        sp_log_end(s->logger, &line);
    sodium_memzero(&keys, sizeof keys);
}

/* SIGHUP: what was read at the start is read again. */
static void reload(serving *s)
{
    reload_keys(s);
    sp_logger_reopen(s->logger);
}

/* Until a signal comes that ends it; which one. Anyone may send SIGNAL_FAILED: only a
 * sequencer that has failed means it. */
static int wait_for_signal(const sigset_t *set, serving *s)
{
    const struct timespec look = {.tv_sec = CLOCK_LOOK_S};
    const sp_system_clock *clock = &s->runtime.clock;
    int64_t known_drift_ms = sp_system_clock_drift_ms(clock);
    for (;;) {
        int signal_number = sigtimedwait(set, NULL, &look);
        if (signal_number == SIGHUP) {
            reload(s);
            continue;
        }
        if (signal_number > 0 && (signal_number != SIGNAL_FAILED ||
                                  atomic_load_explicit(&s->has_failed, memory_order_acquire)))
            return signal_number;
        report_clock_step(s->logger, clock, &known_drift_ms);
    }
}

/* As with options, one that is empty is not set. */
static const char *environment_value(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* Before anything is opened: a start that can't go well leaves no trace. */
static int read_admin(serving *s)
{
    s->admin_email = environment_value("STAGEPICK_ADMIN_EMAIL");
    s->admin_password = environment_value("STAGEPICK_ADMIN_PASSWORD");
    if (s->admin_email == NULL && s->admin_password == NULL)
        return SP_EXIT_OK;
    if (s->admin_email == NULL || s->admin_password == NULL) {
        fprintf(stderr, "stagepick: STAGEPICK_ADMIN_EMAIL and STAGEPICK_ADMIN_PASSWORD "
                        "go together\n");
        return SP_EXIT_USAGE;
    }
    return sp_account_check(s->admin_email, SP_ADMIN_NICKNAME, s->admin_password);
}

/* The first ADMIN, and the demo: before anyone else can give a command. */
static int fill(serving *s)
{
    if (s->options.demo &&
        !sp_demo_fill(&s->runtime.local, s->runtime.state, sp_clock_now(&s->runtime.clock.clock)))
        return SP_EXIT_FAILED;
    if (s->admin_email == NULL)
        return SP_EXIT_OK;
    return sp_account_ensure_admin(&s->runtime, s->admin_email, s->admin_password);
}

static void log_serving(const serving *s, const char *address)
{
    sp_log_line line = {0};
    sp_json_writer *json = sp_log_begin(s->logger, &line, SP_LEVEL_INFO, "serving");
    if (json != NULL) {
        sp_json_put_string(json, "version", SP_VERSION);
        sp_log_line_text(&line, "address", address);
        sp_json_put_integer(json, "io_threads", s->options.loops_count);
        sp_log_end(s->logger, &line);
    }
    json = sp_log_begin(s->logger, &line, SP_LEVEL_DEBUG, "settings");
    if (json != NULL) {
        sp_json_put_integer(json, "queue_size", s->options.slots_per_loop);
        sp_json_put_integer(json, "max_connections", s->options.connections_max);
        sp_json_put_integer(json, "rate_limit", s->options.writes_per_s_max);
        sp_json_key(json, "signup_open");
        sp_json_boolean(json, s->options.signup_open);
        sp_json_put_integer(json, "signup_points", s->options.signup_points);
        sp_log_end(s->logger, &line);
    }
}

/* Early: it is of use while the log replays, which may take long. */
static void log_ops(const serving *s)
{
    char address[300], url[310];
    if (!s->options.has_ops_address)
        return;
    sp_server_ops_address(s->server, address, sizeof address);
    snprintf(url, sizeof url, "http://%s", address);
    sp_log_line line = {0};
    if (sp_log_begin(s->logger, &line, SP_LEVEL_INFO, "ops_listening") == NULL)
        return;
    sp_log_line_text(&line, "address", url);
    sp_log_end(s->logger, &line);
}

/* One line, when everything answers. */
static void announce(serving *s)
{
    char first[310] = "", address[300];
    printf("listening on ");
    for (uint32_t i = 0; i < s->options.addresses_count; i++) {
        sp_server_address(s->server, i, address, sizeof address);
        if (i == 0)
            snprintf(first, sizeof first, "http://%s", address);
        printf("%shttp://%s", i == 0 ? "" : ", ", address);
    }
    printf("\n");
    fflush(stdout);
    log_serving(s, first);
    if (s->options.demo)
        sp_demo_print(&s->runtime.profiles.reader, first);
}

static int start(serving *s)
{
    uint32_t slots_count = s->options.slots_per_loop * s->options.loops_count;
    if (s->options.demo && slots_count < SP_LOCAL_COMMANDS_MAX)
        slots_count = SP_LOCAL_COMMANDS_MAX; /* the demo is one batch */
    int code = sp_runtime_open(&s->runtime, s->options.dir, power_of_two_at_least(slots_count + 1));
    if (code != SP_EXIT_OK || (code = start_logger(s)) != SP_EXIT_OK ||
        (code = create_app(s)) != SP_EXIT_OK ||
        (code = start_server(s)) != SP_EXIT_OK)
        return code;
    log_ops(s);
    sp_recover_options recover = {
        .accept_clock_ahead = s->options.accept_clock_ahead,
        .on_progress = on_progress,
        .on_failed = on_failed,
        .on_failed_context = s,
    };
    code = sp_runtime_recover(&s->runtime, &recover);
    if (code != SP_EXIT_OK || (code = fill(s)) != SP_EXIT_OK ||
        (code = sp_runtime_start(&s->runtime)) != SP_EXIT_OK)
        return code;
    s->runtime.logger = s->logger;
    /* Release: pairs with the loops' acquire, which then see the views. */
    atomic_store_explicit(&s->is_serving, true, memory_order_release);
    announce(s);
    return SP_EXIT_OK;
}

/* The sequencer runs on until every loop has its answers back. */
static int stop(serving *s, bool started)
{
    if (s->server != NULL) {
        sp_server_drain(s->server, started ? DRAIN_MS : 0);
        sp_server_stop(s->server);
    }
    int code = sp_runtime_stop(&s->runtime);
    sp_app_destroy(s->app);
    sp_metrics_destroy(s->metrics);
    sp_runtime_close(&s->runtime);
    if (started)
        sp_log_say(s->logger, SP_LEVEL_INFO, "stopped", NULL);
    sp_logger_stop(s->logger);
    return code;
}

/* The faults variant only: STAGEPICK_FAULT plants one. A name that is none
 * must not pass for a fault that nobody caught. */
static bool plant_fault(void)
{
#ifdef SP_FAULTS
    const char *name = getenv("STAGEPICK_FAULT");
    if (name != NULL && !sp_fault_plant(name)) {
        fprintf(stderr, "stagepick: there is no fault %s\n", name);
        return false;
    }
#endif
    return true;
}

int sp_command_serve(int argc, char **argv)
{
    static serving s;
    int code = sp_serve_options_parse(argc, argv, &s.options);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    code = read_admin(&s);
    if (code != SP_EXIT_OK)
        return code;
    if (!plant_fault())
        return SP_EXIT_USAGE;
    /* Blocked in every thread, taken by sigtimedwait below. A closed socket is an
     * error code, not a signal. */
    sigset_t set = handled_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);

    code = start(&s);
    if (code != SP_EXIT_OK) {
        (void)stop(&s, false);
        return code;
    }
    int signal_number = wait_for_signal(&set, &s);
    if (signal_number == SIGNAL_FAILED)
        sp_log_say(s.logger, SP_LEVEL_ERROR, "sequencer_failed", "it has failed, stopping");
    else
        sp_log_say(s.logger, SP_LEVEL_INFO, "stopping", signal_number == SIGINT ? "SIGINT" : "SIGTERM");
    return stop(&s, true);
}
