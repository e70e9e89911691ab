/* SPDX-License-Identifier: MIT
 *
 * Log-ins, sessions and new passwords over a fake transport and a real engine:
 * what meets in the middle (a renewal and a change, two changes, a client that
 * leaves), and what a failure costs.
 */
#include "tests/net/app_stage.h"

/* As cheap as libsodium makes them, and a little dearer. */
static const sp_password_cost cheap = {8, 1}, dear = {16, 1};

static const char old_body[] = "{\"oldPassword\":\"password\",\"newPassword\":\"another phrase\"}";
static const char old_login[] = "{\"email\":\"user@example.org\",\"password\":\"password\"}";
static const char new_login[] = "{\"email\":\"user@example.org\",\"password\":\"another phrase\"}";

static const char *stored_hash(void)
{
    const sp_profile *profile = sp_fake_log_profile(&loop.log, 2);
    assert_non_null(profile);
    return profile->password_hash;
}

/* Somebody else's command, between two of ours. */
static void store_password(const char *password, const sp_password_cost *cost)
{
    sp_log *log = &loop.log.log;
    sp_profile profile = *sp_fake_log_profile(&loop.log, 2);
    assert_true(sp_password_hash(cost, password, strlen(password), profile.password_hash));
    assert_int_equal(log->profile_put(log, &profile), SP_LOG_OK);
    assert_int_equal(log->commit(log, FAKE_NOW), SP_LOG_OK);
    assert_int_equal(log->settle(log), SP_LOG_OK);
}

/* As far as its first command; the sequencer has not seen it. */
static void begin_until_pushed(fake_exchange *fake, given request)
{
    begin(fake, request);
    while (!fake->pushed && !fake->ready)
        uv_run(&loop.uv, UV_RUN_ONCE);
    assert_true(fake->pushed);
}

static const given change = {.method = SP_METHOD_PUT,
                             .target = "/v1/users/me/password",
                             .body = old_body,
                             .token = user_token};

static void stage(void **state)
{
    (void)state;
    sign_up("admin@example.org", "1");
    sign_up("user@example.org", "2");
    make_admin();
    log_in("admin@example.org", admin_token);
    log_in("user@example.org", user_token);
}

/* The value of a text field, terminated. */
static void field_of(const fake_answer *answer, const char *name, char *out, size_t size)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"%s\":\"", name);
    const char *at = strstr(answer->body, wanted);
    assert_non_null(at);
    at += strlen(wanted);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
}

static fake_answer refresh(const char *path, const char *token)
{
    char body[256];
    snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", token);
    return ASK(SP_METHOD_POST, path, .body = body);
}

static void a_session_from_its_start_to_its_end(void **state)
{
    char first[128], second[128], third[128];
    (void)state;
    fake_answer answer = ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login);
    field_of(&answer, "refreshToken", first, sizeof first);
    assert_int_equal(strlen(first), SP_REFRESH_TOKEN_TEXT_SIZE);
    free(answer.head);
    answer = refresh("/v1/auth/refresh", first);
    field_of(&answer, "refreshToken", second, sizeof second);
    assert_null(strstr(answer.body, "\"user\""));
    assert_non_null(strstr(answer.head, "Cache-Control: no-store"));
    free(answer.head);
    /* A millisecond too late for a lost answer. */
    loop.clock.now_ms += SP_SESSION_GRACE_MS + 1;
    expect_code(refresh("/v1/auth/refresh", first), 401, "refresh_reused");
    expect_code(refresh("/v1/auth/refresh", second), 401, "refresh_invalid");

    answer = ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login);
    field_of(&answer, "refreshToken", third, sizeof third);
    free(answer.head);
    /* 14 days: to the millisecond. */
    loop.clock.now_ms += SP_SESSION_TTL_MS;
    expect_code(refresh("/v1/auth/refresh", third), 401, "refresh_invalid");
    expect(refresh("/v1/auth/logout", third), 204, "");
    expect(refresh("/v1/auth/logout", "nonsense"), 204, "");
    log_in("user@example.org", user_token); /* the old ones have expired, too */
    log_in("admin@example.org", admin_token);
}

/* What a token tells of its user and family, with a secret that somebody made up:
 * no family is named by it, so nothing happens to any, at neither route. */
