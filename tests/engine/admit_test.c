/* SPDX-License-Identifier: MIT
 *
 * Each case takes an event that is fine, bends one thing, and expects exactly
 * that to be named; the state must be as before.
 */
#include "tests/engine/admit.h"

static void heads_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event good = event_make(&stage, SP_EVENT_SERVER_STARTED, 0), event;
    good.server_started.version = SP_TEXT("1");
    admits(&stage, &good);

    event = good, event.seq++;
    refuses(&stage, &event, "seq");
    event = good, event.seq = 0;
    refuses(&stage, &event, "seq");
    event = good, event.time = STAGE_NOW - 1;
    refuses(&stage, &event, "before");
    event = good, event.time = INT64_MIN;
    refuses(&stage, &event, "time is out");
    event = good, event.time = INT64_MAX;
    refuses(&stage, &event, "time is out");
    event = good, event.type = (sp_event_type)99;
    refuses(&stage, &event, "type");
    event = good, event.type = (sp_event_type)-1;
    refuses(&stage, &event, "type");
    event = good, event.actor = 5;
    refuses(&stage, &event, "actor is not known");
    event = good, event.actor = ADMIN;
    refuses(&stage, &event, "has an actor");
    event = good, event.server_started.version = (sp_text){NULL, 3};
    refuses(&stage, &event, "version");
    stage_close(&stage);
}

static void users_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event good = event_make(&stage, SP_EVENT_USER_CREATED, 0), event;
    good.user_created.user = 5;
    good.user_created.role = SP_ROLE_USER;
    admits(&stage, &good);

    event = good, event.user_created.user = 6;
    refuses(&stage, &event, "next");
    event = good, event.user_created.user = 0;
    refuses(&stage, &event, "next");
    event = good, event.user_created.role = (sp_role)0;
    refuses(&stage, &event, "role");
    event = good, event.user_created.role = (sp_role)4;
    refuses(&stage, &event, "role");
    event = good, event.user_created.points = -1;
    refuses(&stage, &event, "negative");
    event = good, event.user_created.points = INT64_MAX;
    refuses(&stage, &event, "maximum");
    event = good, event.actor = ADMIN;
    refuses(&stage, &event, "actor");

    good = event_make(&stage, SP_EVENT_ROLE_SET, ADMIN);
    good.role_set.user = HOST;
    good.role_set.role = SP_ROLE_USER;
    admits(&stage, &good);
    event = good, event.actor = HOST;
    refuses(&stage, &event, "no ADMIN");
    event = good, event.role_set.user = 0;
    refuses(&stage, &event, "no such user");
    event = good, event.role_set.user = ADMIN;
    refuses(&stage, &event, "last ADMIN");

    good = event_make(&stage, SP_EVENT_POINTS_GRANTED, ADMIN);
    good.points_granted.user = HOST;
    good.points_granted.amount = SP_GRANT_MAX;
    admits(&stage, &good);
    event = good, event.points_granted.amount = SP_GRANT_MAX + 1;
    refuses(&stage, &event, "range");
    event = good, event.points_granted.amount = 0;
    refuses(&stage, &event, "range");
    event = good, event.actor = BUYER;
    refuses(&stage, &event, "no ADMIN");
    event = good, event.points_granted.user = 5;
    refuses(&stage, &event, "no such user");
    stage_close(&stage);
}

static void the_catalogue_is_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event good = event_make(&stage, SP_EVENT_CATEGORY_CREATED, ADMIN), event;
    good.category_created.category = 2;
    good.category_created.name = SP_TEXT("Jazz");
    admits(&stage, &good);
    event = good, event.category_created.category = 3;
    refuses(&stage, &event, "next");
    event = good, event.category_created.name = SP_TEXT("CLASSIC");
    refuses(&stage, &event, "exists");
    event = good, event.category_created.name = SP_TEXT("\xff");
    refuses(&stage, &event, "UTF-8");
    event = good, event.category_created.name = SP_TEXT("");
    refuses(&stage, &event, "1 to 100");
    event = good, event.actor = HOST;
    refuses(&stage, &event, "no ADMIN");

    good = event_make(&stage, SP_EVENT_CONCERT_CREATED, HOST);
    good.concert_created.concert = 2;
    good.concert_created.host = HOST;
    good.concert_created.spec = stage_spec();
    good.concert_created.spec.cancel_until = STAGE_ENDS;
    admits(&stage, &good);
    event = good, event.concert_created.concert = 1;
    refuses(&stage, &event, "next");
    event = good, event.concert_created.host = ADMIN;
    refuses(&stage, &event, "host");
    event = good, event.actor = event.concert_created.host = BUYER;
    refuses(&stage, &event, "no HOST");
    event = good, event.actor = event.concert_created.host = 0;
    refuses(&stage, &event, "no actor");
    event = good, event.concert_created.spec.category = 2;
    refuses(&stage, &event, "category");
    event = good, event.concert_created.spec.cancel_until = 0;
    refuses(&stage, &event, "endDate");
    event = good, event.concert_created.spec.end_date = INT64_MAX;
    refuses(&stage, &event, "1970");
    stage_close(&stage);
}

