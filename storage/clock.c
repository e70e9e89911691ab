/* SPDX-License-Identifier: MIT */
#include "storage/clock.h"

#include <time.h>

#include "engine/assert.h"

#define US_PER_MS INT64_C(1000)

/* Microseconds: nanoseconds of a (hostile) time in the year 9999 would not fit. */
static int64_t read_us(clockid_t which)
{
    struct timespec now;
    SP_ASSERT(clock_gettime(which, &now) == 0);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static int64_t now_us(const sp_system_clock *clock)
{
    int64_t offset = atomic_load_explicit(&clock->offset_us, memory_order_relaxed);
    return read_us(CLOCK_BOOTTIME) + offset;
}

static sp_time_ms on_now(sp_clock *self)
{
    return now_us((const sp_system_clock *)self) / US_PER_MS;
}

void sp_system_clock_init(sp_system_clock *clock)
{
    clock->clock.now = on_now;
    atomic_init(&clock->offset_us, read_us(CLOCK_REALTIME) - read_us(CLOCK_BOOTTIME));
}

int64_t sp_system_clock_raise(sp_system_clock *clock, sp_time_ms last_event, int64_t ahead_ms_max)
{
    int64_t ahead_ms = last_event - read_us(CLOCK_REALTIME) / US_PER_MS;
    if (ahead_ms < 0)
        ahead_ms = 0;
    if (ahead_ms_max >= 0 && ahead_ms > ahead_ms_max)
        return ahead_ms;
    /* Only ever up: loops may be reading it. One thread raises. */
    int64_t behind_us = last_event * US_PER_MS - now_us(clock);
    if (behind_us > 0)
        atomic_fetch_add_explicit(&clock->offset_us, behind_us, memory_order_relaxed);
    return ahead_ms;
}

int64_t sp_system_clock_drift_ms(const sp_system_clock *clock)
{
    return (read_us(CLOCK_REALTIME) - now_us(clock)) / US_PER_MS;
}
