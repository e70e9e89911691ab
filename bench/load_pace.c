/* SPDX-License-Identifier: MIT */
#include "bench/load_pace.h"

#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "engine/assert.h"

#define SECOND_NS UINT64_C(1000000000)

_Static_assert((SP_BENCH_LOAD_RUN_S_MAX + 1) * SECOND_NS <= UINT64_MAX / SP_BENCH_LOAD_RATE_MAX,
               "time times rate, and arrivals times a second, fit 64 bits");

bool sp_bench_load_pace_init(sp_bench_load_pace *pace, uint64_t rate)
{
    SP_ASSERT(rate >= 1 && rate <= SP_BENCH_LOAD_RATE_MAX);
    *pace = (sp_bench_load_pace){.rate = rate};
    pace->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return pace->fd >= 0;
}

void sp_bench_load_pace_close(sp_bench_load_pace *pace)
{
    if (pace->fd >= 0)
        close(pace->fd);
    pace->fd = -1;
}

void sp_bench_load_pace_start(sp_bench_load_pace *pace, uint64_t start_ns)
{
    pace->start_ns = start_ns;
}

/* Rounded up, so that an arrival that is due by the count below is never meant
 * for later than now. */
uint64_t sp_bench_load_pace_intended_ns(const sp_bench_load_pace *pace, uint64_t arrival)
{
    return pace->start_ns + (arrival * SECOND_NS + pace->rate - 1) / pace->rate;
}

uint64_t sp_bench_load_pace_due(const sp_bench_load_pace *pace, uint64_t now_ns)
{
    if (now_ns < pace->start_ns)
        return 0;
    SP_ASSERT_CMP(now_ns - pace->start_ns, <=, (SP_BENCH_LOAD_RUN_S_MAX + 1) * SECOND_NS);
    return (now_ns - pace->start_ns) * pace->rate / SECOND_NS + 1;
}

static void set(sp_bench_load_pace *pace, uint64_t at_ns)
{
    struct itimerspec spec = {0};
    spec.it_value.tv_sec = (time_t)(at_ns / SECOND_NS);
    spec.it_value.tv_nsec = (long)(at_ns % SECOND_NS);
    int result = timerfd_settime(pace->fd, TFD_TIMER_ABSTIME, &spec, NULL);
    SP_ASSERT_CMP(result, ==, 0);
    pace->armed_ns = at_ns;
}

void sp_bench_load_pace_arm(sp_bench_load_pace *pace, uint64_t arrival, uint64_t now_ns)
{
    uint64_t at_ns = sp_bench_load_pace_intended_ns(pace, arrival);
    if (pace->armed_ns > now_ns && pace->armed_ns <= at_ns + SP_BENCH_LOAD_PACE_GRAIN_NS)
        return;
    uint64_t soonest_ns = now_ns + SP_BENCH_LOAD_PACE_GRAIN_NS;
    set(pace, at_ns > soonest_ns ? at_ns : soonest_ns);
}

/* A time of zero also takes back an expiry that nobody has read. */
void sp_bench_load_pace_disarm(sp_bench_load_pace *pace)
{
    if (pace->armed_ns != 0)
        set(pace, 0);
}