static void an_access_token_does_nothing_to_its_family(void **state)
{
    char access[SP_TOKEN_SIZE_MAX + 8], refresh_text[128], forged[SP_REFRESH_TOKEN_TEXT_SIZE + 1];
    sp_refresh_token token;
    (void)state;
    fake_answer answer = ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login);
    field_of(&answer, "refreshToken", refresh_text, sizeof refresh_text);
    field_of(&answer, "accessToken", access, sizeof access);
    free(answer.head);
    sp_token_holder holder;
    sp_app_loop *app_loop = loop.app;
    sp_token_verifier_use(app_loop->verifier, sp_app_ring(app));
    assert_int_equal(
        sp_token_verify(app_loop->verifier, text_of(access), loop.clock.now_ms, &holder), SP_OK);
    assert_true(sp_refresh_token_parse(text_of(refresh_text), &token));
    assert_int_equal(holder.session, sp_session_sid(token.session));
    sp_refresh_token_make(&token, holder.user, holder.session);
    sp_refresh_token_print(&token, forged);
    forged[SP_REFRESH_TOKEN_TEXT_SIZE] = '\0';
    expect_code(refresh("/v1/auth/refresh", forged), 401, "refresh_invalid");
    expect(refresh("/v1/auth/logout", forged), 204, "");
    expect(refresh("/v1/auth/refresh", refresh_text), 200, NULL);
}

static sp_user_id user_told(const char *path, const char *token)
{
    char body[256];
    fake_exchange fake;
    snprintf(body, sizeof body, "{\"refreshToken\":\"%s\"}", token);
    begin(&fake, (given){.method = SP_METHOD_POST, .target = path, .body = body});
    fake_answer answer = fake_take_answer(&fake);
    free(answer.head);
    return fake.ex.app.user;
}

/* The access log names a user where his family was found; and a log-out needs one
 * of its tokens. */
static void nobody_is_named_by_what_anyone_can_write(void **state)
{
    char first[128], wrong[SP_REFRESH_TOKEN_TEXT_SIZE + 1];
    sp_refresh_token token;
    (void)state;
    fake_answer answer = ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login);
    field_of(&answer, "refreshToken", first, sizeof first);
    free(answer.head);
    assert_true(sp_refresh_token_parse(text_of(first), &token));
    token.secret[0] ^= 1;
    sp_refresh_token_print(&token, wrong);
    wrong[SP_REFRESH_TOKEN_TEXT_SIZE] = '\0';
    assert_int_equal(user_told("/v1/auth/logout", wrong), 0);
    assert_int_equal(user_told("/v1/auth/logout", first), 2);
    assert_int_equal(user_told("/v1/auth/logout", first), 0);
    assert_int_equal(user_told("/v1/auth/refresh", first), 0);
    answer = ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login);
    field_of(&answer, "refreshToken", first, sizeof first);
    free(answer.head);
    assert_int_equal(user_told("/v1/auth/refresh", first), 2);
    loop.clock.now_ms += SP_SESSION_GRACE_MS + 1;
    assert_int_equal(user_told("/v1/auth/refresh", first), 2); /* reused */
}

static uint64_t work_of(const char *body)
{
    unsigned memory_kib, passes;
    rest_work = 0;
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login", .body = body), 401, "login_failed");
    assert_int_equal(sscanf(verified_hash, "$argon2id$v=19$m=%u,t=%u", &memory_kib, &passes), 2);
    return (uint64_t)memory_kib * passes + rest_work;
}

/* Counted, not timed: memory times passes. Of somebody whose hash is cheaper than
 * the dummy of the unknown. */
static void known_and_unknown_cost_alike(void **state)
{
    static const char nobody[] = "{\"email\":\"nobody@example.org\",\"password\":\"passwort\"}";
    (void)state;
    app->config.password_cost = sp_password_cost_default;
    const uint64_t whole =
        (uint64_t)sp_password_cost_default.memory_kib * sp_password_cost_default.passes;
    store_password("password", &cheap);
    assert_int_equal(work_of(nobody), whole);
    assert_string_equal(verified_hash, app->dummy_hash);
    assert_int_equal(work_of(new_login), whole);
    assert_string_equal(verified_hash, stored_hash());
    store_password("password", &(sp_password_cost){8192, 3});
    assert_int_equal(work_of(new_login), whole);
    store_password("password", &sp_password_cost_default);
    assert_int_equal(work_of(new_login), whole);
    assert_int_equal(rest_work, 0);
    app->config.password_cost = cheap;
    store_password("password", &cheap);
}

