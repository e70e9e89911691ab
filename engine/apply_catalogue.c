/* SPDX-License-Identifier: MIT */
#include "engine/apply_private.h"
#include "engine/cards.h"
#include "engine/catalogue.h"
#include "engine/fault.h"
#include "engine/ledger.h"

sp_subject sp_apply_category_created(sp_state *state, const sp_event *event)
{
    sp_text name = sp_arena_text(&state->arena, event->category_created.name);

    SP_ASSERT_CMP(state->categories.count, <, state->limits.categories_max);
    sp_category_id id = sp_categories_add(&state->categories, name);
    SP_ASSERT_CMP(id, ==, event->category_created.category);
    return (sp_subject){id, 0, 0};
}

/* ---- Creating and editing ---- */

/* Room for the bitmaps of a card's seats; the older card's, if that is large enough. */
static void words_reserve(sp_state *state, sp_concert_card *card)
{
    uint32_t wanted = sp_words_wanted(card->words_reserved, card->seats_count);

    if (!wanted)
        return;
    SP_ASSERT_CMP(wanted, <=, sp_words_max(&state->limits) - state->words_count);
    card->first_word = state->words_count;
    card->words_reserved = wanted;
    state->words_count += wanted;
}

/* The prices of a layout: in the older one's place, if that is large enough, or behind
 * all others. */
static void prices_fill(sp_state *state, sp_concert_row *row, sp_concert_card *card)
{
    if (card->spec.grades_count > card->prices_reserved) {
        SP_ASSERT_CMP(card->spec.grades_count, <=, state->limits.grades_max - state->prices_count);
        row->first_price = state->prices_count;
        state->prices_count += card->spec.grades_count;
        card->prices_reserved = card->spec.grades_count;
    }
    for (uint32_t i = 0; i < card->spec.grades_count; i++) {
        const sp_card_grade *grade = &card->grades[i];
        state->prices[row->first_price + i] =
            (sp_price_row){grade->first_seat + grade->seats_count, (uint32_t)grade->price};
    }
}

/* The concert's line for the order path: what it copies from the card. */
static void row_copy_card(sp_concert_row *row, const sp_concert_card *card, sp_seq seq)
{
    row->start_date = card->spec.start_date;
    row->end_date = card->spec.end_date;
    row->seq = seq;
    row->card = card;
    row->first_word = card->first_word;
    row->seats_count = card->seats_count;
    row->max_seats_per_user = (uint16_t)card->spec.max_seats_per_user;
    row->no_orphans = card->spec.no_orphans;
}

static void count_layout(sp_state *state, const sp_concert_card *card)
{
    state->seats_count += card->seats_count;
    state->rows_count += card->rows_count;
    SP_ASSERT_CMP(state->seats_count, <=, state->limits.seats_max);
}

sp_subject sp_apply_concert_created(sp_state *state, const sp_event *event)
{
    sp_concert_id id = event->concert_created.concert;
    sp_concert_row *row = &state->concerts[id];

    SP_ASSERT_CMP(id, ==, state->concerts_count + 1);
    SP_ASSERT_CMP(id, <=, state->limits.concerts_max);
    sp_concert_card *card = sp_card_make(&state->arena, &event->concert_created.spec, NULL);
    card->id = id;
    card->host = event->concert_created.host;
    card->created_at = event->time;
    card->created_seq = event->seq;
    card->layout_seq = event->seq;
    card->seq = event->seq;
    card->created = card;
    card->older = NULL;
    card->jump = NULL;
    card->edits_count = 0;
    words_reserve(state, card);
    count_layout(state, card);

    row_copy_card(row, card, event->seq);
    state->own_seqs[id] = event->seq;
    prices_fill(state, row, card);
    row->host = card->host;
    sp_account_row *account = &state->accounts[card->host];
    row->older_of_host = account->newest_concert;
    account->newest_concert = id;
    state->concerts_count = id;
    return (sp_subject){id, 0, 0};
}

/* Where the card behind this one jumps to: as far again as two jumps of one length do,
 * or to this one. */
