/* SPDX-License-Identifier: MIT
 *
 * The application over a fake transport and a real engine: from sign-up to a
 * refund, the order of checks, idempotency, conditional requests, clients
 * that leave.
 */
#include "tests/net/app_stage.h"

static void accounts(void **state)
{
    (void)state;
    sign_up("admin@example.org", "1");
    sign_up("user@example.org", "2");
    make_admin();
    expect_code(
        ASK(SP_METHOD_POST, "/v1/users",
            .body =
                "{\"email\":\"USER@example.org\",\"password\":\"password\",\"nickname\":\"n\"}"),
        409, "email_taken");
    log_in("admin@example.org", admin_token);
    log_in("user@example.org", user_token);
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login",
                    .body = "{\"email\":\"user@example.org\",\"password\":\"passwort\"}"),
                401, "login_failed");
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login",
                    .body = "{\"email\":\"nobody@example.org\",\"password\":\"password\"}"),
                401, "login_failed");
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 200,
           "{\"id\":\"2\",\"email\":\"user@example.org\",\"nickname\":\"n\","
           "\"profileImageUrl\":null,\"role\":\"USER\",\"points\":500,");
    expect(
        ASK(SP_METHOD_POST, "/v1/users/2/points", .body = "{\"amount\":250}", .token = admin_token),
        200,
        "\"email\":\"user@example.org\",\"nickname\":\"n\",\"profileImageUrl\":null,"
        "\"role\":\"USER\",\"points\":750,");
    expect(
        ASK(SP_METHOD_PUT, "/v1/users/2/role", .body = "{\"role\":\"HOST\"}", .token = admin_token),
        200, "\"role\":\"HOST\"");
    expect_code(
        ASK(SP_METHOD_PUT, "/v1/users/2/role", .body = "{\"role\":\"ADMIN\"}", .token = user_token),
        403, "role_required");
    expect_code(ASK(SP_METHOD_PUT, "/v1/users/99/role", .body = "{\"role\":\"HOST\"}",
                    .token = admin_token),
                404, "user_unknown");
    expect_code(
        ASK(SP_METHOD_PUT, "/v1/users/x/role", .body = "{\"role\":\"HOST\"}", .token = admin_token),
        404, "user_unknown");
    /* What is no id is unknown too, but only to who may ask at all. */
    expect_code(
        ASK(SP_METHOD_PUT, "/v1/users/x/role", .body = "{\"role\":\"HOST\"}", .token = user_token),
        403, "role_required");
    expect_code(
        ASK(SP_METHOD_POST, "/v1/users/0/points", .body = "{\"amount\":1}", .token = user_token),
        403, "role_required");
    assert_int_equal(profiles.reads_on_loop, 0);
}

/* The transport's refusals: one of the method must name methods. */
static void refusals_of_the_transport(void **state)
{
    static const char allow[] = "\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_refused refused = {.outcome = SP_METHOD_NOT_ALLOWED, .detail = "why", .id = 1};
    sp_app_ops_http.refuse(&loop, &refused, &out);
    fake_answer answer = fake_answer_of(&out);
    assert_non_null(strstr(answer.head, allow));
    assert_non_null(strstr(answer.head, "\r\nConnection: close\r\n"));
    expect_code(answer, 405, "method_not_allowed");
    sp_out_clear(&out);
    refused.outcome = SP_MALFORMED_REQUEST;
    sp_app_ops_http.refuse(&loop, &refused, &out);
    answer = fake_answer_of(&out);
    assert_null(strstr(answer.head, "Allow:"));
    expect_code(answer, 400, "malformed_request");
    sp_out_close(&out);
}

static void a_failed_profile_read_is_internal(void **state)
{
    (void)state;
    profiles.fails = true;
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 500, "internal");
    expect_code(ASK(SP_METHOD_POST, "/v1/auth/login",
                    .body = "{\"email\":\"user@example.org\",\"password\":\"password\"}"),
                500, "internal");
    profiles.fails = false;
    /* A person without a profile is still a user. */
    profiles.is_empty = true;
    expect(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 200,
           "\"email\":null,\"nickname\":null");
    profiles.is_empty = false;
}

