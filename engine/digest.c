/* SPDX-License-Identifier: MIT
 *
 * The digest of the state. Canonical order; integers little-endian of the
 * width written behind them; a text is u8 present, u32 size, its bytes:
 *
 *   "stagepick state 4"
 *   seq 64, time 64, points_total 64
 *   users 32, each by id:
 *     role 8 (0: erased), points 64, created_at 64, newest order 32,
 *     remembered keys 32, each newest first:
 *       key 16 bytes, request 16 bytes, time 64, seq 64, type 8, role 8,
 *       value 64, subject 32
 *   categories 32, each by id: name
 *   concerts 32, each by id:
 *     host 32, created_at 64, created_seq 64, layout_seq 64, seq 64, sale 8,
 *     sold count 32, held count 32,
 *     category 32, name, description, image_url, address,
 *     running_time_min 32, age_limit 8, start_date 64, end_date 64,
 *     concert_date 64, cancel_until 64, max_seats_per_user 32,
 *     hold_seconds 32, no_orphans 8,
 *     grades 32, each: name, price 64, rows 32, each: seats 32
 *     words 32, sold words 64 each, held words 64 each, seat seqs 64 each
 *   orders 32, each by id:
 *     concert 32, user 32, status 8, amount 64, created_at 64,
 *     cancelled_at 64, seq 64, cancel_seq 64, older order of the user 32,
 *     print of its job 64 (0: of none), seats 32, each 32
 *   newest hold 32, living holds 32, each by id:
 *     id 32, concert 32, user 32, amount 64, created_at 64, deadline 64,
 *     taken_seq 64, seq 64, seats 32, each 32
 *   grants 32, each as they came:
 *     user 32, by sign-up 8, amount 64, time 64, seq 64
 *   refunds of concerts that were cancelled 32, by (seq, user):
 *     user 32, amount 64, time 64, seq 64
 *
 * Remembered keys are those that a lookup can reach: at most
 * SP_IDEMPOTENCY_KEYS_PER_USER a user, not before the ring's tail. Left out:
 * what follows from the above (caps, counts, indexes, ledgers, where a row lies),
 * what is remembered for better refusals alone (holds that have ended) and what is
 * no part of the facts (limits, views).
 */
#include <endian.h>
#include <stdlib.h>

#include <sodium.h>

#include "engine/engine.h"
#include "engine/state_private.h"

_Static_assert(SP_DIGEST_SIZE == crypto_generichash_BYTES, "BLAKE2b-256");

/* Small fields are gathered: a call of the hash for each would cost more than
 * the hashing. */
#define BUFFER_SIZE 8192u

typedef struct stream {
    crypto_generichash_state hash;
    uint32_t used;
    uint8_t buffer[BUFFER_SIZE];
} stream;

static void flush(stream *out)
{
    crypto_generichash_update(&out->hash, out->buffer, out->used);
    out->used = 0;
}

static void put_bytes(stream *out, const void *bytes, size_t size)
{
    if (size > BUFFER_SIZE - out->used)
        flush(out);
    if (size > BUFFER_SIZE) {
        crypto_generichash_update(&out->hash, bytes, size);
        return;
    }
    if (size)
        memcpy(out->buffer + out->used, bytes, size);
    out->used += (uint32_t)size;
}

static void put_u8(stream *out, uint8_t value)
{
    put_bytes(out, &value, sizeof(value));
}

static void put_u32(stream *out, uint32_t value)
{
    value = htole32(value);
    put_bytes(out, &value, sizeof(value));
}

static void put_u64(stream *out, uint64_t value)
{
    value = htole64(value);
    put_bytes(out, &value, sizeof(value));
}

static void put_i64(stream *out, int64_t value)
{
    put_u64(out, (uint64_t)value);
}

static void put_text(stream *out, sp_text text)
{
    put_u8(out, text.bytes != NULL);
    put_u32(out, text.size);
    put_bytes(out, text.bytes, text.size);
}

