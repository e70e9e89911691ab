/* SPDX-License-Identifier: MIT
 *
 * Holds that end unasked: before anything is decided at that time, also where nobody
 * asks, in slices when they are many, not on a full disk; and how long the sequencer
 * sleeps.
 */
#include "engine/bitmap.h"
#include "tests/engine/sequencer_stage.h"

#define SEATS 20000u
#define HOLD_MS INT64_C(300000)
#define START INT64_C(1000000) /* the clock's, of sequencer_stage.h */

/* --- a world with a concert, and users who hold --- */

static void give_all(world *w, const sp_command *commands, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        push(w, &commands[i]);
    work_and_settle(w, count);
    told t = collect(w);
    assert_int_equal(t.count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(t.outcomes[i], SP_OK);
}

/* User 1 is ADMIN and has points; all may hold 1,000 seats. */
static world *world_with_concert_and(sp_wait *wait)
{
    static const uint32_t rows[] = {SEATS};
    static const sp_grade_spec grade = {{"A", 1}, 1, rows, 1};
    static const sp_concert_spec spec = {.category = 1,
                                         .name = {"Concert", 7},
                                         .age_limit = SP_AGE_ZERO,
                                         .start_date = 1000,
                                         .end_date = START + 10 * HOLD_MS,
                                         .concert_date = START + 10 * HOLD_MS,
                                         .cancel_until = START + 10 * HOLD_MS,
                                         .max_seats_per_user = 1000,
                                         .hold_seconds = HOLD_MS / 1000,
                                         .grades = &grade,
                                         .grades_count = 1};
    world *w = world_with_user_and(wait);
    sp_command commands[4] = {{.type = SP_COMMAND_ROLE_SET},
                              grant(1000),
                              {.type = SP_COMMAND_CATEGORY_CREATE, .actor = 1},
                              {.type = SP_COMMAND_CONCERT_CREATE, .actor = 1}};
    commands[0].role_set.user = 1;
    commands[0].role_set.role = SP_ROLE_ADMIN;
    commands[2].category_create.name = SP_TEXT("Music");
    commands[3].concert_create.spec = &spec;
    give_all(w, commands, 4);
    return w;
}

static world *world_with_concert(void)
{
    return world_with_concert_and(NULL);
}

static sp_command hold(sp_user_id user, sp_seat seat)
{
    sp_command c = {.type = SP_COMMAND_HOLD_TAKE, .actor = user};
    c.hold_take.concert = 1;
    c.hold_take.seats_count = 1;
    c.hold_take.seats[0] = seat;
    return c;
}

static sp_command order(sp_seat seat)
{
    sp_command c = {.type = SP_COMMAND_ORDER_CREATE, .actor = 1};
    c.order_create.concert = 1;
    c.order_create.amount = SP_AMOUNT_UNSTATED;
    c.order_create.seats_count = 1;
    c.order_create.seats[0] = seat;
    return c;
}

static sp_command of_hold(sp_command_type type, sp_hold_id id)
{
    sp_command c = {.type = type, .actor = 1};
    if (type == SP_COMMAND_ORDER_CREATE) {
        c.order_create.hold = id;
        c.order_create.amount = SP_AMOUNT_UNSTATED;
    } else
        c.hold_extend.hold = id;
    return c;
}

/* Holds of seats 0, 1 …, all taken now. */
static void take_holds(world *w, uint32_t count)
{
    sp_command create = user_create(w), commands[SLOTS];
    for (uint32_t users = sp_state_users_count(w->state); users * 1000 < count; users++)
        give_all(w, &create, 1);
    for (uint32_t at = 0; at < count;) {
        uint32_t n = 0;
        for (; n < SLOTS && at < count; at++)
            commands[n++] = hold(at / 1000 + 1, at);
        give_all(w, commands, n);
    }
}

static void pass(world *w, sp_time_ms ms)
{
    w->clock.time += ms;
}

/* Seats that people see held. */
static uint32_t shown_held(const world *w)
{
    static uint64_t sold[SEATS / 64 + 1], held[SEATS / 64 + 1];
    sp_views_seats(w->views, sp_views_card(w->views, 1), sold, held);
    return sp_bitmap_count(held, 0, SEATS);
}

static sp_sequencer_stats stats_of(const world *w)
{
    sp_sequencer_stats stats;
    sp_sequencer_stats_of(w->sequencer, &stats);
    return stats;
}

/* --- when --- */

static void holds_end_before_anything_is_decided(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 2);
    sp_seq seq = sp_state_seq(w->state);
    uint32_t commits_count = w->log.commits_count;
    sp_command buy = of_hold(SP_COMMAND_ORDER_CREATE, 1), take = order(0), again = order(1);
    pass(w, HOLD_MS - 1);
    push(w, &again); /* still held */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).outcomes[0], SP_SEAT_TAKEN);
    pass(w, 1);
    push(w, &buy);
    push(w, &take);
    push(w, &again);
    work_and_settle(w, 3);
    told t = collect(w);
    assert_int_equal(t.outcomes[0], SP_HOLD_EXPIRED);
    assert_int_equal(t.seqs[0], seq + 1); /* it has seen the end */
    assert_int_equal(t.outcomes[1], SP_OK);
    assert_int_equal(t.seqs[1], seq + 2);
    assert_int_equal(t.outcomes[2], SP_OK);
    assert_int_equal(w->log.commits_count, commits_count + 1); /* all in one */
    assert_int_equal(w->log.commit_time, START + HOLD_MS);
    assert_int_equal(shown_held(w), 0);
    world_destroy(w);
}

