/* SPDX-License-Identifier: MIT
 *
 * What is decided of holds, a test a rule: taking, extending, releasing, buying, and
 * retries. stage_give admits all that is decided. The best that are left and orphans:
 * decide_best_test.c.
 */
#include "tests/engine/holds_stage.h"

/* --- taking --- */

static void a_hold_has_its_price_and_its_end(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(69, 70)), SP_OK); /* VIP and R */
    assert_int_equal(stage.event.type, SP_EVENT_HOLD_TAKEN);
    assert_int_equal(stage.event.hold_taken.hold, 1);
    assert_int_equal(stage.event.hold_taken.concert, 1);
    assert_int_equal(stage.event.hold_taken.user, BUYER);
    assert_int_equal(stage.event.hold_taken.amount, 107);
    assert_int_equal(stage.event.hold_taken.expires_at, STAGE_NOW + HOLD_MS);
    assert_int_equal(stage.event.hold_taken.seats_count, 2);
    assert_int_equal(stage.event.hold_taken.seats[0], 69);
    assert_int_equal(stage.event.hold_taken.seats[1], 70);
    assert_int_equal(stage_points(&stage, BUYER), 1000);        /* asked for when it is bought */
    assert_int_equal(hold_take(&stage, HOST, SEATS(1)), SP_OK); /* nor need he have any */
    assert_int_equal(stage.event.hold_taken.hold, 2);
    stage_close(&stage);
}

static void taking_is_refused_in_order(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, OTHER, SEATS(3)), SP_OK);
    sp_seq sold_seq = stage.event.seq;
    assert_int_equal(hold_take(&stage, OTHER, SEATS(5)), SP_OK);
    sp_seq held_seq = stage.event.seq;
    sp_command wrong = hold_command(99, SEATS(3, 4, 5, 6, 999));

    assert_int_equal(stage_give(&stage, &wrong), SP_TOKEN_INVALID);
    wrong.actor = BUYER;
    wrong.hold_take.concert = 2;
    assert_int_equal(stage_give(&stage, &wrong), SP_CONCERT_UNKNOWN);
    wrong.hold_take.concert = 1;
    assert_int_equal(stage_give(&stage, &wrong), SP_SEAT_UNKNOWN);
    assert_int_equal(stage.refusal.conflicts_count, 1);
    assert_int_equal(stage.refusal.conflicts[0].seat, 999);
    wrong.hold_take.seats[4] = STAGE_SEATS - 1;
    assert_int_equal(stage_give(&stage, &wrong), SP_SEAT_LIMIT);
    assert_int_equal(stage.refusal.max, 4);
    assert_int_equal(stage.refusal.have, 0);
    wrong.hold_take.seats_count = 4;
    assert_int_equal(stage_give(&stage, &wrong), SP_SEAT_TAKEN);
    assert_int_equal(stage.refusal.conflicts_count, 2);
    assert_int_equal(stage.refusal.conflicts[0].seat, 3);
    assert_int_equal(stage.refusal.conflicts[0].state, SP_SEAT_SOLD);
    assert_int_equal(stage.refusal.conflicts[0].seq, sold_seq);
    assert_int_equal(stage.refusal.conflicts[1].seat, 5);
    assert_int_equal(stage.refusal.conflicts[1].state, SP_SEAT_HELD);
    assert_int_equal(stage.refusal.conflicts[1].seq, held_seq);
    stage_close(&stage);
}

static void the_window_is_of_holds_too(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    sp_command command = hold_command(BUYER, SEATS(0, 999)); /* before the seats are known */
    spec.start_date = STAGE_NOW + 1;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    command.hold_take.concert = 2;

    assert_int_equal(stage_give(&stage, &command), SP_SALES_NOT_OPEN);
    assert_int_equal(stage.refusal.opens_at, STAGE_NOW + 1);
    stage.now++;
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_UNKNOWN);
    stage.now = STAGE_ENDS - 1;
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_UNKNOWN);
    stage.now = STAGE_ENDS;
    assert_int_equal(stage_give(&stage, &command), SP_SALES_CLOSED);
    stage_close(&stage);
}

/* Held seats are no one's to order, be they one's own. */
static void a_held_seat_is_taken(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(10, 11)), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(9, 10)), SP_SEAT_TAKEN);
    assert_int_equal(stage.refusal.conflicts[0].seat, 10);
    assert_int_equal(stage.refusal.conflicts[0].state, SP_SEAT_HELD);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(11)), SP_SEAT_TAKEN);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(11, 12)), SP_SEAT_TAKEN);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(9, 10)), SP_OK);
    stage_close(&stage);
}

