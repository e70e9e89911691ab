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

/* Refusals of an order_create that name its seats. */
sp_outcome sp_refuse_unknown_seats(const sp_deciding *d, const sp_concert_row *concert);
sp_outcome sp_refuse_taken_seats(const sp_deciding *d, const sp_concert_row *concert);

#endif
