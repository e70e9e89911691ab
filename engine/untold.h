/* SPDX-License-Identifier: MIT
 *
 * What a batch has decided and may not tell yet: the answers, a chain for each
 * mailbox that they go to; the events that the views have not seen, whose texts
 * borrow from the answers' slots; what those did to seats; and the figures of the
 * state as it was then.
 *
 * The sequencer's own (private to engine/): one batch is being decided while the one
 * before it waits to be durable.
 */
#ifndef SP_ENGINE_UNTOLD_H
#define SP_ENGINE_UNTOLD_H

#include "engine/changes.h"
#include "engine/figures.h"
#include "engine/slot.h"

/* Mailboxes that one batch may complete into: one a loop, and a few of the
 * program's own. */
#define SP_UNTOLD_MAILBOXES_MAX 32u
/* How many answers ahead the loop that follows a chain back to its oldest asks
 * for their memory. */
#define SP_UNTOLD_AHEAD 8u

/* Answers for one mailbox, newest first. */
typedef struct sp_untold_chain {
    sp_mailbox *mailbox;
    sp_slot *newest, *oldest;
    sp_slot *last[SP_UNTOLD_AHEAD]; /* by their number */
    uint32_t count;
} sp_untold_chain;

typedef struct sp_untold {
    sp_untold_chain chains[SP_UNTOLD_MAILBOXES_MAX];
    uint32_t chains_count;
    uint32_t commands_count;
    sp_event *events; /* room for events_max */
    uint32_t events_count;
    sp_changes changes;
    sp_engine_figures figures; /* behind the last event */
    bool has_sides;            /* changed side records, perhaps without any event */
} sp_untold;

/* false if out of memory; close it all the same. */
bool sp_untold_init(sp_untold *untold, uint32_t events_max, uint32_t changes_max);
void sp_untold_close(sp_untold *untold);

/* Neither an answer nor, of holds that ended unasked, an event waits in it. */
static inline bool sp_untold_is_empty(const sp_untold *untold)
{
    return untold->commands_count == 0 && untold->events_count == 0;
}

/* Adds answers behind those that are there already. */
void sp_untold_add_answers(sp_untold *untold, sp_slot *const *slots, uint32_t count);
/* The answers of the batch at hand will wait in another one. */
void sp_untold_forget_answers(sp_untold *untold);
/* Gives every slot back to its loop: one chain and at most one wake-up a loop. From
 * here on the slots are not ours. It is empty then. */
void sp_untold_release(sp_untold *untold);

#endif
