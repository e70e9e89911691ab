/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the HTTP glue. The first two bytes choose how the rest is cut.
 *
 * Oracles: what the glue says does not depend on the cuts; whatever it takes
 * is clean (no control bytes in a path or a value, sizes within limits); a
 * request that it took, written down canonically, is taken again and means
 * the same; and llhttp, shown every byte of its head, reads the same in it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "net/http_bytes.h"
#include "tests/support/transport_transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct cuts {
    uint32_t seed;
    uint32_t size_max;
} cuts;

static size_t cut_small(void *context, size_t fed, size_t left)
{
    cuts *c = context;
    (void)fed, (void)left;
    c->seed = c->seed * 1664525u + 1013904223u;
    return 1 + (c->seed >> 8) % c->size_max;
}

static void check_cuts(const char *bytes, size_t size, uint8_t seed, uint8_t size_max)
{
    sp_transcript whole, cut;
    cuts c = {seed, size_max % 32u + 1};
    sp_transcript_make(&whole, bytes, size, NULL, NULL);
    sp_transcript_make(&cut, bytes, size, cut_small, &c);
    if (strcmp(whole.text.bytes, cut.text.bytes) != 0) {
        fprintf(stderr, "whole:\n%s\ncut:\n%s\n", whole.text.bytes, cut.text.bytes);
        abort();
    }
    sp_transcript_free(&whole);
    sp_transcript_free(&cut);
}

/* A stream whose heads were read before, but for one byte: what is remembered of
 * them must not show. */
static void check_heads(const char *bytes, size_t size, uint8_t where, uint8_t what)
{
    if (size == 0)
        return;
    sp_transcript before, known, read;
    sp_http_heads *heads = malloc(sizeof *heads);
    char *other = malloc(size);
    SP_ASSERT(heads != NULL && other != NULL);
    memcpy(other, bytes, size);
    other[where * size / 256] = (char)what;
    sp_http_heads_init(heads);
    sp_transcript_make_with(&before, heads, bytes, size, NULL, NULL);
    sp_transcript_make_with(&known, heads, other, size, NULL, NULL);
    sp_transcript_make_with(&read, NULL, other, size, NULL, NULL);
    if (strcmp(known.text.bytes, read.text.bytes) != 0) {
        fprintf(stderr, "known:\n%s\nread:\n%s\n", known.text.bytes, read.text.bytes);
        abort();
    }
    sp_transcript_free(&before);
    sp_transcript_free(&known);
    sp_transcript_free(&read);
    free(other);
    free(heads);
}

static void check_clean(sp_text text, bool blanks)
{
    for (uint32_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.bytes[i];
        SP_ASSERT(sp_http_is_line_byte(c));
        SP_ASSERT(blanks || (c > ' ' && c < 0x7f));
    }
}

static const char *const method_names[] = {
    [SP_METHOD_GET] = "GET",         [SP_METHOD_HEAD] = "HEAD",   [SP_METHOD_POST] = "POST",
    [SP_METHOD_PUT] = "PUT",         [SP_METHOD_PATCH] = "PATCH", [SP_METHOD_DELETE] = "DELETE",
    [SP_METHOD_OPTIONS] = "OPTIONS",
};

static void write_canonical(const sp_request *request, sp_out *out)
{
    sp_out_string(out, method_names[request->method]);
    sp_out_string(out, " ");
    sp_out_text(out, request->path);
    if (request->query.bytes != NULL) {
        sp_out_string(out, "?");
        sp_out_text(out, request->query);
    }
    sp_out_string(out, " HTTP/1.1\r\nHost: ");
    sp_text host = request->headers[SP_HEADER_HOST];
    sp_out_text(out, host.bytes != NULL ? host : SP_TEXT("h"));
    sp_out_string(out, "\r\nAccept: ");
    sp_out_text(out, request->headers[SP_HEADER_ACCEPT]);
    sp_out_string(out, "\r\nContent-Length: ");
    sp_out_decimal(out, request->body.size);
    sp_out_string(out, "\r\n\r\n");
    sp_out_text(out, request->body);
}

