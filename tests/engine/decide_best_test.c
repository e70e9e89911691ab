/* SPDX-License-Identifier: MIT
 *
 * Holds of the best that are left, and the orphan rule of orders and holds, as they are
 * decided. Which seats are the best: finder_test.c.
 */
#include "tests/engine/holds_stage.h"
#include "tests/support/random.h"

static void expect_taken(const struct stage *stage, const sp_seat *seats, size_t count)
{
    assert_int_equal(stage->event.type, SP_EVENT_HOLD_TAKEN);
    assert_int_equal(stage->event.hold_taken.seats_count, count);
    assert_memory_equal(stage->event.hold_taken.seats, seats, count * sizeof *seats);
}

static void the_best_are_of_the_grade_that_is_named(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_best(&stage, BUYER, 2, NULL), SP_OK);
    expect_taken(&stage, SEATS(29, 30)); /* VIP 1's centre */
    assert_int_equal(stage.event.hold_taken.amount, 200);
    assert_int_equal(hold_best(&stage, BUYER, 2, "R"), SP_OK);
    expect_taken(&stage, SEATS(99, 100));
    assert_int_equal(stage.event.hold_taken.amount, 14);
    assert_int_equal(hold_best(&stage, OTHER, 1, "S"), SP_VALIDATION_FAILED);
    assert_string_equal(stage.refusal.field, "bestAvailable.grade");
    assert_int_equal(hold_best(&stage, OTHER, 1, ""), SP_VALIDATION_FAILED);
    assert_int_equal(hold_best(&stage, OTHER, 1, "VI"), SP_VALIDATION_FAILED);
    assert_int_equal(hold_best(&stage, OTHER, 1, "vip"), SP_VALIDATION_FAILED);
    stage_close(&stage);
}

static void the_largest_run_left_is_told(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    static const uint32_t rows[] = {3, 2};
    static const sp_grade_spec grades[] = {{{"A", 1}, 5, rows, 2}, {{"B", 1}, 5, rows + 1, 1}};
    spec.grades = grades;
    spec.grades_count = 2;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_command command = best_command(BUYER, 4, NULL);
    command.hold_take.concert = 2;

    assert_int_equal(stage_give(&stage, &command), SP_NO_ADJACENT_SEATS);
    assert_int_equal(stage.refusal.largest_run, 3);
    command.hold_take.grade = SP_TEXT("B");
    assert_int_equal(stage_give(&stage, &command), SP_NO_ADJACENT_SEATS);
    assert_int_equal(stage.refusal.largest_run, 2);
    command.hold_take.allow_split = true;
    assert_int_equal(stage_give(&stage, &command), SP_NO_ADJACENT_SEATS);
    assert_int_equal(stage.refusal.largest_run, 2);
    command.hold_take.grade = SP_TEXT("A");
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage.event.hold_taken.seats_count, 4);
    assert_int_equal(stage.event.hold_taken.seats[2], 2);
    command.actor = OTHER; /* one of A is left, and two of B: held seats are not free */
    assert_int_equal(stage_give(&stage, &command), SP_NO_ADJACENT_SEATS);
    assert_int_equal(stage.refusal.largest_run, 1);
    stage_close(&stage);
}

/* --- orphans --- */

static struct stage stage_of_no_orphans(const uint32_t *rows, uint32_t rows_count)
{
    struct stage stage = stage_make();
    sp_grade_spec grade = {{"A", 1}, 1, rows, rows_count};
    sp_concert_spec spec = stage_spec();
    spec.no_orphans = true;
    spec.max_seats_per_user = 100;
    spec.grades = &grade;
    spec.grades_count = 1;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    return stage;
}

