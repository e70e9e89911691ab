/* SPDX-License-Identifier: MIT
 *
 * The state's tables as the engine's own files see them; nobody outside
 * engine/ includes this. Rows are laid out for the order path: an order reads
 * the buyer's line, with his caps, the concert's two lines, a word of each bitmap;
 * it writes those, the host's two lines, the seat's seq and the next order row. Of
 * these only the buyer and the seat's seq are far away at random: at some 15 ns
 * a line with many under way, and 100 ns alone, they are what an order costs.
 */
#ifndef SP_ENGINE_STATE_PRIVATE_H
#define SP_ENGINE_STATE_PRIVATE_H

#include "engine/arena.h"
#include "engine/bitmap.h"
#include "engine/categories.h"
#include "engine/holds.h"
#include "engine/idempotency.h"
#include "engine/job_index.h"
#include "engine/refunds.h"
#include "engine/state.h"
#include "engine/user_caps.h"

/* An entry of a ledger: its kind, and above 0 its row in that kind's table; 0 =
 * none. engine/ledger.h reads them. */
typedef uint32_t sp_ledger_ref;
#define SP_LEDGER_INDEX_BITS 30u
#define SP_LEDGER_INDEX_MAX ((UINT32_C(1) << SP_LEDGER_INDEX_BITS) - 1)

typedef struct sp_user_row {
    sp_points points;
    sp_time_ms created_at;
    uint64_t newest_key; /* ordinal in the ring of idempotency; 0 = none */
    sp_order_id newest_order;
    uint8_t role; /* SP_ROLE_ERASED: gone, but for his points and orders */
    uint8_t unused[3];
    sp_user_caps caps;
} sp_user_row;

/* The role of a row whose user was erased; none that anybody can be given. */
#define SP_ROLE_ERASED 0u

/* What buyers do not need of a user. */
typedef struct sp_account_row {
    sp_ledger_ref others;         /* newest entry from before his first order */
    sp_concert_id newest_concert; /* that he hosts; 0 = none */
} sp_account_row;

/* What orders need of a concert; the rest is on its card. */
typedef struct sp_concert_row {
    sp_time_ms start_date, end_date;
    sp_seq seq; /* of the last event that changed it */
    const sp_concert_card *card;
    sp_user_id host;
    uint32_t first_word; /* also first seat / 64 in seat_seqs */
    uint32_t seats_count;
    uint32_t sold_count;
    uint32_t first_price; /* in prices */
    uint32_t held_count;
    uint16_t max_seats_per_user;
    bool no_orphans;
    uint8_t sale;                /* sp_sale */
    sp_concert_id older_of_host; /* his concert before this one; 0 = none */
} sp_concert_row;

/* What a concert has sold. Beside its row, which is full. */
typedef struct sp_sales_row {
    sp_points amount, refunded; /* of all orders; of those cancelled */
    sp_order_id newest_order;
    uint32_t orders_count, cancelled_count;
    uint32_t unused;
} sp_sales_row;

/* No two fields that an order_paid event brings stand beside each other in the
 * event's order: the compiler would copy them by one wide load, and a load that
 * is wider than the stores that decide has just made has to wait for them. */
typedef struct sp_order_row {
    sp_concert_id concert;
    uint32_t seats; /* the seat itself if there is one, else where they begin
                     * in order_seats */
    sp_user_id user;
    sp_order_id older_of_user; /* his order before this one; 0 = none */
    sp_points amount;
    sp_order_id older_of_concert; /* the concert's order before this one; 0 = none */
    sp_ledger_ref older_of_host;  /* the host's entry before this one, if he is not
                                   * the buyer */
    sp_time_ms created_at;
    sp_ledger_ref others;  /* the buyer's newest other entry before his next order */
    uint32_t cancellation; /* 0 = not cancelled */
    sp_seq seq;
    uint8_t seats_count;
    uint8_t status;
    uint16_t job_high; /* print of the job that it came from (engine/job_index.h) */
    uint32_t job_low;
} sp_order_row;

/* One order in some hundred is cancelled: so this is not in its row. All orders of
 * a concert that is cancelled share one. */
typedef struct sp_cancellation_row {
    sp_seq seq;
    sp_time_ms time;
    sp_order_id order; /* 0 = of a concert: what that moved stands in refunds */
    sp_ledger_ref older_of_buyer, older_of_host; /* as in an order's row */
    uint32_t unused;
} sp_cancellation_row;

/* Points from nowhere: by an ADMIN, or at sign-up. */
typedef struct sp_grant_row {
    sp_seq seq;
    sp_time_ms time;
    uint64_t amount : 63, is_sign_up : 1;
    sp_user_id user;
    sp_ledger_ref older; /* the user's entry before this one */
} sp_grant_row;

/* What the cancelling of a concert moved, a row for each user whose points it moved:
 * the host, and each of its buyers for all his orders there. Those of one event stand
 * together, ascending by user. */
