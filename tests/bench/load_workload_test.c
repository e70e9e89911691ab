/* SPDX-License-Identifier: MIT
 *
 * The workloads' sequences: what is distinct, what repeats, how far they go.
 */
#include "bench/load_workload.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/load_drop.h"
#include "bench/load_spread.h"
#include "engine/limits.h"

static sp_bench_load_stage stage_of(uint32_t users, uint32_t concerts, uint32_t seats)
{
    return (sp_bench_load_stage){
        .users = {2, users}, .concerts = {7, concerts}, .seats_count = seats, .group_size = 2};
}

/* Goes through the whole sequence: no seat twice, all in range, and no user
 * over the limit of a concert. */
static void walk_spread(uint32_t users, uint32_t concerts, uint32_t seats, uint64_t expected)
{
    sp_bench_load_stage stage = stage_of(users, concerts, seats);
    char why[256];
    const sp_bench_load_workload *w = &sp_bench_load_spread;
    void *sequence = w->open(&stage, why, sizeof why);
    assert_non_null(sequence);
    assert_int_equal(w->capacity(sequence), expected);
    bool *sold = calloc((size_t)concerts * seats, sizeof *sold);
    uint32_t *has = calloc((size_t)users * concerts, sizeof *has);
    for (uint64_t i = 0; i < expected; i++) {
        sp_bench_load_request request;
        w->next(sequence, i, &request);
        assert_int_equal(request.kind, SP_BENCH_LOAD_ORDER);
        assert_in_range(request.concert, 7, 7 + concerts - 1);
        assert_in_range(request.seat, 0, seats - 1);
        assert_in_range(request.user, 0, users - 1);
        assert_int_equal(request.user_id, 2 + request.user);
        size_t seat = (size_t)(request.concert - 7) * seats + request.seat;
        if (sold[seat])
            fail_msg("order %" PRIu64 ": seat %u of concert %u is asked for twice", i, request.seat,
                     request.concert);
        sold[seat] = true;
        uint32_t *mine = &has[(size_t)request.user * concerts + (request.concert - 7)];
        assert_true(++*mine <= SP_MAX_SEATS_PER_USER_MAX);
    }
    free(sold);
    free(has);
    w->close(sequence);
}

static void spread_asks_for_every_seat_once(void **state)
{
    (void)state;
    walk_spread(10, 3, 40, 120);
    walk_spread(1, 1, 5, 5);
    walk_spread(7, 20, 13, 260);
    walk_spread(1000, 10, 1000, 10000);
}

/* 2 users and 4 concerts meet in 4 pairs only, each good for 1,000 seats. */
static void spread_ends_where_users_have_their_limit(void **state)
{
    (void)state;
    walk_spread(2, 4, 3000, 4 * SP_MAX_SEATS_PER_USER_MAX);
    walk_spread(1, 1, 200000, SP_MAX_SEATS_PER_USER_MAX);
    walk_spread(3, 4, 3000, 12000);
    sp_bench_load_stage stage = stage_of(2, 4, 3000);
    char why[256];
    sp_bench_load_spread_explain(&stage, why, sizeof why);
    assert_string_equal(why, "the sequence has 4000 orders: 4 concerts of 3000 seats, 2 users of "
                             "whom each may have 1000 seats at a concert");
}

static void large_stages_do_not_overflow(void **state)
{
    (void)state;
    sp_bench_load_stage stage = stage_of(1000000, 99999, 200000);
    assert_int_equal(sp_bench_load_spread_capacity(&stage), UINT64_C(99999) * 200000);
    sp_bench_load_spread_order last = sp_bench_load_spread_at(&stage, UINT64_C(99999) * 200000 - 1);
    assert_int_equal(last.concert, 99998);
    assert_int_equal(last.seat, 199999);
}

