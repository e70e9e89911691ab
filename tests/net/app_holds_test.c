/* SPDX-License-Identifier: MIT
 *
 * Holds at the application, over a fake transport and a real engine: taken,
 * refused, extended, released, bought, expired; whose they are; and a keyed
 * request that comes again when its hold is long gone.
 */
#include "tests/net/app_stage.h"

#define HOLDS "/v1/concerts/1/holds"
#define ORDERS "/v1/orders"

static char other_token[SP_TOKEN_SIZE_MAX + 8];

/* Seats 0 to 4 in one row, none of them to be left alone. */
static const char strict_body[] =
    "{\"categoryId\":\"1\",\"name\":\"Strict\",\"address\":\"Hall\",\"runningTime\":90,"
    "\"ageLimit\":\"ZERO\",\"startDate\":\"2025-12-31T00:00:00Z\",\"endDate\":"
    "\"2026-01-02T00:00:00Z\",\"concertDate\":\"2026-01-03T00:00:00Z\",\"noOrphans\":true,"
    "\"holdSeconds\":10,\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":5}]}";

/* Again as the clock goes on: tokens live for 15 minutes. */
static void log_in_all(void)
{
    log_in("admin@example.org", admin_token);
    log_in("user@example.org", user_token);
    log_in("other@example.org", other_token);
}

static void stage(void **state)
{
    (void)state;
    sign_up("admin@example.org", "1");
    sign_up("user@example.org", "2");
    sign_up("other@example.org", "3");
    make_admin();
    log_in_all();
    stage_concert();
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = strict_body, .token = admin_token), 201,
           NULL);
}

static void expect_map(const char *status)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "\"status\":\"%s", status);
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1/seats"), 200, wanted);
}

static void same_body(fake_answer first, fake_answer second)
{
    assert_int_equal(first.body_size, second.body_size);
    assert_string_equal(first.body, second.body);
    free(first.head);
    free(second.head);
}

static void takes_and_shows(void **state)
{
    (void)state;
    fake_answer taken =
        ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[10,0]}", .token = user_token);
    assert_int_equal(taken.status, 201);
    assert_non_null(strstr(taken.head, "\r\nLocation: /v1/holds/1\r\n"));
    assert_non_null(strstr(taken.head, "\r\nCache-Control: no-store\r\n"));
    assert_null(strstr(taken.head, "Idempotency-Replayed"));
    char wanted[512];
    snprintf(wanted, sizeof wanted,
             "{\"holdId\":\"1\",\"concertId\":\"1\",\"seats\":["
             "{\"seat\":0,\"label\":\"VIP 1-1\",\"grade\":\"VIP\",\"price\":100},"
             "{\"seat\":10,\"label\":\"R 1-1\",\"grade\":\"R\",\"price\":30}],"
             "\"amount\":130,\"expiresAt\":\"2026-01-01T00:05:00.000Z\",\"seq\":%llu}",
             (unsigned long long)sp_state_seq(loop.state));
    assert_string_equal(taken.body, wanted);
    fake_answer shown = ASK(SP_METHOD_GET, "/v1/holds/1", .token = user_token);
    assert_int_equal(shown.status, 200);
    assert_non_null(strstr(shown.head, "\r\nCache-Control: no-store\r\n"));
    same_body(taken, shown);
    expect_map("h.........h....");
    expect(ASK(SP_METHOD_GET, "/v1/concerts/1"), 200,
           "\"rows\":[5,5],\"free\":9,\"held\":1,\"sold\":0}");
    assert_int_equal(events.reads, 0);
}

