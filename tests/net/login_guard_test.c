/* SPDX-License-Identifier: MIT */
#include "net/login_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#define NOW_US UINT64_C(1000000000)

static sp_login_guard *guard;

/* A host of a network of its own: 10.a.b.host, mapped. */
static sp_client_address host_of(unsigned network, unsigned host)
{
    sp_client_address address = {{[10] = 0xff, [11] = 0xff, [12] = 10}};
    address.bytes[13] = (uint8_t)(network >> 8);
    address.bytes[14] = (uint8_t)network;
    address.bytes[15] = (uint8_t)host;
    return address;
}

static bool enter_at(const char *account, unsigned network, unsigned host, uint64_t now_us,
                     sp_login_try *out)
{
    uint32_t retry_after_s = 0;
    sp_client_address client = host_of(network, host);
    sp_text name = {account, (uint32_t)strlen(account)};
    bool entered = sp_login_guard_enter(guard, name, &client, now_us, out, &retry_after_s);
    if (!entered)
        assert_in_range(retry_after_s, 1, 60);
    return entered;
}

static bool enter(const char *account, unsigned network, sp_login_try *out)
{
    return enter_at(account, network, 1, NOW_US, out);
}

/* Wrong passwords until it is enough; how many there were. */
static unsigned fail_out(const char *account, unsigned network, unsigned count_max)
{
    sp_login_try attempt;
    unsigned count = 0;
    while (count < count_max && enter(account, network, &attempt))
        count++;
    return count;
}

static void succeed(const sp_login_try *attempt, sp_user_id user, unsigned network)
{
    sp_client_address client = host_of(network, 1);
    sp_login_guard_succeed(guard, attempt, user, &client);
}

static bool enter_user(sp_user_id user, unsigned network, sp_login_try *out)
{
    uint32_t retry_after_s = 0;
    sp_client_address client = host_of(network, 1);
    return sp_login_guard_enter_user(guard, user, &client, NOW_US, out, &retry_after_s);
}

static void failures_of_a_pair_are_counted(void **state)
{
    sp_login_try attempt;
    (void)state;
    assert_int_equal(fail_out("ann@example.org", 1, 1000), SP_LOGIN_PAIR_BURST);
    /* Another host of the network, another spelling: the same pair. */
    assert_false(enter_at("ann@example.org", 1, 200, NOW_US, &attempt));
    assert_false(enter("ANN@Example.ORG", 1, &attempt));
    /* Another account, or network, is another. */
    assert_true(enter("bob@example.org", 1, &attempt));
    assert_true(enter("ann@example.org", 2, &attempt));
    /* One more for each interval. */
    uint64_t later_us = NOW_US + SP_LOGIN_PAIR_INTERVAL_US;
    assert_true(enter_at("ann@example.org", 1, 1, later_us, &attempt));
    assert_false(enter_at("ann@example.org", 1, 1, later_us, &attempt));
}

static void right_passwords_cost_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        sp_login_try attempt;
        assert_true(enter("ann@example.org", 1, &attempt));
        succeed(&attempt, 1, 1);
    }
    for (unsigned i = 0; i < 1000; i++) {
        sp_login_try attempt;
        assert_true(enter("bob@example.org", 2, &attempt));
        sp_login_guard_withdraw(guard, &attempt);
    }
    /* Nothing was given back twice: not one more than there are. */
    assert_int_equal(fail_out("bob@example.org", 2, 1000), SP_LOGIN_PAIR_BURST);
}

/* Taken before the password is computed: so many at once are all that there are. */
static void tries_at_once_all_count(void **state)
{
    sp_login_try attempts[SP_LOGIN_PAIR_BURST], more;
    (void)state;
    for (unsigned i = 0; i < SP_LOGIN_PAIR_BURST; i++)
        assert_true(enter("ann@example.org", 1, &attempts[i]));
    assert_false(enter("ann@example.org", 1, &more));
    sp_login_guard_withdraw(guard, &attempts[0]);
    assert_true(enter("ann@example.org", 1, &more));
    assert_false(enter("ann@example.org", 1, &more));
}

/* One network over many accounts. */
static void failures_of_a_network_are_counted(void **state)
{
    unsigned count = 0;
    sp_login_try attempt;
    char account[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(account, sizeof account, "user%u@example.org", i);
        count += enter(account, 1, &attempt);
    }
    assert_int_equal(count, SP_LOGIN_NETWORK_BURST);
    assert_true(enter("user999@example.org", 2, &attempt));
    /* What was refused for the network's sake has cost the pair nothing. */
    assert_int_equal(fail_out("user999@example.org", 1, 1000), 0);
    for (unsigned i = 0; i < 2 * SP_LOGIN_PAIR_BURST; i++)
        assert_false(enter("user999@example.org", 1, &attempt));
    assert_true(
        enter_at("user999@example.org", 1, 1, NOW_US + SP_LOGIN_NETWORK_INTERVAL_US, &attempt));
}

