/* SPDX-License-Identifier: MIT
 *
 * The best seats, against a naive finder that tries every place in an array of
 * bools and keeps the one with the least key.
 *
 * SP_HALLS: how many random halls. SP_SEED: the first one's seed.
 */
#include <errno.h>

#include "tests/engine/hall.h"

#include "engine/finder.h"

#define COUNT_MAX SP_SEATS_PER_ORDER_MAX

/* How often what came out, so that a test that has gone blind is seen. */
static struct {
    uint32_t whole, stranding, split, splits_of_many, refused, refused_although_free, by_centre;
} met;

/* A place of a group, by what it is chosen: the least comes first. */
typedef struct key {
    bool strands;
    uint32_t row, off_centre;
    sp_seat first;
} key;

static bool is_less(const key *a, const key *b)
{
    if (a->strands != b->strands)
        return b->strands;
    if (a->row != b->row)
        return a->row < b->row; /* grades, too: their rows ascend */
    if (a->off_centre != b->off_centre)
        return a->off_centre < b->off_centre;
    return a->first < b->first;
}

static bool is_place(const struct hall *hall, const bool *is_free, sp_seat first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (!hall_is_free_in_row(hall, is_free, first + i, hall->row_of[first]))
            return false;
    return true;
}

/* A neighbour that is left alone was in company before: of the group. */
static bool would_strand(const struct hall *hall, const bool *is_free, sp_seat first,
                         uint32_t count)
{
    uint32_t row = hall->row_of[first];
    int64_t before = (int64_t)first - 1, behind = (int64_t)first + count;
    return (hall_is_free_in_row(hall, is_free, before, row) &&
            !hall_is_free_in_row(hall, is_free, before - 1, row)) ||
           (hall_is_free_in_row(hall, is_free, behind, row) &&
            !hall_is_free_in_row(hall, is_free, behind + 1, row));
}

static key key_of(const struct hall *hall, const bool *is_free, sp_seat first, uint32_t count)
{
    uint32_t row = hall->row_of[first];
    const sp_seat *row_first = hall->card->row_first_seat + row;
    int64_t centre = 2 * (int64_t)row_first[0] + (row_first[1] - row_first[0]);
    return (key){would_strand(hall, is_free, first, count), row,
                 (uint32_t)llabs(2 * (int64_t)first + count - centre), first};
}

static bool naive_place(const struct hall *hall, const bool *is_free, sp_seat from, sp_seat end,
                        uint32_t count, key *best)
{
    bool has_place = false;
    for (sp_seat first = from; first < end; first++) {
        if (!is_place(hall, is_free, first, count))
            continue;
        key candidate = key_of(hall, is_free, first, count);
        if (has_place && candidate.row == best->row && candidate.strands == best->strands &&
            candidate.off_centre < best->off_centre)
            met.by_centre++;
        if (!has_place || is_less(&candidate, best))
            *best = candidate;
        has_place = true;
    }
    return has_place;
}

static uint32_t naive_longest(const struct hall *hall, const bool *is_free, sp_seat from,
                              sp_seat end, sp_seat *first)
{
    uint32_t longest = 0;
    for (sp_seat seat = from; seat < end; seat++) {
        uint32_t count = 0;
        if (hall_is_free_in_row(hall, is_free, (int64_t)seat - 1, hall->row_of[seat]))
            continue; /* no run begins here */
        while (hall_is_free_in_row(hall, is_free, seat + count, hall->row_of[seat]))
            count++;
        if (count > longest) {
            longest = count;
            *first = seat;
        }
    }
    return longest;
}

/* Takes seats out of is_free, and marks them in is_chosen. */
static void choose(bool *is_free, bool *is_chosen, sp_seat first, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        is_free[first + i] = false;
        is_chosen[first + i] = true;
    }
}

/* Marks the seats in is_chosen. Pieces; 0: no place. is_free is left as it was
 * if there is none. */
static uint32_t naive_best(const struct hall *hall, bool *is_free, bool *is_chosen, sp_seat from,
                           sp_seat end, uint32_t count, bool allow_split, bool *strands)
{
    uint32_t free_count = 0, pieces_count = 1;
    key best;
    for (sp_seat seat = from; seat < end; seat++)
        free_count += is_free[seat];
    while (!naive_place(hall, is_free, from, end, count, &best)) {
        if (!allow_split || free_count < count)
            return 0;
        sp_seat first = 0;
        uint32_t longest = naive_longest(hall, is_free, from, end, &first);
        choose(is_free, is_chosen, first, longest);
        count -= longest;
        free_count -= longest;
        pieces_count++;
    }
    *strands = best.strands;
    choose(is_free, is_chosen, best.first, count);
    return pieces_count;
}

