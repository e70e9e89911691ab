/* SPDX-License-Identifier: MIT
 *
 * The sequencer's phases and its failures, over a log that watches: what is
 * released when, group commit, bounds, fail-stop, time, space; and the thread
 * (to run under SAN=thread).
 */
#include "engine/sequencer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/wait.h"

#define SLOTS 64

/* A log that counts, fails on demand, and looks over the sequencer's shoulder
 * while it commits. */
typedef struct watching_log {
    sp_log base;
    uint32_t appended_count, commits_count, events_committed;
    sp_log_space space;
    sp_log_status next_append, next_commit, next_profile;
    sp_mailbox *mailbox;   /* must be empty while a commit is under way */
    const sp_views *views; /* must not show what is not committed */
    sp_time_ms commit_time;
    sp_user_id profile_user;
} watching_log;

static sp_log_status append(sp_log *self, const sp_event *event)
{
    watching_log *log = (watching_log *)self;
    (void)event;
    if (log->next_append == SP_LOG_OK)
        log->appended_count++;
    return log->next_append;
}

static sp_log_status profile_add(sp_log *self, const sp_profile *profile)
{
    watching_log *log = (watching_log *)self;
    log->profile_user = profile->user;
    return log->next_profile;
}

static sp_log_status commit(sp_log *self, sp_time_ms time)
{
    watching_log *log = (watching_log *)self;
    assert_null(atomic_load(&log->mailbox->head));
    assert_int_equal(sp_views_seq(log->views), log->events_committed);
    if (log->appended_count == 0)
        return SP_LOG_OK;
    if (log->next_commit != SP_LOG_OK)
        return log->next_commit;
    log->commit_time = time;
    log->commits_count++;
    log->events_committed += log->appended_count;
    log->appended_count = 0;
    return SP_LOG_OK;
}

static sp_log_space space(sp_log *self)
{
    return ((watching_log *)self)->space;
}

typedef struct fixed_clock {
    sp_clock base;
    sp_time_ms time;
} fixed_clock;

static sp_time_ms clock_time(sp_clock *self)
{
    return ((fixed_clock *)self)->time;
}

static void nobody(sp_mailbox *mailbox)
{
    (void)mailbox;
}

typedef struct world {
    sp_state *state;
    sp_views *views;
    watching_log log;
    fixed_clock clock;
    sp_futex_wait wait;
    sp_queue *queue;
    sp_mailbox mailbox;
    sp_slots slots;
    sp_sequencer *sequencer;
    sp_profile profile;
    int failures_count;
} world;

static void on_failed(void *context)
{
    ((world *)context)->failures_count++;
}

static world *world_create(uint32_t batch_commands_max, uint32_t batch_bytes_max)
{
    world *w = calloc(1, sizeof *w);
    w->state = sp_state_create(&sp_limits_default);
    w->views = sp_views_create(&sp_limits_default);
    sp_futex_wait_init(&w->wait);
    w->queue = sp_queue_create(SLOTS, &w->wait.wait);
    sp_mailbox_init(&w->mailbox, nobody);
    assert_true(sp_slots_init(&w->slots, SLOTS, &w->mailbox));
    w->clock = (fixed_clock){{clock_time}, 1000000};
    w->log = (watching_log){
        .base = {append, profile_add, commit, space}, .mailbox = &w->mailbox, .views = w->views};
    sp_sequencer_config config = {
        .state = w->state,
        .views = w->views,
        .log = &w->log.base,
        .clock = &w->clock.base,
        .queue = w->queue,
        .batch_commands_max = batch_commands_max,
        .batch_bytes_max = batch_bytes_max,
        .on_failed = on_failed,
        .on_failed_context = w,
    };
    w->sequencer = sp_sequencer_create(&config);
    assert_non_null(w->sequencer);
    return w;
}

static void world_destroy(world *w)
{
    sp_sequencer_destroy(w->sequencer);
    sp_slots_close(&w->slots);
    sp_queue_destroy(w->queue);
    sp_views_destroy(w->views);
    sp_state_destroy(w->state);
    free(w);
}

static void push(world *w, const sp_command *command)
{
    sp_slot *slot = sp_slots_take(&w->slots);
    assert_non_null(slot);
    slot->command = *command;
    assert_true(sp_queue_push(w->queue, slot));
}

static sp_command user_create(world *w)
{
    sp_command c = {.type = SP_COMMAND_USER_CREATE};
    c.user_create.role = SP_ROLE_USER;
    c.user_create.profile = &w->profile;
    return c;
}

