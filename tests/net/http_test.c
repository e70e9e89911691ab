/* SPDX-License-Identifier: MIT
 *
 * The HTTP glue: a corpus of named streams, each refusal beside the neighbour
 * that is still accepted. Every stream is fed whole, byte by byte, and cut in
 * two at every position; what the glue says must be the same each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/net/http_cases.h"
#include "tests/support/transport_transcript.h"

static size_t cut_bytes(void *context, size_t fed, size_t left)
{
    (void)context, (void)fed, (void)left;
    return 1;
}

static size_t cut_once(void *context, size_t fed, size_t left)
{
    return fed == 0 ? *(size_t *)context : left;
}

static void expect_same(const http_case *c, const sp_transcript *whole, sp_transcript_cut cut,
                        size_t at)
{
    sp_transcript other;
    sp_transcript_make(&other, c->bytes, c->size, cut, &at);
    if (strcmp(whole->text.bytes, other.text.bytes) != 0)
        fail_msg("%s: cut at %zu:\n%s\nwhole:\n%s", c->name, at, other.text.bytes,
                 whole->text.bytes);
    sp_transcript_free(&other);
}

/* What llhttp was not shown would have changed nothing: the head of a request
 * that was taken is read again, all of it. */
static void expect_same_from_all(const char *name, const sp_http *http)
{
    static sp_http again;
    sp_http_facts facts = http->facts;
    const char *detail = NULL;
    facts.inside = (sp_http_span){0};
    sp_http_init(&again, NULL);
    sp_http_message *message = &again.message;
    assert_true(sp_http_message_append(message, http->message.bytes, http->line_offset));
    if (sp_http_fields_head(&again.fields, &facts, message, &detail) != SP_OK)
        fail_msg("%s: all bytes of it are refused: %s", name, detail);
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++) {
        sp_http_span a = message->headers[i], b = http->message.headers[i];
        if (a.offset != b.offset || a.size != b.size || a.present != b.present)
            fail_msg("%s: header %u differs", name, i);
    }
    sp_http_close(&again);
}

static void check_against_all(const http_case *c)
{
    static sp_http http;
    sp_http_init(&http, NULL);
    for (size_t at = 0; at < c->size;) {
        size_t used;
        sp_http_event event = sp_http_feed(&http, c->bytes + at, c->size - at, &used);
        at += used;
        if (event == SP_HTTP_REFUSED)
            break;
        if (event != SP_HTTP_REQUEST)
            continue;
        expect_same_from_all(c->name, &http);
        sp_http_close(&http);
        sp_http_init(&http, NULL);
    }
    sp_http_close(&http);
}

static void check_case(const http_case *c)
{
    sp_transcript whole;
    sp_transcript_make(&whole, c->bytes, c->size, NULL, NULL);
    const char *text = whole.text.bytes;
    if (whole.outcome != c->outcome || whole.requests_count != c->requests_count)
        fail_msg("%s: wanted %s after %u requests, got:\n%s", c->name,
                 sp_outcome_row_of(c->outcome)->code, c->requests_count, text);
    if (c->contains != NULL && strstr(text, c->contains) == NULL)
        fail_msg("%s: wanted \"%s\" in:\n%s", c->name, c->contains, text);
    if (whole.detail == sp_http_parsers_disagree)
        fail_msg("%s: left to llhttp to refuse:\n%s", c->name, text);
    check_against_all(c);
    expect_same(c, &whole, cut_bytes, 0);
    for (size_t at = 1; at < c->size && c->size < 4096; at++)
        expect_same(c, &whole, cut_once, at);
    sp_transcript_free(&whole);
}

static void test_corpus(void **state)
{
    (void)state;
    for (size_t i = 0; i < http_cases_count; i++)
        check_case(&http_cases[i]);
}

/* Streams whose point is their size, made rather than written down. */
typedef struct sized {
    const char *name;
    const char *before; /* then `filler` so often, then `after` */
    char filler;
    size_t filler_count;
    const char *after;
    sp_outcome outcome;
    unsigned requests_count;
} sized;

static const char head_end[] = " HTTP/1.1\r\nHost: h\r\n\r\n";
/* "GET /" and so many more make a target of 8192 bytes. */
#define TARGET_FILL 8191
/* What the head "GET / HTTP/1.1\r\nHost: h\r\nA: " + "\r\n\r\n" leaves. */
#define HEAD_FILL (SP_HTTP_HEAD_SIZE_MAX - 16 - 9 - 3 - 4)