static void catalogue(void **state)
{
    (void)state;
    expect_code(ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body, .token = user_token), 404,
                "category_unknown");
    expect_code(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Rock\"}", .token = user_token),
        403, "role_required");
    expect(ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"R\\u00f6ck\"}",
               .token = admin_token),
           201,
           "{\"id\":\"1\",\"name\":\"R\xc3\xb6"
           "ck\"}");
    expect_code(ASK(SP_METHOD_POST, "/v1/categories",
                    .body = "{\"name\":\"R\xc3\xb6"
                            "ck\"}",
                    .token = admin_token),
                409, "category_exists");
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Jazz\"}", .token = admin_token),
        201, NULL);
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Pop\"}", .token = admin_token),
        201, NULL);
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"More\"}", .token = admin_token),
        507, "\"limit\":\"categories\"");
    expect(ASK(SP_METHOD_GET, "/v1/categories?limit=2"), 200,
           "{\"items\":[{\"id\":\"1\",\"name\":\"R\xc3\xb6"
           "ck\"},{\"id\":\"2\",\"name\":\"Jazz\"}],\"nextCursor\":\"2\"}");
    expect(ASK(SP_METHOD_GET, "/v1/categories?limit=2&cursor=2"), 200,
           "{\"items\":[{\"id\":\"3\",\"name\":\"Pop\"}],\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/categories?cursor=4294967295"), 200,
           "{\"items\":[],\"nextCursor\":null}");
    for (int i = 1; i <= 3; i++)
        expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body, .token = user_token), 201,
               "\"status\":\"ON_SALE\",\"category\":{\"id\":\"1\",\"name\":\"R\xc3\xb6"
               "ck\"},\"hostId\":\"2\"");
    expect(ASK(SP_METHOD_GET, "/v1/concerts/2"), 200,
           "{\"name\":\"R\",\"price\":30,\"firstSeat\":10,\"rows\":[70],\"free\":70,\"held\":0,"
           "\"sold\":0}");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/4"), 404, "concert_unknown");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/0"), 404, "concert_unknown");
    expect(ASK(SP_METHOD_GET, "/v1/concerts?limit=2"), 200, "\"nextCursor\":\"2\"}");
    expect(ASK(SP_METHOD_GET, "/v1/concerts?limit=2&cursor=2"), 200, "{\"items\":[{\"id\":\"1\"");
    expect(ASK(SP_METHOD_GET, "/v1/concerts?limit=2&cursor=1"), 200,
           "{\"items\":[],\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/concerts?category=2"), 200,
           "{\"items\":[],\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/concerts?category=1&limit=3"), 200, "\"nextCursor\":null}");
    expect(ASK(SP_METHOD_GET, "/v1/concerts?user=1"), 422,
           "\"field\":\"user\",\"code\":\"unknown\"");
    expect(ASK(SP_METHOD_POST, "/v1/concerts?x=1", .body = "{\"name\":\"\"}", .token = user_token),
           422, "\"errors\":[{\"field\":\"x\",\"code\":\"unknown\"");
}

