/* SPDX-License-Identifier: MIT
 *
 * admit is split by subject: admit.c has users, orders and holds, admit_catalogue.c
 * categories and concerts. Each returns NULL or a static string that says what is wrong.
 * Private to admit*.c.
 */
#ifndef SP_ENGINE_ADMIT_PRIVATE_H
#define SP_ENGINE_ADMIT_PRIVATE_H

#include "engine/engine.h"
#include "engine/state_private.h"

/* Has the actor the rights of this role? The operator has all. */
static inline bool sp_admit_actor_has(const sp_state *state, const sp_event *event, sp_role role)
{
    return event->actor == 0 || state->users[event->actor].role >= role;
}

const char *sp_admit_category_created(const sp_state *state, const sp_event *event);
const char *sp_admit_concert_created(const sp_state *state, const sp_event *event);
const char *sp_admit_concert_edited(const sp_state *state, const sp_event *event);
const char *sp_admit_concert_cancelled(const sp_state *state, const sp_event *event);
/* May the actor change this concert? All that is to be said of pausing and resuming. */
const char *sp_admit_own_concert(const sp_state *state, const sp_event *event, sp_concert_id id);

#endif
