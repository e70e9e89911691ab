/* SPDX-License-Identifier: MIT
 *
 * A drop's worth of holds that end at once: more than one batch has room for, so
 * they end in slices, each committed before the next. The real sequencer over the
 * fake log, which fails or stops at each of the slices; an idle sequencer; a disk
 * that is too full for holds to end on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/sequencer.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_log.h"
#include "tests/support/invariants.h"

#define START INT64_C(1772000000000)
#define HOLD_SECONDS 60u
#define HOLDERS 18u /* 1,000 holds at most each */
#define HOLDS 17500u
#define SLICE_EVENTS 16u /* EXPIRY_EVENTS_MAX of the sequencer */
#define SLOTS 1000u

typedef struct drop {
    sp_state *state;
    sp_views *views;
    sp_queue *queue;
    sp_sequencer *sequencer;
    sp_mailbox mailbox;
    sp_slots slots;
    sp_fake_clock clock;
    sp_fake_log log;
    /* What the log sees as it is written. */
    uint32_t commits_count;
    uint32_t fault_at; /* the commit at which a fault waits; 0 = none */
    sp_fake_log_fault fault;
} drop;

static const sp_limits limits = {.users_max = 40,
                                 .categories_max = 1,
                                 .concerts_max = 1,
                                 .seats_max = 20000,
                                 .grades_max = 1,
                                 .rows_max = 40,
                                 .orders_max = 100,
                                 .order_seats_max = 100,
                                 .grants_max = 40,
                                 .holds_max = HOLDS,
                                 .idempotency_keys_max = 64,
                                 .text_bytes_max = 1 << 20};

static void no_sleep(sp_wait *self, int64_t timeout_ms)
{
    (void)self;
    (void)timeout_ms;
}

static void no_wake(sp_wait *self)
{
    (void)self;
}

static sp_wait never_waits = {no_sleep, no_wake};

static void nobody(sp_mailbox *mailbox)
{
    (void)mailbox;
}

/* Nothing that is written now may show; what is not durable, neither. */
static void on_write(void *context)
{
    drop *d = context;
    assert_null(atomic_load(&d->mailbox.head));
    assert_true(sp_views_seq(d->views) <= d->log.durable_count);
    assert_true(sp_views_concert_seq(d->views, 1) <= d->log.durable_count);
}

static void on_commit(void *context)
{
    drop *d = context;
    on_write(d);
    assert_true(sp_fake_log_pending(&d->log) <= SLICE_EVENTS + SLOTS);
    if (++d->commits_count == d->fault_at)
        d->log.fault = d->fault;
}

static void start(drop *d)
{
    sp_sequencer_config config = {.state = d->state,
                                  .views = d->views,
                                  .log = &d->log.log,
                                  .clock = &d->clock.clock,
                                  .queue = d->queue,
                                  .batch_commands_max = SLOTS,
                                  .batch_bytes_max = 1u << 20};
    sp_views_publish_all(d->views, d->state);
    d->sequencer = sp_sequencer_create(&config);
    assert_non_null(d->sequencer);
}

static sp_slot *push(drop *d, const sp_command *command)
{
    sp_slot *slot = sp_slots_take(&d->slots);
    assert_non_null(slot);
    slot->command = *command;
    assert_true(sp_queue_push(d->queue, slot));
    return slot;
}

/* Gives back what was answered; each must be of this outcome. Returns how many. */
static uint32_t take_answers(drop *d, sp_outcome outcome)
{
    uint32_t count = 0;
    for (sp_slot *slot = sp_mailbox_take_all(&d->mailbox), *next; slot != NULL; slot = next) {
        next = slot->next;
        assert_int_equal(slot->result.outcome, outcome);
        sp_slots_give(&d->slots, slot);
        count++;
    }
    return count;
}

static void work_and_settle(drop *d)
{
    while (sp_sequencer_do_work(d->sequencer) > 0)
        ;
}

static void give(drop *d, const sp_command *command)
{
    push(d, command);
    work_and_settle(d);
    assert_int_equal(take_answers(d, SP_OK), 1);
}

