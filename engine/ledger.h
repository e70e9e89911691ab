/* SPDX-License-Identifier: MIT
 *
 * Every user's ledger: what moved his points, newest first. Nothing is written
 * twice for it: an order, a cancellation, a grant and a refund each stand in a table
 * of their own, ascending by seq, and have links that lead to the entry before them
 * of each user whose points they moved. An event makes one entry of a user at most, so
 * that its seq names it: a concert that is cancelled is one to each of its buyers,
 * however many orders he had there.
 *
 * Nearly all entries are orders of buyers who do nothing but buy, so those cost
 * the order path no line that it does not have already: a user's own orders are
 * chained from his row (older_of_user), which a list of orders needs anyway. His
 * other entries (orders that he sold, cancellations, grants, refunds) hang behind the
 * newest order that he had made by then, in `others` of its row, or before his
 * first one in `others` of his account; there the newest of them stands, and
 * each leads to the one before it of any kind:
 *
 *   user.newest_order ─► order 9 ─ older_of_user ─► order 4 ─► 0
 *                        others: 0                  others ─► sold 7 ─► cancel ─► order 4
 *   account.others ─► grant ─► 0
 *
 * So the one before order 9 is what hangs behind order 4, down to order 4; the
 * one before order 4 is what his account shows. Each step is O(1), from any
 * entry on, and a seq is found in its table by bisection: no cursor costs a walk.
 *
 * Private to engine/. Owned by the state's thread.
 */
#ifndef SP_ENGINE_LEDGER_H
#define SP_ENGINE_LEDGER_H

#include "engine/state_private.h"

typedef enum sp_ledger_kind {
    SP_LEDGER_ORDER = 0, /* bought or sold */
    SP_LEDGER_CANCELLATION = 1,
    SP_LEDGER_GRANT = 2,
    SP_LEDGER_REFUND = 3, /* with a concert, all at once */
} sp_ledger_kind;

static inline sp_ledger_ref sp_ledger_ref_of(sp_ledger_kind kind, uint32_t index)
{
    return (uint32_t)kind << SP_LEDGER_INDEX_BITS | index;
}

static inline sp_ledger_kind sp_ledger_kind_of(sp_ledger_ref ref)
{
    return (sp_ledger_kind)(ref >> SP_LEDGER_INDEX_BITS);
}

static inline uint32_t sp_ledger_index_of(sp_ledger_ref ref)
{
    return ref & SP_LEDGER_INDEX_MAX;
}

/* The newest entry of a user who had made `order` last (0 = none yet). */
static inline sp_ledger_ref sp_ledger_newest_since(const sp_state *state, sp_user_id user,
                                                   sp_order_id order)
{
    if (order == 0)
        return state->accounts[user].others;
    sp_ledger_ref others = state->orders[order].others;
    return others ? others : sp_ledger_ref_of(SP_LEDGER_ORDER, order);
}

static inline sp_ledger_ref sp_ledger_newest(const sp_state *state, sp_user_id user)
{
    return sp_ledger_newest_since(state, user, state->users[user].newest_order);
}

/* Hangs in an entry of a user that is no order of his own. Returns the entry
 * before it, which the caller links it to. */
static inline sp_ledger_ref sp_ledger_push(sp_state *state, sp_user_id user, sp_ledger_ref ref)
{
    sp_order_id order = state->users[user].newest_order;
    sp_ledger_ref older = sp_ledger_newest_since(state, user, order);
    if (order)
        state->orders[order].others = ref;
    else
        state->accounts[user].others = ref;
    return older;
}

/* The entry before this one of his; 0 = it was his first. */
sp_ledger_ref sp_ledger_older(const sp_state *state, sp_user_id user, sp_ledger_ref ref);
/* His entry that this event made; 0 = there is none. */
sp_ledger_ref sp_ledger_find(const sp_state *state, sp_user_id user, sp_seq seq);
/* What it says of him: all but the balance. */
void sp_ledger_read(const sp_state *state, sp_user_id user, sp_ledger_ref ref, sp_ledger_item *out);

#endif
