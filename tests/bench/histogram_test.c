/* SPDX-License-Identifier: MIT
 *
 * The histogram against sorted values: every percentile is that of the sorted
 * list, at most a thousandth above it.
 */
#include "bench/histogram.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/bench.h"

#define VALUES 20000u

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void check_percentile(const sp_bench_histogram *histogram, const uint64_t *sorted,
                             uint32_t count, double percent)
{
    uint64_t exact = sorted[(uint32_t)ceil(percent / 100 * count) - 1];
    uint64_t told = sp_bench_histogram_percentile_us(histogram, percent);
    if (told < exact || told - exact > exact / 1000)
        fail_msg("p%g is %" PRIu64 ", by the sorted list %" PRIu64, percent, told, exact);
}

/* Values of every size: bits_max bits at most, evenly over the sizes. */
static void compare_with_sorted(uint32_t bits_max, uint64_t seed)
{
    static uint64_t values[VALUES];
    static const double percents[] = {0.005, 1, 10, 25, 50, 75, 90, 99, 99.9, 99.99, 100};
    sp_bench_random random = {seed};
    sp_bench_histogram *histogram = sp_bench_histogram_create();
    double sum = 0;
    for (uint32_t i = 0; i < VALUES; i++) {
        uint32_t bits = 1 + sp_bench_random_below(&random, bits_max);
        values[i] = sp_bench_random_below(&random, 1u << bits);
        if (values[i] > SP_BENCH_HISTOGRAM_MAX_US)
            values[i] = SP_BENCH_HISTOGRAM_MAX_US;
        sum += (double)values[i];
        sp_bench_histogram_record(histogram, values[i]);
    }
    qsort(values, VALUES, sizeof *values, compare);
    assert_int_equal(sp_bench_histogram_count(histogram), VALUES);
    assert_int_equal(sp_bench_histogram_max_us(histogram), values[VALUES - 1]);
    assert_true(fabs(sp_bench_histogram_mean_us(histogram) - sum / VALUES) < 1e-3);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++)
        check_percentile(histogram, values, VALUES, percents[i]);
    sp_bench_histogram_destroy(histogram);
}

static void percentiles_are_those_of_the_sorted_values(void **state)
{
    (void)state;
    compare_with_sorted(11, 1); /* a counter each */
    compare_with_sorted(20, 2);
    compare_with_sorted(26, 3);
}

/* Alone in the histogram, any value is told to a thousandth, and the borders
 * between counters are where they should be. */
static void every_value_is_told_to_three_digits(void **state)
{
    (void)state;
    for (uint64_t value = 0; value <= SP_BENCH_HISTOGRAM_MAX_US; value += 1 + value / 500) {
        sp_bench_histogram *histogram = sp_bench_histogram_create();
        sp_bench_histogram_record(histogram, value);
        sp_bench_histogram_record(histogram, SP_BENCH_HISTOGRAM_MAX_US); /* so max caps nothing */
        uint64_t told = sp_bench_histogram_percentile_us(histogram, 50);
        if (told < value || told - value > value / 1000)
            fail_msg("%" PRIu64 " is told as %" PRIu64, value, told);
        sp_bench_histogram_destroy(histogram);
    }
}

static void what_is_too_long_counts_as_a_minute(void **state)
{
    (void)state;
    sp_bench_histogram *histogram = sp_bench_histogram_create();
    sp_bench_histogram_record(histogram, 5);
    sp_bench_histogram_record(histogram, UINT64_C(600000000));
    assert_int_equal(sp_bench_histogram_percentile_us(histogram, 50), 5);
    uint64_t told = sp_bench_histogram_percentile_us(histogram, 100);
    assert_true(told >= SP_BENCH_HISTOGRAM_MAX_US && told < SP_BENCH_HISTOGRAM_MAX_US + 60000);
    assert_int_equal(sp_bench_histogram_max_us(histogram), 600000000);
    sp_bench_histogram_destroy(histogram);
}

static void an_empty_one_is_all_zero(void **state)
{
    (void)state;
    sp_bench_histogram *histogram = sp_bench_histogram_create();
    assert_int_equal(sp_bench_histogram_percentile_us(histogram, 99), 0);
    assert_int_equal(sp_bench_histogram_max_us(histogram), 0);
    assert_true(sp_bench_histogram_mean_us(histogram) == 0);
    sp_bench_histogram_destroy(histogram);
}

static void the_distribution_is_printed(void **state)
{
    (void)state;
    char text[200];
    sp_bench_histogram *histogram = sp_bench_histogram_create();
    sp_bench_histogram_record(histogram, 7);
    sp_bench_histogram_record(histogram, 7);
    sp_bench_histogram_record(histogram, 7);
    sp_bench_histogram_record(histogram, 1234567);
    FILE *file = fmemopen(text, sizeof text, "w");
    sp_bench_histogram_print(histogram, file);
    fclose(file);
    assert_string_equal(text, "# value_us percentile\n7 75.000000\n1234567 100.000000\n");
    sp_bench_histogram_destroy(histogram);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles_are_those_of_the_sorted_values),
        cmocka_unit_test(every_value_is_told_to_three_digits),
        cmocka_unit_test(what_is_too_long_counts_as_a_minute),
        cmocka_unit_test(an_empty_one_is_all_zero),
        cmocka_unit_test(the_distribution_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