static void names_why_not(void **state)
{
    static const struct {
        const char *target, *body;
        int status;
        const char *wanted;
    } cases[] = {
        {HOLDS, "{\"seats\":[0,1,10]}", 409, "\"code\":\"seat_taken\",\"requestId\":"},
        {HOLDS, "{\"seats\":[0,1,10]}", 409,
         ",\"seats\":[{\"seat\":0,\"label\":\"VIP 1-1\",\"state\":\"held\",\"seq\":"},
        {HOLDS, "{\"seats\":[79,80]}", 422, ",\"seats\":[80]}"},
        {HOLDS, "{\"seats\":[1,2,3,4,5]}", 409, ",\"max\":4,\"have\":0}"},
        {HOLDS, "{\"bestAvailable\":{\"count\":5}}", 409, ",\"max\":4,\"have\":0}"},
        {HOLDS, "{\"bestAvailable\":{\"count\":2,\"grade\":\"S\"}}", 422,
         "\"errors\":[{\"field\":\"bestAvailable.grade\",\"code\":\"invalid\","},
        {HOLDS, "{\"bestAvailable\":{\"count\":0},\"x\":1}", 422,
         "\"errors\":[{\"field\":\"x\",\"code\":\"unknown\","},
        {HOLDS, "{}", 422, "\"errors\":[{\"field\":\"seats\",\"code\":\"required\","},
        {HOLDS, "{", 400, "\"code\":\"malformed_body\""},
        {HOLDS "?x=1", "{\"seats\":[1]}", 422, "\"field\":\"x\",\"code\":\"unknown\""},
        {"/v1/concerts/9/holds", "{\"seats\":[1]}", 404, "\"code\":\"concert_unknown\""},
        {"/v1/concerts/x/holds", "{\"seats\":[1]}", 404, "\"code\":\"concert_unknown\""},
        {"/v1/concerts/0/holds", "{\"bestAvailable\":{\"count\":1}}", 404,
         "\"code\":\"concert_unknown\""},
        {"/v1/concerts/2/holds", "{\"seats\":[1]}", 409, "\"code\":\"orphan_seat\",\"requestId\":"},
        {"/v1/concerts/2/holds", "{\"seats\":[1]}", 409,
         ",\"seats\":[{\"seat\":0,\"label\":\"A 1-1\"}]}"},
        {"/v1/concerts/2/holds", "{\"bestAvailable\":{\"count\":6}}", 409,
         "\"code\":\"no_adjacent_seats\""},
        {"/v1/concerts/2/holds", "{\"bestAvailable\":{\"count\":6}}", 409, ",\"largestRun\":5}"},
        {ORDERS, "{\"concertId\":\"1\",\"seats\":[0]}", 409,
         ",\"seats\":[{\"seat\":0,\"label\":\"VIP 1-1\",\"state\":\"held\",\"seq\":"},
        {ORDERS, "{\"concertId\":\"2\",\"seats\":[3]}", 409,
         ",\"seats\":[{\"seat\":4,\"label\":\"A 1-5\"}]}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect(ASK(SP_METHOD_POST, cases[i].target, .body = cases[i].body, .token = other_token),
               cases[i].status, cases[i].wanted);
    expect_code(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[1]}"), 401, "token_missing");
    expect_code(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[1]}", .token = user_token,
                    .type = "text/plain"),
                415, "unsupported_media_type");
    expect_map("h.........h....");
}

static void is_nobody_elses(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) { /* an ADMIN's neither */
        const char *token = i == 0 ? other_token : admin_token;
        expect_code(ASK(SP_METHOD_GET, "/v1/holds/1", .token = token), 404, "hold_unknown");
        expect_code(ASK(SP_METHOD_DELETE, "/v1/holds/1", .token = token), 404, "hold_unknown");
        expect_code(ASK(SP_METHOD_POST, "/v1/holds/1/extend", .token = token), 404, "hold_unknown");
        expect_code(ASK(SP_METHOD_POST, ORDERS, .body = "{\"holdId\":\"1\"}", .token = token), 404,
                    "hold_unknown");
    }
    expect_code(ASK(SP_METHOD_GET, "/v1/holds/x", .token = user_token), 404, "hold_unknown");
    expect_code(ASK(SP_METHOD_DELETE, "/v1/holds/99", .token = user_token), 404, "hold_unknown");
    expect_code(ASK(SP_METHOD_POST, "/v1/holds/0/extend", .token = user_token), 404,
                "hold_unknown");
    expect_code(ASK(SP_METHOD_GET, "/v1/holds/1"), 401, "token_missing");
    expect_map("h.........h....");
}

