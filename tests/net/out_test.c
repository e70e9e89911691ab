/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/out.h"

static void test_numbers(void **state)
{
    (void)state;
    const int64_t values[] = {0, 7, -7, 10, -10, INT64_MAX, INT64_MIN, INT64_C(9007199254740991)};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char wanted[32];
        sp_out out;
        sp_out_init(&out);
        snprintf(wanted, sizeof wanted, "%lld", (long long)values[i]);
        sp_out_decimal(&out, values[i]);
        assert_int_equal(out.size, strlen(wanted));
        assert_memory_equal(out.bytes, wanted, out.size);
        sp_out_close(&out);
    }
}

static void test_texts(void **state)
{
    (void)state;
    sp_out out;
    sp_out_init(&out);
    sp_out_text(&out, (sp_text){0}); /* absent: adds nothing */
    assert_int_equal(out.size, 0);
    sp_out_string(&out, "ab");
    sp_out_text(&out, SP_TEXT("cd"));
    sp_out_bytes(&out, "\0e", 2);
    assert_int_equal(out.size, 6);
    assert_memory_equal(out.bytes, "abcd\0e", 6);
    sp_out_clear(&out);
    assert_int_equal(out.size, 0);
    assert_true(out.capacity >= 6);
    sp_out_close(&out);
    assert_null(out.bytes);
}

static void test_growth_keeps_content(void **state)
{
    (void)state;
    sp_out out;
    sp_out_init(&out);
    for (int i = 0; i < 100000; i++)
        sp_out_bytes(&out, &(char){(char)(i % 251)}, 1);
    assert_int_equal(out.size, 100000);
    for (int i = 0; i < 100000; i++)
        if (out.bytes[i] != (char)(i % 251))
            fail_msg("byte %d is %d", i, out.bytes[i]);
    char *room = sp_out_reserve(&out, 1 << 20);
    assert_ptr_equal(room, out.bytes + out.size);
    assert_true(out.capacity - out.size >= 1 << 20);
    sp_out_close(&out);
}

static void test_what_comes_behind(void **state)
{
    static const sp_text constant = {"behind", 6};
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_out_string(&out, "head ");
    assert_int_equal(sp_out_size(&out), 5);
    out.behind = &constant;
    assert_int_equal(out.size, 5);
    assert_int_equal(sp_out_size(&out), 11);
    sp_out_absorb(&out);
    sp_out_absorb(&out); /* there is nothing any more */
    sp_out_string(&out, "!");
    assert_int_equal(sp_out_size(&out), 12);
    assert_memory_equal(out.bytes, "head behind!", 12);
    out.behind = &constant;
    sp_out_clear(&out);
    assert_int_equal(sp_out_size(&out), 0);
    sp_out_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_growth_keeps_content),
        cmocka_unit_test(test_what_comes_behind),
    };
    return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
