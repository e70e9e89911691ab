/* SPDX-License-Identifier: MIT */
#include "engine/apply_private.h"
#include "engine/bitmap.h"
#include "engine/engine.h"
#include "engine/fault.h"
#include "engine/ledger.h"

static void role_change(sp_state *state, sp_user_row *user, sp_role role)
{
    state->admins_count -= user->role == SP_ROLE_ADMIN;
    state->admins_count += role == SP_ROLE_ADMIN;
    user->role = (uint8_t)role;
}

/* Points from nowhere: to the balance, the total and the user's ledger. */
static void grant(sp_state *state, const sp_event *event, sp_user_id user, sp_points amount)
{
    SP_ASSERT_CMP(amount, >, 0);
    SP_ASSERT_CMP(state->grants_count, <, state->limits.grants_max);
    uint32_t index = ++state->grants_count;
    state->grants[index] = (sp_grant_row){
        .seq = event->seq,
        .time = event->time,
        .amount = (uint64_t)amount,
        .is_sign_up = event->type == SP_EVENT_USER_CREATED,
        .user = user,
        .older = sp_ledger_push(state, user, sp_ledger_ref_of(SP_LEDGER_GRANT, index)),
    };
    state->users[user].points += amount;
    state->points_total += amount;
    SP_ASSERT_CMP(state->points_total, <=, SP_POINTS_TOTAL_MAX);
}

static sp_subject apply_user_created(sp_state *state, const sp_event *event)
{
    sp_user_id id = event->user_created.user;

    SP_ASSERT_CMP(id, ==, state->users_count + 1);
    SP_ASSERT_CMP(id, <=, state->limits.users_max);
    state->users_count = id;
    sp_user_row *user = &state->users[id];
    user->created_at = event->time;
    role_change(state, user, event->user_created.role);
    if (event->user_created.points > 0)
        grant(state, event, id, event->user_created.points);
    return (sp_subject){id, id, 0};
}

static sp_subject apply_role_set(sp_state *state, const sp_event *event)
{
    sp_user_row *user = sp_state_living_row(state, event->role_set.user);

    SP_ASSERT(user);
    role_change(state, user, event->role_set.role);
    return (sp_subject){event->role_set.user, event->role_set.user, 0};
}

static sp_subject apply_points_granted(sp_state *state, const sp_event *event)
{
    SP_ASSERT(sp_state_living_row(state, event->points_granted.user));
    grant(state, event, event->points_granted.user, event->points_granted.amount);
    return (sp_subject){event->points_granted.user, event->points_granted.user, 0};
}

/* His row stays: orders are of him, points are his, and the ids behind him are
 * others'. */
static sp_subject apply_user_erased(sp_state *state, const sp_event *event)
{
    sp_user_row *user = sp_state_living_row(state, event->user_erased.user);

    SP_ASSERT(user);
    role_change(state, user, (sp_role)SP_ROLE_ERASED);
    state->erased_count++;
    return (sp_subject){event->user_erased.user, 0, 0};
}

/* Stamps the seats of an order or a hold with the event that changed them. */
static void seats_stamp(sp_state *state, sp_concert_row *concert, const sp_seat *seats,
                        uint32_t count, sp_seq seq)
{
    sp_seq *seqs = &state->seat_seqs[sp_concert_first_seat(concert)];
    uint32_t i = 0;

    concert->seq = seq;
    do
        seqs[seats[i]] = seq;
    while (++i < count);
}

/* Bits that an order really sets and clears: all but for a planted fault. */
static uint32_t bits_count(uint32_t seats_count)
{
    return SP_FAULT(SKIPPED_BIT) ? seats_count - 1 : seats_count;
}

/* Where the row finds its seats: the seat itself, or a run of order_seats. */
static uint32_t seats_keep(sp_state *state, const sp_seat *seats, uint32_t count)
{
    if (count == 1)
        return seats[0];
    uint32_t where = state->order_seats_count;
    SP_ASSERT_CMP(count, <=, state->limits.order_seats_max - where);
    memcpy(&state->order_seats[where], seats, count * sizeof(*seats));
    state->order_seats_count += count;
    return where;
}

/* The orders and entries before this one, as three chains have them. */
typedef struct order_links {
    sp_order_id older_of_user, older_of_concert;
    sp_ledger_ref older_of_host;
} order_links;

