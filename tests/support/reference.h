/* SPDX-License-Identifier: MIT
 *
 * The reference engine: the same rules as engine/, written so naively that
 * reading it is enough to believe it. A struct a seat, linear scans, every
 * count recounted when it is asked for. It shares the plain values of engine/
 * (commands, events, refusals) and not one line of its code.
 *
 * Single-threaded; allocates freely; out of memory aborts. Texts are kept
 * only where a rule reads them (category names).
 */
#ifndef SP_TESTS_SUPPORT_REFERENCE_H
#define SP_TESTS_SUPPORT_REFERENCE_H

#include "engine/engine.h"

/* What an event did to a user's points. */
typedef struct sp_reference_move {
    sp_seq seq;
    sp_time_ms time;
    sp_event_type type;
    sp_points amount;
    sp_order_id order; /* 0 = a grant */
} sp_reference_move;

typedef struct sp_reference_user {
    sp_role role;
    bool erased; /* his role is what it was */
    sp_points points;
    sp_time_ms created_at;
    uint32_t moves_count;
    sp_reference_move *moves; /* oldest first */
} sp_reference_user;

typedef struct sp_reference_seat {
    sp_order_id order; /* whose it is; 0 = free */
    sp_seq seq;        /* of the last event that changed it; 0 = none */
    sp_points price;
    uint32_t grade, row, number; /* grade from 0; row and number from 1 */
} sp_reference_seat;

typedef struct sp_reference_concert {
    sp_user_id host;
    sp_time_ms created_at, start_date, end_date, concert_date, cancel_until;
    uint32_t max_seats_per_user, grades_count, rows_count, seats_count;
    sp_seq seq; /* of the last event that changed it */
    sp_reference_seat *seats;
} sp_reference_concert;

typedef struct sp_reference_order {
    sp_concert_id concert;
    sp_user_id user;
    sp_points amount;
    sp_time_ms created_at, cancelled_at; /* 0 = not cancelled */
    sp_seq seq;
    uint32_t seats_count;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
} sp_reference_order;

typedef struct sp_reference_key {
    sp_user_id user;
    sp_hash128 key, request;
    sp_replay replay; /* what its first success was, and when */
} sp_reference_key;

typedef struct sp_reference_category {
    uint32_t size;
    char name[SP_CATEGORY_NAME_SIZE_MAX];
} sp_reference_category;

/* Users, concerts, orders and categories: id i is at [i - 1]. */
typedef struct sp_reference {
    sp_limits limits;
    sp_seq seq;
    sp_time_ms time;
    sp_points granted; /* the sum of all grants, sign-ups included */
    uint32_t users_count, categories_count, concerts_count, orders_count, keys_count;
    sp_reference_user *users;
    sp_reference_category *categories;
    sp_reference_concert *concerts;
    sp_reference_order *orders;
    sp_reference_key *keys; /* oldest first */
} sp_reference;

typedef struct sp_reference_answer {
    sp_decision decision;
    sp_outcome outcome; /* OK unless refused */
    sp_refusal refusal; /* the fields that go with the outcome */
    sp_event event;     /* borrows from the command */
    sp_replay replay;
} sp_reference_answer;

void sp_reference_init(sp_reference *reference, const sp_limits *limits);
void sp_reference_close(sp_reference *reference);

/* What sp_decide must say. But for one limit: how many bytes of text a
 * concert's card takes is the engine's own affair (limit "text"). */
void sp_reference_decide(const sp_reference *reference, const sp_command *command, sp_time_ms now,
                         sp_reference_answer *answer);

/* Takes in an event. NULL, or what about it can't be (a seat sold twice, a
 * wrong amount …); then the reference is as before. */
const char *sp_reference_apply(sp_reference *reference, const sp_event *event);

/* What a query must say: the outcome; and for those for lists, if it is OK, what
 * is on the page, at most count_max, and the cursor. */
sp_outcome sp_reference_query(const sp_reference *reference, const sp_command *query);
/* SP_QUERY_ORDERS and SP_QUERY_CONCERT_ORDERS, newest first. */
uint32_t sp_reference_query_orders(const sp_reference *reference, const sp_command *query,
                                   sp_order_id *ids, sp_order_id *next);
uint32_t sp_reference_query_users(const sp_reference *reference, const sp_command *query,
                                  sp_user_id *ids, sp_user_id *next);
uint32_t sp_reference_query_ledger(const sp_reference *reference, const sp_command *query,
                                   sp_ledger_item *items, sp_seq *next, sp_points *next_balance);
sp_concert_totals sp_reference_totals(const sp_reference *reference, sp_concert_id concert);

/* Notes what an event that was just applied did to whose points. */
void sp_reference_note(sp_reference *reference, const sp_event *event);
uint32_t sp_reference_grants_count(const sp_reference *reference);
/* Is there this user, and was he not erased? */
bool sp_reference_is_user(const sp_reference *reference, sp_user_id user);

/* Seats that a user has at a concert, counted one by one. */
uint32_t sp_reference_user_seats(const sp_reference *reference, sp_user_id user,
                                 sp_concert_id concert);
uint32_t sp_reference_admins_count(const sp_reference *reference);
/* The operator (0) may do what an ADMIN may; else the actor exists. */
bool sp_reference_is_admin(const sp_reference *reference, sp_user_id actor);
bool sp_reference_keys_full(const sp_reference *reference, sp_time_ms now);
/* The live record of this user's key at this time, or NULL. */
const sp_reference_key *sp_reference_key_find(const sp_reference *reference, sp_user_id user,
                                              const sp_hash128 *key, sp_time_ms now);

#endif
