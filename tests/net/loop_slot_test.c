/* SPDX-License-Identifier: MIT
 *
 * Commands in slots of the application's own, which nobody's connection waits
 * for: they come back, whatever becomes of the client, of the queue, or of the
 * server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/transport_client.h"
#include "tests/support/transport_toy.h"

static toy *t;
static transport_client client;

static void start(const toy_options *options)
{
    t = toy_start(options);
    assert_true(transport_connect(&client, toy_address(t), 0));
}

static void get(const char *path, int status, const char *body)
{
    char text[64];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    transport_say(&client, text);
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.body, body);
}

/* Answered before the command is decided; positions count with the commands of
 * exchanges, in one line. */
static void answered_before_it_is_done(void **state)
{
    (void)state;
    start(NULL);
    get("/own/1", 200, "own 0");
    get("/slot", 200, "slot");
    get("/own/2", 200, "own 2");
    toy_wait_held(t, 1);
    assert_int_equal(atomic_load(&toy_counts_of(t)->own_completed), 0);
    toy_release(t, 2);
    toy_release(t, 1);
    toy_wait_count(&toy_counts_of(t)->own_completed, 2);
    assert_int_equal(atomic_load(&toy_counts_of(t)->completed), 1); /* the exchange's */
    transport_close(&client);
    toy_stop(t, 10000);
}

/* More than a notify's worth in one iteration, between those of exchanges. */
static void many_of_one_iteration(void **state)
{
    (void)state;
    start(NULL);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 30; i++)
            transport_say(&client, "GET /own/0 HTTP/1.1\r\nHost: h\r\n\r\n"
                                   "GET /slot HTTP/1.1\r\nHost: h\r\n\r\n");
        for (int i = 0; i < 60; i++)
            assert_int_equal(transport_read(&client, false).status, 200);
    }
    toy_wait_count(&toy_counts_of(t)->own_completed, 300);
    assert_int_equal(atomic_load(&toy_counts_of(t)->own_pushed), 300);
    assert_int_equal(atomic_load(&toy_counts_of(t)->completed), 300);
    transport_close(&client);
    toy_stop(t, 10000);
}

static void full_is_said_at_once(void **state)
{
    (void)state;
    /* The queue holds two, and nobody takes them. */
    start(&(toy_options){.queue_capacity = 2, .sequencer_paused = true});
    get("/own/0", 200, "own 0");
    get("/own/0", 200, "own 1");
    get("/own/0", 503, "queue_full");
    toy_resume(t);
    toy_wait_count(&toy_counts_of(t)->own_completed, 2);
    get("/own/0", 200, "own 2");
    toy_wait_count(&toy_counts_of(t)->own_completed, 3);
    transport_close(&client);
    toy_stop(t, 10000);
    /* There are two slots, and both are under way. */
    start(&(toy_options){.slots_per_loop = 2});
    get("/own/1", 200, "own 0");
    get("/own/2", 200, "own 1");
    get("/own/3", 503, "queue_full");
    get("/slot", 503, "queue_full"); /* one pool for all */
    toy_release(t, 1);
    toy_wait_count(&toy_counts_of(t)->own_completed, 1);
    get("/slot", 200, "slot");
    toy_release(t, 2);
    transport_close(&client);
    toy_stop(t, 10000);
}

/* A server that drains waits for them, though nobody is connected. */
static void draining_waits_for_them(void **state)
{
    (void)state;
    for (unsigned loops = 1; loops <= 3; loops++) {
        start(&(toy_options){.loops_count = loops});
        get("/own/1", 200, "own 0");
        toy_wait_held(t, 1);
        sp_server_drain(toy_server(t), 50);
        assert_true(transport_wait_end(&client, NULL));
        transport_close(&client);
        usleep(100000); /* beyond drain_ms too */
        assert_int_equal(atomic_load(&toy_counts_of(t)->own_completed), 0);
        toy_release(t, 1);
        toy_wait_count(&toy_counts_of(t)->own_completed, 1);
        toy_stop(t, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answered_before_it_is_done),
        cmocka_unit_test(many_of_one_iteration),
        cmocka_unit_test(full_is_said_at_once),
        cmocka_unit_test(draining_waits_for_them),
    };
    return cmocka_run_group_tests_name("slots of the app", tests, NULL, NULL);
}