/* A line that is full, or was left, has cost the network no sign-up. */
static void a_sign_up_that_was_not_computed_is_none(void **state)
{
    enum { STORM = 40 };
    static const char body[] =
        "{\"email\":\"user@example.org\",\"password\":\"password\",\"nickname\":\"n\"}";
    const given request = {
        .method = SP_METHOD_POST, .target = "/v1/users", .body = body, .client = {{77}}};
    static fake_exchange storm[STORM];
    sp_login_guard *before = app->guard;
    uint32_t busy = 0;
    (void)state;
    app->guard = sp_login_guard_create(STORM);
    assert_non_null(app->guard);
    for (uint32_t i = 0; i < STORM; i++)
        begin(&storm[i], request);
    for (uint32_t i = 0; i < STORM; i++) {
        busy += storm[i].ready;
        storm[i].ex.gone = !storm[i].ready;
    }
    assert_true(busy > 0 && busy < STORM - 1);
    for (uint32_t i = 0; i < STORM; i++) {
        fake_finish_work(&storm[i]);
        if (storm[i].abandoned)
            fake_end(&storm[i]);
        else
            expect_code(fake_take_answer(&storm[i]), 503, "busy");
    }
    /* Those that were on the pool have cost theirs, and no other. */
    uint32_t left = 0;
    fake_answer answer;
    while ((answer = ask(request)).status == 409) {
        left++;
        free(answer.head);
    }
    expect_code(answer, 429, "rate_limited");
    assert_in_range(left, STORM - 8, STORM - 1);
    sp_login_guard_destroy(app->guard);
    app->guard = before;
}

/* Whoever shows a good token pays himself, also where there is nothing. */
static void an_unknown_route_is_charged_to_the_user(void **state)
{
    const sp_client_address client = {{78}};
    (void)state;
    assert_true(app->config.writes_per_s_max == 0);
    app->config.writes_per_s_max = 2;
    app->write_rule = (sp_rate_rule){.burst = 2, .interval_us = 60000000};
    const given nowhere = {
        .method = SP_METHOD_POST, .target = "/v1/nowhere", .token = user_token, .client = client};
    const given nobody = {.method = SP_METHOD_POST, .target = "/v1/nowhere", .client = client};
    for (int i = 0; i < 2; i++)
        expect(ask(nowhere), 404, NULL);
    expect_code(ask(nowhere), 429, "rate_limited");
    expect(ask(nobody), 404, NULL); /* the network has all of its own */
    /* A refusal of the guard's says nothing of the writes that are left. */
    app->write_rule = (sp_rate_rule){.burst = 1000, .interval_us = 1000};
    app->write_limit_field_size =
        (uint32_t)snprintf(app->write_limit_field, sizeof app->write_limit_field,
                           "RateLimit-Limit: 1000\r\nRateLimit-Remaining: ");
    given guess = {
        .method = SP_METHOD_POST, .target = "/v1/auth/login", .body = new_login, .client = {{79}}};
    fake_answer answer = ask(guess);
    assert_non_null(strstr(answer.head, "RateLimit-Remaining: "));
    for (unsigned i = 0; answer.status == 401 && i < 1000; i++) {
        free(answer.head);
        answer = ask(guess);
    }
    assert_null(strstr(answer.head, "RateLimit-Remaining: "));
    assert_non_null(strstr(answer.head, "Retry-After: "));
    expect_code(answer, 429, "rate_limited");
    app->config.writes_per_s_max = 0;
}

static void a_renewed_hash_is_of_the_same_password(void **state)
{
    char before[SP_PASSWORD_HASH_SIZE];
    (void)state;
    memcpy(before, stored_hash(), sizeof before);
    assert_non_null(strstr(before, "m=8,"));
    app->config.password_cost = dear;
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login", .body = new_login), 401, "login_failed");
    assert_string_equal(stored_hash(), before); /* not by a wrong one */
    expect(ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login), 200, NULL);
    assert_non_null(strstr(stored_hash(), "m=16,"));
    memcpy(before, stored_hash(), sizeof before);
    expect(ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login), 200, NULL);
    assert_string_equal(stored_hash(), before); /* once */
    app->config.password_cost = cheap;
    expect(ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login), 200, NULL);
    assert_string_equal(stored_hash(), before);
}

