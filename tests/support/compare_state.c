/* SPDX-License-Identifier: MIT */
#include "tests/support/compare_private.h"

#include <stdlib.h>

const char *sp_compare_user_view(const sp_reference *r, sp_user_id user, const sp_user_view *view)
{
    const sp_reference_user *expected = &r->users[user - 1];
    EQUAL("user's id", user, user, view->id);
    EQUAL("user's role", user, expected->erased ? 0 : expected->role, view->role);
    EQUAL("user's points", user, expected->points, view->points);
    EQUAL("user's created_at", user, expected->created_at, view->created_at);
    return NULL;
}

const char *sp_compare_user(const sp_reference *r, sp_user_id user, const sp_state *state)
{
    sp_user_view view;
    EQUAL("user is known", user, sp_reference_is_user(r, user), sp_state_user(state, user, &view));
    bool ever = user >= 1 && user <= r->users_count;
    EQUAL("user is remembered", user, ever, sp_state_user_ever(state, user, &view));
    return ever ? sp_compare_user_view(r, user, &view) : NULL;
}

/* `cancelled`: as it is after its cancel; else as it was when it was paid. */
const char *sp_compare_order_view(const sp_reference *r, sp_order_id id, bool cancelled, sp_seq seq,
                                  const sp_order_view *view)
{
    const sp_reference_order *order = &r->orders[id - 1];
    EQUAL("order's id", id, id, view->id);
    EQUAL("order's concert", id, order->concert, view->concert);
    EQUAL("order's user", id, order->user, view->user);
    EQUAL("order's status", id, cancelled ? SP_ORDER_CANCEL : SP_ORDER_PAYMENT, view->status);
    EQUAL("order's amount", id, order->amount, view->amount);
    EQUAL("order's created_at", id, order->created_at, view->created_at);
    EQUAL("order's cancelled_at", id, cancelled ? order->cancelled_at : 0, view->cancelled_at);
    EQUAL("order's seq", id, seq, view->seq);
    EQUAL("order's seats_count", id, order->seats_count, view->seats_count);
    for (uint32_t i = 0; i < order->seats_count; i++)
        EQUAL("order's seat", id, order->seats[i], view->seats[i]);
    return NULL;
}

const char *sp_compare_order_now(const sp_reference *r, sp_order_id id, const sp_order_view *view)
{
    const sp_reference_order *order = &r->orders[id - 1];
    return sp_compare_order_view(r, id, order->cancelled_at != 0, order->seq, view);
}

const char *sp_compare_order(const sp_reference *r, sp_order_id order, const sp_state *state)
{
    sp_order_view view;
    EQUAL("order is known", order, order >= 1 && order <= r->orders_count,
          sp_state_order(state, order, &view));
    if (order < 1 || order > r->orders_count)
        return NULL;
    return sp_compare_order_now(r, order, &view);
}

const char *sp_compare_words(const sp_reference_concert *concert, sp_concert_id id,
                             const uint64_t *sold, const uint64_t *held)
{
    for (uint32_t bit = 0; bit < 64 * sp_words_of_seats(concert->seats_count); bit++) {
        const sp_reference_seat *seat =
            bit < concert->seats_count ? &concert->seats[bit] : &(sp_reference_seat){0};
        if ((seat->order != 0) != ((sold[bit / 64] >> (bit % 64)) & 1))
            return sp_compare_failed("concert %u, seat %u: sold is %d, should be %d", id, bit,
                                     seat->order == 0, seat->order != 0);
        if ((seat->hold != 0) != ((held[bit / 64] >> (bit % 64)) & 1))
            return sp_compare_failed("concert %u, seat %u: held is %d, should be %d", id, bit,
                                     seat->hold == 0, seat->hold != 0);
    }
    return NULL;
}

uint32_t sp_compare_sold_count(const sp_reference_concert *concert)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < concert->seats_count; i++)
        count += concert->seats[i].order != 0;
    return count;
}

uint32_t sp_compare_held_count(const sp_reference_concert *concert)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < concert->seats_count; i++)
        count += concert->seats[i].hold != 0;
    return count;
}