/* Four a user, held and bought together; one that is bought counts once. */
static void caps_are_of_holds_and_orders_together(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0, 1)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(2, 3, 4)), SP_SEAT_LIMIT);
    assert_int_equal(stage.refusal.have, 2);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(2)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3, 4)), SP_SEAT_LIMIT);
    assert_int_equal(stage.refusal.have, 3);
    assert_int_equal(hold_best(&stage, BUYER, 2, NULL), SP_SEAT_LIMIT);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3)), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_OK); /* no more than he has */
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 4);
    assert_int_equal(hold_release(&stage, BUYER, 2), SP_OK);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 3);
    assert_int_equal(stage_cancel(&stage, BUYER, 2, NULL), SP_OK); /* what was the hold */
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 1);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(20, 21, 22)), SP_OK);
    stage.now += HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 1);
    stage_close(&stage);
}

static void a_limit_of_holds_is_named(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.holds_max = 2;
    struct stage stage = stage_make_with(&limits);

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(2)), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "holds");
    assert_int_equal(hold_take(&stage, OTHER, SEATS(1)), SP_SEAT_TAKEN); /* comes before */
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(2)), SP_OK);
    stage_close(&stage);
}

/* --- ends: now + hold, created + 3 holds, the end of sales --- */

static void no_hold_outlives_the_sales(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    stage.now = STAGE_ENDS - HOLD_MS;
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_ENDS);
    stage.now = STAGE_ENDS - 1;
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1)), SP_OK); /* a hold of 1 ms */
    assert_int_equal(hold_deadline(&stage, 2), STAGE_ENDS);
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_HOLD_EXTEND_LIMIT);
    assert_int_equal(hold_extend(&stage, BUYER, 2), SP_HOLD_EXTEND_LIMIT);
    stage.now = STAGE_ENDS;
    assert_int_equal(hold_expire(&stage), 1);
    assert_int_equal(stage.event.holds_expired.holds_count, 2);
    stage_close(&stage);
}

static void extending_counts_from_now_to_three_holds(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    sp_seq taken = stage.event.seq;
    stage.now = STAGE_NOW + 1;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(stage.event.type, SP_EVENT_HOLD_EXTENDED);
    assert_int_equal(stage.event.hold_extended.hold, 1);
    assert_int_equal(stage.event.hold_extended.taken, taken);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + HOLD_MS + 1);
    stage.now = STAGE_NOW + HOLD_MS;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(stage.event.hold_extended.taken, taken); /* the taking, not the last */
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + 2 * HOLD_MS);
    stage.now = STAGE_NOW + 2 * HOLD_MS - 1;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + 3 * HOLD_MS - 1); /* 1 ms is left … */
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK); /* … and now + hold still the same */
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + 3 * HOLD_MS - 1);
    stage.now = STAGE_NOW + 3 * HOLD_MS - 2;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + 3 * HOLD_MS);
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_HOLD_EXTEND_LIMIT);
    stage_close(&stage);
}

static void extending_stops_at_the_end_of_sales(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    stage.now = STAGE_ENDS - HOLD_MS - 10;
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_ENDS - 10);
    stage.now += 100;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_ENDS);
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_HOLD_EXTEND_LIMIT);
    stage_close(&stage);
}

/* Extended twice in one ms: a fact each, of the same end. */
static void extending_twice_at_once_is_fine(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
        assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + HOLD_MS);
    }
    stage_close(&stage);
}

/* --- whose, and whether it is still there --- */

static sp_outcome each_of(struct stage *stage, int kind, sp_user_id actor, sp_hold_id hold)
{
    return kind == 0   ? hold_extend(stage, actor, hold)
           : kind == 1 ? hold_release(stage, actor, hold)
                       : hold_buy(stage, actor, hold);
}

static void what_is_anothers_is_unknown(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(each_of(&stage, kind, OTHER, 1), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, ADMIN, 1), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, HOST, 1), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, BUYER, 2), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, BUYER, UINT32_MAX), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, 99, 1), SP_TOKEN_INVALID);
    }
    assert_int_equal(hold_extend(&stage, BUYER, 0), SP_HOLD_UNKNOWN);
    assert_int_equal(hold_release(&stage, BUYER, 0), SP_HOLD_UNKNOWN);
    stage_close(&stage);
}

