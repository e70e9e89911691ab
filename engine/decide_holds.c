/* SPDX-License-Identifier: MIT
 *
 * Holds: taken by seats or as the best that are left, extended, released, bought.
 * Their price is fixed when they are taken; points are asked for when they are
 * bought.
 */
#include "engine/bitmap.h"
#include "engine/decide_private.h"
#include "engine/finder.h"

/* The number of a grade by its name, or grades_count. */
static uint32_t grade_of_name(const sp_concert_card *card, sp_text name)
{
    uint32_t grade = 0;
    while (grade < card->spec.grades_count && !sp_text_equal(card->grades[grade].name, name))
        grade++;
    return grade;
}

static sp_outcome find_best(const sp_deciding *d, const sp_concert_row *concert)
{
    uint32_t grade = SP_GRADE_ANY, largest_run = 0;

    if (d->command->hold_take.grade.bytes) {
        grade = grade_of_name(concert->card, d->command->hold_take.grade);
        if (grade == concert->card->spec.grades_count)
            return sp_refuse_field(d, "bestAvailable.grade", "the concert has no such grade");
    }
    if (sp_find_best(concert->card, sp_state_sold_of(d->state, concert),
                     sp_state_held_or_sold_of(d->state, concert), grade,
                     d->command->hold_take.best_count, d->command->hold_take.allow_split, d->seats,
                     &largest_run))
        return SP_OK;
    sp_refuse(d, SP_NO_ADJACENT_SEATS);
    d->refusal->largest_run = largest_run;
    return SP_NO_ADJACENT_SEATS;
}

/* The seats that are asked for by number, into d->seats. */
static sp_outcome take_named(const sp_deciding *d, const sp_concert_row *concert)
{
    const sp_seat *seats = d->command->hold_take.seats;
    uint32_t count = d->command->hold_take.seats_count;

    if (sp_state_taken(d->state, concert, seats, count))
        return sp_refuse_taken_seats(d, concert, seats, count);
    memcpy(d->seats, seats, count * sizeof(*seats));
    return sp_decide_check_orphans(d, concert, seats, count);
}

static sp_outcome check_hold_tables(const sp_deciding *d, sp_hold_id *hold)
{
    *hold = sp_holds_next(&d->state->holds);
    return *hold ? SP_OK : sp_refuse_limit(d, "holds");
}

sp_outcome sp_decide_hold_take(const sp_deciding *d)
{
    const sp_command *command = d->command;
    sp_concert_id id = command->hold_take.concert;
    uint32_t best_count = command->hold_take.best_count;
    uint32_t count = best_count ? best_count : command->hold_take.seats_count;
    sp_hold_id hold;
    sp_outcome outcome;

    SP_ASSERT_CMP(best_count, <=, SP_SEATS_PER_ORDER_MAX);
    if (!best_count)
        sp_decide_assert_seats(command->hold_take.seats, count);
    const sp_concert_row *concert = sp_state_concert_row(d->state, id);
    if (!concert)
        return sp_refuse(d, SP_CONCERT_UNKNOWN);
    if ((outcome = sp_decide_check_sale(d, concert)) != SP_OK)
        return outcome;
    if (!best_count && command->hold_take.seats[count - 1] >= concert->seats_count)
        return sp_refuse_unknown_seats(d, concert, command->hold_take.seats, count);
    if ((outcome = sp_decide_check_seat_limit(d, concert, id, count)) != SP_OK)
        return outcome;
    outcome = best_count ? find_best(d, concert) : take_named(d, concert);
    if (outcome != SP_OK || (outcome = check_hold_tables(d, &hold)) != SP_OK)
        return outcome;

    d->event->type = SP_EVENT_HOLD_TAKEN;
    d->event->hold_taken.hold = hold;
    d->event->hold_taken.concert = id;
    d->event->hold_taken.user = command->actor;
    d->event->hold_taken.amount = sp_state_price(d->state, concert, d->seats, count);
    d->event->hold_taken.expires_at = sp_hold_deadline(concert, d->now, d->now);
    d->event->hold_taken.seats = d->seats;
    d->event->hold_taken.seats_count = count;
    return SP_OK;
}

