/* SPDX-License-Identifier: MIT
 *
 * Events: facts that have happened. Never refused, never changed. An event
 * carries every derived value, so that no option or limit changes a replay.
 * A plain value that borrows its texts and arrays: from the command while it
 * is decided, from the decoder's buffer while it is replayed.
 *
 * No personal data in an event, hashed or not: an e-mail or a nickname lives
 * in the profiles (engine/profile.h) and nowhere else.
 */
#ifndef SP_ENGINE_EVENT_H
#define SP_ENGINE_EVENT_H

#include "engine/values.h"

/* X(number, ID, name). Numbers are on disk: never reuse. */
#define SP_EVENTS(X)                           \
    X(1, SERVER_STARTED, "server_started")     \
    X(2, USER_CREATED, "user_created")         \
    X(3, ROLE_SET, "role_set")                 \
    X(4, POINTS_GRANTED, "points_granted")     \
    X(5, CATEGORY_CREATED, "category_created") \
    X(6, CONCERT_CREATED, "concert_created")   \
    X(7, ORDER_PAID, "order_paid")             \
    X(8, ORDER_CANCELLED, "order_cancelled")   \
    X(9, USER_ERASED, "user_erased")           \
    X(10, HOLD_TAKEN, "hold_taken")            \
    X(11, HOLD_EXTENDED, "hold_extended")      \
    X(12, HOLD_RELEASED, "hold_released")      \
    X(13, HOLDS_EXPIRED, "holds_expired")      \
    X(14, CONCERT_EDITED, "concert_edited")    \
    X(15, CONCERT_PAUSED, "concert_paused")    \
    X(16, CONCERT_RESUMED, "concert_resumed")  \
    X(17, CONCERT_CANCELLED, "concert_cancelled")

typedef enum sp_event_type {
#define SP_EVENT_ENUM(number, id, name) SP_EVENT_##id = number,
    SP_EVENTS(SP_EVENT_ENUM)
#undef SP_EVENT_ENUM
} sp_event_type;

/* The name of an event type, or NULL for a number that is none. */
const char *sp_event_name(unsigned type);

/* Idempotency as an event remembers it: 128-bit hashes of (route, key) and of
 * the request; the user is the event's actor. */
typedef struct sp_idempotency {
    bool present;
    sp_hash128 key;
    sp_hash128 request;
} sp_idempotency;

/* Which job a queued order came from: random, or for a request with an
 * Idempotency-Key a hash, so that a retry is the same job (net/jobs.h). */
typedef struct sp_job {
    bool present;
    sp_hash128 id;
} sp_job;

typedef struct sp_event {
    sp_seq seq;
    sp_time_ms time; /* of its batch: never less than the event before */
    sp_event_type type;
    sp_user_id actor; /* 0 = the operator, or somebody signing up */
    sp_idempotency idempotency;
    union {
        struct {
            sp_text version;  /* of the program */
            sp_hash128 epoch; /* random: no two starts share a history */
        } server_started;
        struct {
            sp_user_id user; /* = users so far + 1 */
            sp_role role;
            sp_points points; /* granted at sign-up, >= 0 */
        } user_created;
        struct {
            sp_user_id user;
            sp_role role;
        } role_set;
        struct {
            sp_user_id user;
            sp_points amount; /* 1 … SP_GRANT_MAX */
        } points_granted;
        struct {
            sp_category_id category; /* = categories so far + 1 */
            sp_text name;
        } category_created;
        struct {
            sp_concert_id concert; /* = concerts so far + 1 */
            sp_user_id host;
            sp_concert_spec spec; /* cancel_until resolved, never 0 */
        } concert_created;
        struct {
            sp_order_id order; /* = orders so far + 1 */
            sp_concert_id concert;
            sp_user_id buyer;
            sp_points amount;     /* buyer → host, the sum of the seats' prices */
            const sp_seat *seats; /* strictly ascending */
            uint32_t seats_count; /* 1 … SP_SEATS_PER_ORDER_MAX */
            sp_hold_id hold;      /* that it buys, all of it; 0 = free seats */
            sp_job job;           /* that asked for it, if one did */
        } order_paid;
        struct {
            sp_order_id order;
            sp_points amount; /* host → buyer, that of the order */
            sp_text reason;   /* may be absent */
        } order_cancelled;
        struct {
            sp_user_id user; /* = the actor: everyone erases himself */
        } user_erased;
        struct {
            sp_hold_id hold; /* above all before */
            sp_concert_id concert;
            sp_user_id user;       /* = the actor */
            sp_points amount;      /* the seats' price, fixed */
            sp_time_ms expires_at; /* after the event's time */
            const sp_seat *seats;  /* strictly ascending */
            uint32_t seats_count;  /* 1 … SP_SEATS_PER_ORDER_MAX */
        } hold_taken;
        struct {
            sp_hold_id hold;
            sp_seq taken;          /* seq of its hold_taken, which tells the rest */
            sp_time_ms expires_at; /* not before the old one */
        } hold_extended;
        struct {
            sp_hold_id hold; /* by its user */
        } hold_released;
        struct {
            const sp_hold_id *holds; /* by (deadline, id), each due by the event's
                                      * time; a prefix of all that are */
            uint32_t holds_count;    /* 1 … SP_HOLDS_PER_EXPIRY_MAX */
        } holds_expired;
        struct {
            sp_concert_id concert;
            /* All of it as it is from here on, cancel_until resolved; but grades_count
             * 0 = the grades stay. They are only here if they differ, and no seat was
             * ever held or sold. */
            sp_concert_spec spec;
        } concert_edited;
        struct {
            sp_concert_id concert;
        } concert_paused, concert_resumed;
        struct {
            sp_concert_id concert;
            /* What follows from the state before it, for whoever reads the log: all
             * its paid orders are refunded, host → buyers, all its holds end. */
            uint32_t orders_count;
            sp_points amount;
            uint32_t seats_held_count;
        } concert_cancelled;
    };
} sp_event;

#endif
