/* SPDX-License-Identifier: MIT
 *
 * The best seats and the rule of orphans, the naive way: a flag a seat, and every
 * place in the hall is looked at.
 */
#include "tests/support/reference_private.h"

/* Which seats can be had. */
typedef struct hall {
    const sp_reference_concert *concert;
    uint32_t grade;
    bool *is_free;
} hall;

static hall hall_of(const sp_reference_concert *concert, uint32_t grade)
{
    hall h = {concert, grade, calloc(concert->seats_count + 1u, 1)};
    SP_ASSERT(h.is_free != NULL);
    for (sp_seat seat = 0; seat < concert->seats_count; seat++)
        h.is_free[seat] = sp_reference_is_free(&concert->seats[seat]) &&
                          (grade == SP_REFERENCE_ANY_GRADE || concert->seats[seat].grade == grade);
    return h;
}

static bool same_row(const sp_reference_concert *concert, sp_seat a, sp_seat b)
{
    return concert->seats[a].grade == concert->seats[b].grade &&
           concert->seats[a].row == concert->seats[b].row;
}

/* Free, and in the row of `beside`. -1 is no seat, and neither is one too many. */
static bool free_beside(const hall *h, int64_t seat, sp_seat beside)
{
    return seat >= 0 && seat < h->concert->seats_count && h->is_free[seat] &&
           same_row(h->concert, (sp_seat)seat, beside);
}

/* The length of the run that begins here; 0 if none does. */
static uint32_t run_at(const hall *h, sp_seat first)
{
    uint32_t length = 0;
    if (!h->is_free[first] || free_beside(h, (int64_t)first - 1, first))
        return 0;
    while (free_beside(h, (int64_t)first + length, first))
        length++;
    return length;
}

static bool fits(const hall *h, sp_seat first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!free_beside(h, (int64_t)first + i, first))
            return false;
    return true;
}

/* One free seat and no more on either side of the place. */
static bool strands(const hall *h, sp_seat first, uint32_t count)
{
    int64_t end = (int64_t)first + count;
    return (free_beside(h, (int64_t)first - 1, first) &&
            !free_beside(h, (int64_t)first - 2, first)) ||
           (free_beside(h, end, first) && !free_beside(h, end + 1, first));
}

/* How far the middle of the place is from the middle of its row, in half seats. */
static int64_t off_centre(const hall *h, sp_seat first, uint32_t count)
{
    sp_seat row_first = first, row_end = first;
    while (row_first > 0 && same_row(h->concert, row_first - 1, first))
        row_first--;
    while (row_end < h->concert->seats_count && same_row(h->concert, row_end, first))
        row_end++;
    int64_t off = 2 * (int64_t)first + count - (int64_t)row_first - (int64_t)row_end;
    return off < 0 ? -off : off;
}

/* Neighbours: none stranded before one stranded, then by grade, row, nearness to the
 * centre, number. */
static bool place(const hall *h, uint32_t count, sp_seat *best)
{
    bool found = false, best_strands = false;
    for (sp_seat first = 0; first < h->concert->seats_count; first++) {
        if (!fits(h, first, count))
            continue;
        bool strands_one = strands(h, first, count);
        bool better = !found || (best_strands && !strands_one);
        if (found && best_strands == strands_one && same_row(h->concert, first, *best))
            better = off_centre(h, first, count) < off_centre(h, *best, count);
        if (better) {
            found = true;
            best_strands = strands_one;
            *best = first;
        }
    }
    return found;
}

/* The longest run, of equal ones the first; 0 if no seat is left. */
static uint32_t longest(const hall *h, sp_seat *first)
{
    uint32_t length = 0;
    for (sp_seat seat = 0; seat < h->concert->seats_count; seat++)
        if (run_at(h, seat) > length) {
            length = run_at(h, seat);
            *first = seat;
        }
    return length;
}

static void take(hall *h, sp_seat first, uint32_t count, bool *taken)
{
    for (uint32_t i = 0; i < count; i++) {
        h->is_free[first + i] = false;
        taken[first + i] = true;
    }
}

/* Whole runs, longest first, until one holds what remains. */
static bool place_split(hall *h, uint32_t count, bool *taken)
{
    sp_seat first = 0;
    while (!place(h, count, &first)) {
        uint32_t length = longest(h, &first);
        if (length == 0)
            return false;
        take(h, first, length, taken);
        count -= length;
    }
    take(h, first, count, taken);
    return true;
}

bool sp_reference_find_best(const sp_reference_concert *concert, uint32_t grade, uint32_t count,
                            bool allow_split, sp_seat *out, uint32_t *largest_run)
{
    hall h = hall_of(concert, grade);
    bool *taken = calloc(concert->seats_count, 1);
    SP_ASSERT(taken != NULL);
    sp_seat first = 0;
    *largest_run = longest(&h, &first);
    bool found = place(&h, count, &first);
    if (found)
        take(&h, first, count, taken);
    else if (allow_split)
        found = place_split(&h, count, taken);
    if (found)
        for (sp_seat seat = 0; seat < concert->seats_count; seat++)
            if (taken[seat])
                *out++ = seat;
    free(taken);
    free(h.is_free);
    return found;
}

/* ---- Orphans ---- */

/* Could so many neighbours have been had in this seat's row, and none stranded? */
static bool row_has_better(const hall *h, sp_seat in_row, uint32_t count)
{
    for (sp_seat seat = 0; seat < h->concert->seats_count; seat++)
        if (same_row(h->concert, seat, in_row) && fits(h, seat, count) && !strands(h, seat, count))
            return true;
    return false;
}

static uint32_t count_in_row(const sp_reference_concert *concert, sp_seat in_row,
                             const sp_seat *seats, uint32_t count)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += same_row(concert, seats[i], in_row);
    return found;
}

uint32_t sp_reference_find_orphans(const sp_reference_concert *concert, const sp_seat *seats,
                                   uint32_t count, sp_seat *out)
{
    hall before = hall_of(concert, SP_REFERENCE_ANY_GRADE);
    hall after = hall_of(concert, SP_REFERENCE_ANY_GRADE);
    uint32_t orphans = 0;
    for (uint32_t i = 0; i < count; i++)
        after.is_free[seats[i]] = false;
    for (sp_seat seat = 0; seat < concert->seats_count; seat++) {
        bool had_company = free_beside(&before, (int64_t)seat - 1, seat) ||
                           free_beside(&before, (int64_t)seat + 1, seat);
        if (run_at(&after, seat) != 1 || !had_company)
            continue;
        if (!row_has_better(&before, seat, count_in_row(concert, seat, seats, count)))
            continue;
        if (orphans < SP_SEATS_PER_ORDER_MAX)
            out[orphans] = seat;
        orphans++;
    }
    free(before.is_free);
    free(after.is_free);
    return orphans;
}
