/* SPDX-License-Identifier: MIT
 *
 * Connections over real loopback sockets: order, back-pressure, framing on the
 * wire, clients that leave. The application and the sequencer are toys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/conn.h"
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

static void say_get(const char *path)
{
    char text[256];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    transport_say(&client, text);
}

static void expect_answer(int status, const char *body)
{
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, status);
    assert_string_equal(answer.body, body);
}

static void test_keep_alive(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&client, "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    expect_answer(200, "/a b=c hi");
    transport_say(&client, "POST /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n");
    expect_answer(200, "/d  xyz");
    transport_say(&client, "HEAD /e HTTP/1.1\r\nHost: h\r\n\r\n");
    transport_answer head = transport_read(&client, true);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body_size, 4);
    transport_say(&client, "GET /f HTTP/1.0\r\n\r\n");
    transport_answer last = transport_read(&client, false);
    assert_string_equal(last.body, "/f  ");
    assert_true(last.closes);
    assert_true(transport_wait_end(&client, NULL));
    stop();
}

static void test_second_command_of_one_request(void **state)
{
    (void)state;
    start(NULL);
    say_get("/again");
    expect_answer(200, "again");
    assert_int_equal(atomic_load(&toy_counts_of(t)->completed), 2);
    stop();
}

/* Completions come in any order; answers leave in that of the requests. */
static void test_answers_in_request_order(void **state)
{
    (void)state;
    start(NULL);
    say_get("/held/1");
    say_get("/one");
    say_get("/held/2");
    say_get("/held/3");
    say_get("/two");
    toy_release(t, 3);
    toy_release(t, 2);
    assert_false(transport_readable(&client, 100));
    toy_release(t, 1);
    expect_answer(200, "slot");
    expect_answer(200, "/one  ");
    expect_answer(200, "slot");
    expect_answer(200, "slot");
    expect_answer(200, "/two  ");
    stop();
}

static void test_hundred_pipelined(void **state)
{
    (void)state;
    start(NULL);
    sp_out out;
    sp_out_init(&out);
    for (int i = 0; i < 100; i++) {
        sp_out_string(&out, i % 3 == 0 ? "GET /slot/" : "GET /n/");
        sp_out_decimal(&out, i);
        sp_out_string(&out, " HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    transport_send(&client, out.bytes, out.size);
    for (int i = 0; i < 100; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "/n/%d  ", i);
        expect_answer(200, i % 3 == 0 ? "slot" : wanted);
    }
    sp_out_close(&out);
    stop();
}

/* While the first is held, 63 more are begun, and not one beyond. */
static void test_in_flight_limit(void **state)
{
    (void)state;
    start(NULL);
    say_get("/held/1");
    toy_wait_held(t, 1);
    sp_out out;
    sp_out_init(&out);
    for (int i = 0; i < 99; i++)
        sp_out_string(&out, "GET /slot HTTP/1.1\r\nHost: h\r\n\r\n");
    transport_send(&client, out.bytes, out.size);
    toy_wait_count(&toy_counts_of(t)->completed, 63);
    usleep(50000); /* time to go wrong */
    assert_int_equal(atomic_load(&toy_counts_of(t)->begun), 64);
    toy_release(t, 1);
    for (int i = 0; i < 100; i++)
        expect_answer(200, "slot");
    sp_out_close(&out);
    stop();
}

/* Behind a held one, large requests are begun until they hold SP_CONN_HELD_MAX
 * bytes; the others wait with their client, and all are answered in the end. */
static void test_held_limit(void **state)
{
    enum { COUNT = 8, SIZE = 60000 };
    static char body[SIZE];
    (void)state;
    start(NULL);
    memset(body, 'b', sizeof body);
    say_get("/held/1");
    toy_wait_held(t, 1);
    sp_out out;
    sp_out_init(&out);
    for (int i = 0; i < COUNT; i++) {
        sp_out_string(&out, "POST /again HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\n\r\n");
        sp_out_bytes(&out, body, sizeof body);
    }
    transport_send(&client, out.bytes, out.size);
    toy_wait_count(&toy_counts_of(t)->completed, 2);
    usleep(50000); /* time to go wrong */
    assert_true(atomic_load(&toy_counts_of(t)->begun) <= 1 + SP_CONN_HELD_MAX / SIZE + 1);
    toy_release(t, 1);
    expect_answer(200, "slot");
    for (int i = 0; i < COUNT; i++)
        expect_answer(200, "again");
    sp_out_close(&out);
    stop();
}

/* A client that asks for much and reads nothing: answers stop being made at
 * the limit, others are served, and all arrives once it reads. */
static void test_client_that_does_not_read(void **state)
{
    (void)state;
    enum { COUNT = 400, SIZE = 100000 };
    t = toy_start(NULL);
    assert_true(transport_connect(&client, toy_address(t), 4096));
    sp_out out;
    sp_out_init(&out);
    for (int i = 0; i < COUNT; i++)
        sp_out_string(&out, "GET /big/100000 HTTP/1.1\r\nHost: h\r\n\r\n");
    transport_send(&client, out.bytes, out.size);
    toy_wait_count(&toy_counts_of(t)->answered, 2);
    transport_client other;
    assert_true(transport_connect(&other, toy_address(t), 0));
    for (int i = 0; i < 100; i++)
        assert_int_equal(transport_get(&other, "/x"), 200);
    transport_close(&other);
    /* What the kernel takes into its buffers is its own affair (some MB); 40
     * MB it does not. */
    assert_true(atomic_load(&toy_counts_of(t)->answered) < COUNT);
    for (int i = 0; i < COUNT; i++) {
        transport_answer answer = transport_read(&client, false);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body_size, SIZE);
    }
    sp_out_close(&out);
    stop();
}