static void they_end_where_nobody_asks(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 3);
    sp_sequencer_stats before = stats_of(w);
    sp_seq seq = sp_state_seq(w->state);
    uint32_t settles_count = w->log.settles_count;
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    pass(w, HOLD_MS);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1); /* commits: an event */
    assert_int_equal(sp_state_seq(w->state), seq + 1);
    assert_int_equal(shown_held(w), 3); /* a crash could still take it back */
    assert_int_equal(stats_of(w).events, before.events);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1); /* settles */
    assert_int_equal(shown_held(w), 0);
    assert_int_equal(sp_views_seq(w->views), seq + 1);
    assert_int_equal(w->log.settles_count, settles_count + 1);
    assert_int_equal(stats_of(w).events, before.events + 1);
    assert_int_equal(stats_of(w).batches, before.batches + 1);
    assert_int_equal(stats_of(w).commands, before.commands);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    world_destroy(w);
}

/* A batch of no commands waits like any other, and what sees it waits along. */
static void what_saw_them_end_waits(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 1);
    sp_command query = query_user(), take = order(0);
    pass(w, HOLD_MS);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).count, 0);
    push(w, &take); /* its commit tells of the one before */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    told t = collect(w);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.types[0], SP_QUERY_USER);
    assert_int_equal(shown_held(w), 0);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).outcomes[0], SP_OK);
    world_destroy(w);
}

/* After a restart: a sequencer over a state whose holds are long overdue. */
static void the_overdue_end_before_the_start_is_recorded(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 2);
    sp_seq seq = sp_state_seq(w->state);
    sp_command start = {.type = SP_COMMAND_SERVER_START};
    start.server_start.version = SP_TEXT("1");
    pass(w, 100 * HOLD_MS);
    push(w, &start);
    work_and_settle(w, 1);
    told t = collect(w);
    assert_int_equal(t.outcomes[0], SP_OK);
    assert_int_equal(t.seqs[0], seq + 2);
    assert_int_equal(shown_held(w), 0);
    world_destroy(w);
}

/* --- slices: 16 events of 1,000 a commit --- */

#define MANY 17500u

