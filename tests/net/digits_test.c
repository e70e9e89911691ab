/* SPDX-License-Identifier: MIT
 *
 * Numbers as text against printf, each in exactly the room that the header
 * asks for (the sanitizer sees a byte beyond it).
 */
#include "net/digits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/random.h"

static char *room;

static void check(uint64_t value)
{
    char wanted[32];
    int size = snprintf(wanted, sizeof wanted, "%llu", (unsigned long long)value);
    const char *end = sp_digits_put(room, value);
    if (end - room != size || memcmp(room, wanted, (size_t)size) != 0)
        fail_msg("%s became %.*s", wanted, (int)(end - room), room);
}

static void check_signed(int64_t value)
{
    char wanted[32];
    int size = snprintf(wanted, sizeof wanted, "%lld", (long long)value);
    const char *end = sp_digits_put_signed(room, value);
    if (end - room != size || memcmp(room, wanted, (size_t)size) != 0)
        fail_msg("%s became %.*s", wanted, (int)(end - room), room);
}

/* Every value of a half of eight digits: each step of the division by
 * multiplication is exact for all that can come to it. */
static void small_values(void **state)
{
    (void)state;
    for (uint64_t value = 0; value <= 100000; value++) {
        check(value);
        check(value * 10000);
        check(value * 100000000);
    }
}

static void edges(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        check(power - 1);
        check(power);
        check(power + 1);
        check(power * 9);
        if (digits == 20)
            break;
    }
    for (int bit = 0; bit < 64; bit++) {
        check((UINT64_C(1) << bit) - 1);
        check(UINT64_C(1) << bit);
        check_signed((int64_t)(UINT64_C(1) << bit));
        check_signed((int64_t) - (UINT64_C(1) << bit));
    }
    check(UINT64_MAX);
    check_signed(INT64_MAX);
    check_signed(INT64_MIN);
    check_signed(-1);
    check_signed(0);
}

static void random_values(void **state)
{
    sp_random random;
    (void)state;
    sp_random_seed(&random, 1);
    for (int i = 0; i < 200000; i++) {
        uint64_t value = sp_random_next(&random) >> sp_random_below(&random, 64);
        check(value);
        check_signed((int64_t)value);
        check_signed(-(int64_t)(value >> 1));
    }
}

static void hexadecimal(void **state)
{
    sp_random random;
    (void)state;
    sp_random_seed(&random, 2);
    for (int i = 0; i < 20000; i++) {
        char wanted[17];
        uint64_t value = i == 0 ? 0 : i == 1 ? UINT64_MAX : sp_random_next(&random);
        snprintf(wanted, sizeof wanted, "%016llx", (unsigned long long)value);
        assert_ptr_equal(sp_digits_put_hex(room, value), room + 16);
        assert_memory_equal(room, wanted, 16);
    }
}

static void pairs(void **state)
{
    (void)state;
    for (uint32_t value = 0; value < 100; value++) {
        char wanted[3];
        snprintf(wanted, sizeof wanted, "%02u", value % 100);
        assert_ptr_equal(sp_digits_put_pair(room, value), room + 2);
        assert_memory_equal(room, wanted, 2);
    }
}

static int set_up(void **state)
{
    (void)state;
    room = malloc(SP_DIGITS_SIZE_MAX);
    return room ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(room);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_values), cmocka_unit_test(edges), cmocka_unit_test(random_values),
        cmocka_unit_test(hexadecimal),  cmocka_unit_test(pairs),
    };
    return cmocka_run_group_tests_name("digits", tests, set_up, tear_down);
}
