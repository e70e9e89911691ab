/* SPDX-License-Identifier: MIT
 *
 * The open loop's arrivals: number k is meant for start + k / rate, whatever
 * the server does. Nothing waits in a list: what is due and not yet sent is
 * the difference of two counters, and its intended time follows from its
 * number. The timer is a timerfd, since libuv's have a grain of 1 ms.
 */
#ifndef SP_BENCH_LOAD_PACE_H
#define SP_BENCH_LOAD_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define SP_BENCH_LOAD_RATE_MAX UINT64_C(5000000)
/* So long is a run at most: products below then stay in 64 bits. */
#define SP_BENCH_LOAD_RUN_S_MAX 3600u
/* Setting a timer costs some 10 us where the hardware's is a hypervisor's, and
 * one for each of 20,000 arrivals a second took an eighth of two processors from
 * the server. What an arrival waits for the timer counts as its latency. */
#define SP_BENCH_LOAD_PACE_GRAIN_NS UINT64_C(100000)

typedef struct sp_bench_load_pace {
    int fd;            /* readable when the armed time has come; -1 = none */
    uint64_t rate;     /* a second */
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    uint64_t armed_ns; /* what the timer was last set to */
} sp_bench_load_pace;

/* rate 1 … SP_BENCH_LOAD_RATE_MAX. false with errno if there is no timer. */
bool sp_bench_load_pace_init(sp_bench_load_pace *pace, uint64_t rate);
void sp_bench_load_pace_close(sp_bench_load_pace *pace);

/* Arrival 0 is meant for start_ns. */
void sp_bench_load_pace_start(sp_bench_load_pace *pace, uint64_t start_ns);
uint64_t sp_bench_load_pace_intended_ns(const sp_bench_load_pace *pace, uint64_t arrival);
/* How many arrivals there are up to now, that of now included. */
uint64_t sp_bench_load_pace_due(const sp_bench_load_pace *pace, uint64_t now_ns);
/* Makes the fd readable when this arrival is due, or up to the grain later, so
 * that arrivals close together share a wake-up. It may also become readable too
 * early, at a time armed before: arm again then. */
void sp_bench_load_pace_arm(sp_bench_load_pace *pace, uint64_t arrival, uint64_t now_ns);
/* And not at all. */
void sp_bench_load_pace_disarm(sp_bench_load_pace *pace);

#endif
