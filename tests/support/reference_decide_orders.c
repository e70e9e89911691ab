/* SPDX-License-Identifier: MIT
 *
 * Deciding on orders, and the checks that holds share with them.
 */
#include "tests/support/reference_private.h"

typedef sp_reference_answer answer;

/* Seats that stand in lists: an order of a single seat needs no list. */
static uint64_t listed_seats(const sp_reference *r)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < r->orders_count; i++)
        if (r->orders[i].seats_count > 1)
            count += r->orders[i].seats_count;
    return count;
}

/* ---- What orders and holds share ---- */

sp_outcome sp_reference_sale(const sp_reference_concert *concert, sp_time_ms now, answer *a)
{
    if (concert->sale == SP_SALE_CANCELLED)
        return SP_CONCERT_CANCELLED;
    if (concert->sale == SP_SALE_PAUSED)
        return SP_SALES_PAUSED;
    if (now < concert->start_date) {
        a->refusal.opens_at = concert->start_date;
        return SP_SALES_NOT_OPEN;
    }
    return now >= concert->end_date ? SP_SALES_CLOSED : SP_OK;
}

sp_outcome sp_reference_conflict(answer *a, const sp_reference_concert *concert,
                                 const sp_seat *seats, uint32_t count, sp_outcome outcome)
{
    sp_refusal *refusal = &a->refusal;
    for (uint32_t i = 0; i < count; i++) {
        if (outcome == SP_SEAT_UNKNOWN) {
            if (seats[i] >= concert->seats_count)
                refusal->conflicts[refusal->conflicts_count++].seat = seats[i];
            continue;
        }
        const sp_reference_seat *seat = &concert->seats[seats[i]];
        if (!sp_reference_is_free(seat))
            refusal->conflicts[refusal->conflicts_count++] = (sp_seat_conflict){
                seats[i], seat->order != 0 ? SP_SEAT_SOLD : SP_SEAT_HELD, seat->seq};
    }
    return refusal->conflicts_count > 0 ? outcome : SP_OK;
}

sp_outcome sp_reference_seat_limit(const sp_reference *r, const sp_command *c, sp_concert_id id,
                                   uint32_t count, answer *a)
{
    a->refusal.max = r->concerts[id - 1].max_seats_per_user;
    a->refusal.have = sp_reference_user_seats(r, c->actor, id);
    return a->refusal.have + count > a->refusal.max ? SP_SEAT_LIMIT : SP_OK;
}

sp_outcome sp_reference_orphans(answer *a, const sp_reference_concert *concert,
                                const sp_seat *seats, uint32_t count)
{
    sp_seat orphans[SP_SEATS_PER_ORDER_MAX];
    if (!concert->no_orphans)
        return SP_OK;
    uint32_t orphans_count = sp_reference_find_orphans(concert, seats, count, orphans);
    for (uint32_t i = 0; i < orphans_count && i < SP_SEATS_PER_ORDER_MAX; i++)
        a->refusal.conflicts[a->refusal.conflicts_count++].seat = orphans[i];
    return orphans_count > 0 ? SP_ORPHAN_SEAT : SP_OK;
}

sp_points sp_reference_price(const sp_reference_concert *concert, const sp_seat *seats,
                             uint32_t count)
{
    sp_points amount = 0;
    for (uint32_t i = 0; i < count; i++)
        amount += concert->seats[seats[i]].price;
    return amount;
}

static sp_outcome stated_amount(const sp_command *c, sp_points amount, answer *a)
{
    a->refusal.amount = amount;
    return c->order_create.amount == SP_AMOUNT_UNSTATED || c->order_create.amount == amount
               ? SP_OK
               : SP_AMOUNT_MISMATCH;
}

static sp_outcome payment(const sp_reference *r, const sp_command *c, sp_user_id host,
                          sp_points amount, uint32_t seats_count, answer *a)
{
    a->refusal.points = r->users[c->actor - 1].points;
    if (a->refusal.points < amount)
        return SP_INSUFFICIENT_POINTS;
    if (!sp_reference_can_move(r, c->actor, host, amount))
        return sp_reference_limit(a, "points");
    if (r->orders_count == r->limits.orders_max)
        return sp_reference_limit(a, "orders");
    if (seats_count > 1 && listed_seats(r) + seats_count > r->limits.order_seats_max)
        return sp_reference_limit(a, "order_seats");
    return SP_OK;
}

/* ---- Orders ---- */

static void order_fill(const sp_reference *r, const sp_command *c, answer *a)
{
    a->event.type = SP_EVENT_ORDER_PAID;
    a->event.order_paid.order = r->orders_count + 1;
    a->event.order_paid.buyer = c->actor;
    a->event.order_paid.job = c->order_create.job;
}

