/* SPDX-License-Identifier: MIT
 *
 * Concerts that are paused, resumed and cancelled: what still goes on, what is given back,
 * and what a retry is told. (Random histories against a naive engine: reference_test.c;
 * edits: catalogue_test.c.)
 */
#include "tests/engine/concerts_stage.h"

/* ---- Pausing ---- */

static void a_pause_stops_what_takes(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(2)), SP_OK);
    assert_int_equal(concert_resume(&stage, HOST, 1), SP_OK); /* a fact like any other */
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
    assert_int_equal(concert_pause(&stage, ADMIN, 1), SP_OK);
    assert_int_equal(sp_state_sale(stage.state, 1), SP_SALE_PAUSED);
    assert_int_equal(sp_state_concert_seq(stage.state, 1), stage.event.seq);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(9)), SP_SALES_PAUSED);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(9)), SP_SALES_PAUSED);
    assert_int_equal(hold_best(&stage, OTHER, 1, NULL), SP_SALES_PAUSED);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_SALES_PAUSED);
    stage.now++;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_release(&stage, OTHER, 2), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    assert_int_equal(concert_name(&stage, HOST, "still to be edited"), SP_OK);
    assert_int_equal(sp_state_sale(stage.state, 1), SP_SALE_PAUSED);
    assert_int_equal(concert_resume(&stage, HOST, 1), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_OK);
    stage_close(&stage);
}

/* Paused goes before its window, as the design lists the checks. */
static void a_pause_goes_before_the_window(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
    stage.now = STAGE_ENDS;
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_SALES_PAUSED);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_CONCERT_CANCELLED);
    stage_close(&stage);
}

/* ---- Cancelling ---- */

static void expect_refunded(const struct stage *stage, sp_order_id id, sp_seq seq)
{
    sp_order_view order;
    assert_true(sp_state_order(stage->state, id, &order));
    assert_int_equal(order.status, SP_ORDER_CANCEL);
    assert_int_equal(order.cancelled_at, stage->now);
    assert_int_equal(order.seq, seq);
}

/* Three buyers, of whom one is its host; an order that was cancelled before, one of
 * several seats, two of one buyer; holds. */
static void everything_is_given_back(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command grant = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
    sp_concert_totals totals;
    sp_engine_figures figures;

    grant.points_grant.user = HOST;
    grant.points_grant.amount = 500;
    assert_int_equal(stage_give(&stage, &grant), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    sp_time_ms earlier = stage.now;
    assert_int_equal(stage_order(&stage, OTHER, SEATS(0, 64)), SP_OK);
    assert_int_equal(stage_order(&stage, HOST, SEATS(1)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(129)), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(70)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(3)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(4, 5)), SP_OK);
    assert_int_equal(hold_release(&stage, OTHER, 1), SP_OK);
    stage.now += 9;
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    sp_seq seq = stage.event.seq;
    assert_int_equal(stage.event.concert_cancelled.orders_count, 4);
    assert_int_equal(stage.event.concert_cancelled.amount, 200 + 100 + 7 + 7);
    assert_int_equal(stage.event.concert_cancelled.seats_held_count, 2);

    assert_int_equal(stage_points(&stage, BUYER), 1000);
    assert_int_equal(stage_points(&stage, OTHER), 1000);
    assert_int_equal(stage_points(&stage, HOST), 500);
    for (sp_order_id id = 2; id <= 5; id++)
        expect_refunded(&stage, id, seq);
    sp_order_view order;
    assert_true(sp_state_order(stage.state, 1, &order));
    assert_int_equal(order.cancelled_at, earlier);
    assert_true(order.seq < seq);
    for (sp_user_id user = HOST; user <= OTHER; user++)
        assert_int_equal(sp_state_user_seats(stage.state, user, 1), 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(sp_state_sold_words(stage.state, 1)[i], 0);
        assert_int_equal(sp_state_held_words(stage.state, 1)[i], 0);
    }
    assert_int_equal(sp_state_sold_count(stage.state, 1), 0);
    assert_int_equal(sp_state_held_count(stage.state, 1), 0);
    assert_int_equal(sp_state_holds_count(stage.state), 0);
    assert_int_equal(sp_state_sale(stage.state, 1), SP_SALE_CANCELLED);
    assert_int_equal(sp_state_concert_seq(stage.state, 1), seq);
    static const sp_seat changed[] = {0, 1, 4, 5, 64, 70, 129};
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++)
        assert_int_equal(sp_state_seat_seq(stage.state, 1, changed[i]), seq);
    assert_true(sp_state_seat_seq(stage.state, 1, 3) < seq); /* was free already */
    assert_true(sp_state_concert_totals(stage.state, 1, &totals));
    assert_int_equal(totals.orders, 5);
    assert_int_equal(totals.cancelled, 5);
    assert_int_equal(totals.refunded, totals.amount);
    sp_state_figures(stage.state, &figures);
    assert_int_equal(figures.orders_cancelled, 5);
    assert_int_equal(figures.sold_seats, 0);
    assert_int_equal(figures.held_seats, 0);
    stage_close(&stage);
}

