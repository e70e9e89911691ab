/* SPDX-License-Identifier: MIT */
#include "engine/state_private.h"

#include <stdlib.h>

#include "engine/memory.h"

#define TABLES_COUNT 28u

/* Every table with the bytes that it may ever take. */
static void tables_of(sp_state *state, sp_reservation list[TABLES_COUNT])
{
    const sp_limits *limits = &state->limits;
    size_t words_max = (size_t)sp_words_max(limits);
    size_t rows = 0;

#define TABLE(field, count) \
    list[rows++] = (sp_reservation){&state->field, (size_t)(count) * sizeof(*state->field)}
#define TABLE_BYTES(field, size)    \
    list[rows++] = (sp_reservation) \
    {                               \
        &state->field, size         \
    }
    TABLE(users, (size_t)limits->users_max + 1);
    TABLE(accounts, (size_t)limits->users_max + 1);
    TABLE(concerts, (size_t)limits->concerts_max + 1);
    TABLE(sales, (size_t)limits->concerts_max + 1);
    TABLE(own_seqs, (size_t)limits->concerts_max + 1);
    TABLE(orders, (size_t)limits->orders_max + 1);
    TABLE(cancellations, (size_t)limits->orders_max + 1);
    TABLE(grants, (size_t)limits->grants_max + 1);
    TABLE(refunds, (size_t)limits->orders_max + limits->concerts_max + 1);
    TABLE(prices, limits->grades_max);
    TABLE(order_seats, limits->order_seats_max);
    TABLE(scratch, SP_SEATS_PER_CONCERT_MAX);
    TABLE(dues, 2 * SP_REFUND_DUES_MAX);
    TABLE(sold, words_max);
    TABLE(held, words_max);
    TABLE(seat_seqs, words_max * 64);
    TABLE_BYTES(categories.names, sp_categories_names_bytes(limits->categories_max));
    TABLE_BYTES(categories.cells, sp_categories_cells_bytes(limits->categories_max));
    TABLE_BYTES(caps.lines, sp_caps_lines_bytes(limits->seats_max));
    TABLE_BYTES(caps.spill, sp_caps_spill_bytes(limits->seats_max));
    TABLE_BYTES(holds.rows, sp_holds_rows_bytes(limits->holds_max));
    TABLE_BYTES(holds.heap, sp_holds_heap_bytes(limits->holds_max));
    TABLE_BYTES(holds.concerts, sp_holds_concerts_bytes(limits->holds_max));
    TABLE(holds.next_seats, words_max * 64);
    TABLE_BYTES(jobs, sp_job_index_bytes(limits->orders_max));
    TABLE_BYTES(keys.ring, sp_keys_bytes(limits->idempotency_keys_max));
    TABLE(keys.prints, (size_t)limits->users_max + 1);
    TABLE_BYTES(arena.base, (size_t)limits->text_bytes_max);
#undef TABLE
#undef TABLE_BYTES
    SP_ASSERT_CMP(rows, ==, TABLES_COUNT);
}

sp_state *sp_state_create(const sp_limits *limits)
{
    sp_reservation tables[TABLES_COUNT];
    sp_state *state = calloc(1, sizeof(*state));
    if (!state)
        return NULL;

    state->limits = *limits;
    if (state->limits.concerts_max > SP_CAPS_CONCERT_MAX) /* 4 million */
        state->limits.concerts_max = SP_CAPS_CONCERT_MAX;
    if (state->limits.orders_max > SP_ORDERS_MAX)
        state->limits.orders_max = SP_ORDERS_MAX;
    if (state->limits.grants_max > SP_GRANTS_MAX)
        state->limits.grants_max = SP_GRANTS_MAX;
    if (state->limits.holds_max > SP_HOLDS_MAX)
        state->limits.holds_max = SP_HOLDS_MAX;
    tables_of(state, tables);
    if (sp_memory_reserve_all(tables, TABLES_COUNT) != 0) {
        free(state);
        return NULL;
    }
    sp_categories_init(&state->categories, limits->categories_max);
    sp_caps_init(&state->caps, limits->seats_max);
    sp_holds_init(&state->holds, state->limits.holds_max);
    sp_keys_init(&state->keys, limits->idempotency_keys_max);
    state->arena.bytes_max = limits->text_bytes_max;
    return state;
}

void sp_state_destroy(sp_state *state)
{
    sp_reservation tables[TABLES_COUNT];

    if (!state)
        return;
    tables_of(state, tables);
    sp_memory_release_all(tables, TABLES_COUNT);
    free(state);
}

sp_seq sp_state_seq(const sp_state *state)
{
    return state->seq;
}

