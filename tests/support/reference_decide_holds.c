/* SPDX-License-Identifier: MIT
 *
 * Deciding on holds.
 */
#include "tests/support/reference_private.h"

typedef sp_reference_answer answer;

/* Seats asked for by number, into the answer. */
static sp_outcome named(const sp_reference_concert *concert, const sp_command *c, answer *a)
{
    const sp_seat *seats = c->hold_take.seats;
    uint32_t count = c->hold_take.seats_count;
    sp_outcome outcome = sp_reference_conflict(a, concert, seats, count, SP_SEAT_TAKEN);
    if (outcome != SP_OK)
        return outcome;
    memcpy(a->seats, seats, count * sizeof *seats);
    return sp_reference_orphans(a, concert, seats, count);
}

static bool is_named(const sp_reference_grade *grade, sp_text name)
{
    return grade->size == name.size && memcmp(grade->name, name.bytes, name.size) == 0;
}

static sp_outcome best(const sp_reference_concert *concert, const sp_command *c, answer *a)
{
    uint32_t grade = SP_REFERENCE_ANY_GRADE;
    if (c->hold_take.grade.bytes != NULL) {
        for (grade = 0; grade < concert->grades_count; grade++)
            if (is_named(&concert->grades[grade], c->hold_take.grade))
                break;
        if (grade == concert->grades_count) {
            a->refusal.field = "bestAvailable.grade";
            return SP_VALIDATION_FAILED;
        }
    }
    return sp_reference_find_best(concert, grade, c->hold_take.best_count, c->hold_take.allow_split,
                                  a->seats, &a->refusal.largest_run)
               ? SP_OK
               : SP_NO_ADJACENT_SEATS;
}

sp_outcome sp_reference_decide_take(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                    answer *a)
{
    sp_concert_id id = c->hold_take.concert;
    bool is_best = c->hold_take.best_count != 0;
    uint32_t count = is_best ? c->hold_take.best_count : c->hold_take.seats_count;
    sp_outcome outcome;
    if (id < 1 || id > r->concerts_count)
        return SP_CONCERT_UNKNOWN;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    if ((outcome = sp_reference_sale(concert, now, a)) != SP_OK)
        return outcome;
    if (!is_best && (outcome = sp_reference_conflict(a, concert, c->hold_take.seats, count,
                                                     SP_SEAT_UNKNOWN)) != SP_OK)
        return outcome;
    if ((outcome = sp_reference_seat_limit(r, c, id, count, a)) != SP_OK)
        return outcome;
    outcome = is_best ? best(concert, c, a) : named(concert, c, a);
    if (outcome != SP_OK)
        return outcome;
    if (sp_reference_next_hold(r) == 0)
        return sp_reference_limit(a, "holds");
    a->event.type = SP_EVENT_HOLD_TAKEN;
    a->event.hold_taken.hold = sp_reference_next_hold(r);
    a->event.hold_taken.concert = id;
    a->event.hold_taken.user = c->actor;
    a->event.hold_taken.amount = sp_reference_price(concert, a->seats, count);
    a->event.hold_taken.expires_at = sp_reference_deadline(concert, now, now);
    a->event.hold_taken.seats = a->seats;
    a->event.hold_taken.seats_count = count;
    return SP_OK;
}

sp_outcome sp_reference_decide_extend(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                      answer *a)
{
    const sp_reference_hold *hold;
    sp_outcome outcome = sp_reference_own_hold(r, c, c->hold_extend.hold, now, &hold);
    if (outcome != SP_OK)
        return outcome;
    const sp_reference_concert *concert = &r->concerts[hold->concert - 1];
    /* As late as can be, or later: the concert may have been edited since. */
    if (hold->deadline >= sp_reference_deadline(concert, hold->created_at, SP_TIME_MAX))
        return SP_HOLD_EXTEND_LIMIT;
    a->event.type = SP_EVENT_HOLD_EXTENDED;
    a->event.hold_extended.hold = hold->id;
    a->event.hold_extended.taken = hold->taken_seq;
    a->event.hold_extended.expires_at = sp_reference_deadline(concert, hold->created_at, now);
    if (a->event.hold_extended.expires_at < hold->deadline)
        a->event.hold_extended.expires_at = hold->deadline; /* never earlier */
    return SP_OK;
}

sp_outcome sp_reference_decide_release(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                       answer *a)
{
    const sp_reference_hold *hold;
    sp_outcome outcome = sp_reference_own_hold(r, c, c->hold_release.hold, now, &hold);
    if (outcome != SP_OK)
        return outcome;
    a->event.type = SP_EVENT_HOLD_RELEASED;
    a->event.hold_released.hold = hold->id;
    return SP_OK;
}
