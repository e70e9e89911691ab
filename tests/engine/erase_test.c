/* SPDX-License-Identifier: MIT
 *
 * A user who erases himself is gone for everything but the facts: his orders,
 * his points, his id.
 */
#include "tests/engine/stage.h"

#define AFTER_CONCERT (STAGE_ENDS + 1) /* the concert's date itself: it is not to come */

static sp_outcome erase(struct stage *stage, sp_user_id user)
{
    sp_command command = stage_command(SP_COMMAND_USER_ERASE, user);
    return stage_give(stage, &command);
}

static sp_outcome ask_user(const struct stage *stage, sp_user_id actor, sp_user_id user)
{
    static sp_result result;
    sp_command query = stage_command(SP_QUERY_USER, actor);
    query.query_user.user = user;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static sp_points points_ever(const struct stage *stage, sp_user_id user)
{
    sp_user_view view;
    assert_true(sp_state_user_ever(stage->state, user, &view));
    return view.points;
}

static void the_erased_is_nobody(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_user_view view;
    sp_command grant = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
    sp_command role = stage_command(SP_COMMAND_ROLE_SET, ADMIN);
    grant.points_grant.user = role.role_set.user = BUYER;
    grant.points_grant.amount = 5;
    role.role_set.role = SP_ROLE_HOST;

    assert_int_equal(erase(&stage, BUYER), SP_OK);
    assert_int_equal(stage.event.type, SP_EVENT_USER_ERASED);
    assert_int_equal(stage.event.actor, BUYER);
    assert_int_equal(stage.event.user_erased.user, BUYER);

    assert_false(sp_state_user(stage.state, BUYER, &view));
    assert_int_equal(sp_state_users_count(stage.state), 4);
    assert_int_equal(erase(&stage, BUYER), SP_TOKEN_INVALID);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_TOKEN_INVALID);
    assert_int_equal(ask_user(&stage, BUYER, 0), SP_TOKEN_INVALID);
    assert_int_equal(ask_user(&stage, ADMIN, BUYER), SP_USER_UNKNOWN);
    assert_int_equal(stage_give(&stage, &grant), SP_USER_UNKNOWN);
    assert_int_equal(stage_give(&stage, &role), SP_USER_UNKNOWN);
    grant.actor = role.actor = 0; /* nor can the operator */
    assert_int_equal(stage_give(&stage, &grant), SP_USER_UNKNOWN);
    assert_int_equal(stage_give(&stage, &role), SP_USER_UNKNOWN);

    /* His points are still part of all points; his id is nobody else's. */
    assert_int_equal(points_ever(&stage, BUYER), 1000);
    assert_int_equal(sp_state_points_total(stage.state), 2000);
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 0), SP_OK);
    assert_int_equal(stage.event.user_created.user, 5);
    stage_close(&stage);
}

static void his_orders_stay_and_can_be_refunded(void **unused)
{
    (void)unused;
    static sp_result result;
    struct stage stage = stage_make();
    sp_command query = stage_command(SP_QUERY_ORDERS, ADMIN);

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 1)), SP_OK);
    assert_int_equal(erase(&stage, BUYER), SP_OK);
    query.query_orders.user = BUYER;
    query.query_orders.count_max = 10;
    sp_query(stage.state, &query, &result);
    assert_int_equal(result.outcome, SP_OK);
    assert_int_equal(result.orders.count, 1);
    assert_int_equal(result.orders.items[0].user, BUYER);
    sp_result_release(query.type, &result);

    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_TOKEN_INVALID);
    assert_int_equal(stage_cancel(&stage, ADMIN, 1, "gone"), SP_OK);
    assert_int_equal(points_ever(&stage, BUYER), 1000);
    assert_int_equal(stage_points(&stage, HOST), 0);
    assert_int_equal(sp_state_sold_count(stage.state, 1), 0);
    stage_close(&stage);
}

static void the_last_admin_stays(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(erase(&stage, ADMIN), SP_LAST_ADMIN);
    assert_int_equal(stage_user(&stage, SP_ROLE_ADMIN, 0), SP_OK);
    assert_int_equal(sp_state_admins_count(stage.state), 2);
    assert_int_equal(erase(&stage, ADMIN), SP_OK);
    assert_int_equal(sp_state_admins_count(stage.state), 1);
    assert_int_equal(erase(&stage, 5), SP_LAST_ADMIN);
    stage_close(&stage);
}

static void a_host_stays_until_his_last_concert(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();

    /* A newer one that ends sooner does not hide the older one. */
    spec.end_date = STAGE_OPENS + 1;
    spec.concert_date = STAGE_OPENS + 1;
    spec.cancel_until = STAGE_OPENS + 1;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(erase(&stage, HOST), SP_HAS_LIVE_CONCERTS);
    stage.now = AFTER_CONCERT - 1;
    assert_int_equal(erase(&stage, HOST), SP_HAS_LIVE_CONCERTS);
    /* Others host nothing. */
    assert_int_equal(erase(&stage, OTHER), SP_OK);
    stage.now = AFTER_CONCERT;
    assert_int_equal(erase(&stage, HOST), SP_OK);
    stage_close(&stage);
}

/* An ADMIN who repeats what he did to somebody that is gone by now is told what
 * he was told then. */