static const sized sized_cases[] = {
    {"target of the largest size", "GET /", 'a', TARGET_FILL, head_end, SP_OK, 1},
    {"target a byte too long", "GET /", 'a', TARGET_FILL + 1, head_end, SP_URI_TOO_LONG, 0},
    {"target far too long", "GET /", 'a', 20000, head_end, SP_URI_TOO_LONG, 0},
    {"target without an end", "GET /", 'a', 70000, "", SP_URI_TOO_LONG, 0},
    {"head of the largest size", "GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', HEAD_FILL, "\r\n\r\n",
     SP_OK, 1},
    {"head a byte too large", "GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', HEAD_FILL + 1, "\r\n\r\n",
     SP_HEADERS_TOO_LARGE, 0},
    {"head without an end", "GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', 70000, "",
     SP_HEADERS_TOO_LARGE, 0},
    {"request line that may still end", "GET /", 'a', TARGET_FILL + 60, "", SP_OK, 0},
    {"request line that can end no more", "GET /", 'a', TARGET_FILL + 61, "", SP_URI_TOO_LONG, 0},
    {"head that may still end", "GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', HEAD_FILL + 4, "", SP_OK,
     0},
    {"head that can end no more", "GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', HEAD_FILL + 5, "",
     SP_HEADERS_TOO_LARGE, 0},
    {"head cut off by a bad byte before its limit", "GET / HTTP/1.1\r\nA: \001", 'a', 70000, "",
     SP_MALFORMED_REQUEST, 0},
    {"sized body of the largest size",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n", 'b', 65536, "", SP_OK, 1},
    {"a byte behind the largest body",
     "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n", 'b', 65536, "\001",
     SP_MALFORMED_REQUEST, 1},
    {"chunked body of the largest size",
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n", 'b', 65536,
     "\r\n0\r\n\r\n", SP_OK, 1},
    {"chunked body a byte too large in a second chunk",
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n", 'b', 65536,
     "\r\n1\r\nb\r\n0\r\n\r\n", SP_BODY_TOO_LARGE, 0},
    {"trailer line too large",
     "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ", 'a', 300,
     "\r\n\r\n", SP_HEADERS_TOO_LARGE, 0},
};

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sized_cases / sizeof sized_cases[0]; i++) {
        const sized *s = &sized_cases[i];
        size_t before = strlen(s->before), after = strlen(s->after);
        size_t size = before + s->filler_count + after;
        char *bytes = malloc(size);
        assert_non_null(bytes);
        memcpy(bytes, s->before, before);
        memset(bytes + before, s->filler, s->filler_count);
        memcpy(bytes + before + s->filler_count, s->after, after);
        check_case(&(http_case){s->name, bytes, size, s->outcome, s->requests_count, NULL});
        free(bytes);
    }
}

static void test_many_trailers(void **state)
{
    (void)state;
    sp_out out;
    sp_out_init(&out);
    sp_out_string(&out, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    for (int i = 0; i < 1100; i++)
        sp_out_string(&out, "A: b\r\n");
    sp_out_string(&out, "\r\n");
    check_case(
        &(http_case){"too many trailers", out.bytes, out.size, SP_HEADERS_TOO_LARGE, 0, NULL});
    sp_out_close(&out);
}

/* A body in many small chunks is one body. */
static void test_many_chunks(void **state)
{
    (void)state;
    sp_out out;
    sp_out_init(&out);
    sp_out_string(&out, "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n");
    for (int i = 0; i < 3000; i++)
        sp_out_string(&out, i % 2 != 0 ? "1\r\nx\r\n" : "0002\r\nyz\r\n");
    sp_out_string(&out, "000\r\n\r\n");
    check_case(&(http_case){"many chunks", out.bytes, out.size, SP_OK, 1,
                            "PUT /c 1.1 keep host=[h] body=4500[yzxyzx"});
    sp_out_close(&out);
}

/* Joins beyond the inline bytes move the message while it is being read. */
static void test_joined_values_grow(void **state)
{
    (void)state;
    sp_out out;
    sp_out_init(&out);
    sp_out_string(&out, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 10; i++) {
        sp_out_string(&out, "If-None-Match: \"");
        for (int k = 0; k < 60; k++)
            sp_out_decimal(&out, i);
        sp_out_string(&out, "\"\r\n");
    }
    sp_out_string(&out, "\r\n");
    check_case(&(http_case){"joined values", out.bytes, out.size, SP_OK, 1, "8888\", \"9999"});
    sp_out_close(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_many_trailers),
        cmocka_unit_test(test_many_chunks),
        cmocka_unit_test(test_joined_values_grow),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
