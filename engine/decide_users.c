/* SPDX-License-Identifier: MIT */
#include "engine/decide_private.h"
#include "engine/spec.h"

sp_outcome sp_decide_server_start(const sp_deciding *d)
{
    const sp_command *command = d->command;

    if (!sp_text_fits(command->server_start.version, SP_VERSION_SIZE_MAX))
        return sp_refuse_field(d, "version", "must be 1 to 64 bytes of UTF-8");
    d->event->type = SP_EVENT_SERVER_STARTED;
    d->event->server_started.version = command->server_start.version;
    d->event->server_started.epoch = command->server_start.epoch;
    return SP_OK;
}

sp_outcome sp_decide_user_create(const sp_deciding *d)
{
    const sp_state *state = d->state;
    sp_role role = d->command->user_create.role;
    sp_points points = d->command->user_create.points;

    SP_ASSERT(role >= SP_ROLE_USER && role <= SP_ROLE_ADMIN);
    SP_ASSERT_CMP(points, >=, 0);
    if (state->users_count >= state->limits.users_max)
        return sp_refuse_limit(d, "users");
    if (!sp_points_can_grant(state, points))
        return sp_refuse_limit(d, "points");
    if (points > 0 && !sp_grants_has_room(state))
        return sp_refuse_limit(d, "grants");
    d->event->type = SP_EVENT_USER_CREATED;
    d->event->user_created.user = state->users_count + 1;
    d->event->user_created.role = role;
    d->event->user_created.points = points;
    return SP_OK;
}

sp_outcome sp_decide_role_set(const sp_deciding *d)
{
    const sp_user_row *user = sp_state_living_row(d->state, d->command->role_set.user);
    sp_role role = d->command->role_set.role;

    SP_ASSERT(role >= SP_ROLE_USER && role <= SP_ROLE_ADMIN);
    if (!user)
        return sp_refuse(d, SP_USER_UNKNOWN);
    if (user->role == SP_ROLE_ADMIN && role != SP_ROLE_ADMIN && d->state->admins_count == 1)
        return sp_refuse(d, SP_LAST_ADMIN);
    d->event->type = SP_EVENT_ROLE_SET;
    d->event->role_set.user = d->command->role_set.user;
    d->event->role_set.role = role;
    return SP_OK;
}

sp_outcome sp_decide_points_grant(const sp_deciding *d)
{
    const sp_user_row *user = sp_state_living_row(d->state, d->command->points_grant.user);
    sp_points amount = d->command->points_grant.amount;

    SP_ASSERT(amount >= 1 && amount <= SP_GRANT_MAX);
    if (!user)
        return sp_refuse(d, SP_USER_UNKNOWN);
    /* His own balance may be the larger one, when hosts are in debt to him. */
    if (!sp_points_can_grant(d->state, amount) || user->points > SP_POINTS_TOTAL_MAX - amount)
        return sp_refuse_limit(d, "points");
    if (!sp_grants_has_room(d->state))
        return sp_refuse_limit(d, "grants");
    d->event->type = SP_EVENT_POINTS_GRANTED;
    d->event->points_granted.user = d->command->points_grant.user;
    d->event->points_granted.amount = amount;
    return SP_OK;
}

sp_outcome sp_decide_user_erase(const sp_deciding *d)
{
    if (d->actor->role == SP_ROLE_ADMIN && d->state->admins_count == 1)
        return sp_refuse(d, SP_LAST_ADMIN);
    if (sp_state_has_live_concerts(d->state, d->command->actor, d->now))
        return sp_refuse(d, SP_HAS_LIVE_CONCERTS);
    d->event->type = SP_EVENT_USER_ERASED;
    d->event->user_erased.user = d->command->actor;
    return SP_OK;
}
