/* SPDX-License-Identifier: MIT
 *
 * The ring, the chains and the heap of holds, by themselves: against a list that is
 * kept sorted, over many random operations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/holds.h"
#include "engine/limits.h"
#include "tests/support/random.h"

#define SEATS_MAX 4096u

static sp_holds holds_make(uint32_t live_max)
{
    sp_holds made = {
        .rows = calloc(1, sp_holds_rows_bytes(live_max)),
        .heap = calloc(1, sp_holds_heap_bytes(live_max)),
        .concerts = calloc(1, sp_holds_concerts_bytes(live_max)),
        .next_seats = calloc(SEATS_MAX, sizeof(sp_seat)),
    };
    assert_non_null(made.rows);
    assert_non_null(made.heap);
    assert_non_null(made.next_seats);
    assert_non_null(made.concerts);
    sp_holds_init(&made, live_max);
    return made;
}

static void holds_free(sp_holds *holds)
{
    free(holds->rows);
    free(holds->heap);
    free(holds->next_seats);
    free(holds->concerts);
}

static void take_seats(sp_holds *holds, sp_hold_id id, sp_time_ms deadline, uint64_t concert_first,
                       const sp_seat *seats, uint32_t count)
{
    sp_hold_row row = {.deadline = deadline, .id = id, .user = id % 7 + 1, .concert = 1};
    assert_true(sp_holds_can_take(holds, id));
    sp_holds_take(holds, &row, concert_first, seats, count);
}

/* The next id, of a seat that is nobody else's. */
static sp_hold_id take(sp_holds *holds, sp_time_ms deadline)
{
    sp_hold_id id = sp_holds_next(holds);
    sp_seat seat = id % SEATS_MAX;
    assert_int_not_equal(id, 0);
    take_seats(holds, id, deadline, 0, &seat, 1);
    return id;
}

static void end(sp_holds *holds, sp_hold_id id, sp_hold_status status)
{
    sp_hold_row *row = sp_holds_living(holds, id);
    assert_non_null(row);
    sp_holds_end(holds, row, status);
}

/* --- the ring --- */

static void an_ended_hold_is_remembered_for_a_round(void **unused)
{
    static const sp_hold_status ends[] = {SP_HELD_RELEASED, SP_HELD_BOUGHT, SP_HELD_EXPIRED};
    (void)unused;
    sp_holds holds = holds_make(4); /* 8 rows */

    assert_null(sp_holds_row(&holds, 0));
    assert_null(sp_holds_row(&holds, 1));
    assert_int_equal(sp_holds_deadline(&holds), 0);
    for (uint32_t i = 0; i < 3; i++) {
        sp_hold_id id = take(&holds, 100 + i);
        assert_int_equal(id, i + 1);
        assert_non_null(sp_holds_living(&holds, id));
        end(&holds, id, ends[i]);
        assert_null(sp_holds_living(&holds, id));
        assert_int_equal(sp_holds_row(&holds, id)->status, ends[i]);
    }
    while (holds.newest < 8)
        end(&holds, take(&holds, 1), SP_HELD_RELEASED);
    assert_int_equal(sp_holds_row(&holds, 1)->status, SP_HELD_RELEASED);
    assert_int_equal(take(&holds, 1), 9);
    assert_null(sp_holds_row(&holds, 1)); /* another's now */
    assert_non_null(sp_holds_row(&holds, 2));
    assert_null(sp_holds_row(&holds, 10)); /* to come: not the one that was there */
    holds_free(&holds);
}

static void a_living_row_is_stepped_over(void **unused)
{
    (void)unused;
    sp_holds holds = holds_make(4); /* 8 rows */

    for (uint32_t i = 0; i < 3; i++)
        take(&holds, 100); /* 1, 2, 3 live on */
    while (holds.newest < 8)
        end(&holds, take(&holds, 1), SP_HELD_RELEASED);
    for (sp_hold_id id = 9; id <= 11; id++)
        assert_false(sp_holds_can_take(&holds, id));
    assert_true(sp_holds_can_take(&holds, 12));
    assert_true(sp_holds_can_take(&holds, 13)); /* nobody need take the next one */
    assert_int_equal(sp_holds_next(&holds), 12);
    end(&holds, 2, SP_HELD_BOUGHT);
    assert_int_equal(sp_holds_next(&holds), 10); /* free again, and not passed yet */
    assert_int_equal(take(&holds, 5), 10);
    assert_non_null(sp_holds_living(&holds, 1));
    assert_non_null(sp_holds_living(&holds, 3));
    assert_int_equal(sp_holds_next(&holds), 12);
    holds_free(&holds);
}

