/* SPDX-License-Identifier: MIT
 *
 * Whole responses, byte by byte: heads with everything in them, and bodies
 * behind a Content-Length that was guessed right, too short and too long.
 */
#include "net/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/net/fake_exchange.h"

#define FORBIDDEN                                                             \
    "X-Content-Type-Options: nosniff\r\n"                                     \
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" \
    "Referrer-Policy: no-referrer\r\n"
#define DATE "\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nX-Request-Id: "
#define HEAD DATE "00000000000000ab\r\n" FORBIDDEN
#define TYPE "Content-Type: application/json\r\n"

static sp_loop loop;
static fake_profiles profiles;
static atomic_bool serving = true, failed = false;
static sp_app *app;
static const sp_answer_to to = {.request_id = 0xab, .version_minor = 1};

/* A response whose body is a string of so many bytes, quotes included. */
static void write_sized(sp_out *out, sp_answer answer, sp_answer_to whom, uint32_t size)
{
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    sp_json_text(sp_answer_begin(loop.app, whom, &answer, out), (sp_text){text, size - 2});
    sp_answer_end(loop.app, out);
    free(text);
}

static void check_sized(const sp_out *out, size_t from, uint32_t size, bool head)
{
    char wanted[512];
    int head_size = snprintf(wanted, sizeof wanted,
                             "HTTP/1.1 200 OK" HEAD TYPE "Content-Length: %u\r\n\r\n", size);
    assert_int_equal(out->size - from, (size_t)head_size + (head ? 0 : size));
    assert_memory_equal(out->bytes + from, wanted, (size_t)head_size);
    for (size_t i = from + (size_t)head_size; i < out->size; i++)
        assert_int_equal(out->bytes[i],
                         i == from + (size_t)head_size || i == out->size - 1 ? '"' : 'x');
}

static void every_length(void **state)
{
    static const uint32_t sizes[] = {2,   9,    10,   11,   99,    100,   101,    998,
                                     999, 1000, 1001, 9999, 10000, 99999, 100000, 1234567};
    static const uint32_t guesses[] = {0, 1, 99, 100, 5000, 20200, 1000000};
    sp_out out;
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < sizeof guesses / sizeof guesses[0]; j++)
            for (int head = 0; head < 2; head++) {
                sp_answer answer = {.status = 200, .body_size_guess = guesses[j]};
                sp_answer_to whom = to;
                whom.head = head;
                sp_out_init(&out);
                write_sized(&out, answer, whom, sizes[i]);
                check_sized(&out, 0, sizes[i], head);
                sp_out_close(&out);
            }
}

/* As on a connection: each begins where the last ended, whatever moved. */
static void behind_each_other(void **state)
{
    sp_out out;
    (void)state;
    sp_out_init(&out);
    for (uint32_t size = 2; size < 1200; size++) {
        size_t from = out.size;
        write_sized(&out, (sp_answer){.status = 200}, to, size);
        check_sized(&out, from, size, false);
    }
    sp_out_close(&out);
}

/* The length is that of the other form, whatever was guessed from the first. */
static void packed_lengths(void **state)
{
    static const uint32_t sizes[] = {2,   5,   33,  34,   98,   99,    100,   101,   257,
                                     258, 997, 999, 1001, 9999, 10001, 65537, 65538, 200200};
    static const uint32_t guesses[] = {0, 1, 100, 200200};
    static const char type[] = "Content-Type: application/msgpack\r\n";
    sp_answer_to whom = to;
    sp_out out;
    (void)state;
    whom.varies = whom.msgpack = true;
    sp_out_init(&out);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < sizeof guesses / sizeof guesses[0]; j++)
            for (int head = 0; head < 2; head++) {
                char wanted[512];
                uint32_t size = sizes[i] - 2; /* without the quotes */
                uint32_t front = size < 32 ? 1 : size < 256 ? 2 : size < 65536 ? 3 : 5;
                int head_size =
                    snprintf(wanted, sizeof wanted,
                             "HTTP/1.1 200 OK" HEAD "%sContent-Length: %u\r\nVary: Accept\r\n\r\n",
                             type, front + size);
                size_t from = out.size; /* behind the one before */
                whom.head = head;
                write_sized(&out, (sp_answer){.status = 200, .body_size_guess = guesses[j]}, whom,
                            sizes[i]);
                assert_int_equal(out.size - from, (size_t)head_size + (head ? 0 : front + size));
                assert_memory_equal(out.bytes + from, wanted, (size_t)head_size);
                for (uint32_t k = 0; !head && k < size; k++)
                    assert_int_equal(out.bytes[out.size - size + k], 'x');
            }
    sp_out_close(&out);
}

