/* SPDX-License-Identifier: MIT
 *
 * The whole state of the engine: what the events up to a seq add up to.
 * Owned by one thread (the sequencer, or whoever replays); nothing here
 * locks. Tables are reserved at creation as virtual memory (MAP_NORESERVE),
 * touched as they fill, never moved, never grown: no allocation on the order
 * path, and a pointer into a table stays good until sp_state_destroy.
 *
 * Depends on engine headers and libsodium (digest) alone.
 */
#ifndef SP_ENGINE_STATE_H
#define SP_ENGINE_STATE_H

#include "engine/figures.h"
#include "engine/limits.h"
#include "engine/result.h"
#include "engine/values.h"

typedef struct sp_state sp_state;

/* A concert's fixed side: layout and texts. Immutable once published (an edit
 * makes a new card, which shares with the old one what stays), owned by the state
 * and never given back, readable from any thread that learned of it through
 * sp_views. */
typedef struct sp_card_grade {
    sp_text name;
    sp_points price;
    sp_seat first_seat;
    uint32_t seats_count;
    uint32_t first_row; /* index into the card's row_first_seat */
    uint32_t rows_count;
} sp_card_grade;

typedef struct sp_concert_card {
    sp_concert_id id;
    sp_user_id host;
    sp_time_ms created_at;
    sp_seq created_seq;
    sp_seq layout_seq; /* of the event that gave it its seats: who knows a map from
                        * before knows nothing */
    sp_seq seq;        /* of the event that made this card */
    const struct sp_concert_card *created; /* as it was then; itself if never edited */
    const struct sp_concert_card *older;   /* as it was before `seq`; NULL: it was not */
    /* One farther back, so that any of n is found in O(log n): Myers, "An applicative
     * random-access stack", 1983. NULL: none. */
    const struct sp_concert_card *jump;
    uint32_t edits_count;          /* cards before it */
    sp_concert_spec spec;          /* texts and grades point into the card's memory */
    const sp_card_grade *grades;   /* spec.grades_count of them */
    const sp_seat *row_first_seat; /* rows_count + 1 entries, last = seats_count */
    uint32_t rows_count;
    uint32_t seats_count;
    uint32_t first_word;      /* where its bitmaps begin in the global word arrays;
                          * a concert begins on a word of its own */
    uint32_t words_reserved;  /* there: at least as many as its seats take */
    uint32_t prices_reserved; /* likewise of its grades' prices */
} sp_concert_card;

/* Words of 64 seats that a concert of so many seats takes. */
static inline uint32_t sp_words_of_seats(uint32_t seats_count)
{
    return (seats_count + 63u) / 64u;
}

/* The concert as it was right behind the event `at`, from a card that is not older: for
 * whoever shows what that event did or was decided by, while an edit of later may have
 * been published. NULL if it was not yet there. O(log of the edits since). */
static inline const sp_concert_card *sp_card_at(const sp_concert_card *card, sp_seq at)
{
    while (card && card->seq > at)
        card = card->jump && card->jump->seq > at ? card->jump : card->older;
    return card;
}

/* Where a seat is, for its label `GRADE row-number` (1-based both).
 * seat < card->seats_count. O(log rows). */
typedef struct sp_seat_place {
    const sp_card_grade *grade;
    uint32_t row;    /* in its grade, from 1 */
    uint32_t number; /* in its row, from 1 */
} sp_seat_place;
sp_seat_place sp_card_place(const sp_concert_card *card, sp_seat seat);

/* NULL if the address space can't be had. limits is copied. */
sp_state *sp_state_create(const sp_limits *limits);
void sp_state_destroy(sp_state *state);

