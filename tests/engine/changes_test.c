/* SPDX-License-Identifier: MIT
 *
 * What an event is noted to do to seats: of each kind of event, and over a batch.
 */
#include "tests/engine/concerts_stage.h"

/* The next change is this one. */
static void expect_next(const sp_changes *changes, size_t *at, sp_seq seq, sp_change_kind kind,
                        const sp_seat *seats, size_t count)
{
    sp_change change;
    assert_true(sp_changes_next(changes, at, &change));
    assert_int_equal(change.seq, seq);
    assert_int_equal(change.concert, 1);
    assert_int_equal(change.kind, kind);
    assert_int_equal(change.seats_count, count);
    if (count > 0)
        assert_memory_equal(change.seats, seats, count * sizeof *seats);
}

static void expect_end(const sp_changes *changes, size_t at)
{
    sp_change change;
    assert_false(sp_changes_next(changes, &at, &change));
}

/* The stage's last event did this one thing. */
static void expect_only(const struct stage *stage, sp_change_kind kind, const sp_seat *seats,
                        size_t count)
{
    size_t at = 0;
    expect_next(&stage->changes, &at, stage->event.seq, kind, seats, count);
    expect_end(&stage->changes, at);
}

static void each_kind_of_event_is_noted(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage.changes.size, 0); /* a concert that is made changes no seat */
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3, 64, 129)), SP_OK);
    expect_only(&stage, SP_CHANGE_HELD, SEATS(3, 64, 129));
    stage.now++;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    expect_end(&stage.changes, 0);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    expect_only(&stage, SP_CHANGE_HELD_FREED, SEATS(3, 64, 129));

    assert_int_equal(hold_take(&stage, BUYER, SEATS(5, 6)), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_OK);
    expect_only(&stage, SP_CHANGE_HELD_SOLD, SEATS(5, 6));
    assert_int_equal(stage_order(&stage, OTHER, SEATS(7)), SP_OK);
    expect_only(&stage, SP_CHANGE_SOLD, SEATS(7));
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    expect_only(&stage, SP_CHANGE_SOLD_FREED, SEATS(5, 6));
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 5), SP_OK);
    expect_end(&stage.changes, 0);
    stage_close(&stage);
}

/* Those of a concert itself are of no seat; an edit has the card that it made. */
static void changes_of_a_concert_are_noted(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    const uint32_t rows[] = {5};
    sp_change change;

    assert_int_equal(concert_name(&stage, HOST, "one"), SP_OK);
    size_t at = 0;
    assert_true(sp_changes_next(&stage.changes, &at, &change));
    assert_int_equal(change.kind, SP_CHANGE_EDITED);
    assert_int_equal(change.seq, stage.event.seq);
    assert_int_equal(change.concert, 1);
    assert_int_equal(change.seats_count, 0);
    assert_ptr_equal(change.card, stage_card(&stage));
    expect_end(&stage.changes, at);
    assert_int_equal(concert_relay(&stage, HOST, rows, 1), SP_OK);
    at = 0;
    assert_true(sp_changes_next(&stage.changes, &at, &change));
    assert_int_equal(change.card->layout_seq, stage.event.seq);

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
    expect_only(&stage, SP_CHANGE_PAUSED, NULL, 0);
    assert_int_equal(concert_resume(&stage, HOST, 1), SP_OK);
    expect_only(&stage, SP_CHANGE_RESUMED, NULL, 0);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK); /* its seats are not listed */
    expect_only(&stage, SP_CHANGE_CANCELLED, NULL, 0);
    stage_close(&stage);
}

/* One event, several holds: a change each, all of its seq, in the event's order. */
static void holds_that_expire_are_a_change_each(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    size_t at = 0;

    assert_int_equal(hold_take(&stage, BUYER, SEATS(8)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(0, 1)), SP_OK);
    stage.now++;
    assert_int_equal(hold_take(&stage, BUYER, SEATS(2)), SP_OK);
    stage.now = STAGE_NOW + HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    expect_next(&stage.changes, &at, stage.event.seq, SP_CHANGE_HELD_FREED, SEATS(8));
    expect_next(&stage.changes, &at, stage.event.seq, SP_CHANGE_HELD_FREED, SEATS(0, 1));
    expect_end(&stage.changes, at);
    stage_close(&stage);
}

/* The notes outlive what they are of: the seats of the first hold are another's when
 * they are read. And a buffer that is cleared is used from the front. */
static void a_batch_is_read_in_its_order(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_changes batch;
    assert_true(sp_changes_init(&batch, 3));
    sp_command commands[3] = {hold_command(BUYER, SEATS(0, 1, 2, 3)),
                              stage_command(SP_COMMAND_HOLD_RELEASE, BUYER),
                              hold_command(OTHER, SEATS(1, 3, 70))};
    commands[1].hold_release.hold = 1;

    for (int round = 0; round < 2; round++) {
        sp_seq seq = sp_state_seq(stage.state);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(sp_decide(stage.state, &commands[i], stage.now, &stage.event,
                                       stage.seats, &stage.replay, &stage.outcome, &stage.refusal),
                             SP_DECISION_EVENT);
            sp_changes_add(&batch, stage.state, &stage.event);
            sp_apply(stage.state, &stage.event);
            memset(stage.seats, 0xff, sizeof stage.seats);
        }
        size_t at = 0;
        expect_next(&batch, &at, seq + 1, SP_CHANGE_HELD, SEATS(0, 1, 2, 3));
        expect_next(&batch, &at, seq + 2, SP_CHANGE_HELD_FREED, SEATS(0, 1, 2, 3));
        expect_next(&batch, &at, seq + 3, SP_CHANGE_HELD, SEATS(1, 3, 70));
        expect_end(&batch, at);
        sp_changes_clear(&batch);
        expect_end(&batch, 0);
        commands[1].hold_release.hold += 2;
        assert_int_equal(hold_release(&stage, OTHER, sp_state_newest_hold(stage.state)), SP_OK);
    }
    sp_changes_close(&batch);
    stage_close(&stage);
}

/* Its room is for so many of the largest, to the last seat. */
static void the_largest_fit(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    sp_command command = stage_command(SP_COMMAND_HOLD_TAKE, BUYER);
    sp_changes batch;
    size_t at = 0;

    spec.max_seats_per_user = SP_SEATS_PER_ORDER_MAX;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    command.hold_take.concert = 2;
    command.hold_take.seats_count = SP_SEATS_PER_ORDER_MAX;
    for (uint32_t i = 0; i < SP_SEATS_PER_ORDER_MAX; i++)
        command.hold_take.seats[i] = i + 30;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    stage.now += HOLD_MS;
    assert_true(sp_decide_expiry(stage.state, stage.now, hold_expired, &stage.event));
    assert_true(sp_changes_init(&batch, 1));
    sp_changes_add(&batch, stage.state, &stage.event);
    assert_int_equal(batch.size, batch.capacity);
    sp_change change;
    assert_true(sp_changes_next(&batch, &at, &change));
    assert_int_equal(change.concert, 2);
    assert_int_equal(change.seats_count, SP_SEATS_PER_ORDER_MAX);
    assert_int_equal(change.seats[99], 129);
    expect_end(&batch, at);
    sp_changes_close(&batch);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_event_is_noted),
        cmocka_unit_test(changes_of_a_concert_are_noted),
        cmocka_unit_test(holds_that_expire_are_a_change_each),
        cmocka_unit_test(a_batch_is_read_in_its_order),
        cmocka_unit_test(the_largest_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