static void test_expect_continue(void **state)
{
    (void)state;
    start(NULL);
    static const char head[] = "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                               "Content-Length: 2\r\n\r\n";
    transport_say(&client, head);
    assert_int_equal(transport_read(&client, false).status, 100);
    transport_say(&client, "hi");
    expect_answer(200, "/a  hi");
    /* The body is there already: no interim answer. */
    transport_say(&client, head);
    transport_say(&client, "");
    assert_int_equal(transport_read(&client, false).status, 100);
    transport_say(&client, "hi");
    expect_answer(200, "/a  hi");
    sp_out out;
    sp_out_init(&out);
    sp_out_string(&out, head);
    sp_out_string(&out, "hi");
    transport_send(&client, out.bytes, out.size);
    expect_answer(200, "/a  hi");
    sp_out_close(&out);
    stop();
}

/* 100 is said when all that came before is answered, not earlier. */
static void test_expect_waits_for_its_turn(void **state)
{
    (void)state;
    start(NULL);
    say_get("/held/1");
    transport_say(&client, "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                           "Content-Length: 2\r\n\r\n");
    toy_wait_held(t, 1);
    assert_false(transport_readable(&client, 100));
    toy_release(t, 1);
    expect_answer(200, "slot");
    assert_int_equal(transport_read(&client, false).status, 100);
    transport_say(&client, "hi");
    expect_answer(200, "/a  hi");
    stop();
}

static void test_expect_of_too_much(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&client, "POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                           "Content-Length: 70000\r\n\r\n");
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, 413);
    assert_true(answer.closes);
    assert_true(transport_wait_end(&client, NULL));
    stop();
}

/* The refusal comes behind the answers before it, and arrives though the
 * client goes on sending: an orderly end, no reset. */