static void a_retry_survives_whom_it_was_about(void **unused)
{
    (void)unused;
    static sp_result result;
    struct stage stage = stage_make();
    sp_command grant = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
    grant.points_grant.user = BUYER;
    grant.points_grant.amount = 5;
    grant.idempotency.present = true;

    assert_int_equal(stage_give(&stage, &grant), SP_OK);
    assert_int_equal(erase(&stage, BUYER), SP_OK);
    assert_int_equal(stage_give(&stage, &grant), SP_OK);
    assert_int_equal(stage.decision, SP_DECISION_REPLAY);
    sp_result_of_replay(stage.state, &stage.replay, &result);
    assert_int_equal(result.user.id, BUYER);
    assert_int_equal(result.user.points, 1005);
    assert_int_equal(result.user.role, SP_ROLE_USER);
    stage_close(&stage);
}

static void an_erasure_shows_in_the_digest(void **unused)
{
    (void)unused;
    struct stage one = stage_make(), two = stage_make();
    uint8_t a[SP_DIGEST_SIZE], b[SP_DIGEST_SIZE];

    assert_int_equal(erase(&one, BUYER), SP_OK);
    assert_int_equal(erase(&two, OTHER), SP_OK);
    sp_digest(one.state, a);
    sp_digest(two.state, b);
    assert_memory_not_equal(a, b, SP_DIGEST_SIZE);
    stage_close(&one);
    stage_close(&two);
}

static void admit_takes_no_other_erasure(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event good;
    memset(&good, 0, sizeof good);
    good.seq = sp_state_seq(stage.state) + 1;
    good.time = stage.now;
    good.type = SP_EVENT_USER_ERASED;
    good.actor = good.user_erased.user = BUYER;
    assert_null(sp_admit(stage.state, &good));

    const struct {
        sp_user_id actor, user;
        sp_time_ms time;
        const char *words;
    } bad[] = {
        {OTHER, BUYER, STAGE_NOW, "not the actor"},
        {ADMIN, BUYER, STAGE_NOW, "not the actor"},
        {0, BUYER, STAGE_NOW, "not the actor"},
        {0, 0, STAGE_NOW, "not the actor"},
        {5, 5, STAGE_NOW, "not known"},
        {UINT32_MAX, UINT32_MAX, STAGE_NOW, "not known"},
        {BUYER, UINT32_MAX, STAGE_NOW, "not the actor"},
        {ADMIN, ADMIN, STAGE_NOW, "last ADMIN"},
        {HOST, HOST, STAGE_NOW, "live concert"},
        {HOST, HOST, AFTER_CONCERT - 1, "live concert"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_event event = good;
        event.actor = bad[i].actor;
        event.user_erased.user = bad[i].user;
        event.time = bad[i].time;
        const char *wrong = sp_admit(stage.state, &event);
        if (wrong == NULL || strstr(wrong, bad[i].words) == NULL)
            fail_msg("case %zu: '%s', want: %s", i, wrong ? wrong : "admitted", bad[i].words);
    }
    stage_close(&stage);
}

/* A hostile log may not let a dead man act, or be acted on. */
static void admit_knows_who_is_gone(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    const sp_seat seat = 128;
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(erase(&stage, BUYER), SP_OK);

    sp_event event;
    memset(&event, 0, sizeof event);
    event.seq = sp_state_seq(stage.state) + 1;
    event.time = stage.now;
    event.actor = BUYER;
    const sp_event_type types[] = {SP_EVENT_ORDER_PAID, SP_EVENT_ORDER_CANCELLED,
                                   SP_EVENT_USER_ERASED, SP_EVENT_CONCERT_CREATED};
    for (int i = 0; i < 4; i++) {
        event.type = types[i];
        if (types[i] == SP_EVENT_ORDER_PAID) {
            event.order_paid.order = 2;
            event.order_paid.concert = 1;
            event.order_paid.buyer = BUYER;
            event.order_paid.amount = 7;
            event.order_paid.seats = &seat;
            event.order_paid.seats_count = 1;
        }
        assert_string_equal(sp_admit(stage.state, &event), "the actor is not known, or was erased");
    }
    event.actor = ADMIN;
    event.type = SP_EVENT_ROLE_SET;
    event.role_set.user = BUYER;
    event.role_set.role = SP_ROLE_USER;
    assert_string_equal(sp_admit(stage.state, &event), "role_set: there is no such user");
    event.role_set.user = OTHER;
    event.role_set.role = (sp_role)0; /* an erasure in disguise */
    assert_string_equal(sp_admit(stage.state, &event), "role_set: the role is not known");
    event.type = SP_EVENT_POINTS_GRANTED;
    event.points_granted.user = BUYER;
    event.points_granted.amount = 1;
    assert_string_equal(sp_admit(stage.state, &event), "points_granted: there is no such user");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_erased_is_nobody),
        cmocka_unit_test(his_orders_stay_and_can_be_refunded),
        cmocka_unit_test(the_last_admin_stays),
        cmocka_unit_test(a_host_stays_until_his_last_concert),
        cmocka_unit_test(a_retry_survives_whom_it_was_about),
        cmocka_unit_test(an_erasure_shows_in_the_digest),
        cmocka_unit_test(admit_takes_no_other_erasure),
        cmocka_unit_test(admit_knows_who_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