static sp_command grant(sp_points amount)
{
    sp_command c = {.type = SP_COMMAND_POINTS_GRANT};
    c.points_grant.user = 1;
    c.points_grant.amount = amount;
    return c;
}

static sp_command query_user(void)
{
    sp_command c = {.type = SP_QUERY_USER, .actor = 1};
    return c;
}

/* Takes what was released, oldest first, into outcomes; returns how many. */
static uint32_t collect(world *w, sp_outcome *outcomes)
{
    uint32_t count = 0;
    for (sp_slot *slot = sp_mailbox_take_all(&w->mailbox), *next; slot != NULL; slot = next) {
        next = slot->next;
        outcomes[count++] = slot->result.outcome;
        sp_slots_give(&w->slots, slot);
    }
    return count;
}

static void one_commit_serves_the_whole_batch(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5), query = query_user();
    push(w, &create);
    for (int i = 0; i < 8; i++)
        push(w, &give);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 10);
    assert_int_equal(w->log.commits_count, 1);
    assert_int_equal(w->log.events_committed, 9);
    assert_int_equal(w->log.profile_user, 1);
    assert_int_equal(w->log.commit_time, 1000000);
    assert_int_equal(sp_views_seq(w->views), 9);
    sp_outcome outcomes[SLOTS];
    assert_int_equal(collect(w, outcomes), 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(outcomes[i], SP_OK);
    sp_user_view user;
    assert_true(sp_state_user(w->state, 1, &user));
    assert_int_equal(user.points, 40);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    world_destroy(w);
}

static void batches_are_bounded_in_commands_and_bytes(void **unused)
{
    (void)unused;
    world *w = world_create(3, 1u << 20);
    sp_command query = query_user();
    sp_outcome outcomes[SLOTS];
    for (int i = 0; i < 7; i++)
        push(w, &query);
    static const uint32_t by_commands[] = {3, 3, 1};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sp_sequencer_do_work(w->sequencer), by_commands[i]);
        assert_int_equal(collect(w, outcomes), by_commands[i]);
    }
    assert_int_equal(w->log.commits_count, 0); /* queries alone need no commit */
    world_destroy(w);

    w = world_create(100, 500); /* a grant counts as 256 bytes: two a batch */
    sp_command create = user_create(w), give = grant(1);
    push(w, &create);
    for (int i = 0; i < 4; i++)
        push(w, &give);
    static const uint32_t by_bytes[] = {1, 2, 2};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sp_sequencer_do_work(w->sequencer), by_bytes[i]);
        assert_int_equal(collect(w, outcomes), by_bytes[i]);
    }
    world_destroy(w);
}

static void a_failed_commit_stops_for_good(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5), query = query_user();
    sp_command refused = grant(5);
    refused.points_grant.user = 99;
    push(w, &create);
    sp_outcome outcomes[SLOTS];
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);

    w->log.next_commit = SP_LOG_FAILED;
    push(w, &give);
    push(w, &query);   /* saw the grant: may not be told */
    push(w, &refused); /* likewise */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 3);
    assert_true(sp_sequencer_failed(w->sequencer));
    assert_int_equal(w->failures_count, 1);
    assert_int_equal(collect(w, outcomes), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(outcomes[i], SP_OUTCOME_UNKNOWN);
    assert_int_equal(sp_views_seq(w->views), 1);

    w->log.next_commit = SP_LOG_OK; /* a log that recovers is not trusted again */
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w, outcomes), 1);
    assert_int_equal(outcomes[0], SP_OUTCOME_UNKNOWN);
    assert_int_equal(w->log.commits_count, 1);
    assert_int_equal(w->failures_count, 1);
    world_destroy(w);
}

static void a_failed_append_fails_the_whole_batch(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w);
    sp_outcome outcomes[SLOTS];
    w->log.next_append = SP_LOG_FAILED;
    push(w, &create);
    push(w, &create);
    sp_sequencer_do_work(w->sequencer);
    assert_int_equal(collect(w, outcomes), 2);
    assert_int_equal(outcomes[0], SP_OUTCOME_UNKNOWN);
    assert_int_equal(outcomes[1], SP_OUTCOME_UNKNOWN);
    assert_int_equal(w->log.commits_count, 0);
    world_destroy(w);
}

