/* SPDX-License-Identifier: MIT */
#include "net/job_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#define NOW INT64_C(1767225600000)
#define ROWS 8u
#define BYTES 100u

static sp_job_table *table;

static int set_up(void **state)
{
    (void)state;
    table = sp_job_table_create(ROWS, BYTES);
    return table ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_job_table_destroy(table);
    return 0;
}

static sp_hash128 id_of(uint32_t number)
{
    sp_hash128 id = {{0}};
    memcpy(id.bytes + 3, &number, sizeof number);
    return id;
}

static sp_job_row *find(uint32_t number, sp_time_ms now)
{
    sp_hash128 id = id_of(number);
    return sp_job_table_find(table, &id, now);
}

static sp_job_row *add(uint32_t number, sp_time_ms now)
{
    sp_hash128 id = id_of(number);
    return sp_job_table_add(table, &id, 7, now);
}

static void end(sp_job_row *row, uint32_t size, bool succeeded, sp_time_ms now)
{
    char bytes[BYTES + 1] = {0};
    sp_job_table_done(table, row, sp_job_text_create((sp_text){bytes, size}), succeeded, now);
}

static void waits_then_is_done(void **state)
{
    (void)state;
    assert_null(find(1, NOW));
    sp_job_row *row = add(1, NOW);
    row->position = 3;
    assert_ptr_equal(find(1, NOW), row);
    assert_true(sp_job_row_waits(row));
    assert_int_equal(row->user, 7);
    assert_ptr_equal(sp_job_table_at(table, sp_job_table_index(table, row)), row);
    row->request_name = strdup("mine");
    end(row, 10, true, NOW);
    assert_ptr_equal(find(1, NOW), row);
    assert_false(sp_job_row_waits(row));
    assert_true(row->succeeded);
    assert_null(row->request_name);
    assert_int_equal(sp_job_table_count(table), 1);
    assert_int_equal(sp_job_table_bytes(table), 10);
}

static void is_kept_for_ten_minutes(void **state)
{
    (void)state;
    end(add(1, NOW), 10, true, NOW);
    add(2, NOW);
    assert_int_equal(SP_JOBS_KEEP_MS, 10 * 60 * 1000);
    assert_non_null(find(1, NOW + SP_JOBS_KEEP_MS - 1));
    assert_null(find(1, NOW + SP_JOBS_KEEP_MS));
    assert_int_equal(sp_job_table_bytes(table), 0);
    /* One that waits stays, however long. */
    assert_non_null(find(2, NOW + 100 * SP_JOBS_KEEP_MS));
    /* What nobody asks for goes when others come. */
    end(add(3, NOW), 10, true, NOW);
    add(4, NOW + SP_JOBS_KEEP_MS);
    assert_int_equal(sp_job_table_count(table), 2);
    assert_int_equal(sp_job_table_bytes(table), 0);
}

static void the_oldest_of_the_done_leave_first(void **state)
{
    (void)state;
    sp_job_row *rows[ROWS + 1];
    for (uint32_t i = 1; i <= ROWS; i++)
        rows[i] = add(i, NOW);
    assert_null(add(100, NOW)); /* all wait */
    end(rows[5], 10, true, NOW);
    end(rows[2], 10, false, NOW);
    end(rows[7], 10, true, NOW);
    assert_non_null(add(100, NOW));
    assert_null(find(5, NOW));
    assert_non_null(add(101, NOW));
    assert_null(find(2, NOW));
    assert_non_null(find(7, NOW));
    assert_non_null(add(102, NOW));
    assert_null(add(103, NOW));
    assert_int_equal(sp_job_table_count(table), ROWS);
}

static void texts_are_bounded(void **state)
{
    (void)state;
    end(add(1, NOW), 40, true, NOW);
    end(add(2, NOW), 40, true, NOW);
    end(add(3, NOW), 20, true, NOW);
    assert_int_equal(sp_job_table_bytes(table), 100);
    end(add(4, NOW), 41, true, NOW);
    assert_null(find(1, NOW));
    assert_null(find(2, NOW));
    assert_int_equal(sp_job_table_bytes(table), 61);
    end(add(5, NOW), BYTES + 1, true, NOW); /* more than all: not kept */
    assert_int_equal(sp_job_table_count(table), 0);
    assert_int_equal(sp_job_table_bytes(table), 0);
}