static void nothing_more_happens_at_it(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(0);

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(2)), SP_OK);
    assert_int_equal(hold_release(&stage, BUYER, 2), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3)), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 3), SP_OK);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_CONCERT_CANCELLED);
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_CONCERT_CANCELLED);
    assert_int_equal(concert_pause(&stage, ADMIN, 1), SP_CONCERT_CANCELLED);
    assert_int_equal(concert_resume(&stage, HOST, 1), SP_CONCERT_CANCELLED);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_CONCERT_CANCELLED);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_CONCERT_CANCELLED);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_ALREADY_CANCELLED);
    /* A hold that ended with it says so, whatever is done to it, and for good. */
    stage.now += 10 * HOLD_MS;
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_CONCERT_CANCELLED);
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_CONCERT_CANCELLED);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_CONCERT_CANCELLED);
    assert_int_equal(hold_release(&stage, OTHER, 1), SP_HOLD_UNKNOWN); /* another's */
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_HOLD_UNKNOWN);     /* released */
    assert_int_equal(hold_buy(&stage, BUYER, 3), SP_HOLD_UNKNOWN);     /* bought */
    stage_close(&stage);
}

/* One where nothing was ever sold, too. Its host can go now, and could not before. */
static void a_host_may_go_when_it_is_cancelled(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command erase = stage_command(SP_COMMAND_USER_ERASE, HOST);

    assert_int_equal(stage_give(&stage, &erase), SP_HAS_LIVE_CONCERTS);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    assert_int_equal(stage.event.concert_cancelled.orders_count, 0);
    assert_int_equal(stage.event.concert_cancelled.amount, 0);
    assert_int_equal(stage_give(&stage, &erase), SP_OK);
    stage_close(&stage);
}

/* Who was erased is refunded like everyone, and so is the host who was. */
static void the_erased_are_refunded(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command erase = stage_command(SP_COMMAND_USER_ERASE, BUYER);
    sp_user_view view;

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(stage_give(&stage, &erase), SP_OK);
    stage.now = STAGE_ENDS + 1;
    erase.actor = HOST;
    assert_int_equal(stage_give(&stage, &erase), SP_OK);
    assert_int_equal(concert_cancel(&stage, ADMIN, 1), SP_OK);
    assert_true(sp_state_user_ever(stage.state, BUYER, &view));
    assert_int_equal(view.points, 1000);
    assert_true(sp_state_user_ever(stage.state, HOST, &view));
    assert_int_equal(view.points, 0);
    stage_close(&stage);
}

/* A host who has spent what he earned owes it. */
static void a_host_may_go_below_nothing(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    sp_command buy = stage_order_command(HOST, SEATS(0));

    assert_int_equal(stage_concert(&stage, ADMIN, &spec), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    buy.order_create.concert = 2;
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    assert_int_equal(stage_points(&stage, HOST), -100);
    assert_int_equal(stage_points(&stage, ADMIN), 100);
    stage_close(&stage);
}

/* A retry is told what it was told, and changes nothing. */
static void retries_are_answered(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(NAME));
    sp_command commands[4] = {stage_command(SP_COMMAND_CONCERT_EDIT, HOST),
                              stage_command(SP_COMMAND_CONCERT_PAUSE, HOST),
                              stage_command(SP_COMMAND_CONCERT_RESUME, HOST),
                              stage_command(SP_COMMAND_CONCERT_CANCEL, HOST)};
    static sp_result result;
    sp_seq seqs[4];

    commands[0].concert_edit.patch = &patch;
    for (uint32_t i = 0; i < 4; i++) {
        commands[i].concert_pause.concert = 1; /* the first of each */
        commands[i].idempotency.present = true;
        commands[i].idempotency.key.bytes[0] = (uint8_t)i;
        assert_int_equal(stage_give(&stage, &commands[i]), SP_OK);
        seqs[i] = stage.event.seq;
        sp_result_of_event(stage.state, &stage.event, &result);
        assert_int_equal(result.concert, 1);
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(stage_give(&stage, &commands[i]), SP_OK);
        assert_int_equal(stage.decision, SP_DECISION_REPLAY);
        sp_result_of_replay(stage.state, &stage.replay, &result);
        assert_int_equal(result.seq, seqs[i]);
        assert_int_equal(result.concert, 1);
        commands[i].idempotency.request.bytes[0] = 1;
        assert_int_equal(stage_give(&stage, &commands[i]), SP_IDEMPOTENCY_MISMATCH);
    }
    assert_int_equal(sp_state_seq(stage.state), seqs[3]);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pause_stops_what_takes),
        cmocka_unit_test(a_pause_goes_before_the_window),
        cmocka_unit_test(everything_is_given_back),
        cmocka_unit_test(nothing_more_happens_at_it),
        cmocka_unit_test(a_host_may_go_when_it_is_cancelled),
        cmocka_unit_test(the_erased_are_refunded),
        cmocka_unit_test(a_host_may_go_below_nothing),
        cmocka_unit_test(retries_are_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
