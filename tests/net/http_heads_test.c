/* SPDX-License-Identifier: MIT
 *
 * Heads that were read before: what is taken as known reads as if it were read,
 * and whatever differs where it matters is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/transport_transcript.h"

#define TOKEN "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.AAAABBBBCCCCDDDD"
#define OTHER "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.EEEEFFFFGGGGHHHH"
#define HEAD(token, length)                                               \
    "POST /v1/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " token \
    "\r\nContent-Length: " length "\r\n\r\n"
#define ORDER HEAD(TOKEN, "11") "{\"seat\":[1]}"

static sp_http_heads *heads_after(const char *stream)
{
    sp_transcript first;
    sp_http_heads *heads = malloc(sizeof *heads);
    assert_non_null(heads);
    sp_http_heads_init(heads);
    sp_transcript_make_with(&first, heads, stream, strlen(stream), NULL, NULL);
    sp_transcript_free(&first);
    return heads;
}

static bool is_known(sp_http_heads *heads, const char *bytes)
{
    uint64_t content_length;
    return sp_http_heads_find(heads, bytes, strlen(bytes), &content_length) != NULL;
}

static void reads_the_same(sp_http_heads *heads, const char *stream)
{
    sp_transcript known, read;
    sp_transcript_make_with(&known, heads, stream, strlen(stream), NULL, NULL);
    sp_transcript_make_with(&read, NULL, stream, strlen(stream), NULL, NULL);
    assert_string_equal(known.text.bytes, read.text.bytes);
    sp_transcript_free(&known);
    sp_transcript_free(&read);
}

static void token_and_length_may_differ(void **state)
{
    (void)state;
    static const char *const alike[] = {
        ORDER,
        HEAD(OTHER, "11") "{\"seat\":[1]}",
        HEAD(OTHER, "12") "{\"seat\":[10]}",
        HEAD(OTHER, "09") "123456789" ORDER,
        HEAD("eyJ\x80 \t<>(),;=?\"\\{}[]:/@ !#$%&'*+-^_`|~0123456ABCDEFGH", "11") "{\"seat\":[1]}",
    };
    sp_http_heads *heads = heads_after(ORDER);
    assert_int_equal(heads->count, 1);
    for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++) {
        assert_true(is_known(heads, alike[i]));
        reads_the_same(heads, alike[i]);
    }
    assert_int_equal(heads->count, 1);
    free(heads);
}

static void nothing_else_may(void **state)
{
    (void)state;
    static const char *const different[] = {
        HEAD(TOKEN "A", "11") "{\"seat\":[1]}",
        HEAD(TOKEN, "2") "{}",
        HEAD(TOKEN, "00"),
        HEAD(TOKEN, "1a") "{\"seat\":[1]}",
        HEAD(TOKEN, "+1") "1",
        HEAD("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.EEEEFFFFGGGGHHH ", "11") "{\"seat\":[1]}",
        HEAD("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.EEEEFFFF\r\nX: HHH", "11") "{\"seat\":[1]}",
        HEAD("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.EEEEFFFF\nGGGGHHH", "11") "{\"seat\":[1]}",
        HEAD("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.EEEEFFFF\x01GGGGHHH", "11") "{\"seat\":[1]}",
        "POST /v1/ordert HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Length: 11\r\n\r\n{\"seat\":[1]}",
        "POST /v1/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " TOKEN
        "\r\nContent-Length: 11\r\n \r\n{\"seat\":[1]}",
        "POST /v1/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Basic  " TOKEN
        "\r\nContent-Length: 11\r\n\r\n{\"seat\":[1]}",
    };
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++) {
        sp_http_heads *heads = heads_after(ORDER);
        if (i != 11) /* the scheme is behind the first bytes: the application judges it */
            assert_false(is_known(heads, different[i]));
        reads_the_same(heads, different[i]);
        free(heads);
    }
}

static void what_is_not_plain_is_read_each_time(void **state)
{
    (void)state;
    static const char *const streams[] = {
        /* Two values that make one; a coding; a token that is not the longest value. */
        "GET / HTTP/1.1\r\nHost: h\r\nAccept: a/b\r\nAccept: c/d\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer abc\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer 0123456789abcdef\r\n"
        "If-None-Match: \"0123456789abcdef0123456789abcdef0123456789\"\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        sp_http_heads *heads = heads_after(streams[i]);
        assert_int_equal(heads->count, 0);
        reads_the_same(heads, streams[i]);
        free(heads);
    }
}

static void a_token_is_not_kept(void **state)
{
    (void)state;
    sp_http_heads *heads = heads_after(ORDER);
    assert_null(memmem(heads, sizeof *heads, "eyJzdWIi", 8));
    free(heads);
}

static void the_crowd_takes_a_place_now_and_then(void **state)
{
    (void)state;
    char stream[256];
    sp_http_heads *heads = heads_after(ORDER);
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(stream, sizeof stream, "GET /%u HTTP/1.1\r\nHost: h\r\n\r\n", 100000 + i);
        reads_the_same(heads, stream);
        assert_true(heads->count <= SP_HTTP_HEADS_MAX);
    }
    assert_int_equal(heads->count, SP_HTTP_HEADS_MAX);
    assert_false(is_known(heads, ORDER));
    for (unsigned i = 0; i < 40; i++) /* whoever comes often gets in again */
        reads_the_same(heads, ORDER);
    assert_true(is_known(heads, ORDER));
    free(heads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_and_length_may_differ),
        cmocka_unit_test(nothing_else_may),
        cmocka_unit_test(what_is_not_plain_is_read_each_time),
        cmocka_unit_test(a_token_is_not_kept),
        cmocka_unit_test(the_crowd_takes_a_place_now_and_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
