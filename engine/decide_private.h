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
sp_outcome sp_decide_order_cancel(const sp_deciding *d);
sp_outcome sp_decide_order_of_hold(const sp_deciding *d);
sp_outcome sp_decide_hold_take(const sp_deciding *d);
sp_outcome sp_decide_hold_extend(const sp_deciding *d);
sp_outcome sp_decide_hold_release(const sp_deciding *d);

/* Checks that orders and holds share; SP_OK or the refusal. */
sp_outcome sp_decide_check_window(const sp_deciding *d, const sp_concert_row *concert);
sp_outcome sp_decide_check_amount(const sp_deciding *d, sp_points amount);
sp_outcome sp_decide_check_seat_limit(const sp_deciding *d, const sp_concert_row *concert,
                                      sp_concert_id id, uint32_t seats_count);
sp_outcome sp_decide_check_points(const sp_deciding *d, const sp_concert_row *concert,
                                  sp_points amount);
sp_outcome sp_decide_check_order_tables(const sp_deciding *d, uint32_t seats_count);
/* May these seats, which are free, be taken under the concert's rule of orphans? */
sp_outcome sp_decide_check_orphans(const sp_deciding *d, const sp_concert_row *concert,
                                   const sp_seat *seats, uint32_t count);
/* The decoder's promises that bitmaps and prices rely on. */
void sp_decide_assert_seats(const sp_seat *seats, uint32_t count);

/* Refusals that name seats: of these, those that there are not, and those taken. */
sp_outcome sp_refuse_unknown_seats(const sp_deciding *d, const sp_concert_row *concert,
                                   const sp_seat *seats, uint32_t count);
sp_outcome sp_refuse_taken_seats(const sp_deciding *d, const sp_concert_row *concert,
                                 const sp_seat *seats, uint32_t count);

#endif