static void no_more_live_than_may(void **unused)
{
    (void)unused;
    sp_holds holds = holds_make(3); /* 8 rows: there is room, and still */

    for (uint32_t i = 0; i < 3; i++)
        take(&holds, 10 + i);
    assert_int_equal(sp_holds_next(&holds), 0);
    assert_false(sp_holds_can_take(&holds, 4));
    end(&holds, 2, SP_HELD_EXPIRED);
    assert_int_equal(sp_holds_next(&holds), 4);
    assert_int_equal(take(&holds, 1), 4);
    assert_int_equal(sp_holds_next(&holds), 0);
    holds_free(&holds);
}

static void one_may_live_alone(void **unused)
{
    (void)unused;
    sp_holds holds = holds_make(1); /* 2 rows */

    for (sp_hold_id id = 1; id < 10; id++) {
        assert_int_equal(take(&holds, id), id);
        assert_int_equal(sp_holds_next(&holds), 0);
        assert_int_equal(sp_holds_deadline(&holds), id);
        end(&holds, id, SP_HELD_RELEASED);
    }
    holds_free(&holds);
}

static void ids_run_out_and_do_not_begin_anew(void **unused)
{
    (void)unused;
    sp_holds holds = holds_make(4); /* 8 rows: 7 and UINT32_MAX share one */

    while (holds.newest < 6)
        end(&holds, take(&holds, 1), SP_HELD_RELEASED);
    take(&holds, 10);
    assert_non_null(sp_holds_living(&holds, 7));
    holds.newest = UINT32_MAX - 1;
    assert_int_equal(sp_holds_next(&holds), 0); /* stepped over, to the end */
    end(&holds, 7, SP_HELD_RELEASED);
    assert_int_equal(take(&holds, 99), UINT32_MAX);
    assert_int_equal(sp_holds_next(&holds), 0);
    assert_false(sp_holds_can_take(&holds, 0));
    assert_false(sp_holds_can_take(&holds, 1));
    holds_free(&holds);
}

/* --- the chains --- */

static void expect_seats(const sp_holds *holds, sp_hold_id id, uint64_t concert_first,
                         const sp_seat *seats, uint32_t count)
{
    sp_seat found[SP_SEATS_PER_ORDER_MAX];
    const sp_hold_row *row = sp_holds_living(holds, id);
    assert_non_null(row);
    assert_int_equal(row->seats_count, count);
    sp_holds_seats(holds, row, concert_first, found);
    assert_memory_equal(found, seats, count * sizeof *seats);
}

static void seats_hang_together(void **unused)
{
    static const sp_seat odd[] = {1, 3, 5, 63}, even[] = {0, 2, 4, 64}, one[] = {6};
    sp_seat all[SP_SEATS_PER_ORDER_MAX];
    (void)unused;
    sp_holds holds = holds_make(8);

    for (uint32_t i = 0; i < SP_SEATS_PER_ORDER_MAX; i++)
        all[i] = 2 * i + i % 2;
    take_seats(&holds, 1, 10, 0, odd, 4);
    take_seats(&holds, 2, 10, 0, even, 4); /* between those of the first */
    take_seats(&holds, 3, 10, 0, one, 1);
    take_seats(&holds, 4, 10, 128, odd, 4); /* of the same numbers, of another concert */
    take_seats(&holds, 5, 10, 1024, all, SP_SEATS_PER_ORDER_MAX);
    expect_seats(&holds, 1, 0, odd, 4);
    expect_seats(&holds, 2, 0, even, 4);
    expect_seats(&holds, 3, 0, one, 1);
    expect_seats(&holds, 4, 128, odd, 4);
    expect_seats(&holds, 5, 1024, all, SP_SEATS_PER_ORDER_MAX);

    /* Seats of one that has ended are another's, in another company. */
    end(&holds, 1, SP_HELD_RELEASED);
    end(&holds, 2, SP_HELD_EXPIRED);
    static const sp_seat mixed[] = {0, 1, 2, 5, 64};
    take_seats(&holds, 6, 10, 0, mixed, 5);
    expect_seats(&holds, 6, 0, mixed, 5);
    expect_seats(&holds, 3, 0, one, 1);
    expect_seats(&holds, 4, 128, odd, 4);
    holds_free(&holds);
}

