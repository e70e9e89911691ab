/* SPDX-License-Identifier: MIT
 *
 * The sequencer's phases, over a log that watches: what is released when, group
 * commit, bounds, time, space; and the thread (to run under SAN=thread). Its
 * failures: sequencer_failure_test.c.
 */
#include <pthread.h>

#include "tests/engine/sequencer_stage.h"

static void one_commit_serves_the_whole_batch(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5), query = query_user();
    push(w, &create);
    for (int i = 0; i < 8; i++)
        push(w, &give);
    push(w, &query);
    work_and_settle(w, 10);
    assert_int_equal(w->log.commits_count, 1);
    assert_int_equal(w->log.settles_count, 1);
    assert_int_equal(w->log.durable_seq, 9);
    assert_int_equal(w->log.profile_user, 1);
    assert_int_equal(w->log.commit_time, 1000000);
    assert_int_equal(sp_views_seq(w->views), 9);
    told t = collect(w);
    assert_int_equal(t.count, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(t.outcomes[i], SP_OK);
    sp_user_view user;
    assert_true(sp_state_user(w->state, 1, &user));
    assert_int_equal(user.points, 40);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    assert_int_equal(w->log.settles_count, 1);
    world_destroy(w);
}

/* ---- when a batch is told ---- */

static void the_next_commit_releases(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), query = query_user();
    uint32_t settles_count = w->log.settles_count;
    push(w, &give);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    /* Committed, and told to nobody; the state is ahead of the views. */
    assert_int_equal(w->log.committed_seq, 2);
    assert_int_equal(collect(w).count, 0);
    assert_int_equal(sp_views_seq(w->views), 1);
    assert_int_equal(sp_state_seq(w->state), 2);
    for (sp_seq seq = 3; seq < 10; seq++) {
        push(w, &give);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
        told t = collect(w);
        assert_int_equal(t.count, seq == 3 ? 2 : 1);
        assert_int_equal(t.seqs[0], seq - 1);
        assert_int_equal(sp_views_seq(w->views), seq - 1);
        assert_int_equal(sp_state_seq(w->state), seq);
    }
    assert_int_equal(w->log.settles_count, settles_count);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).count, 1);
    world_destroy(w);
}

static void a_settle_releases_when_nothing_comes(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5);
    for (uint32_t i = 0; i < 5; i++) {
        push(w, &give);
        push(w, &give);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
        assert_int_equal(collect(w).count, 0);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
        assert_int_equal(collect(w).count, 2);
        assert_int_equal(sp_views_seq(w->views), 3 + 2 * i);
        assert_int_equal(w->log.settles_count, 2 + i);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    }
    world_destroy(w);
}

/* Refusals and queries alone, nothing waiting: told at once, no flush. */
static void what_saw_durable_state_is_told_at_once(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command query = query_user(), refused = grant(5);
    refused.points_grant.user = 99;
    uint32_t commits_count = w->log.commits_count, settles_count = w->log.settles_count;
    push(w, &query);
    push(w, &refused);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect(w);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.outcomes[0], SP_OK);
    assert_int_equal(t.outcomes[1], SP_USER_UNKNOWN);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    assert_int_equal(w->log.commits_count, commits_count);
    assert_int_equal(w->log.settles_count, settles_count);
    world_destroy(w);
}

/* They have seen what waits to be durable, so they wait along; and the answers
 * of a loop keep their order across the batches that were joined. */
static void what_saw_more_waits_along(void **unused)
{
    static const sp_command_type order[] = {SP_COMMAND_POINTS_GRANT, SP_QUERY_USER, SP_QUERY_USER,
                                            SP_COMMAND_POINTS_GRANT, SP_QUERY_USER};
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), query = query_user(), refused = grant(5);
    refused.points_grant.user = 99;
    push(w, &give);
    push_from(w, 1, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    push(w, &query);
    push(w, &refused);
    push_from(w, 1, &refused);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 3);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).count, 0);
    assert_int_equal(collect_of(w, 1).count, 0);
    assert_int_equal(w->log.commits_count, 2); /* theirs cost none */

    assert_int_equal(sp_sequencer_do_work(w->sequencer), 7); /* settles */
    told t = collect(w);
    assert_int_equal(t.count, 5);
    for (uint32_t i = 0; i < t.count; i++) {
        assert_int_equal(t.types[i], order[i]);
        assert_int_equal(t.outcomes[i], i == 3 ? SP_USER_UNKNOWN : SP_OK);
        assert_int_equal(t.seqs[i], 2);
    }
    t = collect_of(w, 1);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.types[0], SP_QUERY_USER);
    assert_int_equal(t.types[1], SP_COMMAND_POINTS_GRANT);
    world_destroy(w);
}