static const sp_concert_card *jump_from(const sp_concert_card *older)
{
    const sp_concert_card *first = older->jump, *second = first ? first->jump : NULL;

    return second && older->edits_count - first->edits_count ==
                         first->edits_count - second->edits_count
               ? second
               : older;
}

sp_subject sp_apply_concert_edited(sp_state *state, const sp_event *event)
{
    sp_concert_id id = event->concert_edited.concert;
    sp_concert_row *row = sp_state_concert_row(state, id);

    SP_ASSERT(row);
    const sp_concert_card *older = row->card;
    sp_concert_card *card = sp_card_make(&state->arena, &event->concert_edited.spec, older);
    card->seq = event->seq;
    card->older = older;
    card->jump = jump_from(older);
    card->edits_count = older->edits_count + 1;
    if (event->concert_edited.spec.grades_count) {
        card->layout_seq = event->seq;
        words_reserve(state, card);
        state->seats_count -= older->seats_count;
        state->rows_count -= older->rows_count;
        count_layout(state, card);
    }
    row_copy_card(row, card, event->seq);
    state->own_seqs[id] = event->seq;
    if (event->concert_edited.spec.grades_count)
        prices_fill(state, row, card);
    return (sp_subject){id, 0, 0};
}

/* ---- Pausing and resuming ---- */

static sp_subject sale_change(sp_state *state, sp_concert_id id, sp_sale sale, sp_seq seq)
{
    sp_concert_row *row = sp_state_concert_row(state, id);

    SP_ASSERT(row);
    SP_ASSERT_CMP(row->sale, !=, SP_SALE_CANCELLED);
    row->sale = (uint8_t)sale;
    row->seq = seq;
    state->own_seqs[id] = seq;
    return (sp_subject){id, 0, 0};
}

sp_subject sp_apply_concert_paused(sp_state *state, const sp_event *event)
{
    return sale_change(state, event->concert_paused.concert, SP_SALE_PAUSED, event->seq);
}

sp_subject sp_apply_concert_resumed(sp_state *state, const sp_event *event)
{
    return sale_change(state, event->concert_resumed.concert, SP_SALE_OPEN, event->seq);
}

/* ---- Cancelling: one event, whatever was sold ---- */

static void holds_cancel(sp_state *state, sp_concert_id id, sp_seq seq)
{
    uint32_t count =
        sp_holds_of_concert(&state->holds, id, state->concerts[id].held_count, state->scratch);

    for (uint32_t i = 0; i < count; i++)
        sp_apply_hold_end(state, sp_holds_living(&state->holds, state->scratch[i]),
                          SP_HELD_CANCELLED, seq);
    SP_ASSERT_CMP(state->concerts[id].held_count, ==, 0);
}

static void order_cancel(sp_order_row *order, uint32_t cancellation)
{
    order->status = SP_ORDER_CANCEL;
    order->cancellation = cancellation;
}

/* Its paid orders are no more: what is due for each, as they come. Returns how many. */
static uint32_t orders_cancel(sp_state *state, const sp_event *event)
{
    sp_concert_id concert = event->concert_cancelled.concert;
    sp_sales_row *sales = &state->sales[concert];
    sp_paid_orders walk = sp_paid_orders_of(state, concert);
    uint32_t index = state->cancellations_count + 1, count = 0;

    for (sp_order_id order; (order = sp_paid_orders_next(&walk)); count++) {
        sp_order_row *row = &state->orders[order];
        SP_ASSERT_CMP(count, <, SP_SEATS_PER_CONCERT_MAX);
        state->dues[count] = (sp_refund_due){row->amount, row->user};
        if (!(SP_FAULT(CANCEL_SKIPS_ORDER) && !walk.next))
            order_cancel(row, index);
    }
    if (count) {
        state->cancellations[index] = (sp_cancellation_row){.seq = event->seq, .time = event->time};
        state->cancellations_count = index;
    }
    state->refunded_total += sales->amount - sales->refunded;
    sales->refunded = sales->amount;
    sales->cancelled_count = sales->orders_count;
    state->orders_cancelled_count += count;
    return count;
}