sp_time_ms sp_state_time(const sp_state *state)
{
    return state->time;
}

sp_points sp_state_points_total(const sp_state *state)
{
    return state->points_total;
}

uint32_t sp_state_users_count(const sp_state *state)
{
    return state->users_count;
}

uint32_t sp_state_admins_count(const sp_state *state)
{
    return state->admins_count;
}

uint32_t sp_state_categories_count(const sp_state *state)
{
    return state->categories.count;
}

uint32_t sp_state_concerts_count(const sp_state *state)
{
    return state->concerts_count;
}

uint32_t sp_state_orders_count(const sp_state *state)
{
    return state->orders_count;
}

bool sp_state_user(const sp_state *state, sp_user_id user, sp_user_view *out)
{
    return sp_state_user_ever(state, user, out) && out->role != (sp_role)SP_ROLE_ERASED;
}

bool sp_state_user_ever(const sp_state *state, sp_user_id user, sp_user_view *out)
{
    const sp_user_row *row = sp_state_user_row(state, user);
    if (!row)
        return false;
    *out = (sp_user_view){user, (sp_role)row->role, row->points, row->created_at};
    return true;
}

bool sp_state_has_live_concerts(const sp_state *state, sp_user_id host, sp_time_ms now)
{
    sp_concert_id concert = state->accounts[host].newest_concert;

    while (concert && (state->concerts[concert].sale == SP_SALE_CANCELLED ||
                       now >= state->concerts[concert].card->spec.concert_date))
        concert = state->concerts[concert].older_of_host;
    return concert != 0;
}

sp_text sp_state_category(const sp_state *state, sp_category_id category)
{
    if (category - 1u >= state->categories.count)
        return (sp_text){NULL, 0};
    return state->categories.names[category];
}

const sp_concert_card *sp_state_concert(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? row->card : NULL;
}

sp_seq sp_state_concert_seq(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? row->seq : 0;
}

sp_seq sp_state_concert_own_seq(const sp_state *state, sp_concert_id concert)
{
    return sp_state_concert_row(state, concert) ? state->own_seqs[concert] : 0;
}

const uint64_t *sp_state_sold_words(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? sp_state_sold_of(state, row) : NULL;
}

const uint64_t *sp_state_held_words(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? sp_state_held_of(state, row) : NULL;
}

sp_sale sp_state_sale(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? (sp_sale)row->sale : SP_SALE_OPEN;
}

uint32_t sp_state_sold_count(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? row->sold_count : 0;
}

sp_seq sp_state_seat_seq(const sp_state *state, sp_concert_id concert, sp_seat seat)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    if (!row || seat >= row->seats_count)
        return 0;
    return state->seat_seqs[(uint64_t)row->first_word * 64 + seat];
}

uint32_t sp_state_user_seats(const sp_state *state, sp_user_id user, sp_concert_id concert)
{
    const sp_user_row *row = sp_state_user_row(state, user);
    if (!row || !sp_state_concert_row(state, concert))
        return 0;
    return sp_user_caps_count(&row->caps, &state->caps, user, concert);
}

bool sp_state_order(const sp_state *state, sp_order_id order, sp_order_view *out)
{
    const sp_order_row *row = sp_state_order_row(state, order);
    if (!row)
        return false;
    const sp_cancellation_row *cancellation = &state->cancellations[row->cancellation];
    bool cancelled = row->cancellation != 0;
    *out = (sp_order_view){
        .id = order,
        .concert = row->concert,
        .user = row->user,
        .status = (sp_order_status)row->status,
        .amount = row->amount,
        .created_at = row->created_at,
        .cancelled_at = cancelled ? cancellation->time : 0,
        .seq = cancelled ? cancellation->seq : row->seq,
        .seats = sp_state_order_seats(state, row),
        .seats_count = row->seats_count,
    };
    return true;
}

sp_order_id sp_state_order_before(const sp_state *state, sp_user_id user, sp_order_id before)
{
    const sp_user_row *row = sp_state_user_row(state, user);
    if (!row)
        return 0;

    if (before == 0)
        return row->newest_order;
    const sp_order_row *cursor = sp_state_order_row(state, before);
    return cursor && cursor->user == user ? cursor->older_of_user : 0;
}

sp_order_id sp_state_concert_order_before(const sp_state *state, sp_concert_id concert,
                                          sp_order_id before)
{
    if (!sp_state_concert_row(state, concert))
        return 0;

    if (before == 0)
        return state->sales[concert].newest_order;
    const sp_order_row *cursor = sp_state_order_row(state, before);
    return cursor && cursor->concert == concert ? cursor->older_of_concert : 0;
}

