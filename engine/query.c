/* SPDX-License-Identifier: MIT
 *
 * Answers: from queries, from events just applied, from replays.
 */
#include <stdlib.h>

#include "engine/engine.h"
#include "engine/state_private.h"

/* The order's seats go into the result, which outlives this look at the
 * state: a loop will read them from another thread. */
static void order_fill(const sp_state *state, sp_order_id order, sp_result *result)
{
    bool found = sp_state_order(state, order, &result->order);
    SP_ASSERT(found);
    memcpy(result->seats, result->order.seats,
           result->order.seats_count * sizeof(result->seats[0]));
    result->order.seats = result->seats;
}

static void user_fill(const sp_state *state, sp_user_id user, sp_result *result)
{
    bool found = sp_state_user(state, user, &result->user);
    SP_ASSERT(found);
}

static bool is_admin(const sp_state *state, sp_user_id actor)
{
    return actor == 0 || state->users[actor].role == SP_ROLE_ADMIN;
}

static sp_outcome query_user(const sp_state *state, const sp_command *query, sp_result *result)
{
    sp_user_id user = query->query_user.user ? query->query_user.user : query->actor;

    if (user != query->actor && !is_admin(state, query->actor))
        return SP_ROLE_REQUIRED;
    if (!sp_state_user_row(state, user))
        return SP_USER_UNKNOWN;
    user_fill(state, user, result);
    return SP_OK;
}

static sp_outcome query_order(const sp_state *state, const sp_command *query, sp_result *result)
{
    const sp_order_row *order = sp_state_order_row(state, query->query_order.order);

    if (!order || (order->user != query->actor && !is_admin(state, query->actor)))
        return SP_ORDER_UNKNOWN;
    order_fill(state, query->query_order.order, result);
    return SP_OK;
}

/* The ids of a page, and how many seats they list. Returns how many; *more:
 * there are older ones. */
static uint32_t page_of(const sp_state *state, const sp_command *query, sp_order_id *ids,
                        uint32_t *seats_count, bool *more)
{
    sp_order_id order = sp_state_order_before(state, query->actor, query->query_orders.before);
    uint32_t count = 0;

    *seats_count = 0;
    for (; order && count < query->query_orders.count_max; count++) {
        ids[count] = order;
        *seats_count += state->orders[order].seats_count;
        order = state->orders[order].older_of_user;
    }
    *more = order != 0;
    return count;
}

#define PAGE_MAX 100u

/* One block: the items, then their seats. */
static sp_outcome query_orders(const sp_state *state, const sp_command *query, sp_result *result)
{
    sp_order_id ids[PAGE_MAX];
    uint32_t seats_count;
    bool more;

    SP_ASSERT(query->query_orders.count_max >= 1 && query->query_orders.count_max <= PAGE_MAX);
    uint32_t count = page_of(state, query, ids, &seats_count, &more);
    result->orders.items = NULL;
    result->orders.count = count;
    result->orders.next = more ? ids[count - 1] : 0;
    if (count == 0)
        return SP_OK;

    sp_order_view *items = malloc(count * sizeof(*items) + seats_count * sizeof(sp_seat));
    if (!items) {
        result->orders.count = 0;
        result->orders.next = 0;
        return SP_BUSY;
    }
    sp_seat *seats = (sp_seat *)(items + count);
    for (uint32_t i = 0; i < count; i++) {
        bool found = sp_state_order(state, ids[i], &items[i]);
        SP_ASSERT(found);
        memcpy(seats, items[i].seats, items[i].seats_count * sizeof(*seats));
        items[i].seats = seats;
        seats += items[i].seats_count;
    }
    result->orders.items = items;
    return SP_OK;
}

static sp_outcome query_own(const sp_state *state, const sp_command *query, sp_result *result)
{
    if (query->actor && !sp_state_user_row(state, query->actor))
        return SP_TOKEN_INVALID;
    switch (query->type) {
    case SP_QUERY_USER:
        return query_user(state, query, result);
    case SP_QUERY_ORDER:
        return query_order(state, query, result);
    case SP_QUERY_ORDERS:
        return query_orders(state, query, result);
    default:
        sp_assert_failed(__FILE__, __LINE__, "the command is a query", query->type, 0);
    }
}

void sp_query(const sp_state *state, const sp_command *query, sp_result *result)
{
    result->outcome = query_own(state, query, result);
    result->replayed = false;
    result->seq = state->seq;
    if (result->outcome != SP_OK) /* no detail of an older refusal */
        memset(&result->refusal, 0, offsetof(sp_refusal, conflicts));
}

void sp_result_of_event(const sp_state *state, const sp_event *event, sp_result *result)
{
    result->outcome = SP_OK;
    result->replayed = false;
    result->seq = event->seq;
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        break;
    case SP_EVENT_USER_CREATED:
        user_fill(state, event->user_created.user, result);
        break;
    case SP_EVENT_ROLE_SET:
        user_fill(state, event->role_set.user, result);
        break;
    case SP_EVENT_POINTS_GRANTED:
        user_fill(state, event->points_granted.user, result);
        break;
    case SP_EVENT_CATEGORY_CREATED:
        result->category = event->category_created.category;
        break;
    case SP_EVENT_CONCERT_CREATED:
        result->concert = event->concert_created.concert;
        break;
    case SP_EVENT_ORDER_PAID:
        order_fill(state, event->order_paid.order, result);
        break;
    case SP_EVENT_ORDER_CANCELLED:
        order_fill(state, event->order_cancelled.order, result);
        break;
    }
}

/* An order that was cancelled since was not when it was paid. */
static void order_fill_as_of(const sp_state *state, const sp_replay *replay, sp_result *result)
{
    order_fill(state, replay->subject, result);
    bool cancel = replay->type == SP_EVENT_ORDER_CANCELLED;
    result->order.status = cancel ? SP_ORDER_CANCEL : SP_ORDER_PAYMENT;
    result->order.cancelled_at = cancel ? replay->time : 0;
    result->order.seq = replay->seq;
}

void sp_result_of_replay(const sp_state *state, const sp_replay *replay, sp_result *result)
{
    result->outcome = SP_OK;
    result->replayed = true;
    result->seq = replay->seq;
    switch (replay->type) {
    case SP_EVENT_ROLE_SET:
    case SP_EVENT_POINTS_GRANTED:
        user_fill(state, replay->subject, result);
        result->user.role = replay->role;
        result->user.points = replay->value;
        break;
    case SP_EVENT_CATEGORY_CREATED:
        result->category = replay->subject;
        break;
    case SP_EVENT_CONCERT_CREATED:
        result->concert = replay->subject;
        break;
    case SP_EVENT_ORDER_PAID:
    case SP_EVENT_ORDER_CANCELLED:
        order_fill_as_of(state, replay, result);
        break;
    case SP_EVENT_SERVER_STARTED: /* no user asks for these, so nobody has a */
    case SP_EVENT_USER_CREATED:   /* key for them */
        sp_assert_failed(__FILE__, __LINE__, "the replay is a user's", replay->type, 0);
    }
}
