/* SPDX-License-Identifier: MIT
 *
 * Lists a replayed state as text, for people and for diff: one line a record,
 * in the order of ids, columns separated by one blank.
 */
#ifndef SP_TOOLS_REPLAY_SHOW_H
#define SP_TOOLS_REPLAY_SHOW_H

#include <stdio.h>

#include "engine/state.h"

/* `concert C sold S of N` and a line of `.` free, `h` held, `x` sold each. */
void sp_show_seats(const sp_state *state, FILE *to);
/* `order O concert C user U PAYMENT|CANCEL amount A seats 1,2,3`. */
void sp_show_orders(const sp_state *state, FILE *to);
/* `hold H concert C user U amount A until TIME seats 1,2,3` of each that lives: one
 * whose time is over lives until the event that ends it. */
void sp_show_holds(const sp_state *state, FILE *to);
/* `user U ROLE points P`, then `total P`. One who was erased is shown as ERASED: his
 * points are part of the total. */
void sp_show_points(const sp_state *state, FILE *to);

#endif
