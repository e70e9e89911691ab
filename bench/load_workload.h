/* SPDX-License-Identifier: MIT
 *
 * Workloads: what is asked, in which order. Each is a sequence that is a
 * function of the index alone, so that two runs ask the same, and a later run
 * on the same directory goes on where an earlier one ended (`--from`).
 *
 * A workload is a table of functions in a file of its own; load_workload.c
 * lists them. One thread; only open allocates.
 */
#ifndef SP_BENCH_LOAD_WORKLOAD_H
#define SP_BENCH_LOAD_WORKLOAD_H

#include <stddef.h>

#include "bench/load_request.h"

/* Ids first, first + 1 … first + count - 1. */
typedef struct sp_bench_load_range {
    uint32_t first, count;
} sp_bench_load_range;

/* What the server has. */
typedef struct sp_bench_load_stage {
    sp_bench_load_range users, concerts;
    uint32_t seats_count; /* of each concert */
    /* What is asked of it. */
    uint32_t group_size;      /* best-available: seats a hold */
    uint32_t abandon_percent; /* holds that nobody buys: they expire */
} sp_bench_load_stage;

/* A request of a unit: its name in the report, and its kind. */
typedef struct sp_bench_load_step {
    const char *name;
    sp_bench_load_kind kind;
} sp_bench_load_step;
#define SP_BENCH_LOAD_STEPS_MAX 2u

typedef struct sp_bench_load_workload {
    const char *name, *help;
    sp_bench_load_kind kind;
    /* The code of the refusals that belong to it, or NULL. */
    const char *expected_code;
    /* NULL with a sentence in why[why_size] if the stage does not do, or there
     * is no memory. */
    void *(*open)(const sp_bench_load_stage *stage, char *why, size_t why_size);
    void (*close)(void *workload);
    /* How many requests the sequence has; UINT64_MAX = it never ends. */
    uint64_t (*capacity)(const void *workload);
    /* Request `index` < capacity. Sets all of *out but its index. NULL: it asks by
     * itself (load_drop.h). */
    void (*next)(void *workload, uint64_t index, sp_bench_load_request *out);
    /* Requests to be made and answered before the first one, to learn what the
     * others need; not counted anywhere. NULL = none. */
    uint32_t (*primes_count)(const void *workload);
    void (*prime)(void *workload, uint32_t index, sp_bench_load_request *out);
    /* Workloads whose unit is more than a request have steps (NULL: they don't), and
     * follow says after an accepted answer whether another request belongs to the
     * unit, and which: it goes next, on the same connection. */
    const sp_bench_load_step *steps;
    uint32_t steps_count;
    bool (*follow)(void *workload, uint64_t index, uint32_t step,
                   const sp_bench_load_answer *answer, sp_bench_load_request *out);
    bool reads_bodies; /* answers have their bodies */
    /* What goes on beside the requests (load_side.h), or NULL. */
    const struct sp_bench_load_side *side;
    /* Told of every answer, also to a prime. May be NULL. */
    void (*answered)(void *workload, uint32_t mark, const sp_bench_load_answer *answer);
} sp_bench_load_workload;

extern const sp_bench_load_workload sp_bench_load_spread, sp_bench_load_hot, sp_bench_load_map,
    sp_bench_load_map_304, sp_bench_load_livez, sp_bench_load_hold_then_order,
    sp_bench_load_best_available, sp_bench_load_queue, sp_bench_load_map_watch, sp_bench_load_drop;

/* All of them, by index; NULL behind the last. */
const sp_bench_load_workload *sp_bench_load_workload_at(uint32_t index);
/* NULL if no workload has this name. */
const sp_bench_load_workload *sp_bench_load_workload_of_name(const char *name);

#endif
