/* SPDX-License-Identifier: MIT */
#include "tests/support/transport_transcript.h"

#include <stdlib.h>

#include "engine/assert.h"

static const char *method_name(sp_method method)
{
    static const char *const names[] = {
        [SP_METHOD_GET] = "GET",         [SP_METHOD_HEAD] = "HEAD",   [SP_METHOD_POST] = "POST",
        [SP_METHOD_PUT] = "PUT",         [SP_METHOD_PATCH] = "PATCH", [SP_METHOD_DELETE] = "DELETE",
        [SP_METHOD_OPTIONS] = "OPTIONS",
    };
    return names[method];
}

static void write_field(sp_out *out, const char *name, sp_text text)
{
    if (text.bytes == NULL)
        return;
    sp_out_string(out, " ");
    sp_out_string(out, name);
    sp_out_string(out, "=[");
    sp_out_text(out, text);
    sp_out_string(out, "]");
}

static void write_request(sp_out *out, sp_http *http)
{
    static const char *const headers[SP_HEADER_END] = {
        [SP_HEADER_HOST] = "host",
        [SP_HEADER_AUTHORIZATION] = "authorization",
        [SP_HEADER_CONTENT_TYPE] = "content-type",
        [SP_HEADER_ACCEPT] = "accept",
        [SP_HEADER_IDEMPOTENCY_KEY] = "idempotency-key",
        [SP_HEADER_IF_NONE_MATCH] = "if-none-match",
        [SP_HEADER_X_REQUEST_ID] = "x-request-id",
        [SP_HEADER_TRACEPARENT] = "traceparent",
        [SP_HEADER_X_FORWARDED_FOR] = "x-forwarded-for",
        [SP_HEADER_ORIGIN] = "origin",
        [SP_HEADER_ACCESS_CONTROL_REQUEST_METHOD] = "access-control-request-method",
        [SP_HEADER_CONTENT_ENCODING] = "content-encoding",
    };
    sp_request request;
    sp_http_message_request(&http->message, &request);
    sp_out_string(out, method_name(request.method));
    sp_out_string(out, " ");
    sp_out_text(out, request.path);
    if (request.query.bytes != NULL) {
        sp_out_string(out, " ?");
        sp_out_text(out, request.query);
    }
    sp_out_string(out, request.version_minor == 1 ? " 1.1" : " 1.0");
    sp_out_string(out, http->message.keep_alive ? " keep" : " close");
    if (sp_http_continue_wanted(http))
        sp_out_string(out, " continue");
    for (unsigned i = 0; i < SP_HEADER_COUNT; i++)
        write_field(out, headers[i], request.headers[i]);
    for (unsigned i = SP_HEADER_COUNT; i < SP_HEADER_END; i++)
        write_field(out, headers[i], sp_request_rare(&request, (sp_header)i));
    sp_out_string(out, " body=");
    sp_out_decimal(out, request.body.size);
    sp_out_string(out, "[");
    sp_out_text(out, request.body);
    sp_out_string(out, "]\n");
}

static void write_refusal(sp_transcript *transcript, const sp_http *http)
{
    transcript->outcome = http->outcome;
    transcript->detail = http->detail;
    sp_out_string(&transcript->text, "refused ");
    sp_out_string(&transcript->text, sp_outcome_row_of(http->outcome)->code);
    sp_out_string(&transcript->text, sp_http_is_head(http) ? " head " : " ");
    sp_out_string(&transcript->text, http->detail);
    sp_out_string(&transcript->text, "\n");
}

/* One event; false when the stream is not read any further. */
static bool write_event(sp_transcript *transcript, sp_http *http, sp_http_event event)
{
    if (event == SP_HTTP_REQUEST) {
        transcript->requests_count++;
        write_request(&transcript->text, http);
        sp_http_close(http);
        sp_http_init(http, http->heads);
    } else if (event == SP_HTTP_REFUSED) {
        write_refusal(transcript, http);
        return false;
    }
    SP_ASSERT_CMP(event, !=, SP_HTTP_NO_MEMORY);
    return true;
}

/* Feeds one piece until it is used up; false when the stream ends early. */
static bool feed_piece(sp_transcript *transcript, sp_http *http, const char *piece, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t used;
        sp_http_event event = sp_http_feed(http, piece + at, size - at, &used);
        SP_ASSERT(used > 0 || event == SP_HTTP_REFUSED);
        at += used;
        if (!write_event(transcript, http, event))
            return false;
    }
    return true;
}

void sp_transcript_make(sp_transcript *transcript, const char *bytes, size_t size,
                        sp_transcript_cut cut, void *context)
{
    sp_http_heads *heads = malloc(sizeof *heads);
    SP_ASSERT(heads != NULL);
    sp_http_heads_init(heads);
    sp_transcript_make_with(transcript, heads, bytes, size, cut, context);
    free(heads);
}

void sp_transcript_make_with(sp_transcript *transcript, sp_http_heads *heads, const char *bytes,
                             size_t size, sp_transcript_cut cut, void *context)
{
    *transcript = (sp_transcript){0};
    sp_out_reserve(&transcript->text, 1);
    sp_http *http = malloc(sizeof *http);
    SP_ASSERT(http != NULL);
    sp_http_init(http, heads);
    bool going = true;
    for (size_t fed = 0; going && fed < size;) {
        size_t step = cut != NULL ? cut(context, fed, size - fed) : size;
        if (step == 0 || step > size - fed)
            step = size - fed;
        char *piece = malloc(step);
        SP_ASSERT(piece != NULL);
        memcpy(piece, bytes + fed, step);
        going = feed_piece(transcript, http, piece, step);
        free(piece);
        fed += step;
    }
    if (going && !sp_http_is_fresh(http))
        sp_out_string(&transcript->text, "more\n");
    sp_http_close(http);
    free(http);
    *sp_out_reserve(&transcript->text, 1) = '\0';
}

void sp_transcript_free(sp_transcript *transcript)
{
    sp_out_close(&transcript->text);
}
