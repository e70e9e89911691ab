/* SPDX-License-Identifier: MIT
 *
 * Concerts that are edited, paused, resumed and cancelled, at the application over a
 * fake transport and a real engine: whose they are, what their answers show, and what
 * others are shown whose answer was decided before an edit and is written after it.
 */
#include "tests/net/app_stage.h"

#define HOUR_MS 3600000

#define FEST "/v1/concerts/1"
#define STRICT "/v1/concerts/2"

static char host_token[SP_TOKEN_SIZE_MAX + 8], rival_token[SP_TOKEN_SIZE_MAX + 8];

/* A row of five, none of them to be left alone; nobody takes any. */
static const char strict_body[] =
    "{\"categoryId\":\"1\",\"name\":\"Strict\",\"address\":\"Hall\",\"runningTime\":90,"
    "\"ageLimit\":\"ZERO\",\"startDate\":\"2025-12-31T00:00:00Z\",\"endDate\":"
    "\"2026-01-02T00:00:00Z\",\"concertDate\":\"2026-01-03T00:00:00Z\",\"noOrphans\":true,"
    "\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":5}]}";

static void log_in_all(void)
{
    log_in("admin@example.org", admin_token);
    log_in("host@example.org", host_token);
    log_in("rival@example.org", rival_token);
    log_in("user@example.org", user_token);
}

static void make_host(const char *target)
{
    expect(ASK(SP_METHOD_PUT, target, .body = "{\"role\":\"HOST\"}", .token = admin_token), 200,
           NULL);
}

static void stage(void **state)
{
    (void)state;
    sign_up("admin@example.org", "1");
    sign_up("host@example.org", "2");
    sign_up("rival@example.org", "3");
    sign_up("user@example.org", "4");
    make_admin();
    log_in_all();
    make_host("/v1/users/2/role");
    make_host("/v1/users/3/role");
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Rock\"}", .token = admin_token),
        201, NULL);
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body, .token = host_token,
               .key = "fest"),
           201, "\"id\":\"1\"");
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = strict_body, .token = host_token), 201,
           "\"id\":\"2\"");
}

static fake_answer patch(const char *target, const char *body)
{
    return ASK(SP_METHOD_PATCH, target, .body = body, .token = host_token);
}

static void same_body(fake_answer first, fake_answer second)
{
    assert_string_equal(first.body, second.body);
    free(first.head);
    free(second.head);
}

static bool is_replay(const fake_answer *answer)
{
    return strstr(answer->head, "\r\nIdempotency-Replayed: true\r\n") != NULL;
}

