/* SPDX-License-Identifier: MIT */
#include "net/pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/net/fake_time.h"

#define COUNT 1300u

typedef struct counted {
    sp_pulse pulse; /* first */
    uint32_t count;
    uint64_t last_ms;
    bool leaves, soon_again;
    sp_pulse *also; /* leaves too */
} counted;

static sp_pulses pulses;
static counted all[COUNT];
static uint32_t beaten;

static void on_beat(sp_pulse *pulse)
{
    counted *one = (counted *)pulse;
    one->count++;
    one->last_ms = uv_now(NULL);
    beaten++;
    if (one->leaves)
        sp_pulse_remove(&pulses, pulse);
    if (one->also)
        sp_pulse_remove(&pulses, one->also);
    if (one->soon_again)
        sp_pulse_soon(&pulses, pulse);
}

static void add(uint32_t i)
{
    sp_pulse_add(&pulses, &all[i].pulse, on_beat);
}

static void drop(uint32_t i)
{
    sp_pulse_remove(&pulses, &all[i].pulse);
}

static int set_up(void **state)
{
    (void)state;
    memset(all, 0, sizeof all);
    memset(&fake_time, 0, sizeof fake_time);
    fake_time.now_ns = 5000000000;
    beaten = 0;
    sp_pulses_init(&pulses, NULL);
    return 0;
}

/* A loop has no timer left when nothing beats. */
static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(pulses.count, 0);
    assert_int_equal(fake_timers_count(), 0);
    return 0;
}

/* All who came at once: once each in a round, in their order, spread over it. */
static void each_in_its_turn(void **state)
{
    (void)state;
    assert_int_equal(fake_timers_count(), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        add(i);
    assert_int_equal(fake_timers_count(), 1);
    uint32_t ticks = SP_PULSE_MS / SP_PULSE_TICK_MS;
    for (uint32_t tick = 1; tick <= 2 * ticks; tick++) {
        uint32_t before = beaten;
        fake_pass(SP_PULSE_TICK_MS);
        assert_in_range(beaten - before, COUNT / ticks, COUNT / ticks + 1);
        if (tick == ticks)
            for (uint32_t i = 0; i < COUNT; i++)
                assert_int_equal(all[i].count, 1);
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(all[i].count, 2);
        assert_true(i == 0 || all[i].last_ms >= all[i - 1].last_ms);
        drop(i);
        drop(i); /* nothing */
    }
}

/* Whoever comes in the middle of a round waits for no more than one. */
static void who_comes_is_last(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 10; i++)
        add(i);
    fake_pass(SP_PULSE_MS / 2);
    add(10);
    uint64_t came_ms = uv_now(NULL);
    fake_pass(SP_PULSE_MS);
    assert_int_equal(all[10].count, 1);
    assert_true(all[10].last_ms > came_ms + SP_PULSE_MS * 3 / 4);
    for (uint32_t i = 0; i <= 10; i++)
        drop(i);
}

static void soon_is_the_next_tick(void **state)
{
    (void)state;
    add(0);
    add(1);
    sp_pulse_soon(&pulses, &all[1].pulse);
    sp_pulse_soon(&pulses, &all[1].pulse); /* twice is once */
    sp_pulse_soon(&pulses, &all[2].pulse); /* not in the line: nothing */
    all[1].soon_again = true;
    fake_pass(3 * SP_PULSE_TICK_MS);
    assert_int_equal(all[0].count, 0);
    assert_int_equal(all[1].count, 3); /* one a tick */
    assert_int_equal(all[2].count, 0);
    assert_int_equal(pulses.count, 2);
    drop(0);
    all[1].leaves = true; /* and what he asks for then is nothing */
    fake_pass(SP_PULSE_MS);
    assert_int_equal(all[1].count, 4);
}

/* In their turn, of those who are next in either order, and the last. */
static void they_leave_from_inside_a_beat(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 6; i++)
        add(i);
    for (uint32_t i = 0; i < 4; i++)
        sp_pulse_soon(&pulses, &all[i].pulse);
    all[0].also = &all[1].pulse;
    all[2].also = &all[4].pulse;
    all[3].leaves = true;
    fake_pass(SP_PULSE_TICK_MS);
    assert_int_equal(beaten, 3);
    assert_int_equal(pulses.count, 3);
    for (uint32_t i = 0; i < 6; i++)
        all[i].leaves = true;
    fake_pass(2 * SP_PULSE_MS);
    assert_int_equal(beaten, 6);
    assert_int_equal(all[1].count + all[4].count, 0);
}

/* The time that had passed before does not count for who comes then. */
static void the_last_leaves_and_one_comes(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        add(0);
        fake_pass(SP_PULSE_MS - SP_PULSE_TICK_MS);
        drop(0);
        assert_int_equal(fake_timers_count(), 0);
        fake_pass(SP_PULSE_MS);
    }
    assert_int_equal(beaten, 0);
    add(1);
    fake_pass(SP_PULSE_MS);
    assert_int_equal(all[1].count, 1);
    drop(1);
}

static void comments_go_to_the_idle(void **state)
{
    fake_stream stream = {0};
    (void)state;
    sp_out_init(&stream.told);
    sp_pulse_comment(&stream.stream);
    assert_int_equal(stream.told.size, 3);
    assert_memory_equal(stream.told.bytes, ":\n\n", 3);
    stream.slow = true;
    sp_pulse_comment(&stream.stream);
    assert_int_equal(stream.told.size, 3);
    sp_out_close(&stream.told);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_in_its_turn),
        TEST(who_comes_is_last),
        TEST(soon_is_the_next_tick),
        TEST(they_leave_from_inside_a_beat),
        TEST(the_last_leaves_and_one_comes),
        TEST(comments_go_to_the_idle),
    };
    return cmocka_run_group_tests_name("pulse", tests, NULL, NULL);
}
