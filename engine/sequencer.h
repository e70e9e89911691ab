/* SPDX-License-Identifier: MIT
 *
 * The sequencer: the one thread that decides. An agent: do_work handles one
 * batch and returns how many commands it took; run calls it until told to
 * stop, sleeping when there is nothing.
 *
 * The phases of a batch, in the order that the durability rule demands:
 *
 *   drain → stamp → expire → decide · append · apply → commit → publish → release
 *
 * Expire: holds that are overdue at the batch's time end by events before anything
 * is decided at it, also where nobody asks for anything: an idle sequencer sleeps
 * until the next deadline. When very many are due at once (a whole drop's, or after
 * a restart) they are committed in slices, and the commands wait for the last.
 *
 * The last two phases are those of the batch before: a commit makes the batches before
 * it durable (engine/log.h), so a batch waits for the next one's commit, or, if
 * nothing more has come, for a flush of its own (settle). Then it is published,
 * then released. Nothing is released before its batch is durable: not an
 * answer, not a refusal, not a query's result, since each may have seen the
 * batch, or the one before that still waits. Only what saw durable state alone
 * is released at once.
 *
 * A batch need not have an event: log-ins and the like (engine/side_commands.h)
 * change side records alone, and are committed and wait as any other, be the
 * answer a success or a refusal. A batch that changed neither is not committed.
 *
 * If append, commit or settle fails, memory is ahead of the log: the batch, the
 * one that waits and everything that comes after is answered outcome_unknown,
 * nothing is published, and the sequencer is failed for good; the program
 * exits 1.
 */
#ifndef SP_ENGINE_SEQUENCER_H
#define SP_ENGINE_SEQUENCER_H

#include "engine/clock.h"
#include "engine/engine.h"
#include "engine/figures.h"
#include "engine/log.h"
#include "engine/queue.h"
#include "engine/tally.h"
#include "engine/views.h"

typedef struct sp_sequencer sp_sequencer;

typedef struct sp_sequencer_config {
    sp_state *state; /* borrowed, as all below: outlive the sequencer */
    sp_views *views;
    sp_log *log;
    sp_clock *clock;
    sp_queue *queue;
    uint32_t batch_commands_max; /* 1 … 65536 */
    uint32_t batch_bytes_max;    /* an estimate of the log bytes of a batch */
    /* Called once, on the sequencer's thread, when it has failed. May be NULL. */
    void (*on_failed)(void *context);
    void *on_failed_context;
} sp_sequencer_config;

/* Of what is durable; commit_ns counts both kinds of flush, commit and settle,
 * and a batch that waited along counts with the one that it waited for. */
typedef struct sp_sequencer_stats {
    uint64_t batches, commands, events, commit_ns_total, commit_ns_max, cycle_ns_max;
    uint32_t batch_commands_high;
    sp_tally_figures commit_time; /* SP_TALLY_TIMES; each flush, of either kind */
    sp_tally_figures batch_size;  /* SP_TALLY_SIZES: commands of a batch */
} sp_sequencer_stats;

/* NULL if out of memory. */
sp_sequencer *sp_sequencer_create(const sp_sequencer_config *config);
void sp_sequencer_destroy(sp_sequencer *sequencer);

/* One batch, or if nothing has come the flush that releases the one before;
 * returns how many commands it took or released (1 where there were none, of holds
 * that ended alone), 0 if there was nothing to do.
 * Never sleeps (but commit and settle block for the disk). */
uint32_t sp_sequencer_do_work(sp_sequencer *sequencer);

/* The thread's body: until sp_sequencer_stop and the queue is empty, or until
 * it failed and was stopped. Returns 0, or -1 if it failed. */
int sp_sequencer_run(sp_sequencer *sequencer);

/* Any thread. After this no one may push. */
void sp_sequencer_stop(sp_sequencer *sequencer);

bool sp_sequencer_failed(const sp_sequencer *sequencer);
/* Any thread, approximate. */
void sp_sequencer_stats_of(const sp_sequencer *sequencer, sp_sequencer_stats *out);
/* Any thread: what the durable events add up to; each figure on its own. */
void sp_sequencer_figures_of(const sp_sequencer *sequencer, sp_engine_figures *out);

#endif
