/* SPDX-License-Identifier: MIT
 *
 * Sorting and adding up what a cancelled concert owes, against a count by user.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/refunds.h"
#include "tests/support/random.h"

static sp_refund_due dues[SP_REFUND_DUES_MAX], spare[SP_REFUND_DUES_MAX],
    before[SP_REFUND_DUES_MAX];

/* `users`: ids are from 1 to so many. */
static void fill(sp_random *random, uint32_t count, uint64_t users)
{
    for (uint32_t i = 0; i < count; i++)
        before[i] = dues[i] =
            (sp_refund_due){(sp_points)i - 50, 1 + (sp_user_id)sp_random_below(random, users)};
}

static int compare(const void *a, const void *b)
{
    const sp_refund_due *left = a, *right = b;
    if (left->user != right->user)
        return left->user > right->user ? 1 : -1;
    return (left->amount > right->amount) - (left->amount < right->amount);
}

static void check(uint32_t count)
{
    /* The amounts ascend as they were filled in, so those of a user stay in that order. */
    qsort(before, count, sizeof before[0], compare);
    sp_refund_dues_sort(dues, spare, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(dues[i].user, before[i].user);
        assert_int_equal(dues[i].amount, before[i].amount);
    }
    uint32_t merged = sp_refund_dues_merge(dues, count), at = 0;
    for (uint32_t i = 0; i < merged; i++) {
        sp_points sum = 0;
        sp_user_id user = before[at].user;
        for (; at < count && before[at].user == user; at++)
            sum += before[at].amount;
        assert_int_equal(dues[i].user, user);
        assert_int_equal(dues[i].amount, sum);
    }
    assert_int_equal(at, count);
}

static void all_sizes_and_all_ids(void **unused)
{
    (void)unused;
    static const uint32_t counts[] = {0, 1, 2, 3, 100, 1000, 50000};
    static const uint64_t users[] = {1,       2,        2047,          2048,    2049,
                                     1000000, 4194303,  4194304,       4194305, 16777216,
                                     1 << 30, 1u << 31, UINT32_MAX - 1};
    sp_random random;
    sp_random_seed(&random, 3);

    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t u = 0; u < sizeof users / sizeof *users; u++) {
            fill(&random, counts[c], users[u]);
            check(counts[c]);
        }
    fill(&random, SP_REFUND_DUES_MAX, 1000000);
    check(SP_REFUND_DUES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_sizes_and_all_ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
