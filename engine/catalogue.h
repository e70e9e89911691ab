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

/* What is wrong with a concert's new date at `now`: it can't be in the past while it has
 * paid orders or holds, nor to come when its host was erased. A static sentence, or
 * NULL. Of decide alone: it breaks nothing, so a log that has one is no damaged log. */
const char *sp_concert_date_fault(const sp_state *state, sp_concert_id concert,
                                  sp_time_ms concert_date, sp_time_ms now);

/* Was any seat of the concert ever held or sold? Costs a look at each of them, at
 * worst. */
bool sp_concert_was_touched(const sp_state *state, sp_concert_id concert);

/* Do all balances stay within what they may be if all its paid orders are refunded? Of
 * the buyers each is judged as if all of it went to him: that only matters at sums that
 * nobody has. Goes through the orders only where such sums can be. */
bool sp_concert_can_refund(const sp_state *state, sp_concert_id concert);

/* A walk through a concert's paid orders, newest first. Each is known from the one behind
 * it, so this would wait for a line of memory at each; but where they are close together,
 * as those of a concert that sells fast, all rows before them are asked for ahead. */
typedef struct sp_paid_orders {
    const sp_state *state;
    sp_order_id next;  /* 0 = none */
    sp_order_id asked; /* rows from here on were asked for */
} sp_paid_orders;

sp_paid_orders sp_paid_orders_of(const sp_state *state, sp_concert_id concert);
/* 0 = there are no more. */
sp_order_id sp_paid_orders_next(sp_paid_orders *walk);

#endif
