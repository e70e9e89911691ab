/* SPDX-License-Identifier: MIT */
#include "engine/idempotency.h"

#include "engine/assert.h"

static uint64_t capacity_of(uint32_t keys_max)
{
    uint64_t capacity = 1;
    while (capacity < keys_max)
        capacity *= 2;
    return capacity;
}

size_t sp_keys_bytes(uint32_t keys_max)
{
    return (size_t)capacity_of(keys_max) * sizeof(sp_key_record);
}

void sp_keys_init(sp_keys *keys, uint32_t keys_max)
{
    keys->mask = capacity_of(keys_max) - 1;
    keys->tail = 1;
    keys->next = 1;
}

static bool expired(const sp_key_record *record, sp_time_ms now)
{
    return record->time + SP_IDEMPOTENCY_TTL_MS <= now;
}

const sp_key_record *sp_keys_at(const sp_keys *keys, uint64_t ordinal, uint64_t *previous)
{
    if (ordinal < keys->tail) /* 0 too: the tail starts at 1 */
        return NULL;
    SP_ASSERT_CMP(ordinal, <, keys->next);
    const sp_key_record *record = &keys->ring[ordinal & keys->mask];
    *previous = record->previous ? ordinal - record->previous : 0;
    return record;
}

/* Never 0, which stands for no key. */
static uint16_t print_of(const sp_hash128 *key)
{
    uint16_t print;
    memcpy(&print, key->bytes, sizeof(print));
    return print ? print : 1;
}

static bool may_know(const sp_key_prints *row, uint16_t print)
{
    uint32_t found = 0; /* no early end: the whole row is a few vector compares */
    for (uint32_t i = 0; i < SP_IDEMPOTENCY_KEYS_PER_USER; i++)
        found |= row->prints[i] == print;
    return found != 0;
}

const sp_key_record *sp_keys_find(const sp_keys *keys, sp_user_id user, uint64_t newest,
                                  const sp_hash128 *key, sp_time_ms now)
{
    uint64_t ordinal = newest;

    if (newest < keys->tail || !may_know(&keys->prints[user], print_of(key)))
        return NULL;
    for (uint32_t n = 0; n < SP_IDEMPOTENCY_KEYS_PER_USER; n++) {
        const sp_key_record *record = sp_keys_at(keys, ordinal, &ordinal);
        /* Times fall as we go back: behind an expired one all are. */
        if (!record || expired(record, now))
            return NULL;
        if (memcmp(&record->key, key, sizeof(*key)) == 0)
            return record;
    }
    return NULL;
}

bool sp_keys_full(const sp_keys *keys, sp_time_ms now)
{
    return keys->next - keys->tail > keys->mask &&
           !expired(&keys->ring[keys->tail & keys->mask], now);
}

/* Moves the tail past all that has expired. Times ascend along the ring, so
 * the first living record is found by bisection: a day's keys expiring at once
 * (the first order after a quiet day) costs 22 looks, not millions. */
static void forget(sp_keys *keys, sp_time_ms now)
{
    uint64_t low = keys->tail, high = keys->next;

    if (low == high || !expired(&keys->ring[low & keys->mask], now))
        return;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (expired(&keys->ring[middle & keys->mask], now))
            low = middle + 1;
        else
            high = middle;
    }
    keys->tail = low;
}

/* Where the print of a user's next key goes: behind that of his newest, round
 * his row. When the newest is forgotten all of his are, and any place will do. */
static uint32_t next_print(const sp_keys *keys, uint64_t newest)
{
    if (newest < keys->tail)
        return 0;
    return (keys->ring[newest & keys->mask].print + 1u) % SP_IDEMPOTENCY_KEYS_PER_USER;
}

void sp_keys_push(sp_keys *keys, sp_user_id user, uint64_t *newest, const sp_key_record *record)
{
    forget(keys, record->time);
    SP_ASSERT_CMP(keys->next - keys->tail, <=, keys->mask);
    uint32_t print = next_print(keys, *newest);
    keys->prints[user].prints[print] = print_of(&record->key);

    uint64_t ordinal = keys->next++;
    /* A distance that does not fit lies far behind the tail. */
    uint64_t back = *newest ? ordinal - *newest : 0;
    sp_key_record *slot = &keys->ring[ordinal & keys->mask];
    *slot = *record;
    slot->print = print & 63u;
    slot->previous = back > UINT32_MAX ? 0 : (uint32_t)back;
    *newest = ordinal;
}

uint64_t sp_keys_used_bytes(const sp_keys *keys)
{
    uint64_t used = keys->next - 1;
    return (used > keys->mask ? keys->mask + 1 : used) * sizeof(sp_key_record);
}