static void hot_wants_a_thousand_seats_evenly_and_repeats(void **state)
{
    (void)state;
    static uint32_t asked[1000];
    sp_bench_load_stage stage = stage_of(300, 2, 50000);
    char why[256];
    const sp_bench_load_workload *w = &sp_bench_load_hot;
    void *first = w->open(&stage, why, sizeof why), *second = w->open(&stage, why, sizeof why);
    assert_int_equal(w->capacity(first), UINT64_MAX);
    for (uint64_t i = 0; i < 100000; i++) {
        sp_bench_load_request a, b;
        w->next(first, i, &a);
        assert_in_range(a.seat, 0, 999);
        assert_int_equal(a.concert, 7);
        asked[a.seat]++;
        if (i % 100 != 0)
            continue;
        w->next(second, i, &b); /* of itself, whatever came before */
        assert_int_equal(a.seat, b.seat);
        assert_int_equal(a.user, b.user);
    }
    for (uint32_t seat = 0; seat < 1000; seat++) /* 100 each, give or take */
        assert_in_range(asked[seat], 50, 160);
    w->close(first);
    w->close(second);
    stage.seats_count = 999;
    assert_null(w->open(&stage, why, sizeof why));
    assert_string_equal(why, "hot wants 1000 seats of a concert, which has 999");
}

static void map_304_asks_with_the_tags_that_it_learned(void **state)
{
    (void)state;
    sp_bench_load_stage stage = stage_of(1, 3, 1);
    sp_bench_load_request request;
    char why[256];
    const sp_bench_load_workload *w = &sp_bench_load_map_304;
    void *sequence = w->open(&stage, why, sizeof why);
    assert_int_equal(w->primes_count(sequence), 3);
    w->prime(sequence, 1, &request);
    assert_int_equal(request.concert, 8);
    assert_null(request.etag.bytes);
    sp_bench_load_answer answer = {.status = 200, .accepted = true, .etag = SP_TEXT("\"8-77\"")};
    w->answered(sequence, request.mark, &answer);
    w->next(sequence, 4, &request);
    assert_int_equal(request.concert, 8);
    assert_true(sp_text_equal(request.etag, answer.etag));
    answer.etag = SP_TEXT("\"8-78\""); /* somebody bought a seat */
    w->answered(sequence, request.mark, &answer);
    answer = (sp_bench_load_answer){.status = 304, .accepted = true, .etag = SP_TEXT("\"x\"")};
    w->answered(sequence, request.mark, &answer);
    w->next(sequence, 1, &request);
    assert_true(sp_text_equal(request.etag, SP_TEXT("\"8-78\"")));
    w->next(sequence, 0, &request); /* nobody has told its tag */
    assert_non_null(request.etag.bytes);
    w->close(sequence);
}

/* A hold that was given is bought, by the same user; the last of a hundred are not. */
static void holds_are_followed_by_their_orders(void **state)
{
    (void)state;
    sp_bench_load_stage stage = stage_of(30, 3, 100);
    stage.abandon_percent = 5;
    char why[256];
    const sp_bench_load_workload *w = &sp_bench_load_hold_then_order;
    void *sequence = w->open(&stage, why, sizeof why);
    assert_int_equal(w->capacity(sequence), 300);
    const sp_bench_load_answer given = {
        .status = 201, .accepted = true, .body = SP_TEXT("{\"holdId\":\"4711\",\"seq\":9}")};
    uint32_t bought = 0;
    for (uint64_t i = 0; i < 200; i++) {
        sp_bench_load_request hold, order;
        w->next(sequence, i, &hold);
        assert_int_equal(hold.kind, SP_BENCH_LOAD_HOLD);
        assert_false(w->follow(sequence, i, 1, &given, &order)); /* behind the order */
        if (!w->follow(sequence, i, 0, &given, &order))
            continue;
        bought++;
        assert_int_equal(order.kind, SP_BENCH_LOAD_BUY);
        assert_int_equal(order.hold, 4711);
        assert_int_equal(order.user, hold.user);
        assert_int_equal(order.index, i);
    }
    assert_int_equal(bought, 190);
    w->close(sequence);
}