const char *sp_compare_concert(const sp_reference *r, sp_concert_id id, const sp_state *state)
{
    const sp_concert_card *card = sp_state_concert(state, id);
    EQUAL("concert is known", id, id >= 1 && id <= r->concerts_count, card != NULL);
    if (card == NULL)
        return NULL;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    EQUAL("card's seats_count", id, concert->seats_count, card->seats_count);
    EQUAL("concert's seq", id, concert->seq, sp_state_concert_seq(state, id));
    EQUAL("concert's sale", id, concert->sale, sp_state_sale(state, id));
    EQUAL("concert's sold_count", id, sp_compare_sold_count(concert),
          sp_state_sold_count(state, id));
    EQUAL("concert's held_count", id, sp_compare_held_count(concert),
          sp_state_held_count(state, id));
    PASS_ON(sp_compare_words(concert, id, sp_state_sold_words(state, id),
                             sp_state_held_words(state, id)));
    for (uint32_t i = 0; i < concert->seats_count; i++)
        EQUAL("seat's seq", i, concert->seats[i].seq, sp_state_seat_seq(state, id, i));
    EQUAL("seq of no seat", id, 0, sp_state_seat_seq(state, id, concert->seats_count));
    for (sp_user_id user = 1; user <= r->users_count; user++)
        EQUAL("user's seats", user, sp_reference_user_seats(r, user, id),
              sp_state_user_seats(state, user, id));
    return NULL;
}

static const char *compare_place(const sp_reference_concert *concert, const sp_concert_card *card,
                                 sp_seat seat)
{
    sp_seat_place place = sp_card_place(card, seat);
    EQUAL("seat's grade", seat, concert->seats[seat].grade, place.grade - card->grades);
    EQUAL("seat's price", seat, concert->seats[seat].price, place.grade->price);
    EQUAL("seat's row", seat, concert->seats[seat].row, place.row);
    EQUAL("seat's number", seat, concert->seats[seat].number, place.number);
    return NULL;
}

/* Its texts and dates, by way of the event that would make it again. */
static const char *compare_stated(const sp_event *stated, const sp_concert_card *card)
{
    sp_event again = *stated;
    again.concert_created.spec = card->spec;
    return sp_compare_event(stated, &again);
}

static const char *compare_card_as_made(const sp_reference_concert *concert, sp_concert_id id,
                                        const sp_concert_card *card)
{
    const sp_concert_card *made = card->created;
    EQUAL("there is a card as it was made", id, 1, made != NULL);
    EQUAL("it is its own", id, 1, made->created == made);
    EQUAL("made card's id", id, id, made->id);
    EQUAL("made card's layout_seq", id, concert->created->seq, made->layout_seq);
    EQUAL("never edited, a card is as it was made", id, concert->created->seq == concert->own_seq,
          concert->created->seq == concert->own_seq && made == card);
    return compare_stated(concert->created, made);
}

const char *sp_compare_card(const sp_reference *r, sp_concert_id id, const sp_concert_card *card)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    EQUAL("there is a card", id, 1, card != NULL);
    EQUAL("card's id", id, id, card->id);
    EQUAL("card's host", id, concert->host, card->host);
    EQUAL("card's created_at", id, concert->created_at, card->created_at);
    EQUAL("card's created_seq", id, concert->created->seq, card->created_seq);
    EQUAL("card's layout_seq", id, concert->layout_seq, card->layout_seq);
    EQUAL("card's rows_count", id, concert->rows_count, card->rows_count);
    EQUAL("card's seats_count", id, concert->seats_count, card->seats_count);
    EQUAL("card's last row's end", id, concert->seats_count,
          card->row_first_seat[card->rows_count]);
    for (sp_seat seat = 0; seat < concert->seats_count; seat++)
        PASS_ON(compare_place(concert, card, seat));
    PASS_ON(compare_stated(concert->stated, card));
    return compare_card_as_made(concert, id, card);
}

const char *sp_compare_totals(const sp_reference *r, const sp_state *state)
{
    EQUAL("state's seq", 0, r->seq, sp_state_seq(state));
    EQUAL("state's time", 0, r->time, sp_state_time(state));
    EQUAL("users", 0, r->users_count, sp_state_users_count(state));
    EQUAL("admins", 0, sp_reference_admins_count(r), sp_state_admins_count(state));
    EQUAL("categories", 0, r->categories_count, sp_state_categories_count(state));
    EQUAL("concerts", 0, r->concerts_count, sp_state_concerts_count(state));
    EQUAL("orders", 0, r->orders_count, sp_state_orders_count(state));
    EQUAL("living holds", 0, sp_reference_holds_count(r), sp_state_holds_count(state));
    EQUAL("newest hold", 0, r->holds_count > 0 ? r->holds[r->holds_count - 1].id : 0,
          sp_state_newest_hold(state));
    EQUAL("points_total", 0, r->granted, sp_state_points_total(state));
    return NULL;
}

