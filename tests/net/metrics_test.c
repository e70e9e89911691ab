/* SPDX-License-Identifier: MIT
 *
 * What the transport counts, over real sockets: connections, bytes, turns of the
 * loop, and how old a request is when it is answered. Times are held against
 * times that the test has measured itself, never against a limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/transport_client.h"
#include "tests/support/transport_toy.h"

#define WAIT_NS UINT64_C(50000000)

static sp_metrics *metrics;
static sp_metrics_loop *counted;
static toy *t;
static transport_client client;

static int set_up(void **state)
{
    (void)state;
    metrics = sp_metrics_create(1, 1);
    counted = sp_metrics_of_loop(metrics, 0);
    t = toy_start(&(toy_options){.metrics = metrics, .connections_max = 2});
    return transport_connect(&client, toy_address(t), 0) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    transport_close(&client);
    toy_stop(t, 10000);
    sp_metrics_destroy(metrics);
    return 0;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void connections_are_counted(void **state)
{
    transport_client second, third;
    (void)state;
    assert_int_equal(transport_get(&client, "/"), 200);
    assert_true(transport_connect(&second, toy_address(t), 0));
    assert_int_equal(transport_get(&second, "/"), 200);
    assert_true(transport_connect(&third, toy_address(t), 0));
    assert_true(transport_wait_end(&third, NULL)); /* there is room for two */
    assert_int_equal(sp_counter_get(&counted->accepted), 2);
    assert_int_equal(sp_counter_get(&counted->turned_away), 1);
    assert_int_equal(sp_counter_get(&counted->closed), 0);
    transport_close(&second);
    transport_close(&third);
    while (sp_counter_get(&counted->closed) == 0)
        usleep(1000);
    sp_metrics_figures *figures = sp_metrics_read(metrics);
    assert_int_equal(figures->open, 1);
    assert_int_equal(figures->accepted, 2);
    free(figures);
}

static void bytes_are_counted(void **state)
{
    (void)state;
    uint64_t before = sp_counter_get(&counted->sent_bytes);
    assert_int_equal(transport_get(&client, "/big/1000000"), 200);
    assert_int_equal(transport_get(&client, "/"), 200); /* behind it: that is counted now */
    uint64_t sent = sp_counter_get(&counted->sent_bytes) - before;
    assert_true(sent > 1000000 && sent < 1000300);
}

/* The loop stands still in it: begun and answered in one turn. */
static void a_slow_turn_is_seen(void **state)
{
    (void)state;
    uint64_t begin = now_ns(), busy = sp_counter_get(&counted->busy_ns);
    assert_int_equal(transport_get(&client, "/nap"), 200);
    uint64_t age = atomic_load(&toy_counts_of(t)->age_ns), elapsed = now_ns() - begin;
    assert_true(age >= 100000000 && age <= elapsed);
    /* Its turn may be about to end; another request comes behind that. */
    assert_int_equal(transport_get(&client, "/"), 200);
    assert_true(sp_counter_get(&counted->turn_ns_max) >= 100000000);
    assert_true(sp_counter_get(&counted->busy_ns) - busy >= 100000000);
    assert_true(sp_counter_get(&counted->busy_ns) - busy <= now_ns() - begin);
    assert_true(sp_counter_get(&counted->turns) >= 2);
}

/* A command that waits: the request grows old, and the loop sleeps. */
static void a_slow_command_is_seen(void **state)
{
    (void)state;
    uint64_t begin = now_ns(), busy = sp_counter_get(&counted->busy_ns);
    transport_say(&client, "GET /held/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    toy_wait_held(t, 1);
    uint64_t held = now_ns();
    while (now_ns() - held < WAIT_NS)
        usleep(1000);
    toy_release(t, 1);
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, 200);
    uint64_t elapsed = now_ns() - begin;
    uint64_t age = atomic_load(&toy_counts_of(t)->age_ns);
    assert_true(age >= WAIT_NS && age <= elapsed);
    assert_true(sp_counter_get(&counted->busy_ns) - busy <= elapsed - WAIT_NS / 2);
    assert_true(sp_counter_get(&counted->queue_high) <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(connections_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bytes_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_turn_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slow_command_is_seen, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
