/* SPDX-License-Identifier: MIT
 *
 * Who may see which list, and what it costs: users, orders of one user, orders
 * of a concert with its totals.
 */
#include "tests/engine/stage.h"

static sp_result result;

static sp_outcome users(const struct stage *stage, sp_user_id actor, sp_user_id after,
                        uint32_t count_max)
{
    sp_command query = stage_command(SP_QUERY_USERS, actor);
    query.query_users.after = after;
    query.query_users.count_max = count_max;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static sp_outcome orders_of(const struct stage *stage, sp_user_id actor, sp_user_id user)
{
    sp_command query = stage_command(SP_QUERY_ORDERS, actor);
    query.query_orders.user = user;
    query.query_orders.count_max = 10;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static sp_outcome concert_orders(const struct stage *stage, sp_user_id actor, sp_concert_id concert,
                                 sp_order_id before, uint32_t count_max)
{
    sp_command query = stage_command(SP_QUERY_CONCERT_ORDERS, actor);
    query.query_concert_orders.concert = concert;
    query.query_concert_orders.before = before;
    query.query_concert_orders.count_max = count_max;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static void erase(struct stage *stage, sp_user_id user)
{
    sp_command command = stage_command(SP_COMMAND_USER_ERASE, user);
    assert_int_equal(stage_give(stage, &command), SP_OK);
}

static void users_are_listed_to_admins(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(users(&stage, HOST, 0, 10), SP_ROLE_REQUIRED);
    assert_int_equal(users(&stage, 99, 0, 10), SP_TOKEN_INVALID);
    erase(&stage, BUYER);
    assert_int_equal(users(&stage, ADMIN, 0, 2), SP_OK);
    assert_int_equal(result.users.count, 2);
    assert_int_equal(result.users.items[0].id, ADMIN);
    assert_int_equal(result.users.items[1].role, SP_ROLE_HOST);
    assert_int_equal(result.users.next, HOST);
    sp_result_release(SP_QUERY_USERS, &result);
    assert_int_equal(users(&stage, ADMIN, HOST, 2), SP_OK);
    assert_int_equal(result.users.count, 1);
    assert_int_equal(result.users.items[0].id, OTHER);
    assert_int_equal(result.users.next, 0);
    sp_result_release(SP_QUERY_USERS, &result);
    /* Nobody but an erased one behind the page: no cursor to an empty one. */
    erase(&stage, OTHER);
    assert_int_equal(users(&stage, ADMIN, 0, 2), SP_OK);
    assert_int_equal(result.users.next, 0);
    sp_result_release(SP_QUERY_USERS, &result);
    assert_int_equal(users(&stage, ADMIN, UINT32_MAX, 2), SP_OK);
    assert_int_equal(result.users.count, 0);
    assert_null(result.users.items);
    stage_close(&stage);
}

/* Twenty-five thousand erased in a row are not walked through for one page; who
 * follows the cursor still finds everybody, once. */
static void a_desert_of_erased_users_is_crossed_in_steps(void **unused)
{
    (void)unused;
    enum { DESERT = 25000 };
    sp_limits limits = stage_limits;
    limits.users_max = DESERT + 10;
    struct stage stage = stage_make_with(&limits);
    for (uint32_t i = 0; i < DESERT; i++) {
        assert_int_equal(stage_user(&stage, SP_ROLE_USER, 0), SP_OK);
        erase(&stage, 5 + i);
    }
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 0), SP_OK);

    sp_user_id after = 0, last = 0;
    uint32_t seen = 0, pages = 0;
    do {
        assert_int_equal(users(&stage, ADMIN, after, 3), SP_OK);
        for (uint32_t i = 0; i < result.users.count; i++) {
            assert_true(result.users.items[i].id > last);
            last = result.users.items[i].id;
            seen++;
        }
        after = result.users.next;
        sp_result_release(SP_QUERY_USERS, &result);
        assert_true(++pages < 10);
    } while (after != 0);
    assert_int_equal(seen, 5);
    assert_int_equal(last, 5 + DESERT);
    assert_true(pages > 2); /* it did stop in between */
    stage_close(&stage);
}

static void orders_of_others_are_for_admins(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1, 2)), SP_OK);

    assert_int_equal(orders_of(&stage, BUYER, BUYER), SP_OK);
    assert_int_equal(result.orders.count, 1);
    sp_result_release(SP_QUERY_ORDERS, &result);
    assert_int_equal(orders_of(&stage, ADMIN, BUYER), SP_OK);
    assert_int_equal(result.orders.items[0].seats[1], 2);
    sp_result_release(SP_QUERY_ORDERS, &result);
    assert_int_equal(orders_of(&stage, OTHER, BUYER), SP_ROLE_REQUIRED);
    assert_int_equal(orders_of(&stage, HOST, BUYER), SP_ROLE_REQUIRED);
    assert_int_equal(orders_of(&stage, OTHER, 99), SP_ROLE_REQUIRED);
    assert_int_equal(orders_of(&stage, ADMIN, 99), SP_USER_UNKNOWN);
    assert_int_equal(orders_of(&stage, ADMIN, ADMIN), SP_OK);
    assert_int_equal(result.orders.count, 0);
    assert_null(result.orders.items);
    stage_close(&stage);
}

