/* SPDX-License-Identifier: MIT
 *
 * Balances at the end of what they may be. A host in debt means that others
 * together have more than was ever granted; no one of them may go over 2^53-1
 * all the same, by a sale, a refund or a grant. Random commands hardly ever
 * get there, so this is played by hand, through the engine and the reference.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/compare.h"

#define NOW INT64_C(1772000000000)
#define RICH 1u /* an ADMIN who has all points but 5 */
#define HOST 2u
#define OTHER 3u
#define SEATS_COUNT 20u
#define MAX SP_POINTS_TOTAL_MAX

typedef struct play {
    sp_reference reference;
    sp_state *state;
} play;

/* Runs a command through both; NULL = it must succeed, else the outcome's
 * code, or the name of the limit that it must meet. */
static void run(play *p, const sp_command *command, const char *refused_with)
{
    static sp_reference_answer expected;
    static sp_refusal refusal;
    sp_event event;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_replay replay;
    sp_outcome outcome = SP_OK;
    sp_reference_decide(&p->reference, command, NOW, &expected);
    sp_decision decision =
        sp_decide(p->state, command, NOW, &event, seats, &replay, &outcome, &refusal);
    const char *wrong =
        sp_compare_decision(&expected, decision, outcome, &refusal, &event, &replay);
    if (wrong != NULL)
        fail_msg("%s", wrong);
    if (refused_with != NULL) {
        assert_int_equal(decision, SP_DECISION_REFUSED);
        assert_string_equal(outcome == SP_LIMIT_REACHED ? refusal.limit
                                                        : sp_outcome_row_of(outcome)->code,
                            refused_with);
        return;
    }
    assert_int_equal(decision, SP_DECISION_EVENT);
    assert_null(sp_admit(p->state, &event));
    sp_apply(p->state, &event);
    assert_null(sp_reference_apply(&p->reference, &event));
    wrong = sp_compare_all(&p->reference, p->state);
    if (wrong != NULL)
        fail_msg("%s", wrong);
}

static void sign_up(play *p, sp_role role, sp_points points)
{
    sp_command command = {.type = SP_COMMAND_USER_CREATE,
                          .user_create = {.role = role, .points = points}};
    run(p, &command, NULL);
}

static void grant(play *p, sp_user_id user, sp_points amount, const char *refused_with)
{
    sp_command command = {.type = SP_COMMAND_POINTS_GRANT,
                          .points_grant = {.user = user, .amount = amount}};
    run(p, &command, refused_with);
}

/* A concert of seats at this price, on sale. */
static void stage(play *p, sp_user_id host, sp_points price)
{
    static const uint32_t rows[] = {SEATS_COUNT};
    sp_grade_spec grade = {SP_TEXT("R"), price, rows, 1};
    sp_concert_spec spec = {.category = 1,
                            .name = SP_TEXT("debts"),
                            .age_limit = SP_AGE_ZERO,
                            .start_date = NOW - 1000,
                            .end_date = NOW + 1000,
                            .concert_date = NOW + 1000,
                            .cancel_until = NOW + 1000,
                            .max_seats_per_user = SEATS_COUNT,
                            .hold_seconds = 300,
                            .grades = &grade,
                            .grades_count = 1};
    sp_command command = {
        .type = SP_COMMAND_CONCERT_CREATE, .actor = host, .concert_create = {.spec = &spec}};
    run(p, &command, NULL);
}

static void buy(play *p, sp_user_id buyer, sp_concert_id concert, sp_seat seat,
                const char *refused_with)
{
    sp_command command = {
        .type = SP_COMMAND_ORDER_CREATE,
        .actor = buyer,
        .order_create = {
            .concert = concert, .amount = SP_AMOUNT_UNSTATED, .seats_count = 1, .seats = {seat}}};
    run(p, &command, refused_with);
}

static void cancel(play *p, sp_user_id actor, sp_order_id order, const char *refused_with)
{
    sp_command command = {
        .type = SP_COMMAND_ORDER_CANCEL, .actor = actor, .order_cancel = {.order = order}};
    run(p, &command, refused_with);
}

static void cancel_concert(play *p, sp_concert_id concert, const char *refused_with)
{
    sp_command command = {.type = SP_COMMAND_CONCERT_CANCEL,
                          .concert_cancel = {.concert = concert}}; /* by the operator */
    run(p, &command, refused_with);
}

static void assert_points(const play *p, sp_user_id user, sp_points expected)
{
    sp_user_view view;
    assert_true(sp_state_user(p->state, user, &view));
    if (view.points != expected)
        fail_msg("user %u has %lld, should have %lld", user, (long long)view.points,
                 (long long)expected);
}

/* Users, a category and four concerts: HOST's at 10, OTHER's at 10, RICH's at
 * 10 and at 3. */
static void open_play(play *p)
{
    sp_command category = {.type = SP_COMMAND_CATEGORY_CREATE,
                           .category_create = {.name = SP_TEXT("all")}};
    sp_reference_init(&p->reference, &sp_limits_default);
    p->state = sp_state_create(&sp_limits_default);
    assert_non_null(p->state);
    sign_up(p, SP_ROLE_ADMIN, MAX - 5);
    sign_up(p, SP_ROLE_HOST, 0);
    sign_up(p, SP_ROLE_HOST, 0);
    run(p, &category, NULL);
    stage(p, HOST, 10);
    stage(p, OTHER, 10);
    stage(p, RICH, 10);
    stage(p, RICH, 3);
}

static void test_no_balance_goes_over_its_maximum(void **context)
{
    play p;
    (void)context;
    open_play(&p);
    /* HOST spends what RICH paid him, then has to give it back. */
    buy(&p, RICH, 1, 0, NULL);
    buy(&p, HOST, 2, 0, NULL);
    cancel(&p, RICH, 1, NULL);
    assert_points(&p, RICH, MAX - 5);
    assert_points(&p, HOST, -10);
    assert_points(&p, OTHER, 10);
    buy(&p, HOST, 2, 1, "insufficient_points");
    /* A sale: 10 more do not fit into RICH's balance, 3 do. */
    buy(&p, OTHER, 3, 0, "points");
    buy(&p, OTHER, 4, 0, NULL);
    assert_points(&p, RICH, MAX - 2);
    /* A grant: all points together may grow by 5, RICH's by 2. */
    grant(&p, RICH, 3, "points");
    grant(&p, RICH, 2, NULL);
    assert_points(&p, RICH, MAX);
    buy(&p, OTHER, 4, 1, "points");
    grant(&p, HOST, 4, "points");
    /* A refund: what RICH has been given meanwhile leaves no room for it. */
    buy(&p, RICH, 1, 1, NULL);
    buy(&p, OTHER, 4, 1, NULL);
    assert_points(&p, RICH, MAX - 7);
    cancel(&p, RICH, 4, "points");
    cancel_concert(&p, 1, "points");
    buy(&p, RICH, 2, 2, NULL); /* … but when he has spent as much */
    cancel_concert(&p, 1, NULL);
    assert_points(&p, RICH, MAX - 7);
    assert_points(&p, HOST, -10);
    grant(&p, HOST, 3, NULL);
    assert_int_equal(sp_state_points_total(p.state), MAX);
    grant(&p, HOST, 1, "points");
    sp_state_destroy(p.state);
    sp_reference_close(&p.reference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_balance_goes_over_its_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
