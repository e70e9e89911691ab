/* SPDX-License-Identifier: MIT */
#include "tests/net/decode_stage.h"

/* Into a command that a hundred seats and a grade were in before. */
static bool decode_hold(const char *body, sp_command *command)
{
    memset(command, 0xA5, sizeof *command);
    return sp_decode_hold(&decode, read_text(body), command);
}

static void takes_seats(void **state)
{
    static const sp_seat sorted[] = {0, 3, 9, INT32_MAX};
    sp_command command;
    (void)state;
    assert_true(decode_hold("{\"seats\":[9,2147483647,0,3]}", &command));
    assert_int_equal(command.type, SP_COMMAND_HOLD_TAKE);
    assert_int_equal(command.hold_take.best_count, 0);
    assert_null(command.hold_take.grade.bytes);
    assert_int_equal(command.hold_take.seats_count, 4);
    assert_memory_equal(command.hold_take.seats, sorted, sizeof sorted);
    assert_true(decode_hold("{\"seats\":[7],\"bestAvailable\":null}", &command));
    assert_int_equal(command.hold_take.best_count, 0);
    assert_int_equal(command.hold_take.seats_count, 1);
    assert_int_equal(errors.count, 0);
}

static void takes_the_best(void **state)
{
    sp_command command;
    (void)state;
    assert_true(decode_hold("{\"bestAvailable\":{\"count\":1}}", &command));
    assert_int_equal(command.type, SP_COMMAND_HOLD_TAKE);
    assert_int_equal(command.hold_take.best_count, 1);
    assert_int_equal(command.hold_take.seats_count, 0);
    assert_false(command.hold_take.allow_split);
    assert_null(command.hold_take.grade.bytes);
    assert_true(decode_hold("{\"seats\":null,\"bestAvailable\":"
                            "{\"grade\":\"\\u00e9\",\"count\":100,\"allowSplit\":true}}",
                            &command));
    assert_int_equal(command.hold_take.best_count, 100);
    assert_true(command.hold_take.allow_split);
    assert_true(sp_text_equal(command.hold_take.grade, SP_TEXT("\xc3\xa9")));
    assert_true(decode_hold("{\"bestAvailable\":"
                            "{\"grade\":null,\"count\":2,\"allowSplit\":null}}",
                            &command));
    assert_false(command.hold_take.allow_split);
    assert_null(command.hold_take.grade.bytes);
    assert_true(decode_hold("{\"bestAvailable\":{\"count\":2,\"allowSplit\":false,\"grade\":"
                            "\"0123456789012345678901234567890123456789\"}}",
                            &command));
    assert_int_equal(command.hold_take.grade.size, SP_GRADE_NAME_SIZE_MAX);
    assert_int_equal(errors.count, 0);
}

