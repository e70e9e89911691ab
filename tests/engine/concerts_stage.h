/* SPDX-License-Identifier: MIT
 *
 * Changes of concerts on the engine's stage (tests/engine/stage.h).
 */
#ifndef SP_TESTS_ENGINE_CONCERTS_STAGE_H
#define SP_TESTS_ENGINE_CONCERTS_STAGE_H

#include "tests/engine/holds_stage.h"

/* A patch of these fields, whose values are the stage's own but for what is set behind. */
static inline sp_concert_patch patch_of(uint32_t fields)
{
    return (sp_concert_patch){.fields = fields, .spec = stage_spec()};
}

#define FIELD(name) (1u << SP_PATCH_##name)

static inline sp_outcome concert_edit(struct stage *stage, sp_user_id actor, sp_concert_id concert,
                                      const sp_concert_patch *patch)
{
    sp_command command = stage_command(SP_COMMAND_CONCERT_EDIT, actor);
    command.concert_edit.concert = concert;
    command.concert_edit.patch = patch;
    return stage_give(stage, &command);
}

static inline sp_outcome concert_name(struct stage *stage, sp_user_id actor, const char *name)
{
    sp_concert_patch patch = patch_of(FIELD(NAME));
    patch.spec.name = (sp_text){name, (uint32_t)strlen(name)};
    return concert_edit(stage, actor, 1, &patch);
}

/* Other grades: so many rows of so many seats, at 5 points. */
static inline sp_outcome concert_relay(struct stage *stage, sp_user_id actor, const uint32_t *rows,
                                       uint32_t rows_count)
{
    sp_concert_patch patch = patch_of(FIELD(GRADES));
    static sp_grade_spec grade; /* the event borrows it */
    grade = (sp_grade_spec){SP_TEXT("Floor"), 5, rows, rows_count};
    patch.spec.grades = &grade;
    patch.spec.grades_count = 1;
    return concert_edit(stage, actor, 1, &patch);
}

static inline sp_outcome concert_pause(struct stage *stage, sp_user_id actor, sp_concert_id concert)
{
    sp_command command = stage_command(SP_COMMAND_CONCERT_PAUSE, actor);
    command.concert_pause.concert = concert;
    return stage_give(stage, &command);
}

static inline sp_outcome concert_resume(struct stage *stage, sp_user_id actor,
                                        sp_concert_id concert)
{
    sp_command command = stage_command(SP_COMMAND_CONCERT_RESUME, actor);
    command.concert_resume.concert = concert;
    return stage_give(stage, &command);
}

static inline sp_outcome concert_cancel(struct stage *stage, sp_user_id actor,
                                        sp_concert_id concert)
{
    sp_command command = stage_command(SP_COMMAND_CONCERT_CANCEL, actor);
    command.concert_cancel.concert = concert;
    return stage_give(stage, &command);
}

static inline const sp_concert_card *stage_card(const struct stage *stage)
{
    const sp_concert_card *card = sp_state_concert(stage->state, 1);
    assert_non_null(card);
    return card;
}

#endif
