/* SPDX-License-Identifier: MIT
 *
 * Holds on the engine's stage (tests/engine/stage.h): its concert's holds last 300 s,
 * 900 s at most, 4 seats a user.
 */
#ifndef SP_TESTS_ENGINE_HOLDS_STAGE_H
#define SP_TESTS_ENGINE_HOLDS_STAGE_H

#include "tests/engine/stage.h"

#define HOLD_MS INT64_C(300000)

static inline sp_command hold_command(sp_user_id actor, const sp_seat *seats, size_t count)
{
    sp_command command = stage_command(SP_COMMAND_HOLD_TAKE, actor);
    command.hold_take.concert = 1;
    command.hold_take.seats_count = (uint32_t)count;
    memcpy(command.hold_take.seats, seats, count * sizeof(*seats));
    return command;
}

static inline sp_outcome hold_take(struct stage *stage, sp_user_id actor, const sp_seat *seats,
                                   size_t count)
{
    sp_command command = hold_command(actor, seats, count);
    return stage_give(stage, &command);
}

static inline sp_command best_command(sp_user_id actor, uint32_t count, const char *grade)
{
    sp_command command = stage_command(SP_COMMAND_HOLD_TAKE, actor);
    command.hold_take.concert = 1;
    command.hold_take.best_count = count;
    if (grade)
        command.hold_take.grade = (sp_text){grade, (uint32_t)strlen(grade)};
    return command;
}

static inline sp_outcome hold_best(struct stage *stage, sp_user_id actor, uint32_t count,
                                   const char *grade)
{
    sp_command command = best_command(actor, count, grade);
    return stage_give(stage, &command);
}

static inline sp_outcome hold_extend(struct stage *stage, sp_user_id actor, sp_hold_id hold)
{
    sp_command command = stage_command(SP_COMMAND_HOLD_EXTEND, actor);
    command.hold_extend.hold = hold;
    return stage_give(stage, &command);
}

static inline sp_outcome hold_release(struct stage *stage, sp_user_id actor, sp_hold_id hold)
{
    sp_command command = stage_command(SP_COMMAND_HOLD_RELEASE, actor);
    command.hold_release.hold = hold;
    return stage_give(stage, &command);
}

static inline sp_command buy_command(sp_user_id actor, sp_hold_id hold)
{
    sp_command command = stage_command(SP_COMMAND_ORDER_CREATE, actor);
    command.order_create.hold = hold;
    command.order_create.amount = SP_AMOUNT_UNSTATED;
    return command;
}

static inline sp_outcome hold_buy(struct stage *stage, sp_user_id actor, sp_hold_id hold)
{
    sp_command command = buy_command(actor, hold);
    return stage_give(stage, &command);
}

/* Ends what is due by now, as the sequencer does before it decides; how many
 * events. The last one is in stage->event, its ids in hold_expired. */
static sp_hold_id hold_expired[SP_HOLDS_PER_EXPIRY_MAX];

static inline uint32_t hold_expire(struct stage *stage)
{
    uint32_t count = 0;
    sp_changes_clear(&stage->changes);
    while (sp_decide_expiry(stage->state, stage->now, hold_expired, &stage->event)) {
        const char *wrong = sp_admit(stage->state, &stage->event);
        if (wrong)
            fail_msg("decided but not admitted: %s", wrong);
        sp_changes_add(&stage->changes, stage->state, &stage->event);
        sp_apply(stage->state, &stage->event);
        count++;
    }
    return count;
}

static inline sp_time_ms hold_deadline(const struct stage *stage, sp_hold_id hold)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view view;
    assert_true(sp_state_hold(stage->state, hold, seats, &view));
    return view.expires_at;
}

#endif
