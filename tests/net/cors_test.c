/* SPDX-License-Identifier: MIT
 *
 * Origins: which are taken, whose pages may read, and the very lines.
 */
#include "net/cors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define EXPOSED                                                                                   \
    "Access-Control-Expose-Headers: Location, ETag, Retry-After, X-Request-Id, RateLimit-Limit, " \
    "RateLimit-Remaining, RateLimit-Reset, Idempotency-Replayed\r\n"

static sp_text text(const char *string)
{
    return (sp_text){string, string ? (uint32_t)strlen(string) : 0};
}

static void expect_fields(const sp_cors *cors, uint8_t index, const char *wanted)
{
    sp_text fields = sp_cors_fields(cors, index);
    if (!sp_text_equal(fields, text(wanted)))
        fail_msg("wanted %s, got %.*s", wanted, (int)fields.size, fields.bytes);
}

static void which_are_origins(void **state)
{
    static const char *const good[] = {"https://example.org",
                                       "http://localhost:3000",
                                       "https://a-b.example:8443",
                                       "http://192.0.2.1",
                                       "http://[2001:db8::1]:80",
                                       "capacitor://localhost",
                                       "*"};
    static const char *const bad[] = {"",
                                      "null",
                                      "example.org",
                                      "https://",
                                      "https://example.org/",
                                      "https://example.org/a",
                                      "https://Example.org",
                                      "HTTPS://example.org",
                                      "https://user@example.org",
                                      "https://example.org:port",
                                      "https://example.org:99999",
                                      "https://*.example.org",
                                      "https:/example.org",
                                      "https://example.org, https://b.org",
                                      "https://example.org\r\nX: y",
                                      "://example.org",
                                      "**"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        sp_cors cors = {0};
        if (!sp_cors_add(&cors, good[i]))
            fail_msg("not taken: %s", good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_cors cors = {0};
        if (sp_cors_add(&cors, bad[i]))
            fail_msg("taken: %s", bad[i]);
    }
    char longest[SP_CORS_ORIGIN_SIZE_MAX + 1] = "https://";
    memset(longest + 8, 'a', sizeof longest - 9);
    sp_cors cors = {0};
    assert_false(sp_cors_add(&cors, longest));
    longest[SP_CORS_ORIGIN_SIZE_MAX - 1] = '\0';
    assert_true(sp_cors_add(&cors, longest));
    assert_int_equal(sp_cors_find(&cors, text(longest)), 1);
    for (uint32_t i = 1; i < SP_CORS_ORIGINS_MAX; i++)
        assert_true(sp_cors_add(&cors, "https://example.org"));
    assert_false(sp_cors_add(&cors, "https://example.org"));
}

static void exact_origins(void **state)
{
    sp_cors cors = {0};
    (void)state;
    assert_true(sp_cors_add(&cors, "https://a.example"));
    assert_true(sp_cors_add(&cors, "https://b.example:8443"));
    assert_int_equal(sp_cors_find(&cors, text("https://a.example")), 1);
    assert_int_equal(sp_cors_find(&cors, text("https://b.example:8443")), 2);
    static const char *const others[] = {NULL,
                                         "",
                                         "null",
                                         "https://a.example.evil",
                                         "https://a.exampl",
                                         "http://a.example",
                                         "https://b.example",
                                         "https://b.example:84",
                                         "https://A.example",
                                         "*"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(sp_cors_find(&cors, text(others[i])), 0);
    expect_fields(&cors, 0, "Vary: Origin\r\n");
    expect_fields(&cors, 2,
                  "Access-Control-Allow-Origin: https://b.example:8443\r\n" EXPOSED
                  "Vary: Origin\r\n");
}

/* What is the same for everyone may be cached for everyone. */
static void any_origin(void **state)
{
    sp_cors cors = {0};
    (void)state;
    assert_true(sp_cors_add(&cors, "https://a.example"));
    assert_true(sp_cors_add(&cors, "*"));
    assert_int_equal(sp_cors_find(&cors, text("https://a.example")), 1);
    assert_int_equal(sp_cors_find(&cors, text("null")), 1);
    assert_int_equal(sp_cors_find(&cors, text(NULL)), 1);
    expect_fields(&cors, 1, "Access-Control-Allow-Origin: *\r\n" EXPOSED);
    assert_int_equal(sp_cors_find(NULL, text("https://a.example")), 0);
}

static void preflights(void **state)
{
    char lines[SP_CORS_PREFLIGHT_SIZE_MAX];
    (void)state;
    uint32_t size = sp_cors_preflight(text("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"), lines);
    static const char wanted[] =
        "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"
        "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, "
        "If-None-Match, Last-Event-ID, X-Request-Id, traceparent\r\n"
        "Access-Control-Max-Age: 600\r\n";
    assert_int_equal(size, sizeof wanted - 1);
    assert_memory_equal(lines, wanted, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which_are_origins),
        cmocka_unit_test(exact_origins),
        cmocka_unit_test(any_origin),
        cmocka_unit_test(preflights),
    };
    return cmocka_run_group_tests_name("cors", tests, NULL, NULL);
}
