/* SPDX-License-Identifier: MIT */
#include "storage/clock.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "engine/limits.h"

static sp_time_ms wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void starts_at_the_wall_clock(void **state)
{
    sp_system_clock clock;
    (void)state;
    sp_time_ms before = wall_ms();
    sp_system_clock_init(&clock);
    sp_time_ms now = sp_clock_now(&clock.clock);
    assert_in_range(now, before - 1, wall_ms() + 1);
    assert_in_range(sp_system_clock_drift_ms(&clock) + 2, 0, 4);
}

static void an_older_log_changes_nothing(void **state)
{
    sp_system_clock clock;
    (void)state;
    sp_system_clock_init(&clock);
    assert_int_equal(sp_system_clock_raise(&clock, 0, SP_CLOCK_AHEAD_MS_MAX), 0);
    assert_int_equal(sp_system_clock_raise(&clock, wall_ms() - 100000, SP_CLOCK_AHEAD_MS_MAX), 0);
    assert_in_range(sp_clock_now(&clock.clock), wall_ms() - 2, wall_ms() + 2);
}

static void a_log_ahead_raises_it(void **state)
{
    sp_system_clock clock;
    (void)state;
    sp_system_clock_init(&clock);
    sp_time_ms last = wall_ms() + 5000;
    assert_in_range(sp_system_clock_raise(&clock, last, SP_CLOCK_AHEAD_MS_MAX), 4900, 5000);
    assert_in_range(sp_clock_now(&clock.clock), last, last + 1000);
    assert_in_range(-sp_system_clock_drift_ms(&clock), 4900, 5001);
}

static void a_log_too_far_ahead_is_refused(void **state)
{
    sp_system_clock clock;
    (void)state;
    sp_system_clock_init(&clock);
    sp_time_ms last = wall_ms() + 60000;
    assert_true(sp_system_clock_raise(&clock, last, SP_CLOCK_AHEAD_MS_MAX) > SP_CLOCK_AHEAD_MS_MAX);
    assert_true(sp_clock_now(&clock.clock) < last);
    /* Unless told otherwise: the latest time that an event can have, too. */
    assert_true(sp_system_clock_raise(&clock, last, -1) > SP_CLOCK_AHEAD_MS_MAX);
    assert_true(sp_clock_now(&clock.clock) >= last);
    assert_true(sp_system_clock_raise(&clock, SP_TIME_MAX, -1) > SP_CLOCK_AHEAD_MS_MAX);
    assert_true(sp_clock_now(&clock.clock) >= SP_TIME_MAX);
}

static void *watch(void *context)
{
    sp_system_clock *clock = context;
    sp_time_ms last = 0;
    for (int i = 0; i < 100000; i++) {
        sp_time_ms now = sp_clock_now(&clock->clock);
        if (now < last)
            return context;
        last = now;
    }
    return NULL;
}

static void never_goes_back_for_any_thread(void **state)
{
    sp_system_clock clock;
    pthread_t threads[2];
    (void)state;
    sp_system_clock_init(&clock);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, watch, &clock), 0);
    for (int i = 0; i < 100; i++)
        sp_system_clock_raise(&clock, wall_ms() + 10 * i, SP_CLOCK_AHEAD_MS_MAX);
    for (int i = 0; i < 2; i++) {
        void *went_back;
        pthread_join(threads[i], &went_back);
        assert_null(went_back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_at_the_wall_clock),
        cmocka_unit_test(an_older_log_changes_nothing),
        cmocka_unit_test(a_log_ahead_raises_it),
        cmocka_unit_test(a_log_too_far_ahead_is_refused),
        cmocka_unit_test(never_goes_back_for_any_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