static void only_its_host_or_an_admin_changes_it(void **state)
{
    static const struct {
        sp_method method;
        const char *suffix, *body;
    } changes[] = {
        {SP_METHOD_PATCH, "", "{\"runningTime\":91}"},
        {SP_METHOD_POST, "/pause", NULL},
        {SP_METHOD_POST, "/resume", "{}"},
        {SP_METHOD_DELETE, "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char target[64], unknown[64];
        given request = {.method = changes[i].method, .target = target, .body = changes[i].body};
        snprintf(target, sizeof target, FEST "%s", changes[i].suffix);
        snprintf(unknown, sizeof unknown, "/v1/concerts/99%s", changes[i].suffix);
        expect_code(ask(request), 401, "token_missing");
        request.token = user_token;
        expect_code(ask(request), 403, "role_required");
        request.token = rival_token;
        expect_code(ask(request), 403, "not_owner");
        request.target = unknown;
        expect_code(ask(request), 404, "concert_unknown");
        request.target = target;
        if (changes[i].method == SP_METHOD_DELETE)
            continue; /* for good: it is still needed */
        request.token = admin_token;
        expect(ask(request), 200, "\"id\":\"1\"");
        request.token = host_token;
        expect(ask(request), 200, "\"id\":\"1\"");
    }
}

static void answers_with_the_concert_as_it_is(void **state)
{
    (void)state;
    fake_answer edited = patch(FEST, "{\"name\":\"Feast\",\"description\":\"long\",\"imageUrl\":"
                                     "\"https://x.example/i\",\"noOrphans\":false}");
    assert_int_equal(edited.status, 200);
    assert_null(strstr(edited.head, "\r\nLocation"));
    char seq[32];
    snprintf(seq, sizeof seq, "\"seq\":%llu,", (unsigned long long)sp_state_seq(loop.state));
    assert_non_null(strstr(edited.body, seq));
    assert_non_null(strstr(edited.body, "\"name\":\"Feast\""));
    same_body(edited, ASK(SP_METHOD_GET, FEST));
    expect(ASK(SP_METHOD_GET, "/v1/concerts"), 200, "\"name\":\"Feast\",\"description\":\"long\"");
    expect(patch(FEST, "{\"imageUrl\":null}"), 200, "\"imageUrl\":null");
    expect(patch(FEST, "{\"imageUrl\":\"https://x.example/i\"}"), 200, "\"imageUrl\":\"https");
    expect(patch(FEST, "{\"imageUrl\":\"\",\"description\":\"\"}"), 200,
           "\"description\":\"\",\"imageUrl\":null");
    expect(patch(FEST, "{\"cancelUntil\":1767225600}"), 200,
           "\"cancelUntil\":\"2026-01-01T00:00:00.000Z\"");
    expect(patch(FEST, "{\"cancelUntil\":null}"), 200,
           "\"cancelUntil\":\"2026-01-01T21:00:00.000Z\"");
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    expect(patch(FEST, "{}"), 422, "\"field\":\"\",\"code\":\"required\"");
    expect_code(patch(FEST, ""), 400, "malformed_body");
    expect_code(ASK(SP_METHOD_PATCH, FEST, .token = host_token), 400, "malformed_body");
    expect(patch(FEST, "{\"x\":1,\"holdSeconds\":1,\"grades\":[]}"), 422,
           "\"errors\":[{\"field\":\"x\",\"code\":\"unknown\",\"detail\":\"there is no such "
           "field\"},{\"field\":\"holdSeconds\",");
    expect(patch(FEST, "{\"endDate\":5}"), 422, "\"field\":\"endDate\",\"code\":\"invalid\"");
    expect_code(patch(FEST, "{\"categoryId\":\"7\"}"), 404, "category_unknown");
    expect(ASK(SP_METHOD_POST, FEST "/pause", .body = "{\"x\":1}", .token = host_token), 422,
           "\"field\":\"x\"");
    expect(ASK(SP_METHOD_GET, FEST), 200, "\"name\":\"Feast\"");
}

/* It is refused for a seat that the edit behind it takes away: the answer, which is
 * written after both, shows what was refused. */
static void a_refusal_does_not_look_for_its_seats_in_a_later_layout(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        fake_exchange order, edit;
        begin(&order,
              (given){.method = SP_METHOD_POST,
                      .target = round ? STRICT "/holds" : "/v1/orders",
                      .body = round ? "{\"seats\":[3]}" : "{\"concertId\":\"2\",\"seats\":[3]}",
                      .token = user_token});
        begin(&edit, (given){.method = SP_METHOD_PATCH,
                             .target = STRICT,
                             .body = "{\"grades\":[{\"name\":\"B\",\"price\":1,\"seats\":2}]}",
                             .token = host_token});
        fake_pump(&loop);
        fake_answer edited = fake_take_answer(&edit);
        expect(edited, 200, "\"rows\":[2],\"free\":2");
        expect(fake_take_answer(&order), 409, ",\"seats\":[{\"seat\":4,\"label\":\"A 1-5\"}]}");
        expect(patch(STRICT, "{\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":5}]}"), 200, NULL);
    }
}

/* Likewise the outcome of a job, which is written when it is durable. */
static void a_job_neither(void **state)
{
    fake_exchange edit;
    char path[64] = "";
    (void)state;
    fake_answer accepted = ASK(SP_METHOD_POST, "/v1/orders/queue",
                               .body = "{\"concertId\":\"2\",\"seats\":[3]}", .token = user_token);
    sscanf(strstr(accepted.head, "\r\nLocation: "), "\r\nLocation: %63[^\r]", path);
    begin(&edit, (given){.method = SP_METHOD_PATCH,
                         .target = STRICT,
                         .body = "{\"grades\":[{\"name\":\"B\",\"price\":1,\"seats\":2}]}",
                         .token = host_token});
    free(accepted.head);
    fake_pump(&loop);
    expect(fake_take_answer(&edit), 200, "\"rows\":[2],\"free\":2");
    expect(ASK(SP_METHOD_GET, path, .token = user_token), 200, "\"label\":\"A 1-5\"");
    expect(patch(STRICT, "{\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":5}]}"), 200, NULL);
}

static void a_retry_shows_what_the_first_answer_showed(void **state)
{
    static const given asked[] = {
        {.method = SP_METHOD_POST,
         .target = "/v1/orders",
         .body = "{\"concertId\":\"1\",\"seats\":[0]}",
         .key = "order"},
        {.method = SP_METHOD_POST, .target = "/v1/orders/1/cancel", .key = "cancel"},
        {.method = SP_METHOD_POST,
         .target = FEST "/holds",
         .body = "{\"seats\":[1,2]}",
         .key = "hold"},
    };
    enum { COUNT = sizeof asked / sizeof asked[0] };
    fake_answer first[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        given request = asked[i];
        request.token = user_token;
        first[i] = ask(request);
        assert_in_range(first[i].status, 200, 201);
        assert_false(is_replay(&first[i]));
    }
    expect(patch(FEST, "{\"name\":\"Other\",\"concertDate\":\"2026-02-01T00:00:00Z\"}"), 200, NULL);
    /* A person who looks sees the concert as it is. */
    expect(ASK(SP_METHOD_GET, "/v1/orders/1", .token = user_token), 200,
           "\"concertName\":\"Other\",\"concertDate\":\"2026-02-01T00:00:00.000Z\"");
    for (int i = 0; i < COUNT; i++) {
        given request = asked[i];
        request.token = user_token;
        fake_answer again = ask(request);
        assert_true(is_replay(&again));
        assert_int_equal(again.status, first[i].status);
        same_body(first[i], again);
    }
}