/* Conservation, from the state alone: balances sum up to what was granted. */
static const char *compare_points_sum(const sp_reference *r, const sp_state *state)
{
    sp_points sum = 0;
    for (sp_user_id user = 1; user <= r->users_count; user++) {
        sp_user_view view;
        if (sp_state_user_ever(state, user, &view))
            sum += view.points;
    }
    EQUAL("sum of all balances", 0, r->granted, sum);
    return NULL;
}

/* The concert whose seats an event has just moved, without the walk through every
 * seat's seq and every user. */
static const char *compare_seats_of(const sp_reference *r, const sp_state *state, sp_concert_id id,
                                    sp_user_id user, const sp_seat *seats, uint32_t count)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    EQUAL("concert's seq", id, concert->seq, sp_state_concert_seq(state, id));
    EQUAL("concert's sold_count", id, sp_compare_sold_count(concert),
          sp_state_sold_count(state, id));
    EQUAL("concert's held_count", id, sp_compare_held_count(concert),
          sp_state_held_count(state, id));
    for (uint32_t i = 0; i < count; i++)
        EQUAL("seat's seq", seats[i], concert->seats[seats[i]].seq,
              sp_state_seat_seq(state, id, seats[i]));
    EQUAL("user's seats", user, sp_reference_user_seats(r, user, id),
          sp_state_user_seats(state, user, id));
    return sp_compare_words(concert, id, sp_state_sold_words(state, id),
                            sp_state_held_words(state, id));
}

static const char *compare_touched_order(const sp_reference *r, sp_order_id id,
                                         const sp_state *state)
{
    const sp_reference_order *order = &r->orders[id - 1];
    PASS_ON(sp_compare_user(r, order->user, state));
    PASS_ON(sp_compare_user(r, r->concerts[order->concert - 1].host, state));
    PASS_ON(sp_compare_order(r, id, state));
    return compare_seats_of(r, state, order->concert, order->user, order->seats,
                            order->seats_count);
}

static const char *compare_touched_hold(const sp_reference *r, sp_hold_id id, const sp_state *state)
{
    const sp_reference_hold *hold = sp_reference_hold_of(r, id);
    PASS_ON(sp_compare_hold(r, id, state));
    return compare_seats_of(r, state, hold->concert, hold->user, hold->seats, hold->seats_count);
}

/* All whom it may concern: every order of it, every hold, every user. */
static const char *compare_cancelled(const sp_reference *r, sp_concert_id id, const sp_state *state)
{
    sp_concert_totals totals;
    for (sp_user_id user = 1; user <= r->users_count; user++)
        PASS_ON(sp_compare_user(r, user, state));
    for (sp_order_id order = 1; order <= r->orders_count; order++)
        if (r->orders[order - 1].concert == id)
            PASS_ON(sp_compare_order(r, order, state));
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].concert == id)
            PASS_ON(sp_compare_hold(r, r->holds[i].id, state));
    EQUAL("concert has totals", id, 1, sp_state_concert_totals(state, id, &totals));
    PASS_ON(sp_compare_concert_totals(r, id, &totals));
    return sp_compare_concert(r, id, state);
}

