/* SPDX-License-Identifier: MIT */
#include "engine/assert.h"
#include "engine/bitmap.h"
#include "engine/finder.h"
#include "engine/runs.h"

/* The seats of one row that are about to be taken, and its bounds. */
typedef struct taking {
    const uint64_t *sold, *held;
    const sp_seat *seats;
    uint32_t count;
    sp_seat row_first, row_end;
} taking;

typedef struct orphans {
    uint32_t count;
    sp_seat *seats;
} orphans;

/* The end of a row counts as taken: nobody sits there. `seat` may be one
 * before the row (and before seat 0, then it has wrapped), or one behind. */
static bool is_free(const taking *t, sp_seat seat)
{
    return seat - t->row_first < t->row_end - t->row_first && !sp_bitmap_has(t->sold, seat) &&
           !sp_bitmap_has(t->held, seat);
}

static void add(orphans *found, sp_seat seat)
{
    if (found->count < SP_ORPHANS_MAX)
        found->seats[found->count] = seat;
    found->count++;
}

/* An orphan has a neighbour among the seats taken, else it was alone before or
 * is in company still. So only the seats beside those are looked at. One between
 * two of them is found as the seat before the second: seen from the first, the
 * second is free yet, and company. */
static void add_orphans(const taking *t, orphans *found)
{
    for (uint32_t i = 0; i < t->count; i++) {
        sp_seat seat = t->seats[i];
        sp_seat before = i > 0 ? t->seats[i - 1] : seat - 3;
        sp_seat behind = i + 1 < t->count ? t->seats[i + 1] : seat + 3;
        if (before != seat - 1 && is_free(t, seat - 1) &&
            (before == seat - 2 || !is_free(t, seat - 2)))
            add(found, seat - 1);
        if (behind != seat + 1 && is_free(t, seat + 1) && !is_free(t, seat + 2))
            add(found, seat + 1);
    }
}

/* Could as many neighbours be had in this row without an orphan? Not in a run
 * of one seat more, in any longer one at its end. */
static bool row_has_better(const sp_concert_card *card, const taking *t, uint32_t row)
{
    sp_runs runs;
    sp_run run;
    sp_runs_begin(&runs, card, t->sold, t->held, row, 1);
    while (sp_runs_next(&runs, t->count, &run))
        if (run.seats_count != t->count + 1)
            return true;
    return false;
}

uint32_t sp_find_orphans(const sp_concert_card *card, const uint64_t *sold, const uint64_t *held,
                         const sp_seat *seats, uint32_t count, sp_seat *out)
{
    SP_ASSERT_CMP(count, >=, 1);
    SP_ASSERT_CMP(count, <=, SP_SEATS_PER_ORDER_MAX);

    orphans found = {0, out};
    for (uint32_t at = 0; at < count;) {
        sp_seat_place place = sp_card_place(card, seats[at]);
        uint32_t row = place.grade->first_row + place.row - 1;
        taking t = {.sold = sold,
                    .held = held,
                    .seats = seats + at,
                    .row_first = card->row_first_seat[row],
                    .row_end = card->row_first_seat[row + 1]};
        while (at + t.count < count && t.seats[t.count] < t.row_end)
            t.count++;
        uint32_t count_before = found.count;
        add_orphans(&t, &found);
        if (found.count > count_before && !row_has_better(card, &t, row))
            found.count = count_before;
        at += t.count;
    }
    return found.count;
}
