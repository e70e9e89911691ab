/* SPDX-License-Identifier: MIT
 *
 * Walks over runs of free seats, against looking at seat by seat.
 */
#include <errno.h>

#include "tests/engine/hall.h"

#include "engine/runs.h"

/* The first run in the row of `at` or a later one, from `at` on, of at least
 * seats_min. */
static bool naive_next(const struct hall *hall, sp_seat at, uint32_t rows_end, uint32_t seats_min,
                       sp_run *out)
{
    sp_seat end = hall->card->row_first_seat[rows_end];
    while (at < end) {
        uint32_t row = hall->row_of[at], count = 0;
        while (hall_is_free_in_row(hall, hall->is_free, at + count, row))
            count++;
        if (count >= seats_min) {
            *out = (sp_run){row, at, count};
            return true;
        }
        at += count > 0 ? count : 1;
    }
    return false;
}

static void check_walk(const struct hall *hall, sp_random *random, uint32_t first_row,
                       uint32_t rows_count)
{
    static const uint32_t mins[] = {1, 2, 3, 4, 8, 31, 63, 64, 65, 100, 128};
    uint32_t rows_end = first_row + rows_count;
    sp_seat at = hall->card->row_first_seat[first_row];
    uint32_t seats_min = mins[sp_random_below(random, sizeof mins / sizeof *mins)];
    bool varies = sp_random_once_in(random, 3), ends_early = sp_random_once_in(random, 3);
    sp_runs runs;
    sp_run run, expected = {0, 0, 0};

    sp_runs_begin(&runs, hall->card, hall->sold, hall->held, first_row, rows_count);
    for (;;) {
        if (varies)
            seats_min = mins[sp_random_below(random, sizeof mins / sizeof *mins)];
        bool has_run = sp_runs_next(&runs, seats_min, &run);
        if (has_run != naive_next(hall, at, rows_end, seats_min, &expected))
            fail_msg("a run too many or too few behind seat %u\nrerun: %s", at, sp_rerun_line());
        if (!has_run)
            break;
        if (run.row != expected.row || run.first != expected.first ||
            run.seats_count != expected.seats_count)
            fail_msg("row %u, seat %u, %u seats instead of %u, %u, %u\nrerun: %s", run.row,
                     run.first, run.seats_count, expected.row, expected.first, expected.seats_count,
                     sp_rerun_line());
        at = run.first + run.seats_count;
        if (ends_early && sp_random_once_in(random, 3)) {
            sp_runs_end_with_row(&runs);
            rows_end = run.row + 1;
        }
    }
    assert_false(sp_runs_next(&runs, seats_min, &run));
}

static void check_hall(struct hall *hall, sp_random *random)
{
    uint32_t rows_count = hall->card->rows_count;
    check_walk(hall, random, 0, rows_count);
    for (int i = 0; i < 6; i++) {
        uint32_t first_row = (uint32_t)sp_random_below(random, rows_count);
        check_walk(hall, random, first_row,
                   1 + (uint32_t)sp_random_below(random, rows_count - first_row));
    }
}

static void walks_tell_what_seats_tell(void **unused)
{
    (void)unused;
    hall_for_each(20000, check_hall);
}

static void a_run_ends_with_its_row(void **unused)
{
    (void)unused;
    const uint32_t sizes[] = {64, 1, 63, 64, 8}, grades_rows[] = {2, 3};
    struct hall hall = hall_make(sizes, grades_rows, 2);
    sp_runs runs;
    sp_run run;
    sp_runs_begin(&runs, hall.card, hall.sold, hall.held, 0, 5);
    for (uint32_t row = 0; row < 5; row++) {
        assert_true(sp_runs_next(&runs, 1, &run));
        assert_int_equal(run.row, row);
        assert_int_equal(run.seats_count, sizes[row]);
    }
    assert_false(sp_runs_next(&runs, 1, &run));
    /* The row's end, and the word's: nothing is left then. */
    sp_runs_begin(&runs, hall.card, hall.sold, hall.held, 0, 5);
    assert_true(sp_runs_next(&runs, 64, &run));
    sp_runs_end_with_row(&runs);
    assert_false(sp_runs_next(&runs, 1, &run));
    hall_close(&hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_tell_what_seats_tell),
        cmocka_unit_test(a_run_ends_with_its_row),
    };
    return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
