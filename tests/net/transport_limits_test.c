/* SPDX-License-Identifier: MIT
 *
 * Time and number: slow clients, idle ones, too many, no descriptors left.
 * Only the order of things is checked, never how long they took.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
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

static void stop(void)
{
    transport_close(&client);
    toy_stop(t, 10000);
}

static void expect_timeout(void)
{
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, 408);
    assert_true(answer.closes);
    assert_string_equal(answer.body, "request_timeout");
    assert_true(transport_wait_end(&client, NULL));
}

static void test_slow_head(void **state)
{
    (void)state;
    start(&(toy_options){.head_ms = 200});
    transport_say(&client, "GET / HTTP/1.1\r\nHost:");
    expect_timeout();
    stop();
}

/* Each byte is in time, the whole is not. */
static void test_dripped_head(void **state)
{
    (void)state;
    start(&(toy_options){.head_ms = 200});
    transport_say(&client, "GET / HTTP/1.1\r\nA: ");
    while (!transport_readable(&client, 20))
        transport_say(&client, "a");
    expect_timeout();
    stop();
}

/* The time of a head begins with its own first byte. */
static void test_each_head_has_its_time(void **state)
{
    (void)state;
    start(&(toy_options){.head_ms = 2000});
    for (int i = 0; i < 6; i++) {
        transport_say(&client, "GET / HT");
        usleep(500000);
        transport_say(&client, "TP/1.1\r\nHost: h\r\n\r\n");
        assert_int_equal(transport_read(&client, false).status, 200);
    }
    stop();
}

