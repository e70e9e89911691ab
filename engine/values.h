/* SPDX-License-Identifier: MIT
 *
 * The plain values that commands, events and answers are made of. Units and
 * ranges stand here once. All are freely copyable; an sp_text borrows.
 */
#ifndef SP_ENGINE_VALUES_H
#define SP_ENGINE_VALUES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Sequence number of an event: dense from 1; 0 = before the first event. */
typedef uint64_t sp_seq;

/* Milliseconds since 1970-01-01T00:00:00Z; always > 0 in an event. */
typedef int64_t sp_time_ms;

/* Points and prices. Balances may be negative (a refund can take a host below
 * 0); |any sum| stays under 2^53 so that JSON clients read it exactly. */
typedef int64_t sp_points;

/* Ids are dense from 1, each kind on its own; 0 = none. A hold's ascend, and may
 * leave some out (engine/holds.h). */
typedef uint32_t sp_user_id;
typedef uint32_t sp_category_id;
typedef uint32_t sp_concert_id;
typedef uint32_t sp_order_id;
typedef uint32_t sp_hold_id;

/* 0-based, dense in its concert: grade after grade, row after row. */
typedef uint32_t sp_seat;

/* Borrowed bytes, UTF-8 unless said otherwise, not NUL-terminated.
 * bytes == NULL means absent; size 0 with bytes set means empty. */
typedef struct sp_text {
    const char *bytes;
    uint32_t size;
} sp_text;

#define SP_TEXT(literal) ((sp_text){(literal), (uint32_t)(sizeof(literal) - 1)})

static inline bool sp_text_equal(sp_text a, sp_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* A 128-bit hash (BLAKE2b-128 where not said otherwise). */
typedef struct sp_hash128 {
    uint8_t bytes[16];
} sp_hash128;

/* Numbers are in the log: never renumber. */
typedef enum sp_role {
    SP_ROLE_USER = 1,
    SP_ROLE_HOST = 2,
    SP_ROLE_ADMIN = 3,
} sp_role;

typedef enum sp_age_limit {
    SP_AGE_ZERO = 1,
    SP_AGE_SEVEN = 2,
    SP_AGE_FIFTEEN = 3,
    SP_AGE_NINETEEN = 4,
} sp_age_limit;

typedef enum sp_order_status {
    SP_ORDER_PAYMENT = 1,
    SP_ORDER_CANCEL = 2,
} sp_order_status;

typedef enum sp_seat_state {
    SP_SEAT_FREE = 0,
    SP_SEAT_HELD = 1,
    SP_SEAT_SOLD = 2,
} sp_seat_state;

/* What its host lets a concert do, beside its window. Numbers are in the digest. */
typedef enum sp_sale {
    SP_SALE_OPEN = 0,
    SP_SALE_PAUSED = 1,    /* nothing is taken or bought until it is resumed */
    SP_SALE_CANCELLED = 2, /* for good: every order is refunded, every hold ended */
} sp_sale;

/* One grade of a concert as a host states it: rows of numbered seats.
 * row_sizes[i] seats in row i+1, each >= 1. */
typedef struct sp_grade_spec {
    sp_text name;
    sp_points price; /* 0 … SP_PRICE_MAX */
    const uint32_t *row_sizes;
    uint32_t rows_count;
} sp_grade_spec;

/* What a host states of a concert. Borrows its texts and arrays. */
typedef struct sp_concert_spec {
    sp_category_id category;
    sp_text name, description, image_url, address;
    uint32_t running_time_min;
    sp_age_limit age_limit;
    sp_time_ms start_date; /* sales open … */
    sp_time_ms end_date;   /* … and close (exclusive) */
    sp_time_ms concert_date;
    sp_time_ms cancel_until; /* 0 in a command = the default is derived */
    uint32_t max_seats_per_user;
    uint32_t hold_seconds;
    bool no_orphans;
    const sp_grade_spec *grades;
    uint32_t grades_count;
} sp_concert_spec;

/* Which fields of a spec an edit states; the others stay as they are. */
typedef enum sp_patch_field {
    SP_PATCH_CATEGORY,
    SP_PATCH_NAME,
    SP_PATCH_DESCRIPTION,
    SP_PATCH_IMAGE_URL,
    SP_PATCH_ADDRESS,
    SP_PATCH_RUNNING_TIME,
    SP_PATCH_AGE_LIMIT,
    SP_PATCH_START_DATE,
    SP_PATCH_END_DATE,
    SP_PATCH_CONCERT_DATE,
    SP_PATCH_CANCEL_UNTIL, /* as 0: the default for the dates there are then */
    SP_PATCH_MAX_SEATS,
    SP_PATCH_HOLD_SECONDS,
    SP_PATCH_NO_ORPHANS,
    SP_PATCH_GRADES,
} sp_patch_field;

typedef struct sp_concert_patch {
    uint32_t fields; /* 1 << sp_patch_field of each that is stated */
    sp_concert_spec spec;
} sp_concert_patch;

static inline bool sp_patch_has(const sp_concert_patch *patch, sp_patch_field field)
{
    return (patch->fields >> field & 1u) != 0;
}

/* The names that people and clients read: static. A number that is none of the
 * enum's aborts. */
const char *sp_role_name(sp_role role);
const char *sp_age_limit_name(sp_age_limit age_limit);
/* false if no role has this name. */
bool sp_role_of_name(sp_text name, sp_role *out);

#endif