sp_outcome sp_reference_decide_order(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                     answer *a)
{
    sp_concert_id id = c->order_create.concert;
    uint32_t count = c->order_create.seats_count;
    const sp_seat *seats = c->order_create.seats;
    sp_outcome outcome;
    if (id < 1 || id > r->concerts_count)
        return SP_CONCERT_UNKNOWN;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    if ((outcome = sp_reference_sale(concert, now, a)) != SP_OK ||
        (outcome = sp_reference_conflict(a, concert, seats, count, SP_SEAT_UNKNOWN)) != SP_OK)
        return outcome;
    sp_points amount = sp_reference_price(concert, seats, count);
    if ((outcome = stated_amount(c, amount, a)) != SP_OK ||
        (outcome = sp_reference_seat_limit(r, c, id, count, a)) != SP_OK ||
        (outcome = sp_reference_conflict(a, concert, seats, count, SP_SEAT_TAKEN)) != SP_OK ||
        (outcome = sp_reference_orphans(a, concert, seats, count)) != SP_OK ||
        (outcome = payment(r, c, concert->host, amount, count, a)) != SP_OK)
        return outcome;
    order_fill(r, c, a);
    a->event.order_paid.concert = id;
    a->event.order_paid.amount = amount;
    a->event.order_paid.seats = seats;
    a->event.order_paid.seats_count = count;
    return SP_OK;
}

/* A hold that is ended or overdue is told from one that never was as long as its
 * place is not another's. */
sp_outcome sp_reference_own_hold(const sp_reference *r, const sp_command *c, sp_hold_id id,
                                 sp_time_ms now, const sp_reference_hold **found)
{
    const sp_reference_hold *hold = sp_reference_hold_of(r, id);
    if (hold == NULL || hold->user != c->actor || !sp_reference_is_remembered(r, hold))
        return SP_HOLD_UNKNOWN;
    if (hold->status == SP_REFERENCE_RELEASED || hold->status == SP_REFERENCE_BOUGHT)
        return SP_HOLD_UNKNOWN;
    if (hold->status == SP_REFERENCE_CANCELLED)
        return SP_CONCERT_CANCELLED;
    *found = hold;
    return hold->status == SP_REFERENCE_EXPIRED || hold->deadline <= now ? SP_HOLD_EXPIRED : SP_OK;
}

sp_outcome sp_reference_decide_bought(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                      answer *a)
{
    const sp_reference_hold *hold;
    sp_outcome outcome = sp_reference_own_hold(r, c, c->order_create.hold, now, &hold);
    if (outcome != SP_OK)
        return outcome;
    const sp_reference_concert *concert = &r->concerts[hold->concert - 1];
    if ((outcome = sp_reference_sale(concert, now, a)) != SP_OK ||
        (outcome = stated_amount(c, hold->amount, a)) != SP_OK ||
        (outcome = payment(r, c, concert->host, hold->amount, hold->seats_count, a)) != SP_OK)
        return outcome;
    order_fill(r, c, a);
    memcpy(a->seats, hold->seats, hold->seats_count * sizeof *a->seats);
    a->event.order_paid.concert = hold->concert;
    a->event.order_paid.amount = hold->amount;
    a->event.order_paid.seats = a->seats;
    a->event.order_paid.seats_count = hold->seats_count;
    a->event.order_paid.hold = hold->id;
    return SP_OK;
}

sp_outcome sp_reference_decide_cancel(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                      answer *a)
{
    sp_order_id id = c->order_cancel.order;
    bool admin = sp_reference_is_admin(r, c->actor);
    bool reason = c->order_cancel.reason.size > 0;
    if (id < 1 || id > r->orders_count)
        return SP_ORDER_UNKNOWN;
    const sp_reference_order *order = &r->orders[id - 1];
    if (order->user != c->actor && !admin)
        return SP_ORDER_UNKNOWN;
    if (order->cancelled_at != 0)
        return SP_ALREADY_CANCELLED;
    const sp_reference_concert *concert = &r->concerts[order->concert - 1];
    a->refusal.cancel_until = concert->cancel_until;
    if (now > concert->cancel_until && !(admin && reason))
        return SP_CANCEL_CLOSED;
    if (order->user != c->actor && !reason) {
        a->refusal.field = "reason";
        return SP_VALIDATION_FAILED;
    }
    if (!sp_reference_can_move(r, concert->host, order->user, order->amount))
        return sp_reference_limit(a, "points");
    a->event.type = SP_EVENT_ORDER_CANCELLED;
    a->event.order_cancelled.order = id;
    a->event.order_cancelled.amount = order->amount;
    a->event.order_cancelled.reason = c->order_cancel.reason;
    return SP_OK;
}
