/* SPDX-License-Identifier: MIT
 *
 * What the sequencer answers to a command: an outcome, and either the value
 * that a success shows or the details that a refusal names. Plain values in
 * the slot of the command; written by the sequencer before the release of the
 * completion, read by the loop after it.
 */
#ifndef SP_ENGINE_RESULT_H
#define SP_ENGINE_RESULT_H

#include "engine/event.h"
#include "engine/limits.h"
#include "engine/outcome.h"
#include "engine/values.h"

/* An order as its user sees it. `seats` is borrowed: from state inside the
 * engine, from the slot (sp_result.seats) once it is an answer. */
typedef struct sp_order_view {
    sp_order_id id;
    sp_concert_id concert;
    sp_user_id user;
    sp_order_status status;
    sp_points amount;
    sp_time_ms created_at;
    sp_time_ms cancelled_at; /* 0 = not cancelled */
    sp_seq seq;              /* of the last event of this order */
    const sp_seat *seats;    /* strictly ascending */
    uint32_t seats_count;
} sp_order_view;

/* A hold as its user sees it; `seats` likewise. Of a replay (sp_result_of_replay)
 * only id, expires_at and seq are known, since the seats of a hold that has ended are
 * nowhere in the state: the events tell the rest, the one of this seq and, of an
 * extension, the one that it names (engine/event_reader.h). */
typedef struct sp_hold_view {
    sp_hold_id id;
    sp_concert_id concert;
    sp_user_id user;
    sp_points amount;
    sp_time_ms created_at, expires_at;
    sp_seq seq;           /* of the last event of this hold */
    const sp_seat *seats; /* strictly ascending */
    uint32_t seats_count; /* 0 = of a replay */
} sp_hold_view;

typedef struct sp_user_view {
    sp_user_id id;
    sp_role role;
    sp_points points;
    sp_time_ms created_at;
} sp_user_view;

/* One movement of a user's points. One that is both buyer and host moves none:
 * his order is one entry of 0. */
typedef struct sp_ledger_item {
    sp_seq seq;
    sp_time_ms time;
    sp_event_type type; /* user_created (with points), points_granted, order_*,
                         * concert_cancelled: all his orders there in one */
    sp_points amount;   /* signed */
    sp_points balance;  /* right after it */
    sp_order_id order;  /* 0 = none */
} sp_ledger_item;

/* All that a concert ever sold. */
typedef struct sp_concert_totals {
    uint32_t orders, cancelled; /* ever made; of these cancelled */
    uint32_t seats;             /* sold now */
    sp_points amount, refunded; /* of all orders; of those cancelled */
} sp_concert_totals;

/* A seat that was wanted and can't be had, and since which event. */
typedef struct sp_seat_conflict {
    sp_seat seat;
    sp_seat_state state;
    sp_seq seq;
} sp_seat_conflict;

/* Details of a refusal; which are set follows from the outcome. */
typedef struct sp_refusal {
    sp_time_ms opens_at;     /* sales_not_open */
    sp_time_ms cancel_until; /* cancel_closed */
    sp_points amount;        /* amount_mismatch: the right one */
    sp_points points;        /* insufficient_points: the balance */
    uint32_t max, have;      /* seat_limit */
    uint32_t largest_run;    /* no_adjacent_seats: neighbours that could be had */
    const char *limit;       /* limit_reached: which; static */
    const char *field;       /* validation_failed: which field; static */
    const char *detail;      /* validation_failed: why; static */
    /* seat_taken: those taken; seat_unknown: those unknown, orphan_seat: those that
     * would be left alone (seat only). */
    uint32_t conflicts_count;
    sp_seat_conflict conflicts[SP_SEATS_PER_ORDER_MAX];
} sp_refusal;

typedef struct sp_result {
    sp_outcome outcome;
    bool replayed;  /* rebuilt from the first success (Idempotency-Replayed) */
    sp_seq seq;     /* of the event made (or first made); else the state's */
    sp_time_ms now; /* the batch's time */
    union {
        sp_user_view user;       /* user commands and queries */
        sp_category_id category; /* category_create */
        sp_concert_id concert;   /* concert commands */
        sp_order_view order;     /* order commands, query, and that of a job */
        sp_hold_view hold;       /* hold commands (but release) and query */
        /* Lists are one malloc each (seats behind the orders), NULL if count is
         * 0; the loop gives them back with sp_result_release. */
        struct {
            sp_order_view *items;
            uint32_t count;
            sp_order_id next;         /* cursor: `before` of the next page, or 0 */
            sp_concert_totals totals; /* of query_concert_orders */
        } orders;
        struct {
            sp_user_view *items;
            uint32_t count;
            sp_user_id next; /* cursor: `after` of the next page, or 0 */
        } users;
        struct {
            sp_ledger_item *items;
            uint32_t count;
            sp_seq next;            /* cursor: `before` of the next page, or 0 … */
            sp_points next_balance; /* … and its balance */
        } ledger;
    };
    sp_seat seats[SP_SEATS_PER_ORDER_MAX]; /* what order.seats or hold.seats points to */
    sp_refusal refusal;
} sp_result;

#endif
