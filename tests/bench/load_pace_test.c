/* SPDX-License-Identifier: MIT
 *
 * Arrivals and their times: the two ways to count them agree, and the timer
 * does not fire before its time.
 */
#include "bench/load_pace.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench/bench.h"

static void an_arrival_is_due_from_its_time_on(void **state)
{
    (void)state;
    static const uint64_t rates[] = {1, 3, 7, 999, 20000, 333333, SP_BENCH_LOAD_RATE_MAX};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        sp_bench_load_pace pace;
        assert_true(sp_bench_load_pace_init(&pace, rates[r]));
        sp_bench_load_pace_start(&pace, 5000);
        assert_int_equal(sp_bench_load_pace_due(&pace, 4999), 0);
        uint64_t last = rates[r] * SP_BENCH_LOAD_RUN_S_MAX;
        for (uint64_t k = 0; k <= last; k += 1 + last / 1000) {
            uint64_t at = sp_bench_load_pace_intended_ns(&pace, k);
            assert_int_equal(sp_bench_load_pace_due(&pace, at), k + 1);
            assert_int_equal(sp_bench_load_pace_due(&pace, at - 1), k);
        }
        assert_int_equal(sp_bench_load_pace_intended_ns(&pace, last),
                         5000 + SP_BENCH_LOAD_RUN_S_MAX * UINT64_C(1000000000));
        sp_bench_load_pace_close(&pace);
    }
}

static bool fires(const sp_bench_load_pace *pace, int timeout_ms)
{
    struct pollfd fd = {.fd = pace->fd, .events = POLLIN};
    return poll(&fd, 1, timeout_ms) == 1;
}

static void the_timer_waits_for_the_arrival(void **state)
{
    (void)state;
    sp_bench_load_pace pace;
    assert_true(sp_bench_load_pace_init(&pace, 100));
    uint64_t now_ns = sp_bench_now_ns();
    sp_bench_load_pace_start(&pace, now_ns);
    sp_bench_load_pace_arm(&pace, 3, now_ns);
    assert_true(fires(&pace, 10000));
    assert_true(sp_bench_now_ns() >= sp_bench_load_pace_intended_ns(&pace, 3));
    assert_true(fires(&pace, 0)); /* until it is set anew */
    sp_bench_load_pace_arm(&pace, 100000, sp_bench_now_ns());
    assert_false(fires(&pace, 0));
    sp_bench_load_pace_arm(&pace, 0, sp_bench_now_ns()); /* long gone: at once */
    assert_true(fires(&pace, 10000));
    sp_bench_load_pace_disarm(&pace);
    assert_false(fires(&pace, 20));
    sp_bench_load_pace_arm(&pace, 0, sp_bench_now_ns()); /* the same, after all */
    assert_true(fires(&pace, 10000));
    sp_bench_load_pace_close(&pace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_arrival_is_due_from_its_time_on),
        cmocka_unit_test(the_timer_waits_for_the_arrival),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
