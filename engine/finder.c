/* SPDX-License-Identifier: MIT */
#include "engine/finder.h"

#include "engine/assert.h"
#include "engine/runs.h"

/* Neighbours in one row: what is chosen, or a whole run that is taken. */
typedef struct piece {
    sp_seat first;
    uint32_t seats_count;
} piece;

/* Every piece but the last takes a run, so there are no more than seats. */
typedef struct pieces {
    uint32_t count, seats_count;
    piece at[SP_SEATS_PER_ORDER_MAX + 1];
} pieces;

typedef struct scope {
    const sp_concert_card *card;
    const uint64_t *sold, *held;
    uint32_t first_row, rows_count;
} scope;

/* The best place so far of one kind (with an orphan, or without): all are in
 * one row, since rows come in order. */
typedef struct choice {
    bool has_place;
    uint32_t row;
    sp_seat first;
    uint32_t off_centre; /* in half seats */
} choice;

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t difference(uint32_t a, uint32_t b)
{
    return a < b ? b - a : a - b;
}

static scope scope_of(const sp_concert_card *card, const uint64_t *sold, const uint64_t *held,
                      uint32_t grade)
{
    scope s = {card, sold, held, 0, card->rows_count};
    if (grade != SP_GRADE_ANY) {
        SP_ASSERT_CMP(grade, <, card->spec.grades_count);
        s.first_row = card->grades[grade].first_row;
        s.rows_count = card->grades[grade].rows_count;
    }
    return s;
}

static void begin(const scope *s, sp_runs *runs)
{
    sp_runs_begin(runs, s->card, s->sold, s->held, s->first_row, s->rows_count);
}

/* In a run of one seat more than are wanted every place strands one, in any
 * other run the place at its end strands none. */
static bool strands_anywhere(const sp_run *run, uint32_t count)
{
    return run->seats_count == count + 1;
}

/* The place in the run that is nearest to the row's centre, with no orphan if
 * the run has such a place; ties go to the lower seat. Only the second place
 * from either end strands a seat. If that is the ideal one, one beside it does
 * not, and no other is nearer. */
static choice place_in_run(const scope *s, const sp_run *run, uint32_t count)
{
    const sp_seat *row = s->card->row_first_seat + run->row;
    uint32_t centre = row[0] + row[1]; /* in half seats, as all here */
    sp_seat lowest = run->first, highest = run->first + (run->seats_count - count);
    sp_seat ideal = (centre - count) / 2;
    ideal = ideal < lowest ? lowest : smaller(ideal, highest);

    bool any_strands = strands_anywhere(run, count);
    sp_seat from = ideal > lowest ? ideal - 1 : ideal, to = smaller(ideal + 1, highest);
    choice best = {.row = run->row};
    for (sp_seat first = from; first <= to; first++) {
        bool strands = first == lowest + 1 || first + 1 == highest;
        uint32_t off_centre = difference(2 * first + count, centre);
        if (strands && !any_strands)
            continue;
        if (!best.has_place || off_centre < best.off_centre) {
            best.has_place = true;
            best.first = first;
            best.off_centre = off_centre;
        }
    }
    SP_ASSERT(best.has_place);
    return best;
}

/* Runs come in order, so of two that are as far from the centre the one before
 * stays. */
static void improve(choice *best, choice other)
{
    if (!best->has_place || (other.row == best->row && other.off_centre < best->off_centre))
        *best = other;
}

/* Is the run one of those taken already? They ascend as the runs do, *next on
 * is where to look from. */
static bool is_taken(const pieces *taken, uint32_t *next, const sp_run *run)
{
    while (*next < taken->count && taken->at[*next].first < run->first)
        ++*next;
    return *next < taken->count && taken->at[*next].first == run->first;
}

/* Places `count` neighbours in a run that is not taken (taken: ascending). If
 * there is none, *longest is raised to the longest run that was met; runs that
 * are no longer need not be looked at. */
static bool place(const scope *s, uint32_t count, const pieces *taken, uint32_t *longest,
                  sp_seat *first)
{
    choice whole = {0}, stranding = {0};
    uint32_t next_taken = 0;
    sp_runs runs;
    sp_run run;

    begin(s, &runs);
    while (sp_runs_next(&runs, smaller(*longest + 1, count), &run)) {
        if (is_taken(taken, &next_taken, &run))
            continue;
        if (run.seats_count > *longest)
            *longest = run.seats_count;
        if (run.seats_count < count)
            continue;
        if (strands_anywhere(&run, count)) {
            if (!stranding.has_place || run.row == stranding.row)
                improve(&stranding, place_in_run(s, &run, count));
        } else {
            improve(&whole, place_in_run(s, &run, count));
            sp_runs_end_with_row(&runs); /* the rows behind are no better */
        }
    }
    *first = whole.has_place ? whole.first : stranding.first;
    return whole.has_place || stranding.has_place;
}

