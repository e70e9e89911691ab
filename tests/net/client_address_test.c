/* SPDX-License-Identifier: MIT
 *
 * Addresses as text, subnets, and who asks behind proxies.
 */
#include "net/client_address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/proxy.h"

static sp_client_address address(const char *text)
{
    sp_client_address out;
    if (!sp_client_address_parse(text, strlen(text), &out))
        fail_msg("not an address: %s", text);
    return out;
}

static void expect_text(sp_client_address found, const char *wanted)
{
    char text[SP_CLIENT_ADDRESS_TEXT_SIZE_MAX];
    assert_int_equal(sp_client_address_print(&found, text), strlen(wanted));
    assert_string_equal(text, wanted);
}

static void texts(void **state)
{
    static const char *const good[][2] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:db8:0:0:0:0:0:1", "2001:db8::1"},
        {"::1", "::1"},
        {"::", "unknown"},
    };
    static const char *const bad[] = {"",          "1",          "1.2.3",       "1.2.3.4.5",
                                      "1.2.3.256", "01.2.3.4",   "1.2.3.4 ",    "1.2.3.4:80",
                                      "[::1]",     "fe80::1%lo", "2001:db8::g", "unknown",
                                      "1::2::3",   "_hidden",    ":1.2.3.4"};
    sp_client_address out;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect_text(address(good[i][0]), good[i][1]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_client_address_parse(bad[i], strlen(bad[i]), &out))
            fail_msg("taken: %s", bad[i]);
    assert_false(sp_client_address_parse("1.2.3.4\0", 8, &out));
}

static void of_sockets(void **state)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = 80};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    struct sockaddr other = {.sa_family = AF_UNIX};
    (void)state;
    assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &ipv4.sin_addr), 1);
    expect_text(sp_client_address_of((struct sockaddr *)&ipv4), "192.0.2.7");
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &ipv6.sin6_addr), 1);
    expect_text(sp_client_address_of((struct sockaddr *)&ipv6), "192.0.2.7");
    expect_text(sp_client_address_of(&other), "unknown");
}

static void subnets(void **state)
{
    static const struct {
        const char *subnet, *inside, *outside;
    } good[] = {
        {"10.0.0.0/8", "10.255.0.1", "11.0.0.1"},
        {"192.0.2.128/25", "192.0.2.200", "192.0.2.127"},
        {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
        {"192.0.2.1/32", "192.0.2.1", "192.0.2.0"},
        {"0.0.0.0/0", "255.255.255.255", "2001:db8::1"},
        {"::/0", "192.0.2.1", NULL},
        {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"},
        {"2001:db8::8/125", "2001:db8::f", "2001:db8::7"},
        {"2001:db8::1/128", "2001:db8::1", "2001:db8::"},
        {"::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0"},
    };
    static const char *const bad[] = {
        "",           "10.0.0.0/",    "10.0.0.0/33",       "10.0.0.1/8", "10.0.0.0/08",
        "10.0.0.0/x", "10.0.0.0/-1",  "10.0.0.0/8/8",      "10.0.0/8",   "/8",
        "::1/0",      "2001:db8::/0", "2001:db8::1/127",   "::/129",     "10.0.0.0/ 8",
        "::/1000",    "localhost",    "2001:db8::/255.0.0"};
    sp_subnet subnet;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!sp_subnet_parse(good[i].subnet, &subnet))
            fail_msg("not a subnet: %s", good[i].subnet);
        sp_client_address inside = address(good[i].inside);
        if (!sp_subnet_has(&subnet, &inside))
            fail_msg("%s is not in %s", good[i].inside, good[i].subnet);
        if (good[i].outside == NULL)
            continue;
        sp_client_address outside = address(good[i].outside);
        if (sp_subnet_has(&subnet, &outside))
            fail_msg("%s is in %s", good[i].outside, good[i].subnet);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_subnet_parse(bad[i], &subnet))
            fail_msg("taken: %s", bad[i]);
}

static void networks(void **state)
{
    static const char *const cases[][2] = {
        {"192.0.2.77", "192.0.2.0"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
        {"::1", "unknown"}, /* ::/64 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_client_address whole = address(cases[i][0]);
        expect_text(sp_client_network(&whole), cases[i][1]);
    }
    sp_client_address ipv4 = address("192.0.2.77"), ipv6 = address("2001:db8:1:2:3:4:5:6");
    expect_text(sp_client_wide_network(&ipv4), "192.0.0.0");
    expect_text(sp_client_wide_network(&ipv6), "2001:db8:1::");
}

static void behind_proxies(void **state)
{
    static const struct {
        const char *peer, *forwarded, *client;
    } cases[] = {
        /* Nobody believes a stranger. */
        {"203.0.113.9", "192.0.2.1", "203.0.113.9"},
        {"203.0.113.9", NULL, "203.0.113.9"},
        /* One proxy, two, and what the client had made up before them. */
        {"10.0.0.1", "192.0.2.1", "192.0.2.1"},
        {"10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "1.1.1.1, 192.0.2.1,10.0.0.2", "192.0.2.1"},
        {"10.0.0.1", "10.9.9.9, 192.0.2.1", "192.0.2.1"},
        {"2001:db8::5", "192.0.2.1", "192.0.2.1"},
        /* All trusted: the leftmost. None given: the peer. */
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", " , ,", "10.0.0.1"},
        /* What is no address ends the walk. */
        {"10.0.0.1", "unknown", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1, unknown", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1, nonsense, 10.0.0.2", "10.0.0.2"},
        {"10.0.0.1", "192.0.2.1:x", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1:", "10.0.0.1"},
        {"10.0.0.1", "192.0.2.1:123456", "10.0.0.1"},
        {"10.0.0.1", "[192.0.2.1]", "10.0.0.1"},
        {"10.0.0.1", "[2001:db9::1", "10.0.0.1"},
        {"10.0.0.1", "[2001:db9::1]80", "10.0.0.1"},
        {"10.0.0.1", "[]", "10.0.0.1"},
        /* Ports and brackets. */
        {"10.0.0.1", "192.0.2.1:80", "192.0.2.1"},
        {"10.0.0.1", "192.0.2.1, 10.0.0.2:4711", "192.0.2.1"},
        {"10.0.0.1", "2001:db9::1", "2001:db9::1"},
        {"10.0.0.1", "[2001:db9::1]", "2001:db9::1"},
        {"10.0.0.1", "[2001:db9::1]:443 ,, 10.0.0.2", "2001:db9::1"},
    };
    sp_subnet trusted[2];
    (void)state;
    assert_true(sp_subnet_parse("10.0.0.0/8", &trusted[0]));
    assert_true(sp_subnet_parse("2001:db8::/32", &trusted[1]));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[SP_CLIENT_ADDRESS_TEXT_SIZE_MAX];
        const char *given = cases[i].forwarded;
        sp_text forwarded = {given, given ? (uint32_t)strlen(given) : 0};
        sp_client_address peer = address(cases[i].peer);
        sp_client_address client = sp_proxy_client(trusted, 2, &peer, forwarded);
        sp_client_address_print(&client, text);
        if (strcmp(text, cases[i].client) != 0)
            fail_msg("%s of %s: %s, wanted %s", given ? given : "nothing", cases[i].peer, text,
                     cases[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),    cmocka_unit_test(of_sockets),     cmocka_unit_test(subnets),
        cmocka_unit_test(networks), cmocka_unit_test(behind_proxies),
    };
    return cmocka_run_group_tests_name("client address", tests, NULL, NULL);
}