static void check(const sp_out *out, const char *wanted)
{
    if (out->size != strlen(wanted) || memcmp(out->bytes, wanted, out->size) != 0)
        fail_msg("wanted %s\ngot %.*s", wanted, (int)out->size, out->bytes);
}

static void every_field(void **state)
{
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_answer answer = {.status = 431,
                        .problem = true,
                        .location = SP_TEXT("/v1/orders/7"),
                        .etag = SP_TEXT("\"1-2\""),
                        .allow = SP_TEXT("GET, HEAD"),
                        .www_authenticate = SP_TEXT("Bearer"),
                        .replayed = true,
                        .retryable = true,
                        .lines = SP_TEXT("A: 1\r\nB: 2\r\n"),
                        .no_store = true,
                        .no_cache = true};
    sp_answer_to whom = {.request_id = 0xab, .close = true, .had_token = true};
    sp_json_null(sp_answer_begin(loop.app, whom, &answer, &out));
    sp_answer_end(loop.app, &out);
    check(&out, "HTTP/1.1 431 Request Header Fields Too Large" HEAD
                "Content-Type: application/problem+json\r\n"
                "Content-Length: 4\r\nLocation: /v1/orders/7\r\nETag: \"1-2\"\r\n"
                "Allow: GET, HEAD\r\nWWW-Authenticate: Bearer\r\nIdempotency-Replayed: true\r\n"
                "Retry-After: 1\r\nA: 1\r\nB: 2\r\nCache-Control: no-store\r\nConnection: "
                "close\r\n\r\nnull");
    sp_out_close(&out);
}

static void a_problem_is_never_packed(void **state)
{
    sp_out out;
    sp_answer answer = {.status = 404, .problem = true};
    sp_answer_to whom = to;
    (void)state;
    whom.varies = whom.msgpack = true;
    sp_out_init(&out);
    sp_json_null(sp_answer_begin(loop.app, whom, &answer, &out));
    sp_answer_end(loop.app, &out);
    check(&out, "HTTP/1.1 404 Not Found" HEAD "Content-Type: application/problem+json\r\n"
                "Content-Length: 4\r\n\r\nnull");
    sp_out_close(&out);
}

/* What depends on who asked: his id, his limit, his origin. */
static void to_whom(void **state)
{
    sp_out out;
    sp_cors cors = {0};
    sp_app *shared = ((sp_app_loop *)loop.app)->app;
    sp_answer answer = {.status = 429, .retryable = true, .retry_after_s = 4294967295u};
    sp_answer_to whom = {.request_id = 0xab,
                         .version_minor = 1,
                         .request_name = SP_TEXT("my.own_id-1"),
                         .limited = true,
                         .rate_remaining = 4294967295u,
                         .rate_reset_s = 12};
    (void)state;
    sp_out_init(&out);
    assert_true(sp_cors_add(&cors, "https://a.example"));
    sp_answer_write(loop.app, whom, &answer, &out);
    check(&out, "HTTP/1.1 429 Too Many Requests" DATE "my.own_id-1\r\n" FORBIDDEN
                "RateLimit-Limit: 1000000\r\nRateLimit-Remaining: 4294967295\r\n"
                "RateLimit-Reset: 12\r\nRetry-After: 4294967295\r\n\r\n");
    shared->config.cors = &cors;
    for (whom.origin = 0; whom.origin < 2; whom.origin++) {
        sp_out_clear(&out);
        sp_answer_write(loop.app, whom, &answer, &out);
        sp_out_bytes(&out, "", 1);
        bool allowed = strstr(out.bytes, "\r\nAccess-Control-Allow-Origin: https://a.example\r\n");
        assert_int_equal(allowed, whom.origin);
        assert_non_null(strstr(out.bytes, "\r\nVary: Origin\r\n"));
    }
    shared->config.cors = NULL;
    sp_out_close(&out);
}

