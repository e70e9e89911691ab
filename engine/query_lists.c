/* SPDX-License-Identifier: MIT
 *
 * Pages. Each costs what it shows and no more, whatever the cursor: one that was
 * made up names an id or a seq that is not of this list, and finds nothing.
 */
#include <stdlib.h>

#include "engine/query_private.h"

#define PAGE_MAX 100u

static void assert_page(uint32_t count_max)
{
    SP_ASSERT(count_max >= 1 && count_max <= PAGE_MAX);
}

/* ---- Orders ---- */

/* The order before this one in the list that is asked for. */
static sp_order_id older_order(const sp_state *state, const sp_command *query, sp_order_id order)
{
    const sp_order_row *row = &state->orders[order];
    return query->type == SP_QUERY_ORDERS ? row->older_of_user : row->older_of_concert;
}

/* One block: the items, then their seats. */
static sp_outcome orders_fill(const sp_state *state, const sp_order_id *ids, uint32_t count,
                              uint32_t seats_count, sp_result *result)
{
    sp_order_view *items = malloc(count * sizeof(*items) + seats_count * sizeof(sp_seat));
    if (!items)
        return SP_BUSY;

    sp_seat *seats = (sp_seat *)(items + count);
    for (uint32_t i = 0; i < count; i++) {
        bool found = sp_state_order(state, ids[i], &items[i]);
        SP_ASSERT(found);
        memcpy(seats, items[i].seats, items[i].seats_count * sizeof(*seats));
        items[i].seats = seats;
        seats += items[i].seats_count;
    }
    result->orders.items = items;
    result->orders.count = count;
    return SP_OK;
}

/* The page from this order on. */
static sp_outcome orders_page(const sp_state *state, const sp_command *query, sp_order_id order,
                              uint32_t count_max, sp_result *result)
{
    sp_order_id ids[PAGE_MAX];
    uint32_t count = 0, seats_count = 0;

    assert_page(count_max);
    for (; order && count < count_max; count++) {
        ids[count] = order;
        seats_count += state->orders[order].seats_count;
        order = older_order(state, query, order);
    }
    result->orders.items = NULL;
    result->orders.count = 0;
    result->orders.next = order ? ids[count - 1] : 0;
    return count ? orders_fill(state, ids, count, seats_count, result) : SP_OK;
}

/* An ADMIN sees also what one who was erased has bought. */
sp_outcome sp_query_orders(const sp_state *state, const sp_command *query, sp_result *result)
{
    sp_user_id user = query->query_orders.user ? query->query_orders.user : query->actor;

    if (user != query->actor && !sp_query_is_admin(state, query->actor))
        return SP_ROLE_REQUIRED;
    if (user && !sp_state_user_row(state, user))
        return SP_USER_UNKNOWN;
    return orders_page(state, query, sp_state_order_before(state, user, query->query_orders.before),
                       query->query_orders.count_max, result);
}

sp_outcome sp_query_concert_orders(const sp_state *state, const sp_command *query,
                                   sp_result *result)
{
    sp_concert_id concert = query->query_concert_orders.concert;
    const sp_concert_row *row = sp_state_concert_row(state, concert);

    if (!row)
        return SP_CONCERT_UNKNOWN;
    if (row->host != query->actor && !sp_query_is_admin(state, query->actor))
        return SP_NOT_OWNER;
    sp_state_concert_totals(state, concert, &result->orders.totals);
    return orders_page(
        state, query,
        sp_state_concert_order_before(state, concert, query->query_concert_orders.before),
        query->query_concert_orders.count_max, result);
}

/* ---- Users ---- */

/* So many rows are looked at for one page: where thousands in a row were erased,
 * it ends early, with a cursor to go on from. */
#define USERS_LOOKED_AT_MAX 10000u

/* The first living user above this id, within what is still to be looked at; if
 * there is none, 0. *at: the last one that was looked at. */
static sp_user_id next_living(const sp_state *state, sp_user_id *at, uint32_t *left)
{
    while (*at<state->users_count && * left> 0) {
        ++*at;
        --*left;
        if (!sp_user_is_erased(&state->users[*at]))
            return *at;
    }
    return 0;
}