static void order_row_fill(sp_order_row *row, const sp_event *event, uint32_t seats,
                           order_links links)
{
    *row = (sp_order_row){
        .concert = event->order_paid.concert,
        .seats = seats,
        .user = event->order_paid.buyer,
        .older_of_user = links.older_of_user,
        .amount = event->order_paid.amount,
        .older_of_concert = links.older_of_concert,
        .older_of_host = links.older_of_host,
        .created_at = event->time,
        .seq = event->seq,
        .seats_count = (uint8_t)event->order_paid.seats_count,
        .status = SP_ORDER_PAYMENT,
    };
    if (event->order_paid.job.present) {
        uint64_t print = sp_job_print(&event->order_paid.job.id);
        row->job_high = (uint16_t)(print >> 32);
        row->job_low = (uint32_t)print;
    }
}

/* Takes the order into its concert's sales and its host's ledger. One who buys at
 * his own concert has it in his ledger as a buyer. */
static order_links order_link(sp_state *state, const sp_event *event, const sp_user_row *buyer,
                              sp_user_id host)
{
    sp_sales_row *sales = &state->sales[event->order_paid.concert];
    sp_order_id order = event->order_paid.order;
    order_links links = {buyer->newest_order, sales->newest_order, 0};

    sales->amount += event->order_paid.amount;
    sales->orders_count++;
    sales->newest_order = order;
    if (host != event->order_paid.buyer)
        links.older_of_host = sp_ledger_push(state, host, sp_ledger_ref_of(SP_LEDGER_ORDER, order));
    return links;
}

void sp_apply_hold_end(sp_state *state, sp_hold_row *hold, sp_hold_status status, sp_seq seq)
{
    sp_concert_row *concert = &state->concerts[hold->concert];
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    uint32_t seats_count = hold->seats_count;

    sp_holds_seats(&state->holds, hold, sp_concert_first_seat(concert), seats);
    sp_bitmap_clear(&state->held[concert->first_word], seats, bits_count(seats_count));
    SP_ASSERT_CMP(concert->held_count, >=, seats_count);
    concert->held_count -= seats_count;
    state->seats_held_count -= seats_count;
    seats_stamp(state, concert, seats, seats_count, seq);
    hold->seq = seq;
    sp_holds_end(&state->holds, hold, status);
    if (status != SP_HELD_BOUGHT && !(status == SP_HELD_EXPIRED && SP_FAULT(CAPS_KEEP_EXPIRED)))
        sp_user_caps_subtract(&state->users[hold->user].caps, &state->caps, hold->user,
                              hold->concert, seats_count);
}

static sp_subject apply_hold_taken(sp_state *state, const sp_event *event)
{
    sp_concert_row *concert = sp_state_concert_row(state, event->hold_taken.concert);
    sp_user_row *user = sp_state_user_row(state, event->hold_taken.user);
    const sp_seat *seats = event->hold_taken.seats;
    uint32_t seats_count = event->hold_taken.seats_count;
    sp_hold_row hold = {
        .deadline = event->hold_taken.expires_at,
        .created_at = event->time,
        .amount = event->hold_taken.amount,
        .taken_seq = event->seq,
        .seq = event->seq,
        .id = event->hold_taken.hold,
        .user = event->hold_taken.user,
        .concert = event->hold_taken.concert,
    };

    SP_ASSERT(concert && user);
    SP_ASSERT_CMP(seats[seats_count - 1], <, concert->seats_count);
    sp_holds_take(&state->holds, &hold, sp_concert_first_seat(concert), seats, seats_count);
    sp_bitmap_set(&state->held[concert->first_word], seats, bits_count(seats_count));
    concert->held_count += seats_count;
    state->seats_held_count += seats_count;
    seats_stamp(state, concert, seats, seats_count, event->seq);
    sp_user_caps_add(&user->caps, &state->caps, hold.user, hold.concert, seats_count);
    return (sp_subject){hold.id, 0, hold.deadline};
}

