/* SPDX-License-Identifier: MIT
 *
 * Recovery of logs with holds: the state that was, at any seq; batches of nothing
 * but holds that ended; and what a forger could write of holds, with the chain
 * made right.
 */
#include "storage/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/check.h"
#include "storage/codec.h"
#include "tests/support/hold_history.h"

#define EVENTS 2000u

static sp_log_file file;

static int set_up(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_log_file_remove(&file);
    return 0;
}

static void digest_at(sp_seq until, uint8_t out[SP_DIGEST_SIZE])
{
    sp_recover_summary summary;
    sp_finding finding;
    sp_recover_config config = {.state = sp_state_create(&sp_limits_default), .until = until};
    if (sp_recover(file.env, &config, &summary, &finding) != SP_STORAGE_OK)
        fail_msg("%s", finding.text);
    sp_digest(config.state, out);
    sp_state_destroy(config.state);
}

static void recovers_to(const sp_state *state)
{
    uint8_t got[SP_DIGEST_SIZE], want[SP_DIGEST_SIZE];
    digest_at(0, got);
    sp_digest(state, want);
    assert_memory_equal(got, want, sizeof got);
}

static void append(const sp_event *event)
{
    assert_int_equal(file.to->append(file.to, event), SP_LOG_OK);
}

static void commit(void)
{
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
}

/* ---- the state that was ---- */

static void every_kind_of_event_comes_back(void **state)
{
    static const sp_log_check_options everything = {
        .limits = &sp_limits_default, .decode = true, .side = true, .lookups = true};
    sp_log_report report;
    sp_finding finding;
    uint8_t digest[SP_DIGEST_SIZE];
    (void)state;
    sp_hold_history_fill(&file, 1, EVENTS, 9);
    recovers_to(file.history.state);
    sp_digest(file.history.state, digest);
    sp_log_file_close(&file);
    assert_int_equal(sp_log_check(file.dir.path, &everything, &report, &finding), SP_STORAGE_OK);
    assert_memory_equal(report.digest, digest, sizeof digest);
    for (unsigned type = SP_EVENT_HOLD_TAKEN; type <= SP_EVENT_HOLDS_EXPIRED; type++)
        assert_true(report.events_by_type[type] > 20);
    assert_true(report.events_by_type[SP_EVENT_ORDER_PAID] > 100);
    sp_log_file_open(&file);
    recovers_to(file.history.state);
}

static void until_gives_the_state_of_that_moment(void **state)
{
    enum { STEP = 97 };
    static uint8_t wanted[EVENTS / STEP][SP_DIGEST_SIZE];
    uint8_t got[SP_DIGEST_SIZE];
    (void)state;
    for (uint32_t i = 0; i < EVENTS / STEP; i++) {
        sp_hold_history_fill(&file, i, STEP, 10);
        sp_digest(file.history.state, wanted[i]);
    }
    for (uint32_t i = 0; i < EVENTS / STEP; i++) {
        digest_at((i + 1) * STEP, got);
        assert_memory_equal(got, wanted[i], sizeof got);
    }
}

/* Their time is over, but the events that end them were never written: they live,
 * and it is the sequencer's to end them first of all. */
static void holds_that_are_overdue_are_found_alive(void **state)
{
    sp_recover_summary summary;
    sp_finding finding;
    (void)state;
    sp_hold_history_fill(&file, 1, 400, 10);
    file.history.time += INT64_C(86400000);
    sp_event start = {.seq = sp_state_seq(file.history.state) + 1, .time = file.history.time};
    start.type = SP_EVENT_SERVER_STARTED;
    start.server_started.version = SP_TEXT("1");
    append(&start);
    commit();
    uint32_t living = sp_state_holds_count(file.history.state);
    assert_true(living > 10);

    sp_recover_config config = {.state = sp_state_create(&sp_limits_default)};
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_state_holds_count(config.state), living);
    sp_time_ms deadline = sp_state_next_deadline(config.state);
    assert_true(deadline > 0 && deadline <= sp_state_time(config.state));
    sp_state_destroy(config.state);
}

/* ---- batches of nothing but holds that ended ---- */

#define MANY 4321u

static void take_many(void)
{
    static sp_refusal refusal;
    for (uint32_t i = 0; i < MANY; i++) {
        sp_command command = {.type = SP_COMMAND_HOLD_TAKE, .actor = 2 + i % SP_HISTORY_BUYERS};
        sp_seat seats[SP_SEATS_PER_ORDER_MAX];
        sp_event event;
        sp_replay replay;
        sp_outcome outcome;
        command.hold_take.concert = 1;
        command.hold_take.seats_count = 1;
        command.hold_take.seats[0] = i * 2;
        assert_int_equal(sp_decide(file.history.state, &command, file.history.time, &event, seats,
                                   &replay, &outcome, &refusal),
                         SP_DECISION_EVENT);
        append(&event);
        sp_apply(file.history.state, &event);
    }
    commit();
}