static void check_again(const sp_request *request)
{
    sp_out out;
    sp_out_init(&out);
    write_canonical(request, &out);
    sp_http *http = malloc(sizeof *http);
    SP_ASSERT(http != NULL);
    sp_http_init(http, NULL);
    size_t used;
    sp_http_event event = sp_http_feed(http, out.bytes, out.size, &used);
    if (event == SP_HTTP_HEAD) {
        size_t more;
        event = sp_http_feed(http, out.bytes + used, out.size - used, &more);
        used += more;
    }
    SP_ASSERT_CMP(event, ==, SP_HTTP_REQUEST);
    SP_ASSERT_CMP(used, ==, out.size);
    sp_request again;
    sp_http_message_request(&http->message, &again);
    SP_ASSERT_CMP(again.method, ==, request->method);
    SP_ASSERT(sp_text_equal(again.path, request->path));
    SP_ASSERT(sp_text_equal(again.query, request->query));
    SP_ASSERT(sp_text_equal(again.body, request->body));
    SP_ASSERT(sp_text_equal(again.headers[SP_HEADER_ACCEPT], request->headers[SP_HEADER_ACCEPT]));
    sp_http_close(http);
    free(http);
    sp_out_close(&out);
}

/* The inside of a long value was kept from llhttp: it must not matter. */
static void check_all_bytes(const sp_http *http)
{
    sp_http_fields fields;
    sp_http_message message;
    sp_http_facts facts = http->facts;
    const char *detail;
    facts.inside = (sp_http_span){0};
    sp_http_message_init(&message);
    SP_ASSERT(sp_http_message_append(&message, http->message.bytes, http->line_offset));
    SP_ASSERT_CMP(sp_http_fields_head(&fields, &facts, &message, &detail), ==, SP_OK);
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++) {
        SP_ASSERT_CMP(message.headers[i].present, ==, http->message.headers[i].present);
        SP_ASSERT_CMP(message.headers[i].offset, ==, http->message.headers[i].offset);
        SP_ASSERT_CMP(message.headers[i].size, ==, http->message.headers[i].size);
    }
    sp_http_message_close(&message);
}

static void check_request(sp_http *http)
{
    sp_request request;
    check_all_bytes(http);
    sp_http_message_request(&http->message, &request);
    SP_ASSERT(request.method >= SP_METHOD_GET && request.method <= SP_METHOD_OPTIONS);
    SP_ASSERT(request.path.size > 0 &&
              (request.path.bytes[0] == '/' || request.method == SP_METHOD_OPTIONS));
    SP_ASSERT_CMP(request.body.size, <=, SP_HTTP_BODY_SIZE_MAX);
    SP_ASSERT_CMP(request.path.size + request.query.size, <=, SP_HTTP_TARGET_SIZE_MAX);
    check_clean(request.path, false);
    check_clean(request.query, false);
    uint32_t values_size = 0;
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++) {
        check_clean(request.headers[i], true);
        values_size += request.headers[i].size;
    }
    /* A largest head stays one when it is written anew only with slack. */
    if (values_size + request.path.size + request.query.size < SP_HTTP_HEAD_SIZE_MAX - 200)
        check_again(&request);
}

static void check_requests(const char *bytes, size_t size)
{
    sp_http *http = malloc(sizeof *http);
    SP_ASSERT(http != NULL);
    sp_http_init(http, NULL);
    for (size_t at = 0; at < size;) {
        size_t used;
        sp_http_event event = sp_http_feed(http, bytes + at, size - at, &used);
        at += used;
        if (event == SP_HTTP_REFUSED) {
            SP_ASSERT(http->outcome != SP_OK && http->detail != NULL);
            /* The strict reading must refuse first: what is left to llhttp
             * here is a rule that we do not know of. */
            SP_ASSERT(http->detail != sp_http_parsers_disagree);
            break;
        }
        if (event == SP_HTTP_REQUEST) {
            check_request(http);
            sp_http_close(http);
            sp_http_init(http, NULL);
        }
    }
    sp_http_close(http);
    free(http);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const char *bytes = (const char *)data + 2;
    check_cuts(bytes, size - 2, data[0], data[1]);
    check_requests(bytes, size - 2);
    check_heads(bytes, size - 2, data[0], data[1]);
    return 0;
}
