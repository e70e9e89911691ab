/* SPDX-License-Identifier: MIT
 *
 * A slot carries one command to the sequencer and its result back. Each loop
 * owns a fixed pool of them; a command's slot is its completion's slot, so
 * completions can't overflow: whoever was given a slot will get it back.
 *
 * Ownership of a slot moves: pool → loop (sp_slots_take) → queue and sequencer
 * (sp_queue_push) → mailbox → loop (sp_mailbox_take_all) → pool
 * (sp_slots_give). Only the owner touches it; each hand-over is a
 * release/acquire pair in the queue or the mailbox.
 *
 * A closing connection never frees a slot: it forgets it, and the completion
 * gives it back (the loop keeps a generation beside `owner` for that).
 */
#ifndef SP_ENGINE_SLOT_H
#define SP_ENGINE_SLOT_H

#include <stdatomic.h>

#include "engine/command.h"
#include "engine/result.h"

typedef struct sp_mailbox sp_mailbox;

typedef struct sp_slot {
    struct sp_slot *next; /* in the pool's free list or the mailbox's chain */
    sp_mailbox *mailbox;  /* where the completion goes; fixed for its life */
    void *owner;          /* the loop's own; the sequencer never looks */
    uint64_t owner_generation;
    /* A slot that the taker of a chain will come to some steps later, or NULL:
     * only ever prefetched. A chain is followed one cache miss after the other,
     * all of them to lines that another core has just written. */
    struct sp_slot *ahead;
    sp_command command;
    sp_result result;
} sp_slot;

/* Completions of one loop: many slots put by the sequencer as one chain, all
 * taken by the loop at once (a Treiber stack with one producer; take_all is
 * an exchange, so there is no ABA). */
struct sp_mailbox {
    _Atomic(sp_slot *) head;
    /* Called by the sequencer when the mailbox went from empty to not empty:
     * uv_async_send in the program. Any thread, never blocks. */
    void (*wake)(sp_mailbox *self);
};

void sp_mailbox_init(sp_mailbox *mailbox, void (*wake)(sp_mailbox *self));
/* Sequencer: a chain linked by next from its newest to its oldest slot (built
 * by prepending); the oldest one's next is overwritten. Release: pairs with
 * the acquire of take_all, which hands over the results. */
void sp_mailbox_put_chain(sp_mailbox *mailbox, sp_slot *newest, sp_slot *oldest);
/* Loop: everything put so far, oldest first, linked by next; NULL if none. */
sp_slot *sp_mailbox_take_all(sp_mailbox *mailbox);

/* A loop's pool: single-threaded, last in first out (the slot just used is
 * still in the cache). */
typedef struct sp_slots {
    sp_slot *slots; /* mmap'ed, touched as used */
    sp_slot *free;
    uint32_t count, taken, fresh; /* fresh: slots never used yet begin here */
    sp_mailbox *mailbox;
} sp_slots;

/* false if memory can't be had. */
bool sp_slots_init(sp_slots *slots, uint32_t count, sp_mailbox *mailbox);
/* Every slot must have come back. */
void sp_slots_close(sp_slots *slots);
/* NULL = all are under way: answer queue_full. The command part is not
 * cleared; the caller sets every field of its type, actor and idempotency. */
sp_slot *sp_slots_take(sp_slots *slots);
void sp_slots_give(sp_slots *slots, sp_slot *slot);

#endif