/* Each network in a wide one of its own. */
static unsigned apart(unsigned network)
{
    return network * 256;
}

/* Many networks over one account: what it has, and one an hour from each. */
static void failures_of_an_account_are_counted(void **state)
{
    sp_login_try attempt;
    (void)state;
    for (unsigned i = 0; i < SP_LOGIN_ACCOUNT_BURST; i++)
        assert_true(enter("ann@example.org", apart(i / 10), &attempt));
    assert_true(enter("ann@example.org", apart(100), &attempt));
    assert_false(enter("ann@example.org", apart(100), &attempt));
    assert_true(enter("ann@example.org", apart(101), &attempt));
    assert_true(enter("bob@example.org", apart(100), &attempt));
    /* Asking again and again is paid for: the pair has nothing left when the
     * account has. */
    for (unsigned i = 2; i < SP_LOGIN_PAIR_BURST; i++)
        assert_false(enter("ann@example.org", apart(100), &attempt));
    uint64_t later_us = NOW_US + SP_LOGIN_ACCOUNT_INTERVAL_US;
    assert_false(enter_at("ann@example.org", apart(100), 1, later_us, &attempt));
    assert_true(enter_at("ann@example.org", apart(102), 1, later_us, &attempt));
    /* And by the network: the pair's twenty and bob's one are gone. */
    unsigned count = 0;
    char account[32];
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(account, sizeof account, "user%u@example.org", i);
        count += enter(account, apart(100), &attempt);
    }
    assert_int_equal(count, SP_LOGIN_NETWORK_BURST - SP_LOGIN_PAIR_BURST - 1);
}

/* A try that was never judged has not used up the one of the hour. */
static void the_try_of_the_hour_comes_back(void **state)
{
    sp_login_try attempt;
    (void)state;
    for (unsigned i = 0; i < SP_LOGIN_ACCOUNT_BURST; i++)
        assert_true(enter("ann@example.org", apart(i / 10), &attempt));
    assert_true(enter("ann@example.org", apart(100), &attempt));
    sp_login_guard_withdraw(guard, &attempt);
    assert_true(enter("ann@example.org", apart(100), &attempt));
    assert_false(enter("ann@example.org", apart(100), &attempt));
}

/* Many networks of one customer. */
static void failures_of_a_wide_network_are_counted(void **state)
{
    sp_login_try attempt;
    char account[32];
    unsigned count = 0;
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(account, sizeof account, "user%u@example.org", i);
        count += enter(account, i % 256, &attempt);
    }
    assert_int_equal(count, SP_LOGIN_WIDE_BURST);
    assert_false(enter("ann@example.org", 255, &attempt));
    assert_true(enter("ann@example.org", 256, &attempt));
    assert_true(enter_at("ann@example.org", 255, 1, NOW_US + SP_LOGIN_WIDE_INTERVAL_US, &attempt));
}

/* What is known is not told by what is left: tries on a known pair cost its
 * network as much. */
static void a_known_pair_costs_its_network_as_much(void **state)
{
    sp_login_try attempt;
    char account[32];
    unsigned count = 0;
    (void)state;
    assert_true(enter("ann@example.org", 1, &attempt));
    succeed(&attempt, 1, 1);
    assert_int_equal(fail_out("ann@example.org", 1, 1000), SP_LOGIN_PAIR_BURST);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(account, sizeof account, "user%u@example.org", i);
        count += enter(account, 1, &attempt);
    }
    assert_int_equal(count, SP_LOGIN_NETWORK_BURST - SP_LOGIN_PAIR_BURST);
}

/* No e-mail, whatever its bytes, is a user's id; ids that differ in a bit are
 * others (0x41 and 0x61 fold to one as text). */
