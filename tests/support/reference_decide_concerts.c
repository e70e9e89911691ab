/* SPDX-License-Identifier: MIT
 *
 * Deciding on concerts.
 */
#include "tests/support/reference_private.h"

typedef sp_reference_answer answer;

/* ---- What is stated ---- */

static void spec_count(const sp_concert_spec *spec, uint64_t *rows, uint64_t *seats)
{
    *rows = 0;
    *seats = 0;
    for (uint32_t g = 0; g < spec->grades_count; g++) {
        *rows += spec->grades[g].rows_count;
        for (uint32_t i = 0; i < spec->grades[g].rows_count; i++)
            *seats += spec->grades[g].row_sizes[i];
    }
}

/* Room for a layout, be it of a new concert (NULL) or of one that has another? Seats and
 * rows are those of all concerts; words of bitmaps and grades the places that were ever
 * given away. */
static sp_outcome layout_fits(const sp_reference *r, const sp_concert_spec *spec,
                              const sp_reference_concert *older, answer *a)
{
    uint64_t rows, seats, words_max = r->limits.seats_max / 64 + r->limits.concerts_max + 1;
    spec_count(spec, &rows, &seats);
    uint64_t words = (seats + 63) / 64, grades = spec->grades_count;
    for (uint32_t i = 0; i < r->concerts_count; i++) {
        if (&r->concerts[i] == older)
            continue;
        rows += r->concerts[i].rows_count;
        seats += r->concerts[i].seats_count;
    }
    if (older != NULL && words <= older->words_count)
        words = 0;
    if (older != NULL && grades <= older->prices_count)
        grades = 0;
    if (seats > r->limits.seats_max || r->words_used + words > words_max)
        return sp_reference_limit(a, "seats");
    if (r->grades_used + grades > r->limits.grades_max)
        return sp_reference_limit(a, "grades");
    return rows > r->limits.rows_max ? sp_reference_limit(a, "rows") : SP_OK;
}

static sp_time_ms default_until(const sp_concert_spec *spec)
{
    sp_time_ms until = spec->end_date - SP_CANCEL_BEFORE_END_MS;
    return until < spec->start_date ? spec->start_date : until;
}

/* What can be wrong about it; cancel_until 0 = the default. */
static sp_outcome spec_check(const sp_reference *r, const sp_concert_spec *spec)
{
    if (spec->category < 1 || spec->category > r->categories_count)
        return SP_CATEGORY_UNKNOWN;
    if (spec->start_date >= spec->end_date || spec->end_date > spec->concert_date ||
        spec->cancel_until < 0 || spec->cancel_until > spec->end_date)
        return SP_VALIDATION_FAILED;
    return SP_OK;
}

sp_outcome sp_reference_decide_create(const sp_reference *r, const sp_command *c, answer *a)
{
    const sp_concert_spec *spec = c->concert_create.spec;
    sp_outcome outcome = spec_check(r, spec);
    if (outcome != SP_OK)
        return outcome;
    if (r->concerts_count == r->limits.concerts_max)
        return sp_reference_limit(a, "concerts");
    if ((outcome = layout_fits(r, spec, NULL, a)) != SP_OK)
        return outcome;
    a->event.type = SP_EVENT_CONCERT_CREATED;
    a->event.concert_created.concert = r->concerts_count + 1;
    a->event.concert_created.host = c->actor;
    a->event.concert_created.spec = *spec;
    if (spec->cancel_until == 0)
        a->event.concert_created.spec.cancel_until = default_until(spec);
    return SP_OK;
}

/* ---- Whose ---- */

/* The actor's, or any for an ADMIN; not cancelled. */
static sp_outcome own(const sp_reference *r, const sp_command *c, sp_concert_id id)
{
    if (id < 1 || id > r->concerts_count)
        return SP_CONCERT_UNKNOWN;
    if (r->concerts[id - 1].host != c->actor && !sp_reference_is_admin(r, c->actor))
        return SP_NOT_OWNER;
    return r->concerts[id - 1].sale == SP_SALE_CANCELLED ? SP_CONCERT_CANCELLED : SP_OK;
}

/* ---- Editing ---- */

/* The fields one by one. A cancelUntil that is what it would be if nobody had stated it
 * goes with the dates. */
static sp_concert_spec patched(const sp_concert_spec *spec, const sp_concert_patch *patch)
{
    const sp_concert_spec *from = &patch->spec;
    bool follows = spec->cancel_until == default_until(spec);
    sp_concert_spec to = *spec;
#define PATCH(bit, field)                 \
    if ((patch->fields >> (bit)&1u) != 0) \
    to.field = from->field
    PATCH(SP_PATCH_CATEGORY, category);
    PATCH(SP_PATCH_NAME, name);
    PATCH(SP_PATCH_DESCRIPTION, description);
    PATCH(SP_PATCH_IMAGE_URL, image_url);
    PATCH(SP_PATCH_ADDRESS, address);
    PATCH(SP_PATCH_RUNNING_TIME, running_time_min);
    PATCH(SP_PATCH_AGE_LIMIT, age_limit);
    PATCH(SP_PATCH_START_DATE, start_date);
    PATCH(SP_PATCH_END_DATE, end_date);
    PATCH(SP_PATCH_CONCERT_DATE, concert_date);
    PATCH(SP_PATCH_MAX_SEATS, max_seats_per_user);
    PATCH(SP_PATCH_HOLD_SECONDS, hold_seconds);
    PATCH(SP_PATCH_NO_ORPHANS, no_orphans);
    PATCH(SP_PATCH_GRADES, grades);
    PATCH(SP_PATCH_GRADES, grades_count);
    if (follows)
        to.cancel_until = 0;
    PATCH(SP_PATCH_CANCEL_UNTIL, cancel_until);
#undef PATCH
    return to;
}