static void commands_wait_for_the_last_slice(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, MANY);
    sp_seq seq = sp_state_seq(w->state);
    sp_sequencer_stats before = stats_of(w);
    uint32_t commits_count = w->log.commits_count;
    sp_command first = order(0), last = order(MANY - 1);
    pass(w, HOLD_MS);
    push(w, &first);
    push(w, &last);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    assert_int_equal(w->log.commits_count, commits_count + 2);
    assert_int_equal(sp_state_seq(w->state), seq + 18 + 2);
    assert_int_equal(sp_views_seq(w->views), seq + 16); /* by the second commit */
    assert_int_equal(shown_held(w), MANY - 16000);
    assert_int_equal(collect(w).count, 0);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect(w);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.outcomes[0], SP_OK);
    assert_int_equal(t.outcomes[1], SP_OK);
    assert_int_equal(t.seqs[1], seq + 20);
    assert_int_equal(shown_held(w), 0);
    assert_int_equal(stats_of(w).batches, before.batches + 2);
    assert_int_equal(stats_of(w).events, before.events + 20);
    assert_int_equal(stats_of(w).commands, before.commands + 2);
    world_destroy(w);
}

/* --- failures --- */

typedef enum failing { APPEND, COMMIT, SETTLE } failing;

static void fail_at(world *w, failing what, sp_log_status status)
{
    *(what == APPEND   ? &w->log.next_append
      : what == COMMIT ? &w->log.next_commit
                       : &w->log.next_settle) = status;
}

/* Nothing is shown, all who asked are told so, and it is for good. */
static void expect_failed(world *w, uint32_t answers_count)
{
    told t = collect(w);
    assert_int_equal(t.count, answers_count);
    for (uint32_t i = 0; i < t.count; i++) {
        assert_int_equal(t.outcomes[i], SP_OUTCOME_UNKNOWN);
        assert_int_equal(t.seqs[i], 0);
    }
    assert_true(sp_sequencer_failed(w->sequencer));
    assert_int_equal(w->failures_count, 1);
    assert_int_equal(sp_views_seq(w->views), w->log.durable_seq);
    for (failing what = APPEND; what <= SETTLE; what++)
        fail_at(w, what, SP_LOG_OK);
    pass(w, HOLD_MS);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0); /* ends no more */
    assert_int_equal(w->failures_count, 1);
}

static void a_failure_in_any_phase_is_for_good(void **unused)
{
    (void)unused;
    for (failing what = APPEND; what <= SETTLE; what++)
        for (uint32_t answers_count = 0; answers_count <= 1; answers_count++) {
            world *w = world_with_concert();
            take_holds(w, 2);
            sp_command take = order(1);
            pass(w, HOLD_MS);
            if (answers_count)
                push(w, &take);
            if (what != SETTLE)
                fail_at(w, what, SP_LOG_FAILED);
            assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
            if (what == SETTLE) {
                fail_at(w, what, SP_LOG_FAILED);
                assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
            }
            assert_int_equal(shown_held(w), 2);
            expect_failed(w, answers_count);
            world_destroy(w);
        }
}

/* The commit of the first slice fails: what was drained has not been decided, and what
 * waited before it is lost to sight as well. */
static void a_failed_slice_leaves_all_unknown(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, MANY);
    sp_command give = grant(1), take = order(0);
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1); /* waits */
    pass(w, HOLD_MS);
    push(w, &take);
    fail_at(w, COMMIT, SP_LOG_FAILED);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(shown_held(w), MANY);
    assert_int_equal(sp_state_orders_count(w->state), 0);
    expect_failed(w, 2);
    world_destroy(w);
}

/* --- a full disk --- */

