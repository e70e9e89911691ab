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

int sp_command_bench(int argc, char **argv)
{
    static const char usage[] = "usage: stagepick bench engine | fill [OPTION]...\n"
                                "  engine  measures the engine alone: no socket, no log\n"
                                "  fill    fills a data directory to measure a server on\n";
    const char *name = argc >= 2 ? argv[1] : "";
    if (strcmp(name, "engine") == 0)
        return sp_bench_engine(argc - 1, argv + 1);
    if (strcmp(name, "fill") == 0)
        return sp_bench_fill(argc - 1, argv + 1);
    bool help = strcmp(name, "--help") == 0;
    if (!help && *name != '\0')
        fprintf(stderr, "stagepick: no such bench: %s\n", name);
    fputs(usage, help ? stdout : stderr);
    return help ? SP_EXIT_OK : SP_EXIT_USAGE;
}
