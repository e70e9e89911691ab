/* SPDX-License-Identifier: MIT */
#include "engine/tally.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

static sp_tally_figures figures_of(const sp_tally *tally)
{
    sp_tally_figures figures = {0};
    sp_tally_read(tally, &figures);
    return figures;
}

/* Each value lies at or under its bucket's bound, and above the one before. */
static void every_value_has_its_bucket(void **state)
{
    static const uint64_t units[] = {SP_TALLY_SIZES, SP_TALLY_TIMES};
    (void)state;
    for (int u = 0; u < 2; u++) {
        for (uint32_t k = 0; k < SP_TALLY_BUCKETS - 1; k++) {
            uint64_t bound = sp_tally_bound(units[u], k);
            assert_int_equal(bound, units[u] << k);
            assert_int_equal(sp_tally_bucket(units[u], bound), k);
            assert_int_equal(sp_tally_bucket(units[u], bound + 1), k + 1);
        }
        assert_int_equal(sp_tally_bucket(units[u], 0), 0);
        assert_int_equal(sp_tally_bucket(units[u], UINT64_MAX), SP_TALLY_BUCKETS - 1);
    }
    for (uint64_t value = 1; value < 5000; value++) {
        uint32_t k = 0;
        while (value > sp_tally_bound(SP_TALLY_SIZES, k))
            k++;
        assert_int_equal(sp_tally_bucket(SP_TALLY_SIZES, value), k);
    }
}

static void sums_are_exact(void **state)
{
    sp_tally tally = {0};
    (void)state;
    assert_int_equal(figures_of(&tally).count, 0);
    for (uint64_t value = 1; value <= 100; value++)
        sp_tally_add(&tally, SP_TALLY_SIZES, value);
    sp_tally_figures figures = figures_of(&tally);
    assert_int_equal(figures.count, 100);
    assert_int_equal(figures.sum, 5050);
    assert_int_equal(figures.max, 100);
    /* 1 | 2 | 3 4 | 5 … 8 | … 16 | … 32 | … 64 | … 100 */
    static const uint64_t wanted[] = {1, 1, 2, 4, 8, 16, 32, 36, 0};
    for (int i = 0; i < 9; i++)
        assert_int_equal(figures.counts[i], wanted[i]);
    sp_tally_read(&tally, &figures); /* as of a second loop */
    assert_int_equal(figures.count, 200);
    assert_int_equal(figures.sum, 10100);
    assert_int_equal(figures.max, 100);
}

static void quantiles_are_bounds(void **state)
{
    sp_tally tally = {0};
    (void)state;
    sp_tally_figures figures = figures_of(&tally);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 500), 0);
    for (int i = 0; i < 98; i++)
        sp_tally_add(&tally, SP_TALLY_TIMES, 3000); /* ≤ 4 µs */
    sp_tally_add(&tally, SP_TALLY_TIMES, 70 * 1000);
    sp_tally_add(&tally, SP_TALLY_TIMES, 90 * 1000); /* both ≤ 128 µs */
    figures = figures_of(&tally);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 1), 4000);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 500), 4000);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 980), 4000);
    /* No bound is told that is above what there was. */
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 981), 90 * 1000);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 1000), 90 * 1000);
    sp_tally_add(&tally, SP_TALLY_TIMES, UINT64_C(60000000000)); /* beyond all bounds */
    figures = figures_of(&tally);
    assert_int_equal(figures.counts[SP_TALLY_BUCKETS - 1], 1);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 1000), UINT64_C(60000000000));
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_TIMES, 500), 4000);
}

/* Large numbers must not overflow where a rank is computed. */
static void quantiles_of_many(void **state)
{
    sp_tally_figures figures = {.count = UINT64_MAX / 2, .max = 8, .sum = 1};
    (void)state;
    figures.counts[1] = UINT64_MAX / 4;
    figures.counts[3] = UINT64_MAX / 2 - UINT64_MAX / 4;
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_SIZES, 499), 2);
    assert_int_equal(sp_tally_quantile(&figures, SP_TALLY_SIZES, 501), 8);
}

#define ADDS 200000

static void *add_many(void *context)
{
    for (uint64_t i = 0; i < ADDS; i++)
        sp_tally_add(context, SP_TALLY_SIZES, i % 7);
    return NULL;
}

/* What is read meanwhile never goes back, and in the end all is there. */
static void one_writes_and_another_reads(void **state)
{
    static sp_tally tally;
    pthread_t writer;
    uint64_t seen = 0;
    (void)state;
    assert_int_equal(pthread_create(&writer, NULL, add_many, &tally), 0);
    while (seen < ADDS) {
        uint64_t count = figures_of(&tally).count;
        assert_true(count >= seen && count <= ADDS);
        seen = count;
    }
    pthread_join(writer, NULL);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < ADDS; i++)
        sum += i % 7;
    assert_int_equal(figures_of(&tally).sum, sum);
    assert_int_equal(figures_of(&tally).max, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_has_its_bucket),   cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(quantiles_are_bounds),         cmocka_unit_test(quantiles_of_many),
        cmocka_unit_test(one_writes_and_another_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
