/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/listen.h"
#include "tests/support/transport_client.h"
#include "tests/support/transport_toy.h"

static void expect_parsed(const char *text, const char *host, uint16_t port)
{
    sp_listen_address address;
    if (!sp_listen_address_parse(text, &address))
        fail_msg("%s was refused", text);
    assert_string_equal(address.host, host);
    assert_int_equal(address.port, port);
}

static void test_parse(void **state)
{
    (void)state;
    expect_parsed("127.0.0.1:8080", "127.0.0.1", 8080);
    expect_parsed("localhost:0", "localhost", 0);
    expect_parsed("example.org:65535", "example.org", 65535);
    expect_parsed("[::1]:80", "::1", 80);
    expect_parsed("[::]:0", "::", 0);
    const char *const bad[] = {
        "",        "8080",    ":8080",       "host",     "host:",     "host:65536",
        "host:-1", "host:+1", "host:80x",    "host: 80", "host:0x50", "host:123456",
        "::1:80",  "[::1]",   "[::1]80",     "[::1]:",   "[]:80",     "[::1:80",
        "::1]:80", "a b:80",  "http://h:80", "u@h:80",   "h/p:80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_listen_address address;
        if (sp_listen_address_parse(bad[i], &address))
            fail_msg("%s was taken", bad[i]);
    }
    char longest[400];
    sp_listen_address address;
    memset(longest, 'a', 255);
    snprintf(longest + 255, sizeof longest - 255, ":1");
    assert_true(sp_listen_address_parse(longest, &address));
    memset(longest, 'a', 256);
    snprintf(longest + 256, sizeof longest - 256, ":1");
    assert_false(sp_listen_address_parse(longest, &address));
}

/* Opens what `name` says, for so many loops. */
static int open_named(const char *name, int *fds, uint32_t count)
{
    sp_listen_address address;
    assert_true(sp_listen_address_parse(name, &address));
    return sp_listen_open(&address, fds, count);
}

static void close_all(const int *fds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        close(fds[i]);
}

/* However many loops either has, the second fails, and the port is free again
 * when the first has gone. */
static void test_port_is_exclusive(void **state)
{
    (void)state;
    for (uint32_t first = 1; first <= 4; first += 3)
        for (uint32_t second = 1; second <= 4; second += 3) {
            int fds[4], others[4];
            char name[64];
            assert_int_equal(open_named("127.0.0.1:0", fds, first), 0);
            sp_listen_name(fds[0], name, sizeof name);
            assert_int_equal(open_named(name, others, second), UV_EADDRINUSE);
            close_all(fds, first);
            assert_int_equal(open_named(name, others, second), 0);
            close_all(others, second);
        }
}

static void test_all_loops_share_the_chosen_port(void **state)
{
    (void)state;
    int fds[3];
    char first[64], other[64];
    int status = open_named("[::1]:0", fds, 3);
    if (status == UV_EADDRNOTAVAIL || status == UV_EAFNOSUPPORT)
        skip(); /* a machine without IPv6 */
    assert_int_equal(status, 0);
    sp_listen_name(fds[0], first, sizeof first);
    assert_memory_equal(first, "[::1]:", 6);
    for (int i = 1; i < 3; i++) {
        sp_listen_name(fds[i], other, sizeof other);
        assert_string_equal(first, other);
    }
    close_all(fds, 3);
}

static void test_names_are_resolved(void **state)
{
    (void)state;
    int fd;
    char name[64];
    assert_int_equal(open_named("localhost:0", &fd, 1), 0);
    sp_listen_name(fd, name, sizeof name);
    assert_true(strncmp(name, "127.0.0.1:", 10) == 0 || strncmp(name, "[::1]:", 6) == 0);
    close(fd);
    assert_true(open_named("no-such-host.invalid:0", &fd, 1) < 0);
}

static void test_second_server_fails(void **state)
{
    (void)state;
    toy *t = toy_start(&(toy_options){.loops_count = 2});
    sp_listen_address address;
    assert_true(sp_listen_address_parse(toy_address(t), &address));
    sp_server_config config = {.addresses = &address,
                               .addresses_count = 1,
                               .loops_count = 2,
                               .slots_per_loop = 1,
                               .connections_max = 1};
    sp_server *second;
    const char *failed = NULL;
    assert_int_equal(sp_server_start(&config, &second, &failed), UV_EADDRINUSE);
    assert_string_equal(failed, "127.0.0.1");
    toy_stop(t, 1000);
}

/* A restart must not wait for connections in TIME_WAIT. */
static void test_restart_on_the_same_port(void **state)
{
    (void)state;
    char name[128];
    transport_client client;
    toy *t = toy_start(&(toy_options){.loops_count = 2});
    snprintf(name, sizeof name, "%s", toy_address(t));
    assert_true(transport_connect(&client, name, 0));
    assert_int_equal(transport_get(&client, "/bye"), 200);
    assert_true(transport_wait_end(&client, NULL)); /* the server ended first */
    transport_close(&client);
    toy_stop(t, 1000);
    t = toy_start(&(toy_options){.address = name, .loops_count = 2});
    assert_string_equal(toy_address(t), name);
    toy_stop(t, 1000);
}

static void test_several_loops_take_connections(void **state)
{
    (void)state;
    enum { CLIENTS = 64 };
    toy *t = toy_start(&(toy_options){.loops_count = 3});
    transport_client clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        assert_true(transport_connect(&clients[i], toy_address(t), 0));
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(transport_get(&clients[i], "/slot"), 200);
    /* The kernel spreads them by a hash of the client's port. */
    assert_int_equal(atomic_load(&toy_counts_of(t)->loops_used), 7);
    assert_int_equal(sp_server_connections(toy_server(t)), CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        transport_close(&clients[i]);
    toy_stop(t, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_port_is_exclusive),
        cmocka_unit_test(test_all_loops_share_the_chosen_port),
        cmocka_unit_test(test_names_are_resolved),
        cmocka_unit_test(test_second_server_fails),
        cmocka_unit_test(test_restart_on_the_same_port),
        cmocka_unit_test(test_several_loops_take_connections),
    };
    return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