/* Of orders and holds together, so that neither is a way past the limit. */
static void one_limit_for_both(void **state)
{
    (void)state;
    expect(ASK(SP_METHOD_POST, ORDERS, .body = "{\"concertId\":\"1\",\"seats\":[1]}",
               .token = user_token),
           201, NULL);
    expect(ASK(SP_METHOD_POST, ORDERS, .body = "{\"concertId\":\"1\",\"seats\":[2,3]}",
               .token = user_token),
           409, ",\"max\":4,\"have\":3}");
    expect(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[2,3]}", .token = user_token), 409,
           ",\"max\":4,\"have\":3}");
    expect(ASK(SP_METHOD_POST, HOLDS, .body = "{\"bestAvailable\":{\"count\":2}}",
               .token = user_token),
           409, ",\"max\":4,\"have\":3}");
}

static void extends_and_buys(void **state)
{
    (void)state;
    loop.clock.now_ms += 60000;
    expect(
        ASK(SP_METHOD_POST, "/v1/holds/1/extend", .body = "{\"seconds\":900}", .token = user_token),
        422, "\"field\":\"seconds\",\"code\":\"unknown\"");
    fake_answer extended = ASK(SP_METHOD_POST, "/v1/holds/1/extend", .token = user_token);
    assert_int_equal(extended.status, 200);
    assert_null(strstr(extended.head, "Location"));
    assert_non_null(
        strstr(extended.body, "\"amount\":130,\"expiresAt\":\"2026-01-01T00:06:00.000Z\""));
    same_body(extended, ASK(SP_METHOD_GET, "/v1/holds/1", .token = user_token));
    /* At most three times its length after it was taken: until 00:15. */
    for (int i = 0; i < 3; i++) {
        loop.clock.now_ms += 240000;
        expect(ASK(SP_METHOD_POST, "/v1/holds/1/extend", .body = "{}", .token = user_token), 200,
               i == 0   ? "\"expiresAt\":\"2026-01-01T00:10:00.000Z\""
               : i == 1 ? "\"expiresAt\":\"2026-01-01T00:14:00.000Z\""
                        : "\"expiresAt\":\"2026-01-01T00:15:00.000Z\"");
    }
    expect_code(ASK(SP_METHOD_POST, "/v1/holds/1/extend", .token = user_token), 409,
                "hold_extend_limit");
    expect(ASK(SP_METHOD_POST, ORDERS, .body = "{\"holdId\":\"1\",\"amount\":129}",
               .token = user_token),
           409, "\"code\":\"amount_mismatch\"");
    fake_answer order = ASK(SP_METHOD_POST, ORDERS, .body = "{\"holdId\":\"1\",\"amount\":130}",
                            .token = user_token, .key = "buy");
    assert_non_null(strstr(order.head, "\r\nLocation: /v1/orders/2\r\n"));
    assert_non_null(strstr(order.body, "\"status\":\"PAYMENT\",\"amount\":130,\"seats\":["
                                       "{\"seat\":0,\"label\":\"VIP 1-1\""));
    assert_int_equal(order.status, 201);
    same_body(order, ASK(SP_METHOD_POST, ORDERS, .body = "{\"holdId\":\"1\",\"amount\":130}",
                         .token = user_token, .key = "buy"));
    expect_map("xx........x....");
    expect_code(ASK(SP_METHOD_GET, "/v1/holds/1", .token = user_token), 404, "hold_unknown");
    expect_code(ASK(SP_METHOD_POST, ORDERS, .body = "{\"holdId\":\"1\"}", .token = user_token), 404,
                "hold_unknown");
    /* Given back, and the seats with it. */
    expect(ASK(SP_METHOD_POST, "/v1/orders/1/cancel", .token = user_token), 200, NULL);
    expect(ASK(SP_METHOD_POST, "/v1/orders/2/cancel", .token = user_token), 200, NULL);
    expect_map("...............");
}

