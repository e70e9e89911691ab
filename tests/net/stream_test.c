/* SPDX-License-Identifier: MIT
 *
 * Streams over real loopback sockets: what arrives, who is passed over, how they
 * end. A second client makes the toy tell them something.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/conn.h"
#include "tests/support/transport_client.h"
#include "tests/support/transport_toy.h"

#define BIG 262144u

static toy *t;
static transport_client watcher, teller;
static char messages[4 * BIG];

static void start(const toy_options *options)
{
    memset(messages, 'm', sizeof messages);
    t = toy_start(options);
    assert_true(transport_connect(&teller, toy_address(t), 0));
    assert_true(transport_connect(&watcher, toy_address(t), 0));
}

static void stop(void)
{
    transport_close(&watcher);
    transport_close(&teller);
    toy_stop(t, 10000);
}

static void say(transport_client *client, const char *method, const char *path)
{
    char text[256];
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", method, path);
    transport_say(client, text);
}

static void expect_head(transport_client *client)
{
    transport_answer head = transport_read(client, true);
    assert_int_equal(head.status, 200);
    assert_true(head.closes);
}

static void open_stream(transport_client *client, unsigned first_size)
{
    char path[32];
    snprintf(path, sizeof path, "/stream/%u", first_size);
    say(client, "GET", path);
    expect_head(client);
    transport_expect(client, messages, first_size);
}

/* To how many it went. */
static unsigned tell(unsigned size)
{
    char path[32];
    snprintf(path, sizeof path, "/tell/%u", size);
    say(&teller, "GET", path);
    transport_answer answer = transport_read(&teller, false);
    assert_int_equal(answer.status, 200);
    assert_memory_equal(answer.body, "told ", 5);
    return (unsigned)atoi(answer.body + 5);
}

static void wait_closed(unsigned count)
{
    toy_wait_count(&toy_counts_of(t)->streams_closed, count);
}

static void expect_end(transport_client *client, size_t more)
{
    size_t size;
    assert_true(transport_wait_end(client, &size));
    assert_int_equal(size, more);
}

static void messages_arrive(void **state)
{
    (void)state;
    start(NULL);
    open_stream(&watcher, 30);
    assert_int_equal(sp_server_streams(toy_server(t)), 1);
    for (unsigned size = 1; size < 2000; size += 97) {
        assert_int_equal(tell(size), 1);
        transport_expect(&watcher, messages, size);
    }
    /* More than the kernel takes at once, now and with the head. */
    assert_int_equal(tell(4 * BIG), 1);
    transport_expect(&watcher, messages, 4 * BIG);
    transport_client other;
    assert_true(transport_connect(&other, toy_address(t), 0));
    open_stream(&other, 4 * BIG);
    while (tell(1) != 2)
        ;
    transport_close(&other);
    wait_closed(1);
    assert_int_equal(tell(1), 1);
    /* The exchange has ended long ago: only its own requests are begun. */
    assert_int_equal(atomic_load(&toy_counts_of(t)->ended), atomic_load(&toy_counts_of(t)->begun));
    stop();
}

/* The turns that the loop had counted when it answered. */
static unsigned turns(const char *path)
{
    say(&teller, "GET", path);
    transport_answer answer = transport_read(&teller, false);
    assert_memory_equal(answer.body, "turns ", 6);
    return (unsigned)atoi(answer.body + 6);
}

/* Messages of a timer are work of the loop like any other: an iteration that does
 * nothing but push is a turn. */
static void pushing_is_a_turn(void **state)
{
    (void)state;
    start(NULL);
    open_stream(&watcher, 1);
    unsigned before = turns("/tick/10");
    transport_expect(&watcher, messages, 10);
    assert_int_equal(turns("/turns") - before, 2);
    stop();
}

static void silence_is_no_fault(void **state)
{
    (void)state;
    start(&(toy_options){.idle_ms = 50, .write_ms = 50, .head_ms = 50, .linger_ms = 50});
    open_stream(&watcher, 0);
    assert_false(transport_readable(&watcher, 400));
    assert_true(transport_wait_end(&teller, NULL)); /* who has no stream is idle */
    transport_close(&teller);
    assert_true(transport_connect(&teller, toy_address(t), 0));
    assert_int_equal(tell(10), 1);
    transport_expect(&watcher, messages, 10);
    stop();
}

