/* SPDX-License-Identifier: MIT
 *
 * Holds, the naive way: a struct a hold in an array that only grows, gone through
 * for every question.
 */
#include "tests/support/reference_private.h"

typedef sp_reference_hold hold;

sp_reference_hold *sp_reference_hold_of(const sp_reference *r, sp_hold_id id)
{
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].id == id)
            return &r->holds[i];
    return NULL;
}

uint32_t sp_reference_holds_count(const sp_reference *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->holds_count; i++)
        count += r->holds[i].status == SP_REFERENCE_LIVES;
    return count;
}

static sp_hold_id newest(const sp_reference *r)
{
    return r->holds_count > 0 ? r->holds[r->holds_count - 1].id : 0;
}

/* ---- Ids: each has a place, and shares it with those so many before and after. ---- */

static uint32_t places_count(const sp_reference *r)
{
    uint32_t count = 1;
    while (count < 2 * r->limits.holds_max)
        count *= 2;
    return count;
}

static bool share_a_place(const sp_reference *r, sp_hold_id a, sp_hold_id b)
{
    return a % places_count(r) == b % places_count(r);
}

bool sp_reference_is_remembered(const sp_reference *r, const sp_reference_hold *h)
{
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].id > h->id && share_a_place(r, r->holds[i].id, h->id))
            return false;
    return true;
}

static bool lives_at_place_of(const sp_reference *r, sp_hold_id id)
{
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].status == SP_REFERENCE_LIVES && share_a_place(r, r->holds[i].id, id))
            return true;
    return false;
}

sp_hold_id sp_reference_next_hold(const sp_reference *r)
{
    if (sp_reference_holds_count(r) == r->limits.holds_max)
        return 0;
    sp_hold_id id = newest(r) + 1;
    while (lives_at_place_of(r, id))
        id++;
    return id;
}

/* ---- Time ---- */

sp_time_ms sp_reference_deadline(const sp_reference_concert *concert, sp_time_ms created_at,
                                 sp_time_ms now)
{
    sp_time_ms length_ms = (sp_time_ms)concert->hold_seconds * 1000;
    sp_time_ms deadline = now + length_ms;
    if (deadline > created_at + SP_HOLD_EXTENSION_FACTOR * length_ms)
        deadline = created_at + SP_HOLD_EXTENSION_FACTOR * length_ms;
    if (deadline > concert->end_date)
        deadline = concert->end_date;
    return deadline;
}

static bool ends_before(const hold *a, const hold *b)
{
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->id < b->id);
}

/* The living hold that ends next after this one (NULL: the first of all). */
static const hold *next_to_end(const sp_reference *r, const hold *after)
{
    const hold *next = NULL;
    for (uint32_t i = 0; i < r->holds_count; i++) {
        const hold *h = &r->holds[i];
        if (h->status == SP_REFERENCE_LIVES && (after == NULL || ends_before(after, h)) &&
            (next == NULL || ends_before(h, next)))
            next = h;
    }
    return next;
}

uint32_t sp_reference_due(const sp_reference *r, sp_time_ms now, sp_hold_id *ids)
{
    uint32_t count = 0;
    const hold *h = next_to_end(r, NULL);
    for (; h != NULL && h->deadline <= now; h = next_to_end(r, h))
        ids[count++] = h->id;
    return count;
}

bool sp_reference_expiry(const sp_reference *r, sp_time_ms now,
                         sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX], sp_event *event)
{
    sp_hold_id *due = malloc((r->holds_count + 1u) * sizeof *due);
    SP_ASSERT(due != NULL);
    uint32_t count = sp_reference_due(r, now, due);
    if (count > SP_HOLDS_PER_EXPIRY_MAX)
        count = SP_HOLDS_PER_EXPIRY_MAX;
    memcpy(ids, due, count * sizeof *ids);
    free(due);
    *event = (sp_event){.seq = r->seq + 1,
                        .time = now,
                        .type = SP_EVENT_HOLDS_EXPIRED,
                        .holds_expired = {ids, count}};
    return count > 0;
}

const char *sp_reference_check_overdue(const sp_reference *r, const sp_event *e)
{
    const hold *first = next_to_end(r, NULL);
    /* A start is recorded on a disk that is too full for anything else. */
    if (first != NULL && first->deadline <= e->time && e->type != SP_EVENT_HOLDS_EXPIRED &&
        e->type != SP_EVENT_SERVER_STARTED)
        return "something happened while a hold was overdue";
    return NULL;
}

/* ---- Events ---- */

/* The living hold of the event's actor, whose time has not come. */
static hold *living_of(const sp_reference *r, sp_hold_id id, const sp_event *e)
{
    hold *h = sp_reference_hold_of(r, id);
    return h != NULL && h->status == SP_REFERENCE_LIVES && h->user == e->actor &&
                   h->deadline > e->time
               ? h
               : NULL;
}

