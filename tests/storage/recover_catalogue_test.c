/* SPDX-License-Identifier: MIT
 *
 * Recovery of logs in which concerts are edited, paused, resumed and cancelled in the
 * middle of holds and sales: the state that was, at any seq; and what a forger could
 * write of them, with the chain made right.
 */
#include "storage/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/check.h"
#include "tests/support/hold_history.h"

#define HOST 1u
#define STEP 60u
#define STEPS 8u

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

/* What is due ends first; then the command, in a batch together. */
static void give(const sp_command *command)
{
    static sp_refusal refusal;
    static sp_hold_id expired[SP_HOLDS_PER_EXPIRY_MAX];
    sp_state *state = file.history.state;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;
    while (sp_decide_expiry(state, file.history.time, expired, &event)) {
        assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
        sp_apply(state, &event);
    }
    assert_int_equal(
        sp_decide(state, command, file.history.time, &event, seats, &replay, &outcome, &refusal),
        SP_DECISION_EVENT);
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
    sp_apply(state, &event);
}

static void commit(void)
{
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
    file.history.time++;
}

static void sale(sp_command_type type, sp_concert_id concert)
{
    sp_command command = {.type = type, .actor = HOST};
    command.concert_pause.concert = concert; /* the first of each */
    give(&command);
}

static void name(sp_concert_id concert, const char *text)
{
    sp_concert_patch patch = {.fields = 1u << SP_PATCH_NAME | 1u << SP_PATCH_HOLD_SECONDS};
    sp_command command = {.type = SP_COMMAND_CONCERT_EDIT, .actor = HOST};
    patch.spec.name = (sp_text){text, (uint32_t)strlen(text)};
    patch.spec.hold_seconds = 200;
    command.concert_edit.concert = concert;
    command.concert_edit.patch = &patch;
    give(&command);
}

/* A second concert of ten seats, laid out anew: of seven hundred. */
static void make_and_relay(void)
{
    static const uint32_t few[] = {10}, many[] = {300, 400};
    sp_grade_spec grade = {SP_TEXT("R"), 3, few, 1},
                  grades[] = {{SP_TEXT("A"), 9, many, 2}, {SP_TEXT("B"), 1, few, 1}};
    sp_concert_spec spec = sp_state_concert(file.history.state, 1)->spec;
    sp_concert_patch patch = {.fields = 1u << SP_PATCH_GRADES};
    sp_command command = {.type = SP_COMMAND_CONCERT_CREATE, .actor = HOST};
    spec.grades = &grade;
    spec.grades_count = 1;
    command.concert_create.spec = &spec;
    give(&command);
    patch.spec.grades = grades;
    patch.spec.grades_count = 2;
    command = (sp_command){.type = SP_COMMAND_CONCERT_EDIT, .actor = HOST};
    command.concert_edit.concert = sp_state_concerts_count(file.history.state);
    command.concert_edit.patch = &patch;
    give(&command);
}

/* Holds and orders at the first concert, with changes between; kept at each step what the
 * state was. */
static void play(uint8_t digests[STEPS + 1][SP_DIGEST_SIZE], sp_seq seqs[STEPS + 1])
{
    for (uint32_t step = 0; step < STEPS; step++) {
        sp_hold_history_fill(&file, step, step == 0 ? 3 * STEP : STEP, 7);
        sale(SP_COMMAND_CONCERT_PAUSE, 1);
        if (step % 2)
            name(1, step % 4 == 1 ? "A longer night" : "A short one");
        commit(); /* paused over a commit */
        if (step == 3)
            make_and_relay();
        sale(SP_COMMAND_CONCERT_RESUME, 1);
        commit();
        seqs[step] = sp_state_seq(file.history.state);
        sp_digest(file.history.state, digests[step]);
    }
    assert_true(sp_state_held_count(file.history.state, 1) > 0);
    assert_true(sp_state_sold_count(file.history.state, 1) > 50);
    sale(SP_COMMAND_CONCERT_CANCEL, 1);
    name(2, "What is left");
    commit();
    seqs[STEPS] = sp_state_seq(file.history.state);
    sp_digest(file.history.state, digests[STEPS]);
}

static void the_state_is_that_of_every_moment(void **state)
{
    static uint8_t wanted[STEPS + 1][SP_DIGEST_SIZE];
    static const sp_log_check_options everything = {
        .limits = &sp_limits_default, .decode = true, .side = true, .lookups = true};
    sp_seq seqs[STEPS + 1];
    uint8_t got[SP_DIGEST_SIZE];
    sp_log_report report;
    sp_finding finding;
    (void)state;
    play(wanted, seqs);
    for (uint32_t step = 0; step <= STEPS; step++) {
        digest_at(seqs[step], got);
        assert_memory_equal(got, wanted[step], sizeof got);
    }
    sp_log_file_close(&file);
    assert_int_equal(sp_log_check(file.dir.path, &everything, &report, &finding), SP_STORAGE_OK);
    assert_memory_equal(report.digest, wanted[STEPS], sizeof got);
    assert_int_equal(report.events_by_type[SP_EVENT_CONCERT_EDITED], STEPS / 2 + 2);
    assert_int_equal(report.events_by_type[SP_EVENT_CONCERT_PAUSED], STEPS);
    assert_int_equal(report.events_by_type[SP_EVENT_CONCERT_CANCELLED], 1);
    sp_log_file_open(&file);
}

