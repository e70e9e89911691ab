/* SPDX-License-Identifier: MIT
 *
 * What decide and admit both ask about concerts, so that what one lets through the
 * other does too. Pure.
 *
 * Private to engine/. Owned by the state's thread.
 */
#ifndef SP_ENGINE_CATALOGUE_H
#define SP_ENGINE_CATALOGUE_H

#include "engine/spec.h"
#include "engine/state_private.h"

/* The limit that a layout of this size meets, in the place of the older card's (NULL: of
 * a new concert): a static name, or NULL if there is room. */
const char *sp_layout_limit(const sp_state *state, const sp_spec_size *size,
                            const sp_concert_card *older);

/* Was any seat of the concert ever held or sold? Costs a look at each of them, at
 * worst. */
bool sp_concert_was_touched(const sp_state *state, sp_concert_id concert);

/* Do all balances stay within what they may be if all its paid orders are refunded? Of
 * the buyers each is judged as if all of it went to him: that only matters at sums that
 * nobody has. Goes through the orders. */
bool sp_concert_can_refund(const sp_state *state, sp_concert_id concert);

/* Its newest order that is paid, from `order` on (0 = none) backwards, or 0. */
static inline sp_order_id sp_order_paid_from(const sp_state *state, sp_order_id order)
{
    while (order && state->orders[order].status != SP_ORDER_PAYMENT)
        order = state->orders[order].older_of_concert;
    return order;
}

#endif
