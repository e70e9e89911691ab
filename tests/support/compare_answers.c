/* SPDX-License-Identifier: MIT
 *
 * Answers: of events, of replays, of queries.
 */
#include "tests/support/compare_private.h"

const char *sp_compare_success(const sp_reference *r, const sp_event *event,
                               const sp_result *result)
{
    EQUAL("result's outcome", event->seq, SP_OK, result->outcome);
    EQUAL("result's seq", event->seq, event->seq, result->seq);
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        return NULL;
    case SP_EVENT_USER_CREATED:
        return sp_compare_user_view(r, event->user_created.user, &result->user);
    case SP_EVENT_ROLE_SET:
        return sp_compare_user_view(r, event->role_set.user, &result->user);
    case SP_EVENT_POINTS_GRANTED:
        return sp_compare_user_view(r, event->points_granted.user, &result->user);
    case SP_EVENT_CATEGORY_CREATED:
        EQUAL("result's category", event->seq, event->category_created.category, result->category);
        return NULL;
    case SP_EVENT_CONCERT_CREATED:
        EQUAL("result's concert", event->seq, event->concert_created.concert, result->concert);
        return NULL;
    case SP_EVENT_CONCERT_EDITED:
        EQUAL("result's concert", event->seq, event->concert_edited.concert, result->concert);
        return NULL;
    case SP_EVENT_CONCERT_PAUSED:
        EQUAL("result's concert", event->seq, event->concert_paused.concert, result->concert);
        return NULL;
    case SP_EVENT_CONCERT_RESUMED:
        EQUAL("result's concert", event->seq, event->concert_resumed.concert, result->concert);
        return NULL;
    case SP_EVENT_CONCERT_CANCELLED:
        EQUAL("result's concert", event->seq, event->concert_cancelled.concert, result->concert);
        return NULL;
    case SP_EVENT_ORDER_PAID:
        return sp_compare_order_now(r, event->order_paid.order, &result->order);
    case SP_EVENT_ORDER_CANCELLED:
        return sp_compare_order_now(r, event->order_cancelled.order, &result->order);
    case SP_EVENT_HOLD_TAKEN:
        return sp_compare_hold_view(r, event->hold_taken.hold, &result->hold);
    case SP_EVENT_HOLD_EXTENDED:
        return sp_compare_hold_view(r, event->hold_extended.hold, &result->hold);
    case SP_EVENT_USER_ERASED: /* answers without a body */
    case SP_EVENT_HOLD_RELEASED:
    case SP_EVENT_HOLDS_EXPIRED: /* which nobody asks for */
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
    case SP_EVENT_CONCERT_EDITED:
    case SP_EVENT_CONCERT_PAUSED:
    case SP_EVENT_CONCERT_RESUMED:
    case SP_EVENT_CONCERT_CANCELLED:
        EQUAL("replayed concert", replay->seq, replay->subject, result->concert);
        return NULL;
    case SP_EVENT_ORDER_PAID:
        return sp_compare_order_view(r, replay->subject, false, replay->seq, &result->order);
    case SP_EVENT_ORDER_CANCELLED:
        return sp_compare_order_view(r, replay->subject, true, replay->seq, &result->order);
    case SP_EVENT_HOLD_TAKEN: /* its seats may be another's by now */
    case SP_EVENT_HOLD_EXTENDED:
        EQUAL("replayed hold", replay->seq, replay->subject, result->hold.id);
        EQUAL("replayed deadline", replay->seq, replay->value, result->hold.expires_at);
        EQUAL("replayed hold's seq", replay->seq, replay->seq, result->hold.seq);
        EQUAL("replayed hold's seats", replay->seq, 0, result->hold.seats_count);
        return NULL;
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
        PASS_ON(sp_compare_order_now(r, ids[i], &result->orders.items[i]));
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
        PASS_ON(sp_compare_user_view(r, ids[i], &result->users.items[i]));
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
        return sp_compare_user_view(r, q->query_user.user != 0 ? q->query_user.user : q->actor,
                                    &result->user);
    case SP_QUERY_USERS:
        return compare_users_answer(r, q, result);
    case SP_QUERY_LEDGER:
        return compare_ledger_answer(r, q, result);
    case SP_QUERY_ORDER:
        return sp_compare_order_now(r, q->query_order.order, &result->order);
    case SP_QUERY_CONCERT_ORDERS:
        PASS_ON(
            sp_compare_concert_totals(r, q->query_concert_orders.concert, &result->orders.totals));
        return compare_orders_answer(r, q, result);
    case SP_QUERY_ORDERS:
        return compare_orders_answer(r, q, result);
    case SP_QUERY_HOLD:
        return sp_compare_hold_view(r, q->query_hold.hold, &result->hold);
    case SP_QUERY_JOB:
        return sp_compare_order_now(r, sp_reference_order_of_job(r, q->actor, &q->query_job.job),
                                    &result->order);
    default:
        return sp_compare_failed("a query that is none: %d", (int)q->type);
    }
}