static void orders(void **state)
{
    (void)state;
    fake_answer answer =
        ASK(SP_METHOD_POST, "/v1/orders",
            .body = "{\"concertId\":\"1\",\"seats\":[10,0],\"amount\":130}", .token = admin_token);
    assert_non_null(strstr(answer.head, "\r\nLocation: /v1/orders/1\r\n"));
    assert_non_null(strstr(answer.head, "\r\nCache-Control: no-store\r\n"));
    expect(answer, 201,
           "{\"id\":\"1\",\"concertId\":\"1\",\"concertName\":\"Fest\",\"concertDate\":\"2026-01-"
           "03T00:00:00.000Z\","
           "\"status\":\"PAYMENT\",\"amount\":130,\"seats\":["
           "{\"seat\":0,\"label\":\"VIP 1-1\",\"grade\":\"VIP\",\"price\":100},"
           "{\"seat\":10,\"label\":\"R 1-1\",\"grade\":\"R\",\"price\":30}],"
           "\"createdAt\":\"2026-01-01T00:00:00.000Z\",\"cancelledAt\":null,\"seq\":");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[0,1]}",
               .token = user_token),
           409, "\"seats\":[{\"seat\":0,\"label\":\"VIP 1-1\",\"state\":\"sold\",\"seq\":");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[1],\"amount\":1}",
               .token = user_token),
           409, "\"code\":\"amount_mismatch\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[80]}",
               .token = user_token),
           422, "\"code\":\"seat_unknown\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[1,2,3,4,5]}",
               .token = user_token),
           409, "\"max\":4,\"have\":0}");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[1,2,3,4]}",
               .token = admin_token),
           409, "\"code\":\"seat_limit\"");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":9,\"seats\":[1]}",
                    .token = user_token),
                404, "concert_unknown");
    expect(ASK(SP_METHOD_GET, "/v1/orders/1", .token = admin_token), 200, "\"id\":\"1\"");
    expect_code(ASK(SP_METHOD_GET, "/v1/orders/1", .token = user_token), 404, "order_unknown");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":2,\"seats\":[3]}",
               .token = admin_token),
           201, "\"id\":\"2\"");
    expect(ASK(SP_METHOD_GET, "/v1/orders?limit=1", .token = admin_token), 200,
           "\"nextCursor\":\"2\"}");
    expect(ASK(SP_METHOD_GET, "/v1/orders?cursor=2", .token = admin_token), 200,
           "{\"items\":[{\"id\":\"1\"");
    expect(ASK(SP_METHOD_GET, "/v1/orders", .token = user_token), 200,
           "{\"items\":[],\"nextCursor\":null}");
    expect(ASK(SP_METHOD_POST, "/v1/orders/1/cancel", .token = admin_token), 200,
           "\"status\":\"CANCEL\",\"amount\":130");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders/1/cancel", .body = "{\"reason\":\"x\"}",
                    .token = admin_token),
                409, "already_cancelled");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders/2/cancel", .body = "{}", .token = user_token), 404,
                "order_unknown");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders/x/cancel", .token = user_token), 404,
                "order_unknown");
}

static void idempotency(void **state)
{
    static const char body[] = "{\"concertId\":\"1\",\"seats\":[20]}";
    (void)state;
    fake_answer first =
        ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token, .key = "key-1");
    fake_answer again =
        ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token, .key = "key-1");
    assert_int_equal(first.status, 201);
    assert_null(strstr(first.head, "Idempotency-Replayed"));
    assert_int_equal(again.status, 201);
    assert_string_equal(first.body, again.body);
    assert_non_null(strstr(again.head, "\r\nIdempotency-Replayed: true\r\n"));
    free(first.head);
    free(again.head);
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":\"1\",\"seats\":[21]}",
                    .token = admin_token, .key = "key-1"),
                422, "idempotency_mismatch");
    /* The same body is the same request, however its type is spelled. */
    fake_answer spelled = ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token,
                              .key = "key-1", .type = "application/json; charset=utf-8");
    assert_int_equal(spelled.status, 201);
    assert_non_null(strstr(spelled.head, "\r\nIdempotency-Replayed: true\r\n"));
    free(spelled.head);
    /* Another user, another route: another key. */
    expect_code(
        ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = user_token, .key = "key-1"), 409,
        "seat_taken");
    expect(ASK(SP_METHOD_POST, "/v1/orders/3/cancel", .token = admin_token, .key = "key-1"), 200,
           NULL);
    fake_answer cancel =
        ASK(SP_METHOD_POST, "/v1/orders/3/cancel", .token = admin_token, .key = "key-1");
    assert_int_equal(cancel.status, 200);
    assert_non_null(strstr(cancel.head, "Idempotency-Replayed: true"));
    free(cancel.head);
    /* The template is the scope, the path part of the request. */
    expect_code(ASK(SP_METHOD_POST, "/v1/orders/2/cancel", .token = admin_token, .key = "key-1"),
                422, "idempotency_mismatch");
    char long_key[257];
    memset(long_key, 'k', 256);
    long_key[256] = '\0';
    static const char wanted[] = "\"errors\":[{\"field\":\"Idempotency-Key\",\"code\":\"format\"";
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token, .key = long_key),
           422, wanted);
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token, .key = ""), 422,
           wanted);
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token, .key = "a b"), 422,
           wanted);
    /* A body that is scanned is no excuse for a query. */
    expect(ASK(SP_METHOD_POST, "/v1/orders?x=1", .body = body, .token = admin_token, .key = "a b"),
           422,
           "\"errors\":[{\"field\":\"x\",\"code\":\"unknown\",\"detail\":\"there is no such "
           "parameter here\"},{\"field\":\"Idempotency-Key\",\"code\":\"format\"");
    long_key[255] = '\0';
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = body, .token = admin_token, .key = long_key),
           201, NULL);
}