static sp_subject apply_hold_extended(sp_state *state, const sp_event *event)
{
    sp_hold_row *hold = sp_holds_living(&state->holds, event->hold_extended.hold);

    SP_ASSERT(hold);
    sp_holds_extend(&state->holds, hold, event->hold_extended.expires_at);
    hold->seq = event->seq;
    return (sp_subject){hold->id, 0, hold->deadline};
}

static sp_subject apply_hold_released(sp_state *state, const sp_event *event)
{
    sp_hold_row *hold = sp_holds_living(&state->holds, event->hold_released.hold);

    SP_ASSERT(hold);
    sp_apply_hold_end(state, hold, SP_HELD_RELEASED, event->seq);
    return (sp_subject){event->hold_released.hold, 0, 0};
}

static void apply_holds_expired(sp_state *state, const sp_event *event)
{
    for (uint32_t i = 0; i < event->holds_expired.holds_count; i++) {
        sp_hold_row *hold = sp_holds_living(&state->holds, event->holds_expired.holds[i]);
        SP_ASSERT(hold);
        SP_ASSERT_CMP(hold->deadline, <=, event->time);
        sp_apply_hold_end(state, hold, SP_HELD_EXPIRED, event->seq);
    }
}

static sp_subject apply_order_paid(sp_state *state, const sp_event *event)
{
    sp_concert_row *concert = sp_state_concert_row(state, event->order_paid.concert);
    sp_user_row *buyer = sp_state_user_row(state, event->order_paid.buyer);
    const sp_seat *seats = event->order_paid.seats;
    uint32_t seats_count = event->order_paid.seats_count;
    sp_order_id order = event->order_paid.order;
    sp_points amount = event->order_paid.amount;

    SP_ASSERT(concert && buyer);
    SP_ASSERT_CMP(order, ==, state->orders_count + 1);
    SP_ASSERT_CMP(order, <=, state->limits.orders_max);
    SP_ASSERT(seats_count >= 1 && seats_count <= SP_SEATS_PER_ORDER_MAX);
    SP_ASSERT_CMP(seats[seats_count - 1], <, concert->seats_count);
    SP_ASSERT_CMP(buyer->points, >=, amount);
    if (event->order_paid.hold) {
        sp_hold_row *hold = sp_holds_living(&state->holds, event->order_paid.hold);
        SP_ASSERT(hold);
        SP_ASSERT_CMP(hold->seats_count, ==, seats_count);
        sp_apply_hold_end(state, hold, SP_HELD_BOUGHT, event->seq);
    }

    sp_bitmap_set(&state->sold[concert->first_word], seats, bits_count(seats_count));
    seats_stamp(state, concert, seats, seats_count, event->seq);
    concert->sold_count += seats_count;
    state->seats_sold_count += seats_count;
    buyer->points -= amount;
    state->users[concert->host].points += amount;
    order_row_fill(&state->orders[order], event, seats_keep(state, seats, seats_count),
                   order_link(state, event, buyer, concert->host));
    buyer->newest_order = order;
    state->orders_count = order;
    if (event->order_paid.job.present)
        sp_job_index_add(state->jobs, &event->order_paid.job.id, order);
    /* Seats that he held are his by that already. */
    if (!event->order_paid.hold)
        sp_user_caps_add(&buyer->caps, &state->caps, event->order_paid.buyer,
                         event->order_paid.concert, seats_count);
    return (sp_subject){order, 0, 0};
}

/* An order is cancelled once, and the table is as large as that of orders. */
static uint32_t cancellation_add(sp_state *state, const sp_event *event, const sp_order_row *order,
                                 sp_user_id host)
{
    SP_ASSERT_CMP(state->cancellations_count, <, state->limits.orders_max);
    uint32_t index = ++state->cancellations_count;
    sp_ledger_ref ref = sp_ledger_ref_of(SP_LEDGER_CANCELLATION, index);
    sp_sales_row *sales = &state->sales[order->concert];

    state->cancellations[index] = (sp_cancellation_row){
        .seq = event->seq,
        .time = event->time,
        .order = event->order_cancelled.order,
        .older_of_buyer = sp_ledger_push(state, order->user, ref),
        .older_of_host = host != order->user ? sp_ledger_push(state, host, ref) : 0,
    };
    sales->refunded += order->amount;
    state->refunded_total += order->amount;
    sales->cancelled_count++;
    state->orders_cancelled_count++;
    return index;
}