/* ---- forgeries ---- */

static void is_refused(sp_event event, const char *text)
{
    sp_recover_summary summary;
    sp_finding finding;
    sp_recover_config config = {.state = sp_state_create(&sp_limits_default)};
    event.seq = sp_state_seq(file.history.state) + 1;
    event.time = sp_state_time(file.history.state);
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
    assert_int_equal(file.to->commit(file.to, event.time), SP_LOG_OK);
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_DAMAGED);
    if (strstr(finding.text, text) == NULL)
        fail_msg("found: %s", finding.text);
    assert_int_equal(finding.seq, event.seq);
    assert_int_equal(sp_state_seq(config.state), event.seq - 1);
    sp_state_destroy(config.state);
}

/* As the host would write it now, of the first concert. */
static sp_event forged(sp_event_type type)
{
    sp_concert_totals totals;
    sp_event event = {.type = type, .actor = HOST};
    sp_hold_history_fill(&file, 5, 300, 10);
    sp_state_concert_totals(file.history.state, 1, &totals);
    if (type == SP_EVENT_CONCERT_CANCELLED) {
        event.concert_cancelled.concert = 1;
        event.concert_cancelled.orders_count = totals.orders - totals.cancelled;
        event.concert_cancelled.amount = totals.amount - totals.refunded;
        event.concert_cancelled.seats_held_count = sp_state_held_count(file.history.state, 1);
    } else if (type == SP_EVENT_CONCERT_EDITED) {
        event.concert_edited.concert = 1;
        event.concert_edited.spec = sp_state_concert(file.history.state, 1)->spec;
    } else {
        event.concert_paused.concert = 1;
    }
    return event;
}

static void refunds_of_another_sum_are_refused(void **state)
{
    sp_event event = forged(SP_EVENT_CONCERT_CANCELLED);
    (void)state;
    event.concert_cancelled.amount--;
    is_refused(event, "the refunds are not those of its paid orders");
}

static void a_refund_that_is_left_out_is_refused(void **state)
{
    sp_event event = forged(SP_EVENT_CONCERT_CANCELLED);
    (void)state;
    event.concert_cancelled.orders_count--;
    event.concert_cancelled.amount -= file.history.grade.price;
    is_refused(event, "the refunds are not those of its paid orders");
}

static void a_cancel_by_a_buyer_is_refused(void **state)
{
    sp_event event = forged(SP_EVENT_CONCERT_CANCELLED);
    (void)state;
    event.actor = 2;
    is_refused(event, "no HOST");
}

static void dearer_seats_after_sales_are_refused(void **state)
{
    sp_event event = forged(SP_EVENT_CONCERT_EDITED);
    sp_grade_spec grade = event.concert_edited.spec.grades[0];
    (void)state;
    grade.price++;
    event.concert_edited.spec.grades = &grade;
    is_refused(event, "its grades are fixed");
}

static void a_sale_while_it_is_paused_is_refused(void **state)
{
    const sp_seat seats[] = {99999};
    sp_event event = forged(SP_EVENT_CONCERT_PAUSED);
    (void)state;
    sale(SP_COMMAND_CONCERT_PAUSE, 1);
    commit();
    event = (sp_event){.type = SP_EVENT_ORDER_PAID, .actor = 2};
    event.order_paid.order = sp_state_orders_count(file.history.state) + 1;
    event.order_paid.concert = 1;
    event.order_paid.buyer = 2;
    event.order_paid.amount = file.history.grade.price;
    event.order_paid.seats = seats;
    event.order_paid.seats_count = 1;
    is_refused(event, "sales are paused");
}

static void a_second_cancel_is_refused(void **state)
{
    sp_event event = forged(SP_EVENT_CONCERT_CANCELLED);
    (void)state;
    sale(SP_COMMAND_CONCERT_CANCEL, 1);
    commit();
    is_refused(event, "the concert is cancelled");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_state_is_that_of_every_moment),    TEST(refunds_of_another_sum_are_refused),
        TEST(a_refund_that_is_left_out_is_refused), TEST(a_cancel_by_a_buyer_is_refused),
        TEST(dearer_seats_after_sales_are_refused), TEST(a_sale_while_it_is_paused_is_refused),
        TEST(a_second_cancel_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