static void seat_maps(void **state)
{
    (void)state;
    fake_answer map = ASK(SP_METHOD_GET, "/v1/concerts/2/seats");
    fake_answer head = ASK(SP_METHOD_HEAD, "/v1/concerts/2/seats");
    assert_int_equal(map.status, 200);
    assert_non_null(strstr(map.body, "\"status\":\"...x......"));
    assert_int_equal(head.body_size, 0);
    /* The same but for the request's id. */
    *strstr(map.head, "X-Request-Id: ") = '\0';
    assert_memory_equal(head.head, map.head, strlen(map.head));
    char tag[64], length[64];
    const char *at = strstr(head.head, "\r\nETag: ") + strlen("\r\nETag: ");
    snprintf(tag, sizeof tag, "%.*s", (int)strcspn(at, "\r"), at);
    assert_int_equal(tag[0], '"');
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", map.body_size);
    assert_non_null(strstr(head.head, length));
    free(map.head);
    free(head.head);
    fake_answer same = ASK(SP_METHOD_GET, "/v1/concerts/2/seats", .if_none_match = tag);
    assert_int_equal(same.status, 304);
    assert_int_equal(same.body_size, 0);
    assert_null(strstr(same.head, "Content-Length"));
    assert_non_null(strstr(same.head, tag));
    free(same.head);
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":2,\"seats\":[4]}",
               .token = admin_token),
           201, NULL);
    expect(ASK(SP_METHOD_GET, "/v1/concerts/2/seats", .if_none_match = tag), 200, "\"...xx.....");
    expect(ASK(SP_METHOD_GET, "/v1/concerts/2/seats?at=5", .token = admin_token), 422,
           "\"field\":\"at\",\"code\":\"unknown\"");
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/77/seats"), 404, "concert_unknown");
}

static void order_of_checks(void **state)
{
    static const char *const bad = "{";
    char expired[SP_TOKEN_SIZE_MAX + 8] = "Bearer ";
    (void)state;
    sp_token_sign(sp_token_ring_signer(sp_app_ring(app)), 1, 0, FAKE_NOW - 1000000, expired + 7);
    expect_code(ASK(SP_METHOD_POST, "/v1/nothing", .body = bad, .type = "x/y"), 404,
                "route_unknown");
    fake_answer wrong = ASK(SP_METHOD_PUT, "/v1/orders", .body = bad, .type = "x/y");
    assert_non_null(strstr(wrong.head, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"));
    expect_code(wrong, 405, "method_not_allowed");
    fake_answer options = ASK(SP_METHOD_OPTIONS, "/v1/orders");
    assert_int_equal(options.status, 204);
    assert_non_null(strstr(options.head, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n"));
    assert_null(strstr(options.head, "Content-Length"));
    free(options.head);
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = bad, .type = "x/y"), 401,
                "token_missing");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = bad, .token = "Bearer x", .type = "x/y"),
                401, "token_invalid");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = bad, .token = expired, .type = "x/y"),
                401, "token_expired");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = bad, .token = user_token, .type = "x/y",
                    .accept = "x/y"),
                415, "unsupported_media_type");
    expect_code(
        ASK(SP_METHOD_POST, "/v1/orders", .body = bad, .token = user_token, .accept = "x/y"), 406,
        "not_acceptable");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = bad, .token = user_token), 400,
                "malformed_body");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .token = user_token), 400, "malformed_body");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = "{}", .token = user_token), 422,
                "validation_failed");
    /* A body of the right shape, from somebody whom the state does not know. */
    char stranger[SP_TOKEN_SIZE_MAX + 8] = "Bearer ";
    memset(stranger + 7, 0, sizeof stranger - 7);
    sp_token_sign(sp_token_ring_signer(sp_app_ring(app)), 999, 0, FAKE_NOW, stranger + 7);
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":1,\"seats\":[1]}",
                    .token = stranger),
                401, "token_invalid");
}