static void a_taken_email_is_a_refusal(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w);
    sp_outcome outcomes[SLOTS];
    w->log.next_profile = SP_LOG_TAKEN;
    push(w, &create);
    sp_sequencer_do_work(w->sequencer);
    assert_int_equal(collect(w, outcomes), 1);
    assert_int_equal(outcomes[0], SP_EMAIL_TAKEN);
    assert_int_equal(sp_state_users_count(w->state), 0);
    assert_false(sp_sequencer_failed(w->sequencer));
    world_destroy(w);
}

static void a_full_disk_refuses_but_reads_go_on(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5), query = query_user();
    sp_command role = {.type = SP_COMMAND_ROLE_SET};
    role.role_set.user = 1;
    role.role_set.role = SP_ROLE_HOST;
    sp_outcome outcomes[SLOTS];
    push(w, &create);
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);
    w->log.space = SP_SPACE_LOW;
    push(w, &give);
    push(w, &query);
    push(w, &role);
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);
    assert_int_equal(outcomes[0], SP_STORAGE_FULL);
    assert_int_equal(outcomes[1], SP_OK);
    assert_int_equal(outcomes[2], SP_OK);
    w->log.space = SP_SPACE_NONE;
    push(w, &role);
    push(w, &query);
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);
    assert_int_equal(outcomes[0], SP_STORAGE_FULL);
    assert_int_equal(outcomes[1], SP_OK);
    world_destroy(w);
}

static void time_never_goes_back(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5);
    sp_outcome outcomes[SLOTS];
    push(w, &create);
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);
    w->clock.time = 5;
    push(w, &give);
    sp_sequencer_do_work(w->sequencer);
    assert_int_equal(w->log.commit_time, 1000000);
    assert_int_equal(sp_state_time(w->state), 1000000);
    collect(w, outcomes);
    world_destroy(w);
}

/* A log from the year 9999, accepted, goes on for ever at its last moment. */
static void time_ends_where_times_end(void **unused)
{
    (void)unused;
    world *w = world_create(100, 1u << 20);
    sp_command create = user_create(w), give = grant(5);
    sp_outcome outcomes[SLOTS];
    w->clock.time = SP_TIME_MAX + 1;
    push(w, &create);
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);
    assert_int_equal(outcomes[0], SP_OK);
    w->clock.time += 1000;
    push(w, &give);
    sp_sequencer_do_work(w->sequencer);
    collect(w, outcomes);
    assert_int_equal(outcomes[0], SP_OK);
    assert_int_equal(sp_state_time(w->state), SP_TIME_MAX);
    world_destroy(w);
}

/* The real thread: a producer keeps the slots going round; nothing is lost,
 * and stop drains what was pushed before it. */
static void *run(void *context)
{
    world *w = context;
    return sp_sequencer_run(w->sequencer) == 0 ? w : NULL;
}

static void the_thread_answers_everything_and_stops(void **unused)
{
    (void)unused;
    world *w = world_create(16, 1u << 20);
    w->log.mailbox = &(sp_mailbox){0}; /* the loop below takes concurrently */
    sp_command create = user_create(w), give = grant(1);
    push(w, &create);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, w), 0);
    sp_outcome outcomes[SLOTS];
    uint32_t pushed = 1, answered = 0;
    while (pushed < 20000) {
        while (w->slots.taken < SLOTS && pushed < 20000) {
            push(w, &give);
            pushed++;
        }
        sp_queue_notify(w->queue);
        answered += collect(w, outcomes);
    }
    sp_queue_notify(w->queue);
    sp_sequencer_stop(w->sequencer);
    void *result = NULL;
    pthread_join(thread, &result);
    assert_ptr_equal(result, w);
    answered += collect(w, outcomes);
    assert_int_equal(answered, pushed);
    assert_int_equal(sp_state_seq(w->state), 20000);
    sp_sequencer_stats stats;
    sp_sequencer_stats_of(w->sequencer, &stats);
    assert_int_equal(stats.commands, 20000);
    assert_int_equal(stats.events, 20000);
    assert_true(stats.batch_commands_high <= 16);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_commit_serves_the_whole_batch),
        cmocka_unit_test(batches_are_bounded_in_commands_and_bytes),
        cmocka_unit_test(a_failed_commit_stops_for_good),
        cmocka_unit_test(a_failed_append_fails_the_whole_batch),
        cmocka_unit_test(a_taken_email_is_a_refusal),
        cmocka_unit_test(a_full_disk_refuses_but_reads_go_on),
        cmocka_unit_test(time_never_goes_back),
        cmocka_unit_test(time_ends_where_times_end),
        cmocka_unit_test(the_thread_answers_everything_and_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