/* The order is decided before the renaming and answered after it. */
static void an_order_shows_the_concert_that_it_bought(void **state)
{
    fake_exchange order, edit;
    const given asked = {.method = SP_METHOD_POST,
                         .target = "/v1/orders",
                         .body = "{\"concertId\":\"1\",\"seats\":[4]}",
                         .token = user_token,
                         .key = "race"};
    (void)state;
    begin(&order, asked);
    begin(&edit, (given){.method = SP_METHOD_PATCH,
                         .target = FEST,
                         .body = "{\"name\":\"Third\"}",
                         .token = host_token});
    fake_pump(&loop);
    fake_answer told = fake_take_answer(&order);
    assert_non_null(strstr(told.body, "\"concertName\":\"Other\""));
    expect(fake_take_answer(&edit), 200, "\"name\":\"Third\"");
    same_body(told, ask(asked));
}

static void grades_stay_once_a_seat_was_held_or_sold(void **state)
{
    (void)state;
    expect(patch(FEST, "{\"grades\":[{\"name\":\"VIP\",\"price\":101,\"rows\":[5,5]},"
                       "{\"name\":\"R\",\"price\":30,\"seats\":70}]}"),
           409, "\"code\":\"seats_fixed\"");
    /* Those that it has are no change. */
    expect(patch(FEST, "{\"grades\":[{\"name\":\"VIP\",\"price\":100,\"rows\":[5,5]},"
                       "{\"name\":\"R\",\"price\":30,\"rows\":[70]}],\"name\":\"Fourth\"}"),
           200, "\"name\":\"Fourth\"");
}

static const given pause_1 = {.method = SP_METHOD_POST, .target = FEST "/pause", .key = "p"};
static const given resume_1 = {.method = SP_METHOD_POST, .target = FEST "/resume", .key = "r"};

static fake_answer as_host(given request)
{
    request.token = host_token;
    return ask(request);
}

static unsigned long long seq_in(const fake_answer *answer)
{
    unsigned long long seq = 0;
    sscanf(strstr(answer->body, "\"seq\":"), "\"seq\":%llu", &seq);
    return seq;
}

static void pauses_and_resumes_once_a_key(void **state)
{
    (void)state;
    fake_answer paused = as_host(pause_1);
    unsigned long long seq = seq_in(&paused);
    assert_int_equal(seq, sp_state_seq(loop.state));
    expect(paused, 200, "\"status\":\"PAUSED\"");
    expect_code(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":\"1\",\"seats\":[9]}",
                    .token = user_token),
                409, "sales_paused");
    fake_answer resumed = as_host(resume_1);
    assert_false(is_replay(&resumed));
    expect(resumed, 200, "\"status\":\"ON_SALE\"");
    expect(ASK(SP_METHOD_POST, "/v1/orders", .body = "{\"concertId\":\"1\",\"seats\":[9]}",
               .token = user_token),
           201, NULL);
    expect(patch(FEST, "{\"name\":\"Fifth\"}"), 200, NULL);
    /* As the first one made it, with the counts of now. */
    fake_answer again = as_host(pause_1);
    assert_true(is_replay(&again));
    assert_int_equal(seq_in(&again), seq);
    assert_non_null(strstr(again.body, "\"name\":\"Fourth\""));
    assert_non_null(strstr(again.body, "\"free\":6,\"held\":2,\"sold\":2"));
    expect(again, 200, "\"status\":\"PAUSED\"");
    again = as_host(resume_1);
    assert_true(is_replay(&again));
    assert_int_equal(seq_in(&again), seq + 1);
    expect(again, 200, "\"status\":\"ON_SALE\"");
    expect(ASK(SP_METHOD_GET, FEST), 200, "\"status\":\"ON_SALE\"");
    /* Another request with the key; the same key of the other route was none. */
    given other = pause_1;
    other.target = STRICT "/pause";
    expect_code(as_host(other), 422, "idempotency_mismatch");
}

