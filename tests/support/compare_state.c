/* SPDX-License-Identifier: MIT */
#include "tests/support/compare.h"

#include <inttypes.h>
#include <stdlib.h>

#define EQUAL(what, id, expected, actual)                                                      \
    do {                                                                                       \
        int64_t left_ = (int64_t)(expected), right_ = (int64_t)(actual);                       \
        if (left_ != right_)                                                                   \
            return sp_compare_failed("%s (of %" PRId64 "): expected %" PRId64 ", is %" PRId64, \
                                     (what), (int64_t)(id), left_, right_);                    \
    } while (0)

#define PASS_ON(call)                 \
    do {                              \
        const char *failed_ = (call); \
        if (failed_ != NULL)          \
            return failed_;           \
    } while (0)

static const char *compare_user_view(const sp_reference *r, sp_user_id user,
                                     const sp_user_view *view)
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
    return ever ? compare_user_view(r, user, &view) : NULL;
}

/* `cancelled`: as it is after its cancel; else as it was when it was paid. */
static const char *compare_order_view(const sp_reference *r, sp_order_id id, bool cancelled,
                                      sp_seq seq, const sp_order_view *view)
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

static const char *compare_order_now(const sp_reference *r, sp_order_id id,
                                     const sp_order_view *view)
{
    const sp_reference_order *order = &r->orders[id - 1];
    return compare_order_view(r, id, order->cancelled_at != 0, order->seq, view);
}

const char *sp_compare_order(const sp_reference *r, sp_order_id order, const sp_state *state)
{
    sp_order_view view;
    EQUAL("order is known", order, order >= 1 && order <= r->orders_count,
          sp_state_order(state, order, &view));
    if (order < 1 || order > r->orders_count)
        return NULL;
    return compare_order_now(r, order, &view);
}

/* The bits of a concert's words against its seats; beyond the last seat there
 * must be none. */
static const char *compare_words(const sp_reference_concert *concert, sp_concert_id id,
                                 const uint64_t *sold, const uint64_t *held)
{
    for (uint32_t bit = 0; bit < 64 * sp_words_of_seats(concert->seats_count); bit++) {
        bool expected = bit < concert->seats_count && concert->seats[bit].order != 0;
        if (expected != ((sold[bit / 64] >> (bit % 64)) & 1))
            return sp_compare_failed("concert %u, seat %u: sold is %d, should be %d", id, bit,
                                     !expected, expected);
        EQUAL("held bit", id, 0, (held[bit / 64] >> (bit % 64)) & 1);
    }
    return NULL;
}

static uint32_t sold_count(const sp_reference_concert *concert)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < concert->seats_count; i++)
        count += concert->seats[i].order != 0;
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
    EQUAL("concert's sold_count", id, sold_count(concert), sp_state_sold_count(state, id));
    PASS_ON(
        compare_words(concert, id, sp_state_sold_words(state, id), sp_state_held_words(state, id)));
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

const char *sp_compare_card(const sp_reference *r, const sp_event *created,
                            const sp_concert_card *card)
{
    sp_concert_id id = created->concert_created.concert;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    EQUAL("there is a card", id, 1, card != NULL);
    EQUAL("card's id", id, id, card->id);
    EQUAL("card's host", id, concert->host, card->host);
    EQUAL("card's created_at", id, concert->created_at, card->created_at);
    EQUAL("card's created_seq", id, created->seq, card->created_seq);
    EQUAL("card's rows_count", id, concert->rows_count, card->rows_count);
    EQUAL("card's seats_count", id, concert->seats_count, card->seats_count);
    EQUAL("card's last row's end", id, concert->seats_count,
          card->row_first_seat[card->rows_count]);
    for (sp_seat seat = 0; seat < concert->seats_count; seat++)
        PASS_ON(compare_place(concert, card, seat));
    /* Its texts and dates, by way of the event that would make it again. */
    sp_event again = *created;
    again.concert_created.spec = card->spec;
    return sp_compare_event(created, &again);
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

/* The concert of an order that was just paid or cancelled, without the walk
 * through every seat's seq and every user. */
static const char *compare_seats_of(const sp_reference *r, const sp_reference_order *order,
                                    const sp_state *state)
{
    sp_concert_id id = order->concert;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    EQUAL("concert's seq", id, concert->seq, sp_state_concert_seq(state, id));
    EQUAL("concert's sold_count", id, sold_count(concert), sp_state_sold_count(state, id));
    for (uint32_t i = 0; i < order->seats_count; i++)
        EQUAL("seat's seq", order->seats[i], order->seq,
              sp_state_seat_seq(state, id, order->seats[i]));
    EQUAL("user's seats", order->user, sp_reference_user_seats(r, order->user, id),
          sp_state_user_seats(state, order->user, id));
    return compare_words(concert, id, sp_state_sold_words(state, id),
                         sp_state_held_words(state, id));
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
        PASS_ON(sp_compare_card(r, event, sp_state_concert(state, id)));
        return sp_compare_concert(r, id, state);
    }
    case SP_EVENT_ORDER_PAID:
    case SP_EVENT_ORDER_CANCELLED: {
        sp_order_id id = event->type == SP_EVENT_ORDER_PAID ? event->order_paid.order
                                                            : event->order_cancelled.order;
        const sp_reference_order *order = &r->orders[id - 1];
        PASS_ON(sp_compare_user(r, order->user, state));
        PASS_ON(sp_compare_user(r, r->concerts[order->concert - 1].host, state));
        PASS_ON(sp_compare_order(r, id, state));
        return compare_seats_of(r, order, state);
    }
    case SP_EVENT_USER_ERASED:
        return sp_compare_user(r, event->user_erased.user, state);
    }
    return NULL;
}

