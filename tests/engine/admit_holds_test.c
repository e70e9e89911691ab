/* SPDX-License-Identifier: MIT
 *
 * Hostile events of holds: each is one that is fine with one thing bent, and exactly
 * that is named.
 */
#include "tests/engine/admit.h"
#include "tests/engine/holds_stage.h"

static sp_event taken(const struct stage *stage, const sp_seat *seats, size_t count,
                      sp_points amount)
{
    sp_event event = event_make(stage, SP_EVENT_HOLD_TAKEN, BUYER);
    event.hold_taken.hold = sp_state_newest_hold(stage->state) + 1;
    event.hold_taken.concert = 1;
    event.hold_taken.user = BUYER;
    event.hold_taken.amount = amount;
    event.hold_taken.expires_at = stage->now + HOLD_MS;
    event.hold_taken.seats = seats;
    event.hold_taken.seats_count = (uint32_t)count;
    return event;
}

static sp_event bought(const struct stage *stage, sp_hold_id hold, const sp_seat *seats,
                       size_t count, sp_points amount)
{
    sp_event event = paid(stage, BUYER, seats, count, amount);
    event.order_paid.hold = hold;
    return event;
}

static void takings_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, OTHER, SEATS(9)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(8)), SP_OK);
    sp_event good = taken(&stage, SEATS(10, 11), 200), event;
    admits(&stage, &good);

    event = good, event.hold_taken.user = OTHER;
    refuses(&stage, &event, "not the actor");
    event = good, event.actor = event.hold_taken.user = 0;
    refuses(&stage, &event, "not the actor");
    event = good, event.actor = event.hold_taken.user = 99;
    refuses(&stage, &event, "actor is not known");
    event = good, event.hold_taken.concert = 0;
    refuses(&stage, &event, "no such concert");
    event = good, event.hold_taken.concert = 2;
    refuses(&stage, &event, "no such concert");
    event = good, event.hold_taken.seats = NULL;
    refuses(&stage, &event, "number of seats");
    event = good, event.hold_taken.seats_count = 0;
    refuses(&stage, &event, "number of seats");
    event = good, event.hold_taken.seats_count = SP_SEATS_PER_ORDER_MAX + 1;
    refuses(&stage, &event, "number of seats");
    event = taken(&stage, SEATS(11, 10), 200);
    refuses(&stage, &event, "ascend");
    event = taken(&stage, SEATS(10, STAGE_SEATS), 200);
    refuses(&stage, &event, "no such seat");
    event = taken(&stage, SEATS(9, 10), 200);
    refuses(&stage, &event, "taken");
    event = taken(&stage, SEATS(8), 100);
    refuses(&stage, &event, "taken");
    event = taken(&stage, SEATS(1, 2, 3, 4, 5), 500);
    refuses(&stage, &event, "too many seats");
    event = good, event.hold_taken.amount = 199;
    refuses(&stage, &event, "price of the seats");
    event = good, event.hold_taken.amount = INT64_MIN;
    refuses(&stage, &event, "price of the seats");
    event = good, event.hold_taken.expires_at++;
    refuses(&stage, &event, "when it should");
    event = good, event.hold_taken.expires_at = INT64_MAX;
    refuses(&stage, &event, "when it should");
    event = good, event.hold_taken.expires_at = stage.now;
    refuses(&stage, &event, "when it should");
    event = good, event.hold_taken.hold = 1;
    refuses(&stage, &event, "does not follow");
    event = good, event.hold_taken.hold = 0;
    refuses(&stage, &event, "does not follow");
    event = good, event.time = STAGE_ENDS; /* the first hold was due long before */
    refuses(&stage, &event, "overdue");
    stage_close(&stage);
}

static void windows_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    spec.start_date = STAGE_NOW + 1;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_event event = taken(&stage, SEATS(0), 100);
    event.hold_taken.concert = 2;
    refuses(&stage, &event, "window");
    event.time++;
    event.hold_taken.expires_at++;
    admits(&stage, &event);
    event.time = STAGE_ENDS - 1;
    event.hold_taken.expires_at = STAGE_ENDS;
    admits(&stage, &event);
    event.time = STAGE_ENDS;
    refuses(&stage, &event, "window");
    stage_close(&stage);
}

/* A hold's id may leave some out: another installation's ring was smaller. */
static void ids_ascend_and_have_room(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.holds_max = 2; /* 4 rows */
    struct stage stage = stage_make_with(&limits);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(0)), SP_OK);
    sp_event event = taken(&stage, SEATS(1), 100);

    event.hold_taken.hold = 3;
    admits(&stage, &event);
    event.hold_taken.hold = 4; /* one hold lives: it had one row */
    refuses(&stage, &event, "leaves out more");
    event.hold_taken.hold = UINT32_MAX; /* there would never be another */
    refuses(&stage, &event, "leaves out more");
    event.hold_taken.hold = 2;
    sp_apply(stage.state, &event);
    event = taken(&stage, SEATS(2), 100);
    refuses(&stage, &event, "limit of holds");
    stage_close(&stage);
}

