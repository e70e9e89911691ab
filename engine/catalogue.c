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
    uint32_t prices_had = older ? older->spec.grades_count : 0;

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

bool sp_concert_can_refund(const sp_state *state, sp_concert_id concert)
{
    const sp_sales_row *sales = &state->sales[concert];
    sp_user_id host = state->concerts[concert].host;
    sp_points amount = sales->amount - sales->refunded;

    if (amount > SP_POINTS_TOTAL_MAX || state->users[host].points < amount - SP_POINTS_TOTAL_MAX)
        return false;
    for (sp_order_id order = sp_order_paid_from(state, sales->newest_order); order;
         order = sp_order_paid_from(state, state->orders[order].older_of_concert))
        if (state->users[state->orders[order].user].points > SP_POINTS_TOTAL_MAX - amount)
            return false;
    return true;
}
