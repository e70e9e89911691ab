/* SPDX-License-Identifier: MIT
 *
 * The minute in which sales open, as `bench load --workload drop` plays it. Each user
 * has a connection of his own and goes through this:
 *
 *   poll    GET the concert each 0.25 to 0.75 s until it is on sale
 *   hold    the best available: 1 seat (20 of 100 users), 2 (50), 3 (10) or 4 (20).
 *           Refused: again after 0.3 to 1 s, one seat fewer if there are no such
 *           neighbours; he gives up after 4 refusals
 *   order   after 0.2 to 2 s of thought 80 of 100 buy what they hold; 10 give it
 *   release back, and 10 walk away, so that it expires
 *
 * All of it seeded: who does what is the same in each run, when is the server's
 * affair. Watchers of the map go on beside it (load_watch.c). It ends when nobody has
 * anything left to do, or after run_ms from the opening, or from the start if sales do
 * not open.
 *
 * One thread; blocks until it is over.
 */
#ifndef SP_BENCH_LOAD_DROP_H
#define SP_BENCH_LOAD_DROP_H

#include "bench/histogram.h"
#include "bench/load_counts.h"
#include "bench/load_protocol.h"
#include "bench/load_side.h"

typedef enum sp_bench_load_drop_step {
    SP_BENCH_LOAD_DROP_POLL,
    SP_BENCH_LOAD_DROP_HOLD,
    SP_BENCH_LOAD_DROP_ORDER,
    SP_BENCH_LOAD_DROP_RELEASE,
    SP_BENCH_LOAD_DROP_STEPS_COUNT,
} sp_bench_load_drop_step;

/* `poll`, `hold`, `order`, `release`. */
const char *sp_bench_load_drop_step_name(sp_bench_load_drop_step step);

/* What a user is going to do: a function of his number. */
typedef struct sp_bench_load_drop_plan {
    uint32_t group_size;
    enum { SP_BENCH_LOAD_DROP_BUYS, SP_BENCH_LOAD_DROP_GIVES_BACK, SP_BENCH_LOAD_DROP_WALKS } end;
    uint32_t thought_ms;
} sp_bench_load_drop_plan;

sp_bench_load_drop_plan sp_bench_load_drop_plan_of(uint32_t user);

typedef struct sp_bench_load_drop_config {
    const struct sockaddr *address;
    const void *wire;                 /* of sp_bench_load_http */
    const sp_bench_load_stage *stage; /* the first concert; a user a connection */
    uint32_t users_count;             /* at most stage->users.count */
    uint32_t run_ms, timeout_ms;
    const sp_bench_load_side *side; /* watchers */
    void *watch;                    /* what side->open gave */
} sp_bench_load_drop_config;

typedef struct sp_bench_load_drop_outcome {
    struct {
        sp_bench_load_counts counts;
        sp_bench_histogram *latency; /* made by the caller */
    } steps[SP_BENCH_LOAD_DROP_STEPS_COUNT];
    uint64_t errors[SP_BENCH_LOAD_ERRORS_COUNT];
    uint64_t unanswered;
    /* Users, by how it ended for them. */
    uint32_t bought, gave_back, walked_away, gave_up, unfinished;
    uint64_t seats_sold;
    bool opened;         /* sales did, in the run */
    double seconds;      /* from the opening to the end */
    double sold_s;       /* to the last sale */
    double none_left_s;  /* to the first who was told that not one seat is free; 0: nobody */
    uint64_t peak_seats; /* most in one of the seconds from the opening on */
} sp_bench_load_drop_outcome;

/* false with a sentence in why if it could not begin. *out is zeroed but for
 * histograms. */
bool sp_bench_load_drop_run(const sp_bench_load_drop_config *config,
                            sp_bench_load_drop_outcome *out, char *why, size_t why_size);

#endif