static bool is_same_text(sp_text a, sp_text b)
{
    return a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
}

static bool are_same_grades(const sp_concert_spec *a, const sp_concert_spec *b)
{
    bool same = a->grades_count == b->grades_count;
    for (uint32_t g = 0; same && g < a->grades_count; g++) {
        const sp_grade_spec *left = &a->grades[g], *right = &b->grades[g];
        same = is_same_text(left->name, right->name) && left->price == right->price &&
               left->rows_count == right->rows_count;
        for (uint32_t i = 0; same && i < left->rows_count; i++)
            same = left->row_sizes[i] == right->row_sizes[i];
    }
    return same;
}

/* Was there ever an order or a hold? */
static bool was_touched(const sp_reference *r, sp_concert_id id)
{
    for (uint32_t i = 0; i < r->orders_count; i++)
        if (r->orders[i].concert == id)
            return true;
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].concert == id)
            return true;
    return false;
}

/* A date that has gone by is none for seats that somebody has, one that comes none for a
 * host who was erased. */
static bool date_fits(const sp_reference *r, sp_concert_id id, sp_time_ms before, sp_time_ms date,
                      sp_time_ms now)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    uint32_t had = 0;
    for (uint32_t i = 0; i < concert->seats_count; i++)
        had += concert->seats[i].order != 0 || concert->seats[i].hold != 0;
    if (date > now)
        return !r->users[concert->host - 1].erased;
    return before <= now || had == 0;
}

sp_outcome sp_reference_decide_edit(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                    answer *a)
{
    sp_concert_id id = c->concert_edit.concert;
    sp_outcome outcome = own(r, c, id);
    if (outcome != SP_OK)
        return outcome;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    const sp_concert_spec *before = &concert->stated->concert_created.spec;
    sp_concert_spec spec = patched(before, c->concert_edit.patch);
    if ((outcome = spec_check(r, &spec)) != SP_OK)
        return outcome;
    if (!date_fits(r, id, before->concert_date, spec.concert_date, now))
        return SP_VALIDATION_FAILED;
    if (spec.cancel_until == 0)
        spec.cancel_until = default_until(&spec);
    if (are_same_grades(&spec, before)) {
        spec.grades = NULL;
        spec.grades_count = 0;
    } else if (was_touched(r, id)) {
        return SP_SEATS_FIXED;
    } else if ((outcome = layout_fits(r, &spec, concert, a)) != SP_OK) {
        return outcome;
    }
    a->event.type = SP_EVENT_CONCERT_EDITED;
    a->event.concert_edited.concert = id;
    a->event.concert_edited.spec = spec;
    return SP_OK;
}

/* ---- Pausing, resuming, cancelling ---- */

/* All balances stay what they may be. Of a buyer it is asked as if all were his. */
static bool can_refund(const sp_reference *r, sp_concert_id id, sp_points amount)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    if (amount > SP_POINTS_TOTAL_MAX ||
        !sp_reference_balance_fits(r->users[concert->host - 1].points - amount))
        return false;
    for (uint32_t i = 0; i < r->orders_count; i++)
        if (r->orders[i].concert == id && r->orders[i].cancelled_at == 0 &&
            !sp_reference_balance_fits(r->users[r->orders[i].user - 1].points + amount))
            return false;
    return true;
}

static sp_outcome cancel(const sp_reference *r, sp_concert_id id, answer *a)
{
    uint32_t orders_count = 0;
    sp_points amount = 0;
    for (uint32_t i = 0; i < r->orders_count; i++) {
        if (r->orders[i].concert != id || r->orders[i].cancelled_at != 0)
            continue;
        orders_count++;
        amount += r->orders[i].amount;
    }
    if (!can_refund(r, id, amount))
        return sp_reference_limit(a, "points");
    a->event.type = SP_EVENT_CONCERT_CANCELLED;
    a->event.concert_cancelled.concert = id;
    a->event.concert_cancelled.orders_count = orders_count;
    a->event.concert_cancelled.amount = amount;
    a->event.concert_cancelled.seats_held_count = sp_reference_held_count(r, id);
    return SP_OK;
}

sp_outcome sp_reference_decide_sale(const sp_reference *r, const sp_command *c, answer *a)
{
    sp_concert_id id = c->type == SP_COMMAND_CONCERT_PAUSE    ? c->concert_pause.concert
                       : c->type == SP_COMMAND_CONCERT_RESUME ? c->concert_resume.concert
                                                              : c->concert_cancel.concert;
    sp_outcome outcome = own(r, c, id);
    if (outcome != SP_OK)
        return outcome;
    if (c->type == SP_COMMAND_CONCERT_CANCEL)
        return cancel(r, id, a);
    if (c->type == SP_COMMAND_CONCERT_PAUSE) {
        a->event.type = SP_EVENT_CONCERT_PAUSED;
        a->event.concert_paused.concert = id;
    } else {
        a->event.type = SP_EVENT_CONCERT_RESUMED;
        a->event.concert_resumed.concert = id;
    }
    return SP_OK;
}