/* PAUSED is before UPCOMING, CLOSED before PAUSED, CANCELLED before all. */
static void the_status_follows_the_clock(void **state)
{
    (void)state;
    expect(patch(STRICT,
                 "{\"startDate\":\"2026-01-01T06:00:00Z\",\"endDate\":\"2026-01-01T12:00:00Z\"}"),
           200, "\"status\":\"UPCOMING\"");
    expect(ASK(SP_METHOD_POST, STRICT "/pause", .token = host_token), 200, "\"status\":\"PAUSED\"");
    expect(ASK(SP_METHOD_POST, STRICT "/resume", .token = host_token), 200,
           "\"status\":\"UPCOMING\"");
    loop.clock.now_ms = FAKE_NOW + 6 * HOUR_MS - 1;
    expect(ASK(SP_METHOD_GET, STRICT), 200, "\"status\":\"UPCOMING\"");
    loop.clock.now_ms++;
    expect(ASK(SP_METHOD_GET, STRICT), 200, "\"status\":\"ON_SALE\"");
    loop.clock.now_ms = FAKE_NOW + 12 * HOUR_MS - 1; /* its endDate */
    log_in_all();
    expect(ASK(SP_METHOD_GET, "/v1/concerts"), 200, "\"status\":\"ON_SALE\"");
    expect(ASK(SP_METHOD_POST, STRICT "/pause", .token = host_token), 200, "\"status\":\"PAUSED\"");
    loop.clock.now_ms++;
    expect(ASK(SP_METHOD_GET, STRICT), 200, "\"status\":\"CLOSED\"");
    expect(ASK(SP_METHOD_POST, STRICT "/resume", .token = host_token), 200,
           "\"status\":\"CLOSED\"");
    expect(ASK(SP_METHOD_DELETE, STRICT, .token = admin_token), 200, "\"status\":\"CANCELLED\"");
}

static void cancels_for_good(void **state)
{
    (void)state;
    fake_answer cancelled = ASK(SP_METHOD_DELETE, FEST, .token = host_token);
    assert_non_null(strstr(cancelled.body, "\"free\":10,\"held\":0,\"sold\":0"));
    expect(cancelled, 200, "\"status\":\"CANCELLED\"");
    expect(ASK(SP_METHOD_GET, FEST), 200, "\"status\":\"CANCELLED\"");
    expect_code(ASK(SP_METHOD_DELETE, FEST, .token = host_token), 409, "concert_cancelled");
    expect_code(patch(FEST, "{\"name\":\"x\"}"), 409, "concert_cancelled");
    expect_code(ASK(SP_METHOD_POST, FEST "/pause", .token = host_token), 409, "concert_cancelled");
    expect_code(ASK(SP_METHOD_POST, FEST "/resume", .token = admin_token), 409,
                "concert_cancelled");
    expect_code(ASK(SP_METHOD_POST, FEST "/holds", .body = "{\"seats\":[9]}", .token = user_token),
                409, "concert_cancelled");
    expect(ASK(SP_METHOD_GET, "/v1/users/me/ledger", .token = user_token), 200,
           "\"type\":\"concert_cancelled\",\"amount\":200,\"balance\":500,\"orderId\":null");
    /* What was done before is still told as it was. */
    fake_answer again = as_host(pause_1);
    assert_true(is_replay(&again));
    free(again.head);
}

/* As the first answer said, whatever became of it. */
static void a_retry_of_the_making_is_told_the_beginning(void **state)
{
    (void)state;
    fake_answer again = ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body,
                            .token = host_token, .key = "fest");
    assert_true(is_replay(&again));
    assert_non_null(strstr(again.head, "\r\nLocation: /v1/concerts/1\r\n"));
    assert_non_null(strstr(again.body, "\"status\":\"ON_SALE\""));
    assert_non_null(strstr(again.body, "\"runningTime\":90,"));
    assert_non_null(strstr(again.body, "\"now\":\"2026-01-01T00:00:00.000Z\",\"createdAt\":"
                                       "\"2026-01-01T00:00:00.000Z\""));
    expect(again, 201, "\"name\":\"Fest\"");
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stage),
        cmocka_unit_test(only_its_host_or_an_admin_changes_it),
        cmocka_unit_test(answers_with_the_concert_as_it_is),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(a_refusal_does_not_look_for_its_seats_in_a_later_layout),
        cmocka_unit_test(a_job_neither),
        cmocka_unit_test(a_retry_shows_what_the_first_answer_showed),
        cmocka_unit_test(an_order_shows_the_concert_that_it_bought),
        cmocka_unit_test(grades_stay_once_a_seat_was_held_or_sold),
        cmocka_unit_test(pauses_and_resumes_once_a_key),
        cmocka_unit_test(the_status_follows_the_clock),
        cmocka_unit_test(cancels_for_good),
        cmocka_unit_test(a_retry_of_the_making_is_told_the_beginning),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
