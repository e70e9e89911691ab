/* SPDX-License-Identifier: MIT
 *
 * A small stage for the engine's unit tests: a state with an admin (user 1), a
 * host (2), two buyers (3, 4) and one concert, and a way to give commands to
 * it. Everything that decide makes must be admitted, so `stage_give` asks.
 */
#ifndef SP_TESTS_ENGINE_STAGE_H
#define SP_TESTS_ENGINE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/changes.h"
#include "engine/engine.h"

#define STAGE_NOW INT64_C(1800000000000)
#define STAGE_OPENS (STAGE_NOW - 1000)
#define STAGE_ENDS (STAGE_NOW + INT64_C(10) * 3600 * 1000)

enum { ADMIN = 1, HOST = 2, BUYER = 3, OTHER = 4 };

struct stage {
    sp_state *state;
    sp_time_ms now;
    /* of the last command given */
    sp_decision decision;
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;
    sp_refusal refusal;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_changes changes; /* of its event, for views */
};

static const sp_limits stage_limits = {
    .users_max = 8,
    .categories_max = 4,
    .concerts_max = 4,
    .seats_max = 1000,
    .grades_max = 8,
    .rows_max = 20,
    .orders_max = 100,
    .order_seats_max = 200,
    .grants_max = 50,
    .holds_max = 20,
    .idempotency_keys_max = 128,
    .text_bytes_max = 16384,
};

/* Grade VIP: rows of 60 and 10 at 100 points; grade R: a row of 60 at 7. */
static const uint32_t stage_vip_rows[] = {60, 10};
static const uint32_t stage_r_rows[] = {60};
#define STAGE_SEATS 130u

static const sp_grade_spec stage_grades[] = {
    {{"VIP", 3}, 100, stage_vip_rows, 2},
    {{"R", 1}, 7, stage_r_rows, 1},
};

static inline sp_concert_spec stage_spec(void)
{
    return (sp_concert_spec){
        .category = 1,
        .name = SP_TEXT("봄의 제전"),
        .description = SP_TEXT(""),
        .address = SP_TEXT("Seoul"),
        .running_time_min = 120,
        .age_limit = SP_AGE_SEVEN,
        .start_date = STAGE_OPENS,
        .end_date = STAGE_ENDS,
        .concert_date = STAGE_ENDS + 1,
        .max_seats_per_user = 4,
        .hold_seconds = 300,
        .grades = stage_grades,
        .grades_count = 2,
    };
}

/* Decides, admits and applies. SP_OK also for a replay. */
static inline sp_outcome stage_give(struct stage *stage, const sp_command *command)
{
    stage->decision = sp_decide(stage->state, command, stage->now, &stage->event, stage->seats,
                                &stage->replay, &stage->outcome, &stage->refusal);
    if (stage->decision == SP_DECISION_REFUSED) {
        assert_int_not_equal(stage->outcome, SP_OK);
        return stage->outcome;
    }
    if (stage->decision == SP_DECISION_EVENT) {
        const char *wrong = sp_admit(stage->state, &stage->event);
        if (wrong)
            fail_msg("decided but not admitted: %s", wrong);
        sp_changes_clear(&stage->changes);
        sp_changes_add(&stage->changes, stage->state, &stage->event);
        sp_apply(stage->state, &stage->event);
        sp_changes_add_applied(&stage->changes, stage->state, &stage->event);
    }
    return SP_OK;
}

static inline sp_command stage_command(sp_command_type type, sp_user_id actor)
{
    sp_command command;
    memset(&command, 0, sizeof(command));
    command.type = type;
    command.actor = actor;
    return command;
}

static inline sp_outcome stage_user(struct stage *stage, sp_role role, sp_points points)
{
    sp_command command = stage_command(SP_COMMAND_USER_CREATE, 0);
    command.user_create.role = role;
    command.user_create.points = points;
    return stage_give(stage, &command);
}

static inline sp_outcome stage_category(struct stage *stage, sp_user_id actor, const char *name)
{
    sp_command command = stage_command(SP_COMMAND_CATEGORY_CREATE, actor);
    command.category_create.name = (sp_text){name, (uint32_t)strlen(name)};
    return stage_give(stage, &command);
}

static inline sp_outcome stage_concert(struct stage *stage, sp_user_id actor,
                                       const sp_concert_spec *spec)
{
    sp_command command = stage_command(SP_COMMAND_CONCERT_CREATE, actor);
    command.concert_create.spec = spec;
    return stage_give(stage, &command);
}

static inline sp_command stage_order_command(sp_user_id actor, const sp_seat *seats, uint32_t count)
{
    sp_command command = stage_command(SP_COMMAND_ORDER_CREATE, actor);
    command.order_create.concert = 1;
    command.order_create.amount = SP_AMOUNT_UNSTATED;
    command.order_create.seats_count = count;
    memcpy(command.order_create.seats, seats, count * sizeof(*seats));
    return command;
}

#define SEATS(...) \
    (const sp_seat[]){__VA_ARGS__}, sizeof((const sp_seat[]){__VA_ARGS__}) / sizeof(sp_seat)

static inline sp_outcome stage_order(struct stage *stage, sp_user_id actor, const sp_seat *seats,
                                     size_t count)
{
    sp_command command = stage_order_command(actor, seats, (uint32_t)count);
    return stage_give(stage, &command);
}

static inline sp_outcome stage_cancel(struct stage *stage, sp_user_id actor, sp_order_id order,
                                      const char *reason)
{
    sp_command command = stage_command(SP_COMMAND_ORDER_CANCEL, actor);
    command.order_cancel.order = order;
    if (reason)
        command.order_cancel.reason = (sp_text){reason, (uint32_t)strlen(reason)};
    return stage_give(stage, &command);
}

static inline sp_points stage_points(const struct stage *stage, sp_user_id user)
{
    sp_user_view view;
    assert_true(sp_state_user(stage->state, user, &view));
    return view.points;
}

static inline struct stage stage_empty_with(const sp_limits *limits)
{
    struct stage made = {.state = sp_state_create(limits), .now = STAGE_NOW};
    assert_non_null(made.state);
    assert_true(sp_changes_init(&made.changes, SP_HOLDS_PER_EXPIRY_MAX));
    return made;
}

static inline struct stage stage_empty(void)
{
    return stage_empty_with(&stage_limits);
}

static inline struct stage stage_make_with(const sp_limits *limits)
{
    struct stage made = stage_empty_with(limits);
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_user(&made, SP_ROLE_ADMIN, 0), SP_OK);
    assert_int_equal(stage_user(&made, SP_ROLE_HOST, 0), SP_OK);
    assert_int_equal(stage_user(&made, SP_ROLE_USER, 1000), SP_OK);
    assert_int_equal(stage_user(&made, SP_ROLE_USER, 1000), SP_OK);
    assert_int_equal(stage_category(&made, ADMIN, "Classic"), SP_OK);
    assert_int_equal(stage_concert(&made, HOST, &spec), SP_OK);
    return made;
}

static inline struct stage stage_make(void)
{
    return stage_make_with(&stage_limits);
}

static inline void stage_close(struct stage *stage)
{
    sp_changes_close(&stage->changes);
    sp_state_destroy(stage->state);
}

#endif