static void test_refusal_in_turn_and_lingering(void **state)
{
    (void)state;
    start(NULL);
    say_get("/held/1");
    transport_say(&client, "GET /bad HTTP/1.1\n");
    char junk[65536];
    memset(junk, 'j', sizeof junk);
    transport_send(&client, junk, sizeof junk);
    toy_release(t, 1);
    expect_answer(200, "slot");
    transport_send(&client, junk, sizeof junk);
    transport_answer answer = transport_read(&client, false);
    assert_int_equal(answer.status, 400);
    assert_true(answer.closes);
    assert_string_equal(answer.body, "malformed_request");
    size_t more;
    assert_true(transport_wait_end(&client, &more));
    assert_int_equal(more, 0);
    assert_int_equal(atomic_load(&toy_counts_of(t)->begun), 1);
    stop();
}

/* A client that never stops sending into a connection that is over does not
 * keep it for ever. */
static void test_lingering_has_an_end(void **state)
{
    (void)state;
    start(&(toy_options){.linger_ms = 200});
    transport_say(&client, "nonsense\r\n");
    assert_int_equal(transport_read(&client, false).status, 400);
    char junk[65536] = {0};
    while (sp_server_connections(toy_server(t)) > 0)
        transport_send(&client, junk, sizeof junk);
    stop();
}

static void test_refused_head_has_no_body(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&client, "HEAD /a HTTP/1.1\r\nbad\r\n\r\n");
    transport_answer answer = transport_read(&client, true);
    assert_int_equal(answer.status, 400);
    assert_int_equal(answer.body_size, strlen("malformed_request"));
    size_t more;
    assert_true(transport_wait_end(&client, &more));
    assert_int_equal(more, 0);
    stop();
}

/* Also if there is no more of its request line than its method. */
static void test_refused_head_of_half_a_line_has_no_body(void **state)
{
    static const char *const requests[] = {"HEAD /a\001", "HEAD /a\n", "HEAD /\rb"};
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        for (int cut = 0; cut < 2; cut++) {
            start(NULL);
            if (cut) {
                transport_send(&client, "HEAD ", 5);
                usleep(2000);
            }
            transport_say(&client, requests[i] + (cut ? 5 : 0));
            transport_answer answer = transport_read(&client, true);
            assert_int_equal(answer.status, 400);
            size_t more;
            assert_true(transport_wait_end(&client, &more));
            assert_int_equal(more, 0);
            stop();
        }
}

