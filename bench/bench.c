/* SPDX-License-Identifier: MIT */
#include "bench/bench.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tools/commands.h"
#include "tools/options.h"

uint64_t sp_bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint32_t sp_bench_random_below(sp_bench_random *random, uint32_t bound)
{
    uint64_t x = random->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    random->state = x;
    /* The high half, scaled: no division, and a bias of bound / 2^32. */
    uint32_t high = (uint32_t)((x * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
    return (uint32_t)(((uint64_t)high * bound) >> 32);
}

uint64_t sp_bench_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} benches[] = {
    {"engine", sp_bench_engine, "the engine alone: no socket, no log"},
    {"queue", sp_bench_queue, "commands through the queue and back"},
    {"log", sp_bench_log, "append, commit and replay of the event log"},
    {"codec", sp_bench_codec, "events into bytes and back"},
    {"http", sp_bench_http, "requests parsed, answers written, without sockets"},
    {"json", sp_bench_json, "bodies of orders read and written"},
    {"finder", sp_bench_finder, "the best seats that are left"},
    {"holds", sp_bench_holds, "holds taken, extended, released, bought and ended"},
    {"search", sp_bench_search, "concerts by parts of their names"},
    {"cancel", sp_bench_cancel, "a concert cancelled with 50,000 orders"},
    {"floor", sp_bench_floor, "the least server there can be, to compare ours with"},
    {"load", sp_bench_load, "loads a server and tells how it bore it"},
    {"fill", sp_bench_fill, "fills a data directory to measure a server on"},
};
#define BENCHES_COUNT (sizeof benches / sizeof benches[0])

static void print_usage(FILE *to)
{
    fputs("usage: stagepick bench NAME [OPTION]...\n", to);
    for (size_t i = 0; i < BENCHES_COUNT; i++)
        fprintf(to, "  %-7s %s\n", benches[i].name, benches[i].help);
}

int sp_command_bench(int argc, char **argv)
{
    const char *name = argc >= 2 ? argv[1] : "";
    for (size_t i = 0; i < BENCHES_COUNT; i++)
        if (strcmp(name, benches[i].name) == 0)
            return benches[i].run(argc - 1, argv + 1);
    bool help = strcmp(name, "--help") == 0;
    if (!help && *name != '\0')
        fprintf(stderr, "stagepick: no such bench: %s\n", name);
    print_usage(help ? stdout : stderr);
    return help ? SP_EXIT_OK : SP_EXIT_USAGE;
}