static void no_body(void **state)
{
    sp_out out;
    sp_answer answer = {.status = 304, .etag = SP_TEXT("\"1-2\""), .no_cache = true};
    sp_answer_to whom = to;
    (void)state;
    sp_out_init(&out);
    sp_answer_write(loop.app, to, &answer, &out);
    check(&out,
          "HTTP/1.1 304 Not Modified" HEAD "ETag: \"1-2\"\r\nCache-Control: no-cache\r\n\r\n");
    /* A token wins over no-cache; HTTP/1.0 is told that it may go on. */
    sp_out_clear(&out);
    whom.had_token = true;
    whom.version_minor = 0;
    sp_answer_write(loop.app, whom, &answer, &out);
    check(&out, "HTTP/1.1 304 Not Modified" HEAD
                "ETag: \"1-2\"\r\nCache-Control: no-store\r\nConnection: keep-alive\r\n\r\n");
    sp_out_close(&out);
}

/* A stream has no length and ends with its connection; of HEAD there is the head
 * alone. */
static void streams(void **state)
{
    sp_exchange ex = {.loop = &loop, .id = 0xab, .request = {.method = SP_METHOD_GET}};
    sp_out out;
    (void)state;
    sp_out_init(&out);
    for (unsigned minor = 0; minor < 2; minor++) {
        for (int head = 0; head < 2; head++) {
            ex.request.method = head ? SP_METHOD_HEAD : SP_METHOD_GET;
            ex.request.version_minor = (uint8_t)minor;
            ex.close_after = false;
            sp_out_clear(&out);
            assert_int_equal(sp_answer_stream(&ex, &out), !head);
            assert_true(ex.close_after);
            check(&out, "HTTP/1.1 200 OK" HEAD "Content-Type: text/event-stream\r\n"
                        "X-Accel-Buffering: no\r\nCache-Control: no-store\r\n"
                        "Connection: close\r\n\r\n");
        }
    }
    sp_out_close(&out);
}

static void dates_go_on(void **state)
{
    sp_out out;
    sp_answer answer = {.status = 204};
    (void)state;
    sp_out_init(&out);
    for (int second = 0; second < 3; second++) {
        char wanted[64];
        loop.clock.now_ms = FAKE_NOW + second * 1000 + 999;
        snprintf(wanted, sizeof wanted, "\r\nDate: Thu, 01 Jan 2026 00:00:0%d GMT\r\n", second);
        sp_out_clear(&out);
        sp_answer_write(loop.app, to, &answer, &out);
        sp_out_bytes(&out, "", 1);
        assert_non_null(strstr(out.bytes, wanted));
    }
    loop.clock.now_ms = FAKE_NOW;
    sp_out_close(&out);
}

static void locations(void **state)
{
    char text[SP_LOCATION_SIZE_MAX];
    (void)state;
    sp_text location = sp_answer_location(text, SP_TEXT("/v1/orders/"), 1);
    assert_true(sp_text_equal(location, SP_TEXT("/v1/orders/1")));
    location = sp_answer_location(text, SP_TEXT("/v1/categories/"), UINT32_MAX);
    assert_true(sp_text_equal(location, SP_TEXT("/v1/categories/4294967295")));
}

static int set_up(void **state)
{
    (void)state;
    fake_loop_init(&loop);
    fake_profiles_init(&profiles, &loop.log);
    app = sp_app_create(&(sp_app_config){.profiles = &profiles.reader,
                                         .signing_key = {.kid = "k1", .bytes = {1}},
                                         .serving = &serving,
                                         .failed = &failed,
                                         .loops_count = 1,
                                         .writes_per_s_max = 1000000});
    if (!app)
        return -1;
    loop.app = sp_app_loop_create(app, &loop);
    return loop.app ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_app_loop_destroy(loop.app);
    sp_app_destroy(app);
    fake_loop_close(&loop);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length),   cmocka_unit_test(behind_each_other),
        cmocka_unit_test(packed_lengths), cmocka_unit_test(a_problem_is_never_packed),
        cmocka_unit_test(every_field),    cmocka_unit_test(no_body),
        cmocka_unit_test(dates_go_on),    cmocka_unit_test(locations),
        cmocka_unit_test(to_whom),        cmocka_unit_test(streams),
    };
    return cmocka_run_group_tests_name("answer", tests, set_up, tear_down);
}