/* As the log of a larger ring has it. */
static void ids_find_their_rows_free(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.holds_max = 2; /* 4 rows */
    struct stage stage = stage_make_with(&limits);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(0)), SP_OK);
    for (sp_hold_id id = 2; id <= 4; id++) {
        assert_int_equal(hold_take(&stage, OTHER, SEATS(1)), SP_OK);
        assert_int_equal(hold_release(&stage, OTHER, id), SP_OK);
    }
    sp_event event = taken(&stage, SEATS(2), 100);
    event.hold_taken.hold = 5; /* 1 lives in that row */
    refuses(&stage, &event, "limit of holds");
    event.hold_taken.hold = 6;
    admits(&stage, &event);
    stage_close(&stage);
}

/* A program before the rule kept a concert's wish, and sold as it was asked to. */
static void a_log_from_before_the_orphan_rule_is_true(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    spec.no_orphans = true;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_event hold = taken(&stage, SEATS(1, 2), 200);
    sp_event order = bought(&stage, 0, SEATS(1, 2), 200);

    hold.hold_taken.concert = order.order_paid.concert = 2;
    admits(&stage, &hold);
    admits(&stage, &order);
    stage_close(&stage);
}

static void extensions_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    sp_seq taken_seq = stage.event.seq;
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(hold_release(&stage, BUYER, 2), SP_OK);
    stage.now += 500;
    sp_event good = event_make(&stage, SP_EVENT_HOLD_EXTENDED, BUYER), event;
    good.hold_extended.hold = 1;
    good.hold_extended.taken = taken_seq;
    good.hold_extended.expires_at = stage.now + HOLD_MS;
    admits(&stage, &good);

    event = good, event.actor = OTHER;
    refuses(&stage, &event, "no such hold");
    event = good, event.actor = 0;
    refuses(&stage, &event, "no such hold");
    event = good, event.hold_extended.hold = 0;
    refuses(&stage, &event, "no such hold");
    event = good, event.hold_extended.hold = 2; /* lives no more */
    refuses(&stage, &event, "no such hold");
    event = good, event.hold_extended.hold = 3;
    refuses(&stage, &event, "no such hold");
    event = good, event.hold_extended.taken++;
    refuses(&stage, &event, "not taken then");
    event = good, event.hold_extended.expires_at--;
    refuses(&stage, &event, "when it should");
    event = good, event.hold_extended.expires_at = STAGE_NOW + 3 * HOLD_MS;
    refuses(&stage, &event, "when it should");
    event = good, event.time = STAGE_NOW + HOLD_MS;
    refuses(&stage, &event, "overdue");
    for (int i = 1; i <= 2; i++) {
        stage.now = STAGE_NOW + i * HOLD_MS - (i == 1 ? 1 : 2);
        assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    }
    stage.now = STAGE_NOW + 3 * HOLD_MS - 3;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    event = event_make(&stage, SP_EVENT_HOLD_EXTENDED, BUYER);
    event.hold_extended.hold = 1;
    event.hold_extended.taken = taken_seq;
    event.hold_extended.expires_at = STAGE_NOW + 3 * HOLD_MS;
    refuses(&stage, &event, "further");
    stage_close(&stage);
}

static void releases_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    sp_event good = event_make(&stage, SP_EVENT_HOLD_RELEASED, BUYER), event;
    good.hold_released.hold = 1;
    admits(&stage, &good);

    event = good, event.actor = ADMIN;
    refuses(&stage, &event, "no such hold");
    event = good, event.actor = 0;
    refuses(&stage, &event, "no such hold");
    event = good, event.hold_released.hold = 0;
    refuses(&stage, &event, "no such hold");
    event = good, event.time = STAGE_NOW + HOLD_MS - 1;
    admits(&stage, &event);
    event = good, event.time = STAGE_NOW + HOLD_MS;
    refuses(&stage, &event, "overdue");
    sp_apply(stage.state, &good);
    good.seq++;
    refuses(&stage, &good, "no such hold");
    stage_close(&stage);
}

static void buyings_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0, 70)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(1)), SP_OK);
    sp_event good = bought(&stage, 1, SEATS(0, 70), 107), event;
    admits(&stage, &good);

    event = good, event.order_paid.hold = 3;
    refuses(&stage, &event, "no such hold");
    event = bought(&stage, 2, SEATS(1), 100); /* another's */
    refuses(&stage, &event, "no such hold");
    event = good, event.order_paid.concert = 2;
    refuses(&stage, &event, "no such hold");
    event = good, event.order_paid.amount = 106;
    refuses(&stage, &event, "that of the hold");
    event = bought(&stage, 1, SEATS(0), 107);
    refuses(&stage, &event, "those of the hold");
    event = bought(&stage, 1, SEATS(0, 71), 107);
    refuses(&stage, &event, "those of the hold");
    event = bought(&stage, 1, SEATS(0, 70, 72), 107);
    refuses(&stage, &event, "those of the hold");
    event = good, event.order_paid.hold = 0; /* its seats, but not it */
    refuses(&stage, &event, "taken");
    event = good, event.time = STAGE_NOW + HOLD_MS - 1;
    admits(&stage, &event);
    event = good, event.time = STAGE_NOW + HOLD_MS;
    refuses(&stage, &event, "overdue");
    stage_close(&stage);
}

