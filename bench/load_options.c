/* SPDX-License-Identifier: MIT */
#include "bench/load_options.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/load_pace.h"
#include "bench/load_side.h"
#include "net/server.h"
#include "net/token.h"
#include "tools/options.h"

/* Tokens are made at the start: a run by time ends well before they do. */
#define RUN_S_MAX 780u
#define WARMUP_S_MAX 60u
_Static_assert(RUN_S_MAX + WARMUP_S_MAX < SP_TOKEN_TTL_S, "no token expires in a run");
_Static_assert(RUN_S_MAX + WARMUP_S_MAX < SP_BENCH_LOAD_RUN_S_MAX, "the pace can count it");

enum {
    OPT_TO,
    OPT_WORKLOAD,
    OPT_PROTOCOL,
    OPT_CONNECTIONS,
    OPT_DEPTH,
    OPT_RATE,
    OPT_SECONDS,
    OPT_WARMUP,
    OPT_REQUESTS,
    OPT_TIMEOUT,
    OPT_DATA,
    OPT_USERS,
    OPT_CONCERTS,
    OPT_SEATS,
    OPT_FROM,
    OPT_COUNT,
    OPT_ABANDON,
    OPT_WATCHERS,
    OPT_SERVER_PID,
    OPT_SCRIPT,
    OPT_KEYED,
    OPT_CHECK,
    OPT_JSON,
    OPT_HISTOGRAM,
    OPTIONS_COUNT
};

static bool refuse(const char *text)
{
    fprintf(stderr, "stagepick: %s\n", text);
    return false;
}

static bool take_number(const sp_option *option, uint64_t min, uint64_t max, uint64_t *out)
{
    return option->count == 0 || sp_option_number(option, min, max, out);
}

static bool take_small(const sp_option *option, uint32_t min, uint32_t max, uint32_t *out)
{
    uint64_t value = *out;
    bool good = take_number(option, min, max, &value);
    *out = (uint32_t)value;
    return good;
}

/* FIRST:COUNT, both from 1. */
static bool take_range(const sp_option *option, sp_bench_load_range *out)
{
    if (option->count == 0)
        return true;
    const char *text = option->values[0];
    char *end = NULL, *behind = NULL;
    errno = 0;
    bool digits = strspn(text, "0123456789:") == strlen(text);
    unsigned long first = digits ? strtoul(text, &end, 10) : 0;
    unsigned long count = first > 0 && *end == ':' ? strtoul(end + 1, &behind, 10) : 0;
    if (count == 0 || *behind != '\0' || errno != 0 || first > INT32_MAX ||
        count > INT32_MAX - first) {
        fprintf(stderr, "stagepick: --%s takes FIRST:COUNT, both from 1, not: %s\n", option->name,
                text);
        return false;
    }
    *out = (sp_bench_load_range){(uint32_t)first, (uint32_t)count};
    return true;
}

