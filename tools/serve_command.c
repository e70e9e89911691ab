/* SPDX-License-Identifier: MIT
 *
 * stagepick serve: the server's life from start to end, on the main thread.
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
#include "storage/token_key.h"
#include "tools/accounts.h"
#include "tools/commands.h"
#include "tools/demo.h"
#include "tools/options.h"
#include "tools/serve_options.h"

/* A server that ends answers what is under way for so long. */
#define DRAIN_MS 10000u
/* Sent to ourselves when the sequencer has failed. */
#define SIGNAL_FAILED SIGUSR1

typedef struct serving {
    sp_serve_options options;
    const char *admin_email, *admin_password; /* both or neither */
    sp_runtime runtime;
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
    sigaddset(&set, SIGNAL_FAILED);
    return set;
}

/* A replay may take long; nothing has been written yet, so a signal ends the
 * program at once. */
static void on_progress(void)
{
    const struct timespec now = {0};
    sigset_t set = handled_signals();
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

static int create_app(serving *s)
{
    sp_token_key key;
    sp_finding finding;
    if (sp_token_key_load(s->options.dir, &key, &finding) != SP_STORAGE_OK) {
        fprintf(stderr, "stagepick: %s\n", finding.text);
        return (int)finding.status;
    }
    sp_app_config config = {
        .profiles = &s->runtime.profiles.reader,
        .signup_open = s->options.signup_open,
        .signup_points = s->options.signup_points,
        .serving = &s->is_serving,
        .failed = &s->has_failed,
        .loops_count = s->options.loops_count,
    };
    memcpy(config.signing_key.kid, key.kid, sizeof key.kid);
    memcpy(config.signing_key.bytes, key.secret, sizeof key.secret);
    s->app = sp_app_create(&config);
    sodium_memzero(&key, sizeof key);
    sodium_memzero(&config, sizeof config);
    if (s->app == NULL) {
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
        .loops_count = s->options.loops_count,
        .slots_per_loop = s->options.slots_per_loop,
        .connections_max = s->options.connections_max,
        .head_timeout_ms = s->options.head_timeout_ms,
        .body_timeout_ms = s->options.body_timeout_ms,
        .idle_timeout_ms = s->options.idle_timeout_ms,
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
static void report_clock_step(const sp_system_clock *clock, int64_t *known_drift_ms)
{
    int64_t drift_ms = sp_system_clock_drift_ms(clock);
    int64_t step_ms = drift_ms - *known_drift_ms;
    if (step_ms < CLOCK_STEP_MS && step_ms > -CLOCK_STEP_MS)
        return;
    fprintf(stderr,
            "stagepick: the wall clock was set by %+lld ms; sales do not follow it and are now "
            "%lld ms %s it\n",
            (long long)step_ms, (long long)(drift_ms < 0 ? -drift_ms : drift_ms),
            drift_ms < 0 ? "ahead of" : "behind");
    *known_drift_ms = drift_ms;
}

/* Until a signal comes; which one. Anyone may send SIGNAL_FAILED: only a
 * sequencer that has failed means it. */
static int wait_for_signal(const sigset_t *set, const serving *s)
{
    const struct timespec look = {.tv_sec = CLOCK_LOOK_S};
    const sp_system_clock *clock = &s->runtime.clock;
    int64_t known_drift_ms = sp_system_clock_drift_ms(clock);
    for (;;) {
        int signal_number = sigtimedwait(set, NULL, &look);
        if (signal_number > 0 && (signal_number != SIGNAL_FAILED ||
                                  atomic_load_explicit(&s->has_failed, memory_order_acquire)))
            return signal_number;
        report_clock_step(clock, &known_drift_ms);
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
    if (s->options.demo)
        sp_demo_print(&s->runtime.profiles.reader, first);
}

static int start(serving *s)
{
    uint32_t slots_count = s->options.slots_per_loop * s->options.loops_count;
    int code = sp_runtime_open(&s->runtime, s->options.dir, power_of_two_at_least(slots_count + 1));
    if (code != SP_EXIT_OK || (code = create_app(s)) != SP_EXIT_OK ||
        (code = start_server(s)) != SP_EXIT_OK)
        return code;
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
    sp_runtime_close(&s->runtime);
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
    fprintf(stderr, signal_number == SIGNAL_FAILED
                        ? "stagepick: the sequencer has failed, stopping\n"
                        : "stagepick: stopping\n");
    return stop(&s, true);
}
