/* SPDX-License-Identifier: MIT
 *
 * The index of orders by their jobs. What it promises: each order of a job is among
 * those that a walk finds, newest segment first, and a walk ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/job_index.h"
#include "tests/support/random.h"

#define ORDERS 200000u
#define PER_SEGMENT 65536u
#define CELLS (2 * PER_SEGMENT) /* of a segment */

static sp_order_id *index_make(uint32_t orders_max)
{
    sp_order_id *cells = calloc(1, sp_job_index_bytes(orders_max));
    assert_non_null(cells);
    return cells;
}

/* The print is in the low 48 bits of the first half, the home in bits 16 to 32 of the
 * second. */
static sp_hash128 job_of(uint64_t print, uint32_t home)
{
    sp_hash128 job;
    uint64_t second = (uint64_t)home << 16 | 0xbeef;
    memcpy(job.bytes, &print, 8);
    memcpy(job.bytes + 8, &second, 8);
    return job;
}

static sp_hash128 job_random(sp_random *random)
{
    sp_hash128 job;
    sp_random_fill(random, job.bytes, sizeof job.bytes);
    return job;
}

/* Is the order among those that the walk finds? And how many does it find? */
static bool walk(const sp_order_id *cells, uint32_t orders_count, const sp_hash128 *job,
                 sp_order_id order, uint32_t *found_count)
{
    sp_job_cursor cursor = {0};
    sp_order_id found;
    uint32_t segment = UINT32_MAX;
    bool is_found = false;

    *found_count = 0;
    while ((found = sp_job_index_next(cells, orders_count, job, &cursor))) {
        assert_true(found / PER_SEGMENT <= segment);
        segment = found / PER_SEGMENT;
        is_found |= found == order;
        ++*found_count;
    }
    assert_int_equal(cursor.segment, 0); /* the next walk begins anew */
    return is_found;
}

static void every_order_is_found(void **unused)
{
    (void)unused;
    sp_order_id *cells = index_make(ORDERS);
    sp_hash128 *jobs = malloc((ORDERS + 1) * sizeof *jobs);
    uint32_t found_count;
    uint64_t others = 0;
    sp_random random;
    sp_random_seed(&random, 11);

    assert_non_null(jobs);
    for (sp_order_id order = 1; order <= ORDERS; order++) {
        jobs[order] = job_random(&random);
        sp_job_index_add(cells, &jobs[order], order);
    }
    for (sp_order_id order = 1; order <= ORDERS; order++) {
        if (!walk(cells, ORDERS, &jobs[order], order, &found_count))
            fail_msg("order %u is not found", order);
        others += found_count - 1;
    }
    /* Half full, of random homes: a walk meets a few others a segment. */
    assert_true(others < (uint64_t)ORDERS * 16);
    free(jobs);
    free(cells);
}

static void what_is_not_there_is_not_found(void **unused)
{
    (void)unused;
    sp_order_id *cells = index_make(ORDERS);
    uint32_t found_count;
    sp_random random;
    sp_random_seed(&random, 12);

    for (uint32_t i = 0; i < 100; i++) { /* of an empty index nothing */
        sp_hash128 job = job_random(&random);
        assert_false(walk(cells, ORDERS, &job, 1, &found_count));
        assert_int_equal(found_count, 0);
        assert_false(walk(cells, 0, &job, 1, &found_count));
        assert_int_equal(found_count, 0);
    }
    sp_hash128 job = job_of(1, 100);
    sp_job_index_add(cells, &job, 5);
    job = job_of(1, 99); /* the cell before, and the one behind */
    assert_false(walk(cells, ORDERS, &job, 5, &found_count));
    job = job_of(1, 101);
    assert_false(walk(cells, ORDERS, &job, 5, &found_count));
    job = job_of(2, 100); /* the same home: found, for the print to tell */
    assert_true(walk(cells, ORDERS, &job, 5, &found_count));
    free(cells);
}