static void expiries_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(1)), SP_OK);
    stage.now++;
    assert_int_equal(hold_take(&stage, OTHER, SEATS(2)), SP_OK);
    stage.now = STAGE_NOW + HOLD_MS;
    sp_event good = event_make(&stage, SP_EVENT_HOLDS_EXPIRED, 0), event;
    good.holds_expired.holds = (const sp_hold_id[]){1, 2};
    good.holds_expired.holds_count = 2;
    admits(&stage, &good);

    event = good, event.actor = BUYER;
    refuses(&stage, &event, "has an actor");
    event = good, event.holds_expired.holds = NULL;
    refuses(&stage, &event, "out of range");
    event = good, event.holds_expired.holds_count = 0;
    refuses(&stage, &event, "out of range");
    event = good, event.holds_expired.holds_count = SP_HOLDS_PER_EXPIRY_MAX + 1;
    refuses(&stage, &event, "out of range");
    event = good, event.holds_expired.holds_count = 1; /* 2 is due as well */
    refuses(&stage, &event, "not the holds");
    event = good, event.holds_expired.holds = (const sp_hold_id[]){2, 1};
    refuses(&stage, &event, "not the holds");
    event = good, event.holds_expired.holds = (const sp_hold_id[]){1, 1};
    refuses(&stage, &event, "not the holds");
    event = good, event.holds_expired.holds = (const sp_hold_id[]){1, 2, 3};
    event.holds_expired.holds_count = 3;
    refuses(&stage, &event, "not the holds");
    event.time++; /* now 3 is too */
    admits(&stage, &event);
    event = good, event.time--;
    refuses(&stage, &event, "not the holds");
    event = good, event.idempotency.present = true;
    refuses(&stage, &event, "without a user");
    stage_close(&stage);
}

/* While a hold is overdue nothing happens but its end, and a start: a disk may have
 * been too full for the one and not for the other. */
static void nothing_goes_before_what_is_overdue(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    sp_event grant = event_make(&stage, SP_EVENT_POINTS_GRANTED, ADMIN);
    sp_event start = event_make(&stage, SP_EVENT_SERVER_STARTED, 0);
    grant.points_granted.user = BUYER;
    grant.points_granted.amount = 1;
    start.server_started.version = SP_TEXT("1");

    grant.time = STAGE_NOW + HOLD_MS - 1;
    admits(&stage, &grant);
    grant.time = start.time = STAGE_NOW + HOLD_MS;
    refuses(&stage, &grant, "overdue");
    admits(&stage, &start);
    sp_apply(stage.state, &start);
    grant.seq++;
    refuses(&stage, &grant, "overdue");
    stage.now = STAGE_NOW + HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    grant.seq++;
    admits(&stage, &grant);
    stage_close(&stage);
}

/* So many are due that they take several events: each the first thousand. */
static void expiries_are_as_long_as_they_can_be(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.users_max = 3000;
    limits.seats_max = 5000;
    limits.holds_max = 3000;
    struct stage stage = stage_make_with(&limits);
    sp_concert_spec spec = stage_spec();
    static const uint32_t rows[] = {2500};
    static const sp_grade_spec grade = {{"A", 1}, 1, rows, 1};
    spec.grades = &grade;
    spec.grades_count = 1;
    spec.max_seats_per_user = 1000;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    for (uint32_t i = 0; i < 2500; i++) {
        sp_command command = hold_command(BUYER + i / 1000, SEATS(i));
        command.hold_take.concert = 2;
        if (i == 2000)
            assert_int_equal(stage_user(&stage, SP_ROLE_USER, 0), SP_OK);
        assert_int_equal(stage_give(&stage, &command), SP_OK);
    }
    stage.now += HOLD_MS;
    sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event event;
    assert_true(sp_decide_expiry(stage.state, stage.now, ids, &event));
    assert_int_equal(event.holds_expired.holds_count, SP_HOLDS_PER_EXPIRY_MAX);
    admits(&stage, &event);
    event.holds_expired.holds_count--;
    refuses(&stage, &event, "not the holds");
    assert_int_equal(hold_expire(&stage), 3);
    assert_int_equal(stage.event.holds_expired.holds_count, 500);
    assert_int_equal(sp_state_holds_count(stage.state), 0);
    assert_int_equal(sp_state_held_count(stage.state, 2), 0);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takings_are_checked),
        cmocka_unit_test(windows_are_checked),
        cmocka_unit_test(ids_ascend_and_have_room),
        cmocka_unit_test(a_log_from_before_the_orphan_rule_is_true),
        cmocka_unit_test(ids_find_their_rows_free),
        cmocka_unit_test(extensions_are_checked),
        cmocka_unit_test(releases_are_checked),
        cmocka_unit_test(buyings_are_checked),
        cmocka_unit_test(expiries_are_checked),
        cmocka_unit_test(nothing_goes_before_what_is_overdue),
        cmocka_unit_test(expiries_are_as_long_as_they_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
