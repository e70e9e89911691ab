/* SPDX-License-Identifier: MIT
 *
 * apply is split by subject: apply.c has users, orders and holds, apply_catalogue.c
 * categories and concerts. Private to apply*.c; the state's thread alone.
 */
#ifndef SP_ENGINE_APPLY_PRIVATE_H
#define SP_ENGINE_APPLY_PRIVATE_H

#include "engine/event.h"
#include "engine/state_private.h"

/* What an event leaves behind for a retry of its request. */
typedef struct sp_subject {
    uint32_t id;
    sp_user_id user; /* whose role and balance a retry shows; 0 = nobody's */
    int64_t value;   /* what else it shows */
} sp_subject;

sp_subject sp_apply_category_created(sp_state *state, const sp_event *event);
sp_subject sp_apply_concert_created(sp_state *state, const sp_event *event);
sp_subject sp_apply_concert_edited(sp_state *state, const sp_event *event);
sp_subject sp_apply_concert_paused(sp_state *state, const sp_event *event);
sp_subject sp_apply_concert_resumed(sp_state *state, const sp_event *event);
sp_subject sp_apply_concert_cancelled(sp_state *state, const sp_event *event);

/* A living hold ends by this event: its seats are free, or somebody's who buys them. */
void sp_apply_hold_end(sp_state *state, sp_hold_row *hold, sp_hold_status status, sp_seq seq);

#endif
