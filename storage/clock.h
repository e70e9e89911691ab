/* SPDX-License-Identifier: MIT
 *
 * The program's clock: starts at the wall clock, is raised to the last event of
 * the log, then follows CLOCK_BOOTTIME. It never goes back and does not follow
 * jumps of the wall clock; how far the two are apart can be asked and logged.
 *
 * Memory orders: the one shared word, the offset from boot time, only grows
 * and carries no other data, so it is read and raised relaxed; a reader
 * ordered behind sp_system_clock_raise (thread creation, a queue) sees it.
 */
#ifndef SP_STORAGE_CLOCK_H
#define SP_STORAGE_CLOCK_H

#include <stdatomic.h>

#include "engine/clock.h"

/* A log further ahead of the wall clock than this is not served unasked. */
#define SP_CLOCK_AHEAD_MS_MAX INT64_C(10000)

typedef struct sp_system_clock {
    sp_clock clock;            /* first: the interface */
    _Atomic int64_t offset_us; /* now = boot time + offset */
} sp_system_clock;

/* At the wall clock. Usable from then on, by any thread. */
void sp_system_clock_init(sp_system_clock *clock);

/* Raises the clock to the last event's time if that is later. Returns how far
 * in ms the event is ahead of the wall clock (0 if it is not); if that is more
 * than ahead_ms_max (< 0 = any will do), nothing is raised: refuse to start. */
int64_t sp_system_clock_raise(sp_system_clock *clock, sp_time_ms last_event, int64_t ahead_ms_max);

/* Wall clock minus this clock, in ms: what a jump left behind. Any thread. */
int64_t sp_system_clock_drift_ms(const sp_system_clock *clock);

#endif