/* Reading. Ids out of range give NULL or 0, never a fault. */
sp_seq sp_state_seq(const sp_state *state);      /* last applied; 0 = none */
sp_time_ms sp_state_time(const sp_state *state); /* of the last event; 0 = none */
sp_points sp_state_points_total(const sp_state *state);
uint32_t sp_state_users_count(const sp_state *state); /* ever, erased ones included */
uint32_t sp_state_admins_count(const sp_state *state);
uint32_t sp_state_categories_count(const sp_state *state);
uint32_t sp_state_concerts_count(const sp_state *state);
uint32_t sp_state_orders_count(const sp_state *state); /* ever made */
/* false also for one who was erased: he is nobody any more. */
bool sp_state_user(const sp_state *state, sp_user_id user, sp_user_view *out);
/* Also those: role 0, and the points that he left behind, so that sums add up. */
bool sp_state_user_ever(const sp_state *state, sp_user_id user, sp_user_view *out);
sp_text sp_state_category(const sp_state *state, sp_category_id category);
const sp_concert_card *sp_state_concert(const sp_state *state, sp_concert_id concert);
/* seq of the last event that changed this concert. */
sp_seq sp_state_concert_seq(const sp_state *state, sp_concert_id concert);
/* seq of the last that changed the concert itself (made it, edited, paused, resumed or
 * cancelled it). */
sp_seq sp_state_concert_own_seq(const sp_state *state, sp_concert_id concert);
/* Sold and held bits, sp_words_of_seats(card->seats_count) words each. */
const uint64_t *sp_state_sold_words(const sp_state *state, sp_concert_id concert);
const uint64_t *sp_state_held_words(const sp_state *state, sp_concert_id concert);
sp_sale sp_state_sale(const sp_state *state, sp_concert_id concert);
uint32_t sp_state_sold_count(const sp_state *state, sp_concert_id concert);
uint32_t sp_state_held_count(const sp_state *state, sp_concert_id concert);
/* seq of the event that last changed this seat; 0 = never touched. */
sp_seq sp_state_seat_seq(const sp_state *state, sp_concert_id concert, sp_seat seat);
/* Seats of one user at one concert, sold and held. O(1). */
uint32_t sp_state_user_seats(const sp_state *state, sp_user_id user, sp_concert_id concert);
/* out->seats points into the state. */
bool sp_state_order(const sp_state *state, sp_order_id order, sp_order_view *out);
/* Walks a user's orders, newest first: the newest order of `user` with an id
 * below `before` (0 = any), or 0. O(1) a step: `before` is 0 or an order of
 * that user, else there is none (a made-up cursor must not cost a walk). */
sp_order_id sp_state_order_before(const sp_state *state, sp_user_id user, sp_order_id before);
/* The same of a concert's orders. */
sp_order_id sp_state_concert_order_before(const sp_state *state, sp_concert_id concert,
                                          sp_order_id before);
bool sp_state_concert_totals(const sp_state *state, sp_concert_id concert, sp_concert_totals *out);

/* The user's order that came from this job, or 0. The newest, if there are more: a
 * job with a key runs again when that is forgotten (net/job_id.h). */
sp_order_id sp_state_order_of_job(const sp_state *state, sp_user_id user, const sp_hash128 *job);

/* Holds that live (their deadline may have passed: that ends none, the event does). */
uint32_t sp_state_holds_count(const sp_state *state);
sp_hold_id sp_state_newest_hold(const sp_state *state); /* ever; 0 = none */
/* false if it lives no more, or never did; out->seats points to `seats`, which has
 * room for SP_SEATS_PER_ORDER_MAX. */
bool sp_state_hold(const sp_state *state, sp_hold_id hold, sp_seat *seats, sp_hold_view *out);
/* The earliest deadline of all; 0 = none lives. */
sp_time_ms sp_state_next_deadline(const sp_state *state);
/* The first of those due at `now`, by (deadline, id): at most count_max, at most
 * SP_HOLDS_PER_EXPIRY_MAX. Returns how many. */
uint32_t sp_state_holds_due(const sp_state *state, sp_time_ms now, sp_hold_id *ids,
                            uint32_t count_max);

/* What there is, counted as it came about: costs nothing. */
void sp_state_figures(const sp_state *state, sp_engine_figures *out);

/* Bytes of table memory in use (not reserved), by kind, for figures. */
typedef struct sp_state_usage {
    uint64_t users_bytes, orders_bytes, seats_bytes, cards_bytes, caps_bytes, holds_bytes,
        idempotency_bytes;
} sp_state_usage;
void sp_state_usage_of(const sp_state *state, sp_state_usage *out);

#endif
