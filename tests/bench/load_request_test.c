/* SPDX-License-Identifier: MIT
 *
 * Requests as bytes, over HTTP and to Redis; and the counts of what comes back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load_counts.h"
#include "bench/load_protocol.h"

static char texts[] = "first-tokensecond";
static uint32_t starts[] = {0, 11, 17};
static const sp_bench_load_tokens tokens = {texts, starts, 2};

/* What a protocol writes, within what it says is its longest. */
static const char *written(const sp_bench_load_protocol *protocol, const void *wire,
                           const sp_bench_load_request *request)
{
    static char text[4096];
    char *end = protocol->write(wire, request, text);
    assert_true((size_t)(end - text) <= protocol->request_size_max(wire));
    *end = '\0';
    return text;
}

static void orders_over_http(void **state)
{
    (void)state;
    char why[100];
    sp_bench_load_wire wire = {.host = "127.0.0.1:9100", .tokens = &tokens};
    void *http = sp_bench_load_http.open(&wire, why, sizeof why);
    sp_bench_load_request request = {
        .kind = SP_BENCH_LOAD_ORDER, .user = 1, .user_id = 3, .concert = 12, .seat = 3456};
    assert_string_equal(written(&sp_bench_load_http, http, &request),
                        "POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1:9100\r\n"
                        "Content-Type: application/json\r\nAuthorization: Bearer second\r\n"
                        "Content-Length: 33\r\n\r\n{\"concertId\":\"12\",\"seats\":[3456]}");
    request.user = 0;
    request.concert = 1;
    request.seat = 0;
    assert_string_equal(written(&sp_bench_load_http, http, &request),
                        "POST /v1/orders HTTP/1.1\r\nHost: 127.0.0.1:9100\r\n"
                        "Content-Type: application/json\r\nAuthorization: Bearer first-token\r\n"
                        "Content-Length: 29\r\n\r\n{\"concertId\":\"1\",\"seats\":[0]}");
    sp_bench_load_http.close(http);
}

/* What stands behind `Content-Length: ` is the size of the body. */
static void lengths_are_right(void **state)
{
    (void)state;
    char why[100];
    sp_bench_load_wire wire = {.host = "h:1", .tokens = &tokens, .keyed = true};
    void *http = sp_bench_load_http.open(&wire, why, sizeof why);
    for (uint32_t n = 1; n > 0 && n < 2000000000; n *= 7) {
        sp_bench_load_request request = {.kind = SP_BENCH_LOAD_ORDER, .concert = n, .seat = n * 3};
        const char *text = written(&sp_bench_load_http, http, &request);
        const char *length = strstr(text, "Content-Length: "), *body = strstr(text, "\r\n\r\n");
        assert_int_equal(atoi(length + 16), strlen(body + 4));
    }
    sp_bench_load_http.close(http);
}

/* What stands in the head's first line, and in the body. */
static void asks(sp_bench_load_kind kind, const char *line, const char *body)
{
    char why[100];
    sp_bench_load_wire wire = {.host = "h:1", .tokens = &tokens};
    void *http = sp_bench_load_http.open(&wire, why, sizeof why);
    sp_bench_load_request request = {
        .kind = kind, .user = 1, .concert = 12, .seat = 3456, .count = 4, .hold = 77};
    const char *text = written(&sp_bench_load_http, http, &request);
    assert_memory_equal(text, line, strlen(line));
    assert_memory_equal(text + strlen(line), " HTTP/1.1\r\nHost: h:1\r\n", 22);
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, body);
    bool signed_in = strstr(text, "Authorization: Bearer second\r\n") != NULL;
    assert_int_equal(signed_in, sp_bench_load_kind_has_user(kind));
    const char *length = strstr(text, "Content-Length: ");
    assert_int_equal(length != NULL ? atoi(length + 16) : 0, strlen(body));
    sp_bench_load_http.close(http);
}

static void holds_and_the_queue_over_http(void **state)
{
    (void)state;
    asks(SP_BENCH_LOAD_HOLD, "POST /v1/concerts/12/holds", "{\"seats\":[3456]}");
    asks(SP_BENCH_LOAD_BEST, "POST /v1/concerts/12/holds", "{\"bestAvailable\":{\"count\":4}}");
    asks(SP_BENCH_LOAD_BUY, "POST /v1/orders", "{\"holdId\":\"77\"}");
    asks(SP_BENCH_LOAD_RELEASE, "DELETE /v1/holds/77", "");
    asks(SP_BENCH_LOAD_QUEUE, "POST /v1/orders/queue", "{\"concertId\":\"12\",\"seats\":[3456]}");
    asks(SP_BENCH_LOAD_CONCERT, "GET /v1/concerts/12", "");
}

