/* SPDX-License-Identifier: MIT
 *
 * Comparing a run with the log: what is counted behind a head, what is ok, and
 * that damage is found.
 */
#include "bench/load_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/log_file.h"

static sp_log_file file;

/* By the state that the same events were applied to: none is lost there. */
static uint64_t orders_made(void)
{
    return sp_state_orders_count(file.history.state);
}

static sp_bench_load_log read_behind(sp_seq after)
{
    sp_bench_load_log log;
    sp_finding finding;
    if (sp_bench_load_log_read(file.dir.path, after, &log, &finding) != SP_STORAGE_OK)
        fail_msg("%s", finding.text);
    return log;
}

static void sales_behind_a_head_are_counted(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_log_file_fill(&file, 300, 7);
    uint64_t orders_before = orders_made();
    sp_bench_load_log before = read_behind(UINT64_MAX);
    assert_int_equal(before.head.seq, 300);
    assert_int_equal(before.sold, 0);
    sp_bench_load_log same = read_behind(before.head.seq);
    assert_int_equal(same.head.seq, 300);
    assert_int_equal(same.sold, 0);

    sp_log_file_fill(&file, 500, 13);
    sp_bench_load_log after = read_behind(before.head.seq);
    assert_int_equal(after.head.seq, 800);
    assert_true(orders_made() > orders_before);
    assert_int_equal(after.sold, orders_made() - orders_before);
    assert_int_equal(read_behind(0).sold, orders_made());

    uint64_t sold = after.sold;
    sp_bench_load_check check = sp_bench_load_check_of(&before, &after, sold, after.held, 0);
    assert_true(sp_bench_load_check_is_ok(&check));
    check = sp_bench_load_check_of(&before, &after, sold - 1, after.held, 0);
    assert_false(sp_bench_load_check_is_ok(&check)); /* somebody else bought */
    check = sp_bench_load_check_of(&before, &after, sold + 1, after.held, 5);
    assert_false(sp_bench_load_check_is_ok(&check)); /* told, and not in the log */
    check = sp_bench_load_check_of(&before, &after, sold - 3, after.held, 3);
    assert_true(sp_bench_load_check_is_ok(&check)); /* nobody heard of three */
    check = sp_bench_load_check_of(&before, &after, sold - 3, after.held, 2);
    assert_false(sp_bench_load_check_is_ok(&check));
    sp_log_file_remove(&file);
}

static void another_log_is_never_ok(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_log_file_fill(&file, 150, 7);
    sp_bench_load_log before = read_behind(UINT64_MAX), shorter = before;
    shorter.head.seq--;
    sp_bench_load_check check = sp_bench_load_check_of(&before, &shorter, 0, shorter.held, 0);
    assert_false(sp_bench_load_check_is_ok(&check));
    sp_log_file_remove(&file);

    sp_log_file_make(&file);
    sp_log_file_fill(&file, 150, 7);
    sp_bench_load_log another = read_behind(before.head.seq);
    check = sp_bench_load_check_of(&before, &another, 0, another.held, 0);
    assert_false(check.same_log);
    assert_false(sp_bench_load_check_is_ok(&check));
    sp_log_file_remove(&file);
}

static sp_seq last_seq;

static void append_sale(sp_order_id order, sp_hold_id hold, sp_seat seat)
{
    sp_event event = {.seq = ++last_seq, .time = file.history.time, .actor = 1};
    event.type = SP_EVENT_ORDER_PAID;
    event.order_paid.order = order;
    event.order_paid.concert = 1;
    event.order_paid.buyer = 1;
    event.order_paid.amount = 1;
    event.order_paid.seats = &seat;
    event.order_paid.seats_count = 1;
    event.order_paid.hold = hold;
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
}

static void append_hold(sp_hold_id hold, sp_seat seat)
{
    sp_event event = {.seq = ++last_seq, .time = file.history.time, .actor = 1};
    event.type = SP_EVENT_HOLD_TAKEN;
    event.hold_taken.hold = hold;
    event.hold_taken.concert = 1;
    event.hold_taken.user = 1;
    event.hold_taken.amount = 1;
    event.hold_taken.expires_at = event.time + 1000;
    event.hold_taken.seats = &seat;
    event.hold_taken.seats_count = 1;
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
}

/* What is behind `after` with these sales; none of it is replayed. */
static sp_bench_load_log commit_and_read(sp_seq after)
{
    assert_int_equal(file.to->commit(file.to, file.history.time++), SP_LOG_OK);
    return read_behind(after);
}

static void what_is_sold_twice_is_found(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_log_file_fill(&file, 150, 7);
    sp_bench_load_log before = read_behind(UINT64_MAX);
    last_seq = before.head.seq;
    append_hold(1, 3);
    append_hold(2, 4);
    append_sale(101, 1, 3);
    append_sale(102, 0, 5);
    sp_bench_load_log after = commit_and_read(before.head.seq);
    assert_int_equal(after.held, 2);
    assert_int_equal(after.sold, 2);
    assert_int_equal(after.seats, 2);
    assert_int_equal(after.wrong, 0);
    sp_bench_load_check check = sp_bench_load_check_of(&before, &after, 2, 2, 0);
    assert_true(sp_bench_load_check_is_ok(&check));
    check = sp_bench_load_check_of(&before, &after, 2, 1, 0);
    assert_false(sp_bench_load_check_is_ok(&check)); /* somebody else holds */
    check = sp_bench_load_check_of(&before, &after, 2, 3, 0);
    assert_false(sp_bench_load_check_is_ok(&check)); /* told, and not in the log */

    append_sale(103, 0, 5); /* the seat again */
    after = commit_and_read(before.head.seq);
    assert_int_equal(after.wrong, 1);
    check = sp_bench_load_check_of(&before, &after, 3, 2, 0);
    assert_false(sp_bench_load_check_is_ok(&check));
    append_sale(104, 1, 6); /* the hold again */
    append_sale(105, 9, 7); /* one that nobody took */
    after = commit_and_read(before.head.seq);
    assert_int_equal(after.wrong, 3);
    sp_log_file_remove(&file);
}

/* A changed byte behind the head is found by the chain. */
static void damage_behind_the_head_is_found(void **state)
{
    size_t size;
    uint32_t found = 0;
    sp_bench_load_log log;
    sp_finding finding;
    (void)state;
    sp_log_file_make(&file);
    sp_log_file_fill(&file, 400, 16);
    sp_log_file_close(&file);
    unsigned char *bytes = sp_temp_dir_read(&file.dir, "data.mdb", &size);
    for (size_t at = 0; at + 4 <= size; at++)
        if (memcmp(bytes + at, "Rock", 4) == 0) {
            bytes[at] = 'L';
            found++;
        }
    assert_true(found > 0);
    sp_temp_dir_write(&file.dir, "data.mdb", bytes, size);
    free(bytes);
    assert_int_equal(sp_bench_load_log_read(file.dir.path, 0, &log, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(sp_bench_load_log_read("/no/such/place", 0, &log, &finding),
                     SP_STORAGE_FAILED);
    sp_log_file_open(&file);
    sp_log_file_remove(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sales_behind_a_head_are_counted),
        cmocka_unit_test(another_log_is_never_ok),
        cmocka_unit_test(what_is_sold_twice_is_found),
        cmocka_unit_test(damage_behind_the_head_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
