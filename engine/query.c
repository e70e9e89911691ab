/* SPDX-License-Identifier: MIT
 *
 * Answers: from queries, from events just applied, from replays.
 */
#include "engine/query_private.h"

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

/* He may have been erased since: an ADMIN who repeats a request of before sees
 * what he saw then. */
static void user_fill(const sp_state *state, sp_user_id user, sp_result *result)
{
    bool found = sp_state_user_ever(state, user, &result->user);
    SP_ASSERT(found);
}

static sp_outcome query_user(const sp_state *state, const sp_command *query, sp_result *result)
{
    sp_user_id user = query->query_user.user ? query->query_user.user : query->actor;

    if (user != query->actor && !sp_query_is_admin(state, query->actor))
        return SP_ROLE_REQUIRED;
    if (!sp_state_living_row(state, user))
        return SP_USER_UNKNOWN;
    user_fill(state, user, result);
    return SP_OK;
}

static sp_outcome query_order(const sp_state *state, const sp_command *query, sp_result *result)
{
    const sp_order_row *order = sp_state_order_row(state, query->query_order.order);

    if (!order || (order->user != query->actor && !sp_query_is_admin(state, query->actor)))
        return SP_ORDER_UNKNOWN;
    order_fill(state, query->query_order.order, result);
    return SP_OK;
}

static sp_outcome query_job(const sp_state *state, const sp_command *query, sp_result *result)
{
    sp_order_id order = sp_state_order_of_job(state, query->actor, &query->query_job.job);

    if (!order)
        return SP_JOB_UNKNOWN;
    order_fill(state, order, result);
    return SP_OK;
}

static sp_outcome query_hold(const sp_state *state, const sp_command *query, sp_result *result)
{
    const sp_hold_row *hold = sp_holds_living(&state->holds, query->query_hold.hold);

    if (!hold || hold->user != query->actor)
        return SP_HOLD_UNKNOWN;
    sp_hold_view_fill(state, hold, result->seats, &result->hold);
    return SP_OK;
}

static sp_outcome query_own(const sp_state *state, const sp_command *query, sp_result *result)
{
    if (query->actor && !sp_state_living_row(state, query->actor))
        return SP_TOKEN_INVALID;
    switch (query->type) {
    case SP_QUERY_USER:
        return query_user(state, query, result);
    case SP_QUERY_ORDER:
        return query_order(state, query, result);
    case SP_QUERY_ORDERS:
        return sp_query_orders(state, query, result);
    case SP_QUERY_CONCERT_ORDERS:
        return sp_query_concert_orders(state, query, result);
    case SP_QUERY_USERS:
        return sp_query_users(state, query, result);
    case SP_QUERY_LEDGER:
        return sp_query_ledger(state, query, result);
    case SP_QUERY_HOLD:
        return query_hold(state, query, result);
    case SP_QUERY_JOB:
        return query_job(state, query, result);
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

/* Taken or extended: it lives. */
static void hold_fill(const sp_state *state, sp_hold_id id, sp_result *result)
{
    const sp_hold_row *hold = sp_holds_living(&state->holds, id);
    SP_ASSERT(hold);
    sp_hold_view_fill(state, hold, result->seats, &result->hold);
}

void sp_result_of_event(const sp_state *state, const sp_event *event, sp_result *result)
{
    result->outcome = SP_OK;
    result->replayed = false;
    result->seq = event->seq;
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
    case SP_EVENT_USER_ERASED: /* there is nobody left to be shown */
    case SP_EVENT_HOLD_RELEASED:
    case SP_EVENT_HOLDS_EXPIRED:
        break;
    case SP_EVENT_HOLD_TAKEN:
        hold_fill(state, event->hold_taken.hold, result);
        break;
    case SP_EVENT_HOLD_EXTENDED:
        hold_fill(state, event->hold_extended.hold, result);
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
    case SP_EVENT_CONCERT_EDITED:
        result->concert = event->concert_edited.concert;
        break;
    case SP_EVENT_CONCERT_PAUSED:
        result->concert = event->concert_paused.concert;
        break;
    case SP_EVENT_CONCERT_RESUMED:
        result->concert = event->concert_resumed.concert;
        break;
    case SP_EVENT_CONCERT_CANCELLED:
        result->concert = event->concert_cancelled.concert;
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
    case SP_EVENT_CONCERT_EDITED:
    case SP_EVENT_CONCERT_PAUSED:
    case SP_EVENT_CONCERT_RESUMED:
    case SP_EVENT_CONCERT_CANCELLED:
        result->concert = replay->subject;
        break;
    case SP_EVENT_ORDER_PAID:
    case SP_EVENT_ORDER_CANCELLED:
        order_fill_as_of(state, replay, result);
        break;
    case SP_EVENT_HOLD_TAKEN: /* it may have ended, and its seats be another's */
    case SP_EVENT_HOLD_EXTENDED:
        result->hold = (sp_hold_view){
            .id = replay->subject,
            .expires_at = replay->value,
            .seq = replay->seq,
        };
        break;
    case SP_EVENT_HOLD_RELEASED: /* there is nothing to be shown of it */
        break;
    case SP_EVENT_HOLDS_EXPIRED:
    case SP_EVENT_SERVER_STARTED: /* no user asks for these, so nobody has a */
    case SP_EVENT_USER_CREATED:   /* key for them; */
    case SP_EVENT_USER_ERASED:    /* and nobody is there to ask again */
        sp_assert_failed(__FILE__, __LINE__, "the replay is a user's", replay->type, 0);
    }
}