bool sp_state_concert_totals(const sp_state *state, sp_concert_id concert, sp_concert_totals *out)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    if (!row)
        return false;

    const sp_sales_row *sales = &state->sales[concert];
    *out = (sp_concert_totals){
        .orders = sales->orders_count,
        .cancelled = sales->cancelled_count,
        .seats = row->sold_count,
        .amount = sales->amount,
        .refunded = sales->refunded,
    };
    return true;
}

void sp_hold_view_fill(const sp_state *state, const sp_hold_row *row, sp_seat *seats,
                       sp_hold_view *out)
{
    sp_holds_seats(&state->holds, row, sp_concert_first_seat(&state->concerts[row->concert]),
                   seats);
    *out = (sp_hold_view){
        .id = row->id,
        .concert = row->concert,
        .user = row->user,
        .amount = row->amount,
        .created_at = row->created_at,
        .expires_at = row->deadline,
        .seq = row->seq,
        .seats = seats,
        .seats_count = row->seats_count,
    };
}

bool sp_state_hold(const sp_state *state, sp_hold_id hold, sp_seat *seats, sp_hold_view *out)
{
    const sp_hold_row *row = sp_holds_living(&state->holds, hold);
    if (row)
        sp_hold_view_fill(state, row, seats, out);
    return row != NULL;
}

uint32_t sp_state_holds_count(const sp_state *state)
{
    return state->holds.live_count;
}

sp_hold_id sp_state_newest_hold(const sp_state *state)
{
    return state->holds.newest;
}

sp_time_ms sp_state_next_deadline(const sp_state *state)
{
    return sp_holds_deadline(&state->holds);
}

uint32_t sp_state_holds_due(const sp_state *state, sp_time_ms now, sp_hold_id *ids,
                            uint32_t count_max)
{
    return sp_holds_due(&state->holds, now, ids, count_max);
}

uint32_t sp_state_held_count(const sp_state *state, sp_concert_id concert)
{
    const sp_concert_row *row = sp_state_concert_row(state, concert);
    return row ? row->held_count : 0;
}

sp_order_id sp_state_order_of_job(const sp_state *state, sp_user_id user, const sp_hash128 *job)
{
    sp_job_cursor cursor = {0};
    sp_order_id order, found = 0;
    uint32_t segment = 0; /* of the one that was found */

    while ((order = sp_job_index_next(state->jobs, state->orders_count, job, &cursor))) {
        if (found && cursor.segment != segment)
            break; /* all that follow are older */
        if (state->orders[order].user == user &&
            sp_order_job_print(&state->orders[order]) == sp_job_print(job)) {
            found = order;
            segment = cursor.segment;
        }
    }
    return found;
}

void sp_state_figures(const sp_state *state, sp_engine_figures *out)
{
    *out = (sp_engine_figures){
        .seq = state->seq,
        .users = state->users_count - state->erased_count,
        .orders = state->orders_count,
        .orders_cancelled = state->orders_cancelled_count,
        .sold_seats = state->seats_sold_count,
        .held_seats = state->seats_held_count,
        .holds_live = state->holds.live_count,
        .points_total = state->points_total,
    };
}

void sp_state_usage_of(const sp_state *state, sp_state_usage *out)
{
    uint64_t word_bytes =
        sizeof(*state->sold) + sizeof(*state->held) + 64 * sizeof(*state->seat_seqs);

    *out = (sp_state_usage){
        .users_bytes = state->users_count * (sizeof(sp_user_row) + sizeof(sp_account_row)) +
                       state->grants_count * sizeof(sp_grant_row),
        .orders_bytes = state->orders_count * sizeof(sp_order_row) +
                        state->cancellations_count * sizeof(sp_cancellation_row) +
                        state->refunds_count * sizeof(sp_refund_row) +
                        state->order_seats_count * sizeof(*state->order_seats),
        .seats_bytes = state->words_count * word_bytes,
        .cards_bytes = state->arena.used_bytes +
                       state->concerts_count *
                           (sizeof(sp_concert_row) + sizeof(sp_sales_row) + sizeof(sp_seq)) +
                       state->prices_count * sizeof(sp_price_row) +
                       (state->categories.mask + 1ull) * sizeof(uint32_t) +
                       state->categories.count * sizeof(sp_text),
        .caps_bytes = sp_caps_bytes(&state->caps),
        .holds_bytes = sp_holds_bytes(&state->holds) +
                       state->seats_held_count * sizeof(*state->holds.next_seats),
        .idempotency_bytes = sp_keys_used_bytes(&state->keys),
    };
}