/* Buyers lie anywhere, and so do their newest orders, where their ledgers go on: asked for
 * so many rows ahead, the one by what the other tells. */
#define USERS_AHEAD 32u
#define LEDGERS_AHEAD 16u

static void prefetch_refund(const sp_state *state, sp_concert_id concert, uint32_t i,
                            uint32_t count)
{
    if (i + USERS_AHEAD < count)
        __builtin_prefetch(&state->users[state->dues[i + USERS_AHEAD].user], 1);
    if (i + LEDGERS_AHEAD >= count)
        return;
    sp_user_id id = state->dues[i + LEDGERS_AHEAD].user;
    const sp_user_row *user = &state->users[id];
    if (user->newest_order)
        __builtin_prefetch(&state->orders[user->newest_order], 1);
    else
        __builtin_prefetch(&state->accounts[id], 1);
    if (sp_user_caps_full(&user->caps))
        __builtin_prefetch(sp_caps_line_of(&state->caps, id, concert), 1);
}

/* Into his ledger, and his seats at the concert forgotten; he is a buyer, or the host. */
static void refund_pay(sp_state *state, const sp_event *event, const sp_refund_due *due,
                       uint32_t index)
{
    sp_concert_id concert = event->concert_cancelled.concert;
    sp_user_row *user = &state->users[due->user];
    uint32_t seats_count = sp_user_caps_count(&user->caps, &state->caps, due->user, concert);

    user->points += due->amount;
    state->refunds[index] = (sp_refund_row){
        .seq = event->seq,
        .time = event->time,
        .amount = due->amount,
        .user = due->user,
        .older = sp_ledger_push(state, due->user, sp_ledger_ref_of(SP_LEDGER_REFUND, index)),
    };
    if (seats_count)
        sp_user_caps_subtract(&user->caps, &state->caps, due->user, concert, seats_count);
}

/* The host pays all of it; what he bought of himself he also gets. His row is among the
 * buyers', so that it is found like theirs. */
static void orders_refund(sp_state *state, const sp_event *event)
{
    sp_concert_id concert = event->concert_cancelled.concert;
    uint32_t count = orders_cancel(state, event);

    SP_ASSERT_CMP(count, ==, event->concert_cancelled.orders_count);
    if (count == 0)
        return;
    state->dues[count] =
        (sp_refund_due){-event->concert_cancelled.amount, state->concerts[concert].host};
    sp_refund_dues_sort(state->dues, state->dues + SP_REFUND_DUES_MAX, count + 1);
    count = sp_refund_dues_merge(state->dues, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        prefetch_refund(state, concert, i, count);
        if (!(SP_FAULT(LOST_REFUND) && i == 0))
            refund_pay(state, event, &state->dues[i], state->refunds_count + 1 + i);
    }
    state->refunds_count += count;
}

/* What is sold is free again: word by word, whoever bought it. */
static void seats_free(sp_state *state, sp_concert_row *row, sp_seq seq)
{
    uint64_t *sold = &state->sold[row->first_word];
    sp_seq *seqs = &state->seat_seqs[sp_concert_first_seat(row)];

    for (uint32_t i = 0; i < sp_words_of_seats(row->seats_count); i++) {
        for (uint64_t bits = sold[i]; bits; bits &= bits - 1)
            seqs[i * 64u + (uint32_t)__builtin_ctzll(bits)] = seq;
        sold[i] = 0;
    }
    state->seats_sold_count -= row->sold_count;
    row->sold_count = 0;
}

sp_subject sp_apply_concert_cancelled(sp_state *state, const sp_event *event)
{
    sp_concert_id id = event->concert_cancelled.concert;
    sp_concert_row *row = sp_state_concert_row(state, id);

    SP_ASSERT(row);
    holds_cancel(state, id, event->seq);
    orders_refund(state, event);
    seats_free(state, row, event->seq);
    return sale_change(state, id, SP_SALE_CANCELLED, event->seq);
}
