/* SPDX-License-Identifier: MIT
 *
 * Holds: seats set aside for one user until a deadline. Up to a million live at
 * once, each for minutes; over a drop many more come and go. So a hold has:
 *
 *   a row in a ring, by the low bits of its id. A new hold takes the next id
 *   whose row is not a living hold's (one that is extended outlives others that
 *   were taken behind it), so ids ascend and seldom leave one out. A row keeps
 *   what was in it until it is used again, at least as many holds after its own
 *   taking as may live at once: who buys or extends too late is told so, not that
 *   there was never such a hold (but for one that was extended while so many others
 *   came and went);
 *
 *   a chain through its seats: each seat that is held names the next one of its
 *   hold, so that seats need no memory of their own, of whatever number;
 *
 *   a place in a heap by (deadline, id), four children to a node. Deadlines of new
 *   holds mostly ascend, so to take one is seldom more than an append; to end or
 *   extend one is O(log n).
 *
 * Owned by the state. Reads are pure; nothing allocates.
 */
#ifndef SP_ENGINE_HOLDS_H
#define SP_ENGINE_HOLDS_H

#include <stddef.h>

#include "engine/values.h"

typedef enum sp_hold_status {
    SP_HELD_NONE = 0, /* the row was never used */
    SP_HELD_LIVE,
    SP_HELD_RELEASED,
    SP_HELD_BOUGHT,
    SP_HELD_EXPIRED,
    SP_HELD_CANCELLED, /* with its concert */
} sp_hold_status;

typedef struct sp_hold_row {
    sp_time_ms deadline, created_at;
    sp_points amount;
    sp_seq taken_seq, seq; /* of its hold_taken, and of its last event */
    sp_hold_id id;
    sp_user_id user;
    sp_concert_id concert;
    sp_seat first_seat;
    uint32_t heap_at; /* its place, if it lives */
    uint8_t seats_count;
    uint8_t status; /* sp_hold_status */
    uint8_t unused[2];
} sp_hold_row;

_Static_assert(sizeof(sp_hold_row) == 64, "a hold is one cache line");

typedef struct sp_hold_due {
    sp_time_ms deadline;
    sp_hold_id id;
} sp_hold_due;

typedef struct sp_holds {
    sp_hold_row *rows;   /* mask + 1 */
    sp_hold_due *heap;   /* live_count of live_max */
    sp_seat *next_seats; /* by seat of all concerts */
    /* The concert of each row, whatever became of its hold: apart, so that those of one
     * concert are found without a look at the rows of all. */
    sp_concert_id *concerts;
    uint32_t mask;
    uint32_t live_count, live_max;
    sp_hold_id newest; /* 0 = there was none yet */
} sp_holds;

/* Bytes to reserve for at most so many living holds. */
size_t sp_holds_rows_bytes(uint32_t live_max);
size_t sp_holds_heap_bytes(uint32_t live_max);
size_t sp_holds_concerts_bytes(uint32_t live_max);
/* The four tables are set already, zeroed. live_max: 1 … SP_HOLDS_MAX. */
void sp_holds_init(sp_holds *holds, uint32_t live_max);

/* The row of an id, living or not; NULL if it is another's by now, or was never
 * used. */
static inline sp_hold_row *sp_holds_row(const sp_holds *holds, sp_hold_id id)
{
    sp_hold_row *row = &holds->rows[id & holds->mask];
    return id && row->id == id ? row : NULL;
}

static inline sp_hold_row *sp_holds_living(const sp_holds *holds, sp_hold_id id)
{
    sp_hold_row *row = sp_holds_row(holds, id);
    return row && row->status == SP_HELD_LIVE ? row : NULL;
}

/* Could a hold of this id be taken: above all before, its row free? */
bool sp_holds_can_take(const sp_holds *holds, sp_hold_id id);
/* The id of the next hold, or 0 if there is none: too many live, or ids have run
 * out. */
sp_hold_id sp_holds_next(const sp_holds *holds);
/* The earliest deadline, or 0 if none lives. */
static inline sp_time_ms sp_holds_deadline(const sp_holds *holds)
{
    return holds->live_count ? holds->heap[0].deadline : 0;
}
/* The first count_max holds (at most SP_HOLDS_PER_EXPIRY_MAX) that are due at `now`,
 * by (deadline, id); returns how many. O(n log n) in what it returns. */
uint32_t sp_holds_due(const sp_holds *holds, sp_time_ms now, sp_hold_id *ids, uint32_t count_max);

/* Makes a living hold of a filled row (but id 0, heap_at); seats: of all concerts,
 * ascending, first_seat and seats_count are set from them. sp_holds_can_take. */
void sp_holds_take(sp_holds *holds, const sp_hold_row *hold, uint64_t concert_first,
                   const sp_seat *seats, uint32_t seats_count);
/* The living holds of a concert, which hold so many seats together, newest first, into
 * ids, which has room for as many; returns how many. Goes through a word for each hold
 * that was taken since the oldest of them, and is kept. */
uint32_t sp_holds_of_concert(const sp_holds *holds, sp_concert_id concert, uint32_t seats_count,
                             sp_hold_id *ids);
/* Its seats, in their concert, ascending; seats has room for seats_count. Living. */
void sp_holds_seats(const sp_holds *holds, const sp_hold_row *hold, uint64_t concert_first,
                    sp_seat *seats);
/* Not earlier than the old one. Living. */
void sp_holds_extend(sp_holds *holds, sp_hold_row *hold, sp_time_ms deadline);
/* Living no more. */
void sp_holds_end(sp_holds *holds, sp_hold_row *hold, sp_hold_status status);

/* Bytes of the ring, the heap and the chains in use. */
uint64_t sp_holds_bytes(const sp_holds *holds);

#endif
