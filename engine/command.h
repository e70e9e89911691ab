/* SPDX-License-Identifier: MIT
 *
 * Commands: what a client asks of the sequencer; may be refused. Queries
 * travel the same way and change nothing. A plain value; what it borrows
 * (texts, spec, profile) belongs to the producer and must stay until the
 * completion comes back.
 *
 * The decoder guarantees shape (ranges of SP_*_MAX in engine/limits.h, seats
 * strictly ascending, 1 … 100 of them, UTF-8 texts); the engine asserts it.
 */
#ifndef SP_ENGINE_COMMAND_H
#define SP_ENGINE_COMMAND_H

#include "engine/event.h"
#include "engine/limits.h"
#include "engine/profile.h"

typedef enum sp_command_type {
    /* make an event */
    SP_COMMAND_SERVER_START = 1,
    SP_COMMAND_USER_CREATE,
    SP_COMMAND_ROLE_SET,
    SP_COMMAND_POINTS_GRANT,
    SP_COMMAND_CATEGORY_CREATE,
    SP_COMMAND_CONCERT_CREATE,
    SP_COMMAND_ORDER_CREATE,
    SP_COMMAND_ORDER_CANCEL,
    /* change nothing */
    SP_QUERY_USER,   /* a user's role and points: self or ADMIN */
    SP_QUERY_ORDER,  /* one order: its user or an ADMIN */
    SP_QUERY_ORDERS, /* the actor's own orders, newest first */
} sp_command_type;

/* order_create.amount when the client stated none. */
#define SP_AMOUNT_UNSTATED INT64_C(-1)

typedef struct sp_command {
    sp_command_type type;
    sp_user_id actor; /* 0 = the operator (program-made) or a sign-up */
    sp_idempotency idempotency;
    union {
        struct {
            sp_text version;
            sp_hash128 epoch;
        } server_start;
        struct {
            sp_role role;
            sp_points points;
            const sp_profile *profile; /* goes into the same transaction */
        } user_create;
        struct {
            sp_user_id user;
            sp_role role;
        } role_set;
        struct {
            sp_user_id user;
            sp_points amount;
        } points_grant;
        struct {
            sp_text name;
        } category_create;
        struct {
            const sp_concert_spec *spec;
        } concert_create;
        struct {
            sp_concert_id concert;
            sp_points amount; /* or SP_AMOUNT_UNSTATED */
            uint32_t seats_count;
            sp_seat seats[SP_SEATS_PER_ORDER_MAX];
        } order_create;
        struct {
            sp_order_id order;
            sp_text reason; /* may be absent */
        } order_cancel;
        struct {
            sp_user_id user; /* 0 = the actor */
        } query_user;
        struct {
            sp_order_id order;
        } query_order;
        struct {
            sp_order_id before; /* ids below this one of his; 0 = from the newest.
                                 * Behind one that is not his: none */
            uint32_t count_max; /* 1 … 100 */
        } query_orders;
    };
} sp_command;

/* Does this command change state when it succeeds? */
static inline bool sp_command_writes(sp_command_type type)
{
    return type < SP_QUERY_USER;
}

#endif