/* The same, released by the next commit: its own answers are not among them. */
static void what_waited_along_goes_with_its_batch(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), query = query_user();
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    push(w, &query);
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect(w);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.seqs[0], 2);
    assert_int_equal(t.types[0], SP_COMMAND_POINTS_GRANT);
    assert_int_equal(t.seqs[1], 2);
    assert_int_equal(t.types[1], SP_QUERY_USER);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    t = collect(w);
    assert_int_equal(t.count, 2);
    assert_int_equal(t.types[0], SP_QUERY_USER);
    assert_int_equal(t.seqs[1], 3);
    world_destroy(w);
}

/* Nothing that needs a commit comes, and the queue is never empty. */
static void queries_without_end_keep_nobody_waiting(void **unused)
{
    (void)unused;
    world *w = world_create(3, 1u << 20);
    sp_command create = user_create(w), query = query_user();
    push(w, &create);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    for (int i = 0; i < 3; i++) { /* as many as a batch has wait along … */
        assert_int_equal(w->log.settles_count, 0);
        assert_int_equal(collect(w).count, 0);
        push(w, &query);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    }
    assert_int_equal(w->log.settles_count, 1); /* … and then nobody does */
    assert_int_equal(collect(w).count, 4);
    world_destroy(w);
}

static void batches_are_bounded_in_commands_and_bytes(void **unused)
{
    (void)unused;
    world *w = world_create(3, 1u << 20);
    sp_command query = query_user();
    for (int i = 0; i < 7; i++)
        push(w, &query);
    static const uint32_t by_commands[] = {3, 3, 1};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sp_sequencer_do_work(w->sequencer), by_commands[i]);
        assert_int_equal(collect(w).count, by_commands[i]);
    }
    assert_int_equal(w->log.commits_count, 0); /* queries alone need no commit */
    world_destroy(w);

    w = world_create(100, 500); /* a grant counts as 256 bytes: two a batch */
    sp_command create = user_create(w), give = grant(1);
    push(w, &create);
    for (int i = 0; i < 4; i++)
        push(w, &give);
    static const uint32_t taken[] = {1, 2, 2, 2}, told_then[] = {0, 1, 2, 2};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(sp_sequencer_do_work(w->sequencer), taken[i]);
        assert_int_equal(collect(w).count, told_then[i]);
    }
    assert_int_equal(w->log.commits_count, 3);
    world_destroy(w);
}

/* ---- views ---- */

#define SALE_START INT64_C(1000)
#define SALE_END INT64_C(90000000)

static void make_concert(world *w)
{
    static const uint32_t rows[] = {60};
    static const sp_grade_spec grade = {{"A", 1}, 1, rows, 1};
    static const sp_concert_spec spec = {.category = 1,
                                         .name = {"Concert", 7},
                                         .age_limit = SP_AGE_ZERO,
                                         .start_date = SALE_START,
                                         .end_date = SALE_END,
                                         .concert_date = SALE_END + 1000,
                                         .cancel_until = SALE_END,
                                         .max_seats_per_user = 100,
                                         .hold_seconds = 300,
                                         .grades = &grade,
                                         .grades_count = 1};
    sp_command category = {.type = SP_COMMAND_CATEGORY_CREATE, .actor = 1};
    sp_command concert = {.type = SP_COMMAND_CONCERT_CREATE, .actor = 1};
    sp_command role = {.type = SP_COMMAND_ROLE_SET}, give = grant(1000);
    role.role_set.user = 1;
    role.role_set.role = SP_ROLE_ADMIN;
    category.category_create.name = SP_TEXT("Music");
    concert.concert_create.spec = &spec;
    const sp_command *commands[] = {&role, &give, &category, &concert};
    for (int i = 0; i < 4; i++)
        push(w, commands[i]);
    work_and_settle(w, 4);
    told t = collect(w);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(t.outcomes[i], SP_OK);
}