static void best_available_ends_where_groups_fill_the_rows(void **state)
{
    (void)state;
    sp_bench_load_stage stage = stage_of(100, 2, 120); /* rows of 50, 50 and 20 */
    char why[256];
    const sp_bench_load_workload *w = &sp_bench_load_best_available;
    static const uint32_t groups[][2] = {{1, 240}, {2, 120}, {3, 2 * (16 + 16 + 6)}, {50, 4}};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        sp_bench_load_request request;
        stage.group_size = groups[i][0];
        void *sequence = w->open(&stage, why, sizeof why);
        assert_int_equal(w->capacity(sequence), groups[i][1]);
        w->next(sequence, 1, &request);
        assert_int_equal(request.kind, SP_BENCH_LOAD_BEST);
        assert_int_equal(request.count, groups[i][0]);
        assert_int_equal(request.concert, 8);
        w->close(sequence);
    }
    stage.group_size = 51;
    assert_null(w->open(&stage, why, sizeof why));
    assert_string_equal(why, "best-available wants 1 to 50 neighbours");
    sp_bench_load_stage limited = stage_of(1, 1, 200000); /* 1,000 seats a user */
    limited.group_size = 3;
    void *sequence = w->open(&limited, why, sizeof why);
    assert_int_equal(w->capacity(sequence), 333);
    w->close(sequence);
}

/* The mix that load_drop.h states, and the same again. */
static void users_of_a_drop_have_plans(void **state)
{
    (void)state;
    uint32_t sizes[5] = {0}, ends[3] = {0};
    for (uint32_t i = 0; i < 10000; i++) {
        sp_bench_load_drop_plan plan = sp_bench_load_drop_plan_of(i);
        assert_in_range(plan.group_size, 1, 4);
        assert_in_range(plan.thought_ms, 200, 2000);
        sizes[plan.group_size]++;
        ends[plan.end]++;
        assert_int_equal(sp_bench_load_drop_plan_of(i).thought_ms, plan.thought_ms);
    }
    assert_in_range(sizes[1], 1800, 2200);
    assert_in_range(sizes[2], 4800, 5200);
    assert_in_range(sizes[3], 850, 1150);
    assert_in_range(ends[SP_BENCH_LOAD_DROP_BUYS], 7800, 8200);
    assert_in_range(ends[SP_BENCH_LOAD_DROP_WALKS], 850, 1150);
}

static void maps_go_round_the_concerts(void **state)
{
    (void)state;
    sp_bench_load_stage stage = stage_of(1, 3, 1);
    char why[256];
    void *sequence = sp_bench_load_map.open(&stage, why, sizeof why);
    for (uint64_t i = 0; i < 7; i++) {
        sp_bench_load_request request;
        sp_bench_load_map.next(sequence, i, &request);
        assert_int_equal(request.kind, SP_BENCH_LOAD_MAP);
        assert_int_equal(request.concert, 7 + i % 3);
        assert_null(request.etag.bytes);
    }
    sp_bench_load_map.close(sequence);
}

static void workloads_are_found_by_name(void **state)
{
    (void)state;
    uint32_t count = 0;
    for (; sp_bench_load_workload_at(count) != NULL; count++)
        assert_ptr_equal(sp_bench_load_workload_of_name(sp_bench_load_workload_at(count)->name),
                         sp_bench_load_workload_at(count));
    assert_int_equal(count, 10);
    assert_null(sp_bench_load_workload_of_name("sprea"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spread_asks_for_every_seat_once),
        cmocka_unit_test(spread_ends_where_users_have_their_limit),
        cmocka_unit_test(large_stages_do_not_overflow),
        cmocka_unit_test(hot_wants_a_thousand_seats_evenly_and_repeats),
        cmocka_unit_test(map_304_asks_with_the_tags_that_it_learned),
        cmocka_unit_test(holds_are_followed_by_their_orders),
        cmocka_unit_test(best_available_ends_where_groups_fill_the_rows),
        cmocka_unit_test(users_of_a_drop_have_plans),
        cmocka_unit_test(maps_go_round_the_concerts),
        cmocka_unit_test(workloads_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
