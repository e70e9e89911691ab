/* SPDX-License-Identifier: MIT
 *
 * Commands given to the sequencer by the thousand, as a loop would under load:
 * pushed, decided and committed in large batches, so that a flush is shared by
 * thousands of them. For filling a directory before the sequencer has a thread
 * (as tools/local.h, which waits for each command, or for one batch).
 *
 * One thread. The first refusal is kept; what was pushed before and behind it
 * is done all the same.
 */
#ifndef SP_BENCH_FILL_BATCH_H
#define SP_BENCH_FILL_BATCH_H

#include "engine/sequencer.h"

/* Commands a commit. The queue must hold twice as many: one batch waits for the
 * flush of the next. */
#define SP_BENCH_FILL_BATCH 4096u
#define SP_BENCH_FILL_SLOTS (2u * SP_BENCH_FILL_BATCH)

typedef struct sp_bench_fill_batch {
    sp_sequencer *sequencer; /* borrowed, as the queue */
    sp_queue *queue;
    sp_mailbox mailbox;
    sp_slots slots;
    uint32_t pushed_count; /* since the last batch */
    uint64_t under_way;    /* pushed and not come back */
    sp_outcome refusal;    /* the first one, or SP_OK */
    const char *limit;     /* of limit_reached, else NULL */
} sp_bench_fill_batch;

/* false if out of memory. */
bool sp_bench_fill_batch_init(sp_bench_fill_batch *batch, sp_sequencer *sequencer, sp_queue *queue);
/* Nothing may be under way. */
void sp_bench_fill_batch_close(sp_bench_fill_batch *batch);

/* A slot whose command the caller fills in and then pushes. May commit. */
sp_slot *sp_bench_fill_batch_take(sp_bench_fill_batch *batch);
/* Its number, 0 … SP_BENCH_FILL_SLOTS - 1: for what the command borrows, which
 * must stay until this slot is taken again. */
uint32_t sp_bench_fill_batch_index(const sp_bench_fill_batch *batch, const sp_slot *slot);
/* May commit. */
void sp_bench_fill_batch_push(sp_bench_fill_batch *batch, sp_slot *slot);
/* Until everything pushed is durable. false if anything was refused, ever. */
bool sp_bench_fill_batch_finish(sp_bench_fill_batch *batch);

#endif