static void end(sp_reference *r, hold *h, sp_reference_hold_status status, sp_seq seq)
{
    h->status = status;
    h->seq = seq;
    sp_reference_seats_set(r, h->concert, h->seats, h->seats_count, 0, 0, seq);
}

const char *sp_reference_hold_take(sp_reference *r, const sp_event *e)
{
    hold taken = {.id = e->hold_taken.hold,
                  .concert = e->hold_taken.concert,
                  .user = e->hold_taken.user,
                  .amount = e->hold_taken.amount,
                  .created_at = e->time,
                  .deadline = e->hold_taken.expires_at,
                  .taken_seq = e->seq,
                  .seq = e->seq,
                  .status = SP_REFERENCE_LIVES,
                  .seats_count = e->hold_taken.seats_count};
    if (taken.concert < 1 || taken.concert > r->concerts_count ||
        !sp_reference_is_user(r, taken.user) || taken.user != e->actor)
        return "a hold at no concert or of nobody";
    const sp_reference_concert *concert = &r->concerts[taken.concert - 1];
    if (concert->sale != SP_SALE_OPEN)
        return "a hold at a concert that is paused or cancelled";
    if (e->time < concert->start_date || e->time >= concert->end_date)
        return "a hold outside the window";
    for (uint32_t i = 0; i < taken.seats_count; i++) {
        taken.seats[i] = e->hold_taken.seats[i];
        if (taken.seats[i] >= concert->seats_count)
            return "a seat was held that is none";
        if (!sp_reference_is_free(&concert->seats[taken.seats[i]]))
            return "a seat was held that was another's";
    }
    if (taken.amount != sp_reference_price(concert, taken.seats, taken.seats_count))
        return "a hold's amount is not the price of its seats";
    if (taken.deadline <= e->time)
        return "a hold ends before it begins";
    if (taken.id <= newest(r))
        return "a hold's id is not above those before";
    SP_REFERENCE_GROW(r->holds, r->holds_count);
    r->holds[r->holds_count++] = taken;
    sp_reference_seats_set(r, taken.concert, taken.seats, taken.seats_count, 0, taken.id, e->seq);
    return NULL;
}

const char *sp_reference_hold_extend(sp_reference *r, const sp_event *e)
{
    hold *h = living_of(r, e->hold_extended.hold, e);
    if (h == NULL)
        return "a hold was extended that does not live, or is another's";
    if (e->hold_extended.taken != h->taken_seq)
        return "an extension names another event than that of its hold";
    if (e->hold_extended.expires_at < h->deadline)
        return "an extension makes a hold shorter";
    h->deadline = e->hold_extended.expires_at;
    h->seq = e->seq;
    return NULL;
}

const char *sp_reference_hold_release(sp_reference *r, const sp_event *e)
{
    hold *h = living_of(r, e->hold_released.hold, e);
    if (h == NULL)
        return "a hold was released that does not live, or is another's";
    end(r, h, SP_REFERENCE_RELEASED, e->seq);
    return NULL;
}

const char *sp_reference_hold_buy(sp_reference *r, const sp_event *e)
{
    hold *h = living_of(r, e->order_paid.hold, e);
    if (h == NULL || h->concert != e->order_paid.concert)
        return "a hold was bought that does not live, or is another's";
    if (h->seats_count != e->order_paid.seats_count)
        return "a part of a hold was bought";
    end(r, h, SP_REFERENCE_BOUGHT, e->seq);
    return NULL;
}

const char *sp_reference_holds_expire(sp_reference *r, const sp_event *e)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event expected;
    if (!sp_reference_expiry(r, e->time, ids, &expected) ||
        expected.holds_expired.holds_count != e->holds_expired.holds_count ||
        memcmp(ids, e->holds_expired.holds, e->holds_expired.holds_count * sizeof *ids) != 0)
        return "the holds that were ended are not those that were due";
    for (uint32_t i = 0; i < expected.holds_expired.holds_count; i++)
        end(r, sp_reference_hold_of(r, ids[i]), SP_REFERENCE_EXPIRED, e->seq);
    return NULL;
}

uint32_t sp_reference_held_count(const sp_reference *r, sp_concert_id concert)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].concert == concert && r->holds[i].status == SP_REFERENCE_LIVES)
            count += r->holds[i].seats_count;
    return count;
}

void sp_reference_holds_cancel(sp_reference *r, sp_concert_id concert, sp_seq seq)
{
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].concert == concert && r->holds[i].status == SP_REFERENCE_LIVES)
            end(r, &r->holds[i], SP_REFERENCE_CANCELLED, seq);
}