static void a_change_wins_over_a_renewal(void **state)
{
    fake_exchange fake;
    (void)state;
    /* The log-in has seen the old hash, and has a dearer one of it: too late. */
    store_password("password", &cheap);
    app->config.password_cost = dear;
    begin_until_pushed(
        &fake, (given){.method = SP_METHOD_POST, .target = "/v1/auth/login", .body = old_login});
    store_password("another phrase", &cheap);
    fake_finish_work(&fake);
    expect_code(fake_take_answer(&fake), 401, "login_failed");
    assert_non_null(strstr(stored_hash(), "m=8,"));
    expect(ASK(SP_METHOD_POST, "/v1/auth/login", .body = new_login), 200, NULL);
    app->config.password_cost = cheap;

    /* The change has seen the old hash, a log-in has put a dearer one of the same
     * password in its place. */
    store_password("password", &cheap);
    begin_until_pushed(&fake, change);
    store_password("password", &dear);
    fake_finish_work(&fake);
    expect(fake_take_answer(&fake), 204, "");
    expect(ASK(SP_METHOD_POST, "/v1/auth/login", .body = new_login), 200, NULL);
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login", .body = old_login), 401, "login_failed");
}

static void of_two_changes_the_first_wins(void **state)
{
    fake_exchange fake;
    (void)state;
    store_password("password", &cheap);
    begin_until_pushed(&fake, change);
    store_password("a third phrase", &cheap);
    fake_finish_work(&fake);
    expect_code(fake_take_answer(&fake), 401, "login_failed");
    assert_true(sp_password_verify(stored_hash(), "a third phrase", 14));
}

/* Whoever leaves in any of these moments leaves nothing behind (the sanitizer
 * looks), and what was on its way happens. */
static void clients_leave(void **state)
{
    fake_exchange fake;
    (void)state;
    store_password("password", &cheap);
    begin(&fake, change); /* on the pool */
    fake.ex.gone = true;
    fake_finish_work(&fake);
    assert_true(fake.abandoned);
    fake_end(&fake);
    assert_true(sp_password_verify(stored_hash(), "password", 8));

    begin_until_pushed(&fake, change); /* with the sequencer */
    fake.ex.gone = true;
    fake_finish_work(&fake);
    fake_end(&fake);
    assert_true(sp_password_verify(stored_hash(), "another phrase", 14));

    store_password("password", &cheap);
    begin_until_pushed(&fake, change); /* on the pool again */
    store_password("password", &dear);
    fake_pump(&loop);
    assert_false(fake.ready || fake.pushed);
    fake.ex.gone = true;
    fake_finish_work(&fake);
    assert_true(fake.abandoned);
    fake_end(&fake);
    assert_true(sp_password_verify(stored_hash(), "password", 8));
}

/* A failure of ours is no failure of the person's. */
static void only_wrong_passwords_count(void **state)
{
    const sp_client_address client = {{9}};
    (void)state;
    store_password("password", &cheap);
    for (unsigned i = 0; i < 2 * SP_LOGIN_PAIR_BURST; i++) {
        profiles.fails = true;
        expect_code(ask((given){.method = SP_METHOD_POST,
                                .target = "/v1/auth/login",
                                .body = old_login,
                                .client = client}),
                    500, "internal");
        profiles.fails = false;
        expect(ask((given){.method = SP_METHOD_POST,
                           .target = "/v1/auth/login",
                           .body = old_login,
                           .client = client}),
               200, NULL);
    }
    for (unsigned i = 0; i < SP_LOGIN_PAIR_BURST; i++)
        expect_code(ask((given){.method = SP_METHOD_POST,
                                .target = "/v1/auth/login",
                                .body = new_login,
                                .client = client}),
                    401, "login_failed");
    fake_answer answer = ask((given){
        .method = SP_METHOD_POST, .target = "/v1/auth/login", .body = old_login, .client = client});
    assert_non_null(strstr(answer.head, "\r\nRetry-After: "));
    assert_null(strstr(answer.head, "\r\nRetry-After: 1\r\n"));
    expect_code(answer, 429, "rate_limited");
}

/* Who leaves before the turn has come has not guessed; who leaves after it has. */
static void guesses_count_though_nobody_waits(void **state)
{
    const sp_client_address client = {{11}};
    fake_exchange fake;
    (void)state;
    for (unsigned i = 0; i < SP_LOGIN_PAIR_BURST; i++) {
        begin(&fake, (given){.method = SP_METHOD_POST,
                             .target = "/v1/auth/login",
                             .body = new_login,
                             .client = client});
        fake.ex.gone = true; /* the pool has it */
        fake_finish_work(&fake);
        assert_true(fake.abandoned);
        fake_end(&fake);
    }
    expect_code(ask((given){.method = SP_METHOD_POST,
                            .target = "/v1/auth/login",
                            .body = old_login,
                            .client = client}),
                429, "rate_limited");
}