sp_outcome sp_query_users(const sp_state *state, const sp_command *query, sp_result *result)
{
    uint32_t count_max = query->query_users.count_max, count = 0, left = USERS_LOOKED_AT_MAX;
    sp_user_id ids[PAGE_MAX], at = query->query_users.after, user;

    assert_page(count_max);
    if (!sp_query_is_admin(state, query->actor))
        return SP_ROLE_REQUIRED;
    while (count < count_max && (user = next_living(state, &at, &left)))
        ids[count++] = user;
    result->users.items = NULL;
    result->users.count = 0;
    result->users.next = 0;
    /* Is there one behind the page? If that can't be told, there may be. */
    sp_user_id page_end = at;
    if (next_living(state, &at, &left) || (left == 0 && at < state->users_count))
        result->users.next = count == count_max ? page_end : at;
    if (count == 0)
        return SP_OK;

    sp_user_view *items = malloc(count * sizeof(*items));
    if (!items)
        return SP_BUSY;
    for (uint32_t i = 0; i < count; i++) {
        bool found = sp_state_user(state, ids[i], &items[i]);
        SP_ASSERT(found);
    }
    result->users.items = items;
    result->users.count = count;
    return SP_OK;
}

/* ---- The ledger ---- */

/* Where the page begins, and the balance right after that entry. false: there is
 * nothing, or the cursor is made up. The balance in a cursor is taken on trust:
 * another shifts what this page shows by as much and harms nobody else; one that
 * no user can have is no cursor (nor could it be counted from). */
static bool ledger_begin(const sp_state *state, const sp_command *query, sp_ledger_ref *ref,
                         sp_points *balance)
{
    sp_user_id user = query->actor;
    const sp_user_row *row = sp_state_user_row(state, user);
    sp_points given = query->query_ledger.balance;

    if (!row)
        return false;
    if (query->query_ledger.before == 0) {
        *ref = sp_ledger_newest(state, user);
        *balance = row->points;
        return *ref != 0;
    }
    if (given > SP_POINTS_TOTAL_MAX || given < -SP_POINTS_TOTAL_MAX)
        return false;
    *balance = given;
    *ref = sp_ledger_find(state, user, query->query_ledger.before);
    if (*ref)
        *ref = sp_ledger_older(state, user, *ref);
    return *ref != 0;
}

sp_outcome sp_query_ledger(const sp_state *state, const sp_command *query, sp_result *result)
{
    uint32_t count_max = query->query_ledger.count_max, count = 0;
    sp_ledger_ref ref;
    sp_points balance;

    assert_page(count_max);
    result->ledger.items = NULL;
    result->ledger.count = 0;
    result->ledger.next = 0;
    result->ledger.next_balance = 0;
    if (!ledger_begin(state, query, &ref, &balance))
        return SP_OK;

    sp_ledger_item *items = malloc(count_max * sizeof(*items));
    if (!items)
        return SP_BUSY;
    for (; ref && count < count_max; count++) {
        sp_ledger_read(state, query->actor, ref, &items[count]);
        items[count].balance = balance;
        balance -= items[count].amount;
        ref = sp_ledger_older(state, query->actor, ref);
    }
    result->ledger.items = items;
    result->ledger.count = count;
    if (ref) {
        result->ledger.next = items[count - 1].seq;
        result->ledger.next_balance = balance;
    }
    return SP_OK;
}

void sp_result_release(sp_command_type type, sp_result *result)
{
    if (result->outcome != SP_OK)
        return;
    switch (type) {
    case SP_QUERY_ORDERS:
    case SP_QUERY_CONCERT_ORDERS:
        free(result->orders.items);
        result->orders.items = NULL;
        break;
    case SP_QUERY_USERS:
        free(result->users.items);
        result->users.items = NULL;
        break;
    case SP_QUERY_LEDGER:
        free(result->ledger.items);
        result->ledger.items = NULL;
        break;
    default:
        break;
    }
}
