/* SPDX-License-Identifier: MIT */
#include "tests/engine/stage.h"

static sp_outcome order_at(struct stage *stage, sp_time_ms now, sp_user_id actor)
{
    stage->now = now;
    return stage_order(stage, actor, SEATS(0));
}

static void actor_comes_before_role_before_the_rest(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command command = stage_command(SP_COMMAND_POINTS_GRANT, 99);
    command.points_grant.user = 88;
    command.points_grant.amount = 1;

    assert_int_equal(stage_give(&stage, &command), SP_TOKEN_INVALID);
    command.actor = HOST;
    assert_int_equal(stage_give(&stage, &command), SP_ROLE_REQUIRED);
    command.actor = ADMIN;
    assert_int_equal(stage_give(&stage, &command), SP_USER_UNKNOWN);
    command.actor = 0;
    command.points_grant.user = BUYER;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage_points(&stage, BUYER), 1001);
    assert_int_equal(stage_category(&stage, HOST, "Jazz"), SP_ROLE_REQUIRED);
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(&stage, BUYER, &spec), SP_ROLE_REQUIRED);
    assert_int_equal(stage_concert(&stage, ADMIN, &spec), SP_OK);
    stage_close(&stage);
}

static void the_last_admin_stays(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command command = stage_command(SP_COMMAND_ROLE_SET, 0);
    command.role_set.user = ADMIN;
    command.role_set.role = SP_ROLE_USER;

    assert_int_equal(stage_give(&stage, &command), SP_LAST_ADMIN);
    command.role_set.role = SP_ROLE_ADMIN; /* what he is: a fact all the same */
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    command.role_set.user = HOST;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(sp_state_admins_count(stage.state), 2);
    command.role_set = (__typeof__(command.role_set)){ADMIN, SP_ROLE_USER};
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(sp_state_admins_count(stage.state), 1);
    stage_close(&stage);
}

static void points_stay_under_their_total(void **unused)
{
    (void)unused;
    struct stage stage = stage_empty();
    sp_command command = stage_command(SP_COMMAND_POINTS_GRANT, 0);
    command.points_grant.user = 1;
    command.points_grant.amount = 2;

    assert_int_equal(stage_user(&stage, SP_ROLE_USER, SP_POINTS_TOTAL_MAX - 1), SP_OK);
    assert_int_equal(stage_give(&stage, &command), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "points");
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 2), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "points");
    command.points_grant.amount = 1;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(sp_state_points_total(stage.state), SP_POINTS_TOTAL_MAX);
    stage_close(&stage);
}

static void category_names_fold_ascii_only(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage_category(&stage, ADMIN, "cLASSIC"), SP_CATEGORY_EXISTS);
    assert_int_equal(stage_category(&stage, ADMIN, "Classic "), SP_OK);
    assert_int_equal(stage_category(&stage, ADMIN, "Ärie"), SP_OK);
    assert_int_equal(stage_category(&stage, ADMIN, "ärie"), SP_OK);
    assert_int_equal(stage_category(&stage, ADMIN, "one more"), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "categories");
    assert_int_equal(stage_category(&stage, ADMIN, "CLASSIC"), SP_CATEGORY_EXISTS);
    stage_close(&stage);
}

static void expect_field(struct stage *stage, const sp_concert_spec *spec, const char *field)
{
    assert_int_equal(stage_concert(stage, HOST, spec), SP_VALIDATION_FAILED);
    assert_string_equal(stage->refusal.field, field);
    assert_non_null(stage->refusal.detail);
}

static void concert_dates_are_in_order(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();

    spec.category = 2;
    spec.end_date = spec.start_date; /* wrong too, but the category is first */
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_CATEGORY_UNKNOWN);
    spec.category = 1;
    expect_field(&stage, &spec, "endDate");
    spec = stage_spec();
    spec.concert_date = spec.end_date - 1;
    expect_field(&stage, &spec, "concertDate");
    spec.concert_date = spec.end_date;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    spec.cancel_until = spec.end_date + 1;
    expect_field(&stage, &spec, "cancelUntil");
    spec.cancel_until = spec.end_date;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    spec.name = SP_TEXT("\xed\xa0\x80"); /* a surrogate */
    expect_field(&stage, &spec, "name");
    stage_close(&stage);
}

