/* SPDX-License-Identifier: MIT */
#include "engine/holds.h"

#include "engine/assert.h"
#include "engine/limits.h"

#define CHILDREN 4u

/* Twice what may live: so that a row is kept for a while, and a free one is near. */
static uint32_t rows_count(uint32_t live_max)
{
    uint32_t count = 2;
    while (count / 2 < live_max)
        count *= 2;
    return count;
}

size_t sp_holds_rows_bytes(uint32_t live_max)
{
    return (size_t)rows_count(live_max) * sizeof(sp_hold_row);
}

size_t sp_holds_heap_bytes(uint32_t live_max)
{
    return (size_t)live_max * sizeof(sp_hold_due);
}

size_t sp_holds_concerts_bytes(uint32_t live_max)
{
    return (size_t)rows_count(live_max) * sizeof(sp_concert_id);
}

void sp_holds_init(sp_holds *holds, uint32_t live_max)
{
    SP_ASSERT_CMP(live_max, >=, 1);
    SP_ASSERT_CMP(live_max, <=, SP_HOLDS_MAX);
    holds->mask = rows_count(live_max) - 1;
    holds->live_max = live_max;
}

bool sp_holds_can_take(const sp_holds *holds, sp_hold_id id)
{
    return id > holds->newest && holds->live_count < holds->live_max &&
           holds->rows[id & holds->mask].status != SP_HELD_LIVE;
}

/* At least half of the rows are free. A run of living ones is stepped over once
 * a round of the ring, by the hold that is then taken behind it. */
sp_hold_id sp_holds_next(const sp_holds *holds)
{
    if (holds->live_count == holds->live_max)
        return 0;
    sp_hold_id id = holds->newest + 1;
    while (id && holds->rows[id & holds->mask].status == SP_HELD_LIVE)
        id++;
    return id;
}

/* --- the heap --- */

static inline bool is_before(sp_hold_due a, sp_hold_due b)
{
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.id < b.id;
}

static void place(sp_holds *holds, uint32_t at, sp_hold_due due)
{
    holds->heap[at] = due;
    holds->rows[due.id & holds->mask].heap_at = at;
}

/* Puts `due` at or above `at`, which is free. */
static void sift_up(sp_holds *holds, uint32_t at, sp_hold_due due)
{
    while (at > 0) {
        uint32_t parent = (at - 1) / CHILDREN;
        if (!is_before(due, holds->heap[parent]))
            break;
        place(holds, at, holds->heap[parent]);
        at = parent;
    }
    place(holds, at, due);
}

/* The first of the children of `at`, or live_count if it has none. */
static uint32_t first_child(const sp_holds *holds, uint32_t at)
{
    uint64_t from = (uint64_t)at * CHILDREN + 1;
    uint32_t best = holds->live_count;

    for (uint64_t child = from; child < from + CHILDREN && child < holds->live_count; child++)
        if (best == holds->live_count || is_before(holds->heap[child], holds->heap[best]))
            best = (uint32_t)child;
    return best;
}

/* Puts `due` at or below `at`, which is free. */
static void sift_down(sp_holds *holds, uint32_t at, sp_hold_due due)
{
    for (;;) {
        uint32_t child = first_child(holds, at);
        if (child == holds->live_count || !is_before(holds->heap[child], due))
            break;
        place(holds, at, holds->heap[child]);
        at = child;
    }
    place(holds, at, due);
}

static void heap_remove(sp_holds *holds, uint32_t at)
{
    SP_ASSERT_CMP(at, <, holds->live_count);
    sp_hold_due last = holds->heap[--holds->live_count];
    if (at == holds->live_count)
        return;
    if (at > 0 && is_before(last, holds->heap[(at - 1) / CHILDREN]))
        sift_up(holds, at, last);
    else
        sift_down(holds, at, last);
}

/* Places of the heap whose parents were taken already, as a binary heap of their
 * own: the least is open[0]. Each one taken brings its children, so there are
 * never more than that. */
typedef struct frontier {
    const sp_hold_due *heap;
    uint32_t count;
    uint32_t open[(CHILDREN - 1) * SP_HOLDS_PER_EXPIRY_MAX + 1];
} frontier;

static inline bool open_before(const frontier *f, uint32_t a, uint32_t b)
{
    return is_before(f->heap[f->open[a]], f->heap[f->open[b]]);
}

static void open_swap(frontier *f, uint32_t a, uint32_t b)
{
    uint32_t kept = f->open[a];
    f->open[a] = f->open[b];
    f->open[b] = kept;
}

