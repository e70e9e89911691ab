/* SPDX-License-Identifier: MIT
 *
 * Draining: what was read is answered, nothing new is taken, and it ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static void test_without_connections(void **state)
{
    (void)state;
    t = toy_start(&(toy_options){.loops_count = 3});
    toy_stop(t, 10000);
    /* Stop without drain, and drain twice. */
    t = toy_start(NULL);
    sp_server_drain(toy_server(t), 10000);
    sp_server_drain(toy_server(t), 0);
    toy_stop(t, 0);
}

static void test_idle_connections_end(void **state)
{
    (void)state;
    start(NULL);
    transport_client other;
    assert_int_equal(transport_get(&client, "/"), 200);
    assert_true(transport_connect(&other, toy_address(t), 0));
    while (sp_server_connections(toy_server(t)) < 2)
        usleep(1000);
    sp_server_drain(toy_server(t), 10000);
    assert_true(transport_wait_end(&client, NULL));
    assert_true(transport_wait_end(&other, NULL));
    transport_close(&client);
    assert_false(transport_connect(&client, toy_address(t), 0)); /* nobody listens */
    transport_close(&other);
    toy_stop(t, 0);
}

/* Both are answered, the last one says that it is the last; what was not
 * whole, or came later, is not begun. */
static void test_requests_read_are_answered(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&client, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\n"
                           "GET /held/2 HTTP/1.1\r\nHost: h\r\n\r\n"
                           "GET /incomplete HT");
    toy_wait_held(t, 2);
    /* An idle connection ends when the loop has begun to drain. */
    transport_client idle;
    assert_true(transport_connect(&idle, toy_address(t), 0));
    assert_int_equal(transport_get(&idle, "/"), 200);
    sp_server_drain(toy_server(t), 30000);
    assert_true(transport_wait_end(&idle, NULL));
    transport_close(&idle);
    transport_say(&client, "TP/1.1\r\nHost: h\r\n\r\n");
    assert_false(transport_readable(&client, 100));
    toy_release(t, 2);
    toy_release(t, 1);
    transport_answer first = transport_read(&client, false);
    assert_int_equal(first.status, 200);
    assert_false(first.closes);
    transport_answer second = transport_read(&client, false);
    assert_int_equal(second.status, 200);
    assert_true(second.closes);
    size_t more;
    assert_true(transport_wait_end(&client, &more));
    assert_int_equal(more, 0);
    assert_int_equal(atomic_load(&toy_counts_of(t)->begun), 3);
    transport_close(&client);
    toy_stop(t, 0);
}

static void test_pool_work_is_waited_for(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&client, "GET /pool HTTP/1.1\r\nHost: h\r\n\r\n");
    toy_wait_count(&toy_counts_of(t)->begun, 1);
    sp_server_drain(toy_server(t), 30000);
    assert_false(transport_readable(&client, 100));
    toy_pool_release(t);
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, 200);
    assert_true(answer.closes);
    transport_close(&client);
    toy_stop(t, 0);
}

/* After drain_ms connections are closed whatever they wait for; the loop still
 * waits for slots and pool work to come home. */
static void test_drain_has_an_end(void **state)
{
    (void)state;
    start(NULL);
    transport_client other;
    assert_true(transport_connect(&other, toy_address(t), 0));
    transport_say(&client, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\n");
    transport_say(&other, "GET /pool HTTP/1.1\r\nHost: h\r\n\r\n");
    toy_wait_held(t, 1);
    toy_wait_count(&toy_counts_of(t)->begun, 2);
    sp_server_drain(toy_server(t), 100);
    transport_wait_end(&client, NULL);
    transport_wait_end(&other, NULL);
    transport_close(&client);
    transport_close(&other);
    assert_int_equal(atomic_load(&toy_counts_of(t)->ended), 0);
    toy_release(t, 1);
    toy_wait_count(&toy_counts_of(t)->gone, 1);
    toy_pool_release(t);
    toy_stop(t, 0);
}

/* Servers that start, work and end, one after the other, while completions are
 * still on their way. */
static void test_many_short_lives(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        start(&(toy_options){.loops_count = 1 + (unsigned)i % 3});
        for (int k = 0; k < 20; k++)
            transport_say(&client, "GET /slot HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_int_equal(transport_read(&client, false).status, 200);
        if (i % 2 == 0)
            transport_reset(&client);
        else
            transport_close(&client);
        toy_stop(t, i % 5 == 0 ? 0 : 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_connections),
        cmocka_unit_test(test_idle_connections_end),
        cmocka_unit_test(test_requests_read_are_answered),
        cmocka_unit_test(test_pool_work_is_waited_for),
        cmocka_unit_test(test_drain_has_an_end),
        cmocka_unit_test(test_many_short_lives),
    };
    return cmocka_run_group_tests_name("transport drain", tests, NULL, NULL);
}