static void check_best(const struct hall *hall, uint32_t grade, uint32_t count, bool allow_split)
{
    const sp_concert_card *card = hall->card;
    sp_seat from = 0, end = card->seats_count, out[COUNT_MAX], any;
    if (grade != SP_GRADE_ANY) {
        from = card->grades[grade].first_seat;
        end = from + card->grades[grade].seats_count;
    }
    bool *is_free = malloc(card->seats_count), *is_chosen = calloc(card->seats_count, 1);
    memcpy(is_free, hall->is_free, card->seats_count);
    uint32_t longest = naive_longest(hall, is_free, from, end, &any), largest_run = UINT32_MAX;
    bool strands = false;

    uint32_t pieces_count =
        naive_best(hall, is_free, is_chosen, from, end, count, allow_split, &strands);
    bool found =
        sp_find_best(card, hall->sold, hall->held, grade, count, allow_split, out, &largest_run);
    if (found != (pieces_count > 0))
        fail_msg("grade %u, %u seats: %s\nrerun: %s", grade, count,
                 found ? "found although there is no place" : "not found", sp_rerun_line());
    if (largest_run != (found ? UINT32_MAX : longest))
        fail_msg("grade %u, %u seats: largest run %u, not %u\nrerun: %s", grade, count, largest_run,
                 longest, sp_rerun_line());
    sp_seat seat = from;
    for (uint32_t i = 0; found && i < count; i++, seat++) {
        while (seat < end && !is_chosen[seat])
            seat++;
        if (out[i] != seat)
            fail_msg("grade %u, %u seats, split %d: number %u is seat %u, not %u\nrerun: %s", grade,
                     count, allow_split, i, out[i], seat, sp_rerun_line());
    }
    met.whole += pieces_count == 1;
    met.stranding += strands;
    met.split += pieces_count > 1;
    met.splits_of_many += pieces_count > 20;
    met.refused += !found;
    met.refused_although_free += !found && longest > 0;
    free(is_chosen);
    free(is_free);
}

static uint32_t random_count(sp_random *random)
{
    static const uint32_t edges[] = {1, 2, 3, 4, 63, 64, 65, 99, 100};
    switch (sp_random_below(random, 3)) {
    case 0:
        return edges[sp_random_below(random, sizeof edges / sizeof *edges)];
    case 1:
        return 1 + (uint32_t)sp_random_below(random, 10);
    default:
        return 1 + (uint32_t)sp_random_below(random, COUNT_MAX);
    }
}

static void check_hall(struct hall *hall, sp_random *random)
{
    for (int i = 0; i < 6; i++) {
        uint32_t grades_count = hall->card->spec.grades_count;
        uint32_t grade = sp_random_once_in(random, 2)
                             ? SP_GRADE_ANY
                             : (uint32_t)sp_random_below(random, grades_count);
        uint32_t count = random_count(random);
        check_best(hall, grade, count, false);
        check_best(hall, grade, count, true);
    }
}

static void the_naive_finder_finds_the_same(void **unused)
{
    (void)unused;
    memset(&met, 0, sizeof met);
    hall_for_each(30000, check_hall);
    print_message("found %u (%u with an orphan), split %u (%u into many), refused %u\n", met.whole,
                  met.stranding, met.split, met.splits_of_many, met.refused);
    if (getenv("SP_HALLS") == NULL) {
        assert_true(met.whole > 1000 && met.stranding > 100 && met.split > 1000);
        assert_true(met.splits_of_many > 100 && met.refused > 100);
        assert_true(met.refused_although_free > 100 && met.by_centre > 1000);
    }
}

/* `x` taken, anything else free; all that is asked for in one row. */
static void check_row(const char *row, uint32_t count, const char *expected)
{
    uint32_t size = (uint32_t)strlen(row), rows = 1, largest_run = 0;
    char text[128];
    sp_seat out[COUNT_MAX];
    struct hall hall = hall_make(&size, &rows, 1);
    for (sp_seat seat = 0; seat < size; seat++)
        if (row[seat] == 'x')
            hall_take(&hall, seat, seat);
    strcpy(text, row);
    assert_true(sp_find_best(hall.card, hall.sold, hall.held, 0, count, false, out, &largest_run));
    for (uint32_t i = 0; i < count; i++)
        text[out[i]] = 'o';
    assert_string_equal(text, expected);
    hall_close(&hall);
}

