/* SPDX-License-Identifier: MIT
 *
 * Idempotency: what keyed requests did, so that a retry finds the first
 * success. One ring for all users, in order of time, records numbered by an
 * ordinal from 1; each record links its user's previous one, and the user
 * keeps the ordinal of his newest. A lookup walks at most
 * SP_IDEMPOTENCY_KEYS_PER_USER records, newest first; older ones of his are
 * forgotten by that alone.
 *
 * Nearly every lookup is of a key that was never used, and would walk for
 * nothing: up to 64 cache misses. So each user has a row of 16-bit prints of
 * his newest keys, two cache lines, and the walk is made only if the key's
 * print is in it: for a retry, and for one new key in a thousand. A print may
 * be of a key that has been forgotten; one that is remembered is never
 * missing. Prints follow from the records, so they are not in the digest.
 *
 * Records leave at the tail only, by the time of the keyed event that comes
 * in, so what is remembered follows from the events and not from the size of
 * the ring: a ring that is full of living records takes no more.
 */
#ifndef SP_ENGINE_IDEMPOTENCY_H
#define SP_ENGINE_IDEMPOTENCY_H

#include <stddef.h>

#include "engine/event.h"
#include "engine/limits.h"

typedef struct sp_key_record {
    sp_hash128 key, request;
    sp_time_ms time;
    uint64_t seq : 48;  /* 890 years at 10,000 events a second */
    uint64_t type : 8;  /* sp_event_type */
    uint64_t role : 2;  /* of the user that the event shows, after it */
    uint64_t print : 6; /* where in its user's row its print stands */
    int64_t value;      /* points_granted, role_set: the balance after it; hold_taken,
                         * hold_extended: when the hold was to end */
    uint32_t subject;   /* the id that the event made or changed */
    uint32_t previous;  /* ordinals back to his previous record; 0 = none */
} sp_key_record;

_Static_assert(sizeof(sp_key_record) == 64, "a record is one cache line");

/* A user's prints; 0 = none yet. */
typedef struct sp_key_prints {
    uint16_t prints[SP_IDEMPOTENCY_KEYS_PER_USER];
} sp_key_prints;

_Static_assert(SP_IDEMPOTENCY_KEYS_PER_USER == 64, "a print's place is 6 bits");

typedef struct sp_keys {
    sp_key_record *ring;
    sp_key_prints *prints; /* by user id */
    uint64_t mask;         /* capacity, a power of two, less 1 */
    uint64_t tail;         /* ordinal of the oldest kept */
    uint64_t next;         /* ordinal of the record to come; == tail if empty */
} sp_keys;

/* Bytes to reserve; keys_max is rounded up to a power of two. */
size_t sp_keys_bytes(uint32_t keys_max);
/* ring and prints are set already: ring reserved as above, prints zeroed, one
 * row for each user id. */
void sp_keys_init(sp_keys *keys, uint32_t keys_max);

/* The living record of a user's key at `now`, or NULL. newest: the user's. */
const sp_key_record *sp_keys_find(const sp_keys *keys, sp_user_id user, uint64_t newest,
                                  const sp_hash128 *key, sp_time_ms now);
/* Walks what a lookup may see: the record at this ordinal or NULL, and the
 * ordinal of the next one (0 = none) in *previous. */
const sp_key_record *sp_keys_at(const sp_keys *keys, uint64_t ordinal, uint64_t *previous);

/* Would a push at `now` find no room? */
bool sp_keys_full(const sp_keys *keys, sp_time_ms now);
/* Forgets what has expired by record->time, then remembers the record
 * (its `previous` and `print` are filled here) and moves *newest to it. Not
 * full. */
void sp_keys_push(sp_keys *keys, sp_user_id user, uint64_t *newest, const sp_key_record *record);

/* Bytes of the ring ever touched; the prints, 128 bytes for each user who has
 * used a key, are not counted. */
uint64_t sp_keys_used_bytes(const sp_keys *keys);

#endif