static void sign_up(drop *d, sp_role role)
{
    sp_profile profile = {0};
    profile.email_size = (uint32_t)snprintf(profile.email, sizeof profile.email, "u%u@example.org",
                                            sp_state_users_count(d->state));
    sp_command command = {.type = SP_COMMAND_USER_CREATE,
                          .user_create = {.role = role, .profile = &profile}};
    give(d, &command);
}

static sp_command take_hold(sp_user_id user, sp_seat seat)
{
    return (sp_command){.type = SP_COMMAND_HOLD_TAKE,
                        .actor = user,
                        .hold_take = {.concert = 1, .seats_count = 1, .seats = {seat}}};
}

static void hold_all(drop *d)
{
    for (uint32_t i = 0; i < HOLDS; i++) {
        sp_command command = take_hold(2 + i % HOLDERS, i);
        push(d, &command);
        if (i % SLOTS == SLOTS - 1 || i == HOLDS - 1) {
            work_and_settle(d);
            take_answers(d, SP_OK);
        }
    }
    assert_int_equal(sp_state_holds_count(d->state), HOLDS);
}

static void open_drop(drop *d)
{
    uint32_t rows[20];
    for (uint32_t i = 0; i < 20; i++)
        rows[i] = 1000;
    sp_grade_spec grade = {SP_TEXT("R"), 0, rows, 20};
    sp_concert_spec spec = {.category = 1,
                            .name = SP_TEXT("all at once"),
                            .age_limit = SP_AGE_ZERO,
                            .start_date = START,
                            .end_date = START + 86400000,
                            .concert_date = START + 86400000,
                            .cancel_until = START + 86400000,
                            .max_seats_per_user = 1000,
                            .hold_seconds = HOLD_SECONDS,
                            .grades = &grade,
                            .grades_count = 1};
    sp_command category = {.type = SP_COMMAND_CATEGORY_CREATE,
                           .category_create = {.name = SP_TEXT("all")}};
    sp_command concert = {
        .type = SP_COMMAND_CONCERT_CREATE, .actor = 1, .concert_create = {.spec = &spec}};
    memset(d, 0, sizeof *d);
    d->state = sp_state_create(&limits);
    d->views = sp_views_create(&limits, NULL);
    d->queue = sp_queue_create(1024, &never_waits);
    sp_mailbox_init(&d->mailbox, nobody);
    assert_true(sp_slots_init(&d->slots, SLOTS, &d->mailbox));
    sp_fake_clock_init(&d->clock, START);
    sp_fake_log_init(&d->log);
    d->log.on_commit = on_commit;
    d->log.on_settle = on_write;
    d->log.context = d;
    start(d);
    for (uint32_t i = 0; i <= HOLDERS; i++)
        sign_up(d, SP_ROLE_ADMIN);
    give(d, &category);
    give(d, &concert);
    hold_all(d);
    sp_fake_clock_advance(&d->clock, HOLD_SECONDS * 1000);
    d->commits_count = 0;
}

static void close_drop(drop *d)
{
    sp_sequencer_destroy(d->sequencer);
    sp_views_destroy(d->views);
    sp_state_destroy(d->state);
    sp_queue_destroy(d->queue);
    sp_slots_close(&d->slots);
    sp_fake_log_close(&d->log);
}

/* What a start does: what has a commit record, and nothing behind it. */
static void restart(drop *d)
{
    uint64_t committed = 0;
    sp_sequencer_destroy(d->sequencer);
    sp_views_destroy(d->views);
    sp_state_destroy(d->state);
    d->fault_at = 0;
    sp_fake_log_restart(&d->log);
    d->state = sp_state_create(&limits);
    d->views = sp_views_create(&limits, NULL);
    for (uint64_t i = 0; i < d->log.records_count; i++) {
        if (sp_fake_log_record(&d->log, i)->event != NULL)
            continue;
        for (; committed < i; committed++) {
            const sp_event *event = sp_fake_log_record(&d->log, committed)->event;
            const char *wrong = sp_admit(d->state, event);
            if (wrong != NULL)
                fail_msg("seq %llu: %s", (unsigned long long)event->seq, wrong);
            sp_apply(d->state, event);
        }
        committed++;
    }
    sp_fake_log_cut(&d->log, committed);
    start(d);
}