static void places_as_people_would_choose_them(void **unused)
{
    (void)unused;
    check_row("........", 2, "...oo...");
    check_row(".......", 2, "..oo..."); /* as near as ..., and lower */
    check_row(".......", 1, "...o...");
    check_row("....", 2, "oo.."); /* .oo. is nearer and strands two */
    check_row("...", 1, "o..");
    check_row(".....", 2, "oo...");   /* .oo.. would strand one */
    check_row("...x..", 2, "...xoo"); /* the whole of it, not one of three */
    check_row("...xx.", 2, ".ooxx."); /* one is left alone either way */
    check_row("x...x....x", 3, "xooox....x");
    check_row(".x.x.", 1, ".xox.");
}

static void better_seats_come_before_the_centre(void **unused)
{
    (void)unused;
    const uint32_t sizes[] = {5, 9, 5, 9}, grades_rows[] = {2, 2};
    sp_seat out[COUNT_MAX];
    uint32_t largest_run = 7;
    struct hall hall = hall_make(sizes, grades_rows, 2);

    assert_true(
        sp_find_best(hall.card, hall.sold, hall.held, SP_GRADE_ANY, 1, false, out, &largest_run));
    assert_int_equal(out[0], 2);
    assert_true(sp_find_best(hall.card, hall.sold, hall.held, 1, 1, false, out, &largest_run));
    assert_int_equal(out[0], 16);
    /* Four of five strand one in the best row: the next row is better. */
    assert_true(
        sp_find_best(hall.card, hall.sold, hall.held, SP_GRADE_ANY, 4, false, out, &largest_run));
    assert_int_equal(out[0], 7);
    assert_int_equal(largest_run, 7);
    assert_false(
        sp_find_best(hall.card, hall.sold, hall.held, SP_GRADE_ANY, 10, false, out, &largest_run));
    assert_int_equal(largest_run, 9);
    /* The longest first: 9 of a row, and the tenth not beside it. */
    assert_true(sp_find_best(hall.card, hall.sold, hall.held, 0, 10, true, out, &largest_run));
    assert_int_equal(out[0], 2);
    for (uint32_t i = 1; i < 10; i++)
        assert_int_equal(out[i], 4 + i);
    largest_run = 7;
    hall_take_all(&hall);
    assert_false(
        sp_find_best(hall.card, hall.sold, hall.held, SP_GRADE_ANY, 1, true, out, &largest_run));
    assert_int_equal(largest_run, 0);
    hall_close(&hall);
}

/* As large as a concert may be, empty and full, and where many runs are as
 * long as each other. */
static void check_large(const uint32_t *sizes, uint32_t rows_count)
{
    static const uint32_t counts[] = {1, 2, 10, 11, 100};
    struct hall hall = hall_make(sizes, &rows_count, 1);
    sp_random random;
    sp_random_seed(&random, rows_count);
    for (uint64_t kind = 0; kind < 5; kind++) {
        if (kind == 1)
            hall_take_runs(&hall, &random, 3, 3);
        if (kind == 2)
            hall_take_all(&hall);
        if (kind == 3)
            for (sp_seat seat = 1; seat < hall.card->seats_count; seat += 2)
                hall_free(&hall, seat);
        if (kind == 4) {
            hall_take_all(&hall);
            hall_free(&hall, hall.card->seats_count - 1);
        }
        for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            /* The naive way would look for the longest run a hundred times, in
             * a row that is all one run. */
            bool is_slow = kind == 0 && rows_count == 1;
            check_best(&hall, SP_GRADE_ANY, counts[i], !is_slow && counts[i] > 2);
        }
    }
    hall_close(&hall);
}

static void the_largest_concerts(void **unused)
{
    (void)unused;
    static uint32_t tens[SP_ROWS_PER_CONCERT_MAX];
    const uint32_t one = SP_SEATS_PER_CONCERT_MAX;
    for (uint32_t i = 0; i < SP_ROWS_PER_CONCERT_MAX; i++)
        tens[i] = SP_SEATS_PER_CONCERT_MAX / SP_ROWS_PER_CONCERT_MAX;
    check_large(tens, SP_ROWS_PER_CONCERT_MAX);
    check_large(&one, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_as_people_would_choose_them),
        cmocka_unit_test(better_seats_come_before_the_centre),
        cmocka_unit_test(the_naive_finder_finds_the_same),
        cmocka_unit_test(the_largest_concerts),
    };
    return cmocka_run_group_tests_name("finder", tests, NULL, NULL);
}