static void order_seat(world *w, sp_seat seat)
{
    sp_command order = {.type = SP_COMMAND_ORDER_CREATE, .actor = 1};
    order.order_create.concert = 1;
    order.order_create.amount = SP_AMOUNT_UNSTATED;
    order.order_create.seats_count = 1;
    order.order_create.seats[0] = seat;
    push(w, &order);
}

static void cancel_order(world *w, sp_order_id id)
{
    sp_command cancel = {.type = SP_COMMAND_ORDER_CANCEL, .actor = 1};
    cancel.order_cancel.order = id;
    push(w, &cancel);
}

static uint64_t sold_seats(const world *w, sp_seq *seq)
{
    uint64_t sold[8] = {0}, held[8];
    *seq = sp_views_seats(w->views, sp_views_card(w->views, 1), sold, held);
    return sold[0];
}

/* The state is a batch ahead when a batch is published: the map shows the
 * published one's seats, no seat of the later one, and a seat that the later
 * one gave back as sold. */
static void views_show_the_batch_that_is_told(void **unused)
{
    sp_seq seq;
    (void)unused;
    world *w = world_with_user();
    make_concert(w);
    sp_seq made = sp_views_seq(w->views);
    order_seat(w, 0);
    order_seat(w, 1);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    assert_int_equal(sold_seats(w, &seq), 0);
    assert_int_equal(seq, made);

    cancel_order(w, 1);
    order_seat(w, 2);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    assert_int_equal(sold_seats(w, &seq), 3);
    assert_int_equal(seq, made + 2);
    assert_int_equal(sp_views_seq(w->views), made + 2);
    assert_int_equal(sp_views_concert_seq(w->views, 1), made + 2);

    order_seat(w, 3);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(sold_seats(w, &seq), 6);
    assert_int_equal(seq, made + 4);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(sold_seats(w, &seq), 14);
    assert_int_equal(seq, made + 5);
    told t = collect(w);
    assert_int_equal(t.count, 5);
    for (uint32_t i = 0; i < t.count; i++)
        assert_int_equal(t.outcomes[i], SP_OK);
    world_destroy(w);
}

static void a_taken_email_is_a_refusal(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w);
    w->log.next_profile = SP_LOG_TAKEN;
    push(w, &create);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    told t = collect(w); /* it saw nothing that waits */
    assert_int_equal(t.count, 1);
    assert_int_equal(t.outcomes[0], SP_EMAIL_TAKEN);
    assert_int_equal(sp_state_users_count(w->state), 0);
    assert_false(sp_sequencer_failed(w->sequencer));
    world_destroy(w);
}

/* The e-mail was taken by a sign-up that may yet be lost: the refusal waits. */
static void a_taken_email_waits_for_who_took_it(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w);
    push(w, &create);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    w->log.next_profile = SP_LOG_TAKEN;
    push_from(w, 1, &create);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect_of(w, 1).count, 0);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect_of(w, 1);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.outcomes[0], SP_EMAIL_TAKEN);
    assert_int_equal(collect(w).count, 1);
    world_destroy(w);
}

/* ---- space and time ---- */

static void a_full_disk_refuses_but_reads_go_on(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), query = query_user();
    sp_command role = {.type = SP_COMMAND_ROLE_SET};
    role.role_set.user = 1;
    role.role_set.role = SP_ROLE_HOST;
    w->log.space = SP_SPACE_LOW;
    push(w, &give);
    push(w, &query);
    push(w, &role);
    work_and_settle(w, 3);
    told t = collect(w);
    assert_int_equal(t.outcomes[0], SP_STORAGE_FULL);
    assert_int_equal(t.outcomes[1], SP_OK);
    assert_int_equal(t.outcomes[2], SP_OK);
    w->log.space = SP_SPACE_NONE;
    push(w, &role);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    t = collect(w);
    assert_int_equal(t.outcomes[0], SP_STORAGE_FULL);
    assert_int_equal(t.outcomes[1], SP_OK);
    world_destroy(w);
}