static const char *compare_concert_totals(const sp_reference *r, sp_concert_id id,
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
        PASS_ON(compare_concert_totals(r, id, &totals));
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
    for (sp_order_id order = 0; order <= r->orders_count + 1; order++)
        PASS_ON(sp_compare_order(r, order, state));
    for (sp_category_id id = 1; id <= r->categories_count; id++) {
        sp_text name = {r->categories[id - 1].name, r->categories[id - 1].size};
        EQUAL("category's name", id, 1, sp_text_equal(name, sp_state_category(state, id)));
    }
    PASS_ON(compare_all_totals(r, state));
    return compare_order_lists(r, state);
}

const char *sp_compare_views(const sp_reference *r, const sp_views *views)
{
    uint64_t sold[SP_SEATS_PER_CONCERT_MAX / 64 + 1], held[SP_SEATS_PER_CONCERT_MAX / 64 + 1];
    EQUAL("views' seq", 0, r->seq, sp_views_seq(views));
    EQUAL("views' concerts", 0, r->concerts_count, sp_views_concerts_count(views));
    EQUAL("views' categories", 0, r->categories_count, sp_views_categories_count(views));
    for (sp_concert_id id = 1; id <= r->concerts_count; id++) {
        const sp_reference_concert *concert = &r->concerts[id - 1];
        const sp_concert_card *card = sp_views_card(views, id);
        EQUAL("views have the card", id, 1, card != NULL);
        EQUAL("views' concert's seq", id, concert->seq, sp_views_concert_seq(views, id));
        EQUAL("seat map's seq", id, concert->seq, sp_views_seats(views, card, sold, held));
        PASS_ON(compare_words(concert, id, sold, held));
        sp_seat_counts counts = sp_seats_count(sold, held, 0, concert->seats_count);
        EQUAL("seat map's sold", id, sold_count(concert), counts.sold);
        EQUAL("seat map's held", id, 0, counts.held);
        EQUAL("seat map's free", id, concert->seats_count - sold_count(concert), counts.free);
    }
    for (sp_category_id id = 1; id <= r->categories_count; id++) {
        sp_text name = {r->categories[id - 1].name, r->categories[id - 1].size};
        EQUAL("views' category", id, 1, sp_text_equal(name, sp_views_category(views, id)));
    }
    return NULL;
}

/* ---- Answers ---- */

const char *sp_compare_success(const sp_reference *r, const sp_event *event,
                               const sp_result *result)
{
    EQUAL("result's outcome", event->seq, SP_OK, result->outcome);
    EQUAL("result's seq", event->seq, event->seq, result->seq);
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        return NULL;
    case SP_EVENT_USER_CREATED:
        return compare_user_view(r, event->user_created.user, &result->user);
    case SP_EVENT_ROLE_SET:
        return compare_user_view(r, event->role_set.user, &result->user);
    case SP_EVENT_POINTS_GRANTED:
        return compare_user_view(r, event->points_granted.user, &result->user);
    case SP_EVENT_CATEGORY_CREATED:
        EQUAL("result's category", event->seq, event->category_created.category, result->category);
        return NULL;
    case SP_EVENT_CONCERT_CREATED:
        EQUAL("result's concert", event->seq, event->concert_created.concert, result->concert);
        return NULL;
    case SP_EVENT_ORDER_PAID:
        return compare_order_now(r, event->order_paid.order, &result->order);
    case SP_EVENT_ORDER_CANCELLED:
        return compare_order_now(r, event->order_cancelled.order, &result->order);
    case SP_EVENT_USER_ERASED: /* an answer without a body */
        return NULL;
    }
    return NULL;
}