/* Every hold has ended, once, by an event of its own time, in their order. */
static void all_have_ended(drop *d)
{
    sp_hold_id last = 0;
    for (sp_seq seq = 1; seq <= d->log.committed_count; seq++) {
        const sp_event *event = sp_fake_log_event(&d->log, seq);
        if (event->type != SP_EVENT_HOLDS_EXPIRED)
            continue;
        for (uint32_t i = 0; i < event->holds_expired.holds_count; i++)
            assert_int_equal(event->holds_expired.holds[i], ++last);
    }
    assert_int_equal(last, HOLDS);
    assert_int_equal(sp_state_holds_count(d->state), 0);
    assert_int_equal(sp_state_held_count(d->state, 1), 0);
    assert_null(sp_invariants_check(d->state));
}

static void digest_of_undisturbed(uint8_t digest[SP_DIGEST_SIZE])
{
    drop d;
    open_drop(&d);
    work_and_settle(&d);
    all_have_ended(&d);
    sp_digest(d.state, digest);
    close_drop(&d);
}

static void test_they_end_in_slices_before_anything_else(void **context)
{
    static uint64_t sold[20000 / 64 + 1], held[20000 / 64 + 1];
    (void)context;
    drop d;
    open_drop(&d);
    sp_command take = take_hold(3, 0), extend = {.type = SP_COMMAND_HOLD_EXTEND, .actor = 2};
    extend.hold_extend.hold = 1;
    sp_slot *taken = push(&d, &take), *extended = push(&d, &extend);
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 2);
    assert_int_equal(d.commits_count, 2);
    assert_null(atomic_load(&d.mailbox.head)); /* the last slice is not durable yet */
    assert_int_equal(sp_views_seq(d.views), d.log.durable_count);
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 2);
    assert_non_null(sp_mailbox_take_all(&d.mailbox));
    assert_int_equal(taken->result.outcome, SP_OK);
    assert_int_equal(taken->result.hold.id, HOLDS + 1);
    assert_int_equal(extended->result.outcome, SP_HOLD_EXPIRED);
    sp_views_seats(d.views, sp_views_card(d.views, 1), sold, held);
    assert_int_equal(sp_seats_count(sold, held, 0, 20000).held, 1);
    assert_int_equal(sp_state_holds_count(d.state), 1);
    sp_slots_give(&d.slots, taken);
    sp_slots_give(&d.slots, extended);
    close_drop(&d);
}

static void test_an_idle_sequencer_ends_them(void **context)
{
    (void)context;
    drop d;
    open_drop(&d);
    sp_fake_clock_advance(&d.clock, 1);
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 1);
    assert_int_equal(d.commits_count, 2);
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 1); /* the flush of the last slice */
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 0);
    assert_int_equal(sp_views_seq(d.views), sp_state_seq(d.state));
    all_have_ended(&d);
    close_drop(&d);
}

static void fail_at(uint32_t slice, sp_fake_log_fault fault, bool cuts_power,
                    const uint8_t digest[SP_DIGEST_SIZE])
{
    uint8_t after[SP_DIGEST_SIZE];
    drop d;
    open_drop(&d);
    d.fault_at = slice;
    d.fault = fault;
    d.log.crash_cuts_power = cuts_power;
    sp_command command = take_hold(3, 0);
    sp_slot *slot = push(&d, &command);
    while (!d.log.broken && sp_sequencer_do_work(d.sequencer) > 0)
        ;
    assert_true(d.log.broken);
    if (cuts_power && !d.log.crashed)
        sp_fake_log_crash(&d.log);
    /* What is lost is lost whole; nobody was told anything of it. */
    assert_true(sp_views_seq(d.views) <= d.log.committed_count);
    if (take_answers(&d, SP_OUTCOME_UNKNOWN) == 0) /* it died with the answer */
        sp_slots_give(&d.slots, slot);
    restart(&d);
    bool is_done = sp_state_newest_hold(d.state) > HOLDS; /* all ended, the command done */
    assert_int_equal(sp_sequencer_do_work(d.sequencer), is_done ? 0 : 1);
    work_and_settle(&d);
    assert_int_equal(sp_state_holds_count(d.state), is_done ? 1 : 0);
    if (!is_done) {
        all_have_ended(&d);
        sp_digest(d.state, after);
        assert_memory_equal(after, digest, SP_DIGEST_SIZE);
    }
    close_drop(&d);
}

