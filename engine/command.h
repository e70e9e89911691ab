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
#include "engine/session.h"

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
    SP_COMMAND_USER_ERASE, /* the actor himself */
    SP_COMMAND_HOLD_TAKE,
    SP_COMMAND_HOLD_EXTEND,
    SP_COMMAND_HOLD_RELEASE,
    SP_COMMAND_CONCERT_EDIT, /* these four: its host or an ADMIN */
    SP_COMMAND_CONCERT_PAUSE,
    SP_COMMAND_CONCERT_RESUME,
    SP_COMMAND_CONCERT_CANCEL,
    /* change what stands beside the events, and make none. The actor is the user
     * that they are about; of one who does not exist it is token_invalid unless
     * said otherwise. Answer result.user. */
    SP_COMMAND_SESSION_OPEN,    /* a log-in */
    SP_COMMAND_SESSION_REFRESH, /* refresh_invalid (also if there is no such actor),
                                 * refresh_reused */
    SP_COMMAND_SESSION_CLOSE,   /* a log-out: never refused for what it shows, nor if
                                 * there is no such actor. result.user.id is 0 if it
                                 * has ended nothing */
    SP_COMMAND_PROFILE_EDIT,
    SP_COMMAND_PASSWORD_CHANGE, /* ends the user's other families */
    /* change nothing */
    SP_QUERY_USER,           /* a user's role and points: self or ADMIN */
    SP_QUERY_USERS,          /* all users, by id: ADMIN */
    SP_QUERY_LEDGER,         /* what moved the actor's points, newest first */
    SP_QUERY_ORDER,          /* one order: its user or an ADMIN */
    SP_QUERY_ORDERS,         /* the actor's own orders, newest first; an ADMIN anyone's */
    SP_QUERY_CONCERT_ORDERS, /* a concert's orders, newest first: its host or an ADMIN */
    SP_QUERY_HOLD,           /* a living hold: its user */
    SP_QUERY_JOB,            /* the actor's own order that this job became */
} sp_command_type;

/* What kind of change a type asks for. */
static inline bool sp_command_makes_event(sp_command_type type)
{
    return type < SP_COMMAND_SESSION_OPEN;
}
static inline bool sp_command_is_query(sp_command_type type)
{
    return type >= SP_QUERY_USER;
}

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
            const sp_concert_patch *patch;
        } concert_edit;
        struct {
            sp_concert_id concert;
        } concert_pause, concert_resume, concert_cancel;
        struct {
            sp_concert_id concert; /* not looked at if there is a hold */
            sp_hold_id hold;       /* buys this, all of it; 0 = the seats below */
            sp_points amount;      /* or SP_AMOUNT_UNSTATED */
            sp_job job;
            uint32_t seats_count;
            sp_seat seats[SP_SEATS_PER_ORDER_MAX];
        } order_create;
        struct {
            sp_concert_id concert;
            /* The best of so many seats, if not 0: then `seats` is not looked at. */
            uint32_t best_count;
            bool allow_split;
            sp_text grade; /* of which grade; absent = any */
            uint32_t seats_count;
            sp_seat seats[SP_SEATS_PER_ORDER_MAX];
        } hold_take;
        struct {
            sp_hold_id hold;
        } hold_extend, hold_release, query_hold;
        struct {
            sp_hash128 job;
        } query_job;
        struct {
            sp_order_id order;
            sp_text reason; /* may be absent */
        } order_cancel;
        struct {
            sp_session_id session; /* the new family's */
            sp_session_hash live;
            /* The hash that the password was found to match: if it is another
             * by now, the log-in fails (login_failed). Terminated. */
            const char *password_hash;
            /* The same password hashed with dearer parameters; NULL = it stays. */
            const char *renewed_hash;
        } session_open;
        struct {
            sp_session_id session;
            sp_session_hash shown, fresh;
        } session_refresh;
        struct {
            sp_session_id session;
            sp_session_hash shown; /* its live token or the one before it; of any
                                    * other nothing is ended */
        } session_close;
        struct {
            const sp_profile_edit *edit;
        } profile_edit;
        struct {
            const char *old_hash; /* that the old password was found to match; if it
                                   * is another by now: login_failed */
            const char *new_hash;
            sp_sid keep; /* the family that asks; 0 = none is kept */
        } password_change;
        struct {
            sp_user_id user; /* 0 = the actor */
        } query_user;
        struct {
            sp_user_id after;   /* ids above this one */
            uint32_t count_max; /* 1 … 100 */
        } query_users;
        struct {
            /* Entries of seqs below this one, and the balance right behind them;
             * 0 = from the newest, whose balance is known. */
            sp_seq before;
            sp_points balance;
            uint32_t count_max; /* 1 … 100 */
        } query_ledger;
        struct {
            sp_order_id order;
        } query_order;
        struct {
            sp_user_id user;    /* whose; 0 = the actor's; another's: ADMIN */
            sp_order_id before; /* ids below this one of his; 0 = from the newest.
                                 * Behind one that is not his: none */
            uint32_t count_max; /* 1 … 100 */
        } query_orders;
        struct {
            sp_concert_id concert;
            sp_order_id before; /* likewise */
            uint32_t count_max; /* 1 … 100 */
        } query_concert_orders;
    };
} sp_command;

#endif