/* Longest first, of equal ones the lower first: a run that comes later goes
 * behind those of its length. */
static void insert_by_length(pieces *longest, const sp_run *run)
{
    uint32_t at = longest->count;
    SP_ASSERT_CMP(at, <=, SP_SEATS_PER_ORDER_MAX);
    for (; at > 0 && longest->at[at - 1].seats_count < run->seats_count; at--)
        longest->at[at] = longest->at[at - 1];
    longest->at[at] = (piece){run->first, run->seats_count};
    longest->count++;
    longest->seats_count += run->seats_count;
}

/* Lets go of the shortest ones that the others can do without. */
static void drop_spare(pieces *longest, uint32_t count)
{
    while (longest->count > 0) {
        uint32_t shortest = longest->at[longest->count - 1].seats_count;
        if (longest->seats_count - shortest < count)
            return;
        longest->count--;
        longest->seats_count -= shortest;
    }
}

/* The longest runs, as many as `count` seats need, in one pass. Once they are
 * enough, only a longer one than the shortest of them is worth a look. Every
 * run of the scope is shorter than `count`. */
static void collect_longest(const scope *s, uint32_t count, pieces *longest)
{
    sp_runs runs;
    sp_run run;
    uint32_t seats_min = 1;

    *longest = (pieces){.count = 0};
    begin(s, &runs);
    while (sp_runs_next(&runs, seats_min, &run)) {
        insert_by_length(longest, &run);
        drop_spare(longest, count);
        if (longest->seats_count >= count)
            seats_min = longest->at[longest->count - 1].seats_count + 1;
    }
}

static void sort_by_seat(pieces *p)
{
    for (uint32_t i = 1; i < p->count; i++) {
        piece moving = p->at[i];
        uint32_t at = i;
        for (; at > 0 && p->at[at - 1].first > moving.first; at--)
            p->at[at] = p->at[at - 1];
        p->at[at] = moving;
    }
}

/* From the longest runs that hold `count` seats to pieces that are `count`
 * seats: the first of the runs that holds what remains shows that it is the
 * last piece, but not where that one is best. */
static void place_in_pieces(const scope *s, uint32_t count, pieces *longest)
{
    uint32_t remaining = count, taken_count = 0;
    while (longest->at[taken_count].seats_count < remaining)
        remaining -= longest->at[taken_count++].seats_count;
    longest->count = taken_count;
    sort_by_seat(longest);

    uint32_t looked_at = remaining; /* no run need be told that is shorter */
    sp_seat first;
    bool has_place = place(s, remaining, longest, &looked_at, &first);
    SP_ASSERT(has_place);
    longest->at[longest->count++] = (piece){first, remaining};
    sort_by_seat(longest);
}

static sp_seat *put_seats(sp_seat *out, piece p)
{
    for (uint32_t i = 0; i < p.seats_count; i++)
        *out++ = p.first + i;
    return out;
}

static bool place_split(const scope *s, uint32_t count, sp_seat *out)
{
    pieces p;
    collect_longest(s, count, &p);
    if (p.seats_count < count)
        return false;
    place_in_pieces(s, count, &p);
    for (uint32_t i = 0; i < p.count; i++)
        out = put_seats(out, p.at[i]);
    return true;
}

bool sp_find_best(const sp_concert_card *card, const uint64_t *sold, const uint64_t *held,
                  uint32_t grade, uint32_t count, bool allow_split, sp_seat *out,
                  uint32_t *largest_run)
{
    SP_ASSERT_CMP(count, >=, 1);
    SP_ASSERT_CMP(count, <=, SP_SEATS_PER_ORDER_MAX);

    static const pieces none = {.count = 0};
    scope s = scope_of(card, sold, held, grade);
    uint32_t longest = 0;
    sp_seat first;
    if (place(&s, count, &none, &longest, &first)) {
        put_seats(out, (piece){first, count});
        return true;
    }
    if (allow_split && longest > 0 && place_split(&s, count, out))
        return true;
    *largest_run = longest;
    return false;
}
