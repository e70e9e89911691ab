/* SPDX-License-Identifier: MIT */
#include "tests/support/generate_private.h"

/* A page's beginning: none, one of this list (as a client gives it), or any id,
 * made up ones included. */
static sp_order_id any_order(sp_random *random, const sp_reference *r)
{
    return sp_random_once_in(random, 2)
               ? 0
               : (sp_order_id)sp_random_edge(random, 1, (int64_t)r->orders_count + 1);
}

/* A true cursor, or one that is wrong in its seq or its balance. */
static void ledger_cursor(sp_random *random, const sp_reference *r, sp_command *q)
{
    const sp_reference_user *user =
        sp_reference_is_user(r, q->actor) ? &r->users[q->actor - 1] : NULL;
    if (user == NULL || user->moves_count == 0 || sp_random_once_in(random, 3))
        return;
    uint32_t index = (uint32_t)sp_random_below(random, user->moves_count);
    q->query_ledger.before = user->moves[index].seq;
    for (uint32_t i = 0; i < index; i++)
        q->query_ledger.balance += user->moves[i].amount;
    if (sp_random_once_in(random, 4))
        q->query_ledger.before = (sp_seq)sp_random_edge(random, 1, (int64_t)r->seq + 1);
    if (sp_random_once_in(random, 8)) {
        static const sp_points wrong[] = {
            INT64_MIN, -SP_POINTS_TOTAL_MAX - 1, -SP_POINTS_TOTAL_MAX,
            0,         SP_POINTS_TOTAL_MAX,      SP_POINTS_TOTAL_MAX + 1,
            INT64_MAX};
        q->query_ledger.balance = ONE_OF(random, wrong);
    }
}

/* One that became an order, mostly asked by its user; or a made-up one. */
static void any_job_asked(sp_random *random, const sp_reference *r, sp_command *q)
{
    sp_random_fill(random, &q->query_job.job, sizeof q->query_job.job);
    for (uint32_t tries = 0; tries < 8 && r->orders_count > 0; tries++) {
        const sp_reference_order *order = &r->orders[sp_random_below(random, r->orders_count)];
        if (!order->job.present)
            continue;
        q->query_job.job = order->job.id;
        if (!sp_random_once_in(random, 4))
            q->actor = order->user;
        /* In what an order keeps of it (engine/job_index.h). */
        if (sp_random_once_in(random, 8))
            q->query_job.job.bytes[sp_random_below(random, 6)] ^= 1;
        return;
    }
}

void sp_generate_query(sp_random *random, const sp_reference *r, sp_command *q)
{
    uint32_t count_max = (uint32_t)sp_random_edge(random, 1, 100);
    memset(q, 0, sizeof *q);
    q->actor = sp_random_once_in(random, 30) ? 0 : sp_generate_user(random, r);
    switch (sp_random_below(random, 8)) {
    case 0:
        q->type = SP_QUERY_USER;
        q->query_user.user = sp_random_once_in(random, 2) ? 0 : sp_generate_user(random, r);
        break;
    case 1:
        q->type = SP_QUERY_ORDER;
        q->query_order.order = (sp_order_id)sp_random_edge(random, 0, (int64_t)r->orders_count + 1);
        break;
    case 2:
        q->type = SP_QUERY_USERS;
        q->query_users.after =
            sp_random_once_in(random, 2) ? 0 : (sp_user_id)sp_random_below(random, 30);
        q->query_users.count_max = count_max;
        if (sp_random_once_in(random, 2))
            q->actor = sp_generate_user_of_role(random, r, SP_ROLE_ADMIN);
        break;
    case 3:
        q->type = SP_QUERY_LEDGER;
        q->query_ledger.count_max = count_max;
        ledger_cursor(random, r, q);
        break;
    case 4:
        q->type = SP_QUERY_CONCERT_ORDERS;
        q->query_concert_orders.concert =
            (sp_concert_id)sp_random_edge(random, 0, (int64_t)r->concerts_count + 1);
        q->query_concert_orders.before = any_order(random, r);
        q->query_concert_orders.count_max = count_max;
        if (sp_random_once_in(random, 2))
            q->actor = sp_generate_user_of_role(random, r, SP_ROLE_HOST);
        break;
    case 5:
        q->type = SP_QUERY_HOLD;
        q->query_hold.hold = sp_generate_hold(random, r, q);
        break;
    case 6:
        q->type = SP_QUERY_JOB;
        any_job_asked(random, r, q);
        break;
    default:
        q->type = SP_QUERY_ORDERS;
        q->query_orders.user = sp_random_once_in(random, 2) ? 0 : sp_generate_user(random, r);
        q->query_orders.before = any_order(random, r);
        q->query_orders.count_max = count_max;
        break;
    }
}
