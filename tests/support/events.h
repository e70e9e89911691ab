/* SPDX-License-Identifier: MIT
 *
 * Events as tests need them: copied whole, or damaged at random.
 */
#ifndef SP_TESTS_SUPPORT_EVENTS_H
#define SP_TESTS_SUPPORT_EVENTS_H

#include "engine/event.h"
#include "tests/support/random.h"

/* A copy that owns its texts and arrays: one malloc. Out of memory aborts. */
sp_event *sp_event_copy(const sp_event *event);
void sp_event_free(sp_event *copy);

/* Changes one to three fields of a copy, each by a little or to an extreme.
 * What the decoder guarantees stays: lengths match the bytes behind them,
 * counts match the arrays. Texts may become ones that are not UTF-8. */
void sp_event_damage(sp_random *random, sp_event *copy);

#endif
