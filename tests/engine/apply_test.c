/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tests/engine/stage.h"

static void an_order_moves_seats_and_points_at_once(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_order_view order;

    assert_int_equal(stage_order(&stage, BUYER, SEATS(59, 60, 64, 129)), SP_OK);
    sp_seq seq = sp_state_seq(stage.state);
    const uint64_t *sold = sp_state_sold_words(stage.state, 1);
    assert_int_equal(sold[0], UINT64_C(3) << 59);
    assert_int_equal(sold[1], 1);
    assert_int_equal(sold[2], 2);
    assert_int_equal(sp_state_sold_count(stage.state, 1), 4);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 4);
    assert_int_equal(sp_state_concert_seq(stage.state, 1), seq);
    assert_int_equal(sp_state_seat_seq(stage.state, 1, 129), seq);
    assert_int_equal(sp_state_seat_seq(stage.state, 1, 128), 0);
    assert_int_equal(stage_points(&stage, BUYER), 1000 - 307);
    assert_int_equal(stage_points(&stage, HOST), 307);
    assert_true(sp_state_order(stage.state, 1, &order));
    assert_int_equal(order.amount, 307);
    assert_int_equal(order.seats_count, 4);
    assert_int_equal(order.seats[3], 129);
    assert_int_equal(order.created_at, STAGE_NOW);
    assert_int_equal(order.seq, seq);
    stage_close(&stage);
}

static void a_cancel_takes_all_of_it_back(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_order_view order;

    assert_int_equal(stage_order(&stage, BUYER, SEATS(59, 60, 64, 129)), SP_OK);
    stage.now += 77;
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    sp_seq seq = sp_state_seq(stage.state);
    for (uint32_t word = 0; word < sp_words_of_seats(STAGE_SEATS); word++)
        assert_int_equal(sp_state_sold_words(stage.state, 1)[word], 0);
    assert_int_equal(sp_state_sold_count(stage.state, 1), 0);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 0);
    assert_int_equal(sp_state_seat_seq(stage.state, 1, 59), seq);
    assert_int_equal(stage_points(&stage, BUYER), 1000);
    assert_int_equal(stage_points(&stage, HOST), 0);
    assert_int_equal(sp_state_points_total(stage.state), 2000);
    assert_true(sp_state_order(stage.state, 1, &order));
    assert_int_equal(order.status, SP_ORDER_CANCEL);
    assert_int_equal(order.cancelled_at, STAGE_NOW + 77);
    assert_int_equal(order.created_at, STAGE_NOW);
    assert_int_equal(order.seq, seq);
    stage_close(&stage);
}

static void concerts_do_not_share_words(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_command command = stage_order_command(BUYER, SEATS(0));
    command.order_create.concert = 2;

    assert_int_equal(stage_order(&stage, BUYER, SEATS(128, 129)), SP_OK);
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(sp_state_concert(stage.state, 2)->first_word, 3);
    assert_int_equal(sp_state_sold_words(stage.state, 1)[2], 3);
    assert_int_equal(sp_state_sold_words(stage.state, 2)[0], 1);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 2);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 2), 1);
    stage_close(&stage);
}

/* The page of a user's orders, as a query answers it. */
static void orders_come_newest_first_in_pages(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command query = stage_command(SP_QUERY_ORDERS, BUYER);
    sp_result result;

    query.query_orders.count_max = 2;
    sp_query(stage.state, &query, &result);
    assert_int_equal(result.outcome, SP_OK);
    assert_int_equal(result.orders.count, 0);
    assert_null(result.orders.items);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(2)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(3, 4)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(5)), SP_OK);

    sp_query(stage.state, &query, &result);
    assert_int_equal(result.orders.count, 2);
    assert_int_equal(result.orders.items[0].id, 4);
    assert_int_equal(result.orders.items[1].id, 3);
    assert_int_equal(result.orders.items[1].seats[1], 4);
    assert_int_equal(result.orders.next, 3);
    sp_result_release(SP_QUERY_ORDERS, &result);
    query.query_orders.before = 3;
    sp_query(stage.state, &query, &result);
    assert_int_equal(result.orders.count, 1);
    assert_int_equal(result.orders.items[0].id, 1);
    assert_int_equal(result.orders.next, 0);
    sp_result_release(SP_QUERY_ORDERS, &result);

    assert_int_equal(sp_state_order_before(stage.state, BUYER, 1), 0);
    /* Another's, and one that is not there: found in one step not to be his. */
    assert_int_equal(sp_state_order_before(stage.state, BUYER, 2), 0);
    assert_int_equal(sp_state_order_before(stage.state, BUYER, 1000), 0);
    stage_close(&stage);
}

static sp_outcome ask(const struct stage *stage, sp_command_type type, sp_user_id actor,
                      uint32_t id)
{
    sp_command query = stage_command(type, actor);
    sp_result result;
    if (type == SP_QUERY_USER)
        query.query_user.user = id;
    else
        query.query_order.order = id;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static void queries_show_ones_own(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_OK);

    assert_int_equal(ask(&stage, SP_QUERY_ORDER, BUYER, 1), SP_OK);
    assert_int_equal(ask(&stage, SP_QUERY_ORDER, ADMIN, 1), SP_OK);
    assert_int_equal(ask(&stage, SP_QUERY_ORDER, HOST, 1), SP_ORDER_UNKNOWN);
    assert_int_equal(ask(&stage, SP_QUERY_ORDER, ADMIN, 2), SP_ORDER_UNKNOWN);
    assert_int_equal(ask(&stage, SP_QUERY_USER, BUYER, 0), SP_OK);
    assert_int_equal(ask(&stage, SP_QUERY_USER, BUYER, HOST), SP_ROLE_REQUIRED);
    assert_int_equal(ask(&stage, SP_QUERY_USER, BUYER, 99), SP_ROLE_REQUIRED);
    assert_int_equal(ask(&stage, SP_QUERY_USER, ADMIN, BUYER), SP_OK);
    assert_int_equal(ask(&stage, SP_QUERY_USER, ADMIN, 99), SP_USER_UNKNOWN);
    assert_int_equal(ask(&stage, SP_QUERY_USER, 99, 99), SP_TOKEN_INVALID);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_order_moves_seats_and_points_at_once),
        cmocka_unit_test(a_cancel_takes_all_of_it_back),
        cmocka_unit_test(concerts_do_not_share_words),
        cmocka_unit_test(orders_come_newest_first_in_pages),
        cmocka_unit_test(queries_show_ones_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
