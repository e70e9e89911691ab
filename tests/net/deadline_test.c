/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/deadline.h"

static const uint32_t timeouts_ms[SP_DEADLINE_KINDS] = {
    [SP_DEADLINE_HEAD] = 10,  [SP_DEADLINE_BODY] = 20,  [SP_DEADLINE_IDLE] = 60,
    [SP_DEADLINE_WRITE] = 30, [SP_DEADLINE_LINGER] = 2,
};

static void test_expires_in_order_of_time(void **state)
{
    (void)state;
    sp_deadlines deadlines;
    sp_deadline a = {0}, b = {0}, c = {0};
    sp_deadline_kind kind;
    sp_deadlines_init(&deadlines, timeouts_ms);
    assert_true(sp_deadlines_next(&deadlines) == UINT64_MAX);
    sp_deadline_set(&deadlines, &a, SP_DEADLINE_IDLE, 100); /* 160 */
    sp_deadline_set(&deadlines, &b, SP_DEADLINE_HEAD, 100); /* 110 */
    sp_deadline_set(&deadlines, &c, SP_DEADLINE_HEAD, 105); /* 115 */
    assert_int_equal(sp_deadlines_next(&deadlines), 110);
    assert_null(sp_deadlines_expire(&deadlines, 109, &kind));
    assert_ptr_equal(sp_deadlines_expire(&deadlines, 110, &kind), &b);
    assert_int_equal(kind, SP_DEADLINE_HEAD);
    assert_int_equal(b.kind, SP_DEADLINE_NONE);
    assert_null(sp_deadlines_expire(&deadlines, 110, &kind));
    assert_ptr_equal(sp_deadlines_expire(&deadlines, 1000, &kind), &c);
    assert_ptr_equal(sp_deadlines_expire(&deadlines, 1000, &kind), &a);
    assert_int_equal(kind, SP_DEADLINE_IDLE);
    assert_true(sp_deadlines_next(&deadlines) == UINT64_MAX);
}

static void test_moves_and_clears(void **state)
{
    (void)state;
    sp_deadlines deadlines;
    sp_deadline a = {0}, b = {0};
    sp_deadline_kind kind;
    sp_deadlines_init(&deadlines, timeouts_ms);
    sp_deadline_set(&deadlines, &a, SP_DEADLINE_BODY, 0);
    sp_deadline_set(&deadlines, &b, SP_DEADLINE_BODY, 1);
    sp_deadline_set(&deadlines, &a, SP_DEADLINE_BODY, 2); /* behind b now */
    assert_int_equal(sp_deadlines_next(&deadlines), 21);
    sp_deadline_set(&deadlines, &b, SP_DEADLINE_NONE, 3);
    sp_deadline_set(&deadlines, &b, SP_DEADLINE_NONE, 3); /* once more is no harm */
    assert_int_equal(sp_deadlines_next(&deadlines), 22);
    sp_deadline_set(&deadlines, &a, SP_DEADLINE_LINGER, 4); /* another list */
    assert_int_equal(sp_deadlines_next(&deadlines), 6);
    assert_ptr_equal(sp_deadlines_expire(&deadlines, 6, &kind), &a);
    assert_int_equal(kind, SP_DEADLINE_LINGER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expires_in_order_of_time),
        cmocka_unit_test(test_moves_and_clears),
    };
    return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