static void time_never_goes_back(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5);
    w->clock.time = 5;
    push(w, &give);
    work_and_settle(w, 1);
    assert_int_equal(w->log.commit_time, 1000000);
    assert_int_equal(sp_state_time(w->state), 1000000);
    assert_int_equal(collect(w).count, 1);
    world_destroy(w);
}

/* A log from the year 9999, accepted, goes on for ever at its last moment. */
static void time_ends_where_times_end(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5);
    w->clock.time = SP_TIME_MAX + 1;
    push(w, &create);
    work_and_settle(w, 1);
    assert_int_equal(collect(w).outcomes[0], SP_OK);
    w->clock.time += 1000;
    push(w, &give);
    work_and_settle(w, 1);
    assert_int_equal(collect(w).outcomes[0], SP_OK);
    assert_int_equal(sp_state_time(w->state), SP_TIME_MAX);
    world_destroy(w);
}

/* ---- the thread ---- */

/* The real thread: a producer keeps the slots going round; nothing is lost,
 * and stop drains and flushes what was pushed before it. */
static void *run(void *context)
{
    world *w = context;
    return sp_sequencer_run(w->sequencer) == 0 ? w : NULL;
}

#define THREAD_COMMANDS 20000u

static void the_thread_answers_everything_and_stops(void **unused)
{
    (void)unused;
    world *w = world_create(16, 1u << 20);
    w->log.mailboxes_count = 0; /* the loop below takes concurrently */
    sp_command create = user_create(w), give = grant(1), query = query_user();
    push(w, &create);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, w), 0);
    uint32_t pushed = 1, queries_count = 0, answered = 0;
    while (pushed < THREAD_COMMANDS) {
        while (w->slots[0].taken < SLOTS && pushed < THREAD_COMMANDS) {
            bool asks = pushed % 3 == 0;
            push(w, asks ? &query : &give);
            queries_count += asks;
            pushed++;
        }
        sp_queue_notify(w->queue);
        told t = collect(w);
        /* Published before released, and nothing is released ahead of it. */
        for (uint32_t i = 0; i < t.count; i++)
            assert_true(t.seqs[i] <= sp_views_seq(w->views));
        answered += t.count;
    }
    sp_queue_notify(w->queue);
    sp_sequencer_stop(w->sequencer);
    void *result = NULL;
    pthread_join(thread, &result);
    assert_ptr_equal(result, w);
    answered += collect(w).count;
    assert_int_equal(answered, pushed);
    assert_int_equal(sp_state_seq(w->state), THREAD_COMMANDS - queries_count);
    assert_int_equal(w->log.durable_seq, THREAD_COMMANDS - queries_count);
    sp_sequencer_stats stats;
    sp_sequencer_stats_of(w->sequencer, &stats);
    assert_int_equal(stats.commands, THREAD_COMMANDS);
    assert_int_equal(stats.events, THREAD_COMMANDS - queries_count);
    assert_true(stats.batch_commands_high <= 16);
    world_destroy(w);
}

static void stop_flushes_what_waits(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5);
    push(w, &give);
    push(w, &give);
    sp_sequencer_stop(w->sequencer);
    assert_int_equal(sp_sequencer_run(w->sequencer), 0);
    assert_int_equal(w->log.durable_seq, 3);
    assert_int_equal(collect(w).count, 2);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_commit_serves_the_whole_batch),
        cmocka_unit_test(the_next_commit_releases),
        cmocka_unit_test(a_settle_releases_when_nothing_comes),
        cmocka_unit_test(what_saw_durable_state_is_told_at_once),
        cmocka_unit_test(what_saw_more_waits_along),
        cmocka_unit_test(what_waited_along_goes_with_its_batch),
        cmocka_unit_test(queries_without_end_keep_nobody_waiting),
        cmocka_unit_test(batches_are_bounded_in_commands_and_bytes),
        cmocka_unit_test(views_show_the_batch_that_is_told),
        cmocka_unit_test(a_taken_email_is_a_refusal),
        cmocka_unit_test(a_taken_email_waits_for_who_took_it),
        cmocka_unit_test(a_full_disk_refuses_but_reads_go_on),
        cmocka_unit_test(time_never_goes_back),
        cmocka_unit_test(time_ends_where_times_end),
        cmocka_unit_test(stop_flushes_what_waits),
        cmocka_unit_test(the_thread_answers_everything_and_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