/* What was asked behind a request that closes is void. */
static void test_nothing_behind_a_close(void **state)
{
    (void)state;
    start(NULL);
    transport_say(&client, "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                           "GET /b HTTP/1.1\r\nHost: h\r\n\r\n");
    expect_answer(200, "/a  ");
    size_t more;
    assert_true(transport_wait_end(&client, &more));
    assert_int_equal(more, 0);
    assert_int_equal(atomic_load(&toy_counts_of(t)->begun), 1);
    stop();
}

/* The app closes; a command behind it was begun already: it is left alone and
 * its slot still comes back. */
static void test_app_closes_with_a_slot_out(void **state)
{
    (void)state;
    start(NULL);
    say_get("/held/1");
    say_get("/bye");
    say_get("/held/2");
    toy_wait_held(t, 2);
    toy_release(t, 1);
    expect_answer(200, "slot");
    expect_answer(200, "/bye  ");
    assert_true(transport_wait_end(&client, NULL));
    toy_release(t, 2);
    toy_wait_count(&toy_counts_of(t)->ended, 3);
    assert_int_equal(atomic_load(&toy_counts_of(t)->gone), 1);
    stop();
}

static void test_half_close_is_answered(void **state)
{
    (void)state;
    start(NULL);
    say_get("/held/1");
    say_get("/x");
    transport_say(&client, "GET /incomplete HT");
    transport_end(&client);
    toy_release(t, 1);
    expect_answer(200, "slot");
    expect_answer(200, "/x  ");
    size_t more;
    assert_true(transport_wait_end(&client, &more));
    assert_int_equal(more, 0);
    stop();
}

static void test_client_leaves_while_a_slot_is_out(void **state)
{
    (void)state;
    start(&(toy_options){.slots_per_loop = 1});
    say_get("/held/1");
    toy_wait_held(t, 1);
    transport_reset(&client);
    while (sp_server_connections(toy_server(t)) > 0)
        usleep(1000);
    assert_int_equal(atomic_load(&toy_counts_of(t)->ended), 0);
    assert_true(transport_connect(&client, toy_address(t), 0));
    assert_int_equal(transport_get(&client, "/slot"), 503); /* still out */
    toy_release(t, 1);
    toy_wait_count(&toy_counts_of(t)->gone, 1);
    assert_int_equal(transport_get(&client, "/slot"), 200);
    stop();
}

static void test_client_leaves_while_pool_work_is_out(void **state)
{
    (void)state;
    start(NULL);
    say_get("/pool");
    toy_wait_count(&toy_counts_of(t)->begun, 1);
    transport_reset(&client);
    while (sp_server_connections(toy_server(t)) > 0)
        usleep(1000);
    assert_int_equal(atomic_load(&toy_counts_of(t)->ended), 0);
    toy_pool_release(t);
    toy_wait_count(&toy_counts_of(t)->gone, 1);
    assert_true(transport_connect(&client, toy_address(t), 0));
    say_get("/pool");
    toy_pool_release(t);
    expect_answer(200, "/pool  ");
    stop();
}

static void test_queue_full(void **state)
{
    (void)state;
    /* By the slots: the second finds none. */
    start(&(toy_options){.slots_per_loop = 1});
    say_get("/held/1");
    say_get("/slot");
    toy_release(t, 1);
    expect_answer(200, "slot");
    expect_answer(503, "queue_full");
    assert_int_equal(transport_get(&client, "/slot"), 200);
    stop();
    /* By the queue: two fit, the others bounce, and their slots are back. */
    start(&(toy_options){.queue_capacity = 2, .sequencer_paused = true});
    for (int i = 0; i < 5; i++)
        say_get("/slot");
    toy_wait_count(&toy_counts_of(t)->completed, 3);
    toy_resume(t);
    expect_answer(200, "slot");
    expect_answer(200, "slot");
    for (int i = 0; i < 3; i++)
        expect_answer(503, "queue_full");
    stop();
}

/* Requests in pieces that end anywhere, many connections at once. */
static void test_dripping_clients(void **state)
{
    (void)state;
    enum { CLIENTS = 50 };
    static const char text[] = "POST /slot HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nabcd"
                               "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "2\r\nab\r\n0\r\n\r\n";
    transport_client clients[CLIENTS];
    t = toy_start(&(toy_options){.loops_count = 2});
    for (int i = 0; i < CLIENTS; i++)
        assert_true(transport_connect(&clients[i], toy_address(t), 0));
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (int i = 0; i < CLIENTS; i++)
            transport_send(&clients[i], text + at, 1);
    for (int i = 0; i < CLIENTS; i++) {
        client = clients[i];
        expect_answer(200, "slot");
        expect_answer(200, "/x  ab");
        transport_close(&client);
    }
    toy_stop(t, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_second_command_of_one_request),
        cmocka_unit_test(test_answers_in_request_order),
        cmocka_unit_test(test_hundred_pipelined),
        cmocka_unit_test(test_in_flight_limit),
        cmocka_unit_test(test_held_limit),
        cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_expect_waits_for_its_turn),
        cmocka_unit_test(test_expect_of_too_much),
        cmocka_unit_test(test_refusal_in_turn_and_lingering),
        cmocka_unit_test(test_lingering_has_an_end),
        cmocka_unit_test(test_refused_head_has_no_body),
        cmocka_unit_test(test_refused_head_of_half_a_line_has_no_body),
        cmocka_unit_test(test_nothing_behind_a_close),
        cmocka_unit_test(test_app_closes_with_a_slot_out),
        cmocka_unit_test(test_half_close_is_answered),
        cmocka_unit_test(test_client_leaves_while_a_slot_is_out),
        cmocka_unit_test(test_client_leaves_while_pool_work_is_out),
        cmocka_unit_test(test_queue_full),
        cmocka_unit_test(test_dripping_clients),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
