/* SPDX-License-Identifier: MIT
 *
 * Rate limits as the generic cell rate algorithm (GCRA; ITU-T I.371): a token
 * bucket whose whole state is one time, the theoretical arrival time. One table
 * of bounded size for all loops, without a lock: an entry is a key and its time,
 * changed by compare-and-swap.
 *
 * Keys are keyed hashes (SipHash-2-4 under a random key of the process), so that
 * nobody can choose whom he collides with. A table that is full forgets the
 * entry of a set that would soonest be full again: under a flood of made-up
 * keys some are limited less, never more, than they should be.
 */
#ifndef SP_NET_RATE_H
#define SP_NET_RATE_H

#include "engine/values.h"

typedef struct sp_rate_table sp_rate_table;

/* A bucket holds `burst` tokens and gains one each interval_us. */
typedef struct sp_rate_rule {
    uint32_t burst;
    uint32_t interval_us;
} sp_rate_rule;

typedef struct sp_rate_verdict {
    bool allowed;
    uint32_t limit, remaining; /* tokens: of a full bucket, and left */
    uint32_t reset_s;          /* until the bucket is full again, rounded up */
    uint32_t retry_after_s;    /* if not allowed: until a token is there, rounded up, >= 1 */
} sp_rate_verdict;

/* What a key is of; a part of what is hashed. */
typedef enum sp_rate_kind {
    SP_RATE_ADDRESS_WRITES = 1, /* network: /24 or /64 */
    SP_RATE_SIGN_UPS,           /* network */
    SP_RATE_LOGIN_ADDRESS,      /* network: failures */
    SP_RATE_LOGIN_ACCOUNT,      /* folded e-mail: failures from anywhere */
    SP_RATE_LOGIN_PAIR,         /* folded e-mail and network: failures */
    SP_RATE_LOGIN_LONE,         /* likewise: tries that the account can't refuse */
    SP_RATE_LOGIN_WIDE,         /* wide network, /16 or /48: failures */
    SP_RATE_PASSWORD_ACCOUNT,   /* user id: failures of new passwords */
    SP_RATE_PASSWORD_PAIR,      /* user id and network */
    SP_RATE_PASSWORD_LONE,      /* likewise */
} sp_rate_kind;

/* 16 bytes an entry; entries: a power of two. NULL if out of memory. */
sp_rate_table *sp_rate_table_create(uint32_t entries);
void sp_rate_table_destroy(sp_rate_table *table);

uint64_t sp_rate_key(const sp_rate_table *table, sp_rate_kind kind, const void *bytes, size_t size);

/* Takes a token if there is one. now_us: a monotonic clock, the same for all
 * callers. Any thread. */
sp_rate_verdict sp_rate_take(sp_rate_table *table, uint64_t key, const sp_rate_rule *rule,
                             uint64_t now_us);
/* Takes none: what take would say. */
sp_rate_verdict sp_rate_look(sp_rate_table *table, uint64_t key, const sp_rate_rule *rule,
                             uint64_t now_us);
/* Gives a token back that was taken (what it was for did not happen). */
void sp_rate_give_back(sp_rate_table *table, uint64_t key, const sp_rate_rule *rule);

/* Buckets by a dense number instead of a key: nobody shares one and none is
 * forgotten, at 8 bytes each, reserved at once and touched as they are used. */
typedef struct sp_rate_row sp_rate_row;

/* Numbers 0 … count - 1. NULL if the address space can't be had. */
sp_rate_row *sp_rate_row_create(uint32_t count);
void sp_rate_row_destroy(sp_rate_row *row);
uint32_t sp_rate_row_count(const sp_rate_row *row);
/* As sp_rate_take. */
sp_rate_verdict sp_rate_row_take(sp_rate_row *row, uint32_t number, const sp_rate_rule *rule,
                                 uint64_t now_us);

#endif