static void releases(void **state)
{
    (void)state;
    expect(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[5,6,7,8]}", .token = other_token), 201,
           "\"holdId\":\"2\",");
    expect_map(".....hhhh......");
    fake_answer released = ASK(SP_METHOD_DELETE, "/v1/holds/2", .token = other_token);
    assert_int_equal(released.body_size, 0);
    assert_null(strstr(released.head, "Content-Length"));
    expect(released, 204, NULL);
    expect_map("...............");
    expect_code(ASK(SP_METHOD_DELETE, "/v1/holds/2", .token = other_token), 404, "hold_unknown");
    expect_code(ASK(SP_METHOD_GET, "/v1/holds/2", .token = other_token), 404, "hold_unknown");
    /* The limit is his again. */
    expect(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[5,6,7,8]}", .token = other_token), 201,
           "\"holdId\":\"3\",");
    expect(ASK(SP_METHOD_DELETE, "/v1/holds/3", .token = other_token), 204, NULL);
}

static void expires(void **state)
{
    (void)state;
    log_in_all();
    expect(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[0,1]}", .token = user_token), 201,
           "\"holdId\":\"4\",");
    loop.clock.now_ms += 299999;
    expect_code(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[0]}", .token = other_token), 409,
                "seat_taken");
    loop.clock.now_ms += 1;
    expect(ASK(SP_METHOD_POST, HOLDS, .body = "{\"seats\":[0]}", .token = other_token), 201,
           "\"holdId\":\"5\",");
    expect_map("h..............");
    expect_code(ASK(SP_METHOD_GET, "/v1/holds/4", .token = user_token), 404, "hold_unknown");
    expect_code(ASK(SP_METHOD_POST, ORDERS, .body = "{\"holdId\":4}", .token = user_token), 409,
                "hold_expired");
    expect_code(ASK(SP_METHOD_POST, "/v1/holds/4/extend", .token = user_token), 409,
                "hold_expired");
    expect_code(ASK(SP_METHOD_DELETE, "/v1/holds/4", .token = user_token), 409, "hold_expired");
    expect_code(ASK(SP_METHOD_DELETE, "/v1/holds/4", .token = other_token), 404, "hold_unknown");
    expect(ASK(SP_METHOD_DELETE, "/v1/holds/5", .token = other_token), 204, NULL);
}

static void the_best(void **state)
{
    (void)state;
    expect(
        ASK(SP_METHOD_POST, HOLDS, .token = user_token,
            .body = "{\"bestAvailable\":{\"grade\":\"\\u0052\",\"count\":2,\"allowSplit\":false}}"),
        201, "\"grade\":\"R\",\"price\":30}],\"amount\":60,");
    expect(ASK(SP_METHOD_DELETE, "/v1/holds/6", .token = user_token), 204, NULL);
    expect(ASK(SP_METHOD_POST, HOLDS, .token = user_token,
               .body = "{\"bestAvailable\":{\"count\":3}}"),
           201, "\"grade\":\"VIP\",\"price\":100}],\"amount\":300,");
    expect(ASK(SP_METHOD_DELETE, "/v1/holds/7", .token = user_token), 204, NULL);
}

/* The request's bytes, and the reader's text, are another's by the time that the
 * engine looks. */
static void the_grade_outlives_its_request(void **state)
{
    static const char other_body[] = "{\"bestAvailable\":{\"grade\":\"\\u0053\",\"count\":1}}";
    static const char literal[] = "{\"bestAvailable\":{\"grade\":\"\\u0052\",\"count\":1}}";
    char body[sizeof literal];
    fake_exchange first, second;
    (void)state;
    memcpy(body, literal, sizeof literal);
    begin(&first,
          (given){.method = SP_METHOD_POST, .target = HOLDS, .body = body, .token = user_token});
    memset(body, 'x', sizeof body);
    begin(&second,
          (given){
              .method = SP_METHOD_POST, .target = HOLDS, .body = other_body, .token = other_token});
    fake_finish_work(&first);
    expect(fake_take_answer(&first), 201, "\"grade\":\"R\",\"price\":30}],\"amount\":30,");
    expect(fake_take_answer(&second), 422, "\"field\":\"bestAvailable.grade\"");
    expect(ASK(SP_METHOD_DELETE, "/v1/holds/8", .token = user_token), 204, NULL);
}

static fake_answer take_keyed(const char *key, const char *body)
{
    return ASK(SP_METHOD_POST, HOLDS, .body = body, .token = user_token, .key = key);
}

