/* SPDX-License-Identifier: MIT */
#include "engine/decide_private.h"
#include "engine/spec.h"

sp_outcome sp_decide_category_create(const sp_deciding *d)
{
    const sp_state *state = d->state;
    sp_text name = d->command->category_create.name;

    if (!sp_text_fits(name, SP_CATEGORY_NAME_SIZE_MAX))
        return sp_refuse_field(d, "name", "must be 1 to 100 bytes of UTF-8");
    if (sp_categories_find(&state->categories, name))
        return sp_refuse(d, SP_CATEGORY_EXISTS);
    if (state->categories.count >= state->limits.categories_max)
        return sp_refuse_limit(d, "categories");
    if (!sp_arena_fits(&state->arena, name.size))
        return sp_refuse_limit(d, "text");
    d->event->type = SP_EVENT_CATEGORY_CREATED;
    d->event->category_created.category = state->categories.count + 1;
    d->event->category_created.name = name;
    return SP_OK;
}

static sp_outcome check_concert_tables(const sp_deciding *d, const sp_spec_size *size)
{
    const sp_state *state = d->state;
    const sp_limits *limits = &state->limits;

    if (state->concerts_count >= limits->concerts_max)
        return sp_refuse_limit(d, "concerts");
    if (size->seats_count > limits->seats_max - state->seats_count)
        return sp_refuse_limit(d, "seats");
    if (size->grades_count > limits->grades_max - state->prices_count)
        return sp_refuse_limit(d, "grades");
    if (size->rows_count > limits->rows_max - state->rows_count)
        return sp_refuse_limit(d, "rows");
    if (!sp_arena_fits(&state->arena, size->card_bytes))
        return sp_refuse_limit(d, "text");
    return SP_OK;
}

sp_outcome sp_decide_concert_create(const sp_deciding *d)
{
    const sp_state *state = d->state;
    sp_concert_spec *spec = &d->event->concert_created.spec;
    sp_spec_size size;
    sp_spec_fault fault;
    sp_outcome outcome;

    *spec = *d->command->concert_create.spec;
    if (spec->cancel_until == 0)
        spec->cancel_until = sp_spec_cancel_until_default(spec->start_date, spec->end_date);
    if (spec->category - 1u >= state->categories.count)
        return sp_refuse(d, SP_CATEGORY_UNKNOWN);
    if (!sp_spec_check(spec, &size, &fault))
        return sp_refuse_field(d, fault.field, fault.detail);
    if ((outcome = check_concert_tables(d, &size)) != SP_OK)
        return outcome;

    d->event->type = SP_EVENT_CONCERT_CREATED;
    d->event->concert_created.concert = state->concerts_count + 1;
    d->event->concert_created.host = d->command->actor;
    return SP_OK;
}
