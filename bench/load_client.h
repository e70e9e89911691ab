/* SPDX-License-Identifier: MIT
 *
 * One run of the load generator: connect, prime, warm up, measure, drain.
 *
 * Closed loop (rate 0): each connection always has `depth` requests in flight;
 * a request is sent when an answer has come. Its latencies tell how long those
 * took that were sent, and a server that stalls is asked less: look at the
 * rate, not at the tail.
 *
 * Open loop: requests are meant for fixed times, whatever the server does.
 * Latency counts from the intended time, so one that could not be sent because
 * every connection was waiting has waited too (G. Tene's coordinated omission).
 * What is due before the end is still sent and waited for after it.
 *
 * Which answers count: in a run by time those that come in the window, so that
 * they and its seconds make the rate that was reached, whatever was asked; in
 * one by number those to its requests, and it lasts until the last of them.
 * Latencies are of the requests sent in the window, or meant for it, whenever
 * they were answered. A request that got no answer (timeout, end of the drain,
 * never sent) has at least waited so long and is recorded with that.
 *
 * Where a unit is several requests (a hold, then its order), a rate is one of
 * units, and so are the counts: what became of the last request. The steps are
 * told apart beside that. Only the first request of a unit is paced.
 *
 * One thread; blocks until the run is over.
 */
#ifndef SP_BENCH_LOAD_CLIENT_H
#define SP_BENCH_LOAD_CLIENT_H

#include <sys/socket.h>

#include "bench/histogram.h"
#include "bench/load_counts.h"
#include "bench/load_protocol.h"
#include "bench/load_side.h"
#include "bench/load_workload.h"

typedef struct sp_bench_load_plan {
    const struct sockaddr *address;
    const sp_bench_load_protocol *protocol;
    const void *wire; /* what protocol->open gave */
    const sp_bench_load_workload *workload;
    void *sequence; /* what workload->open gave */
    void *side;     /* what workload->side->open gave, or NULL */
    uint32_t connections_count, depth;
    uint64_t rate; /* a second; 0 = closed loop */
    uint32_t warmup_ms, run_ms;
    uint64_t requests_count; /* > 0: so many instead of run_ms */
    uint64_t from;           /* index of the first request in the sequence */
    uint32_t timeout_ms;     /* for an answer */
    uint32_t drain_ms;       /* at the end, for all of them */
} sp_bench_load_plan;

/* The answers to one step of the units; a workload without steps has one. */
typedef struct sp_bench_load_step_outcome {
    sp_bench_load_counts measured;
    uint64_t made;               /* 201 and 202, of the whole run */
    sp_bench_histogram *latency; /* made by the caller; NULL: not wanted */
} sp_bench_load_step_outcome;

typedef struct sp_bench_load_outcome {
    /* Every unit but a prime is in one of them, with its last answer. */
    sp_bench_load_counts warmup, measured;
    sp_bench_load_counts late;                   /* answered behind the window, in the drain */
    uint64_t errors[SP_BENCH_LOAD_ERRORS_COUNT]; /* of the whole run, by connection */
    uint64_t unanswered;         /* sent, whatever became of them: may have been done */
    uint64_t unsent;             /* due, and never sent: the connections were busy */
    uint64_t next;               /* index behind the last request used */
    bool ran_out;                /* the sequence ended before the run */
    double seconds;              /* of the window */
    double user_us, system_us;   /* the generator's own processor time in it */
    sp_bench_histogram *latency; /* of units; made by the caller */
    sp_bench_load_step_outcome steps[SP_BENCH_LOAD_STEPS_MAX];
} sp_bench_load_outcome;

/* false with a sentence in why if the run could not begin: no connection, no
 * memory. *outcome is zeroed but for histograms. */
bool sp_bench_load_run(const sp_bench_load_plan *plan, sp_bench_load_outcome *outcome, char *why,
                       size_t why_size);

#endif