/* The actor's living hold. One that has just ended by its deadline is told from
 * one that never was, as long as its row remembers. */
static sp_outcome find_hold(const sp_deciding *d, sp_hold_id id, const sp_hold_row **found)
{
    const sp_hold_row *row = sp_holds_row(&d->state->holds, id);

    if (!row || row->user != d->command->actor)
        return sp_refuse(d, SP_HOLD_UNKNOWN);
    if (row->status == SP_HELD_EXPIRED || (row->status == SP_HELD_LIVE && row->deadline <= d->now))
        return sp_refuse(d, SP_HOLD_EXPIRED);
    if (row->status == SP_HELD_CANCELLED)
        return sp_refuse(d, SP_CONCERT_CANCELLED);
    if (row->status != SP_HELD_LIVE)
        return sp_refuse(d, SP_HOLD_UNKNOWN);
    *found = row;
    return SP_OK;
}

sp_outcome sp_decide_hold_extend(const sp_deciding *d)
{
    const sp_hold_row *hold;
    sp_outcome outcome = find_hold(d, d->command->hold_extend.hold, &hold);

    if (outcome != SP_OK)
        return outcome;
    const sp_concert_row *concert = &d->state->concerts[hold->concert];
    /* The latest that it could ever be: of an extension that never ends. */
    if (hold->deadline >= sp_hold_deadline(concert, hold->created_at, SP_TIME_MAX))
        return sp_refuse(d, SP_HOLD_EXTEND_LIMIT);
    d->event->type = SP_EVENT_HOLD_EXTENDED;
    d->event->hold_extended.hold = hold->id;
    d->event->hold_extended.taken = hold->taken_seq;
    d->event->hold_extended.expires_at = sp_hold_deadline_extended(concert, hold, d->now);
    return SP_OK;
}

sp_outcome sp_decide_hold_release(const sp_deciding *d)
{
    const sp_hold_row *hold;
    sp_outcome outcome = find_hold(d, d->command->hold_release.hold, &hold);

    if (outcome != SP_OK)
        return outcome;
    d->event->type = SP_EVENT_HOLD_RELEASED;
    d->event->hold_released.hold = hold->id;
    return SP_OK;
}

sp_outcome sp_decide_order_of_hold(const sp_deciding *d)
{
    const sp_hold_row *hold;
    sp_outcome outcome = find_hold(d, d->command->order_create.hold, &hold);

    if (outcome != SP_OK)
        return outcome;
    const sp_concert_row *concert = &d->state->concerts[hold->concert];
    /* The window may have been moved since the hold was taken. */
    if ((outcome = sp_decide_check_sale(d, concert)) != SP_OK ||
        (outcome = sp_decide_check_amount(d, hold->amount)) != SP_OK ||
        (outcome = sp_decide_check_points(d, concert, hold->amount)) != SP_OK ||
        (outcome = sp_decide_check_order_tables(d, hold->seats_count)) != SP_OK)
        return outcome;
    sp_holds_seats(&d->state->holds, hold, sp_concert_first_seat(concert), d->seats);

    d->event->type = SP_EVENT_ORDER_PAID;
    d->event->order_paid.order = d->state->orders_count + 1;
    d->event->order_paid.concert = hold->concert;
    d->event->order_paid.buyer = d->command->actor;
    d->event->order_paid.amount = hold->amount;
    d->event->order_paid.seats = d->seats;
    d->event->order_paid.seats_count = hold->seats_count;
    d->event->order_paid.hold = hold->id;
    d->event->order_paid.job = d->command->order_create.job;
    return SP_OK;
}

bool sp_decide_expiry(const sp_state *state, sp_time_ms now,
                      sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX], sp_event *event)
{
    uint32_t count = sp_holds_due(&state->holds, now, ids, SP_HOLDS_PER_EXPIRY_MAX);

    SP_ASSERT_CMP(now, >=, state->time);
    if (count == 0)
        return false;
    *event = (sp_event){
        .seq = state->seq + 1,
        .time = now,
        .type = SP_EVENT_HOLDS_EXPIRED,
        .holds_expired = {ids, count},
    };
    return true;
}
