/* SPDX-License-Identifier: MIT */
#include "engine/cards.h"
#include "engine/catalogue.h"
#include "engine/decide_private.h"

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

/* Is there room for a layout of this size in the place of the older card's (NULL: of
 * none)? */
static sp_outcome check_layout_tables(const sp_deciding *d, const sp_spec_size *size,
                                      const sp_concert_card *older)
{
    const char *limit = sp_layout_limit(d->state, size, older);

    return limit ? sp_refuse_limit(d, limit) : SP_OK;
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
    if (state->concerts_count >= state->limits.concerts_max)
        return sp_refuse_limit(d, "concerts");
    if ((outcome = check_layout_tables(d, &size, NULL)) != SP_OK)
        return outcome;
    if (!sp_arena_fits(&state->arena, size.card_bytes))
        return sp_refuse_limit(d, "text");

    d->event->type = SP_EVENT_CONCERT_CREATED;
    d->event->concert_created.concert = state->concerts_count + 1;
    d->event->concert_created.host = d->command->actor;
    return SP_OK;
}

/* The concert that the actor may change: his own, or any for an ADMIN. What is
 * cancelled stays so. */
static sp_outcome find_own(const sp_deciding *d, sp_concert_id id, const sp_concert_row **found)
{
    const sp_concert_row *concert = sp_state_concert_row(d->state, id);

    if (!concert)
        return sp_refuse(d, SP_CONCERT_UNKNOWN);
    if (concert->host != d->command->actor && !sp_actor_is_admin(d))
        return sp_refuse(d, SP_NOT_OWNER);
    if (concert->sale == SP_SALE_CANCELLED)
        return sp_refuse(d, SP_CONCERT_CANCELLED);
    *found = concert;
    return SP_OK;
}

/* Grades that an edit changes; its event leaves out those that it states as they are. */
static sp_outcome check_grades(const sp_deciding *d, sp_concert_id id, const sp_spec_size *size)
{
    if (sp_concert_was_touched(d->state, id))
        return sp_refuse(d, SP_SEATS_FIXED);
    return check_layout_tables(d, size, d->state->concerts[id].card);
}

sp_outcome sp_decide_concert_edit(const sp_deciding *d)
{
    const sp_state *state = d->state;
    sp_concert_id id = d->command->concert_edit.concert;
    sp_concert_spec *spec = &d->event->concert_edited.spec;
    const sp_concert_row *concert;
    sp_spec_size size;
    sp_spec_fault fault;
    sp_outcome outcome = find_own(d, id, &concert);

    if (outcome != SP_OK)
        return outcome;
    const sp_concert_card *card = concert->card;
    *spec = sp_spec_patched(&card->spec, d->command->concert_edit.patch);
    if (spec->category - 1u >= state->categories.count)
        return sp_refuse(d, SP_CATEGORY_UNKNOWN);
    if (!sp_spec_check(spec, &size, &fault))
        return sp_refuse_field(d, fault.field, fault.detail);
    const char *date_fault = sp_concert_date_fault(state, id, spec->concert_date, d->now);
    if (date_fault)
        return sp_refuse_field(d, "concertDate", date_fault);
    if (sp_spec_grades_equal(spec, &card->spec)) {
        spec->grades = NULL;
        spec->grades_count = 0;
    } else if ((outcome = check_grades(d, id, &size)) != SP_OK) {
        return outcome;
    }
    if (!sp_arena_fits(&state->arena, sp_card_bytes(spec, size.rows_count, card)))
        return sp_refuse_limit(d, "text");

    d->event->type = SP_EVENT_CONCERT_EDITED;
    d->event->concert_edited.concert = id;
    return SP_OK;
}

/* Pausing what is paused is a fact too, as is resuming what goes on: whoever presses
 * the button twice is not refused, and the log says who did. */
sp_outcome sp_decide_concert_pause(const sp_deciding *d)
{
    const sp_concert_row *concert;
    sp_outcome outcome = find_own(d, d->command->concert_pause.concert, &concert);

    if (outcome != SP_OK)
        return outcome;
    d->event->type = SP_EVENT_CONCERT_PAUSED;
    d->event->concert_paused.concert = d->command->concert_pause.concert;
    return SP_OK;
}

sp_outcome sp_decide_concert_resume(const sp_deciding *d)
{
    const sp_concert_row *concert;
    sp_outcome outcome = find_own(d, d->command->concert_resume.concert, &concert);

    if (outcome != SP_OK)
        return outcome;
    d->event->type = SP_EVENT_CONCERT_RESUMED;
    d->event->concert_resumed.concert = d->command->concert_resume.concert;
    return SP_OK;
}

sp_outcome sp_decide_concert_cancel(const sp_deciding *d)
{
    const sp_state *state = d->state;
    sp_concert_id id = d->command->concert_cancel.concert;
    const sp_concert_row *concert;
    sp_outcome outcome = find_own(d, id, &concert);

    if (outcome != SP_OK)
        return outcome;
    const sp_sales_row *sales = &state->sales[id];
    if (!sp_concert_can_refund(state, id))
        return sp_refuse_limit(d, "points");
    d->event->type = SP_EVENT_CONCERT_CANCELLED;
    d->event->concert_cancelled.concert = id;
    d->event->concert_cancelled.orders_count = sales->orders_count - sales->cancelled_count;
    d->event->concert_cancelled.amount = sales->amount - sales->refunded;
    d->event->concert_cancelled.seats_held_count = concert->held_count;
    return SP_OK;
}