const char *sp_compare_touched(const sp_reference *r, const sp_event *event, const sp_state *state)
{
    PASS_ON(sp_compare_totals(r, state));
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        return NULL;
    case SP_EVENT_USER_CREATED:
        return sp_compare_user(r, event->user_created.user, state);
    case SP_EVENT_ROLE_SET:
        return sp_compare_user(r, event->role_set.user, state);
    case SP_EVENT_POINTS_GRANTED:
        return sp_compare_user(r, event->points_granted.user, state);
    case SP_EVENT_CATEGORY_CREATED: {
        sp_category_id id = event->category_created.category;
        sp_text name = sp_state_category(state, id);
        EQUAL("category's name", id, 1, sp_text_equal(name, event->category_created.name));
        return NULL;
    }
    case SP_EVENT_CONCERT_CREATED: {
        sp_concert_id id = event->concert_created.concert;
        PASS_ON(sp_compare_card(r, id, sp_state_concert(state, id)));
        return sp_compare_concert(r, id, state);
    }
    case SP_EVENT_CONCERT_EDITED: {
        sp_concert_id id = event->concert_edited.concert;
        PASS_ON(sp_compare_card(r, id, sp_state_concert(state, id)));
        return sp_compare_concert(r, id, state);
    }
    case SP_EVENT_CONCERT_PAUSED:
        return sp_compare_concert(r, event->concert_paused.concert, state);
    case SP_EVENT_CONCERT_RESUMED:
        return sp_compare_concert(r, event->concert_resumed.concert, state);
    case SP_EVENT_CONCERT_CANCELLED:
        return compare_cancelled(r, event->concert_cancelled.concert, state);
    case SP_EVENT_ORDER_PAID:
        if (event->order_paid.hold != 0)
            PASS_ON(compare_touched_hold(r, event->order_paid.hold, state));
        return compare_touched_order(r, event->order_paid.order, state);
    case SP_EVENT_ORDER_CANCELLED:
        return compare_touched_order(r, event->order_cancelled.order, state);
    case SP_EVENT_HOLD_TAKEN:
        return compare_touched_hold(r, event->hold_taken.hold, state);
    case SP_EVENT_HOLD_EXTENDED:
        return compare_touched_hold(r, event->hold_extended.hold, state);
    case SP_EVENT_HOLD_RELEASED:
        return compare_touched_hold(r, event->hold_released.hold, state);
    case SP_EVENT_HOLDS_EXPIRED:
        for (uint32_t i = 0; i < event->holds_expired.holds_count; i++)
            PASS_ON(compare_touched_hold(r, event->holds_expired.holds[i], state));
        return NULL;
    case SP_EVENT_USER_ERASED:
        return sp_compare_user(r, event->user_erased.user, state);
    }
    return NULL;
}

const char *sp_compare_concert_totals(const sp_reference *r, sp_concert_id id,
                                      const sp_concert_totals *actual)
{
    sp_concert_totals expected = sp_reference_totals(r, id);
    EQUAL("concert's orders", id, expected.orders, actual->orders);
    EQUAL("concert's cancelled orders", id, expected.cancelled, actual->cancelled);
    EQUAL("concert's seats", id, expected.seats, actual->seats);
    EQUAL("concert's amount", id, expected.amount, actual->amount);
    EQUAL("concert's refunds", id, expected.refunded, actual->refunded);
    return NULL;
}

static const char *compare_all_totals(const sp_reference *r, const sp_state *state)
{
    sp_concert_totals totals;
    for (sp_concert_id id = 1; id <= r->concerts_count; id++) {
        EQUAL("concert has totals", id, 1, sp_state_concert_totals(state, id, &totals));
        PASS_ON(sp_compare_concert_totals(r, id, &totals));
    }
    EQUAL("no concert has totals", r->concerts_count + 1, 0,
          sp_state_concert_totals(state, r->concerts_count + 1, &totals));
    return NULL;
}

static const char *compare_order_lists(const sp_reference *r, const sp_state *state)
{
    for (sp_user_id user = 1; user <= r->users_count; user++) {
        sp_order_id at = 0;
        for (sp_order_id id = r->orders_count; id >= 1; id--) {
            if (r->orders[id - 1].user != user)
                continue;
            at = sp_state_order_before(state, user, at);
            EQUAL("order of a user's list", user, id, at);
        }
        if (at != 0)
            EQUAL("end of a user's list", user, 0, sp_state_order_before(state, user, at));
    }
    return NULL;
}

const char *sp_compare_all(const sp_reference *r, const sp_state *state)
{
    PASS_ON(sp_compare_totals(r, state));
    PASS_ON(compare_points_sum(r, state));
    for (sp_user_id user = 0; user <= r->users_count + 1; user++)
        PASS_ON(sp_compare_user(r, user, state));
    for (sp_concert_id concert = 0; concert <= r->concerts_count + 1; concert++)
        PASS_ON(sp_compare_concert(r, concert, state));
    for (sp_concert_id concert = 1; concert <= r->concerts_count; concert++)
        PASS_ON(sp_compare_card(r, concert, sp_state_concert(state, concert)));
    for (sp_order_id order = 0; order <= r->orders_count + 1; order++)
        PASS_ON(sp_compare_order(r, order, state));
    for (sp_category_id id = 1; id <= r->categories_count; id++) {
        sp_text name = {r->categories[id - 1].name, r->categories[id - 1].size};
        EQUAL("category's name", id, 1, sp_text_equal(name, sp_state_category(state, id)));
    }
    PASS_ON(sp_compare_holds(r, state));
    PASS_ON(compare_all_totals(r, state));
    return compare_order_lists(r, state);
}