static void test_slow_body(void **state)
{
    (void)state;
    start(&(toy_options){.body_ms = 200});
    transport_say(&client, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na");
    expect_timeout();
    stop();
    start(&(toy_options){.body_ms = 200});
    transport_say(&client, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n");
    expect_timeout();
    stop();
}

/* The answer before it comes first, late as it is. */
static void test_timeout_in_turn(void **state)
{
    (void)state;
    start(&(toy_options){.head_ms = 200});
    transport_say(&client, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\nGET /");
    assert_false(transport_readable(&client, 600));
    toy_release(t, 1);
    assert_int_equal(transport_read(&client, false).status, 200);
    expect_timeout();
    stop();
}

static void test_idle_ends_silently(void **state)
{
    (void)state;
    size_t size;
    start(&(toy_options){.idle_ms = 200});
    assert_true(transport_wait_end(&client, &size));
    assert_int_equal(size, 0);
    transport_close(&client);
    assert_true(transport_connect(&client, toy_address(t), 0));
    assert_int_equal(transport_get(&client, "/"), 200);
    assert_true(transport_wait_end(&client, &size));
    assert_int_equal(size, 0);
    stop();
}

/* Waiting for the server is not idling. */
static void test_waiting_is_not_idle(void **state)
{
    (void)state;
    start(&(toy_options){.idle_ms = 200, .head_ms = 200, .body_ms = 200});
    transport_say(&client, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_false(transport_readable(&client, 800));
    toy_release(t, 1);
    assert_int_equal(transport_read(&client, false).status, 200);
    stop();
}

static void test_client_that_takes_nothing(void **state)
{
    (void)state;
    start(&(toy_options){.write_ms = 300});
    transport_close(&client);
    assert_true(transport_connect(&client, toy_address(t), 4096));
    transport_say(&client, "GET /big/50000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    toy_wait_count(&toy_counts_of(t)->answered, 1);
    while (sp_server_connections(toy_server(t)) > 0)
        usleep(1000);
    stop();
}

enum { SLOW_SIZE = 12000000, SLOW_LIMIT_MS = 500 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Takes a little all the time; how much came before the end. *pause_ms: the
 * longest time in which it took nothing. */
static size_t take_slowly(size_t piece_size, useconds_t rest_us, int64_t *pause_ms)
{
    char piece[200000];
    size_t size = 0;
    int64_t last_ms = now_ms();
    *pause_ms = 0;
    assert_true(transport_connect(&client, toy_address(t), 65536));
    transport_say(&client, "GET /big/12000000 HTTP/1.1\r\nHost: h\r\n\r\n");
    while (size < SLOW_SIZE) {
        assert_true(transport_readable(&client, TRANSPORT_PATIENCE_MS));
        ssize_t got = read(client.fd, piece, piece_size);
        int64_t taken_ms = now_ms();
        if (taken_ms - last_ms > *pause_ms)
            *pause_ms = taken_ms - last_ms;
        last_ms = taken_ms;
        if (got <= 0)
            break;
        size += (size_t)got;
        usleep(rest_us);
    }
    return size;
}

/* Slow is not stalled: a client that takes a little all the time is served,
 * though the whole takes many times the limit; also one that takes so little
 * that the kernel's buffer lasts for longer than that. On a busy machine this
 * program itself may not run for so long: then it was stalled, and the attempt
 * says nothing. */
static void test_client_that_takes_slowly(void **state)
{
    static const struct {
        size_t piece_size;
        useconds_t rest_us;
    } paces[] = {{200000, 10000}, {65536, 30000}};
    (void)state;
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        int64_t pause_ms;
        size_t size;
        t = toy_start(&(toy_options){.write_ms = SLOW_LIMIT_MS});
        while ((size = take_slowly(paces[i].piece_size, paces[i].rest_us, &pause_ms)) < SLOW_SIZE) {
            if (pause_ms < SLOW_LIMIT_MS / 2)
                fail_msg("ended after %zu bytes, the longest pause was %lld ms", size,
                         (long long)pause_ms);
            transport_close(&client);
        }
        stop();
    }
}

static void test_connection_limit(void **state)
{
    (void)state;
    start(&(toy_options){.connections_max = 2, .loops_count = 2});
    transport_client second, third;
    assert_int_equal(transport_get(&client, "/"), 200);
    assert_true(transport_connect(&second, toy_address(t), 0));
    assert_int_equal(transport_get(&second, "/"), 200);
    assert_true(transport_connect(&third, toy_address(t), 0));
    transport_wait_end(&third, NULL);
    transport_close(&third);
    assert_int_equal(transport_get(&client, "/"), 200);
    transport_close(&second);
    while (sp_server_connections(toy_server(t)) > 1)
        usleep(1000);
    assert_true(transport_connect(&third, toy_address(t), 0));
    assert_int_equal(transport_get(&third, "/"), 200);
    transport_close(&third);
    stop();
}

/* Takes every descriptor that the process may still have. */
enum { DESCRIPTORS_MAX = 256 };

static unsigned take_descriptors(int *fds)
{
    unsigned count = 0;
    int fd;
    while (count < DESCRIPTORS_MAX && (fd = dup(0)) >= 0)
        fds[count++] = fd;
    assert_true(count > 0 && count < DESCRIPTORS_MAX);
    return count;
}

static void give_descriptors(const int *fds, unsigned count)
{
    while (count > 0)
        close(fds[--count]);
}

/* No descriptors: those connected are served, newcomers are hung up on, and
 * when there are some again all is well. */
static void test_descriptors_run_out(void **state)
{
    (void)state;
    struct rlimit before, low;
    int fds[DESCRIPTORS_MAX];
    transport_client newcomer;
    start(NULL);
    assert_int_equal(transport_get(&client, "/"), 200);
    getrlimit(RLIMIT_NOFILE, &before);
    low = (struct rlimit){.rlim_cur = DESCRIPTORS_MAX, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    unsigned count = take_descriptors(fds);
    for (int i = 0; i < 3; i++) {
        close(fds[count - 1]); /* one, for the newcomer's own end */
        bool connected = transport_connect(&newcomer, toy_address(t), 0);
        assert_true(connected);
        transport_wait_end(&newcomer, NULL); /* not left waiting */
        transport_close(&newcomer);
        fds[count - 1] = dup(0);
        assert_int_equal(transport_get(&client, "/"), 200);
    }
    give_descriptors(fds, count);
    assert_true(transport_connect(&newcomer, toy_address(t), 0));
    assert_int_equal(transport_get(&newcomer, "/"), 200);
    transport_close(&newcomer);
    setrlimit(RLIMIT_NOFILE, &before);
    stop();
}

/* The loops sleep: processor time does not pass while nothing happens. The
 * bound is that of a loop that spins, a hundred times over. */
static void test_idle_loops_sleep(void **state)
{
    (void)state;
    struct timespec from, to;
    start(&(toy_options){.loops_count = 4});
    assert_int_equal(transport_get(&client, "/"), 200);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    usleep(1000000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    int64_t used_us = (to.tv_sec - from.tv_sec) * 1000000 + (to.tv_nsec - from.tv_nsec) / 1000;
    if (used_us > 300000)
        fail_msg("%lld us of processor time in an idle second", (long long)used_us);
    stop();
}

/* So many commands in one iteration of the loop that the sequencer is woken
 * before its end, or just not: none of them may be left with it asleep. */
static void test_commands_of_one_iteration(void **state)
{
    static const char one[] = "GET /slot HTTP/1.1\r\nHost: a\r\n\r\n";
    static const unsigned counts[] = {127, 128, 129, 256};
    (void)state;
    start(&(toy_options){0});
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        transport_client others[5];
        unsigned left = counts[i], given[5];
        for (int c = 0; c < 5; c++)
            assert_true(transport_connect(&others[c], toy_address(t), 0));
        transport_say(&client, "GET /nap HTTP/1.1\r\nHost: a\r\n\r\n");
        for (int c = 0; c < 5; c++) {
            given[c] = left < 64 ? left : 64;
            left -= given[c];
            for (unsigned n = 0; n < given[c]; n++)
                transport_say(&others[c], one);
        }
        assert_int_equal(transport_read(&client, false).status, 200);
        for (int c = 0; c < 5; c++) {
            for (unsigned n = 0; n < given[c]; n++)
                assert_int_equal(transport_read(&others[c], false).status, 200);
            transport_close(&others[c]);
        }
    }
    stop();
}

/* What a request held is free again when it was answered, however many came. */
static void test_large_commands_in_a_row(void **state)
{
    enum { SIZE = 60000, ROUNDS = 100 };
    static char body[SIZE + 1];
    char head[128];
    (void)state;
    start(&(toy_options){0});
    memset(body, 'x', SIZE);
    snprintf(head, sizeof head, "POST /slot HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
             SIZE);
    for (int i = 0; i < ROUNDS; i++) {
        transport_say(&client, head);
        transport_send(&client, body, SIZE);
        if (i % 2 == 1) {
            assert_string_equal(transport_read(&client, false).body, "slot");
            assert_string_equal(transport_read(&client, false).body, "slot");
        }
    }
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_head),
        cmocka_unit_test(test_commands_of_one_iteration),
        cmocka_unit_test(test_large_commands_in_a_row),
        cmocka_unit_test(test_dripped_head),
        cmocka_unit_test(test_each_head_has_its_time),
        cmocka_unit_test(test_slow_body),
        cmocka_unit_test(test_timeout_in_turn),
        cmocka_unit_test(test_idle_ends_silently),
        cmocka_unit_test(test_waiting_is_not_idle),
        cmocka_unit_test(test_client_that_takes_nothing),
        cmocka_unit_test(test_client_that_takes_slowly),
        cmocka_unit_test(test_connection_limit),
        cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_idle_loops_sleep),
    };
    return cmocka_run_group_tests_name("transport limits", tests, NULL, NULL);
}
