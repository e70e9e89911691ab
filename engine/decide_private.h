/* SPDX-License-Identifier: MIT
 *
 * decide is split by subject: decide.c checks who asks and whether it was
 * asked before, then hands over to one function per command; that of an order
 * stands beside it, so that the compiler makes one function of both. Each
 * returns SP_OK with the event's own fields filled, or the refusal's outcome
 * with its details. Private to decide*.c.
 */
#ifndef SP_ENGINE_DECIDE_PRIVATE_H
#define SP_ENGINE_DECIDE_PRIVATE_H

#include <stddef.h>

#include "engine/engine.h"
#include "engine/fault.h"
#include "engine/state_private.h"

typedef struct sp_deciding {
    const sp_state *state;
    const sp_command *command;
    const sp_user_row *actor; /* NULL = the operator */
    sp_time_ms now;
    sp_event *event;
    sp_seat *seats; /* room for those that the command does not name */
    sp_refusal *refusal;
} sp_deciding;

static inline bool sp_actor_is_admin(const sp_deciding *d)
{
    return !d->actor || d->actor->role == SP_ROLE_ADMIN;
}

/* Every refusal passes here, so that a refusal never shows the details of
 * another. Only refusals pay for it, and not for the long array. */
static inline sp_outcome sp_refuse(const sp_deciding *d, sp_outcome outcome)
{
    memset(d->refusal, 0, offsetof(sp_refusal, conflicts));
    return outcome;
}

static inline sp_outcome sp_refuse_limit(const sp_deciding *d, const char *limit)
{
    sp_refuse(d, SP_LIMIT_REACHED);
    d->refusal->limit = limit;
    return SP_LIMIT_REACHED;
}

static inline sp_outcome sp_refuse_field(const sp_deciding *d, const char *field,
                                         const char *detail)
{
    sp_refuse(d, SP_VALIDATION_FAILED);
    d->refusal->field = field;
    d->refusal->detail = detail;
    return SP_VALIDATION_FAILED;
}

sp_outcome sp_decide_server_start(const sp_deciding *d);
sp_outcome sp_decide_user_create(const sp_deciding *d);
sp_outcome sp_decide_role_set(const sp_deciding *d);
sp_outcome sp_decide_points_grant(const sp_deciding *d);
sp_outcome sp_decide_user_erase(const sp_deciding *d);
sp_outcome sp_decide_category_create(const sp_deciding *d);
sp_outcome sp_decide_concert_create(const sp_deciding *d);
sp_outcome sp_decide_concert_edit(const sp_deciding *d);
sp_outcome sp_decide_concert_pause(const sp_deciding *d);
sp_outcome sp_decide_concert_resume(const sp_deciding *d);
sp_outcome sp_decide_concert_cancel(const sp_deciding *d);
sp_outcome sp_decide_order_cancel(const sp_deciding *d);
sp_outcome sp_decide_order_of_hold(const sp_deciding *d);
sp_outcome sp_decide_hold_take(const sp_deciding *d);
sp_outcome sp_decide_hold_extend(const sp_deciding *d);
sp_outcome sp_decide_hold_release(const sp_deciding *d);

/* Refusals that name seats: of these, those that there are not, and those taken. */
sp_outcome sp_refuse_unknown_seats(const sp_deciding *d, const sp_concert_row *concert,
                                   const sp_seat *seats, uint32_t count);
sp_outcome sp_refuse_taken_seats(const sp_deciding *d, const sp_concert_row *concert,
                                 const sp_seat *seats, uint32_t count);
/* At a concert with the rule of orphans: may these seats, which are free, be taken? */
sp_outcome sp_refuse_orphans(const sp_deciding *d, const sp_concert_row *concert,
                             const sp_seat *seats, uint32_t count);

/* Checks that orders and holds share; SP_OK or the refusal. Inline: an order passes
 * all of them, and as calls they cost it a tenth. */

/* The decoder's promises that bitmaps and prices rely on. */
static inline void sp_decide_assert_seats(const sp_seat *seats, uint32_t count)
{
    SP_ASSERT(count >= 1 && count <= SP_SEATS_PER_ORDER_MAX);
    for (uint32_t i = 1; i < count; i++)
        SP_ASSERT_CMP(seats[i - 1], <, seats[i]);
}

/* Not cancelled, not paused, and within the window. */
static inline sp_outcome sp_decide_check_sale(const sp_deciding *d, const sp_concert_row *concert)
{
    bool late =
        SP_FAULT(PAUSE_LATE) && concert->sale == SP_SALE_PAUSED && concert->seq == d->state->seq;
    if (concert->sale != SP_SALE_OPEN && !late)
        return sp_refuse(d,
                         concert->sale == SP_SALE_PAUSED ? SP_SALES_PAUSED : SP_CONCERT_CANCELLED);
    if (d->now < concert->start_date) {
        sp_refuse(d, SP_SALES_NOT_OPEN);
        d->refusal->opens_at = concert->start_date;
        return SP_SALES_NOT_OPEN;
    }
    if (d->now >= concert->end_date)
        return sp_refuse(d, SP_SALES_CLOSED);
    return SP_OK;
}

static inline sp_outcome sp_decide_check_amount(const sp_deciding *d, sp_points amount)
{
    sp_points stated = d->command->order_create.amount;

    if (stated == SP_AMOUNT_UNSTATED || stated == amount)
        return SP_OK;
    sp_refuse(d, SP_AMOUNT_MISMATCH);
    d->refusal->amount = amount;
    return SP_AMOUNT_MISMATCH;
}

static inline sp_outcome sp_decide_check_seat_limit(const sp_deciding *d,
                                                    const sp_concert_row *concert, sp_concert_id id,
                                                    uint32_t seats_count)
{
    uint32_t have = sp_user_caps_count(&d->actor->caps, &d->state->caps, d->command->actor, id);

    if (have + seats_count <= concert->max_seats_per_user)
        return SP_OK;
    sp_refuse(d, SP_SEAT_LIMIT);
    d->refusal->max = concert->max_seats_per_user;
    d->refusal->have = have;
    return SP_SEAT_LIMIT;
}

static inline sp_outcome sp_decide_check_orphans(const sp_deciding *d,
                                                 const sp_concert_row *concert,
                                                 const sp_seat *seats, uint32_t count)
{
    return concert->no_orphans ? sp_refuse_orphans(d, concert, seats, count) : SP_OK;
}

static inline sp_outcome sp_decide_check_points(const sp_deciding *d, const sp_concert_row *concert,
                                                sp_points amount)
{
    if (d->actor->points < amount) {
        sp_refuse(d, SP_INSUFFICIENT_POINTS);
        d->refusal->points = d->actor->points;
        return SP_INSUFFICIENT_POINTS;
    }
    const sp_user_row *host = &d->state->users[concert->host];
    if (host != d->actor && !sp_points_can_move(d->actor->points, host->points, amount))
        return sp_refuse_limit(d, "points");
    return SP_OK;
}

static inline sp_outcome sp_decide_check_order_tables(const sp_deciding *d, uint32_t seats_count)
{
    const sp_state *state = d->state;

    if (state->orders_count >= state->limits.orders_max)
        return sp_refuse_limit(d, "orders");
    if (seats_count > 1 && seats_count > state->limits.order_seats_max - state->order_seats_count)
        return sp_refuse_limit(d, "order_seats");
    return SP_OK;
}

#endif