static void keys_are_unique(void **state)
{
    (void)state;
    char why[100], first[100], second[100];
    sp_bench_load_wire wire = {.host = "h:1", .tokens = &tokens, .keyed = true};
    void *http = sp_bench_load_http.open(&wire, why, sizeof why);
    void *another = sp_bench_load_http.open(&wire, why, sizeof why);
    sp_bench_load_request request = {.kind = SP_BENCH_LOAD_ORDER, .index = 77};
    const char *key = strstr(written(&sp_bench_load_http, http, &request), "\r\nIdempotency-Key: ");
    assert_non_null(key);
    assert_int_equal(sscanf(key, "\r\nIdempotency-Key: %99s\r\n", first), 1);
    assert_string_equal(first + strlen(first) - 3, "-77");
    assert_int_equal(strlen(first), strlen("load-0123456789abcdef-77"));
    key = strstr(written(&sp_bench_load_http, another, &request), "\r\nIdempotency-Key: ");
    assert_int_equal(sscanf(key, "\r\nIdempotency-Key: %99s\r\n", second), 1);
    assert_string_not_equal(first, second);
    sp_bench_load_http.close(http);
    sp_bench_load_http.close(another);
}

static void reads_over_http(void **state)
{
    (void)state;
    char why[100];
    sp_bench_load_wire wire = {.host = "[::1]:80"};
    void *http = sp_bench_load_http.open(&wire, why, sizeof why);
    sp_bench_load_request request = {.kind = SP_BENCH_LOAD_MAP, .concert = 20};
    assert_string_equal(written(&sp_bench_load_http, http, &request),
                        "GET /v1/concerts/20/seats HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    request.etag = SP_TEXT("\"20-7\"");
    assert_string_equal(written(&sp_bench_load_http, http, &request),
                        "GET /v1/concerts/20/seats HTTP/1.1\r\nHost: [::1]:80\r\n"
                        "If-None-Match: \"20-7\"\r\n\r\n");
    request.kind = SP_BENCH_LOAD_LIVEZ;
    assert_string_equal(written(&sp_bench_load_http, http, &request),
                        "GET /livez HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    sp_bench_load_http.close(http);
}

static void orders_to_redis(void **state)
{
    (void)state;
    char why[100];
    static const char sha[] = "0123456789abcdef0123456789abcdef01234567";
    sp_bench_load_wire wire = {.host = "h:1", .script = sha};
    void *redis = sp_bench_load_redis.open(&wire, why, sizeof why);
    sp_bench_load_request request = {
        .kind = SP_BENCH_LOAD_ORDER, .user = 0, .user_id = 1002, .concert = 7, .seat = 10};
    assert_string_equal(written(&sp_bench_load_redis, redis, &request),
                        "*6\r\n$7\r\nEVALSHA\r\n$40\r\n0123456789abcdef0123456789abcdef01234567\r\n"
                        "$1\r\n0\r\n$4\r\n1002\r\n$1\r\n7\r\n$2\r\n10\r\n");
    request.user_id = request.concert = request.seat = UINT32_MAX;
    assert_non_null(
        strstr(written(&sp_bench_load_redis, redis, &request), "$10\r\n4294967295\r\n"));
    sp_bench_load_redis.close(redis);
    wire.script = "0123456789ABCDEF0123456789ABCDEF01234567";
    assert_null(sp_bench_load_redis.open(&wire, why, sizeof why));
    assert_false(sp_bench_load_redis.knows(SP_BENCH_LOAD_MAP));
}

static void answers_are_counted(void **state)
{
    (void)state;
    static sp_bench_load_counts counts;
    sp_bench_load_answer sold = {.status = 201, .accepted = true};
    sp_bench_load_answer taken = {.status = 409, .code = SP_TEXT("seat_taken")};
    sp_bench_load_answer full = {.status = 503, .code = SP_TEXT("queue_full")};
    for (int i = 0; i < 5; i++)
        sp_bench_load_counts_add(&counts, &sold);
    for (int i = 0; i < 3; i++)
        sp_bench_load_counts_add(&counts, &taken);
    sp_bench_load_counts_add(&counts, &full);
    assert_int_equal(counts.accepted, 5);
    assert_int_equal(counts.refused, 4);
    assert_int_equal(counts.statuses[201], 5);
    assert_int_equal(counts.statuses[409], 3);
    assert_int_equal(sp_bench_load_counts_code(&counts, "seat_taken"), 3);
    assert_int_equal(sp_bench_load_counts_code(&counts, "queue_full"), 1);
    assert_int_equal(sp_bench_load_counts_code(&counts, "queue"), 0);
}

/* More codes than there is room for are one, and none is lost. */
static void codes_without_end_are_counted_together(void **state)
{
    (void)state;
    static sp_bench_load_counts counts;
    for (int i = 0; i < 100; i++) {
        char name[80];
        int size = snprintf(name, sizeof name, "%d-%070d", i, i); /* longer than is kept */
        sp_bench_load_answer answer = {.status = 400, .code = {name, (uint32_t)size}};
        sp_bench_load_counts_add(&counts, &answer);
    }
    assert_int_equal(counts.codes_count, SP_BENCH_LOAD_CODES_MAX);
    assert_int_equal(counts.refused, 100);
    assert_int_equal(sp_bench_load_counts_code(&counts, "other"),
                     100 - (SP_BENCH_LOAD_CODES_MAX - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_over_http),
        cmocka_unit_test(lengths_are_right),
        cmocka_unit_test(holds_and_the_queue_over_http),
        cmocka_unit_test(keys_are_unique),
        cmocka_unit_test(reads_over_http),
        cmocka_unit_test(orders_to_redis),
        cmocka_unit_test(answers_are_counted),
        cmocka_unit_test(codes_without_end_are_counted_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