static void cancel_until_has_a_default(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();

    assert_int_equal(sp_state_concert(stage.state, 1)->spec.cancel_until,
                     STAGE_ENDS - SP_CANCEL_BEFORE_END_MS);
    spec.end_date = spec.start_date + 1;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(stage.event.concert_created.spec.cancel_until, spec.start_date);
    stage_close(&stage);
}

static void concert_tables_have_limits(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    uint32_t rows[21];
    sp_grade_spec grades[7];

    for (int i = 0; i < 21; i++)
        rows[i] = 1;
    for (int i = 0; i < 7; i++)
        grades[i] = (sp_grade_spec){SP_TEXT("A"), 0, rows, 1};
    spec.grades = grades;
    spec.grades_count = 1;
    rows[0] = 871; /* 130 are taken */
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "seats");
    rows[0] = 1;
    spec.grades_count = 7; /* 2 are taken */
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "grades");
    spec.grades_count = 1;
    grades[0].rows_count = 18; /* 3 are taken */
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "rows");
    grades[0].rows_count = 1;
    static char text[SP_DESCRIPTION_SIZE_MAX];
    memset(text, 'x', sizeof(text));
    spec.description = (sp_text){text, sizeof(text)};
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "text");
    spec.description = SP_TEXT("");
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "concerts");
    stage_close(&stage);
}

static void the_window_is_closed_at_its_end(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    spec.start_date = STAGE_NOW + 5;
    spec.end_date = STAGE_NOW + 7;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_command command = stage_order_command(BUYER, SEATS(0));

    command.order_create.concert = 3;
    assert_int_equal(stage_give(&stage, &command), SP_CONCERT_UNKNOWN);
    command.order_create.concert = 2;
    stage.now = STAGE_NOW + 4;
    assert_int_equal(stage_give(&stage, &command), SP_SALES_NOT_OPEN);
    assert_int_equal(stage.refusal.opens_at, STAGE_NOW + 5);
    stage.now = STAGE_NOW + 5;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    stage.now = STAGE_NOW + 7;
    command.order_create.seats[0] = 1;
    assert_int_equal(stage_give(&stage, &command), SP_SALES_CLOSED);
    assert_int_equal(order_at(&stage, STAGE_ENDS, BUYER), SP_SALES_CLOSED);
    stage_close(&stage);
}

/* Every check of an order in its order: each command is wrong in all that
 * comes later too. */
static void order_checks_come_in_order(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    assert_int_equal(stage_order(&stage, OTHER, SEATS(2, 3)), SP_OK);
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 50), SP_OK);
    sp_command command = stage_order_command(5, SEATS(1, 2, 3, 4, 129, 130, 500));

    command.order_create.amount = 1;
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_UNKNOWN);
    assert_int_equal(stage.refusal.conflicts_count, 2);
    assert_int_equal(stage.refusal.conflicts[0].seat, 130);
    assert_int_equal(stage.refusal.conflicts[1].seat, 500);
    command.order_create.seats_count = 5;
    assert_int_equal(stage_give(&stage, &command), SP_AMOUNT_MISMATCH);
    assert_int_equal(stage.refusal.amount, 407); /* four VIP and one R */
    command.order_create.amount = 407;
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_LIMIT);
    assert_int_equal(stage.refusal.max, 4);
    assert_int_equal(stage.refusal.have, 0);
    command.order_create.seats_count = 4;
    command.order_create.amount = SP_AMOUNT_UNSTATED;
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_TAKEN);
    assert_int_equal(stage.refusal.conflicts_count, 2);
    assert_int_equal(stage.refusal.conflicts[0].seat, 2);
    assert_int_equal(stage.refusal.conflicts[0].state, SP_SEAT_SOLD);
    assert_int_equal(stage.refusal.conflicts[1].seat, 3);
    assert_int_equal(stage.refusal.conflicts[1].seq, sp_state_seq(stage.state) - 1);
    assert_int_equal(stage_order(&stage, 5, SEATS(0)), SP_INSUFFICIENT_POINTS);
    assert_int_equal(stage.refusal.points, 50);
    assert_int_equal(stage_order(&stage, 5, SEATS(128, 129)), SP_OK);
    assert_int_equal(stage.event.order_paid.amount, 14);
    stage_close(&stage);
}

