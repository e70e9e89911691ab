/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_clock.h"

#include "engine/assert.h"

static sp_time_ms clock_now(sp_clock *self)
{
    return ((sp_fake_clock *)self)->now_ms;
}

void sp_fake_clock_init(sp_fake_clock *fake, sp_time_ms now_ms)
{
    SP_ASSERT_CMP(now_ms, >, 0);
    fake->clock.now = clock_now;
    fake->now_ms = now_ms;
}

void sp_fake_clock_advance(sp_fake_clock *fake, int64_t step_ms)
{
    SP_ASSERT_CMP(step_ms, >=, 0);
    fake->now_ms += step_ms;
}
