/* SPDX-License-Identifier: MIT
 *
 * What queries must say, the naive way: everything is gone through.
 */
#include "tests/support/reference.h"

static bool user_ever(const sp_reference *r, sp_user_id user)
{
    return user >= 1 && user <= r->users_count;
}

/* Whose orders, of which concert: 0 = all. */
static bool listed(const sp_reference_order *order, sp_user_id user, sp_concert_id concert)
{
    return (user == 0 || order->user == user) && (concert == 0 || order->concert == concert);
}

static sp_user_id orders_of(const sp_command *q)
{
    return q->query_orders.user != 0 ? q->query_orders.user : q->actor;
}

sp_outcome sp_reference_query(const sp_reference *r, const sp_command *q)
{
    if (q->actor != 0 && !sp_reference_is_user(r, q->actor))
        return SP_TOKEN_INVALID;
    bool admin = sp_reference_is_admin(r, q->actor);
    sp_user_id user = q->query_user.user != 0 ? q->query_user.user : q->actor;
    sp_order_id order = q->query_order.order;
    sp_concert_id concert = q->query_concert_orders.concert;
    const sp_reference_hold *hold;
    switch (q->type) {
    case SP_QUERY_USER:
        if (user != q->actor && !admin)
            return SP_ROLE_REQUIRED;
        return sp_reference_is_user(r, user) ? SP_OK : SP_USER_UNKNOWN;
    case SP_QUERY_USERS:
        return admin ? SP_OK : SP_ROLE_REQUIRED;
    case SP_QUERY_LEDGER:
        return SP_OK;
    case SP_QUERY_ORDER:
        if (order < 1 || order > r->orders_count)
            return SP_ORDER_UNKNOWN;
        return r->orders[order - 1].user == q->actor || admin ? SP_OK : SP_ORDER_UNKNOWN;
    case SP_QUERY_ORDERS:
        if (orders_of(q) != q->actor && !admin)
            return SP_ROLE_REQUIRED;
        return orders_of(q) == 0 || user_ever(r, orders_of(q)) ? SP_OK : SP_USER_UNKNOWN;
    case SP_QUERY_CONCERT_ORDERS:
        if (concert < 1 || concert > r->concerts_count)
            return SP_CONCERT_UNKNOWN;
        return r->concerts[concert - 1].host == q->actor || admin ? SP_OK : SP_NOT_OWNER;
    case SP_QUERY_HOLD:
        hold = sp_reference_hold_of(r, q->query_hold.hold);
        return hold != NULL && hold->status == SP_REFERENCE_LIVES && hold->user == q->actor
                   ? SP_OK
                   : SP_HOLD_UNKNOWN;
    case SP_QUERY_JOB:
        return sp_reference_order_of_job(r, q->actor, &q->query_job.job) != 0 ? SP_OK
                                                                              : SP_JOB_UNKNOWN;
    default:
        return SP_INTERNAL;
    }
}

/* The newest of the job's. */
sp_order_id sp_reference_order_of_job(const sp_reference *r, sp_user_id user, const sp_hash128 *job)
{
    for (uint32_t i = r->orders_count; i > 0; i--)
        if (r->orders[i - 1].user == user && r->orders[i - 1].job.present &&
            memcmp(&r->orders[i - 1].job.id, job, sizeof *job) == 0)
            return i;
    return 0;
}

uint32_t sp_reference_query_orders(const sp_reference *r, const sp_command *q, sp_order_id *ids,
                                   sp_order_id *next)
{
    bool own = q->type == SP_QUERY_ORDERS;
    sp_user_id user = own ? orders_of(q) : 0;
    sp_concert_id concert = own ? 0 : q->query_concert_orders.concert;
    sp_order_id before = own ? q->query_orders.before : q->query_concert_orders.before;
    uint32_t count_max = own ? q->query_orders.count_max : q->query_concert_orders.count_max;
    uint32_t count = 0;
    *next = 0;
    if (own && user == 0)
        return 0; /* the operator orders nothing */
    if (before != 0 && (before > r->orders_count || !listed(&r->orders[before - 1], user, concert)))
        return 0; /* behind what is not on this list there is nothing */
    for (sp_order_id id = r->orders_count; id >= 1; id--) {
        if (!listed(&r->orders[id - 1], user, concert) || (before != 0 && id >= before))
            continue;
        if (count == count_max) {
            *next = ids[count - 1]; /* there is more: go on below the last */
            break;
        }
        ids[count++] = id;
    }
    return count;
}

uint32_t sp_reference_query_users(const sp_reference *r, const sp_command *q, sp_user_id *ids,
                                  sp_user_id *next)
{
    uint32_t count = 0;
    *next = 0;
    for (sp_user_id id = 1; id <= r->users_count; id++) {
        if (id <= q->query_users.after || !sp_reference_is_user(r, id))
            continue;
        if (count == q->query_users.count_max) {
            *next = ids[count - 1];
            break;
        }
        ids[count++] = id;
    }
    return count;
}