/* The first answer again, whatever has become of the hold. */
static void is_replayed(fake_answer first, fake_answer again)
{
    assert_int_equal(again.status, first.status);
    assert_non_null(strstr(again.head, "\r\nIdempotency-Replayed: true\r\n"));
    const char *location = strstr(first.head, "\r\nLocation: ");
    if (location) {
        char line[64];
        snprintf(line, sizeof line, "%.*s", (int)(strcspn(location + 2, "\r") + 4), location);
        assert_non_null(strstr(again.head, line));
    }
    assert_string_equal(again.body, first.body);
    free(again.head);
}

static void replays(void **state)
{
    static const char named[] = "{\"seats\":[0,1]}";
    static const char best[] = "{\"bestAvailable\":{\"grade\":\"R\",\"count\":2}}";
    (void)state;
    log_in_all();
    uint32_t reads = events.reads;
    fake_answer first = take_keyed("a", named);
    assert_int_equal(first.status, 201);
    assert_int_equal(events.reads, reads); /* the state knows it */
    fake_answer second = take_keyed("b", best);
    is_replayed(first, take_keyed("a", named));
    is_replayed(second, take_keyed("b", best));
    expect_code(take_keyed("a", best), 422, "idempotency_mismatch");
    loop.clock.now_ms += 1000;
    given extend = {.method = SP_METHOD_POST,
                    .target = "/v1/holds/9/extend",
                    .token = user_token,
                    .key = "a"}; /* another route: another key */
    fake_answer extended = ask(extend);
    assert_int_equal(extended.status, 200);
    /* Extended since; then gone; then its seats another's. */
    for (int i = 0; i < 4; i++) {
        is_replayed(first, take_keyed("a", named));
        is_replayed(second, take_keyed("b", best));
        is_replayed(extended, ask(extend));
        if (i == 0)
            expect(ASK(SP_METHOD_DELETE, "/v1/holds/9", .token = user_token), 204, NULL);
        else if (i == 1)
            expect(ASK(SP_METHOD_POST, HOLDS, .body = named, .token = other_token), 201, NULL);
        else
            loop.clock.now_ms += 300000;
    }
    assert_int_equal(events.reads, reads + 14);
    assert_int_equal(events.reads_on_loop, 0);
    free(first.head);
    free(second.head);
    free(extended.head);
    expect_map("...............");
}

static void a_failed_read_is_internal(void **state)
{
    (void)state;
    events.fails = true;
    expect_code(take_keyed("a", "{\"seats\":[0,1]}"), 500, "internal");
    events.fails = false;
    events.is_empty = true;
    expect_code(take_keyed("b", "{\"bestAvailable\":{\"grade\":\"R\",\"count\":2}}"), 500,
                "internal");
    events.is_empty = false;
}

/* Whoever leaves before his hold is taken, or while it is read back, leaves
 * nothing behind (the sanitizer looks). */
static void clients_leave(void **state)
{
    given request = {.method = SP_METHOD_POST,
                     .target = HOLDS,
                     .token = user_token,
                     .key = "b",
                     .body = "{\"bestAvailable\":{\"grade\":\"R\",\"count\":2}}"};
    fake_exchange fake;
    (void)state;
    begin(&fake, request);
    assert_true(fake.pushed);
    fake.ex.gone = true;
    fake_finish_work(&fake);
    fake_end(&fake);
    begin(&fake, request);
    fake_pump(&loop);
    assert_false(fake.ready);
    fake.ex.gone = true;
    fake_finish_work(&fake);
    assert_true(fake.abandoned);
    fake_end(&fake);
    loop.queue_full = true;
    expect_code(ask(request), 503, "queue_full");
    loop.queue_full = false;
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage),
        cmocka_unit_test(takes_and_shows),
        cmocka_unit_test(names_why_not),
        cmocka_unit_test(is_nobody_elses),
        cmocka_unit_test(one_limit_for_both),
        cmocka_unit_test(extends_and_buys),
        cmocka_unit_test(releases),
        cmocka_unit_test(expires),
        cmocka_unit_test(the_best),
        cmocka_unit_test(the_grade_outlives_its_request),
        cmocka_unit_test(replays),
        cmocka_unit_test(a_failed_read_is_internal),
        cmocka_unit_test(clients_leave),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
