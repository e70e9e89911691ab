/* SPDX-License-Identifier: MIT */
#include "engine/ledger.h"

#include <stddef.h>

static sp_user_id host_of(const sp_state *state, const sp_order_row *order)
{
    return state->concerts[order->concert].host;
}

/* The order that a ref is of or about. Not for grants and refunds. */
static sp_order_id order_of(const sp_state *state, sp_ledger_ref ref)
{
    uint32_t index = sp_ledger_index_of(ref);
    return sp_ledger_kind_of(ref) == SP_LEDGER_CANCELLATION ? state->cancellations[index].order
                                                            : index;
}

sp_ledger_ref sp_ledger_older(const sp_state *state, sp_user_id user, sp_ledger_ref ref)
{
    uint32_t index = sp_ledger_index_of(ref);

    if (sp_ledger_kind_of(ref) == SP_LEDGER_GRANT)
        return state->grants[index].older;
    if (sp_ledger_kind_of(ref) == SP_LEDGER_REFUND)
        return state->refunds[index].older;
    const sp_order_row *order = &state->orders[order_of(state, ref)];
    bool bought = order->user == user; /* at his own concert he is the buyer */
    if (sp_ledger_kind_of(ref) == SP_LEDGER_CANCELLATION)
        return bought ? state->cancellations[index].older_of_buyer
                      : state->cancellations[index].older_of_host;
    return bought ? sp_ledger_newest_since(state, user, order->older_of_user)
                  : order->older_of_host;
}

/* Rows 1 … count ascend by the seq that stands at this offset in each. Returns
 * the one with this seq, or 0. */
static uint32_t bisect(const void *rows, size_t row_size, size_t seq_offset, uint32_t count,
                       sp_seq seq)
{
    const char *seqs = (const char *)rows + seq_offset;
    uint32_t low = 1, high = count; /* it is among low … high, if anywhere */

    while (low <= high && high != 0) {
        uint32_t middle = low + (high - low) / 2;
        sp_seq found;
        memcpy(&found, seqs + middle * row_size, sizeof(found));
        if (found == seq)
            return middle;
        if (found < seq)
            low = middle + 1;
        else
            high = middle - 1;
    }
    return 0;
}

/* Those of one event stand together, by user. */
static sp_ledger_ref find_refund(const sp_state *state, sp_user_id user, sp_seq seq)
{
    uint32_t low = 1, high = state->refunds_count; /* among low … high, if anywhere */

    while (low <= high && high != 0) {
        uint32_t middle = low + (high - low) / 2;
        const sp_refund_row *refund = &state->refunds[middle];
        if (refund->seq == seq && refund->user == user)
            return sp_ledger_ref_of(SP_LEDGER_REFUND, middle);
        if (refund->seq < seq || (refund->seq == seq && refund->user < user))
            low = middle + 1;
        else
            high = middle - 1;
    }
    return 0;
}

/* An event makes a row in one table at most, so the tables are asked in turn. */
static sp_ledger_ref find_anyones(const sp_state *state, sp_seq seq)
{
    uint32_t index;

    if ((index = bisect(state->orders, sizeof(sp_order_row), offsetof(sp_order_row, seq),
                        state->orders_count, seq)))
        return sp_ledger_ref_of(SP_LEDGER_ORDER, index);
    if ((index = bisect(state->cancellations, sizeof(sp_cancellation_row),
                        offsetof(sp_cancellation_row, seq), state->cancellations_count, seq)))
        return state->cancellations[index].order ? sp_ledger_ref_of(SP_LEDGER_CANCELLATION, index)
                                                 : 0; /* of a concert: a refund */
    if ((index = bisect(state->grants, sizeof(sp_grant_row), offsetof(sp_grant_row, seq),
                        state->grants_count, seq)))
        return sp_ledger_ref_of(SP_LEDGER_GRANT, index);
    return 0;
}

sp_ledger_ref sp_ledger_find(const sp_state *state, sp_user_id user, sp_seq seq)
{
    sp_ledger_ref ref = find_anyones(state, seq);

    if (!ref)
        return find_refund(state, user, seq);
    if (sp_ledger_kind_of(ref) == SP_LEDGER_GRANT)
        return state->grants[sp_ledger_index_of(ref)].user == user ? ref : 0;
    const sp_order_row *order = &state->orders[order_of(state, ref)];
    return order->user == user || host_of(state, order) == user ? ref : 0;
}

/* Points that an order moved to this user when it was paid. */
static sp_points order_amount(const sp_state *state, sp_user_id user, const sp_order_row *order)
{
    if (order->user != user)
        return order->amount;
    return host_of(state, order) == user ? 0 : -order->amount;
}

void sp_ledger_read(const sp_state *state, sp_user_id user, sp_ledger_ref ref, sp_ledger_item *out)
{
    uint32_t index = sp_ledger_index_of(ref);

    *out = (sp_ledger_item){0};
    switch (sp_ledger_kind_of(ref)) {
    case SP_LEDGER_GRANT: {
        const sp_grant_row *grant = &state->grants[index];
        out->seq = grant->seq;
        out->time = grant->time;
        out->type = grant->is_sign_up ? SP_EVENT_USER_CREATED : SP_EVENT_POINTS_GRANTED;
        out->amount = (sp_points)grant->amount;
        return;
    }
    case SP_LEDGER_CANCELLATION: {
        const sp_cancellation_row *cancellation = &state->cancellations[index];
        out->seq = cancellation->seq;
        out->time = cancellation->time;
        out->type = SP_EVENT_ORDER_CANCELLED;
        out->amount = -order_amount(state, user, &state->orders[cancellation->order]);
        out->order = cancellation->order;
        return;
    }
    case SP_LEDGER_REFUND: {
        const sp_refund_row *refund = &state->refunds[index];
        out->seq = refund->seq;
        out->time = refund->time;
        out->type = SP_EVENT_CONCERT_CANCELLED;
        out->amount = refund->amount;
        return;
    }
    case SP_LEDGER_ORDER: {
        const sp_order_row *order = &state->orders[index];
        out->seq = order->seq;
        out->time = order->created_at;
        out->type = SP_EVENT_ORDER_PAID;
        out->amount = order_amount(state, user, order);
        out->order = index;
        return;
    }
    }
    sp_assert_failed(__FILE__, __LINE__, "the ref is of a known kind", ref, 0);
}
