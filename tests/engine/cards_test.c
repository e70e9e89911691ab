/* SPDX-License-Identifier: MIT
 *
 * Where a seat is, against walking through the rows: halls of one row length,
 * of a few, and of random ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/state.h"
#include "tests/support/random.h"

#define GRADES_MAX 8u
#define ROWS_MAX 400u

static sp_card_grade grades[GRADES_MAX];
static sp_seat row_first_seat[ROWS_MAX + 1];
static sp_concert_card card;

/* `likeness`: one row in so many differs from the one before it. */
static void make_card(sp_random *random, uint32_t grades_count, uint64_t likeness)
{
    uint32_t row = 0, seat = 0, size = 1 + (uint32_t)sp_random_below(random, 60);
    for (uint32_t i = 0; i < grades_count; i++) {
        sp_card_grade *grade = &grades[i];
        *grade = (sp_card_grade){.first_seat = seat, .first_row = row};
        grade->rows_count = 1 + (uint32_t)sp_random_below(random, ROWS_MAX / GRADES_MAX);
        for (uint32_t j = 0; j < grade->rows_count; j++, row++) {
            if (sp_random_once_in(random, likeness))
                size = 1 + (uint32_t)sp_random_below(random, 60);
            row_first_seat[row] = seat;
            seat += size;
        }
        grade->seats_count = seat - grade->first_seat;
    }
    row_first_seat[row] = seat;
    card = (sp_concert_card){.spec = {.grades_count = grades_count},
                             .grades = grades,
                             .row_first_seat = row_first_seat,
                             .rows_count = row,
                             .seats_count = seat};
}

static void check_card(void)
{
    sp_seat seat = 0;
    for (uint32_t i = 0; i < card.spec.grades_count; i++)
        for (uint32_t row = 0; row < grades[i].rows_count; row++) {
            const sp_seat *first = row_first_seat + grades[i].first_row + row;
            for (uint32_t number = 1; number <= first[1] - first[0]; number++) {
                sp_seat_place place = sp_card_place(&card, seat++);
                assert_ptr_equal(place.grade, &grades[i]);
                assert_int_equal(place.row, row + 1);
                assert_int_equal(place.number, number);
            }
        }
    assert_int_equal(seat, card.seats_count);
}

static void every_seat_of_many_halls(void **state)
{
    sp_random random;
    (void)state;
    sp_random_seed(&random, 1);
    for (int i = 0; i < 300; i++) {
        uint32_t grades_count = 1 + (uint32_t)sp_random_below(&random, GRADES_MAX);
        make_card(&random, grades_count, i % 3 == 0 ? 1 : i % 3 == 1 ? 10 : UINT32_MAX);
        check_card();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_seat_of_many_halls)};
    return cmocka_run_group_tests_name("cards", tests, NULL, NULL);
}
