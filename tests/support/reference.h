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
    sp_order_id order; /* 0 = a grant, or of a concert that was cancelled */
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
    sp_order_id order; /* that bought it; 0 = none */
    sp_hold_id hold;   /* that holds it; 0 = none */
    sp_seq seq;        /* of the last event that changed it; 0 = none */
    sp_points price;
    uint32_t grade, row, number; /* grade from 0; row and number from 1 */
} sp_reference_seat;

typedef struct sp_reference_grade {
    uint32_t size;
    char name[SP_GRADE_NAME_SIZE_MAX];
} sp_reference_grade;

typedef struct sp_reference_concert {
    sp_user_id host;
    sp_time_ms created_at, start_date, end_date, concert_date, cancel_until;
    uint32_t max_seats_per_user, hold_seconds, grades_count, rows_count, seats_count;
    bool no_orphans;
    sp_sale sale;
    sp_seq seq;        /* of the last event that changed it */
    sp_seq own_seq;    /* of the last that changed it itself, beside its seats */
    sp_seq layout_seq; /* of the one that gave it its seats */
    /* All that its host states of it, as concert_created's spec: at first, and now. Its
     * own copies. */
    sp_event *created, *stated;
    uint32_t words_count;  /* of bitmaps, 64 seats each: the most it ever had */
    uint32_t prices_count; /* likewise grades */
    sp_reference_grade *grades;
    sp_reference_seat *seats;
} sp_reference_concert;

typedef struct sp_reference_order {
    sp_concert_id concert;
    sp_user_id user;
    sp_points amount;
    sp_time_ms created_at, cancelled_at; /* 0 = not cancelled */
    sp_seq seq;
    sp_job job;
    uint32_t seats_count;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
} sp_reference_order;

typedef enum sp_reference_hold_status {
    SP_REFERENCE_LIVES = 1,
    SP_REFERENCE_RELEASED,
    SP_REFERENCE_BOUGHT,
    SP_REFERENCE_EXPIRED,
    SP_REFERENCE_CANCELLED, /* with its concert */
} sp_reference_hold_status;

typedef struct sp_reference_hold {
    sp_hold_id id;
    sp_concert_id concert;
    sp_user_id user;
    sp_points amount;
    sp_time_ms created_at, deadline;
    sp_seq taken_seq, seq; /* of its hold_taken, of its last event */
    sp_reference_hold_status status;
    uint32_t seats_count;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
} sp_reference_hold;

typedef struct sp_reference_key {
    sp_user_id user;
    sp_hash128 key, request;
    sp_replay replay; /* what its first success was, and when */
} sp_reference_key;

typedef struct sp_reference_category {
    uint32_t size;
    char name[SP_CATEGORY_NAME_SIZE_MAX];
} sp_reference_category;

/* Users, concerts, orders and categories: id i is at [i - 1]. Holds: as they were
 * taken, whose ids ascend and may leave some out. */
typedef struct sp_reference {
    sp_limits limits;
    sp_seq seq;
    sp_time_ms time;
    sp_points granted; /* the sum of all grants, sign-ups included */
    /* Places that were ever given to bitmaps and to grades: one that is too small for a
     * new layout is lost. */
    uint32_t words_used, grades_used;
    uint32_t users_count, categories_count, concerts_count, orders_count, holds_count, keys_count;
    sp_reference_user *users;
    sp_reference_category *categories;
    sp_reference_concert *concerts;
    sp_reference_order *orders;
    sp_reference_hold *holds; /* oldest first */
    sp_reference_key *keys;   /* oldest first */
} sp_reference;

typedef struct sp_reference_answer {
    sp_decision decision;
    sp_outcome outcome; /* OK unless refused */
    sp_refusal refusal; /* the fields that go with the outcome */
    sp_event event;     /* borrows from the command, or from: */
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_replay replay;
} sp_reference_answer;

void sp_reference_init(sp_reference *reference, const sp_limits *limits);
void sp_reference_close(sp_reference *reference);

/* What sp_decide must say. But for one limit: how many bytes of text a
 * concert's card takes is the engine's own affair (limit "text"). */
void sp_reference_decide(const sp_reference *reference, const sp_command *command, sp_time_ms now,
                         sp_reference_answer *answer);

/* What sp_decide_expiry must say: false if no hold is overdue at `now`. */
bool sp_reference_expiry(const sp_reference *reference, sp_time_ms now,
                         sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX], sp_event *event);

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

/* Holds. The one of this id, living or not, or NULL. */
sp_reference_hold *sp_reference_hold_of(const sp_reference *reference, sp_hold_id hold);
uint32_t sp_reference_holds_count(const sp_reference *reference); /* that live */
/* All that live and are due at `now`, by (deadline, id); room for all that live. */
uint32_t sp_reference_due(const sp_reference *reference, sp_time_ms now, sp_hold_id *ids);
/* Does the engine still know what became of a hold that has ended? Until another has
 * its place among twice as many as may live (rounded up to a power of two). */
bool sp_reference_is_remembered(const sp_reference *reference, const sp_reference_hold *hold);
/* The next hold's id: above all before, not at the place of one that lives. 0 = as
 * many live as may. */
sp_hold_id sp_reference_next_hold(const sp_reference *reference);
/* When a hold taken then ends if it is to last from `now` on. */
sp_time_ms sp_reference_deadline(const sp_reference_concert *concert, sp_time_ms created_at,
                                 sp_time_ms now);
/* The user's order that came from this job, or 0. */
sp_order_id sp_reference_order_of_job(const sp_reference *reference, sp_user_id user,
                                      const sp_hash128 *job);

static inline bool sp_reference_is_free(const sp_reference_seat *seat)
{
    return seat->order == 0 && seat->hold == 0;
}

/* The finder (reference_finder.c): what sp_find_best and sp_find_orphans must say.
 * grade: SP_REFERENCE_ANY_GRADE or its index. */
#define SP_REFERENCE_ANY_GRADE UINT32_MAX
bool sp_reference_find_best(const sp_reference_concert *concert, uint32_t grade, uint32_t count,
                            bool allow_split, sp_seat *out, uint32_t *largest_run);
uint32_t sp_reference_find_orphans(const sp_reference_concert *concert, const sp_seat *seats,
                                   uint32_t count, sp_seat *out);

/* Seats that a user has at a concert, bought and held, counted one by one. */
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
