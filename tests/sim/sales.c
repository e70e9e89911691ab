/* SPDX-License-Identifier: MIT
 *
 * Sales by the log alone, not by what any engine made of it: an account of who paid
 * what to whom, and of what each concert let be done. Nothing is taken or bought while
 * sales are paused or once the concert is cancelled; to cancel it refunds every order
 * that is still paid, each once; and the live state's balances and orders are what the
 * log adds up to.
 */
#include <stdlib.h>

#include "engine/assert.h"
#include "tests/sim/world.h"

typedef struct sale {
    sp_concert_id concert;
    sp_user_id buyer;
    sp_points amount;
    bool is_refunded;
} sale;

/* By id; [0] is not used. */
typedef struct books {
    sp_points *balances;
    sp_user_id *hosts;
    sp_sale *sales; /* of concerts */
    sale *orders;
    uint32_t users_count, concerts_count, orders_count;
} books;

#define GROW(array, count)                                                   \
    do {                                                                     \
        (array) = realloc((array), ((size_t)(count) + 1) * sizeof *(array)); \
        SP_ASSERT((array) != NULL);                                          \
    } while (0)

static void books_close(books *b)
{
    free(b->balances);
    free(b->hosts);
    free(b->sales);
    free(b->orders);
}

static void move(books *b, const sale *order, sp_points amount)
{
    b->balances[order->buyer] -= amount;
    b->balances[b->hosts[order->concert]] += amount;
}

static const char *pay(books *b, const sp_event *event)
{
    sale order = {event->order_paid.concert, event->order_paid.buyer, event->order_paid.amount,
                  false};
    if (b->sales[order.concert] != SP_SALE_OPEN)
        return sp_compare_failed("seq %llu: sold at concert %u, which was paused or cancelled",
                                 (unsigned long long)event->seq, order.concert);
    GROW(b->orders, ++b->orders_count);
    b->orders[b->orders_count] = order;
    move(b, &order, order.amount);
    return NULL;
}

static const char *take_back(books *b, sp_seq seq, sale *order)
{
    if (order->is_refunded)
        return sp_compare_failed("seq %llu: an order of user %u was refunded twice",
                                 (unsigned long long)seq, order->buyer);
    order->is_refunded = true;
    move(b, order, -order->amount);
    return NULL;
}

static const char *cancel(books *b, const sp_event *event)
{
    sp_concert_id concert = event->concert_cancelled.concert;
    uint32_t orders_count = 0;
    sp_points amount = 0;
    for (uint32_t i = 1; i <= b->orders_count; i++) {
        sale *order = &b->orders[i];
        if (order->concert != concert || order->is_refunded)
            continue;
        take_back(b, event->seq, order);
        orders_count++;
        amount += order->amount;
    }
    if (b->sales[concert] == SP_SALE_CANCELLED)
        return sp_compare_failed("concert %u was cancelled twice", concert);
    b->sales[concert] = SP_SALE_CANCELLED;
    if (orders_count != event->concert_cancelled.orders_count ||
        amount != event->concert_cancelled.amount)
        return sp_compare_failed("concert %u: %u orders were to be refunded, it says %u", concert,
                                 orders_count, event->concert_cancelled.orders_count);
    return NULL;
}

static const char *change(books *b, sp_concert_id concert, sp_sale to)
{
    if (b->sales[concert] == SP_SALE_CANCELLED)
        return sp_compare_failed("concert %u was changed after it was cancelled", concert);
    b->sales[concert] = to;
    return NULL;
}

static const char *enter(books *b, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_USER_CREATED:
        GROW(b->balances, ++b->users_count);
        b->balances[b->users_count] = event->user_created.points;
        return NULL;
    case SP_EVENT_POINTS_GRANTED:
        b->balances[event->points_granted.user] += event->points_granted.amount;
        return NULL;
    case SP_EVENT_CONCERT_CREATED:
        b->concerts_count++;
        GROW(b->hosts, b->concerts_count);
        GROW(b->sales, b->concerts_count);
        b->hosts[b->concerts_count] = event->concert_created.host;
        b->sales[b->concerts_count] = SP_SALE_OPEN;
        return NULL;
    case SP_EVENT_CONCERT_EDITED:
        return change(b, event->concert_edited.concert, b->sales[event->concert_edited.concert]);
    case SP_EVENT_CONCERT_PAUSED:
        return change(b, event->concert_paused.concert, SP_SALE_PAUSED);
    case SP_EVENT_CONCERT_RESUMED:
        return change(b, event->concert_resumed.concert, SP_SALE_OPEN);
    case SP_EVENT_CONCERT_CANCELLED:
        return cancel(b, event);
    case SP_EVENT_HOLD_TAKEN:
        return b->sales[event->hold_taken.concert] == SP_SALE_OPEN
                   ? NULL
                   : "a hold was taken at a concert that was paused or cancelled";
    case SP_EVENT_ORDER_PAID:
        return pay(b, event);
    case SP_EVENT_ORDER_CANCELLED:
        return take_back(b, event->seq, &b->orders[event->order_cancelled.order]);
    default:
        return NULL;
    }
}

static const char *compare_state(sp_sim_world *w, const books *b)
{
    for (sp_user_id id = 1; id <= b->users_count; id++) {
        sp_user_view view;
        if (!sp_state_user_ever(w->state, id, &view) || view.points != b->balances[id])
            return sp_compare_failed("user %u has %lld points, by the log %lld", id,
                                     (long long)view.points, (long long)b->balances[id]);
        w->counts.balances_checked++;
    }
    for (sp_order_id id = 1; id <= b->orders_count; id++) {
        sp_order_view view;
        if (!sp_state_order(w->state, id, &view) ||
            (view.status == SP_ORDER_CANCEL) != b->orders[id].is_refunded)
            return sp_compare_failed("order %u is paid or cancelled, by the log it is not", id);
    }
    for (sp_concert_id id = 1; id <= b->concerts_count; id++)
        if (sp_state_sale(w->state, id) != b->sales[id])
            return sp_compare_failed("concert %u: its sale is %d, by the log %d", id,
                                     (int)sp_state_sale(w->state, id), (int)b->sales[id]);
    return NULL;
}

void sp_sim_sales_check(sp_sim_world *w)
{
    books b = {0};
    for (sp_seq seq = 1; seq <= w->log.committed_count && w->wrong[0] == '\0'; seq++)
        sp_sim_world_check(w, enter(&b, sp_fake_log_event(&w->log, seq)));
    if (w->wrong[0] == '\0' && sp_state_seq(w->state) == w->log.committed_count)
        sp_sim_world_check(w, compare_state(w, &b));
    books_close(&b);
}