static void thousands_end_in_a_batch_without_a_command(void **state)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event event;
    uint32_t count = 0;
    (void)state;
    sp_log_file_fill(&file, 104, 8);
    assert_int_equal(sp_state_concerts_count(file.history.state), 1);
    take_many();
    file.history.time += 300000;
    while (sp_decide_expiry(file.history.state, file.history.time, ids, &event)) {
        append(&event);
        sp_apply(file.history.state, &event);
        count++;
    }
    commit();
    assert_int_equal(count, MANY / SP_HOLDS_PER_EXPIRY_MAX + 1);
    assert_int_equal(sp_state_holds_count(file.history.state), 0);
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    recovers_to(file.history.state);
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    recovers_to(file.history.state);
    sp_log_head head;
    sp_event_log_head(file.log, &head);
    assert_int_equal(head.seq, sp_state_seq(file.history.state));
}

/* ---- forgeries ---- */

/* What the log's own writer would write of an event that no engine decided: the
 * chain is right, its own batch. */
static void is_refused(sp_event event, const char *text)
{
    sp_recover_summary summary;
    sp_finding finding;
    sp_recover_config config = {.state = sp_state_create(&sp_limits_default)};
    event.seq = sp_state_seq(file.history.state) + 1;
    append(&event);
    commit();
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_DAMAGED);
    if (strstr(finding.text, text) == NULL)
        fail_msg("found: %s", finding.text);
    assert_int_equal(finding.seq, event.seq);
    assert_int_equal(sp_state_seq(config.state), event.seq - 1);
    sp_state_destroy(config.state);
}

/* A hold that lives, and the event of somebody's doing now. */
static sp_hold_view living(sp_seat *seats)
{
    sp_hold_view hold;
    sp_hold_history_fill(&file, 3, 400, 10);
    for (sp_hold_id id = sp_state_newest_hold(file.history.state); id > 0; id--)
        if (sp_state_hold(file.history.state, id, seats, &hold))
            return hold;
    fail_msg("no hold lives");
    return hold;
}

/* Nothing is due yet at the time of the last event. */
static sp_event event_of(sp_event_type type, sp_user_id actor)
{
    file.history.time = sp_state_time(file.history.state);
    return (sp_event){.time = file.history.time, .type = type, .actor = actor};
}

static void a_release_by_another_is_refused(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold = living(seats);
    (void)state;
    sp_event event = event_of(SP_EVENT_HOLD_RELEASED, hold.user == 2 ? 3 : 2);
    event.hold_released.hold = hold.id;
    is_refused(event, "hold_released: the actor has no such hold");
}

static void an_extension_beyond_its_time_is_refused(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold = living(seats);
    (void)state;
    sp_event event = event_of(SP_EVENT_HOLD_EXTENDED, hold.user);
    event.hold_extended.hold = hold.id;
    event.hold_extended.taken = 1;
    event.hold_extended.expires_at = SP_TIME_MAX;
    is_refused(event, "hold_extended: ");
}

static void an_end_before_its_time_is_refused(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold = living(seats);
    (void)state;
    sp_event event = event_of(SP_EVENT_HOLDS_EXPIRED, 0);
    event.holds_expired.holds = &hold.id;
    event.holds_expired.holds_count = 1;
    is_refused(event, "these are not the holds that are due");
}

static void a_sale_over_another_s_hold_is_refused(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold = living(seats);
    (void)state;
    sp_event event = event_of(SP_EVENT_ORDER_PAID, hold.user);
    event.order_paid.order = sp_state_orders_count(file.history.state) + 1;
    event.order_paid.concert = hold.concert;
    event.order_paid.buyer = hold.user;
    event.order_paid.amount = hold.amount;
    event.order_paid.seats = hold.seats;
    event.order_paid.seats_count = hold.seats_count;
    is_refused(event, "a seat is taken");
}

static void a_sale_of_a_hold_to_another_is_refused(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold = living(seats);
    (void)state;
    sp_event event = event_of(SP_EVENT_ORDER_PAID, hold.user == 2 ? 3 : 2);
    event.order_paid.order = sp_state_orders_count(file.history.state) + 1;
    event.order_paid.concert = hold.concert;
    event.order_paid.buyer = event.actor;
    event.order_paid.amount = hold.amount;
    event.order_paid.seats = hold.seats;
    event.order_paid.seats_count = hold.seats_count;
    event.order_paid.hold = hold.id;
    is_refused(event, "order_paid: there is no such hold");
}

/* Whoever leaves an expiry out has the seats for longer. */
static void an_expiry_left_out_is_refused(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold = living(seats);
    (void)state;
    sp_event event = event_of(SP_EVENT_HOLD_RELEASED, hold.user);
    event.time = file.history.time = hold.expires_at + 3600000;
    event.hold_released.hold = hold.id;
    is_refused(event, "a hold is overdue, and has not been ended");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_kind_of_event_comes_back),
        TEST(until_gives_the_state_of_that_moment),
        TEST(holds_that_are_overdue_are_found_alive),
        TEST(thousands_end_in_a_batch_without_a_command),
        TEST(a_release_by_another_is_refused),
        TEST(an_extension_beyond_its_time_is_refused),
        TEST(an_end_before_its_time_is_refused),
        TEST(a_sale_over_another_s_hold_is_refused),
        TEST(a_sale_of_a_hold_to_another_is_refused),
        TEST(an_expiry_left_out_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
