/* SPDX-License-Identifier: MIT */
#include "net/beats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/assert.h"

#define COUNT 1300u /* more than are due at one tick */

typedef struct counted {
    sp_beat beat; /* first */
    uint32_t count;
    bool leaves, soon_again;
} counted;

static uv_loop_t uv;
static sp_beats beats;
static counted all[COUNT];
static uint32_t beaten;

static void on_beat(sp_beat *beat)
{
    counted *one = (counted *)beat;
    one->count++;
    beaten++;
    if (one->leaves)
        sp_beats_remove(&beats, beat);
    else if (one->soon_again)
        sp_beats_soon(&beats, beat);
}

static int set_up(void **state)
{
    (void)state;
    memset(all, 0, sizeof all);
    beaten = 0;
    uv_loop_init(&uv);
    sp_beats_init(&beats, &uv);
    for (uint32_t i = 0; i < COUNT; i++)
        all[i].beat.beat = on_beat;
    return 0;
}

/* The loop has nothing left to do when nothing beats. */
static int tear_down(void **state)
{
    (void)state;
    uv_run(&uv, UV_RUN_DEFAULT);
    return uv_loop_close(&uv);
}

static void make_due(sp_beat *beat)
{
    beat->due_ms = uv_now(&uv);
}

static void run_until(uint32_t wanted)
{
    while (beaten < wanted)
        uv_run(&uv, UV_RUN_ONCE);
}

/* Once each, in the order in which they are due, and then not before 15 s. */
static void each_in_its_turn(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        sp_beats_add(&beats, &all[i].beat);
    for (uint32_t i = 0; i < COUNT; i++)
        make_due(&all[i].beat);
    run_until(1);
    assert_true(beaten < COUNT); /* not all at one tick */
    assert_int_equal(all[0].count, 1);
    run_until(COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        assert_int_equal(all[i].count, 1);
        assert_true(all[i].beat.due_ms > uv_now(&uv) + SP_BEAT_MS / 2);
        sp_beats_remove(&beats, &all[i].beat);
        sp_beats_remove(&beats, &all[i].beat); /* nothing */
    }
    assert_int_equal(beats.count, 0);
}

static void soon_is_the_next_tick(void **state)
{
    (void)state;
    sp_beats_add(&beats, &all[0].beat);
    sp_beats_add(&beats, &all[1].beat);
    sp_beats_soon(&beats, &all[1].beat);
    sp_beats_soon(&beats, &all[1].beat); /* twice is once */
    all[1].soon_again = true;
    run_until(3); /* a tick each */
    assert_int_equal(all[0].count, 0);
    assert_int_equal(all[1].count, 3);
    assert_int_equal(beats.count, 2);
    sp_beats_remove(&beats, &all[0].beat);
    all[1].soon_again = false;
    all[1].leaves = true;
    run_until(4);
    assert_int_equal(beats.count, 0);
}

/* The timer that is closing is opened again. */
static void the_last_leaves_and_one_comes(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        sp_beats_add(&beats, &all[0].beat);
        sp_beats_remove(&beats, &all[0].beat);
    }
    sp_beats_add(&beats, &all[1].beat);
    make_due(&all[1].beat);
    all[1].leaves = true;
    run_until(1);
    assert_int_equal(all[1].count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_in_its_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(soon_is_the_next_tick, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_leaves_and_one_comes, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("beats", tests, NULL, NULL);
}