static void new_passwords_have_buckets_of_their_own(void **state)
{
    sp_login_try attempt;
    const char id[] = {0x41, 0, 0, 0, 0};
    unsigned count = 0;
    (void)state;
    (void)enter(id, 1, &attempt);
    sp_client_address client = host_of(1, 1);
    uint32_t retry_after_s;
    while (count < 1000 &&
           sp_login_guard_enter(guard, (sp_text){id, 4}, &client, NOW_US, &attempt, &retry_after_s))
        count++;
    assert_int_equal(count, SP_LOGIN_PAIR_BURST);
    for (count = 0; count < 1000 && enter_user(0x41, 1, &attempt);)
        count++;
    assert_int_equal(count, SP_LOGIN_PAIR_BURST);
    assert_true(enter_user(0x61, 1, &attempt));
    /* A log-in makes its network known here too: it has more than the account's. */
    assert_true(enter("kim@example.org", apart(200), &attempt));
    succeed(&attempt, 7, apart(200));
    for (unsigned i = 0; i < SP_LOGIN_ACCOUNT_BURST; i++)
        assert_true(enter_user(7, apart(i / 10), &attempt));
    for (unsigned i = 0; i < SP_LOGIN_PAIR_BURST; i++)
        assert_true(enter_user(7, apart(200), &attempt));
    assert_false(enter_user(7, apart(200), &attempt));
    assert_true(enter_user(7, apart(201), &attempt));
    assert_false(enter_user(7, apart(201), &attempt));
}

static void a_sign_up_is_given_back(void **state)
{
    sp_client_address client = host_of(1, 9);
    uint32_t retry_after_s;
    uint64_t taken;
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        assert_true(sp_login_guard_sign_up(guard, &client, NOW_US, &taken, &retry_after_s));
        sp_login_guard_withdraw_sign_up(guard, taken);
    }
}

/* Never locks a person out by another's guesses: from where she has logged in
 * before, neither those from elsewhere nor those of her own network's others
 * on other accounts keep her out; her own failures do. */
static void a_known_network_is_not_locked_out_by_others(void **state)
{
    sp_login_try attempt;
    char account[32];
    (void)state;
    assert_true(enter("ann@example.org", 7, &attempt));
    succeed(&attempt, 1, 7);
    for (unsigned network = 1000; network < 2000; network++)
        (void)enter("ann@example.org", network, &attempt);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(account, sizeof account, "user%u@example.org", i);
        (void)enter(account, 7, &attempt);
    }
    assert_true(enter("ann@example.org", 3000, &attempt)); /* its one an hour */
    assert_false(enter("ann@example.org", 3000, &attempt));
    assert_false(enter("bob@example.org", 7, &attempt));
    assert_true(enter("ann@example.org", 7, &attempt));
    succeed(&attempt, 1, 7);
    assert_int_equal(fail_out("ann@example.org", 7, 1000), SP_LOGIN_PAIR_BURST);
}

/* Nobody learns from the guard who has an account: it can't know. What names an
 * account that is no e-mail is another account. */
static void any_name_is_counted(void **state)
{
    sp_login_try attempt;
    char longest[255];
    (void)state;
    memset(longest, 'x', 254);
    longest[254] = '\0';
    assert_int_equal(fail_out(longest, 1, 1000), SP_LOGIN_PAIR_BURST);
    longest[253] = 'y';
    assert_true(enter(longest, 1, &attempt));
    assert_true(enter("", 1, &attempt));
}

static unsigned sign_up_all(sp_login_guard *of, unsigned network, uint64_t now_us)
{
    unsigned count = 0;
    uint32_t retry_after_s = 0;
    uint64_t taken;
    sp_client_address client = host_of(network, 9);
    while (count < 1000 && sp_login_guard_sign_up(of, &client, now_us, &taken, &retry_after_s))
        count++;
    if (count < 1000)
        assert_in_range(retry_after_s, 1, 3600);
    return count;
}

static void sign_ups_are_counted_per_network(void **state)
{
    (void)state;
    assert_int_equal(sign_up_all(guard, 1, NOW_US), 12);
    assert_int_equal(sign_up_all(guard, 1, NOW_US), 0);
    assert_int_equal(sign_up_all(guard, 2, NOW_US), 12);
    assert_int_equal(sign_up_all(guard, 1, NOW_US + UINT64_C(300) * 1000 * 1000), 1);
    assert_int_equal(sign_up_all(guard, 1, NOW_US + UINT64_C(8000) * 1000 * 1000), 12);
    sp_login_guard *open = sp_login_guard_create(0);
    assert_non_null(open);
    assert_int_equal(sign_up_all(open, 1, NOW_US), 1000);
    sp_login_guard_destroy(open);
}

static int set_up(void **state)
{
    (void)state;
    guard = sodium_init() < 0 ? NULL : sp_login_guard_create(12);
    return guard ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_login_guard_destroy(guard);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(failures_of_a_pair_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(right_passwords_cost_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tries_at_once_all_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_of_a_network_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_of_an_account_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_try_of_the_hour_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_of_a_wide_network_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_known_pair_costs_its_network_as_much, set_up, tear_down),
        cmocka_unit_test_setup_teardown(new_passwords_have_buckets_of_their_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_sign_up_is_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_known_network_is_not_locked_out_by_others, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(any_name_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sign_ups_are_counted_per_network, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
