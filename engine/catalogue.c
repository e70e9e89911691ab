/* SPDX-License-Identifier: MIT */
#include "engine/catalogue.h"

/* Does `wanted` in the place of `had`, of `used` in all, go over `max`? */
static bool is_over(uint32_t wanted, uint32_t had, uint32_t used, uint32_t max)
{
    return wanted > had && wanted - had > max - used;
}

/* Bitmaps and prices of a layout that is larger than its place go to a new one, and the
 * old place is lost: so these are counted as they lie, not as they are used. */
const char *sp_layout_limit(const sp_state *state, const sp_spec_size *size,
                            const sp_concert_card *older)
{
    const sp_limits *limits = &state->limits;
    uint32_t words = sp_words_wanted(older ? older->words_reserved : 0, size->seats_count);
    uint32_t prices_had = older ? older->prices_reserved : 0;

    if (is_over(size->seats_count, older ? older->seats_count : 0, state->seats_count,
                limits->seats_max) ||
        words > sp_words_max(limits) - state->words_count)
        return "seats";
    if (size->grades_count > prices_had &&
        size->grades_count > limits->grades_max - state->prices_count)
        return "grades";
    if (is_over(size->rows_count, older ? older->rows_count : 0, state->rows_count,
                limits->rows_max))
        return "rows";
    return NULL;
}

const char *sp_concert_date_fault(const sp_state *state, sp_concert_id concert,
                                  sp_time_ms concert_date, sp_time_ms now)
{
    const sp_concert_row *row = &state->concerts[concert];
    sp_time_ms date = row->card->spec.concert_date;

    if (concert_date > now)
        return sp_user_is_erased(&state->users[row->host])
                   ? "can not be to come: the host was erased"
                   : NULL;
    return date > now && (row->sold_count || row->held_count)
               ? "can not be moved into the past while seats are sold or held"
               : NULL;
}

bool sp_concert_was_touched(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = &state->concerts[concert];
    const sp_seq *seqs = &state->seat_seqs[sp_concert_first_seat(row)];

    if (row->sold_count || row->held_count || state->sales[concert].orders_count)
        return true;
    for (uint32_t seat = 0; seat < row->seats_count; seat++)
        if (seqs[seat])
            return true;
    return false;
}

/* So many rows are asked for ahead, if the orders are no farther apart than this: to ask
 * for more than that for each would cost more than to wait. */
#define ROWS_AHEAD 256u
#define GAP_MAX 32u

/* `order` comes next behind `before`. */
static void ask_ahead(sp_paid_orders *walk, sp_order_id before, sp_order_id order)
{
    if (before - order > GAP_MAX) {
        walk->asked = order;
        return;
    }
    sp_order_id down_to = order > ROWS_AHEAD ? order - ROWS_AHEAD : 1;
    while (walk->asked > down_to)
        __builtin_prefetch(&walk->state->orders[--walk->asked], 1);
}

sp_paid_orders sp_paid_orders_of(const sp_state *state, sp_concert_id concert)
{
    sp_order_id newest = state->sales[concert].newest_order;
    return (sp_paid_orders){state, newest, newest};
}

sp_order_id sp_paid_orders_next(sp_paid_orders *walk)
{
    while (walk->next) {
        sp_order_id order = walk->next;
        const sp_order_row *row = &walk->state->orders[order];
        walk->next = row->older_of_concert;
        if (walk->next)
            ask_ahead(walk, order, walk->next);
        if (row->status == SP_ORDER_PAYMENT)
            return order;
    }
    return 0;
}

/* Nobody has more than all that was ever granted and what others owe; and only refunds
 * make debts. So far from the maximum, no balance need be looked at. */
static bool is_far_from_maximum(const sp_state *state, sp_points amount)
{
    return state->refunded_total <= SP_POINTS_TOTAL_MAX - state->points_total - amount;
}

bool sp_concert_can_refund(const sp_state *state, sp_concert_id concert)
{
    const sp_sales_row *sales = &state->sales[concert];
    sp_user_id host = state->concerts[concert].host;
    sp_points amount = sales->amount - sales->refunded;

    if (amount > SP_POINTS_TOTAL_MAX || state->users[host].points < amount - SP_POINTS_TOTAL_MAX)
        return false;
    if (is_far_from_maximum(state, amount))
        return true;
    sp_paid_orders walk = sp_paid_orders_of(state, concert);
    for (sp_order_id order; (order = sp_paid_orders_next(&walk));)
        if (state->users[state->orders[order].user].points > SP_POINTS_TOTAL_MAX - amount)
            return false;
    return true;
}