static void open_push(frontier *f, uint32_t place_in_heap)
{
    uint32_t at = f->count++;
    f->open[at] = place_in_heap;
    for (; at > 0 && open_before(f, at, (at - 1) / 2); at = (at - 1) / 2)
        open_swap(f, at, (at - 1) / 2);
}

static uint32_t open_pop(frontier *f)
{
    uint32_t least = f->open[0];
    f->open[0] = f->open[--f->count];
    for (uint32_t at = 0, child; (child = 2 * at + 1) < f->count; at = child) {
        if (child + 1 < f->count && open_before(f, child + 1, child))
            child++;
        if (!open_before(f, child, at))
            break;
        open_swap(f, at, child);
    }
    return least;
}

uint32_t sp_holds_due(const sp_holds *holds, sp_time_ms now, sp_hold_id *ids, uint32_t count_max)
{
    frontier f = {.heap = holds->heap, .count = 0};
    uint32_t count = 0;

    SP_ASSERT_CMP(count_max, <=, SP_HOLDS_PER_EXPIRY_MAX);
    if (holds->live_count > 0 && holds->heap[0].deadline <= now)
        open_push(&f, 0);
    while (count < count_max && f.count > 0) {
        uint32_t at = open_pop(&f);
        ids[count++] = holds->heap[at].id;
        uint64_t child = (uint64_t)at * CHILDREN + 1;
        for (uint64_t end = child + CHILDREN; child < end && child < holds->live_count; child++)
            if (count < count_max && holds->heap[child].deadline <= now)
                open_push(&f, (uint32_t)child);
    }
    return count;
}

/* --- holds --- */

void sp_holds_take(sp_holds *holds, const sp_hold_row *hold, uint64_t concert_first,
                   const sp_seat *seats, uint32_t seats_count)
{
    SP_ASSERT(sp_holds_can_take(holds, hold->id));
    SP_ASSERT(seats_count >= 1 && seats_count <= SP_SEATS_PER_ORDER_MAX);
    sp_hold_row *row = &holds->rows[hold->id & holds->mask];

    *row = *hold;
    row->first_seat = seats[0];
    row->seats_count = (uint8_t)seats_count;
    row->status = SP_HELD_LIVE;
    holds->concerts[hold->id & holds->mask] = hold->concert;
    for (uint32_t i = 1; i < seats_count; i++)
        holds->next_seats[concert_first + seats[i - 1]] = seats[i];
    holds->newest = hold->id;
    sift_up(holds, holds->live_count++, (sp_hold_due){hold->deadline, hold->id});
}

uint32_t sp_holds_of_concert(const sp_holds *holds, sp_concert_id concert, uint32_t seats_count,
                             sp_hold_id *ids)
{
    uint32_t count = 0;

    /* Each place of the ring once, from the newest one's on. */
    for (sp_hold_id id = holds->newest; seats_count > 0; id--) {
        SP_ASSERT_CMP(holds->newest - id, <=, holds->mask);
        const sp_hold_row *row = &holds->rows[id & holds->mask];
        if (holds->concerts[id & holds->mask] != concert || row->status != SP_HELD_LIVE)
            continue;
        SP_ASSERT_CMP(row->seats_count, <=, seats_count);
        seats_count -= row->seats_count;
        ids[count++] = row->id;
    }
    return count;
}

void sp_holds_seats(const sp_holds *holds, const sp_hold_row *hold, uint64_t concert_first,
                    sp_seat *seats)
{
    SP_ASSERT_CMP(hold->status, ==, SP_HELD_LIVE);
    seats[0] = hold->first_seat;
    for (uint32_t i = 1; i < hold->seats_count; i++)
        seats[i] = holds->next_seats[concert_first + seats[i - 1]];
}

void sp_holds_extend(sp_holds *holds, sp_hold_row *hold, sp_time_ms deadline)
{
    SP_ASSERT_CMP(hold->status, ==, SP_HELD_LIVE);
    SP_ASSERT_CMP(deadline, >=, hold->deadline);
    hold->deadline = deadline;
    sift_down(holds, hold->heap_at, (sp_hold_due){deadline, hold->id});
}

void sp_holds_end(sp_holds *holds, sp_hold_row *hold, sp_hold_status status)
{
    SP_ASSERT_CMP(hold->status, ==, SP_HELD_LIVE);
    SP_ASSERT_CMP(status, >, SP_HELD_LIVE);
    heap_remove(holds, hold->heap_at);
    hold->status = (uint8_t)status;
}

uint64_t sp_holds_bytes(const sp_holds *holds)
{
    uint64_t rows = holds->newest > holds->mask ? (uint64_t)holds->mask + 1 : holds->newest;
    return rows * (sizeof(sp_hold_row) + sizeof(sp_concert_id)) +
           holds->live_count * sizeof(sp_hold_due);
}
