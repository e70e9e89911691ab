/* SPDX-License-Identifier: MIT
 *
 * A clock that stands still until it is told to move, never backwards.
 * Single-threaded.
 */
#ifndef SP_TESTS_SUPPORT_FAKE_CLOCK_H
#define SP_TESTS_SUPPORT_FAKE_CLOCK_H

#include "engine/clock.h"

typedef struct sp_fake_clock {
    sp_clock clock; /* first: the interface is the object */
    sp_time_ms now_ms;
} sp_fake_clock;

void sp_fake_clock_init(sp_fake_clock *fake, sp_time_ms now_ms);
/* step_ms >= 0. */
void sp_fake_clock_advance(sp_fake_clock *fake, int64_t step_ms);

#endif