typedef struct sp_refund_row {
    sp_seq seq;
    sp_time_ms time;
    sp_points amount; /* below 0 for the host */
    sp_user_id user;
    sp_ledger_ref older; /* the user's entry before this one */
} sp_refund_row;

/* A grade as the order path sees it: it ends before this seat. */
typedef struct sp_price_row {
    uint32_t seats_end;
    uint32_t price;
} sp_price_row;

_Static_assert(sizeof(sp_user_row) == 64, "a user is one cache line");
_Static_assert(sizeof(sp_concert_row) == 64, "a concert is one cache line");
_Static_assert(sizeof(sp_order_row) == 64, "an order is one cache line");
_Static_assert(sizeof(sp_sales_row) == 32, "two concerts' sales are one cache line");
_Static_assert(sizeof(sp_cancellation_row) == 32, "a cancellation is half a cache line");
_Static_assert(sizeof(sp_grant_row) == 32, "a grant is half a cache line");
_Static_assert(sizeof(sp_refund_row) == 32, "a refund is half a cache line");
_Static_assert(sizeof(sp_account_row) == 8, "an account is 8 bytes");
_Static_assert((uint64_t)SP_ORDERS_MAX + SP_CAPS_CONCERT_MAX <= SP_LEDGER_INDEX_MAX &&
                   SP_GRANTS_MAX <= SP_LEDGER_INDEX_MAX,
               "a ledger's ref names any row");
_Static_assert(SP_SEATS_PER_ORDER_MAX *SP_PRICE_MAX <= INT64_MAX / SP_ORDERS_MAX,
               "what a concert sells can be summed up");
_Static_assert(SP_SEATS_PER_ORDER_MAX <= UINT8_MAX, "seats_count fits");
_Static_assert(SP_MAX_SEATS_PER_USER_MAX <= UINT16_MAX, "max_seats_per_user fits");
_Static_assert(SP_PRICE_MAX <= UINT32_MAX, "a price fits");

struct sp_state {
    sp_limits limits;
    sp_seq seq;
    sp_time_ms time;
    sp_points points_total;
    sp_points refunded_total; /* ever, over all concerts: no debts are higher */
    uint32_t users_count, erased_count, admins_count, concerts_count, orders_count;
    uint32_t seats_count, rows_count; /* over all concerts */
    uint32_t words_count, prices_count, order_seats_count;
    uint32_t cancellations_count, grants_count, refunds_count;
    uint32_t orders_cancelled_count;             /* by themselves or with their concert */
    uint32_t seats_sold_count, seats_held_count; /* over all concerts */

    /* Rows are indexed by id; [0] is never used. */
    sp_user_row *users;
    sp_account_row *accounts;
    sp_concert_row *concerts;
    sp_sales_row *sales;
    sp_seq *own_seqs; /* of concerts: no order looks at it */
    sp_order_row *orders;
    sp_cancellation_row *cancellations; /* as many as orders at most */
    sp_grant_row *grants;
    sp_refund_row *refunds; /* an order is refunded once, a concert cancelled once */
    sp_price_row *prices;
    uint32_t *order_seats;
    uint32_t *scratch;     /* SP_SEATS_PER_CONCERT_MAX: of one event, while it is applied … */
    sp_refund_due *dues;   /* … likewise SP_REFUND_DUES_MAX, and as many to sort them with */
    uint64_t *sold, *held; /* words, concert after concert */
    sp_seq *seat_seqs;     /* 64 a word, the last ones of a concert unused */
    sp_categories categories;
    sp_caps caps;
    sp_holds holds;
    sp_order_id *jobs; /* engine/job_index.h */
    sp_keys keys;
    sp_arena arena;
};

/* The row of an id, or NULL if there is none. (Ids are u32 and dense from 1;
 * id - 1 wraps for 0, so one comparison does.) */
static inline sp_user_row *sp_state_user_row(const sp_state *state, sp_user_id user)
{
    return user - 1u < state->users_count ? &state->users[user] : NULL;
}

static inline bool sp_user_is_erased(const sp_user_row *user)
{
    return user->role == SP_ROLE_ERASED;
}

/* The same, but NULL also for one who was erased. */
static inline sp_user_row *sp_state_living_row(const sp_state *state, sp_user_id user)
{
    sp_user_row *row = sp_state_user_row(state, user);
    return row && !sp_user_is_erased(row) ? row : NULL;
}

static inline sp_concert_row *sp_state_concert_row(const sp_state *state, sp_concert_id concert)
{
    return concert - 1u < state->concerts_count ? &state->concerts[concert] : NULL;
}

static inline sp_order_row *sp_state_order_row(const sp_state *state, sp_order_id order)
{
    return order - 1u < state->orders_count ? &state->orders[order] : NULL;
}

