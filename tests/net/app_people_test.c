/* SPDX-License-Identifier: MIT
 *
 * People over a fake transport and a real engine: what they change of
 * themselves, what an ADMIN and a host see of them, their ledger, and what is
 * left when they have erased themselves.
 */
#include "tests/net/app_stage.h"

/* User 1 is ADMIN, 2 a host with one concert, 3 a buyer. */
static char buyer_token[SP_TOKEN_SIZE_MAX + 8];

static void stage(void **state)
{
    (void)state;
    sign_up("admin@example.org", "1");
    sign_up("host@example.org", "2");
    sign_up("buyer@example.org", "3");
    make_admin();
    log_in("admin@example.org", admin_token);
    log_in("host@example.org", user_token);
    log_in("buyer@example.org", buyer_token);
    expect(
        ASK(SP_METHOD_PUT, "/v1/users/2/role", .body = "{\"role\":\"HOST\"}", .token = admin_token),
        200, NULL);
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Rock\"}", .token = admin_token),
        201, NULL);
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body, .token = user_token), 201,
           NULL);
}

static void one_edits_oneself(void **state)
{
    static const char both[] =
        "{\"nickname\":\"B\\u00e9\",\"profileImageUrl\":\"https://example.org/b.png\"}";
    (void)state;
    expect(ASK(SP_METHOD_PATCH, "/v1/users/me", .body = both, .token = buyer_token), 200,
           "{\"id\":\"3\",\"email\":\"buyer@example.org\",\"nickname\":\"B\xc3\xa9\","
           "\"profileImageUrl\":\"https://example.org/b.png\",\"role\":\"USER\",\"points\":500,");
    expect(ASK(SP_METHOD_PATCH, "/v1/users/me", .body = "{}", .token = buyer_token), 200,
           "\"nickname\":\"B\xc3\xa9\",\"profileImageUrl\":\"https://example.org/b.png\"");
    expect(ASK(SP_METHOD_PATCH, "/v1/users/me", .body = "{\"nickname\":\"bob\"}",
               .token = buyer_token),
           200, "\"nickname\":\"bob\",\"profileImageUrl\":\"https://example.org/b.png\"");
    expect(ASK(SP_METHOD_PATCH, "/v1/users/me", .body = "{\"profileImageUrl\":null}",
               .token = buyer_token),
           200, "\"nickname\":\"bob\",\"profileImageUrl\":null");
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = buyer_token), 200,
           "\"nickname\":\"bob\",\"profileImageUrl\":null");
    expect(ASK(SP_METHOD_PATCH, "/v1/users/me",
               .body = "{\"nickname\":null,\"role\":\"ADMIN\",\"profileImageUrl\":\"x\"}",
               .token = buyer_token),
           422, "\"field\":\"role\",\"code\":\"unknown\"");
    expect_code(ASK(SP_METHOD_PATCH, "/v1/users/me", .token = buyer_token), 400, "malformed_body");
    expect_code(ASK(SP_METHOD_PATCH, "/v1/users/me", .body = "{}"), 401, "token_missing");
    /* The others are as they were. */
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 200, "\"nickname\":\"n\"");
    assert_int_equal(profiles.reads_on_loop, 0);
}

static void an_admin_lists_users(void **state)
{
    (void)state;
    fake_answer first = ASK(SP_METHOD_GET, "/v1/users?limit=2", .token = admin_token);
    assert_null(strstr(first.body, "argon2"));
    assert_null(strstr(first.body, "assword"));
    expect(first, 200,
           "{\"items\":[{\"id\":\"1\",\"email\":\"admin@example.org\",\"nickname\":\"n\","
           "\"profileImageUrl\":null,\"role\":\"ADMIN\",\"points\":500,");
    expect(ASK(SP_METHOD_GET, "/v1/users?limit=2", .token = admin_token), 200,
           "\"nextCursor\":\"2\"}");
    expect(ASK(SP_METHOD_GET, "/v1/users?limit=2&cursor=2", .token = admin_token), 200,
           "{\"items\":[{\"id\":\"3\",\"email\":\"buyer@example.org\",\"nickname\":\"bob\"");
    expect(ASK(SP_METHOD_GET, "/v1/users?cursor=2", .token = admin_token), 200,
           "\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/users?cursor=4294967295", .token = admin_token), 200,
           "{\"items\":[],\"nextCursor\":null}");
    expect_code(ASK(SP_METHOD_GET, "/v1/users", .token = user_token), 403, "role_required");
    expect_code(ASK(SP_METHOD_GET, "/v1/users"), 401, "token_missing");
    profiles.fails = true;
    expect_code(ASK(SP_METHOD_GET, "/v1/users", .token = admin_token), 500, "internal");
    expect_code(ASK(SP_METHOD_PATCH, "/v1/users/me", .body = "{}", .token = buyer_token), 500,
                "internal");
    profiles.fails = false;
}