const char *sp_compare_replay(const sp_reference *r, const sp_replay *replay,
                              const sp_result *result)
{
    EQUAL("replayed outcome", replay->seq, SP_OK, result->outcome);
    EQUAL("replayed seq", replay->seq, replay->seq, result->seq);
    switch (replay->type) {
    case SP_EVENT_ROLE_SET:
    case SP_EVENT_POINTS_GRANTED:
        EQUAL("replayed user", replay->seq, replay->subject, result->user.id);
        EQUAL("replayed role", replay->seq, replay->role, result->user.role);
        EQUAL("replayed balance", replay->seq, replay->value, result->user.points);
        return NULL;
    case SP_EVENT_CATEGORY_CREATED:
        EQUAL("replayed category", replay->seq, replay->subject, result->category);
        return NULL;
    case SP_EVENT_CONCERT_CREATED:
        EQUAL("replayed concert", replay->seq, replay->subject, result->concert);
        return NULL;
    case SP_EVENT_ORDER_PAID:
        return compare_order_view(r, replay->subject, false, replay->seq, &result->order);
    case SP_EVENT_ORDER_CANCELLED:
        return compare_order_view(r, replay->subject, true, replay->seq, &result->order);
    default:
        return sp_compare_failed("a replay of an event that takes no key: %d", (int)replay->type);
    }
}

static const char *compare_orders_answer(const sp_reference *r, const sp_command *q,
                                         const sp_result *result)
{
    sp_order_id ids[100], next;
    uint32_t count = sp_reference_query_orders(r, q, ids, &next);
    EQUAL("orders listed", q->actor, count, result->orders.count);
    EQUAL("orders' cursor", q->actor, next, result->orders.next);
    for (uint32_t i = 0; i < count; i++)
        PASS_ON(compare_order_now(r, ids[i], &result->orders.items[i]));
    return NULL;
}

static const char *compare_users_answer(const sp_reference *r, const sp_command *q,
                                        const sp_result *result)
{
    sp_user_id ids[100], next;
    uint32_t count = sp_reference_query_users(r, q, ids, &next);
    EQUAL("users listed", q->actor, count, result->users.count);
    EQUAL("users' cursor", q->actor, next, result->users.next);
    for (uint32_t i = 0; i < count; i++)
        PASS_ON(compare_user_view(r, ids[i], &result->users.items[i]));
    return NULL;
}

static const char *compare_ledger_answer(const sp_reference *r, const sp_command *q,
                                         const sp_result *result)
{
    sp_ledger_item items[100];
    sp_seq next;
    sp_points next_balance;
    uint32_t count = sp_reference_query_ledger(r, q, items, &next, &next_balance);
    EQUAL("entries listed", q->actor, count, result->ledger.count);
    EQUAL("ledger's cursor", q->actor, next, result->ledger.next);
    EQUAL("ledger's next balance", q->actor, next_balance, result->ledger.next_balance);
    for (uint32_t i = 0; i < count; i++) {
        const sp_ledger_item *actual = &result->ledger.items[i];
        EQUAL("entry's seq", q->actor, items[i].seq, actual->seq);
        EQUAL("entry's time", actual->seq, items[i].time, actual->time);
        EQUAL("entry's type", actual->seq, items[i].type, actual->type);
        EQUAL("entry's amount", actual->seq, items[i].amount, actual->amount);
        EQUAL("entry's balance", actual->seq, items[i].balance, actual->balance);
        EQUAL("entry's order", actual->seq, items[i].order, actual->order);
    }
    return NULL;
}

const char *sp_compare_query(const sp_reference *r, const sp_command *q, const sp_result *result)
{
    sp_outcome expected = sp_reference_query(r, q);
    EQUAL("query's outcome", q->type, expected, result->outcome);
    if (expected != SP_OK)
        return NULL;
    switch (q->type) {
    case SP_QUERY_USER:
        return compare_user_view(r, q->query_user.user != 0 ? q->query_user.user : q->actor,
                                 &result->user);
    case SP_QUERY_USERS:
        return compare_users_answer(r, q, result);
    case SP_QUERY_LEDGER:
        return compare_ledger_answer(r, q, result);
    case SP_QUERY_ORDER:
        return compare_order_now(r, q->query_order.order, &result->order);
    case SP_QUERY_CONCERT_ORDERS:
        PASS_ON(compare_concert_totals(r, q->query_concert_orders.concert, &result->orders.totals));
        return compare_orders_answer(r, q, result);
    case SP_QUERY_ORDERS:
        return compare_orders_answer(r, q, result);
    default:
        return sp_compare_failed("a query that is none: %d", (int)q->type);
    }
}