static void the_seat_limit_counts_what_he_has(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage_order(&stage, BUYER, SEATS(70, 71, 72)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(73, 74)), SP_SEAT_LIMIT);
    assert_int_equal(stage.refusal.have, 3);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(73)), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(70, 71, 72)), SP_OK);
    stage_close(&stage);
}

static void a_host_pays_himself_but_needs_the_points(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage_order(&stage, HOST, SEATS(0)), SP_INSUFFICIENT_POINTS);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_OK);
    assert_int_equal(stage_order(&stage, HOST, SEATS(0)), SP_OK);
    assert_int_equal(stage_points(&stage, HOST), 100);
    assert_int_equal(stage_cancel(&stage, HOST, 2, NULL), SP_OK);
    assert_int_equal(stage_points(&stage, HOST), 100);
    stage_close(&stage);
}

static void cancelling_has_its_rules(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    const sp_time_ms deadline = STAGE_ENDS - SP_CANCEL_BEFORE_END_MS;

    for (sp_seat seat = 0; seat < 4; seat++)
        assert_int_equal(stage_order(&stage, BUYER, &seat, 1), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 5, NULL), SP_ORDER_UNKNOWN);
    assert_int_equal(stage_cancel(&stage, OTHER, 1, "mine"), SP_ORDER_UNKNOWN);
    assert_int_equal(stage_cancel(&stage, HOST, 1, "mine"), SP_ORDER_UNKNOWN);
    assert_int_equal(stage_cancel(&stage, ADMIN, 1, NULL), SP_VALIDATION_FAILED);
    assert_string_equal(stage.refusal.field, "reason");
    assert_int_equal(stage_cancel(&stage, ADMIN, 1, "ill"), SP_OK);
    assert_int_equal(stage_cancel(&stage, ADMIN, 1, "ill"), SP_ALREADY_CANCELLED);
    stage.now = deadline;
    assert_int_equal(stage_cancel(&stage, BUYER, 2, NULL), SP_OK);
    stage.now = deadline + 1;
    assert_int_equal(stage_cancel(&stage, BUYER, 3, "late"), SP_CANCEL_CLOSED);
    assert_int_equal(stage.refusal.cancel_until, deadline);
    assert_int_equal(stage_cancel(&stage, ADMIN, 3, ""), SP_CANCEL_CLOSED);
    assert_int_equal(stage_cancel(&stage, ADMIN, 3, "storm"), SP_OK);
    stage.now = STAGE_ENDS + 1;
    assert_int_equal(stage_cancel(&stage, 0, 4, "storm"), SP_OK);
    assert_int_equal(stage_points(&stage, BUYER), 1000);
    stage_close(&stage);
}