static void put_key(stream *out, const sp_key_record *record)
{
    put_bytes(out, &record->key, sizeof(record->key));
    put_bytes(out, &record->request, sizeof(record->request));
    put_i64(out, record->time);
    put_u64(out, record->seq);
    put_u8(out, record->type);
    put_u8(out, record->role);
    put_i64(out, record->value);
    put_u32(out, record->subject);
}

static void put_keys(stream *out, const sp_state *state, const sp_user_row *user)
{
    const sp_key_record *records[SP_IDEMPOTENCY_KEYS_PER_USER];
    uint64_t ordinal = user->newest_key;
    uint32_t count = 0;

    while (count < SP_IDEMPOTENCY_KEYS_PER_USER &&
           (records[count] = sp_keys_at(&state->keys, ordinal, &ordinal)))
        count++;
    put_u32(out, count);
    for (uint32_t i = 0; i < count; i++)
        put_key(out, records[i]);
}

static void put_users(stream *out, const sp_state *state)
{
    put_u32(out, state->users_count);
    for (uint32_t id = 1; id <= state->users_count; id++) {
        const sp_user_row *user = &state->users[id];
        put_u8(out, user->role);
        put_i64(out, user->points);
        put_i64(out, user->created_at);
        put_u32(out, user->newest_order);
        put_keys(out, state, user);
    }
}

static void put_categories(stream *out, const sp_state *state)
{
    put_u32(out, state->categories.count);
    for (uint32_t id = 1; id <= state->categories.count; id++)
        put_text(out, state->categories.names[id]);
}

static void put_spec(stream *out, const sp_concert_spec *spec)
{
    put_u32(out, spec->category);
    put_text(out, spec->name);
    put_text(out, spec->description);
    put_text(out, spec->image_url);
    put_text(out, spec->address);
    put_u32(out, spec->running_time_min);
    put_u8(out, (uint8_t)spec->age_limit);
    put_i64(out, spec->start_date);
    put_i64(out, spec->end_date);
    put_i64(out, spec->concert_date);
    put_i64(out, spec->cancel_until);
    put_u32(out, spec->max_seats_per_user);
    put_u32(out, spec->hold_seconds);
    put_u8(out, spec->no_orphans);
    put_u32(out, spec->grades_count);
    for (uint32_t i = 0; i < spec->grades_count; i++) {
        const sp_grade_spec *grade = &spec->grades[i];
        put_text(out, grade->name);
        put_i64(out, grade->price);
        put_u32(out, grade->rows_count);
        for (uint32_t j = 0; j < grade->rows_count; j++)
            put_u32(out, grade->row_sizes[j]);
    }
}

static void put_seats(stream *out, const sp_state *state, const sp_concert_row *concert)
{
    const sp_seq *seqs = &state->seat_seqs[sp_concert_first_seat(concert)];
    uint32_t words_count = sp_words_of_seats(concert->seats_count);

    put_u32(out, words_count);
    for (uint32_t i = 0; i < words_count; i++)
        put_u64(out, sp_state_sold_of(state, concert)[i]);
    for (uint32_t i = 0; i < words_count; i++)
        put_u64(out, sp_state_held_of(state, concert)[i]);
    for (uint32_t seat = 0; seat < concert->seats_count; seat++)
        put_u64(out, seqs[seat]);
}

static void put_concerts(stream *out, const sp_state *state)
{
    put_u32(out, state->concerts_count);
    for (uint32_t id = 1; id <= state->concerts_count; id++) {
        const sp_concert_row *concert = &state->concerts[id];
        put_u32(out, concert->host);
        put_i64(out, concert->card->created_at);
        put_u64(out, concert->card->created_seq);
        put_u64(out, concert->card->layout_seq);
        put_u64(out, concert->seq);
        put_u8(out, concert->sale);
        put_u32(out, concert->sold_count);
        put_u32(out, concert->held_count);
        put_spec(out, &concert->card->spec);
        put_seats(out, state, concert);
    }
}