static void a_full_disk_ends_none_until_it_is_not(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 2);
    sp_command query = of_hold(SP_QUERY_HOLD, 1), buy = of_hold(SP_COMMAND_ORDER_CREATE, 1);
    sp_command commands[] = {query, buy, order(0), order(9), hold(1, 10), grant(1)};
    static const sp_outcome outcomes[] = {SP_OK,           SP_HOLD_EXPIRED, SP_SEAT_TAKEN,
                                          SP_STORAGE_FULL, SP_STORAGE_FULL, SP_STORAGE_FULL};
    sp_seq seq = sp_state_seq(w->state);
    pass(w, HOLD_MS);
    w->log.space = SP_SPACE_NONE;
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0); /* and does not spin */
    for (int i = 0; i < 6; i++)
        push(w, &commands[i]);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 6);
    told t = collect(w); /* at once: there is nothing to wait for */
    assert_int_equal(t.count, 6);
    for (int i = 0; i < 6; i++)
        assert_int_equal(t.outcomes[i], outcomes[i]);
    assert_int_equal(sp_state_seq(w->state), seq);

    /* A start is recorded all the same, with the holds still there. */
    sp_command start = {.type = SP_COMMAND_SERVER_START};
    start.server_start.version = SP_TEXT("1");
    push(w, &start);
    work_and_settle(w, 1);
    assert_int_equal(collect(w).outcomes[0], SP_OK);
    assert_int_equal(sp_state_seq(w->state), seq + 1);
    assert_int_equal(shown_held(w), 2);

    w->log.space = SP_SPACE_LOW;
    work_and_settle(w, 1);
    assert_int_equal(shown_held(w), 0);
    world_destroy(w);
}

/* It becomes full between the look at what is overdue and the commands, or is no
 * longer: nothing may be made behind an overdue hold. */
static uint32_t looks_left;
static sp_log_space space_at_first(sp_log *self)
{
    (void)self;
    return looks_left > 0 ? looks_left--, SP_SPACE_NONE : SP_SPACE_PLENTY;
}

static void nothing_is_made_behind_an_overdue_hold(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 1);
    sp_command give = grant(1);
    pass(w, HOLD_MS);
    w->log.base.space = space_at_first;
    looks_left = 1; /* full when it looks at the holds, and then no more */
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).outcomes[0], SP_STORAGE_FULL);
    assert_int_equal(shown_held(w), 1);
    push(w, &give);
    work_and_settle(w, 1);
    assert_int_equal(collect(w).outcomes[0], SP_OK);
    assert_int_equal(shown_held(w), 0);
    world_destroy(w);
}

static void what_gives_back_goes_on_when_space_is_low(void **unused)
{
    (void)unused;
    world *w = world_with_concert();
    take_holds(w, 3);
    sp_command commands[] = {of_hold(SP_COMMAND_HOLD_RELEASE, 1),
                             of_hold(SP_COMMAND_HOLD_EXTEND, 2),
                             of_hold(SP_COMMAND_ORDER_CREATE, 2), hold(1, 10)};
    static const sp_outcome outcomes[] = {SP_OK, SP_STORAGE_FULL, SP_STORAGE_FULL, SP_STORAGE_FULL};
    w->log.space = SP_SPACE_LOW;
    for (int i = 0; i < 4; i++)
        push(w, &commands[i]);
    work_and_settle(w, 4);
    told t = collect(w);
    for (int i = 0; i < 4; i++)
        assert_int_equal(t.outcomes[i], outcomes[i]);
    assert_int_equal(shown_held(w), 2);
    world_destroy(w);
}

/* --- sleeping --- */

/* Time passes only while the sequencer sleeps, as long as it has asked for. */
typedef struct fake_wait {
    sp_wait base;
    world *w;
    int64_t slept_ms[100];
    uint32_t sleeps_count, sleeps_max;
} fake_wait;

static void fake_sleep(sp_wait *self, int64_t timeout_ms)
{
    fake_wait *wait = (fake_wait *)self;
    world *w = wait->w;
    assert_int_equal(sp_views_seq(w->views), sp_state_seq(w->state)); /* nothing waits */
    wait->slept_ms[wait->sleeps_count++] = timeout_ms;
    if (timeout_ms > 0)
        pass(w, timeout_ms);
    if (w->log.space == SP_SPACE_NONE && wait->sleeps_count == 40)
        w->log.space = SP_SPACE_PLENTY;
    if (timeout_ms < 0 || wait->sleeps_count == wait->sleeps_max)
        sp_sequencer_stop(w->sequencer);
}

static void fake_wake(sp_wait *self)
{
    (void)self;
}

