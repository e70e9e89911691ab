/* SPDX-License-Identifier: MIT */
#include "engine/admit_private.h"
#include "engine/cards.h"
#include "engine/catalogue.h"

const char *sp_admit_category_created(const sp_state *state, const sp_event *event)
{
    sp_text name = event->category_created.name;

    if (!sp_admit_actor_has(state, event, SP_ROLE_ADMIN))
        return "category_created: the actor is no ADMIN";
    if (event->category_created.category != (uint64_t)state->categories.count + 1)
        return "category_created: the category id is not the next one";
    if (!sp_text_fits(name, SP_CATEGORY_NAME_SIZE_MAX))
        return "category_created: the name is not 1 to 100 bytes of UTF-8";
    if (sp_categories_find(&state->categories, name))
        return "category_created: the name exists already";
    if (state->categories.count >= state->limits.categories_max)
        return "category_created: this installation's limit of categories is reached";
    if (!sp_arena_fits(&state->arena, name.size))
        return "category_created: this installation's limit of text is reached";
    return NULL;
}

/* Is there room for this layout, in the place of the older card's (NULL: of none)? */
static const char *admit_layout(const sp_state *state, const sp_spec_size *size,
                                const sp_concert_card *older)
{
    const char *limit = sp_layout_limit(state, size, older);

    if (!limit)
        return NULL;
    if (strcmp(limit, "seats") == 0)
        return "this installation's limit of seats is reached";
    if (strcmp(limit, "grades") == 0)
        return "this installation's limit of grades is reached";
    return "this installation's limit of rows is reached";
}

const char *sp_admit_concert_created(const sp_state *state, const sp_event *event)
{
    const sp_concert_spec *spec = &event->concert_created.spec;
    sp_spec_size size;
    sp_spec_fault fault;

    if (event->actor == 0)
        return "concert_created: has no actor";
    if (event->concert_created.host != event->actor)
        return "concert_created: the host is not the actor";
    if (!sp_admit_actor_has(state, event, SP_ROLE_HOST))
        return "concert_created: the actor is no HOST";
    if (event->concert_created.concert != (uint64_t)state->concerts_count + 1)
        return "concert_created: the concert id is not the next one";
    if (spec->category - 1u >= state->categories.count)
        return "concert_created: there is no such category";
    if (!sp_spec_check(spec, &size, &fault))
        return fault.detail;
    if (state->concerts_count >= state->limits.concerts_max)
        return "concert_created: this installation's limit of concerts is reached";
    if (!sp_arena_fits(&state->arena, size.card_bytes))
        return "concert_created: this installation's limit of text is reached";
    return admit_layout(state, &size, NULL);
}

const char *sp_admit_own_concert(const sp_state *state, const sp_event *event, sp_concert_id id)
{
    const sp_concert_row *concert = sp_state_concert_row(state, id);

    if (!concert)
        return "there is no such concert";
    if (event->actor != 0 && !sp_admit_actor_has(state, event, SP_ROLE_HOST))
        return "the actor is no HOST";
    if (concert->host != event->actor && !sp_admit_actor_has(state, event, SP_ROLE_ADMIN))
        return "the actor is neither the concert's host nor an ADMIN";
    if (concert->sale == SP_SALE_CANCELLED)
        return "the concert is cancelled";
    return NULL;
}

/* The grades of an edit that has any: they are others than before, of a concert none of
 * whose seats was touched. */
static const char *admit_new_grades(const sp_state *state, const sp_event *event,
                                    const sp_spec_size *size)
{
    sp_concert_id id = event->concert_edited.concert;
    const sp_concert_card *card = state->concerts[id].card;

    if (sp_spec_grades_equal(&event->concert_edited.spec, &card->spec))
        return "concert_edited: the grades are those that it has";
    if (sp_concert_was_touched(state, id))
        return "concert_edited: a seat was held or sold, its grades are fixed";
    return admit_layout(state, size, card);
}

const char *sp_admit_concert_edited(const sp_state *state, const sp_event *event)
{
    sp_concert_id id = event->concert_edited.concert;
    const sp_concert_spec *spec = &event->concert_edited.spec;
    sp_concert_spec whole = *spec;
    sp_spec_size size;
    sp_spec_fault fault;
    const char *wrong = sp_admit_own_concert(state, event, id);

    if (wrong)
        return wrong;
    const sp_concert_card *card = state->concerts[id].card;
    if (spec->grades_count == 0) {
        whole.grades = card->spec.grades;
        whole.grades_count = card->spec.grades_count;
    }
    if (spec->category - 1u >= state->categories.count)
        return "concert_edited: there is no such category";
    if (!sp_spec_check(&whole, &size, &fault))
        return fault.detail;
    if (spec->grades_count && (wrong = admit_new_grades(state, event, &size)))
        return wrong;
    if (!sp_arena_fits(&state->arena, sp_card_bytes(spec, size.rows_count, card)))
        return "concert_edited: this installation's limit of text is reached";
    return NULL;
}

const char *sp_admit_concert_cancelled(const sp_state *state, const sp_event *event)
{
    sp_concert_id id = event->concert_cancelled.concert;
    const char *wrong = sp_admit_own_concert(state, event, id);

    if (wrong)
        return wrong;
    const sp_sales_row *sales = &state->sales[id];
    if (event->concert_cancelled.orders_count != sales->orders_count - sales->cancelled_count ||
        event->concert_cancelled.amount != sales->amount - sales->refunded)
        return "concert_cancelled: the refunds are not those of its paid orders";
    if (event->concert_cancelled.seats_held_count != state->concerts[id].held_count)
        return "concert_cancelled: not so many seats are held";
    if (!sp_concert_can_refund(state, id))
        return "concert_cancelled: a balance goes over its maximum";
    return NULL;
}