static void geometry_is_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    uint32_t rows[] = {10, 10};
    sp_grade_spec grades[2] = {{SP_TEXT("A"), 1, rows, 2}, {SP_TEXT("B"), 1, rows, 1}};
    sp_event event = event_make(&stage, SP_EVENT_CONCERT_CREATED, HOST);
    sp_concert_spec *spec = &event.concert_created.spec;
    event.concert_created.concert = 2;
    event.concert_created.host = HOST;
    *spec = stage_spec();
    spec->cancel_until = STAGE_ENDS;
    spec->grades = grades;
    admits(&stage, &event);

    rows[1] = 0;
    refuses(&stage, &event, "must have a seat");
    rows[1] = UINT32_MAX; /* 10 + 2^32 - 1 would wrap */
    refuses(&stage, &event, "200000 seats");
    rows[1] = 10;
    grades[1].rows_count = UINT32_MAX;
    refuses(&stage, &event, "20000 rows");
    grades[1].rows_count = 0;
    refuses(&stage, &event, "have a row");
    grades[1] = (sp_grade_spec){SP_TEXT("B"), 1, NULL, 1};
    refuses(&stage, &event, "have a row");
    grades[1] = (sp_grade_spec){SP_TEXT("B"), SP_PRICE_MAX + 1, rows, 1};
    refuses(&stage, &event, "price");
    grades[1].price = -1;
    refuses(&stage, &event, "price");
    grades[1].price = 1;
    grades[1].name = (sp_text){NULL, 0};
    refuses(&stage, &event, "name");
    spec->grades_count = 65;
    refuses(&stage, &event, "64 grades");
    spec->grades_count = 1;
    spec->grades = NULL;
    refuses(&stage, &event, "64 grades");
    stage_close(&stage);
}

static void payments_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, OTHER, SEATS(9)), SP_OK);
    sp_event good = paid(&stage, BUYER, SEATS(10, 11), 200), event;
    admits(&stage, &good);

    event = good, event.order_paid.order = 1;
    refuses(&stage, &event, "next");
    event = good, event.order_paid.buyer = OTHER;
    refuses(&stage, &event, "not the actor");
    event = good, event.actor = event.order_paid.buyer = 0;
    refuses(&stage, &event, "not the actor");
    event = good, event.order_paid.concert = 2;
    refuses(&stage, &event, "no such concert");
    event = good, event.time = STAGE_ENDS;
    refuses(&stage, &event, "window");
    event = good, event.order_paid.amount = 199;
    refuses(&stage, &event, "price of the seats");
    event = good, event.order_paid.amount = INT64_MIN;
    refuses(&stage, &event, "price of the seats");
    event = good, event.order_paid.seats = NULL;
    refuses(&stage, &event, "number of seats");
    event = good, event.order_paid.seats_count = 0;
    refuses(&stage, &event, "number of seats");
    event = good, event.order_paid.seats_count = 101;
    refuses(&stage, &event, "number of seats");
    event = paid(&stage, BUYER, SEATS(11, 10), 200);
    refuses(&stage, &event, "ascend");
    event = paid(&stage, BUYER, SEATS(10, 10), 200);
    refuses(&stage, &event, "ascend");
    event = paid(&stage, BUYER, SEATS(10, UINT32_MAX), 200);
    refuses(&stage, &event, "no such seat");
    event = paid(&stage, BUYER, SEATS(9, 10), 200);
    refuses(&stage, &event, "taken");
    event = paid(&stage, BUYER, SEATS(1, 2, 3, 4, 5), 500);
    refuses(&stage, &event, "too many seats");
    event = paid(&stage, HOST, SEATS(1, 2), 200);
    refuses(&stage, &event, "not enough points");
    stage_close(&stage);
}