static void names_what_is_wrong_with_holds(void **state)
{
    static const struct {
        const char *body, *noted;
    } cases[] = {
        {"[]", ":type"},
        {"null", ":type"},
        {"{}", "seats:required"},
        {"{\"seats\":null}", "seats:required"},
        {"{\"seats\":null,\"bestAvailable\":null}", "seats:required"},
        {"{\"seats\":[1],\"bestAvailable\":{\"count\":1}}", "bestAvailable:conflict"},
        {"{\"seats\":[],\"bestAvailable\":{}}",
         "seats:range bestAvailable.count:required bestAvailable:conflict"},
        {"{\"seats\":[]}", "seats:range"},
        {"{\"seats\":7}", "seats:type"},
        {"{\"seats\":[5,4,5]}", "seats[2]:duplicate"},
        {"{\"seats\":[-1,true]}", "seats[0]:range seats[1]:type"},
        {"{\"seats\":[1],\"amount\":1,\"concertId\":\"1\"}", "amount:unknown concertId:unknown"},
        {"{\"seats\":[1],\"seats\":[2]}", "seats:duplicate"},
        {"{\"bestAvailable\":[]}", "bestAvailable:type"},
        {"{\"bestAvailable\":3}", "bestAvailable:type"},
        {"{\"bestAvailable\":{}}", "bestAvailable.count:required"},
        {"{\"bestAvailable\":{\"count\":0}}", "bestAvailable.count:range"},
        {"{\"bestAvailable\":{\"count\":101}}", "bestAvailable.count:range"},
        {"{\"bestAvailable\":{\"count\":-1}}", "bestAvailable.count:range"},
        {"{\"bestAvailable\":{\"count\":4294967297}}", "bestAvailable.count:range"},
        {"{\"bestAvailable\":{\"count\":1.0}}", "bestAvailable.count:type"},
        {"{\"bestAvailable\":{\"count\":\"1\"}}", "bestAvailable.count:type"},
        {"{\"bestAvailable\":{\"count\":null}}", "bestAvailable.count:type"},
        {"{\"bestAvailable\":{\"count\":1,\"allowSplit\":1}}", "bestAvailable.allowSplit:type"},
        {"{\"bestAvailable\":{\"count\":1,\"grade\":7}}", "bestAvailable.grade:type"},
        {"{\"bestAvailable\":{\"count\":1,\"grade\":\"\"}}", "bestAvailable.grade:required"},
        {"{\"bestAvailable\":{\"count\":1,\"grade\":\"a\\nb\"}}", "bestAvailable.grade:format"},
        {"{\"bestAvailable\":{\"count\":1,\"grade\":"
         "\"01234567890123456789012345678901234567890\"}}",
         "bestAvailable.grade:too_long"},
        {"{\"bestAvailable\":{\"count\":1,\"rows\":2}}", "bestAvailable.rows:unknown"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_command command;
        assert_false(decode_hold(cases[i].body, &command));
        expect_noted(cases[i].body, cases[i].noted);
    }
}

static bool decode_order(const char *body, sp_command *command)
{
    memset(command, 0xA5, sizeof *command);
    return sp_decode_order(&decode, read_text(body), command);
}

/* An order names seats or a hold. */
static void orders_of_a_hold(void **state)
{
    static const char *const good[] = {
        "{\"holdId\":\"4294967295\"}",
        "{\"holdId\":4294967295}",
        "{\"holdId\":\"4294967295\",\"amount\":null,\"concertId\":null,\"seats\":null}",
    };
    sp_command command;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(decode_order(good[i], &command));
        assert_int_equal(command.type, SP_COMMAND_ORDER_CREATE);
        assert_int_equal(command.order_create.hold, UINT32_MAX);
        assert_int_equal(command.order_create.concert, 0);
        assert_int_equal(command.order_create.seats_count, 0);
        assert_int_equal(command.order_create.amount, SP_AMOUNT_UNSTATED);
        assert_false(command.order_create.job.present);
    }
    assert_true(decode_order("{\"amount\":0,\"holdId\":\"7\"}", &command));
    assert_int_equal(command.order_create.hold, 7);
    assert_int_equal(command.order_create.amount, 0);
    assert_true(decode_order("{\"holdId\":null,\"concertId\":\"3\",\"seats\":[1]}", &command));
    assert_int_equal(command.order_create.hold, 0);
    assert_int_equal(command.order_create.concert, 3);
    assert_int_equal(command.order_create.seats_count, 1);
    assert_false(command.order_create.job.present);
}

static void names_what_is_wrong_with_orders_of_a_hold(void **state)
{
    static const struct {
        const char *body, *noted;
    } cases[] = {
        {"{\"holdId\":null}", "concertId:required seats:required"},
        {"{\"holdId\":\"1\",\"seats\":[1]}", "seats:conflict"},
        {"{\"holdId\":\"1\",\"concertId\":\"1\"}", "concertId:conflict"},
        {"{\"holdId\":\"0\",\"concertId\":\"1\",\"seats\":[-1]}",
         "holdId:format concertId:conflict seats:conflict"},
        {"{\"holdId\":0}", "holdId:range"},
        {"{\"holdId\":\"x\"}", "holdId:format"},
        {"{\"holdId\":true,\"amount\":-1}", "holdId:type amount:range"},
        {"{\"holdId\":\"1\",\"holdId\":\"1\"}", "holdId:duplicate"},
        {"{\"holdId\":\"1\",\"reason\":\"x\"}", "reason:unknown"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_command command;
        assert_false(decode_order(cases[i].body, &command));
        expect_noted(cases[i].body, cases[i].noted);
        /* The short way knows seats alone. */
        sp_text body = {cases[i].body, (uint32_t)strlen(cases[i].body)};
        assert_false(sp_decode_order_scan(body, &command));
    }
}

static void extensions_say_nothing(void **state)
{
    (void)state;
    assert_true(sp_decode_nothing(&decode, NULL));
    assert_true(sp_decode_nothing(&decode, read_text("{}")));
    assert_false(sp_decode_nothing(&decode, read_text("[]")));
    assert_string_equal(noted(), ":type");
    assert_false(sp_decode_nothing(&decode, read_text("{\"seconds\":60}")));
    assert_string_equal(noted(), "seconds:unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_seats),
        cmocka_unit_test(takes_the_best),
        cmocka_unit_test(names_what_is_wrong_with_holds),
        cmocka_unit_test(orders_of_a_hold),
        cmocka_unit_test(names_what_is_wrong_with_orders_of_a_hold),
        cmocka_unit_test(extensions_say_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