static bool take_address(const sp_option *option, sp_bench_load_options *out)
{
    sp_listen_address address;
    if (option->count == 0)
        return refuse("--to HOST:PORT is needed");
    out->to = option->values[0];
    if (!sp_listen_address_parse(out->to, &address) || address.port == 0) {
        fprintf(stderr, "stagepick: --to takes HOST:PORT or [IPV6]:PORT, not: %s\n", out->to);
        return false;
    }
    char port[8];
    snprintf(port, sizeof port, "%u", address.port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(address.host, port, &hints, &found);
    if (error != 0) {
        fprintf(stderr, "stagepick: --to %s: %s\n", out->to, gai_strerror(error));
        return false;
    }
    memcpy(&out->address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

static bool take_workload(const sp_option *option, sp_bench_load_options *out)
{
    const char *name = option->count > 0 ? option->values[0] : "spread";
    out->workload = sp_bench_load_workload_of_name(name);
    if (out->workload != NULL)
        return true;
    fprintf(stderr, "stagepick: --workload takes one of these, not: %s\n", name);
    for (uint32_t i = 0; sp_bench_load_workload_at(i) != NULL; i++)
        fprintf(stderr, "  %-8s  %s\n", sp_bench_load_workload_at(i)->name,
                sp_bench_load_workload_at(i)->help);
    return false;
}

static bool take_protocol(const sp_option *option, sp_bench_load_options *out)
{
    const char *name = option->count > 0 ? option->values[0] : "http";
    out->protocol = sp_bench_load_protocol_of_name(name);
    if (out->protocol != NULL)
        return true;
    fprintf(stderr, "stagepick: --protocol takes http or redis, not: %s\n", name);
    return false;
}

/* What does not go together. */
static bool check_together(const sp_option *o, const sp_bench_load_options *out)
{
    bool is_http = out->protocol == &sp_bench_load_http;
    bool has_user = sp_bench_load_kind_has_user(out->workload->kind);
    if (!out->protocol->knows(out->workload->kind)) {
        fprintf(stderr, "stagepick: --workload %s can't go over --protocol %s\n",
                out->workload->name, out->protocol->name);
        return false;
    }
    if (o[OPT_SECONDS].count > 0 && o[OPT_REQUESTS].count > 0)
        return refuse("--seconds and --requests exclude each other");
    if (is_http && has_user && out->dir == NULL)
        return refuse("--data DIR is needed: the users' tokens are made with its key");
    if (out->check && (!is_http || out->dir == NULL))
        return refuse("--check needs --data DIR and --protocol http: it reads the server's log");
    if (!is_http && out->script == NULL)
        return refuse("--script SHA is needed with --protocol redis");
    if (is_http && out->script != NULL)
        return refuse("--script goes with --protocol redis alone");
    if (out->keyed && !(is_http && has_user))
        return refuse("--keyed goes with orders over http alone");
    if (o[OPT_COUNT].count > 0 && out->workload != &sp_bench_load_best_available)
        return refuse("--count goes with --workload best-available alone");
    if (o[OPT_ABANDON].count > 0 && out->workload->follow == NULL)
        return refuse("--abandon goes with workloads that hold seats");
    if ((o[OPT_WATCHERS].count > 0 || out->server_pid > 0) &&
        out->workload->side != &sp_bench_load_side_of_watch)
        return refuse("--watchers and --server-pid go with map-watch and drop alone");
    if (out->workload == &sp_bench_load_drop &&
        (out->rate > 0 || out->depth > 1 || out->requests_count > 0 || o[OPT_FROM].count > 0 ||
         out->histogram_path != NULL))
        return refuse(
            "--workload drop takes no --rate, --depth, --requests, --from or --histogram");
    if (out->workload == &sp_bench_load_drop && out->connections_count > out->stage.users.count)
        return refuse("--workload drop has a user a connection: --connections are more than users");
    return true;
}

static bool take_all(const sp_option *o, sp_bench_load_options *out)
{
    return take_address(&o[OPT_TO], out) && take_workload(&o[OPT_WORKLOAD], out) &&
           take_protocol(&o[OPT_PROTOCOL], out) &&
           take_small(&o[OPT_CONNECTIONS], 1, 60000, &out->connections_count) &&
           take_small(&o[OPT_DEPTH], 1, 4096, &out->depth) &&
           take_number(&o[OPT_RATE], 0, SP_BENCH_LOAD_RATE_MAX, &out->rate) &&
           take_small(&o[OPT_SECONDS], 1, RUN_S_MAX, &out->run_s) &&
           take_small(&o[OPT_WARMUP], 0, WARMUP_S_MAX, &out->warmup_s) &&
           take_number(&o[OPT_REQUESTS], 1, UINT32_MAX, &out->requests_count) &&
           take_small(&o[OPT_TIMEOUT], 1, 600, &out->timeout_s) &&
           take_range(&o[OPT_USERS], &out->stage.users) &&
           take_range(&o[OPT_CONCERTS], &out->stage.concerts) &&
           take_small(&o[OPT_SEATS], 1, SP_SEATS_PER_CONCERT_MAX, &out->stage.seats_count) &&
           take_number(&o[OPT_FROM], 0, INT64_MAX, &out->from) &&
           take_small(&o[OPT_COUNT], 1, SP_SEATS_PER_ORDER_MAX, &out->stage.group_size) &&
           take_small(&o[OPT_ABANDON], 0, 100, &out->stage.abandon_percent) &&
           take_small(&o[OPT_WATCHERS], 0, 60000, &out->watchers_count) &&
           take_small(&o[OPT_SERVER_PID], 1, INT32_MAX, &out->server_pid) && check_together(o, out);
}

int sp_bench_load_options_parse(int argc, char **argv, sp_bench_load_options *out)
{
    static const char *values[OPTIONS_COUNT];
    sp_option o[OPTIONS_COUNT] = {
        [OPT_TO] = {"to", "HOST:PORT", "the server", NULL, 1, 0},
        [OPT_WORKLOAD] = {"workload", "NAME",
                          "spread, hot, map, map-304, livez, hold-then-order, best-available, "
                          "queue, map-watch or drop (spread)",
                          NULL, 1, 0},
        [OPT_PROTOCOL] = {"protocol", "NAME", "http or redis (http)", NULL, 1, 0},
        [OPT_CONNECTIONS] = {"connections", "N", "keep-alive connections (64)", NULL, 1, 0},
        [OPT_DEPTH] = {"depth", "N", "requests in flight on each (1)", NULL, 1, 0},
        [OPT_RATE] = {"rate", "N", "requests a second, open loop (0: closed loop)", NULL, 1, 0},
        [OPT_SECONDS] = {"seconds", "S", "to measure (5)", NULL, 1, 0},
        [OPT_WARMUP] = {"warmup", "S", "to load before it, counted apart (1)", NULL, 1, 0},
        [OPT_REQUESTS] = {"requests", "N", "stop after so many instead", NULL, 1, 0},
        [OPT_TIMEOUT] = {"timeout", "S", "for an answer (60)", NULL, 1, 0},
        [OPT_DATA] = {"data", "DIR", "the server's data directory: key and log", NULL, 1, 0},
        [OPT_USERS] = {"users", "FIRST:COUNT", "who orders (2:1000)", NULL, 1, 0},
        [OPT_CONCERTS] = {"concerts", "FIRST:COUNT", "what is on sale (1:10)", NULL, 1, 0},
        [OPT_SEATS] = {"seats", "N", "seats of each concert (100000)", NULL, 1, 0},
        [OPT_FROM] = {"from", "I", "first order of the sequence to make (0)", NULL, 1, 0},
        [OPT_COUNT] = {"count", "N", "best-available: seats a hold (2)", NULL, 1, 0},
        [OPT_ABANDON] = {"abandon", "PERCENT", "holds that nobody buys (0)", NULL, 1, 0},
        [OPT_WATCHERS] = {"watchers", "N", "map-watch, drop: streams of seat maps (100)", NULL, 1,
                          0},
        [OPT_SERVER_PID] = {"server-pid", "PID", "map-watch, drop: whose memory is looked at", NULL,
                            1, 0},
        [OPT_SCRIPT] = {"script", "SHA", "redis: the loaded script", NULL, 1, 0},
        [OPT_KEYED] = {"keyed", NULL, "send an Idempotency-Key with each order", NULL, 1, 0},
        [OPT_CHECK] = {"check", NULL, "compare with the log at the end", NULL, 1, 0},
        [OPT_JSON] = {"json", NULL, "print one JSON object", NULL, 1, 0},
        [OPT_HISTOGRAM] = {"histogram", "FILE", "write the latencies as columns", NULL, 1, 0},
    };
    for (uint32_t i = 0; i < OPTIONS_COUNT; i++)
        o[i].values = &values[i];
    int code = sp_options_parse("stagepick bench load --to HOST:PORT [OPTION]...\n"
                                "Loads a server and tells how it bore it. Defaults are what "
                                "`bench fill` makes in an empty directory.",
                                o, OPTIONS_COUNT, argc, argv, NULL);
    if (code != SP_EXIT_OK)
        return code;
    *out = (sp_bench_load_options){
        .connections_count = 64,
        .depth = 1,
        .warmup_s = 1,
        .run_s = 5,
        .timeout_s = 60,
        .dir = o[OPT_DATA].count > 0 ? values[OPT_DATA] : NULL,
        .stage = {.users = {2, 1000}, .concerts = {1, 10}, .seats_count = 100000, .group_size = 2},
        .watchers_count = 100,
        .script = o[OPT_SCRIPT].count > 0 ? values[OPT_SCRIPT] : NULL,
        .histogram_path = o[OPT_HISTOGRAM].count > 0 ? values[OPT_HISTOGRAM] : NULL,
        .keyed = o[OPT_KEYED].count > 0,
        .check = o[OPT_CHECK].count > 0,
        .json = o[OPT_JSON].count > 0,
    };
    if (!take_all(o, out))
        return SP_EXIT_USAGE;
    if (out->workload == &sp_bench_load_drop)
        out->stage.concerts.count = 1; /* everyone wants the first */
    return SP_EXIT_OK;
}