static void cancels_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, BUYER, SEATS(9)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(10)), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 2, NULL), SP_OK);
    sp_event good = event_make(&stage, SP_EVENT_ORDER_CANCELLED, BUYER), event;
    good.order_cancelled.order = 1;
    good.order_cancelled.amount = 100;
    admits(&stage, &good);

    event = good, event.order_cancelled.order = 3;
    refuses(&stage, &event, "no such order");
    event = good, event.order_cancelled.order = 2;
    refuses(&stage, &event, "already");
    event = good, event.order_cancelled.amount = 99;
    refuses(&stage, &event, "amount");
    event = good, event.actor = HOST;
    refuses(&stage, &event, "neither");
    event = good, event.actor = ADMIN;
    refuses(&stage, &event, "reason");
    event = good, event.time = STAGE_ENDS;
    refuses(&stage, &event, "late");
    event.order_cancelled.reason = SP_TEXT("flood");
    refuses(&stage, &event, "late");
    event.actor = ADMIN;
    admits(&stage, &event);
    event.order_cancelled.reason.size = SP_REASON_SIZE_MAX + 1;
    refuses(&stage, &event, "500 bytes");
    stage_close(&stage);
}

static void keys_are_checked(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event event = paid(&stage, BUYER, SEATS(10), 100);
    event.idempotency.present = true;
    event.idempotency.key.bytes[3] = 7;
    admits(&stage, &event);
    sp_apply(stage.state, &event);

    sp_event again = paid(&stage, BUYER, SEATS(11), 100);
    again.idempotency = event.idempotency;
    refuses(&stage, &again, "used already");
    again.idempotency.key.bytes[3] = 8;
    admits(&stage, &again);

    sp_event grant = event_make(&stage, SP_EVENT_POINTS_GRANTED, 0);
    grant.points_granted.user = BUYER;
    grant.points_granted.amount = 1;
    grant.idempotency = again.idempotency;
    refuses(&stage, &grant, "without a user");
    stage_close(&stage);
}

/* Two hosts who buy from each other and refund third parties can pile up more
 * than all points there are; no balance may leave the exact range. */
static void balances_stay_exact(void **unused)
{
    (void)unused;
    struct stage stage = stage_empty();
    sp_grade_spec grade = {SP_TEXT("A"), SP_PRICE_MAX, stage_r_rows, 1};
    sp_concert_spec spec = stage_spec();
    spec.grades = &grade;
    spec.grades_count = 1;

    assert_int_equal(stage_user(&stage, SP_ROLE_ADMIN, SP_POINTS_TOTAL_MAX), SP_OK);
    assert_int_equal(stage_user(&stage, SP_ROLE_HOST, 0), SP_OK);
    assert_int_equal(stage_category(&stage, ADMIN, "Classic"), SP_OK);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);  /* 1: of the host */
    assert_int_equal(stage_concert(&stage, ADMIN, &spec), SP_OK); /* 2: of the admin */
    assert_int_equal(stage_order(&stage, ADMIN, SEATS(0)), SP_OK);
    sp_command command = stage_order_command(HOST, SEATS(0));
    command.order_create.concert = 2;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage_points(&stage, ADMIN), SP_POINTS_TOTAL_MAX);

    assert_int_equal(stage_cancel(&stage, ADMIN, 1, NULL), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "points");
    sp_event event = event_make(&stage, SP_EVENT_ORDER_CANCELLED, ADMIN);
    event.order_cancelled.order = 1;
    event.order_cancelled.amount = SP_PRICE_MAX;
    refuses(&stage, &event, "balance");
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_are_checked),        cmocka_unit_test(users_are_checked),
        cmocka_unit_test(the_catalogue_is_checked), cmocka_unit_test(geometry_is_checked),
        cmocka_unit_test(payments_are_checked),     cmocka_unit_test(cancels_are_checked),
        cmocka_unit_test(keys_are_checked),         cmocka_unit_test(balances_stay_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