static void a_host_reads_the_orders_of_his_concert(void **state)
{
    (void)state;
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1/orders", .token = user_token), 200,
           "{\"items\":[],\"totals\":{\"orders\":0,\"cancelled\":0,\"seats\":0,\"amount\":0,"
           "\"refunded\":0},\"nextCursor\":null}");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[0,10]}",
               .token = buyer_token),
           201, "\"id\":\"1\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[11]}",
               .token = buyer_token),
           201, "\"id\":\"2\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[12]}",
               .token = user_token),
           201, "\"id\":\"3\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders/2/cancel", .token = buyer_token), 200, NULL);
    fake_answer page =
        ASK(SP_METHOD_GET, "/v1/concerts/1/orders?limit=2&cursor=3", .token = user_token);
    assert_non_null(strstr(page.body, "\"user\":{\"id\":\"3\",\"nickname\":\"bob\"}},{\"id\":"));
    assert_null(strstr(page.body, "example.org"));
    expect(page, 200,
           "\"user\":{\"id\":\"3\",\"nickname\":\"bob\"}}],\"totals\":{\"orders\":3,\"cancelled\":"
           "1,\"seats\":3,\"amount\":190,\"refunded\":30},\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1/orders?limit=1", .token = admin_token), 200,
           "\"user\":{\"id\":\"2\",\"nickname\":\"n\"}}],\"totals\":{\"orders\":3,\"cancelled\":1,"
           "\"seats\":3,\"amount\":190,\"refunded\":30},\"nextCursor\":\"3\"}");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/1/orders", .token = buyer_token), 403,
                "not_owner");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/9/orders", .token = user_token), 404,
                "concert_unknown");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/x/orders", .token = user_token), 404,
                "concert_unknown");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/1/orders"), 401, "token_missing");
    profiles.fails = true;
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/1/orders", .token = user_token), 500, "internal");
    profiles.fails = false;
    assert_int_equal(profiles.reads_on_loop, 0);
}

static void an_admin_reads_anyones_orders(void **state)
{
    (void)state;
    expect(ASK(SP_METHOD_GET, "/v1/orders?user=3&limit=1", .token = admin_token), 200,
           "{\"items\":[{\"id\":\"2\",");
    expect(ASK(SP_METHOD_GET, "/v1/orders?user=3&limit=1&cursor=2", .token = admin_token), 200,
           "{\"items\":[{\"id\":\"1\",");
    expect(ASK(SP_METHOD_GET, "/v1/orders?user=3", .token = buyer_token), 200, "\"id\":\"2\"");
    expect_code(ASK(SP_METHOD_GET, "/v1/orders?user=3", .token = user_token), 403, "role_required");
    expect_code(ASK(SP_METHOD_GET, "/v1/orders?user=99", .token = admin_token), 404,
                "user_unknown");
    expect(ASK(SP_METHOD_GET, "/v1/orders?user=x", .token = admin_token), 422,
           "\"field\":\"user\",\"code\":\"format\"");
    /* Without it, one's own: what the request before asked is forgotten. */
    expect(ASK(SP_METHOD_GET, "/v1/orders", .token = admin_token), 200,
           "{\"items\":[],\"nextCursor\":null}");
}

/* Newest first: a refund, a sale, another, and what he began with. */
static void a_ledger_goes_back_page_by_page(void **state)
{
    static const struct {
        const char *amount, *balance;
    } wanted[] = {{"30", "370"}, {"-30", "340"}, {"-130", "370"}, {"500", "500"}};
    char target[128] = "/v1/users/me/ledger?limit=1", text[64];
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fake_answer page =
            ask((given){.method = SP_METHOD_GET, .target = target, .token = buyer_token});
        snprintf(text, sizeof text, ",\"amount\":%s,\"balance\":%s,\"orderId\":", wanted[i].amount,
                 wanted[i].balance);
        const char *cursor = strstr(page.body, "\"nextCursor\":");
        assert_non_null(cursor);
        cursor += strlen("\"nextCursor\":");
        if (i < 3)
            snprintf(target, sizeof target, "/v1/users/me/ledger?limit=1&cursor=%.*s",
                     (int)strcspn(cursor + 1, "\""), cursor + 1);
        else
            assert_string_equal(cursor, "null}");
        expect(page, 200, text);
    }
    expect(ASK(SP_METHOD_GET, "/v1/users/me/ledger?cursor=1.500", .token = buyer_token), 200,
           "{\"items\":[],\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/users/me/ledger?cursor=5", .token = buyer_token), 422,
           "\"field\":\"cursor\",\"code\":\"format\"");
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me/ledger"), 401, "token_missing");
    /* Who sells to himself moves nothing, and sees that. */
    expect(ASK(SP_METHOD_GET, "/v1/users/me/ledger?limit=1", .token = user_token), 200,
           "\"type\":\"order_cancelled\",\"amount\":-30,\"balance\":630,\"orderId\":\"2\"}");
    expect(ASK(SP_METHOD_GET, "/v1/users/me/ledger?limit=2", .token = user_token), 200,
           "\"type\":\"order_paid\",\"amount\":0,\"balance\":660,\"orderId\":\"3\"}");
}

