/* SPDX-License-Identifier: MIT */
#include "engine/bitmap.h"
#include "engine/decide_private.h"
#include "engine/spec.h"

/* The decoder's promises that bitmaps and prices rely on. */
static void assert_seats(const sp_seat *seats, uint32_t count)
{
    SP_ASSERT(count >= 1 && count <= SP_SEATS_PER_ORDER_MAX);
    for (uint32_t i = 1; i < count; i++)
        SP_ASSERT_CMP(seats[i - 1], <, seats[i]);
}

static sp_outcome check_window(const sp_deciding *d, const sp_concert_row *concert)
{
    if (d->now < concert->start_date) {
        sp_refuse(d, SP_SALES_NOT_OPEN);
        d->refusal->opens_at = concert->start_date;
        return SP_SALES_NOT_OPEN;
    }
    if (d->now >= concert->end_date)
        return sp_refuse(d, SP_SALES_CLOSED);
    return SP_OK;
}

static sp_outcome refuse_unknown_seats(const sp_deciding *d, const sp_concert_row *concert)
{
    sp_refusal *refusal = d->refusal;

    sp_refuse(d, SP_SEAT_UNKNOWN);
    for (uint32_t i = 0; i < d->command->order_create.seats_count; i++) {
        sp_seat seat = d->command->order_create.seats[i];
        if (seat >= concert->seats_count)
            refusal->conflicts[refusal->conflicts_count++] =
                (sp_seat_conflict){seat, SP_SEAT_FREE, 0};
    }
    return SP_SEAT_UNKNOWN;
}

/* Names every taken seat, so that a client can choose again at once. */
static sp_outcome refuse_taken_seats(const sp_deciding *d, const sp_concert_row *concert)
{
    sp_refusal *refusal = d->refusal;
    const uint64_t *sold = sp_state_sold_of(d->state, concert);
    const uint64_t *held = sp_state_held_of(d->state, concert);
    const sp_seq *seqs = &d->state->seat_seqs[(uint64_t)concert->first_word * 64];

    sp_refuse(d, SP_SEAT_TAKEN);
    for (uint32_t i = 0; i < d->command->order_create.seats_count; i++) {
        sp_seat seat = d->command->order_create.seats[i];
        bool is_sold = sp_bitmap_has(sold, seat);
        if (is_sold || sp_bitmap_has(held, seat))
            refusal->conflicts[refusal->conflicts_count++] =
                (sp_seat_conflict){seat, is_sold ? SP_SEAT_SOLD : SP_SEAT_HELD, seqs[seat]};
    }
    return SP_SEAT_TAKEN;
}

static sp_outcome check_points(const sp_deciding *d, const sp_concert_row *concert,
                               sp_points amount)
{
    if (d->actor->points < amount) {
        sp_refuse(d, SP_INSUFFICIENT_POINTS);
        d->refusal->points = d->actor->points;
        return SP_INSUFFICIENT_POINTS;
    }
    const sp_user_row *host = &d->state->users[concert->host];
    if (host != d->actor && !sp_points_can_move(d->actor->points, host->points, amount))
        return sp_refuse_limit(d, "points");
    return SP_OK;
}

static sp_outcome check_order_tables(const sp_deciding *d, uint32_t seats_count)
{
    const sp_state *state = d->state;

    if (state->orders_count >= state->limits.orders_max)
        return sp_refuse_limit(d, "orders");
    if (seats_count > 1 && seats_count > state->limits.order_seats_max - state->order_seats_count)
        return sp_refuse_limit(d, "order_seats");
    return SP_OK;
}

sp_outcome sp_decide_order_create(const sp_deciding *d)
{
    const sp_state *state = d->state;
    const sp_command *command = d->command;
    const sp_seat *seats = command->order_create.seats;
    uint32_t seats_count = command->order_create.seats_count;
    sp_points stated = command->order_create.amount;
    sp_outcome outcome;

    assert_seats(seats, seats_count);
    const sp_concert_row *concert = sp_state_concert_row(state, command->order_create.concert);
    if (!concert)
        return sp_refuse(d, SP_CONCERT_UNKNOWN);
    if ((outcome = check_window(d, concert)) != SP_OK)
        return outcome;
    if (seats[seats_count - 1] >= concert->seats_count) /* they ascend */
        return refuse_unknown_seats(d, concert);

    sp_points amount = sp_state_price(state, concert, seats, seats_count);
    if (stated != SP_AMOUNT_UNSTATED && stated != amount) {
        sp_refuse(d, SP_AMOUNT_MISMATCH);
        d->refusal->amount = amount;
        return SP_AMOUNT_MISMATCH;
    }
    uint32_t have = sp_caps_count(&state->caps, command->actor, command->order_create.concert);
    if (have + seats_count > concert->max_seats_per_user) {
        sp_refuse(d, SP_SEAT_LIMIT);
        d->refusal->max = concert->max_seats_per_user;
        d->refusal->have = have;
        return SP_SEAT_LIMIT;
    }
    if (sp_bitmap_any(sp_state_sold_of(state, concert), sp_state_held_of(state, concert), seats,
                      seats_count))
        return refuse_taken_seats(d, concert);
    if ((outcome = check_points(d, concert, amount)) != SP_OK ||
        (outcome = check_order_tables(d, seats_count)) != SP_OK)
        return outcome;

    d->event->type = SP_EVENT_ORDER_PAID;
    d->event->order_paid.order = state->orders_count + 1;
    d->event->order_paid.concert = command->order_create.concert;
    d->event->order_paid.buyer = command->actor;
    d->event->order_paid.amount = amount;
    d->event->order_paid.seats = seats;
    d->event->order_paid.seats_count = seats_count;
    return SP_OK;
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