static void a_refund_may_leave_the_host_in_debt(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();

    assert_int_equal(stage_concert(&stage, ADMIN, &spec), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    sp_command command = stage_order_command(HOST, SEATS(0));
    command.order_create.concert = 2;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    assert_int_equal(stage_points(&stage, HOST), -100);
    assert_int_equal(stage_points(&stage, ADMIN), 100);
    command.order_create.seats[0] = 1;
    assert_int_equal(stage_give(&stage, &command), SP_INSUFFICIENT_POINTS);
    assert_int_equal(stage.refusal.points, -100);
    stage_close(&stage);
}

static void order_tables_have_limits(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.orders_max = 2;
    limits.order_seats_max = 2;
    struct stage small = stage_empty_with(&limits);
    sp_concert_spec spec = stage_spec();

    assert_int_equal(stage_user(&small, SP_ROLE_ADMIN, 1000), SP_OK);
    assert_int_equal(stage_category(&small, ADMIN, "Classic"), SP_OK);
    assert_int_equal(stage_concert(&small, ADMIN, &spec), SP_OK);
    assert_int_equal(stage_order(&small, ADMIN, SEATS(1, 2, 3)), SP_LIMIT_REACHED);
    assert_string_equal(small.refusal.limit, "order_seats");
    assert_int_equal(stage_order(&small, ADMIN, SEATS(1, 2)), SP_OK);
    assert_int_equal(stage_order(&small, ADMIN, SEATS(3)), SP_OK);
    assert_int_equal(stage_order(&small, ADMIN, SEATS(4)), SP_LIMIT_REACHED);
    assert_string_equal(small.refusal.limit, "orders");
    stage_close(&small);
}

static sp_command keyed_order(sp_user_id actor, uint8_t key, uint8_t request)
{
    sp_command command = stage_order_command(actor, SEATS(5));
    command.idempotency.present = true;
    command.idempotency.key.bytes[0] = key;
    command.idempotency.request.bytes[0] = request;
    return command;
}

static void a_retry_gets_the_first_success(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command command = keyed_order(BUYER, 1, 1);
    sp_result result;

    assert_int_equal(stage_give(&stage, &command), SP_OK);
    sp_seq seq = stage.event.seq;
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(5)), SP_OK);
    stage.now += 1000; /* the seat is another's by now: the retry is told of then */
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage.decision, SP_DECISION_REPLAY);
    sp_result_of_replay(stage.state, &stage.replay, &result);
    assert_true(result.replayed);
    assert_int_equal(result.seq, seq);
    assert_int_equal(result.order.id, 1);
    assert_int_equal(result.order.seq, seq);
    assert_int_equal(result.order.status, SP_ORDER_PAYMENT);
    assert_int_equal(result.order.cancelled_at, 0);
    assert_int_equal(result.order.seats[0], 5);

    command.idempotency.request.bytes[0] = 2;
    assert_int_equal(stage_give(&stage, &command), SP_IDEMPOTENCY_MISMATCH);
    /* A log may pair a key with what no route would: that is no answer to this. */
    sp_command hold = stage_command(SP_COMMAND_HOLD_TAKE, BUYER);
    hold.hold_take.concert = 1;
    hold.hold_take.seats_count = 1;
    hold.idempotency = keyed_order(BUYER, 1, 1).idempotency;
    assert_int_equal(stage_give(&stage, &hold), SP_IDEMPOTENCY_MISMATCH);
    command = keyed_order(OTHER, 1, 2); /* another's key is another key */
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_TAKEN);
    assert_int_equal(stage_give(&stage, &command), SP_SEAT_TAKEN); /* not remembered */
    stage_close(&stage);
}

static void a_full_table_refuses_keys_only(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.idempotency_keys_max = 2;
    struct stage stage = stage_empty_with(&limits);
    sp_command command = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
    command.points_grant.user = ADMIN;
    command.points_grant.amount = 1;

    assert_int_equal(stage_user(&stage, SP_ROLE_ADMIN, 0), SP_OK);
    command.idempotency.present = true;
    for (uint8_t key = 1; key <= 2; key++) {
        command.idempotency.key.bytes[0] = key;
        assert_int_equal(stage_give(&stage, &command), SP_OK);
    }
    command.idempotency.key.bytes[0] = 3;
    assert_int_equal(stage_give(&stage, &command), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "idempotency_keys");
    command.idempotency.present = false;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    command.idempotency.present = true;
    command.idempotency.key.bytes[0] = 1; /* a retry still finds its answer */
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage.decision, SP_DECISION_REPLAY);
    assert_int_equal(stage.replay.value, 1);
    assert_int_equal(stage.replay.role, SP_ROLE_ADMIN);
    stage.now += SP_IDEMPOTENCY_TTL_MS;
    command.idempotency.key.bytes[0] = 3;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage.decision, SP_DECISION_EVENT);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actor_comes_before_role_before_the_rest),
        cmocka_unit_test(the_last_admin_stays),
        cmocka_unit_test(points_stay_under_their_total),
        cmocka_unit_test(category_names_fold_ascii_only),
        cmocka_unit_test(concert_dates_are_in_order),
        cmocka_unit_test(cancel_until_has_a_default),
        cmocka_unit_test(concert_tables_have_limits),
        cmocka_unit_test(the_window_is_closed_at_its_end),
        cmocka_unit_test(order_checks_come_in_order),
        cmocka_unit_test(the_seat_limit_counts_what_he_has),
        cmocka_unit_test(a_host_pays_himself_but_needs_the_points),
        cmocka_unit_test(cancelling_has_its_rules),
        cmocka_unit_test(a_refund_may_leave_the_host_in_debt),
        cmocka_unit_test(order_tables_have_limits),
        cmocka_unit_test(a_retry_gets_the_first_success),
        cmocka_unit_test(a_full_table_refuses_keys_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