/* In one piece, and behind one that takes its time. */
static void requests_behind_are_void(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&watcher, "GET /stream/5 HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /behind HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_head(&watcher);
    transport_expect(&watcher, messages, 5);
    say(&watcher, "GET", "/later");
    assert_int_equal(tell(7), 1);
    transport_expect(&watcher, messages, 7);
    assert_false(transport_readable(&watcher, 50));
    assert_int_equal(atomic_load(&toy_counts_of(t)->begun), 2);
    transport_close(&watcher);
    wait_closed(1);

    assert_true(transport_connect(&watcher, toy_address(t), 0));
    transport_say(&watcher, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /stream/5 HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /held/2 HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /behind HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /incomplete HT");
    toy_wait_held(t, 2);
    toy_release(t, 1);
    assert_string_equal(transport_read(&watcher, false).body, "slot");
    expect_head(&watcher);
    transport_expect(&watcher, messages, 5);
    toy_release(t, 2);
    toy_wait_count(&toy_counts_of(t)->gone, 2);
    assert_int_equal(tell(3), 1);
    transport_expect(&watcher, messages, 3);
    stop();
}

/* What the client sends is dropped, but not without end. */
static void chatter_is_bounded(void **state)
{
    (void)state;
    start(NULL);
    open_stream(&watcher, 0);
    for (int i = 0; i < 3; i++) {
        transport_send(&watcher, messages, BIG);
        assert_int_equal(tell(5), 1);
    }
    transport_expect(&watcher, messages, 15);
    transport_send(&watcher, messages, sizeof messages);
    wait_closed(1);
    assert_int_equal(tell(5), 0);
    stop();
}

static void clients_leave(void **state)
{
    (void)state;
    start(NULL);
    open_stream(&watcher, 0);
    transport_close(&watcher);
    wait_closed(1);

    assert_true(transport_connect(&watcher, toy_address(t), 0));
    open_stream(&watcher, 0);
    transport_reset(&watcher);
    wait_closed(2);

    /* A half close: nobody reads on for long who says nothing more. */
    assert_true(transport_connect(&watcher, toy_address(t), 0));
    open_stream(&watcher, 0);
    transport_end(&watcher);
    expect_end(&watcher, 0);
    wait_closed(3);
    transport_close(&watcher);

    /* And one from before it was open: what was asked is answered. */
    assert_true(transport_connect(&watcher, toy_address(t), 0));
    transport_say(&watcher, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\n"
                            "GET /stream/9 HTTP/1.1\r\nHost: h\r\n\r\n");
    toy_wait_held(t, 1);
    transport_end(&watcher);
    toy_release(t, 1);
    assert_string_equal(transport_read(&watcher, false).body, "slot");
    expect_head(&watcher);
    expect_end(&watcher, 9);
    wait_closed(4);

    /* A message to one who has left, of which the server does not know yet. */
    for (unsigned i = 0; i < 20; i++) {
        transport_close(&watcher);
        assert_true(transport_connect(&watcher, toy_address(t), 0));
        open_stream(&watcher, 0);
        say(&teller, "GET", "/nap");
        if (i % 2 == 0)
            transport_reset(&watcher);
        else
            transport_close(&watcher);
        say(&teller, "GET", "/tell/100000");
        assert_int_equal(transport_read(&teller, false).status, 200);
        assert_int_equal(transport_read(&teller, false).status, 200);
        wait_closed(5 + i);
        assert_true(transport_connect(&watcher, toy_address(t), 0));
    }
    assert_int_equal(sp_server_streams(toy_server(t)), 0);
    stop();
}

/* He who does not read is passed over, and others are told. When he reads, he
 * finds whole messages, as many as he was told, and is told again. */
static void the_slow_are_passed_over(void **state)
{
    unsigned told_slow = 0, told_both = 0;
    transport_client slow;
    (void)state;
    start(NULL);
    open_stream(&watcher, 0);
    assert_true(transport_connect(&slow, toy_address(t), 4096));
    open_stream(&slow, 0);
    while (tell(BIG) == 2) {
        transport_expect(&watcher, messages, BIG);
        told_slow++;
    }
    transport_expect(&watcher, messages, BIG);
    assert_true(told_slow >= 1);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(tell(BIG), 1);
        transport_expect(&watcher, messages, BIG);
    }
    assert_int_equal(atomic_load(&toy_counts_of(t)->passed_over), 11);
    for (unsigned i = 0; i < told_slow; i++)
        transport_expect(&slow, messages, BIG);
    assert_false(transport_readable(&slow, 50));
    while (told_both == 0)
        told_both = tell(1) == 2;
    transport_expect(&slow, messages, 1);
    transport_close(&slow);
    stop();
}