/* --- the heap --- */

#define LIVE_MAX 3000u
#define OPERATIONS 100000u
#define DEADLINES 500u /* so few that many are equal */

/* All that live, by (deadline, id). */
typedef struct sorted_list {
    sp_hold_due due[LIVE_MAX];
    uint32_t count;
} sorted_list;

static int compare_due(const void *a, const void *b)
{
    const sp_hold_due *left = a, *right = b;
    if (left->deadline != right->deadline)
        return left->deadline < right->deadline ? -1 : 1;
    return (left->id > right->id) - (left->id < right->id);
}

static void list_insert(sorted_list *list, sp_hold_due due)
{
    uint32_t at = list->count++;
    for (; at > 0 && compare_due(&due, &list->due[at - 1]) < 0; at--)
        list->due[at] = list->due[at - 1];
    list->due[at] = due;
}

static sp_hold_due list_remove(sorted_list *list, uint32_t at)
{
    sp_hold_due due = list->due[at];
    memmove(&list->due[at], &list->due[at + 1], (--list->count - at) * sizeof due);
    return due;
}

/* Each row knows its place, and no child comes before its parent. */
static void expect_heap(const sp_holds *holds)
{
    for (uint32_t at = 0; at < holds->live_count; at++) {
        const sp_hold_row *row = sp_holds_living(holds, holds->heap[at].id);
        assert_non_null(row);
        assert_int_equal(row->heap_at, at);
        assert_int_equal(row->deadline, holds->heap[at].deadline);
        if (at > 0)
            assert_true(compare_due(&holds->heap[(at - 1) / 4], &holds->heap[at]) < 0);
    }
}

static void expect_due(const sp_holds *holds, const sorted_list *list, sp_time_ms now,
                       uint32_t count_max)
{
    sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    uint32_t want = 0;
    while (want < list->count && want < count_max && list->due[want].deadline <= now)
        want++;
    assert_int_equal(sp_holds_due(holds, now, ids, count_max), want);
    for (uint32_t i = 0; i < want; i++)
        assert_int_equal(ids[i], list->due[i].id);
}

static void operate(sp_holds *holds, sorted_list *list, sp_random *random, uint32_t fill)
{
    uint32_t kind = (uint32_t)sp_random_below(random, 8);
    if (list->count == 0 || (kind < 4 && list->count < fill)) {
        sp_time_ms deadline = (sp_time_ms)sp_random_below(random, DEADLINES) + 1;
        list_insert(list, (sp_hold_due){deadline, take(holds, deadline)});
        return;
    }
    sp_hold_due due = list_remove(list, (uint32_t)sp_random_below(random, list->count));
    if (kind % 2 == 0) {
        end(holds, due.id, SP_HELD_RELEASED);
        return;
    }
    due.deadline += (sp_time_ms)sp_random_below(random, 50); /* also not at all */
    sp_holds_extend(holds, sp_holds_living(holds, due.id), due.deadline);
    list_insert(list, due);
}

static void the_heap_is_as_a_sorted_list(void **unused)
{
    (void)unused;
    static sorted_list list;
    sp_holds holds = holds_make(LIVE_MAX);
    sp_random random;
    sp_random_seed(&random, 20240501);

    list.count = 0;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        /* Now and then few, now and then as many as may. */
        operate(&holds, &list, &random, i / 10000 % 2 ? 60 : LIVE_MAX);
        assert_int_equal(holds.live_count, list.count);
        assert_int_equal(sp_holds_deadline(&holds), list.count ? list.due[0].deadline : 0);
        if (i % 64 == 0)
            expect_due(&holds, &list, (sp_time_ms)sp_random_below(&random, DEADLINES + 60),
                       (uint32_t)sp_random_below(&random, SP_HOLDS_PER_EXPIRY_MAX + 1));
        if (i % 512 == 0)
            expect_heap(&holds);
    }
    holds_free(&holds);
}