/* Released or bought: there is no hold any more. Expired: that is told, to him. */
static void what_has_ended_is_told_apart(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    for (sp_seat seat = 0; seat < 3; seat++)
        assert_int_equal(hold_take(&stage, BUYER, SEATS(seat)), SP_OK);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_OK);
    stage.now += HOLD_MS;
    for (int kind = 0; kind < 3; kind++) /* overdue, before the event and after it */
        assert_int_equal(each_of(&stage, kind, BUYER, 3), SP_HOLD_EXPIRED);
    assert_int_equal(hold_expire(&stage), 1);
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(each_of(&stage, kind, BUYER, 1), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, BUYER, 2), SP_HOLD_UNKNOWN);
        assert_int_equal(each_of(&stage, kind, BUYER, 3), SP_HOLD_EXPIRED);
        assert_int_equal(each_of(&stage, kind, OTHER, 3), SP_HOLD_UNKNOWN);
    }
    stage_close(&stage);
}

/* --- buying --- */

static void buying_takes_all_of_it(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command buy = buy_command(BUYER, 1);
    buy.order_create.concert = 3; /* neither is looked at */
    buy.order_create.seats_count = 1;

    assert_int_equal(hold_take(&stage, BUYER, SEATS(59, 60, 129)), SP_OK);
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(stage.event.type, SP_EVENT_ORDER_PAID);
    assert_int_equal(stage.event.order_paid.hold, 1);
    assert_int_equal(stage.event.order_paid.concert, 1);
    assert_int_equal(stage.event.order_paid.buyer, BUYER);
    assert_int_equal(stage.event.order_paid.amount, 207);
    assert_int_equal(stage.event.order_paid.seats_count, 3);
    assert_int_equal(stage.event.order_paid.seats[2], 129);
    assert_false(stage.event.order_paid.job.present);
    assert_int_equal(stage_points(&stage, BUYER), 793);
    assert_int_equal(stage_points(&stage, HOST), 207);
    stage_close(&stage);
}

static void buying_is_in_time_until_the_deadline(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1)), SP_OK);
    stage.now = STAGE_NOW + HOLD_MS - 1;
    assert_int_equal(hold_expire(&stage), 0);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_OK);
    stage.now = STAGE_NOW + HOLD_MS;
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_HOLD_EXPIRED);
    assert_int_equal(hold_expire(&stage), 1);
    assert_int_equal(stage.event.holds_expired.holds_count, 1); /* not the one bought */
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_HOLD_EXPIRED);
    stage_close(&stage);
}

/* Amount before points before tables. */
static void buying_is_refused_in_order(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.orders_max = 1;
    struct stage stage = stage_make_with(&limits);
    sp_command buy = buy_command(HOST, 1); /* who has no points */

    assert_int_equal(hold_take(&stage, HOST, SEATS(0, 1)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(2)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3)), SP_OK);
    buy.order_create.amount = 199;
    assert_int_equal(stage_give(&stage, &buy), SP_AMOUNT_MISMATCH);
    assert_int_equal(stage.refusal.amount, 200);
    buy.order_create.amount = 200;
    assert_int_equal(stage_give(&stage, &buy), SP_INSUFFICIENT_POINTS);
    assert_int_equal(stage.refusal.points, 0);
    buy = buy_command(BUYER, 2);
    buy.order_create.amount = 100;
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 3), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "orders");
    assert_int_equal(sp_state_holds_count(stage.state), 2); /* refusals end none */
    stage_close(&stage);
}

/* --- retries --- */

static sp_command keyed(sp_command command, uint8_t key)
{
    command.idempotency.present = true;
    command.idempotency.key.bytes[0] = key;
    return command;
}

static void expect_replay(struct stage *stage, const sp_command *command, sp_seq seq,
                          sp_time_ms expires_at)
{
    static sp_result result;
    assert_int_equal(stage_give(stage, command), SP_OK);
    assert_int_equal(stage->decision, SP_DECISION_REPLAY);
    sp_result_of_replay(stage->state, &stage->replay, &result);
    assert_int_equal(result.outcome, SP_OK);
    assert_true(result.replayed);
    assert_int_equal(result.seq, seq);
    assert_int_equal(result.hold.id, 1);
    assert_int_equal(result.hold.seq, seq);
    assert_int_equal(result.hold.expires_at, expires_at);
    assert_int_equal(result.hold.seats_count, 0); /* the events tell them */
}