/* The kernel takes little for one who reads nothing: messages that fit into his
 * own buffer, and a few more. */
static void the_kernel_keeps_little(void **state)
{
    (void)state;
    start(NULL);
    transport_close(&watcher);
    assert_true(transport_connect(&watcher, toy_address(t), 4096));
    open_stream(&watcher, 0);
    unsigned told = 0;
    while (tell(1000) == 1)
        told++;
    /* Without a bound it takes megabytes. */
    assert_in_range(told, 1, 200);
    for (unsigned i = 0; i < told; i++)
        transport_expect(&watcher, messages, 1000);
    stop();
}

static void a_stalled_one_is_reset(void **state)
{
    (void)state;
    start(&(toy_options){.write_ms = 200});
    transport_close(&watcher);
    assert_true(transport_connect(&watcher, toy_address(t), 4096));
    open_stream(&watcher, 0);
    while (tell(BIG) == 1)
        ;
    wait_closed(1);
    assert_int_equal(sp_server_streams(toy_server(t)), 0);
    assert_false(transport_wait_end(&watcher, NULL)); /* by a reset */
    stop();
}

static void the_app_ends_it(void **state)
{
    (void)state;
    start(NULL);
    open_stream(&watcher, 3);
    say(&teller, "GET", "/finish");
    assert_int_equal(transport_read(&teller, false).status, 200);
    expect_end(&watcher, 0);
    transport_close(&watcher);
    wait_closed(1);
    /* All that was written goes before. */
    assert_true(transport_connect(&watcher, toy_address(t), 4096));
    open_stream(&watcher, 0);
    say(&teller, "GET", "/last/1048576");
    assert_int_equal(transport_read(&teller, false).status, 200);
    assert_int_equal(tell(1), 0);
    transport_expect(&watcher, messages, sizeof messages);
    expect_end(&watcher, 0);
    assert_int_equal(tell(1), 0);
    stop();
    /* One that lingers when the server stops hears no farewell. */
    start(NULL);
    open_stream(&watcher, 0);
    say(&teller, "GET", "/finish");
    expect_end(&watcher, 0);
    sp_server_drain(toy_server(t), 50);
    wait_closed(1);
    stop();
}

static void head_and_http_1_0(void **state)
{
    (void)state;
    start(NULL);
    say(&watcher, "HEAD", "/stream/9");
    expect_head(&watcher);
    expect_end(&watcher, 0);
    assert_int_equal(atomic_load(&toy_counts_of(t)->streams_opened), 0);
    transport_close(&watcher);
    assert_true(transport_connect(&watcher, toy_address(t), 0));
    transport_say(&watcher, "GET /stream/9 HTTP/1.0\r\n\r\n");
    expect_head(&watcher);
    transport_expect(&watcher, messages, 9);
    assert_int_equal(tell(4), 1);
    transport_expect(&watcher, messages, 4);
    stop();
}

static void drain_says_farewell(void **state)
{
    transport_client slow, late;
    (void)state;
    start(NULL);
    open_stream(&watcher, 0);
    assert_true(transport_connect(&slow, toy_address(t), 4096));
    open_stream(&slow, 0);
    assert_int_equal(tell(4 * BIG), 2);
    /* Opened when the server stops already. */
    assert_true(transport_connect(&late, toy_address(t), 0));
    transport_say(&late, "GET /held/1 HTTP/1.1\r\nHost: h\r\n\r\n"
                         "GET /stream/2 HTTP/1.1\r\nHost: h\r\n\r\n");
    toy_wait_held(t, 1);
    sp_server_drain(toy_server(t), 30000);
    transport_expect(&watcher, messages, 4 * BIG);
    transport_expect(&watcher, TOY_FAREWELL, strlen(TOY_FAREWELL));
    expect_end(&watcher, 0);
    transport_expect(&slow, messages, 4 * BIG);
    transport_expect(&slow, TOY_FAREWELL, strlen(TOY_FAREWELL));
    expect_end(&slow, 0);
    toy_release(t, 1);
    assert_string_equal(transport_read(&late, false).body, "slot");
    expect_head(&late);
    transport_expect(&late, messages, 2);
    transport_expect(&late, TOY_FAREWELL, strlen(TOY_FAREWELL));
    expect_end(&late, 0);
    transport_close(&slow);
    transport_close(&late);
    stop();
}

