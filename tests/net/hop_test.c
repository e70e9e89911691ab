/* SPDX-License-Identifier: MIT
 *
 * Hops between loops: they arrive, in their order, once; and a server that
 * drains ends when the last one has run, and not before. To be run under the
 * thread sanitizer.
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

#define CLIENTS 8u

static toy *t;
static transport_client clients[CLIENTS];

/* With enough clients that the kernel gives some to every loop. */
static void start(uint32_t loops_count)
{
    t = toy_start(&(toy_options){.loops_count = loops_count});
    for (unsigned i = 0; i < CLIENTS; i++)
        assert_true(transport_connect(&clients[i], toy_address(t), 0));
}

static void close_clients(void)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        transport_close(&clients[i]);
}

static void say_all(const char *path)
{
    char text[64];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    for (unsigned i = 0; i < CLIENTS; i++)
        transport_say(&clients[i], text);
}

static void expect_all(void)
{
    for (unsigned i = 0; i < CLIENTS; i++)
        assert_int_equal(transport_read(&clients[i], false).status, 200);
}

static void there_and_home(void **state)
{
    (void)state;
    for (uint32_t loops = 1; loops <= 3; loops++) {
        start(loops);
        for (int round = 0; round < 10; round++) {
            say_all("/hop/1");
            say_all("/hop/30");
        }
        for (int i = 0; i < 20; i++)
            expect_all();
        close_clients();
        toy_stop(t, 10000);
    }
}

/* Many from everybody to everybody, among other work. */
static void a_crowd(void **state)
{
    (void)state;
    start(2);
    for (int round = 0; round < 5; round++) {
        say_all("/shout/20");
        say_all("/slot");
        say_all("/hop/7");
    }
    for (int i = 0; i < 15; i++)
        expect_all();
    close_clients();
    toy_stop(t, 10000); /* checks that all have arrived */
}

/* The end comes while hops are on their way between loops that have nothing
 * else to do, or for clients who have gone. */
static void draining_amid_hops(void **state)
{
    static const char *const paths[] = {"/shout/50", "/hop/1000", "/shout/3"};
    (void)state;
    for (int i = 0; i < 30; i++) {
        start(1 + (uint32_t)i % 3);
        say_all(paths[i % 3]);
        if (i % 2 == 0)
            toy_wait_count(&toy_counts_of(t)->begun, 1);
        if (i % 5 == 0)
            close_clients();
        toy_stop(t, i % 4 == 0 ? 0 : 10000);
        if (i % 5 != 0)
            close_clients();
    }
}

/* A hop that finds its loop done with everything begins something there: the
 * loop is there until that has ended, and so are the others. */
static void a_hop_begins_something(void **state)
{
    (void)state;
    for (uint32_t loops = 1; loops <= 3; loops++) {
        t = toy_start(&(toy_options){.loops_count = loops});
        assert_true(transport_connect(&clients[0], toy_address(t), 0));
        assert_int_equal(transport_get(&clients[0], "/own/250"), 200);
        toy_wait_held(t, 250);
        sp_server_drain(toy_server(t), 0);
        assert_true(transport_wait_end(&clients[0], NULL));
        transport_close(&clients[0]);
        usleep(50000); /* so that all loops have found that they are done */
        toy_release(t, 250);
        toy_wait_held(t, 150);
        usleep(50000);
        assert_int_equal(atomic_load(&toy_counts_of(t)->own_completed), 1);
        toy_release(t, 150);
        toy_stop(t, 0); /* checks that it has come back */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_home),
        cmocka_unit_test(a_crowd),
        cmocka_unit_test(draining_amid_hops),
        cmocka_unit_test(a_hop_begins_something),
    };
    return cmocka_run_group_tests_name("hops", tests, NULL, NULL);
}