static void a_refused_one_runs_again(void **state)
{
    (void)state;
    sp_job_row *row = add(1, NOW);
    end(row, 10, false, NOW);
    end(add(2, NOW), 10, false, NOW);
    sp_job_table_again(table, row);
    assert_true(sp_job_row_waits(row));
    assert_int_equal(sp_job_table_bytes(table), 10);
    assert_ptr_equal(find(1, NOW + 2 * SP_JOBS_KEEP_MS), row);
    end(row, 20, true, NOW + 5);
    assert_non_null(find(1, NOW + SP_JOBS_KEEP_MS + 4));
    assert_null(find(2, NOW + SP_JOBS_KEEP_MS + 4));
}

static void removed_as_if_it_had_not_been(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 100; i++) {
        sp_job_row *row = add(i, NOW);
        row->request_name = strdup("mine");
        sp_job_table_remove(table, row);
        assert_null(find(i, NOW));
    }
    assert_int_equal(sp_job_table_count(table), 0);
}

/* Against a list that is kept plainly. */
static void as_a_plain_list(void **state)
{
    enum { IDS = 24 };
    struct {
        bool known, waits;
        uint32_t size;
        sp_time_ms done_at;
        uint64_t order;
    } plain[IDS] = {0};
    uint64_t seed = 1, done_count = 0;
    sp_time_ms now = NOW;
    (void)state;
    for (int step = 0; step < 20000; step++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint32_t number = (uint32_t)(seed >> 33) % IDS, size = 1 + (uint32_t)(seed >> 50) % 30;
        now += (seed >> 60) == 0 ? SP_JOBS_KEEP_MS / 3 : 1;
        sp_job_row *row = find(number, now);
        bool fresh = plain[number].known && !plain[number].waits &&
                     now - plain[number].done_at < SP_JOBS_KEEP_MS;
        if (plain[number].known && plain[number].waits)
            assert_true(row && sp_job_row_waits(row));
        else if (row)
            assert_true(fresh && !sp_job_row_waits(row) && row->text->size == plain[number].size);
        if (!row) {
            row = add(number, now);
            uint32_t waiting = 0;
            for (uint32_t i = 0; i < IDS; i++)
                waiting += plain[i].known && plain[i].waits;
            assert_int_equal(row == NULL, waiting == ROWS);
            plain[number].known = plain[number].waits = row != NULL;
        } else if (sp_job_row_waits(row)) {
            end(row, size, true, now);
            plain[number].waits = false;
            plain[number].size = size;
            plain[number].done_at = now;
            plain[number].order = ++done_count;
            assert_ptr_equal(find(number, now), row); /* the newest is kept */
        } else if (seed >> 63) {
            sp_job_table_again(table, row);
            plain[number].waits = true;
        }
        assert_true(sp_job_table_count(table) <= ROWS);
        assert_true(sp_job_table_bytes(table) <= BYTES);
        /* Of the done ones those that are there are the newest. */
        uint64_t oldest_there = UINT64_MAX, newest_gone = 0;
        for (uint32_t i = 0; i < IDS; i++) {
            if (!plain[i].known || plain[i].waits || now - plain[i].done_at >= SP_JOBS_KEEP_MS)
                continue;
            if (find(i, now))
                oldest_there = plain[i].order < oldest_there ? plain[i].order : oldest_there;
            else
                newest_gone = plain[i].order > newest_gone ? plain[i].order : newest_gone;
        }
        assert_true(newest_gone < oldest_there);
    }
    assert_true(done_count > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(waits_then_is_done, set_up, tear_down),
        cmocka_unit_test_setup_teardown(is_kept_for_ten_minutes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_of_the_done_leave_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refused_one_runs_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removed_as_if_it_had_not_been, set_up, tear_down),
        cmocka_unit_test_setup_teardown(as_a_plain_list, set_up, tear_down),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("job table", tests, NULL, NULL);
}
