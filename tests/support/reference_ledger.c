/* SPDX-License-Identifier: MIT
 *
 * The reference's ledger and totals, the naive way: every movement of points that
 * any event ever made is written down for each user whom it concerns, and a page
 * is looked up from the end of that list, entry by entry.
 */
#include <stdlib.h>

#include "engine/assert.h"
#include "tests/support/reference.h"

static void note(sp_reference *r, sp_user_id user, const sp_event *event, sp_points amount,
                 sp_order_id order)
{
    sp_reference_user *u = &r->users[user - 1];
    u->moves = realloc(u->moves, (u->moves_count + 1) * sizeof *u->moves);
    SP_ASSERT(u->moves != NULL);
    u->moves[u->moves_count++] =
        (sp_reference_move){event->seq, event->time, event->type, amount, order};
}

static void note_order(sp_reference *r, const sp_event *event, sp_order_id id, sp_points paid)
{
    const sp_reference_order *order = &r->orders[id - 1];
    sp_user_id host = r->concerts[order->concert - 1].host;
    if (host == order->user) {
        note(r, host, event, 0, id);
        return;
    }
    note(r, order->user, event, -paid, id);
    note(r, host, event, paid, id);
}

/* What a concert's cancelling moved, a line for each of its buyers and its host, who is
 * perhaps one of them: of the orders that this very event has cancelled. */
static void note_refunds(sp_reference *r, const sp_event *event)
{
    sp_user_id host = r->concerts[event->concert_cancelled.concert - 1].host;
    bool any = false;
    for (uint32_t i = 0; i < r->orders_count; i++)
        any |= r->orders[i].cancelled_at != 0 && r->orders[i].seq == event->seq;
    for (sp_user_id user = 1; user <= r->users_count; user++) {
        sp_points amount = 0;
        bool touched = any && user == host;
        for (uint32_t i = 0; i < r->orders_count; i++) {
            const sp_reference_order *order = &r->orders[i];
            if (order->cancelled_at == 0 || order->seq != event->seq)
                continue;
            if (order->user == user)
                amount += order->amount;
            if (host == user)
                amount -= order->amount;
            touched |= order->user == user;
        }
        if (touched)
            note(r, user, event, amount, 0);
    }
}

void sp_reference_note(sp_reference *r, const sp_event *e)
{
    switch (e->type) {
    case SP_EVENT_USER_CREATED:
        if (e->user_created.points > 0)
            note(r, e->user_created.user, e, e->user_created.points, 0);
        break;
    case SP_EVENT_POINTS_GRANTED:
        note(r, e->points_granted.user, e, e->points_granted.amount, 0);
        break;
    case SP_EVENT_ORDER_PAID:
        note_order(r, e, e->order_paid.order, e->order_paid.amount);
        break;
    case SP_EVENT_ORDER_CANCELLED:
        note_order(r, e, e->order_cancelled.order, -e->order_cancelled.amount);
        break;
    case SP_EVENT_CONCERT_CANCELLED:
        note_refunds(r, e);
        break;
    default:
        break;
    }
}

uint32_t sp_reference_grants_count(const sp_reference *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->users_count; i++)
        for (uint32_t m = 0; m < r->users[i].moves_count; m++)
            count += r->users[i].moves[m].type == SP_EVENT_USER_CREATED ||
                     r->users[i].moves[m].type == SP_EVENT_POINTS_GRANTED;
    return count;
}

/* A balance at any time is what all entries up to then add up to. */
static sp_points balance_after(const sp_reference_user *user, uint32_t moves_count)
{
    sp_points sum = 0;
    for (uint32_t i = 0; i < moves_count; i++)
        sum += user->moves[i].amount;
    return sum;
}

uint32_t sp_reference_query_ledger(const sp_reference *r, const sp_command *q,
                                   sp_ledger_item *items, sp_seq *next, sp_points *next_balance)
{
    *next = 0;
    *next_balance = 0;
    if (q->actor == 0)
        return 0; /* the operator has no points */
    const sp_reference_user *user = &r->users[q->actor - 1];
    sp_points skew = 0;
    uint32_t end = user->moves_count, count = 0;
    if (q->query_ledger.before != 0) {
        while (end > 0 && user->moves[end - 1].seq != q->query_ledger.before)
            end--;
        if (end == 0)
            return 0; /* no entry of his */
        end--;
        if (q->query_ledger.balance > SP_POINTS_TOTAL_MAX ||
            q->query_ledger.balance < -SP_POINTS_TOTAL_MAX)
            return 0;
        skew = q->query_ledger.balance - balance_after(user, end);
    }
    for (; end > 0 && count < q->query_ledger.count_max; end--, count++) {
        const sp_reference_move *move = &user->moves[end - 1];
        items[count] = (sp_ledger_item){
            move->seq,  move->time, move->type, move->amount, balance_after(user, end) + skew,
            move->order};
    }
    if (end > 0) {
        *next = items[count - 1].seq;
        *next_balance = balance_after(user, end) + skew;
    }
    return count;
}

sp_concert_totals sp_reference_totals(const sp_reference *r, sp_concert_id concert)
{
    sp_concert_totals totals = {0};
    for (uint32_t i = 0; i < r->orders_count; i++) {
        const sp_reference_order *order = &r->orders[i];
        if (order->concert != concert)
            continue;
        totals.orders++;
        totals.amount += order->amount;
        if (order->cancelled_at != 0) {
            totals.cancelled++;
            totals.refunded += order->amount;
        } else {
            totals.seats += order->seats_count;
        }
    }
    return totals;
}