static void states_of_the_server(void **state)
{
    (void)state;
    expect(ASK(SP_METHOD_GET, "/livez"), 200, "{\"status\":\"live\"}");
    expect(ASK(SP_METHOD_GET, "/readyz"), 200, "{\"status\":\"ready\"}");
    loop.stopping = true;
    expect_code(ASK(SP_METHOD_GET, "/readyz"), 503, "stopping");
    expect(ASK(SP_METHOD_GET, "/v1/categories"), 200, NULL);
    loop.stopping = false;
    atomic_store(&serving, false);
    expect(ASK(SP_METHOD_GET, "/livez"), 200, NULL);
    expect_code(ASK(SP_METHOD_GET, "/readyz"), 503, "starting");
    expect_code(ASK(SP_METHOD_GET, "/v1/categories"), 503, "starting");
    expect_code(ASK(SP_METHOD_GET, "/nothing"), 503, "starting");
    atomic_store(&serving, true);
    atomic_store(&failed, true);
    expect(ASK(SP_METHOD_GET, "/livez"), 200, NULL);
    expect_code(ASK(SP_METHOD_GET, "/readyz"), 503, "stopping");
    expect_code(ASK(SP_METHOD_GET, "/v1/categories"), 503, "stopping");
    atomic_store(&failed, false);
    loop.queue_full = true;
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 503, "queue_full");
    loop.queue_full = false;
}

/* Its password was neither computed with nor wiped. */
static bool was_left_out(const fake_exchange *fake)
{
    return ((const sp_account_work *)fake->ex.app.work)->password[0] != '\0';
}

/* The line behind the gate is bounded; all that got in come out; nothing is
 * computed for those who have left it. */
/* What a hash costs to compare stands in front of its salt. */
static size_t cost_size(const char *hash)
{
    const char *salt = hash;
    for (int i = 0; i < 4; i++) { /* $argon2id$v=…$m=…,t=…,p=…$ */
        salt = strchr(salt, '$');
        assert_non_null(salt);
        salt++;
    }
    return (size_t)(salt - hash);
}

/* Else the time that it takes tells who has an account. */
static void an_unknown_email_costs_a_verification(void **state)
{
    char costs[2][sizeof verified_hash];
    static const char *const bodies[] = {
        "{\"email\":\"user@example.org\",\"password\":\"passwort\"}",
        "{\"email\":\"nobody@example.org\",\"password\":\"passwort\"}"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        uint32_t before = verifications_count;
        expect_code(ASK(SP_METHOD_POST, "/v1/auth/login", .body = bodies[i]), 401, "login_failed");
        assert_int_equal(verifications_count - before, 1);
        size_t size = cost_size(verified_hash);
        memcpy(costs[i], verified_hash, size);
        costs[i][size] = '\0';
    }
    assert_string_equal(costs[0], costs[1]);
    assert_non_null(strstr(costs[0], "$m="));
}