/* A whole drop's deadlines at once: in slices until none is left. */
static void what_is_due_comes_sorted_and_whole(void **unused)
{
    (void)unused;
    static sorted_list list;
    sp_holds holds = holds_make(LIVE_MAX);
    sp_random random;
    sp_random_seed(&random, 7);

    list.count = 0;
    while (list.count < LIVE_MAX) {
        sp_time_ms deadline = (sp_time_ms)sp_random_below(&random, 3) + 10;
        list_insert(&list, (sp_hold_due){deadline, take(&holds, deadline)});
    }
    expect_due(&holds, &list, 9, SP_HOLDS_PER_EXPIRY_MAX);
    expect_due(&holds, &list, 10, 0);
    expect_due(&holds, &list, 10, 1);
    expect_due(&holds, &list, 10, SP_HOLDS_PER_EXPIRY_MAX); /* about that many are */
    expect_due(&holds, &list, 99, 7);
    while (list.count > 0) {
        sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
        uint32_t count = sp_holds_due(&holds, 12, ids, 700);
        expect_due(&holds, &list, 12, 700);
        assert_int_equal(count, list.count < 700 ? list.count : 700);
        for (uint32_t i = 0; i < count; i++) {
            end(&holds, ids[i], SP_HELD_EXPIRED);
            list_remove(&list, 0);
        }
        expect_heap(&holds);
    }
    assert_int_equal(holds.live_count, 0);
    assert_int_equal(sp_holds_deadline(&holds), 0);
    holds_free(&holds);
}

/* Random holds of five concerts in a small ring, which goes round many times; one lives
 * through all of it. Those of each concert against a look at every row. */
static void those_of_a_concert_are_found(void **unused)
{
    (void)unused;
    enum { LIVE = 9, CONCERTS = 5 };
    sp_holds holds = holds_make(LIVE);
    sp_random random;
    sp_random_seed(&random, 11);

    for (uint32_t round = 0; round < 4000; round++) {
        sp_hold_id id = sp_holds_next(&holds);
        if (id != 0 && sp_random_once_in(&random, 2)) {
            sp_seat seats[3] = {3 * (id % 1000), 3 * (id % 1000) + 1, 3 * (id % 1000) + 2};
            sp_hold_row row = {.deadline = 1,
                               .id = id,
                               .user = 1,
                               .concert = 1 + (sp_concert_id)sp_random_below(&random, CONCERTS)};
            sp_holds_take(&holds, &row, 0, seats, 1 + (uint32_t)sp_random_below(&random, 3));
        } else if (holds.live_count > 0) {
            id = holds.heap[sp_random_below(&random, holds.live_count)].id;
            if (id != 1)
                end(&holds, id, SP_HELD_RELEASED);
        }
        sp_concert_id concert = 1 + (sp_concert_id)sp_random_below(&random, CONCERTS);
        uint32_t seats_count = 0, live_count = 0;
        for (uint32_t i = 0; i < holds.live_count; i++) {
            const sp_hold_row *row = sp_holds_living(&holds, holds.heap[i].id);
            live_count += row->concert == concert;
            seats_count += row->concert == concert ? row->seats_count : 0;
        }
        sp_hold_id ids[LIVE * 3];
        uint32_t count = sp_holds_of_concert(&holds, concert, seats_count, ids);
        assert_int_equal(count, live_count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(sp_holds_living(&holds, ids[i])->concert, concert);
            for (uint32_t j = 0; j < i; j++)
                assert_int_not_equal(ids[i], ids[j]);
        }
    }
    assert_true(holds.newest > 10 * holds.mask);
    assert_non_null(sp_holds_living(&holds, 1));
    holds_free(&holds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ended_hold_is_remembered_for_a_round),
        cmocka_unit_test(a_living_row_is_stepped_over),
        cmocka_unit_test(no_more_live_than_may),
        cmocka_unit_test(one_may_live_alone),
        cmocka_unit_test(ids_run_out_and_do_not_begin_anew),
        cmocka_unit_test(seats_hang_together),
        cmocka_unit_test(the_heap_is_as_a_sorted_list),
        cmocka_unit_test(what_is_due_comes_sorted_and_whole),
        cmocka_unit_test(those_of_a_concert_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