static void put_orders(stream *out, const sp_state *state)
{
    put_u32(out, state->orders_count);
    for (uint32_t id = 1; id <= state->orders_count; id++) {
        const sp_order_row *order = &state->orders[id];
        const sp_seat *seats = sp_state_order_seats(state, order);
        put_u32(out, order->concert);
        put_u32(out, order->user);
        put_u8(out, order->status);
        put_i64(out, order->amount);
        put_i64(out, order->created_at);
        put_i64(out, order->cancellation ? state->cancellations[order->cancellation].time : 0);
        put_u64(out, order->seq);
        put_u64(out, order->cancellation ? state->cancellations[order->cancellation].seq : 0);
        put_u32(out, order->older_of_user);
        put_u64(out, sp_order_job_print(order));
        put_u32(out, order->seats_count);
        for (uint32_t i = 0; i < order->seats_count; i++)
            put_u32(out, seats[i]);
    }
}

static void put_hold(stream *out, const sp_state *state, const sp_hold_row *hold)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];

    sp_holds_seats(&state->holds, hold, sp_concert_first_seat(&state->concerts[hold->concert]),
                   seats);
    put_u32(out, hold->id);
    put_u32(out, hold->concert);
    put_u32(out, hold->user);
    put_i64(out, hold->amount);
    put_i64(out, hold->created_at);
    put_i64(out, hold->deadline);
    put_u64(out, hold->taken_seq);
    put_u64(out, hold->seq);
    put_u32(out, hold->seats_count);
    for (uint32_t i = 0; i < hold->seats_count; i++)
        put_u32(out, seats[i]);
}

static int compare_ids(const void *a, const void *b)
{
    sp_hold_id left = *(const sp_hold_id *)a, right = *(const sp_hold_id *)b;
    return (left > right) - (left < right);
}

/* By id, which is neither the order of the rows (a hold that is extended for long
 * may be rounds of the ring behind) nor that of the heap. */
static void put_holds(stream *out, const sp_state *state)
{
    const sp_holds *holds = &state->holds;
    sp_hold_id *ids = malloc(((size_t)holds->live_count + 1) * sizeof *ids);

    SP_ASSERT(ids);
    for (uint32_t i = 0; i < holds->live_count; i++)
        ids[i] = holds->heap[i].id;
    qsort(ids, holds->live_count, sizeof *ids, compare_ids);
    put_u32(out, holds->newest);
    put_u32(out, holds->live_count);
    for (uint32_t i = 0; i < holds->live_count; i++)
        put_hold(out, state, sp_holds_living(holds, ids[i]));
    free(ids);
}

static void put_grants(stream *out, const sp_state *state)
{
    put_u32(out, state->grants_count);
    for (uint32_t i = 1; i <= state->grants_count; i++) {
        const sp_grant_row *grant = &state->grants[i];
        put_u32(out, grant->user);
        put_u8(out, grant->is_sign_up);
        put_i64(out, (sp_points)grant->amount);
        put_i64(out, grant->time);
        put_u64(out, grant->seq);
    }
}

static void put_refunds(stream *out, const sp_state *state)
{
    put_u32(out, state->refunds_count);
    for (uint32_t i = 1; i <= state->refunds_count; i++) {
        const sp_refund_row *refund = &state->refunds[i];
        put_u32(out, refund->user);
        put_i64(out, refund->amount);
        put_i64(out, refund->time);
        put_u64(out, refund->seq);
    }
}

void sp_digest(const sp_state *state, uint8_t out[SP_DIGEST_SIZE])
{
    static const char magic[] = "stagepick state 4";
    stream hashed = {.used = 0};

    crypto_generichash_init(&hashed.hash, NULL, 0, SP_DIGEST_SIZE);
    put_bytes(&hashed, magic, sizeof(magic) - 1);
    put_u64(&hashed, state->seq);
    put_i64(&hashed, state->time);
    put_i64(&hashed, state->points_total);
    put_users(&hashed, state);
    put_categories(&hashed, state);
    put_concerts(&hashed, state);
    put_orders(&hashed, state);
    put_holds(&hashed, state);
    put_grants(&hashed, state);
    put_refunds(&hashed, state);
    flush(&hashed);
    crypto_generichash_final(&hashed.hash, out, SP_DIGEST_SIZE);
}
