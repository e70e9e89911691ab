/* SPDX-License-Identifier: MIT
 *
 * Walks a log from a seq to its head and believes nothing: density of seq,
 * batch counts and times, the chain, that no event lies behind the last batch;
 * with a state also decode, admit and apply of every event.
 *
 * Profiles are not compared with users: a person may have been erased, and an
 * auditor's copy has none.
 *
 * Works in slices: no read transaction lives longer than 100 ms (a parked
 * reader makes the writer's file grow), the cursor is found again by seq. So
 * it may run beside a writer; it ends at the head that stood when it began, and
 * has made that durable before it shows anything (SP_ENV_READ: it flushes).
 *
 * Each step must bring exactly the next seq, and each tree descent of LMDB is
 * bounded, so a damaged file ends the walk and can't make it run for ever. It
 * can crash it: an unchecked file is walked in a child (storage/guard.h).
 *
 * Any thread, one at a time a state. Allocates at the start only.
 */
#ifndef SP_STORAGE_RECOVER_H
#define SP_STORAGE_RECOVER_H

#include "engine/engine.h"
#include "storage/chain.h"
#include "storage/env.h"

typedef struct sp_recover_config {
    /* Empty, or with `from` the state before that seq. NULL: nothing is
     * admitted or applied. */
    sp_state *state;
    /* First seq to show and apply; 0 or 1 = all. The walk begins at the batch
     * that holds it and takes the chain up to there as it stands. */
    sp_seq from;
    /* Last seq to show and apply; 0 = the head. Its batch is still read whole,
     * for the chain. Behind the head: the head. */
    sp_seq until;
    /* Also looks each seq up from the root of the tree, as a reader by seq
     * would: finds damage in branch pages that walking does not touch. */
    bool lookups;
    /* Decoded events, inside a read transaction: must be quick, must not
     * block. Returns NULL, or a static string saying what is wrong with the
     * event: that ends the walk as damage. May be NULL. */
    const char *(*on_event)(void *context, const sp_event *event);
    /* Between slices and at the end, outside any transaction: may block. */
    void (*on_slice)(void *context, sp_seq done, sp_seq head);
    void *context;
} sp_recover_config;

/* Kept up to date during the walk, so that it tells how far a walk got that
 * never returned (put it into a guard's result). */
typedef struct sp_recover_summary {
    sp_log_head head;      /* as it stood when the walk began */
    sp_seq seq;            /* last event walked; if the walk ends in damage, it may
                            * lie some dozens behind the damaged one */
    uint64_t events_count; /* walked */
    uint64_t batches_count;
    uint64_t value_bytes; /* of events walked */
} sp_recover_summary;

sp_storage_status sp_recover(sp_env *env, const sp_recover_config *config,
                             sp_recover_summary *summary, sp_finding *finding);

#endif
