/* SPDX-License-Identifier: MIT
 *
 * Every limit of the engine, with the memory that a full table costs. Tables
 * are reserved once as virtual memory and touched only as they fill; a limit
 * met is the refusal `limit_reached` naming it, never a surprise.
 */
#ifndef SP_ENGINE_LIMITS_H
#define SP_ENGINE_LIMITS_H

#include "engine/values.h"

/* Shape limits: part of the interface, the same on every installation. */
#define SP_SEATS_PER_ORDER_MAX 100u
#define SP_SEATS_PER_CONCERT_MAX 200000u
#define SP_GRADES_PER_CONCERT_MAX 64u
#define SP_ROWS_PER_CONCERT_MAX 20000u
#define SP_MAX_SEATS_PER_USER_MAX 1000u
#define SP_HOLD_SECONDS_MIN 10u
#define SP_HOLD_SECONDS_MAX 7200u
/* A hold ends at most so many times its length after it was taken. */
#define SP_HOLD_EXTENSION_FACTOR 3
#define SP_HOLDS_PER_EXPIRY_MAX 1000u
#define SP_RUNNING_TIME_MIN_MAX 6000u
#define SP_PRICE_MAX INT64_C(1000000000)
#define SP_GRANT_MAX INT64_C(1000000000000)
/* The sum of all points stays at or under this: exact in a JSON double. */
#define SP_POINTS_TOTAL_MAX ((INT64_C(1) << 53) - 1)
/* Sizes in bytes of UTF-8. */
#define SP_CATEGORY_NAME_SIZE_MAX 100u
#define SP_CONCERT_NAME_SIZE_MAX 200u
#define SP_DESCRIPTION_SIZE_MAX 8000u
#define SP_URL_SIZE_MAX 1000u
#define SP_ADDRESS_SIZE_MAX 500u
#define SP_GRADE_NAME_SIZE_MAX 40u
#define SP_REASON_SIZE_MAX 500u
#define SP_VERSION_SIZE_MAX 64u
/* Latest time taken anywhere: 9999-12-31T23:59:59.999Z. */
#define SP_TIME_MAX INT64_C(253402300799999)
/* What the tables of orders and grants may have at most, whatever is asked for:
 * 64 and 33 million. */
#define SP_ORDERS_MAX UINT32_C(67108863)
#define SP_GRANTS_MAX UINT32_C(33554431)
/* Likewise of holds that live at once: 16 million. */
#define SP_HOLDS_MAX UINT32_C(16777216)
/* Default of cancelUntil: so long before endDate. */
#define SP_CANCEL_BEFORE_END_MS (INT64_C(3) * 3600 * 1000)
/* Idempotency keys are remembered so long, and so many a user. */
#define SP_IDEMPOTENCY_TTL_MS (INT64_C(24) * 3600 * 1000)
#define SP_IDEMPOTENCY_KEYS_PER_USER 64u

/* Table limits: chosen at start, never in the log, never in the digest. A
 * replay with larger ones gives the same state. */
typedef struct sp_limits {
    uint32_t users_max;
    uint32_t categories_max;
    uint32_t concerts_max;         /* at most 4,194,303: engine/caps.h */
    uint32_t seats_max;            /* over all concerts */
    uint32_t grades_max;           /* over all concerts */
    uint32_t rows_max;             /* over all concerts */
    uint32_t orders_max;           /* at most SP_ORDERS_MAX */
    uint32_t order_seats_max;      /* seats listed in orders of 2 and more */
    uint32_t grants_max;           /* of points, sign-ups with points included; at
                                    * most SP_GRANTS_MAX */
    uint32_t holds_max;            /* living at once, 1 … SP_HOLDS_MAX */
    uint32_t idempotency_keys_max; /* rounded up to a power of two */
    uint64_t text_bytes_max;       /* names, descriptions, cards */
} sp_limits;

/* 1 million users, 10,000 categories, 100,000 concerts, 10 million seats,
 * 20 million orders, 10 million grants, 1 million holds. engine/limits.c states what a full table costs. */
extern const sp_limits sp_limits_default;

#endif