static void log_ins_are_bounded(void **state)
{
    enum { COUNT = SP_PASSWORD_LINE_MAX + 64 };
    static fake_exchange storm[COUNT];
    uint32_t busy = 0, gone = 0, left_out = 0;
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++)
        begin(&storm[i],
              (given){.method = SP_METHOD_POST,
                      .target = "/v1/auth/login",
                      .body = "{\"email\":\"user@example.org\",\"password\":\"password\"}",
                      .client = {{(uint8_t)(i % 8)}}}); /* one has but a share of the line */
    /* Most clients lose patience: what is under way goes on, and is abandoned. */
    for (uint32_t i = 2; i < COUNT; i++)
        if (storm[i].ready)
            busy++;
        else
            storm[i].ex.gone = ++gone > 0;
    assert_true(busy > 0);
    assert_true(gone >= SP_PASSWORD_LINE_MAX - 1);
    for (uint32_t i = 0; i < COUNT; i++) {
        fake_finish_work(&storm[i]);
        if (storm[i].abandoned) {
            left_out += was_left_out(&storm[i]);
            fake_end(&storm[i]);
            continue;
        }
        expect(fake_take_answer(&storm[i]), i < 2 ? 200 : 503, i < 2 ? "accessToken" : "busy");
    }
    assert_true(left_out >= SP_PASSWORD_LINE_MAX - 1);
    log_in("user@example.org", user_token);
}

/* A client leaves while its command is under way: nothing leaks (the
 * sanitizer looks), also not a list of orders. */
static void clients_leave(void **state)
{
    static const char *const targets[] = {"/v1/orders", "/v1/users/me", "/v1/orders/2"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fake_exchange fake;
        begin(&fake, (given){.method = SP_METHOD_GET, .target = targets[i], .token = admin_token});
        assert_true(fake.pushed);
        fake.ex.gone = true;
        fake_finish_work(&fake);
        fake_end(&fake);
    }
    fake_exchange fake;
    begin(&fake, (given){.method = SP_METHOD_GET, .target = "/v1/users/me", .token = admin_token});
    fake_pump(&loop); /* now its profile is being read */
    assert_false(fake.ready);
    fake.ex.gone = true;
    fake_finish_work(&fake);
    assert_true(fake.abandoned);
    fake_end(&fake);
}

/* A long list is cut: by bytes, and by cards looked at for a rare category. */
static void long_lists_are_cut(void **state)
{
    char body[4096 + sizeof concert_body];
    uint32_t made = 0;
    (void)state;
    /* A long description: some 5,000 bytes each in an answer. */
    int size = snprintf(body, sizeof body, "{\"description\":\"");
    memset(body + size, 'd', 4000);
    snprintf(body + size + 4000, sizeof body - (size_t)size - 4000, "\",%s", concert_body + 1);
    for (; made < 100; made++)
        expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = body, .token = user_token), 201, NULL);
    fake_answer page = ASK(SP_METHOD_GET, "/v1/concerts?limit=100");
    assert_int_equal(page.status, 200);
    assert_true(page.body_size > 256 * 1024 && page.body_size < 300 * 1024);
    assert_null(strstr(page.body, "\"nextCursor\":null"));
    free(page.head);
}

static void sign_up_can_be_closed(void **state)
{
    static const char body[] =
        "{\"email\":\"x@example.org\",\"password\":\"password\",\"nickname\":\"n\"}";
    (void)state;
    app->config.signup_open = false;
    expect_code(ASK(SP_METHOD_POST, "/v1/users", .body = body), 403, "signup_closed");
    app->config.signup_open = true;
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accounts),
        cmocka_unit_test(a_failed_profile_read_is_internal),
        cmocka_unit_test(catalogue),
        cmocka_unit_test(orders),
        cmocka_unit_test(idempotency),
        cmocka_unit_test(seat_maps),
        cmocka_unit_test(order_of_checks),
        cmocka_unit_test(states_of_the_server),
        cmocka_unit_test(sign_up_can_be_closed),
        cmocka_unit_test(clients_leave),
        cmocka_unit_test(refusals_of_the_transport),
        cmocka_unit_test(an_unknown_email_costs_a_verification),
        cmocka_unit_test(log_ins_are_bounded),
        cmocka_unit_test(long_lists_are_cut),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