static sp_subject apply_order_cancelled(sp_state *state, const sp_event *event)
{
    sp_order_row *order = sp_state_order_row(state, event->order_cancelled.order);

    SP_ASSERT(order);
    SP_ASSERT_CMP(order->status, ==, SP_ORDER_PAYMENT);
    SP_ASSERT_CMP(order->amount, ==, event->order_cancelled.amount);
    sp_concert_row *concert = &state->concerts[order->concert];
    const sp_seat *seats = sp_state_order_seats(state, order);

    sp_bitmap_clear(&state->sold[concert->first_word], seats, bits_count(order->seats_count));
    seats_stamp(state, concert, seats, order->seats_count, event->seq);
    SP_ASSERT_CMP(concert->sold_count, >=, order->seats_count);
    concert->sold_count -= order->seats_count;
    state->seats_sold_count -= order->seats_count;
    sp_user_caps_subtract(&state->users[order->user].caps, &state->caps, order->user,
                          order->concert, order->seats_count);
    if (!SP_FAULT(LOST_REFUND)) {
        state->users[concert->host].points -= order->amount;
        state->users[order->user].points += order->amount;
    }
    order->status = SP_ORDER_CANCEL;
    order->cancellation = cancellation_add(state, event, order, concert->host);
    return (sp_subject){event->order_cancelled.order, 0, 0};
}

static sp_subject apply_own(sp_state *state, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_ORDER_PAID:
        return apply_order_paid(state, event);
    case SP_EVENT_ORDER_CANCELLED:
        return apply_order_cancelled(state, event);
    case SP_EVENT_SERVER_STARTED: /* moves seq and time alone */
        return (sp_subject){0, 0, 0};
    case SP_EVENT_USER_CREATED:
        return apply_user_created(state, event);
    case SP_EVENT_ROLE_SET:
        return apply_role_set(state, event);
    case SP_EVENT_POINTS_GRANTED:
        return apply_points_granted(state, event);
    case SP_EVENT_CATEGORY_CREATED:
        return sp_apply_category_created(state, event);
    case SP_EVENT_CONCERT_CREATED:
        return sp_apply_concert_created(state, event);
    case SP_EVENT_USER_ERASED:
        return apply_user_erased(state, event);
    case SP_EVENT_CONCERT_EDITED:
        return sp_apply_concert_edited(state, event);
    case SP_EVENT_CONCERT_PAUSED:
        return sp_apply_concert_paused(state, event);
    case SP_EVENT_CONCERT_RESUMED:
        return sp_apply_concert_resumed(state, event);
    case SP_EVENT_CONCERT_CANCELLED:
        return sp_apply_concert_cancelled(state, event);
    case SP_EVENT_HOLD_TAKEN:
        return apply_hold_taken(state, event);
    case SP_EVENT_HOLD_EXTENDED:
        return apply_hold_extended(state, event);
    case SP_EVENT_HOLD_RELEASED:
        return apply_hold_released(state, event);
    case SP_EVENT_HOLDS_EXPIRED:
        apply_holds_expired(state, event);
        return (sp_subject){0, 0, 0};
    }
    sp_assert_failed(__FILE__, __LINE__, "the event's type is known", event->type, 0);
}

static void remember(sp_state *state, const sp_event *event, sp_subject made)
{
    sp_user_row *actor = sp_state_user_row(state, event->actor);
    const sp_user_row *shown = sp_state_user_row(state, made.user);
    sp_key_record record = {
        .key = event->idempotency.key,
        .request = event->idempotency.request,
        .time = event->time,
        .seq = event->seq,
        .type = (uint8_t)event->type,
        .role = shown ? shown->role & 3u : 0,
        .value = shown ? shown->points : made.value,
        .subject = made.id,
    };

    SP_ASSERT(actor);
    sp_keys_push(&state->keys, event->actor, &actor->newest_key, &record);
}

void sp_apply(sp_state *state, const sp_event *event)
{
    SP_ASSERT_CMP(event->seq, ==, state->seq + 1);
    SP_ASSERT_CMP(event->time, >=, state->time);

    sp_subject made = apply_own(state, event);
    if (event->idempotency.present)
        remember(state, event, made);
    state->seq = event->seq;
    state->time = event->time;
}