static inline const sp_seat *sp_state_order_seats(const sp_state *state, const sp_order_row *order)
{
    return order->seats_count == 1 ? &order->seats : &state->order_seats[order->seats];
}

/* Sum of the prices of ascending seats, all of which the concert has; at least
 * one of them. */
static inline sp_points sp_state_price(const sp_state *state, const sp_concert_row *concert,
                                       const sp_seat *seats, uint32_t count)
{
    const sp_price_row *price = &state->prices[concert->first_price];
    sp_points sum = 0;
    uint32_t i = 0;
    do {
        while (seats[i] >= price->seats_end)
            price++;
        sum += price->price;
    } while (++i < count);
    return sum;
}

static inline const uint64_t *sp_state_sold_of(const sp_state *state, const sp_concert_row *concert)
{
    return &state->sold[concert->first_word];
}

static inline const uint64_t *sp_state_held_of(const sp_state *state, const sp_concert_row *concert)
{
    return &state->held[concert->first_word];
}

/* The map to read for what may be held: while nothing is held, the sold words
 * once more, so that an order does not fetch a line of zeros from afar. */
static inline const uint64_t *sp_state_held_or_sold_of(const sp_state *state,
                                                       const sp_concert_row *concert)
{
    return concert->held_count ? sp_state_held_of(state, concert)
                               : sp_state_sold_of(state, concert);
}

/* Is any of these seats, which the concert has, sold or held? */
static inline bool sp_state_taken(const sp_state *state, const sp_concert_row *concert,
                                  const sp_seat *seats, uint32_t count)
{
    return sp_bitmap_any(sp_state_sold_of(state, concert), sp_state_held_or_sold_of(state, concert),
                         seats, count);
}

/* Where a concert's seats begin among those of all, in seat_seqs and in the chains
 * of holds. */
static inline uint64_t sp_concert_first_seat(const sp_concert_row *concert)
{
    return (uint64_t)concert->first_word * 64;
}

static inline uint64_t sp_order_job_print(const sp_order_row *order)
{
    return (uint64_t)order->job_high << 32 | order->job_low;
}

/* When a hold taken at `created_at` ends if it is to last from `now` on; never
 * behind the end of sales. */
static inline sp_time_ms sp_hold_deadline(const sp_concert_row *concert, sp_time_ms created_at,
                                          sp_time_ms now)
{
    sp_time_ms length_ms = (sp_time_ms)concert->card->spec.hold_seconds * 1000;
    sp_time_ms last = created_at + SP_HOLD_EXTENSION_FACTOR * length_ms;
    sp_time_ms deadline = now + length_ms < last ? now + length_ms : last;
    return deadline < concert->end_date ? deadline : concert->end_date;
}

/* When a hold ends that is extended now: not before it would anyway, also if holds have
 * been made shorter since it was taken. */
static inline sp_time_ms sp_hold_deadline_extended(const sp_concert_row *concert,
                                                   const sp_hold_row *hold, sp_time_ms now)
{
    sp_time_ms deadline = sp_hold_deadline(concert, hold->created_at, now);
    return deadline > hold->deadline ? deadline : hold->deadline;
}

/* Words that so many seats of so many concerts take at most: each concert's
 * last word may be part empty. Views are as large. */
static inline uint64_t sp_words_max(const sp_limits *limits)
{
    return (uint64_t)limits->seats_max / 64u + limits->concerts_max + 1u;
}

/* A transfer must leave both balances within what a JSON client reads
 * exactly. |balance| <= SP_POINTS_TOTAL_MAX always; 0 <= amount likewise. */
static inline bool sp_points_can_move(sp_points from, sp_points to, sp_points amount)
{
    return from >= amount - SP_POINTS_TOTAL_MAX && to <= SP_POINTS_TOTAL_MAX - amount;
}

/* Is there a row for one more grant? */
static inline bool sp_grants_has_room(const sp_state *state)
{
    return state->grants_count < state->limits.grants_max;
}

/* What a hold's user sees of it; seats has room for all of its. Living. */
void sp_hold_view_fill(const sp_state *state, const sp_hold_row *row, sp_seat *seats,
                       sp_hold_view *out);

/* Words that a new layout of a concert needs beyond those reserved for it: 0 = it fits
 * there. Of a new concert: words_reserved 0. */
static inline uint32_t sp_words_wanted(uint32_t words_reserved, uint32_t seats_count)
{
    uint32_t words_count = sp_words_of_seats(seats_count);
    return words_count > words_reserved ? words_count : 0;
}

/* Does he host a concert that is still to come? Goes through those that he ever
 * hosted, newest first, which is where a live one stands. */
bool sp_state_has_live_concerts(const sp_state *state, sp_user_id host, sp_time_ms now);

/* Would these points go over what all points together may be? */
static inline bool sp_points_can_grant(const sp_state *state, sp_points amount)
{
    return amount <= SP_POINTS_TOTAL_MAX - state->points_total;
}

#endif
