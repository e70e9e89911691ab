/* SPDX-License-Identifier: MIT */
#include "engine/bitmap.h"
#include "engine/decide_private.h"
#include "engine/finder.h"
#include "engine/spec.h"

sp_outcome sp_refuse_unknown_seats(const sp_deciding *d, const sp_concert_row *concert,
                                   const sp_seat *seats, uint32_t count)
{
    sp_refusal *refusal = d->refusal;

    sp_refuse(d, SP_SEAT_UNKNOWN);
    for (uint32_t i = 0; i < count; i++)
        if (seats[i] >= concert->seats_count)
            refusal->conflicts[refusal->conflicts_count++] =
                (sp_seat_conflict){seats[i], SP_SEAT_FREE, 0};
    return SP_SEAT_UNKNOWN;
}

/* Names every taken seat, so that a client can choose again at once. */
sp_outcome sp_refuse_taken_seats(const sp_deciding *d, const sp_concert_row *concert,
                                 const sp_seat *seats, uint32_t count)
{
    sp_refusal *refusal = d->refusal;
    const uint64_t *sold = sp_state_sold_of(d->state, concert);
    const uint64_t *held = sp_state_held_of(d->state, concert);
    const sp_seq *seqs = &d->state->seat_seqs[sp_concert_first_seat(concert)];

    sp_refuse(d, SP_SEAT_TAKEN);
    for (uint32_t i = 0; i < count; i++) {
        sp_seat seat = seats[i];
        bool is_sold = sp_bitmap_has(sold, seat);
        if (is_sold || sp_bitmap_has(held, seat))
            refusal->conflicts[refusal->conflicts_count++] =
                (sp_seat_conflict){seat, is_sold ? SP_SEAT_SOLD : SP_SEAT_HELD, seqs[seat]};
    }
    return SP_SEAT_TAKEN;
}

sp_outcome sp_refuse_orphans(const sp_deciding *d, const sp_concert_row *concert,
                             const sp_seat *seats, uint32_t count)
{
    sp_seat orphans[SP_ORPHANS_MAX];

    uint32_t orphans_count =
        sp_find_orphans(concert->card, sp_state_sold_of(d->state, concert),
                        sp_state_held_or_sold_of(d->state, concert), seats, count, orphans);
    if (orphans_count == 0)
        return SP_OK;
    sp_refuse(d, SP_ORPHAN_SEAT);
    if (orphans_count > SP_ORPHANS_MAX)
        orphans_count = SP_ORPHANS_MAX;
    d->refusal->conflicts_count = orphans_count;
    for (uint32_t i = 0; i < orphans_count; i++)
        d->refusal->conflicts[i] = (sp_seat_conflict){orphans[i], SP_SEAT_FREE, 0};
    return SP_ORPHAN_SEAT;
}

/* Late or another's: an ADMIN may, but has to say why. */
static sp_outcome check_cancel_right(const sp_deciding *d, const sp_order_row *order)
{
    const sp_concert_card *card = d->state->concerts[order->concert].card;
    sp_text reason = d->command->order_cancel.reason;
    bool reasoned_admin = sp_actor_is_admin(d) && reason.size > 0;

    if (d->now > card->spec.cancel_until && !reasoned_admin) {
        sp_refuse(d, SP_CANCEL_CLOSED);
        d->refusal->cancel_until = card->spec.cancel_until;
        return SP_CANCEL_CLOSED;
    }
    if (order->user != d->command->actor && !reasoned_admin)
        return sp_refuse_field(d, "reason", "must say why, to cancel another's order");
    if (!sp_text_fits_or_absent(reason, SP_REASON_SIZE_MAX))
        return sp_refuse_field(d, "reason", "must be at most 500 bytes of UTF-8");
    return SP_OK;
}

sp_outcome sp_decide_order_cancel(const sp_deciding *d)
{
    const sp_state *state = d->state;
    const sp_order_row *order = sp_state_order_row(state, d->command->order_cancel.order);
    sp_outcome outcome;

    if (!order || (order->user != d->command->actor && !sp_actor_is_admin(d)))
        return sp_refuse(d, SP_ORDER_UNKNOWN);
    if (order->status == SP_ORDER_CANCEL)
        return sp_refuse(d, SP_ALREADY_CANCELLED);
    if ((outcome = check_cancel_right(d, order)) != SP_OK)
        return outcome;

    sp_user_id host = state->concerts[order->concert].host;
    if (host != order->user && !sp_points_can_move(state->users[host].points,
                                                   state->users[order->user].points, order->amount))
        return sp_refuse_limit(d, "points");
    d->event->type = SP_EVENT_ORDER_CANCELLED;
    d->event->order_cancelled.order = d->command->order_cancel.order;
    d->event->order_cancelled.amount = order->amount;
    d->event->order_cancelled.reason = d->command->order_cancel.reason;
    return SP_OK;
}
