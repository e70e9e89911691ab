/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/memory.h"

#define HUGE_PAGE ((size_t)2 << 20)

static void small_ones_are_zero_to_the_last_byte(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {0, 1, 4096, 100001};

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *base = sp_memory_reserve(sizes[i]);
        assert_non_null(base);
        for (size_t at = 0; at < sizes[i]; at++)
            if (base[at] != 0)
                fail_msg("byte %zu of %zu is %d", at, sizes[i], base[at]);
        sp_memory_release(base, sizes[i]);
    }
    sp_memory_release(NULL, 4096);
}

/* Whatever the kernel puts a mapping at, and however its size ends. */
static void large_ones_begin_on_a_huge_page(void **unused)
{
    (void)unused;
    static const size_t sizes[] = {8 * HUGE_PAGE, 8 * HUGE_PAGE + 1, 9 * HUGE_PAGE - 4096,
                                   40 * HUGE_PAGE + 12345};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    char *bases[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        bases[i] = sp_memory_reserve(sizes[i]);
        assert_non_null(bases[i]);
        assert_int_equal((uintptr_t)bases[i] % HUGE_PAGE, 0);
        assert_int_equal(bases[i][0], 0);
        bases[i][0] = 1;
        bases[i][sizes[i] - 1] = (char)(2 + i);
    }
    /* Giving one back takes nothing of its neighbours. */
    sp_memory_release(bases[1], sizes[1]);
    for (size_t i = 0; i < COUNT; i++)
        if (i != 1)
            assert_int_equal(bases[i][sizes[i] - 1], 2 + i);
    for (size_t i = 0; i < COUNT; i++)
        if (i != 1)
            sp_memory_release(bases[i], sizes[i]);
}

static void a_list_stands_or_falls_together(void **unused)
{
    (void)unused;
    int *first;
    double *second = (double *)&first; /* not NULL */
    sp_reservation good[] = {{&first, 100}, {&second, 200}};
    sp_reservation bad[] = {{&first, 100}, {&second, SIZE_MAX / 2}};

    assert_int_equal(sp_memory_reserve_all(good, 2), 0);
    first[0] = 7;
    second[0] = 7;
    sp_memory_release_all(good, 2);
    assert_null(first);
    assert_null(second);
    assert_int_equal(sp_memory_reserve_all(bad, 2), -1);
    assert_null(first);
    assert_null(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_ones_are_zero_to_the_last_byte),
        cmocka_unit_test(large_ones_begin_on_a_huge_page),
        cmocka_unit_test(a_list_stands_or_falls_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