static void none_may_strand_a_seat(void **unused)
{
    static const uint32_t rows[] = {10};
    (void)unused;
    struct stage stage = stage_of_no_orphans(rows, 1);
    sp_command order = stage_order_command(BUYER, SEATS(1, 2));
    sp_command hold = hold_command(BUYER, SEATS(1, 2));
    order.order_create.concert = hold.hold_take.concert = 2;

    assert_int_equal(stage_give(&stage, &order), SP_ORPHAN_SEAT);
    assert_int_equal(stage.refusal.conflicts_count, 1);
    assert_int_equal(stage.refusal.conflicts[0].seat, 0);
    assert_int_equal(stage_give(&stage, &hold), SP_ORPHAN_SEAT);
    assert_int_equal(stage.refusal.conflicts[0].seat, 0);
    hold.hold_take.seats[0] = 0;
    hold.hold_take.seats[1] = 1;
    assert_int_equal(stage_give(&stage, &hold), SP_OK); /* 2 … 9 are left */
    order.order_create.seats[0] = 3;
    order.order_create.seats[1] = 4;
    assert_int_equal(stage_give(&stage, &order), SP_ORPHAN_SEAT); /* beside a held one */
    assert_int_equal(stage.refusal.conflicts[0].seat, 2);
    order.order_create.seats[0] = 2;
    order.order_create.seats[1] = 3;
    assert_int_equal(stage_give(&stage, &order), SP_OK);
    stage_close(&stage);
}

/* A hold was asked for its orphans when it was taken. By the time it is bought, the
 * seats around it may be such that it would be refused. */
static void buying_a_hold_is_not_asked_again(void **unused)
{
    static const uint32_t rows[] = {4};
    (void)unused;
    struct stage stage = stage_of_no_orphans(rows, 1);
    sp_command one = hold_command(BUYER, SEATS(1));
    sp_command rest = hold_command(OTHER, SEATS(2, 3));
    one.hold_take.concert = rest.hold_take.concert = 2;

    assert_int_equal(stage_give(&stage, &one), SP_ORPHAN_SEAT);
    assert_int_equal(stage_give(&stage, &rest), SP_OK);
    assert_int_equal(stage_give(&stage, &one), SP_OK); /* nothing else is possible there */
    assert_int_equal(hold_release(&stage, OTHER, 1), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_OK);
    assert_int_equal(hold_release(&stage, BUYER, 2), SP_HOLD_UNKNOWN);
    stage_close(&stage);
}

/* What bestAvailable gives is never refused for orphans by admit, however few are
 * left: stage_give asks. */
static void the_best_pass_the_orphan_rule(void **unused)
{
    static const uint32_t rows[] = {7, 5, 9, 2, 1, 6};
    (void)unused;
    struct stage stage = stage_of_no_orphans(rows, 6);
    sp_hold_id living[20];
    uint32_t living_count = 0, given = 0, refused = 0;
    sp_random random;
    sp_random_seed(&random, 3);

    for (uint32_t round = 0; round < 20000; round++) {
        sp_command best = best_command(BUYER, (uint32_t)sp_random_below(&random, 8) + 1, NULL);
        best.hold_take.concert = 2;
        best.hold_take.allow_split = sp_random_once_in(&random, 2);
        sp_outcome outcome = stage_give(&stage, &best);
        if (outcome == SP_OK) {
            living[living_count++] = stage.event.hold_taken.hold;
            given++;
        } else {
            assert_int_equal(outcome, SP_NO_ADJACENT_SEATS);
            refused++;
        }
        /* Some end, at random, so that what is free is scattered. */
        if (living_count > 12 || (outcome != SP_OK && living_count > 0)) {
            uint32_t at = (uint32_t)sp_random_below(&random, living_count);
            assert_int_equal(hold_release(&stage, BUYER, living[at]), SP_OK);
            living[at] = living[--living_count];
        }
    }
    assert_true(given > 2000);
    assert_true(refused > 2000);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_are_of_the_grade_that_is_named),
        cmocka_unit_test(the_largest_run_left_is_told),
        cmocka_unit_test(none_may_strand_a_seat),
        cmocka_unit_test(buying_a_hold_is_not_asked_again),
        cmocka_unit_test(the_best_pass_the_orphan_rule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