static fake_answer log_in_from(const char *body, uint8_t network)
{
    return ask((given){.method = SP_METHOD_POST,
                       .target = "/v1/auth/login",
                       .body = body,
                       .client = {{0x20, network}}});
}

/* A network becomes known to an account by its password alone: neither by a
 * failure of ours, nor by leaving the line. Else guessing would go on from there
 * when the account has had enough. */
static void no_network_is_known_without_the_password(void **state)
{
    const given guess = {.method = SP_METHOD_POST,
                         .target = "/v1/auth/login",
                         .body = new_login,
                         .client = {{0x20, 3}}};
    fake_exchange busy, fake;
    unsigned wrong_count = 0;
    (void)state;
    expect(log_in_from(old_login, 1), 200, NULL);
    profiles.fails = true;
    expect_code(log_in_from(new_login, 2), 500, "internal");
    profiles.fails = false;
    begin(&busy, guess); /* has the pool … */
    begin(&fake, guess); /* … while this one is in line, and leaves it */
    fake.ex.gone = true;
    fake_finish_work(&busy);
    expect_code(fake_take_answer(&busy), 401, "login_failed");
    fake_finish_work(&fake);
    assert_true(fake.abandoned);
    fake_end(&fake);
    for (unsigned network = 10; network < 10 + 2 * SP_LOGIN_ACCOUNT_BURST && network < 256;
         network++) {
        fake_answer answer = log_in_from(new_login, (uint8_t)network);
        wrong_count += answer.status == 401;
        free(answer.head);
    }
    assert_true(wrong_count > 1);
    /* The one of the hour that the account can't refuse. */
    expect_code(log_in_from(new_login, 2), 401, "login_failed");
    expect_code(log_in_from(new_login, 3), 401, "login_failed");
    expect(log_in_from(old_login, 1), 200, NULL);
    expect_code(log_in_from(old_login, 2), 429, "rate_limited");
    expect_code(log_in_from(old_login, 3), 429, "rate_limited");
}

static void keys_are_exchanged_for_all(void **state)
{
    sp_signing_key keys[2] = {{.kid = "k2", .bytes = {2}},
                              {.kid = "k1", .bytes = {1}, .good_until = FAKE_NOW}};
    const sp_token_ring *before = sp_app_ring(app);
    (void)state;
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 200, NULL);
    assert_false(sp_app_set_keys(app, keys, 0, loop.clock.now_ms));
    assert_ptr_equal(sp_app_ring(app), before);
    assert_true(sp_app_set_keys(app, keys, 2, loop.clock.now_ms));
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 200, NULL);
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = admin_token), 200, "\"role\":\"ADMIN\"");
    /* The same again is nothing new. */
    before = sp_app_ring(app);
    assert_true(sp_app_set_keys(app, keys, 2, loop.clock.now_ms + 5000));
    assert_ptr_equal(sp_app_ring(app), before);
    char fresh[SP_TOKEN_SIZE_MAX + 8];
    log_in("user@example.org", fresh);
    assert_true(sp_app_set_keys(app, keys, 1, loop.clock.now_ms));
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 401, "token_invalid");
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = fresh), 200, NULL);
}

static int set_up_cheaply(void **state)
{
    if (set_up(state) != 0)
        return -1;
    app->config.password_cost = cheap;
    return 0;
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage),
        cmocka_unit_test(a_session_from_its_start_to_its_end),
        cmocka_unit_test(an_access_token_does_nothing_to_its_family),
        cmocka_unit_test(nobody_is_named_by_what_anyone_can_write),
        cmocka_unit_test(known_and_unknown_cost_alike),
        cmocka_unit_test(a_sign_up_that_was_not_computed_is_none),
        cmocka_unit_test(an_unknown_route_is_charged_to_the_user),
        cmocka_unit_test(a_renewed_hash_is_of_the_same_password),
        cmocka_unit_test(a_change_wins_over_a_renewal),
        cmocka_unit_test(of_two_changes_the_first_wins),
        cmocka_unit_test(clients_leave),
        cmocka_unit_test(only_wrong_passwords_count),
        cmocka_unit_test(guesses_count_though_nobody_waits),
        cmocka_unit_test(no_network_is_known_without_the_password),
        cmocka_unit_test(keys_are_exchanged_for_all),
    };
    return cmocka_run_group_tests(tests, set_up_cheaply, tear_down);
}
