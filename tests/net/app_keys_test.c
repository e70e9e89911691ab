/* SPDX-License-Identifier: MIT
 *
 * The table of idempotency keys at its limits, over a fake transport and a
 * real engine with a small table: what a user's 65th key forgets, and what a
 * full table says.
 */
#include "tests/net/app_stage.h"

#define DAY_MS INT64_C(86400000)

static fake_answer grant(const char *user, int key)
{
    char target[64], text[32];
    snprintf(target, sizeof target, "/v1/users/%s/points", user);
    snprintf(text, sizeof text, "key-%d", key);
    return ask((given){.method = SP_METHOD_POST,
                       .target = target,
                       .body = "{\"amount\":1}",
                       .token = admin_token,
                       .key = key >= 0 ? text : NULL});
}

static bool grant_is_replayed(int key)
{
    fake_answer answer = grant("2", key);
    bool replayed = strstr(answer.head, "\r\nIdempotency-Replayed: true\r\n") != NULL;
    expect(answer, 200, "\"id\":\"2\"");
    return replayed;
}

static void stage(void **state)
{
    (void)state;
    sign_up("admin@example.org", "1");
    sign_up("user@example.org", "2");
    make_admin();
    log_in("admin@example.org", admin_token);
    log_in("user@example.org", user_token);
}

static void the_65th_key_forgets_the_oldest(void **state)
{
    (void)state;
    for (int key = 0; key < 65; key++)
        assert_false(grant_is_replayed(key));
    for (int key = 64; key > 0; key--)
        assert_true(grant_is_replayed(key));
    assert_false(grant_is_replayed(0)); /* done again, and remembered again */
    assert_true(grant_is_replayed(0));
    assert_false(grant_is_replayed(1));
}

static void refuses_when_full(void)
{
    fake_answer answer = grant("2", 1000000);
    assert_null(strstr(answer.head, "Retry-After"));
    expect(answer, 507, "\"code\":\"limit_reached\"");
    expect(grant("2", 1000000), 507, "\"limit\":\"idempotency_keys\"");
}

static void a_full_table_takes_no_key_until_some_are_a_day_old(void **state)
{
    uint32_t taken = 67; /* by the test above */
    (void)state;
    loop.clock.now_ms += DAY_MS / 2;
    log_in("admin@example.org", admin_token);
    log_in("user@example.org", user_token);
    for (; taken < fake_limits.idempotency_keys_max; taken++)
        expect(grant("2", 1000 + (int)taken), 200, NULL);
    refuses_when_full();
    /* Who comes without a key, or comes again, is served as ever. */
    expect(grant("2", -1), 200, NULL);
    assert_true(grant_is_replayed(1000 + (int)taken - 1));
    expect_code(ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"x\"}",
                    .token = admin_token, .key = "k"),
                507, "limit_reached");
    expect_code(ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"x\"}",
                    .token = user_token, .key = "k"),
                403, "role_required");
    /* The first half has died; nothing else was forgotten for its sake. */
    loop.clock.now_ms += DAY_MS / 2 + 1;
    log_in("admin@example.org", admin_token);
    assert_true(grant_is_replayed(1000 + (int)taken - 1));
    for (uint32_t i = 0; i < 67; i++)
        expect(grant("2", 5000 + (int)i), 200, NULL);
    refuses_when_full();
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage),
        cmocka_unit_test(the_65th_key_forgets_the_oldest),
        cmocka_unit_test(a_full_table_takes_no_key_until_some_are_a_day_old),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