/* Whoever leaves while a list is made, or its people are read, leaves nothing
 * behind (the sanitizer looks). */
static void clients_leave(void **state)
{
    static const struct {
        const char *target;
        bool reads_people;
    } cases[] = {{"/v1/users", true},
                 {"/v1/concerts/1/orders", true},
                 {"/v1/users/me/ledger", false},
                 {"/v1/orders?user=3", false}};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fake_exchange fake;
        given request = {.method = SP_METHOD_GET, .target = cases[i].target, .token = admin_token};
        begin(&fake, request);
        assert_true(fake.pushed);
        fake.ex.gone = true;
        fake_finish_work(&fake);
        fake_end(&fake);
        begin(&fake, request);
        fake_pump(&loop);
        assert_int_equal(fake.ready, !cases[i].reads_people);
        fake.ex.gone = true;
        fake_finish_work(&fake);
        assert_int_equal(fake.abandoned, cases[i].reads_people);
        fake_end(&fake);
    }
}

static void who_is_erased_is_gone_but_for_the_facts(void **state)
{
    (void)state;
    expect_code(ASK(SP_METHOD_DELETE, "/v1/users/me", .token = admin_token), 409, "last_admin");
    expect_code(ASK(SP_METHOD_DELETE, "/v1/users/me", .token = user_token), 409,
                "has_live_concerts");
    expect_code(ASK(SP_METHOD_DELETE, "/v1/users/me"), 401, "token_missing");
    fake_answer gone = ASK(SP_METHOD_DELETE, "/v1/users/me", .token = buyer_token);
    assert_int_equal(gone.body_size, 0);
    assert_non_null(strstr(gone.head, "\r\nCache-Control: no-store\r\n"));
    expect(gone, 204, NULL);
    expect_code(ASK(SP_METHOD_DELETE, "/v1/users/me", .token = buyer_token), 401, "token_invalid");
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me", .token = buyer_token), 401, "token_invalid");
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me/ledger", .token = buyer_token), 401,
                "token_invalid");
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login",
                    .body = "{\"email\":\"buyer@example.org\",\"password\":\"password\"}"),
                401, "login_failed");
    expect_code(
        ASK(SP_METHOD_POST, "/v1/users/3/points", .body = "{\"amount\":1}", .token = admin_token),
        404, "user_unknown");
    expect_code(
        ASK(SP_METHOD_PUT, "/v1/users/3/role", .body = "{\"role\":\"HOST\"}", .token = admin_token),
        404, "user_unknown");
    expect(ASK(SP_METHOD_GET, "/v1/users?cursor=2", .token = admin_token), 200,
           "{\"items\":[],\"nextCursor\":null}");
    /* What he bought stays the host's to see, and an ADMIN's to cancel. */
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1/orders?cursor=2", .token = user_token), 200,
           "\"user\":{\"id\":\"3\",\"nickname\":null}}],\"totals\":{\"orders\":3,\"cancelled\":1,"
           "\"seats\":3,\"amount\":190,\"refunded\":30},\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/orders?user=3", .token = admin_token), 200, "\"id\":\"1\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders/1/cancel", .body = "{\"reason\":\"erased\"}",
               .token = admin_token),
           200, "\"status\":\"CANCEL\",\"amount\":130");
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1/orders?limit=1", .token = user_token), 200,
           "\"totals\":{\"orders\":3,\"cancelled\":2,\"seats\":1,\"amount\":190,\"refunded\":160}");
    /* The address is free: somebody else, with nothing of his. */
    sign_up("buyer@example.org", "4");
    log_in("buyer@example.org", buyer_token);
    expect(ASK(SP_METHOD_GET, "/v1/orders", .token = buyer_token), 200,
           "{\"items\":[],\"nextCursor\":null}");
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage),
        cmocka_unit_test(one_edits_oneself),
        cmocka_unit_test(an_admin_lists_users),
        cmocka_unit_test(a_host_reads_the_orders_of_his_concert),
        cmocka_unit_test(an_admin_reads_anyones_orders),
        cmocka_unit_test(a_ledger_goes_back_page_by_page),
        cmocka_unit_test(clients_leave),
        cmocka_unit_test(who_is_erased_is_gone_but_for_the_facts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