static fake_wait fake_wait_make(void)
{
    return (fake_wait){.base = {fake_sleep, fake_wake}, .sleeps_max = 100};
}

static void an_idle_sequencer_wakes_for_the_next_deadline(void **unused)
{
    (void)unused;
    fake_wait wait = fake_wait_make();
    world *w = wait.w = world_with_concert_and(&wait.base);
    take_holds(w, 1);
    pass(w, 3500);
    sp_command later = hold(1, 7);
    give_all(w, &later, 1);
    assert_int_equal(sp_sequencer_run(w->sequencer), 0);
    /* 296.5 s in steps of 10 at most; then 3.5 s for the second; then for good. */
    assert_int_equal(wait.sleeps_count, 32);
    for (int i = 0; i < 29; i++)
        assert_int_equal(wait.slept_ms[i], 10000);
    assert_int_equal(wait.slept_ms[29], 6500);
    assert_int_equal(wait.slept_ms[30], 3500);
    assert_int_equal(wait.slept_ms[31], -1);
    assert_int_equal(w->clock.time, START + 3500 + HOLD_MS);
    assert_int_equal(sp_state_holds_count(w->state), 0);
    world_destroy(w);
}

static void without_holds_it_sleeps_for_good(void **unused)
{
    (void)unused;
    fake_wait wait = fake_wait_make();
    world *w = wait.w = world_with_concert_and(&wait.base);
    assert_int_equal(sp_sequencer_run(w->sequencer), 0);
    assert_int_equal(wait.sleeps_count, 1);
    assert_int_equal(wait.slept_ms[0], -1);
    world_destroy(w);
}

/* A second each, until there is room; then the hold ends. */
static void it_looks_at_a_full_disk_now_and_then(void **unused)
{
    (void)unused;
    fake_wait wait = fake_wait_make();
    world *w = wait.w = world_with_concert_and(&wait.base);
    take_holds(w, 1);
    pass(w, HOLD_MS);
    w->log.space = SP_SPACE_NONE;
    assert_int_equal(sp_sequencer_run(w->sequencer), 0);
    assert_int_equal(wait.sleeps_count, 41);
    for (int i = 0; i < 40; i++)
        assert_int_equal(wait.slept_ms[i], 1000);
    assert_int_equal(wait.slept_ms[40], -1);
    assert_int_equal(sp_state_holds_count(w->state), 0);
    world_destroy(w);
}

/* It has nothing to wake for any more. */
static void a_failed_one_sleeps_for_good(void **unused)
{
    (void)unused;
    fake_wait wait = fake_wait_make();
    world *w = wait.w = world_with_concert_and(&wait.base);
    take_holds(w, 1);
    pass(w, HOLD_MS - 20);
    w->log.next_append = SP_LOG_FAILED;
    sp_command give = grant(1);
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    collect(w);
    assert_int_equal(sp_sequencer_run(w->sequencer), -1);
    assert_int_equal(wait.sleeps_count, 1);
    assert_int_equal(wait.slept_ms[0], -1);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_end_before_anything_is_decided),
        cmocka_unit_test(they_end_where_nobody_asks),
        cmocka_unit_test(what_saw_them_end_waits),
        cmocka_unit_test(the_overdue_end_before_the_start_is_recorded),
        cmocka_unit_test(commands_wait_for_the_last_slice),
        cmocka_unit_test(a_failure_in_any_phase_is_for_good),
        cmocka_unit_test(a_failed_slice_leaves_all_unknown),
        cmocka_unit_test(a_full_disk_ends_none_until_it_is_not),
        cmocka_unit_test(nothing_is_made_behind_an_overdue_hold),
        cmocka_unit_test(what_gives_back_goes_on_when_space_is_low),
        cmocka_unit_test(an_idle_sequencer_wakes_for_the_next_deadline),
        cmocka_unit_test(without_holds_it_sleeps_for_good),
        cmocka_unit_test(it_looks_at_a_full_disk_now_and_then),
        cmocka_unit_test(a_failed_one_sleeps_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