static void test_a_failure_at_any_slice_loses_nothing_that_was_told(void **context)
{
    static const sp_fake_log_fault faults[] = {SP_FAKE_LOG_COMMIT_FAILS, SP_FAKE_LOG_COMMIT_UNKNOWN,
                                               SP_FAKE_LOG_CRASH_BEFORE, SP_FAKE_LOG_CRASH_TORN,
                                               SP_FAKE_LOG_CRASH_AFTER};
    uint8_t digest[SP_DIGEST_SIZE];
    (void)context;
    digest_of_undisturbed(digest);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (uint32_t slice = 1; slice <= 2; slice++)
            for (int cuts_power = 0; cuts_power <= 1; cuts_power++)
                fail_at(slice, faults[i], cuts_power != 0, digest);
}

/* The first slice is committed and the next can't be written. */
static void test_a_failed_append_stops_between_slices(void **context)
{
    (void)context;
    drop d;
    open_drop(&d);
    d.fault_at = 1;
    d.fault = SP_FAKE_LOG_APPEND_FAILS;
    sp_seq before = sp_views_seq(d.views);
    sp_command command = take_hold(3, 0);
    push(&d, &command);
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 1);
    assert_true(sp_sequencer_failed(d.sequencer));
    assert_int_equal(d.log.committed_count, before + SLICE_EVENTS);
    assert_int_equal(sp_views_seq(d.views), before); /* it was not durable */
    assert_int_equal(take_answers(&d, SP_OUTCOME_UNKNOWN), 1);
    restart(&d);
    assert_int_equal(sp_state_holds_count(d.state), HOLDS - SLICE_EVENTS * SP_HOLDS_PER_EXPIRY_MAX);
    work_and_settle(&d);
    all_have_ended(&d);
    close_drop(&d);
}

static void test_on_a_full_disk_they_end_when_there_is_room(void **context)
{
    (void)context;
    drop d;
    open_drop(&d);
    sp_command started = {.type = SP_COMMAND_SERVER_START,
                          .server_start = {.version = SP_TEXT("0.0.0-test")}};
    sp_command free_seat = take_hold(3, HOLDS), overdue_seat = take_hold(3, 0);
    d.log.space = SP_SPACE_NONE;
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 0);
    push(&d, &free_seat);
    work_and_settle(&d);
    assert_int_equal(take_answers(&d, SP_LIMIT_REACHED), 1); /* as many live as may */
    push(&d, &overdue_seat);
    work_and_settle(&d);
    assert_int_equal(take_answers(&d, SP_SEAT_TAKEN), 1);
    sp_command release = {.type = SP_COMMAND_HOLD_RELEASE, .actor = 2};
    release.hold_release.hold = 1;
    push(&d, &release);
    work_and_settle(&d);
    assert_int_equal(take_answers(&d, SP_HOLD_EXPIRED), 1);
    give(&d, &started);
    assert_int_equal(sp_state_holds_count(d.state), HOLDS);
    d.log.crash_cuts_power = true;
    sp_fake_log_crash(&d.log);
    restart(&d); /* such a log replays */
    d.log.space = SP_SPACE_NONE;
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 0);
    d.log.space = SP_SPACE_LOW;
    assert_int_equal(sp_sequencer_do_work(d.sequencer), 1);
    work_and_settle(&d);
    all_have_ended(&d);
    close_drop(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_end_in_slices_before_anything_else),
        cmocka_unit_test(test_an_idle_sequencer_ends_them),
        cmocka_unit_test(test_a_failure_at_any_slice_loses_nothing_that_was_told),
        cmocka_unit_test(test_a_failed_append_stops_between_slices),
        cmocka_unit_test(test_on_a_full_disk_they_end_when_there_is_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
