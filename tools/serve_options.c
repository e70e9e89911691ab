/* SPDX-License-Identifier: MIT */
#include "tools/serve_options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/limits.h"
#include "net/app.h"
#include "net/login_guard.h"
#include "tools/demo.h"
#include "tools/options.h"

#define USAGE                                  \
    "stagepick serve --data DIR [OPTION]...\n" \
    "Serves a data directory over HTTP; makes it if it is not there."

enum {
    OPT_DATA,
    OPT_LISTEN,
    OPT_OPS_LISTEN,
    OPT_IO_THREADS,
    OPT_QUEUE_SIZE,
    OPT_CONNECTIONS_MAX,
    OPT_HEAD_TIMEOUT,
    OPT_BODY_TIMEOUT,
    OPT_IDLE_TIMEOUT,
    OPT_SIGNUP,
    OPT_SIGNUP_POINTS,
    OPT_SIGNUP_RATE,
    OPT_PASSWORD_MEMORY,
    OPT_PASSWORD_PASSES,
    OPT_RATE_LIMIT,
    OPT_TRUST_PROXY,
    OPT_CORS_ORIGIN,
    OPT_LOG_LEVEL,
    OPT_ACCESS_LOG,
    OPT_DEMO,
    OPT_ACCEPT_CLOCK_AHEAD,
    OPTIONS_COUNT
};

/* One I/O loop up to 2 cores: the sequencer and the kernel want the other. */
static uint32_t default_loops(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores <= 2)
        return 1;
    return cores / 2 > 16 ? 16 : (uint32_t)(cores / 2);
}

