/* SPDX-License-Identifier: MIT
 *
 * The engine's time, as an interface. The real one (storage/clock.h) starts at
 * the later of the wall clock and the last event, then follows CLOCK_BOOTTIME:
 * it never goes back and does not follow jumps of the wall clock. The
 * simulator's is a variable.
 */
#ifndef SP_ENGINE_CLOCK_H
#define SP_ENGINE_CLOCK_H

#include "engine/values.h"

typedef struct sp_clock sp_clock;
struct sp_clock {
    /* Any thread; never blocks; never less than it has returned to anyone. */
    sp_time_ms (*now)(sp_clock *self);
};

static inline sp_time_ms sp_clock_now(sp_clock *clock)
{
    return clock->now(clock);
}

#endif