/* One who takes nothing holds the server until drain_ms, no longer. */
static void drain_has_an_end(void **state)
{
    (void)state;
    start(NULL);
    transport_close(&watcher);
    assert_true(transport_connect(&watcher, toy_address(t), 4096));
    open_stream(&watcher, 0);
    while (tell(BIG) == 1)
        ;
    sp_server_drain(toy_server(t), 100);
    wait_closed(1);
    stop();
}

enum { CROWD = 300 };

static void open_crowd(transport_client *crowd, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_true(transport_connect(&crowd[i], toy_address(t), 0));
        open_stream(&crowd[i], 20);
        sp_out_close(&crowd[i].in);
        crowd[i].at = 0;
    }
}

static void leave(transport_client *client, unsigned way)
{
    if (way % 3 == 0)
        transport_end(client);
    if (way % 3 == 1)
        transport_reset(client);
    else
        transport_close(client);
}

/* Thousands come and go in every way while messages are told, over two loops;
 * and some are there when the server stops. */
static void a_crowd_leaves_nothing(void **state)
{
    static transport_client crowd[CROWD];
    (void)state;
    start(&(toy_options){.loops_count = 2});
    for (unsigned wave = 0; wave < 10; wave++) {
        open_crowd(crowd, CROWD);
        assert_int_equal(sp_server_streams(toy_server(t)), CROWD);
        tell(100);
        for (unsigned i = 0; i < CROWD; i++) {
            leave(&crowd[i], i + wave);
            if (i % 50 == 0)
                tell(100);
        }
        wait_closed((wave + 1) * CROWD);
        assert_int_equal(sp_server_streams(toy_server(t)), 0);
    }
    open_crowd(crowd, CROWD);
    for (unsigned i = 0; i < CROWD / 2; i++)
        leave(&crowd[i], i);
    stop(); /* checks that all were closed */
    for (unsigned i = CROWD / 2; i < CROWD; i++) {
        transport_expect(&crowd[i], TOY_FAREWELL, strlen(TOY_FAREWELL));
        transport_close(&crowd[i]);
    }
}

/* What a watcher costs while nothing is told: his connection, and what the toy
 * keeps of him. The sanitizers have an allocator of their own. */
static void an_idle_one_is_small(void **state)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    static transport_client crowd[CROWD];
    (void)state;
    start(NULL);
    /* The first ones make the pools and tables grow. */
    open_crowd(crowd, CROWD / 2);
    tell(500);
    size_t before = mallinfo2().uordblks;
    open_crowd(crowd + CROWD / 2, CROWD / 2);
    tell(500);
    size_t each = (mallinfo2().uordblks - before) / (CROWD / 2);
    print_message("an idle stream: sp_conn %zu bytes, on the heap %zu\n", sizeof(sp_conn), each);
    assert_in_range(each, sizeof(sp_conn), 1024);
    for (unsigned i = 0; i < CROWD; i++)
        transport_close(&crowd[i]);
    stop();
#else
    (void)state;
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive),
        cmocka_unit_test(pushing_is_a_turn),
        cmocka_unit_test(silence_is_no_fault),
        cmocka_unit_test(requests_behind_are_void),
        cmocka_unit_test(chatter_is_bounded),
        cmocka_unit_test(clients_leave),
        cmocka_unit_test(the_slow_are_passed_over),
        cmocka_unit_test(the_kernel_keeps_little),
        cmocka_unit_test(a_stalled_one_is_reset),
        cmocka_unit_test(the_app_ends_it),
        cmocka_unit_test(head_and_http_1_0),
        cmocka_unit_test(drain_says_farewell),
        cmocka_unit_test(drain_has_an_end),
        cmocka_unit_test(a_crowd_leaves_nothing),
        cmocka_unit_test(an_idle_one_is_small),
    };
    return cmocka_run_group_tests_name("streams", tests, NULL, NULL);
}