static bool take_number(const sp_option *option, uint64_t min, uint64_t max, uint32_t *out)
{
    uint64_t value;
    if (option->count == 0)
        return true; /* the default stands */
    if (!sp_option_number(option, min, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool take_listen(const sp_option *option, sp_serve_options *out)
{
    static const char *const fallback[] = {"127.0.0.1:8080"};
    const char *const *texts = option->count > 0 ? (const char *const *)option->values : fallback;
    out->addresses_count = option->count > 0 ? option->count : 1;
    for (uint32_t i = 0; i < out->addresses_count; i++) {
        if (!sp_listen_address_parse(texts[i], &out->addresses[i])) {
            fprintf(stderr, "stagepick: --listen takes HOST:PORT or [IPV6]:PORT, not: %s\n",
                    texts[i]);
            return false;
        }
    }
    return true;
}

static bool take_ops_listen(const sp_option *option, sp_serve_options *out)
{
    out->has_ops_address = option->count > 0;
    if (option->count == 0 || sp_listen_address_parse(option->values[0], &out->ops_address))
        return true;
    fprintf(stderr, "stagepick: --ops-listen takes HOST:PORT or [IPV6]:PORT, not: %s\n",
            option->values[0]);
    return false;
}

static bool take_signup(const sp_option *signup, const sp_option *points, sp_serve_options *out)
{
    if (signup->count > 0) {
        out->signup_open = strcmp(signup->values[0], "on") == 0;
        if (!out->signup_open && strcmp(signup->values[0], "off") != 0) {
            fprintf(stderr, "stagepick: --signup takes on or off, not: %s\n", signup->values[0]);
            return false;
        }
    }
    out->signup_points = out->demo ? SP_DEMO_SIGNUP_POINTS : 0;
    uint64_t value = 0;
    if (points->count > 0) {
        if (!sp_option_number(points, 0, (uint64_t)SP_GRANT_MAX, &value))
            return false;
        out->signup_points = (sp_points)value;
    }
    return true;
}

static bool take_proxies(const sp_option *option, sp_serve_options *out)
{
    for (uint32_t i = 0; i < option->count; i++) {
        if (!sp_subnet_parse(option->values[i], &out->trusted_proxies[i])) {
            fprintf(stderr,
                    "stagepick: --trust-proxy takes ADDRESS or ADDRESS/BITS without bits behind "
                    "the prefix, not: %s\n",
                    option->values[i]);
            return false;
        }
    }
    out->trusted_proxies_count = option->count;
    return true;
}

static bool take_cors(const sp_option *option, sp_serve_options *out)
{
    for (uint32_t i = 0; i < option->count; i++) {
        if (!sp_cors_add(&out->cors, option->values[i])) {
            fprintf(stderr,
                    "stagepick: --cors-origin takes SCHEME://HOST[:PORT] in lower case without a "
                    "path, or *, not: %s\n",
                    option->values[i]);
            return false;
        }
    }
    return true;
}

/* A file that is called off or stderr can be had as ./off. */
static bool take_logs(const sp_option *level, const sp_option *access, sp_serve_options *out)
{
    if (level->count > 0 && !sp_level_parse(level->values[0], &out->log_level)) {
        fprintf(stderr, "stagepick: --log-level takes error, warn, info or debug, not: %s\n",
                level->values[0]);
        return false;
    }
    if (access->count == 0 || strcmp(access->values[0], "off") == 0)
        return true;
    out->access_log_to_stderr = strcmp(access->values[0], "stderr") == 0;
    if (!out->access_log_to_stderr)
        out->access_log = access->values[0];
    return true;
}

int sp_serve_options_parse(int argc, char **argv, sp_serve_options *out)
{
    const char *data[1], *listen[SP_LISTEN_ADDRESSES_MAX], *io_threads[1], *queue_size[1],
        *connections[1], *head[1], *body[1], *idle[1], *signup[1], *points[1], *demo[1], *ahead[1],
        *ops_listen[1], *rate[1], *proxies[SP_TRUSTED_PROXIES_MAX], *origins[SP_CORS_ORIGINS_MAX],
        *level[1], *access[1], *signup_rate[1], *memory[1], *passes[1];
    sp_option o[OPTIONS_COUNT] = {
        [OPT_DATA] = {"data", "DIR", "the data directory", data, 1, 0},
        [OPT_LISTEN] = {"listen", "HOST:PORT", "address to serve on; port 0: any (127.0.0.1:8080)",
                        listen, SP_LISTEN_ADDRESSES_MAX, 0},
        [OPT_OPS_LISTEN] = {"ops-listen", "HOST:PORT",
                            "serve /metrics, /livez and /readyz here, to anyone who reaches it",
                            ops_listen, 1, 0},
        [OPT_IO_THREADS] = {"io-threads", "N", "threads that speak HTTP (cores / 2, at least 1)",
                            io_threads, 1, 0},
        [OPT_QUEUE_SIZE] = {"queue-size", "N", "commands under way per I/O thread (16384)",
                            queue_size, 1, 0},
        [OPT_CONNECTIONS_MAX] = {"max-connections", "N", "connections at once (60000)", connections,
                                 1, 0},
        [OPT_HEAD_TIMEOUT] = {"head-timeout-ms", "MS", "for a request's head to arrive (10000)",
                              head, 1, 0},
        [OPT_BODY_TIMEOUT] = {"body-timeout-ms", "MS", "for a request's body to arrive (20000)",
                              body, 1, 0},
        [OPT_IDLE_TIMEOUT] = {"idle-timeout-ms", "MS",
                              "before an idle connection is closed (60000)", idle, 1, 0},
        [OPT_SIGNUP] = {"signup", "on|off", "may anyone sign up (on)", signup, 1, 0},
        [OPT_SIGNUP_POINTS] = {"signup-points", "N", "points granted at sign-up (0)", points, 1, 0},
        [OPT_SIGNUP_RATE] = {"signup-rate", "N",
                             "sign-ups an hour of a network, /24 or /64; 0: no limit (200)",
                             signup_rate, 1, 0},
        [OPT_PASSWORD_MEMORY] = {"password-memory", "KIB",
                                 "memory of a password's hash, from 8192 (19456)", memory, 1, 0},
        [OPT_PASSWORD_PASSES] = {"password-passes", "N", "passes over it, 1 to 16 (2)", passes, 1,
                                 0},
        [OPT_RATE_LIMIT] = {"rate-limit", "N",
                            "writes a second of a user or unknown network; 0: no limit (50)", rate,
                            1, 0},
        [OPT_TRUST_PROXY] = {"trust-proxy", "CIDR",
                             "believe X-Forwarded-For of proxies in this network", proxies,
                             SP_TRUSTED_PROXIES_MAX, 0},
        [OPT_CORS_ORIGIN] = {"cors-origin", "ORIGIN",
                             "let web pages of scheme://host[:port], or *, read answers", origins,
                             SP_CORS_ORIGINS_MAX, 0},
        [OPT_LOG_LEVEL] = {"log-level", "LEVEL",
                           "lines on stderr: error, warn, info or debug (info)", level, 1, 0},
        [OPT_ACCESS_LOG] = {"access-log", "WHERE", "a line a request: off, stderr or a file (off)",
                            access, 1, 0},
        [OPT_DEMO] = {"demo", NULL, "fill an empty directory and print the logins", demo, 1, 0},
        [OPT_ACCEPT_CLOCK_AHEAD] = {"accept-clock-ahead", NULL,
                                    "serve a log that is ahead of the wall clock", ahead, 1, 0},
    };
    int code = sp_options_parse(USAGE, o, OPTIONS_COUNT, argc, argv, NULL);
    if (code != SP_EXIT_OK)
        return code;
    if (o[OPT_DATA].count == 0) {
        fprintf(stderr, "stagepick: --data DIR is needed\n");
        return SP_EXIT_USAGE;
    }
    *out = (sp_serve_options){
        .dir = data[0],
        .loops_count = default_loops(),
        .slots_per_loop = 16384,
        .connections_max = 60000,
        .head_timeout_ms = 10000,
        .body_timeout_ms = 20000,
        .idle_timeout_ms = 60000,
        .signup_open = true,
        .sign_ups_per_hour = SP_SIGN_UPS_PER_HOUR_DEFAULT,
        .password_cost = sp_password_cost_default,
        .writes_per_s_max = 50,
        .log_level = SP_LEVEL_INFO,
        .demo = o[OPT_DEMO].count > 0,
        .accept_clock_ahead = o[OPT_ACCEPT_CLOCK_AHEAD].count > 0,
    };
    bool good =
        take_listen(&o[OPT_LISTEN], out) && take_ops_listen(&o[OPT_OPS_LISTEN], out) &&
        take_number(&o[OPT_IO_THREADS], 1, 16, &out->loops_count) &&
        take_number(&o[OPT_QUEUE_SIZE], 1, 1u << 20, &out->slots_per_loop) &&
        take_number(&o[OPT_CONNECTIONS_MAX], 1, 1u << 20, &out->connections_max) &&
        take_number(&o[OPT_HEAD_TIMEOUT], 100, 3600000, &out->head_timeout_ms) &&
        take_number(&o[OPT_BODY_TIMEOUT], 100, 3600000, &out->body_timeout_ms) &&
        take_number(&o[OPT_IDLE_TIMEOUT], 100, 3600000, &out->idle_timeout_ms) &&
        take_number(&o[OPT_SIGNUP_RATE], 0, SP_SIGN_UPS_PER_HOUR_MAX, &out->sign_ups_per_hour) &&
        take_number(&o[OPT_PASSWORD_MEMORY], SP_PASSWORD_MEMORY_KIB_MIN, SP_PASSWORD_MEMORY_KIB_MAX,
                    &out->password_cost.memory_kib) &&
        take_number(&o[OPT_PASSWORD_PASSES], 1, SP_PASSWORD_PASSES_MAX,
                    &out->password_cost.passes) &&
        take_number(&o[OPT_RATE_LIMIT], 0, SP_WRITES_PER_S_MAX, &out->writes_per_s_max) &&
        take_proxies(&o[OPT_TRUST_PROXY], out) && take_cors(&o[OPT_CORS_ORIGIN], out) &&
        take_logs(&o[OPT_LOG_LEVEL], &o[OPT_ACCESS_LOG], out) &&
        take_signup(&o[OPT_SIGNUP], &o[OPT_SIGNUP_POINTS], out);
    return good ? SP_EXIT_OK : SP_EXIT_USAGE;
}