/* A retry is told what the first was, also when the hold is longer by now, or gone. */
static void a_retry_is_as_the_first_success(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command take = keyed(hold_command(BUYER, SEATS(0, 1)), 1);
    sp_command extend = keyed(stage_command(SP_COMMAND_HOLD_EXTEND, BUYER), 2);
    extend.hold_extend.hold = 1;

    assert_int_equal(stage_give(&stage, &take), SP_OK);
    sp_seq taken = stage.event.seq;
    expect_replay(&stage, &take, taken, STAGE_NOW + HOLD_MS);
    stage.now += 1000;
    assert_int_equal(stage_give(&stage, &extend), SP_OK);
    sp_seq extended = stage.event.seq;
    stage.now += 1000;
    expect_replay(&stage, &extend, extended, STAGE_NOW + 1000 + HOLD_MS);
    expect_replay(&stage, &take, taken, STAGE_NOW + HOLD_MS);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + 1000 + HOLD_MS); /* once */
    stage.now = STAGE_NOW + 1000 + HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(0, 1)), SP_OK);
    expect_replay(&stage, &take, taken, STAGE_NOW + HOLD_MS);
    expect_replay(&stage, &extend, extended, STAGE_NOW + 1000 + HOLD_MS);
    take.idempotency.request.bytes[0] = 1;
    assert_int_equal(stage_give(&stage, &take), SP_IDEMPOTENCY_MISMATCH);
    stage_close(&stage);
}

static void a_retry_of_buying_shows_the_order(void **unused)
{
    (void)unused;
    static sp_result result;
    struct stage stage = stage_make();
    sp_command buy = keyed(buy_command(BUYER, 1), 3);

    assert_int_equal(hold_take(&stage, BUYER, SEATS(4, 5)), SP_OK);
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(stage.decision, SP_DECISION_REPLAY);
    sp_result_of_replay(stage.state, &stage.replay, &result);
    assert_int_equal(result.order.id, 1);
    assert_int_equal(result.order.seats_count, 2);
    assert_int_equal(result.order.seats[1], 5);
    stage_close(&stage);
}

/* Nothing is to be shown of it; a log may well have a key there. */
static void a_release_with_a_key_is_retried_too(void **unused)
{
    (void)unused;
    static sp_result result;
    struct stage stage = stage_make();
    sp_command release = keyed(stage_command(SP_COMMAND_HOLD_RELEASE, BUYER), 4);
    release.hold_release.hold = 1;

    assert_int_equal(hold_take(&stage, BUYER, SEATS(4, 5)), SP_OK);
    assert_int_equal(stage_give(&stage, &release), SP_OK);
    sp_seq seq = stage.event.seq;
    assert_int_equal(stage_give(&stage, &release), SP_OK);
    assert_int_equal(stage.decision, SP_DECISION_REPLAY);
    sp_result_of_replay(stage.state, &stage.replay, &result);
    assert_int_equal(result.outcome, SP_OK);
    assert_int_equal(result.seq, seq);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_has_its_price_and_its_end),
        cmocka_unit_test(taking_is_refused_in_order),
        cmocka_unit_test(the_window_is_of_holds_too),
        cmocka_unit_test(a_held_seat_is_taken),
        cmocka_unit_test(caps_are_of_holds_and_orders_together),
        cmocka_unit_test(a_limit_of_holds_is_named),
        cmocka_unit_test(no_hold_outlives_the_sales),
        cmocka_unit_test(extending_counts_from_now_to_three_holds),
        cmocka_unit_test(extending_stops_at_the_end_of_sales),
        cmocka_unit_test(extending_twice_at_once_is_fine),
        cmocka_unit_test(what_is_anothers_is_unknown),
        cmocka_unit_test(what_has_ended_is_told_apart),
        cmocka_unit_test(buying_takes_all_of_it),
        cmocka_unit_test(buying_is_in_time_until_the_deadline),
        cmocka_unit_test(buying_is_refused_in_order),
        cmocka_unit_test(a_retry_is_as_the_first_success),
        cmocka_unit_test(a_retry_of_buying_shows_the_order),
        cmocka_unit_test(a_release_with_a_key_is_retried_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