/* Orders 65535 and 65536 stand in segments of their own, and of each the walk sees
 * only as far as there are orders. */
static void segments_begin_where_they_should(void **unused)
{
    static const sp_order_id orders[] = {1, 65535, 65536, 131071, 131072, 196607, 196608, ORDERS};
    (void)unused;
    sp_order_id *cells = index_make(ORDERS);
    sp_hash128 job = job_of(7, 42);
    uint32_t found_count;

    for (uint32_t i = 0; i < 8; i++)
        sp_job_index_add(cells, &job, orders[i]);
    for (uint32_t i = 0; i < 8; i++)
        assert_int_equal(cells[orders[i] / PER_SEGMENT * CELLS + 42 + i % 2], orders[i]);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(walk(cells, ORDERS, &job, orders[i], &found_count));
        assert_int_equal(found_count, 8);
    }
    assert_true(walk(cells, 131071, &job, 65536, &found_count));
    assert_int_equal(found_count, 4);
    assert_false(walk(cells, 65535, &job, 65536, &found_count));
    assert_int_equal(found_count, 2);
    free(cells);
}

/* All of a segment's orders have one home, the last cell: they go on at the front. */
static void a_segment_of_one_home_still_has_room(void **unused)
{
    (void)unused;
    sp_order_id *cells = index_make(PER_SEGMENT);
    const uint32_t count = 3000; /* quadratic in this */
    uint32_t found_count;

    for (sp_order_id order = 1; order <= count; order++) {
        sp_hash128 job = job_of(order, CELLS - 1);
        sp_job_index_add(cells, &job, order);
    }
    assert_int_equal(cells[CELLS - 1], 1);
    assert_int_equal(cells[0], 2);
    assert_int_equal(cells[CELLS], 0); /* not into the segment behind */
    for (sp_order_id order = 1; order <= count; order += 97) {
        sp_hash128 job = job_of(order, CELLS - 1);
        assert_true(walk(cells, count, &job, order, &found_count));
        assert_int_equal(found_count, count);
    }
    free(cells);
}

/* A row of neighbours' homes is one cluster: each is found through it. */
static void clusters_are_walked_through(void **unused)
{
    (void)unused;
    sp_order_id *cells = index_make(ORDERS);
    uint32_t found_count;

    for (uint32_t i = 0; i < 500; i++) { /* home 1000, 1001, 1000, 1001 … */
        sp_hash128 job = job_of(i, 1000 + i % 2);
        sp_job_index_add(cells, &job, i + 1);
    }
    for (uint32_t i = 0; i < 500; i++) {
        sp_hash128 job = job_of(i, 1000 + i % 2);
        assert_true(walk(cells, 500, &job, i + 1, &found_count));
    }
    sp_hash128 job = job_of(1, 1499); /* from the cluster's last cell on */
    assert_true(walk(cells, 500, &job, 500, &found_count));
    assert_int_equal(found_count, 1);
    free(cells);
}

static void a_print_is_48_bits_and_never_0(void **unused)
{
    (void)unused;
    sp_hash128 job = job_of(0, 5);

    assert_int_equal(sp_job_print(&job), 1);
    job = job_of(UINT64_C(0xffff) << 48, 5); /* no bit that is in it */
    assert_int_equal(sp_job_print(&job), 1);
    job = job_of(UINT64_C(0xabcd123456789abc), 5);
    assert_int_equal(sp_job_print(&job), UINT64_C(0x123456789abc));
    job = job_of(UINT64_C(0xabcd123456789abc), 77);
    assert_int_equal(sp_job_print(&job), UINT64_C(0x123456789abc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_is_found),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(segments_begin_where_they_should),
        cmocka_unit_test(a_segment_of_one_home_still_has_room),
        cmocka_unit_test(clusters_are_walked_through),
        cmocka_unit_test(a_print_is_48_bits_and_never_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
