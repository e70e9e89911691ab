/* SPDX-License-Identifier: MIT
 *
 * What a batch has done to concerts and their seats, event by event, in the order of
 * their seqs: noted by the sequencer as it applies, read when the batch is durable and
 * the views are to show it. By then the state may be batches ahead (the hold that took
 * the seats has ended, and they are another's), and so can't be asked.
 *
 * One buffer, reserved once, used from the front again and again:
 *
 *   entry = seq (2 words), concert, kind, seats count, seat …
 *
 * An edit has the two halves of its card's address in the place of seats.
 *
 * Owned by the sequencer.
 */
#ifndef SP_ENGINE_CHANGES_H
#define SP_ENGINE_CHANGES_H

#include <stddef.h>

#include "engine/event.h"
#include "engine/state.h"

typedef enum sp_change_kind {
    SP_CHANGE_SOLD = 1,  /* free → sold */
    SP_CHANGE_HELD,      /* free → held */
    SP_CHANGE_HELD_SOLD, /* held → sold */
    SP_CHANGE_SOLD_FREED,
    SP_CHANGE_HELD_FREED,
    /* of the concert itself, without seats */
    SP_CHANGE_EDITED,
    SP_CHANGE_PAUSED,
    SP_CHANGE_RESUMED,
    SP_CHANGE_CANCELLED, /* and all its seats, sold and held, are free */
} sp_change_kind;

typedef struct sp_change {
    sp_seq seq; /* several of one event have one seq */
    sp_concert_id concert;
    sp_change_kind kind;
    const sp_seat *seats; /* strictly ascending; in the buffer */
    uint32_t seats_count;
    const sp_concert_card *card; /* of an edit */
} sp_change;

typedef struct sp_changes {
    uint32_t *words;
    size_t size, capacity; /* words */
} sp_changes;

/* Room for so many changes of SP_SEATS_PER_ORDER_MAX seats. false: the address space
 * can't be had. */
bool sp_changes_init(sp_changes *changes, uint32_t count_max);
void sp_changes_close(sp_changes *changes);
static inline void sp_changes_clear(sp_changes *changes)
{
    changes->size = 0;
}

/* Notes what an event is about to do; before it is applied. */
void sp_changes_add(sp_changes *changes, const sp_state *state, const sp_event *event);
/* Notes what only an event that was applied shows: the card that an edit has made. */
void sp_changes_add_applied(sp_changes *changes, const sp_state *state, const sp_event *event);

/* Reads on from *at (0 = the first); false at the end. */
bool sp_changes_next(const sp_changes *changes, size_t *at, sp_change *out);

#endif
