/* SPDX-License-Identifier: MIT */
#include "net/answer.h"

#include <stdio.h>

#include "engine/assert.h"

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 406:
        return "Not Acceptable";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Content";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    case 507:
        return "Insufficient Storage";
    default:
        return "";
    }
}

static void put_field(sp_out *out, const char *name, sp_text value)
{
    sp_out_string(out, name);
    sp_out_text(out, value);
    sp_out_bytes(out, "\r\n", 2);
}

/* The date changes once a second: kept as text until then. */
static void put_date(sp_app_loop *app_loop, sp_out *out)
{
    sp_time_ms now = sp_loop_now(app_loop->loop);
    if (app_loop->date_s != now / 1000) {
        app_loop->date_s = now / 1000;
        sp_http_date_print(now, app_loop->date);
    }
    put_field(out, "Date: ", (sp_text){app_loop->date, sizeof app_loop->date});
}

static void put_request_id(sp_out *out, uint64_t id)
{
    static const char digits[] = "0123456789abcdef";
    char text[16];
    for (int i = 15; i >= 0; i--, id >>= 4)
        text[i] = digits[id & 15];
    put_field(out, "X-Request-Id: ", (sp_text){text, sizeof text});
}

void sp_answer_write(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer, sp_out *out)
{
    sp_out_string(out, "HTTP/1.1 ");
    sp_out_decimal(out, answer->status);
    sp_out_bytes(out, " ", 1);
    put_field(out, reason(answer->status), (sp_text){NULL, 0});
    put_date(app_loop, out);
    put_request_id(out, to.request_id);
    if (answer->content_type) {
        sp_out_string(out, "Content-Type: ");
        sp_out_string(out, answer->content_type);
        sp_out_string(out, "\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ");
        sp_out_decimal(out, answer->body.size);
        sp_out_bytes(out, "\r\n", 2);
    }
    if (answer->location.bytes)
        put_field(out, "Location: ", answer->location);
    if (answer->etag.bytes)
        put_field(out, "ETag: ", answer->etag);
    if (answer->allow.bytes)
        put_field(out, "Allow: ", answer->allow);
    if (answer->www_authenticate) {
        sp_out_string(out, "WWW-Authenticate: ");
        sp_out_string(out, answer->www_authenticate);
        sp_out_bytes(out, "\r\n", 2);
    }
    if (answer->replayed)
        sp_out_string(out, "Idempotency-Replayed: true\r\n");
    if (answer->retryable)
        sp_out_string(out, "Retry-After: 1\r\n");
    if (to.had_token || answer->no_store)
        sp_out_string(out, "Cache-Control: no-store\r\n");
    else if (answer->no_cache)
        sp_out_string(out, "Cache-Control: no-cache\r\n");
    if (to.close)
        sp_out_string(out, "Connection: close\r\n");
    else if (to.version_minor == 0) /* HTTP/1.0 closes unless told otherwise */
        sp_out_string(out, "Connection: keep-alive\r\n");
    sp_out_bytes(out, "\r\n", 2);
    if (answer->content_type && !to.head)
        sp_out_text(out, answer->body);
}

sp_answer_to sp_answer_to_exchange(const sp_exchange *ex)
{
    return (sp_answer_to){
        .request_id = ex->id,
        .head = ex->request.method == SP_METHOD_HEAD,
        .close = ex->close_after,
        .version_minor = ex->request.version_minor,
        .had_token = ex->request.headers[SP_HEADER_AUTHORIZATION].bytes != NULL,
    };
}

void sp_answer_json(sp_exchange *ex, sp_answer answer, sp_out *out)
{
    const sp_out *scratch = sp_loop_scratch(ex->loop);
    SP_ASSERT_CMP(scratch->size, <=, UINT32_MAX);
    answer.content_type = "application/json";
    answer.body = (sp_text){scratch->bytes, (uint32_t)scratch->size};
    sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
}

sp_text sp_answer_location(char out[SP_LOCATION_SIZE_MAX], const char *prefix, uint32_t id)
{
    int size = snprintf(out, SP_LOCATION_SIZE_MAX, "%s%u", prefix, id);
    SP_ASSERT(size > 0 && size < (int)SP_LOCATION_SIZE_MAX);
    return (sp_text){out, (uint32_t)size};
}