static void a_concerts_orders_are_for_its_host(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_user(&stage, SP_ROLE_HOST, 0), SP_OK); /* 5: another host */

    assert_int_equal(concert_orders(&stage, HOST, 1, 0, 10), SP_OK);
    assert_int_equal(result.orders.count, 0);
    assert_int_equal(result.orders.totals.orders, 0);
    assert_int_equal(concert_orders(&stage, ADMIN, 1, 0, 10), SP_OK);
    assert_int_equal(concert_orders(&stage, 5, 1, 0, 10), SP_NOT_OWNER);
    assert_int_equal(concert_orders(&stage, BUYER, 1, 0, 10), SP_NOT_OWNER);
    assert_int_equal(concert_orders(&stage, BUYER, 2, 0, 10), SP_CONCERT_UNKNOWN);
    assert_int_equal(concert_orders(&stage, ADMIN, 0, 0, 10), SP_CONCERT_UNKNOWN);
    assert_int_equal(concert_orders(&stage, 99, 1, 0, 10), SP_TOKEN_INVALID);
    stage_close(&stage);
}

static void totals_are_of_the_whole_concert(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 1)), SP_OK); /* 200 */
    sp_command elsewhere = stage_order_command(BUYER, SEATS(5));
    elsewhere.order_create.concert = 2;
    assert_int_equal(stage_give(&stage, &elsewhere), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(128)), SP_OK);     /* 3: 7 */
    assert_int_equal(stage_order(&stage, HOST, SEATS(126, 127)), SP_OK); /* 4: 14 */
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(0)), SP_OK); /* 5: 100, once more */

    /* Whatever page is asked for. */
    for (sp_order_id before = 0; before <= 3; before += 3) {
        assert_int_equal(concert_orders(&stage, HOST, 1, before, 2), SP_OK);
        assert_int_equal(result.orders.totals.orders, 4);
        assert_int_equal(result.orders.totals.cancelled, 1);
        assert_int_equal(result.orders.totals.seats, 4);
        assert_int_equal(result.orders.totals.amount, 200 + 7 + 14 + 100);
        assert_int_equal(result.orders.totals.refunded, 200);
        assert_int_equal(result.orders.count, before ? 1 : 2);
        assert_int_equal(result.orders.items[0].id, before ? 1 : 5);
        assert_int_equal(result.orders.next, before ? 0 : 4);
        sp_result_release(SP_QUERY_CONCERT_ORDERS, &result);
    }
    /* Behind an order of another concert, or of none, there is nothing. */
    assert_int_equal(concert_orders(&stage, HOST, 1, 2, 2), SP_OK);
    assert_int_equal(result.orders.count, 0);
    assert_int_equal(concert_orders(&stage, HOST, 1, 6, 2), SP_OK);
    assert_int_equal(result.orders.count, 0);
    assert_null(result.orders.items);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_are_listed_to_admins),
        cmocka_unit_test(a_desert_of_erased_users_is_crossed_in_steps),
        cmocka_unit_test(orders_of_others_are_for_admins),
        cmocka_unit_test(a_concerts_orders_are_for_its_host),
        cmocka_unit_test(totals_are_of_the_whole_concert),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
