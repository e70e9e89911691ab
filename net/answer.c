/* SPDX-License-Identifier: MIT */
#include "net/answer.h"

#include "engine/assert.h"
#include "net/digits.h"
#include "net/msgpack_write.h"
#include "net/request_id.h"
#include "net/status.h"

/* Digits of the usual Content-Length: bodies of 100 to 999 bytes. */
#define LENGTH_SIZE 3u

/* More than all the literals of a head, with the longest of each choice: the
 * status line (46), Date (37), X-Request-Id (32), the type (40), what browsers are
 * forbidden (143), Content-Length (38), the names of other fields (49), RateLimit
 * (98), those without a value (126), the end (2). */
#define HEAD_SIZE_MAX 704u

/* Of a body of another type: its name, and the two lines. */
#define BODY_TYPE_SIZE_MAX 100u
#define BODY_LINES_SIZE_MAX (BODY_TYPE_SIZE_MAX + 64u)

/* For browsers that get to see an answer: it is hardly ever a page, and then no
 * page's business (OWASP's REST security cheat sheet). */
#define NO_SNIFFING "X-Content-Type-Options: nosniff\r\n"
#define NO_REFERRER "Referrer-Policy: no-referrer\r\n"
#define NO_PAGE "default-src 'none'; frame-ancestors 'none'"
#define FORBIDDEN NO_SNIFFING "Content-Security-Policy: " NO_PAGE "\r\n" NO_REFERRER

/* The status line, and the name of the header behind it, in one. */
static sp_text status_line(int status)
{
#define LINE(number, reason)                                 \
    case number:                                             \
        return SP_TEXT("HTTP/1.1 " #number " " reason "\r\n" \
                       "Date: ");
    switch (status) {
        SP_STATUSES(LINE)
    }
#undef LINE
    SP_ASSERT_CMP(status, ==, 0); /* a status without a phrase: add it to the list */
    return (sp_text){NULL, 0};
}

static char *put_field(char *at, sp_text name, sp_text value)
{
    return sp_text_put(sp_text_put(sp_text_put(at, name), value), SP_TEXT("\r\n"));
}

/* The date changes once a second: kept as text until then. */
static char *put_date(char *at, sp_app_loop *app_loop)
{
    sp_time_ms now = sp_loop_now_coarse(app_loop->loop);
    if (app_loop->date_s != now / 1000) {
        app_loop->date_s = now / 1000;
        sp_http_date_print(now, app_loop->date);
    }
    memcpy(at, app_loop->date, sizeof app_loop->date);
    return at + sizeof app_loop->date;
}

static char *put_type(char *at, sp_answer_to to, const sp_answer *answer)
{
    if (answer->problem)
        return sp_text_put(at, SP_TEXT("Content-Type: application/problem+json\r\n"
                                       "Content-Length: "));
    if (__builtin_expect(to.msgpack, 0))
        return sp_text_put(at, SP_TEXT("Content-Type: application/msgpack\r\n"
                                       "Content-Length: "));
    return sp_text_put(at, SP_TEXT("Content-Type: application/json\r\n"
                                   "Content-Length: "));
}

static char *put_forbidden(char *at, sp_text policy)
{
    if (__builtin_expect(policy.bytes == NULL, 1))
        return sp_text_put(at, SP_TEXT(FORBIDDEN));
    at = put_field(at, SP_TEXT(NO_SNIFFING "Content-Security-Policy: "), policy);
    return sp_text_put(at, SP_TEXT(NO_REFERRER));
}

/* What few answers have; the order is that of the struct. */
static char *put_optional_fields(char *at, const sp_answer *answer)
{
    if (answer->location.bytes)
        at = put_field(at, SP_TEXT("Location: "), answer->location);
    if (answer->etag.bytes)
        at = put_field(at, SP_TEXT("ETag: "), answer->etag);
    if (answer->allow.bytes)
        at = put_field(at, SP_TEXT("Allow: "), answer->allow);
    if (answer->www_authenticate.bytes)
        at = put_field(at, SP_TEXT("WWW-Authenticate: "), answer->www_authenticate);
    if (answer->replayed)
        at = sp_text_put(at, SP_TEXT("Idempotency-Replayed: true\r\n"));
    if (answer->retryable) {
        at = sp_text_put(at, SP_TEXT("Retry-After: "));
        at = sp_digits_put(at, answer->retry_after_s ? answer->retry_after_s : 1);
        at = sp_text_put(at, SP_TEXT("\r\n"));
    }
    if (answer->lines.bytes)
        at = sp_text_put(at, answer->lines);
    return at;
}

/* What the limit of writes leaves (draft-ietf-httpapi-ratelimit-headers-03). */
static char *put_rate(char *at, const sp_app *app, sp_answer_to to)
{
    at = sp_text_put(at, (sp_text){app->write_limit_field, app->write_limit_field_size});
    at = sp_digits_put(at, to.rate_remaining);
    at = sp_text_put(at, SP_TEXT("\r\nRateLimit-Reset: "));
    return sp_text_put(sp_digits_put(at, to.rate_reset_s), SP_TEXT("\r\n"));
}

static char *put_end(char *at, sp_answer_to to, const sp_answer *answer)
{
    if (to.had_token || answer->no_store)
        at = sp_text_put(at, SP_TEXT("Cache-Control: no-store\r\n"));
    else if (answer->no_cache)
        at = sp_text_put(at, SP_TEXT("Cache-Control: no-cache\r\n"));
    if (to.close)
        at = sp_text_put(at, SP_TEXT("Connection: close\r\n"));
    else if (to.version_minor == 0) /* HTTP/1.0 closes unless told otherwise */
        at = sp_text_put(at, SP_TEXT("Connection: keep-alive\r\n"));
    return sp_text_put(at, SP_TEXT("\r\n"));
}

/* The whole head; with a body, *length says where its Content-Length goes. */
static void write_head(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer, sp_out *out,
                       size_t length_size, size_t *length_at)
{
    const sp_app *app = app_loop->app;
    sp_text cors = {NULL, 0};
    if (app->config.cors)
        cors = sp_cors_fields(app->config.cors, to.origin);
    size_t room = HEAD_SIZE_MAX + (size_t)answer->location.size + answer->etag.size +
                  answer->allow.size + answer->www_authenticate.size + answer->lines.size +
                  answer->policy.size + to.request_name.size + cors.size;
    char *at = sp_out_reserve(out, room);
    const char *begin = at;
    app_loop->answer.status = answer->status;
    at = sp_text_put(at, status_line(answer->status));
    at = put_date(at, app_loop);
    at = sp_text_put(at, SP_TEXT("\r\nX-Request-Id: "));
    at = to.request_name.bytes ? sp_text_put(at, to.request_name)
                               : sp_digits_put_hex(at, to.request_id);
    at = put_forbidden(sp_text_put(at, SP_TEXT("\r\n")), answer->policy);
    if (length_size > 0) {
        at = put_type(at, to, answer);
        *length_at = (size_t)(at - out->bytes);
        at = sp_text_put(at + length_size, SP_TEXT("\r\n"));
    }
    if (to.varies && !answer->problem) /* which has one form, and is stored nowhere */
        at = sp_text_put(at, SP_TEXT("Vary: Accept\r\n"));
    if (to.limited)
        at = put_rate(at, app, to);
    if (cors.bytes)
        at = sp_text_put(at, cors);
    at = put_end(put_optional_fields(at, answer), to, answer);
    SP_ASSERT_CMP((size_t)(at - begin), <=, room);
    sp_out_end(out, at);
}

void sp_answer_write(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer, sp_out *out)
{
    write_head(app_loop, to, answer, out, 0, NULL);
}

static size_t digits_count(uint64_t value)
{
    char digits[SP_DIGITS_SIZE_MAX];
    return (size_t)(sp_digits_put(digits, value) - digits);
}

sp_json_writer *sp_answer_begin(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer,
                                sp_out *out)
{
    sp_answer_span *span = &app_loop->answer;
    span->length_size =
        answer->body_size_guess ? digits_count(answer->body_size_guess) : LENGTH_SIZE;
    write_head(app_loop, to, answer, out, span->length_size, &span->length_at);
    span->body_at = out->size;
    span->head = to.head;
    span->msgpack = to.msgpack && !answer->problem;
    sp_json_begin(app_loop->json, out);
    return app_loop->json;
}

/* Moves what is behind Content-Length's digits, so that there are `size`. */
static void fit_length(sp_answer_span *span, size_t size, sp_out *out)
{
    sp_out_reserve(out, size);
    size_t from = span->length_at + span->length_size, to = span->length_at + size;
    memmove(out->bytes + to, out->bytes + from, out->size - from);
    out->size = out->size + to - from;
    span->body_at = span->body_at + to - from;
}

/* By way of a buffer of the loop's: the tree's texts point into the JSON. */
static void pack_body(sp_app_loop *app_loop, sp_out *out)
{
    const sp_answer_span *span = &app_loop->answer;
    sp_text json = {out->bytes + span->body_at, (uint32_t)(out->size - span->body_at)};
    const char *why;
    const sp_json_node *root = sp_json_read(app_loop->reader, json, &why);
    SP_ASSERT(root); /* we wrote it */
    sp_out_clear(&app_loop->packed);
    sp_msgpack_write(app_loop->reader, &app_loop->packed);
    out->size = span->body_at;
    sp_out_bytes(out, app_loop->packed.bytes, app_loop->packed.size);
}

void sp_answer_end(sp_app_loop *app_loop, sp_out *out)
{
    sp_answer_span *span = &app_loop->answer;
    char digits[SP_DIGITS_SIZE_MAX];
    sp_json_end(app_loop->json);
    if (__builtin_expect(span->msgpack, 0))
        pack_body(app_loop, out);
    size_t size = (size_t)(sp_digits_put(digits, out->size - span->body_at) - digits);
    if (size != span->length_size)
        fit_length(span, size, out);
    memcpy(out->bytes + span->length_at, digits, size);
    if (span->head)
        out->size = span->body_at;
}

sp_answer_to sp_answer_to_exchange(const sp_exchange *ex)
{
    const sp_route *route = sp_route_of(ex);
    bool named = ex->marks != NULL && ex->marks->id_size > 0;
    return (sp_answer_to){
        .request_id = ex->id,
        .request_name = named ? (sp_text){ex->marks->id, ex->marks->id_size} : (sp_text){NULL, 0},
        .origin = ex->app.origin,
        .limited = ex->app.limited,
        .rate_remaining = ex->app.rate_remaining,
        .rate_reset_s = ex->app.rate_reset_s,
        .head = ex->request.method == SP_METHOD_HEAD,
        .close = ex->close_after,
        .varies = route != NULL && route->msgpack,
        .msgpack = ex->app.answer_is_msgpack,
        .version_minor = ex->request.version_minor,
        .had_token = ex->request.headers[SP_HEADER_AUTHORIZATION].bytes != NULL,
    };
}

sp_json_writer *sp_answer_json(sp_exchange *ex, const sp_answer *answer, sp_out *out)
{
    return sp_answer_begin(sp_app_loop_of(ex), sp_answer_to_exchange(ex), answer, out);
}

void sp_answer_json_end(sp_exchange *ex, sp_out *out)
{
    sp_answer_end(sp_app_loop_of(ex), out);
}

/* X-Accel-Buffering: nginx and others like it would gather events for a while. */
bool sp_answer_stream(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {
        .status = 200,
        .lines = SP_TEXT("Content-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n"),
        .no_store = true,
    };
    ex->close_after = true;
    sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
    return ex->request.method != SP_METHOD_HEAD;
}

/* The head of a body of any type. false = it was a HEAD: that was all. */
static bool write_body_head(sp_exchange *ex, const sp_answer *answer, sp_text type, sp_text body,
                            sp_out *out)
{
    char lines[BODY_LINES_SIZE_MAX];
    SP_ASSERT_CMP(type.size, <=, BODY_TYPE_SIZE_MAX);
    char *at = put_field(lines, SP_TEXT("Content-Type: "), type);
    at = sp_digits_put(sp_text_put(at, SP_TEXT("Content-Length: ")), body.size);
    at = sp_text_put(at, SP_TEXT("\r\n"));
    sp_answer whole = *answer;
    SP_ASSERT(whole.lines.bytes == NULL);
    whole.lines = (sp_text){lines, (uint32_t)(at - lines)};
    sp_answer_to to = sp_answer_to_exchange(ex);
    write_head(sp_app_loop_of(ex), to, &whole, out, 0, NULL);
    return !to.head;
}

void sp_answer_body(sp_exchange *ex, const sp_answer *answer, sp_text type, sp_text body,
                    sp_out *out)
{
    if (write_body_head(ex, answer, type, body, out))
        sp_out_text(out, body);
}

void sp_answer_constant(sp_exchange *ex, const sp_answer *answer, sp_text type, const sp_text *body,
                        sp_out *out)
{
    if (write_body_head(ex, answer, type, *body, out))
        out->behind = body;
}

sp_text sp_answer_location(char out[SP_LOCATION_SIZE_MAX], sp_text prefix, uint32_t id)
{
    SP_ASSERT_CMP(prefix.size, <=, SP_LOCATION_SIZE_MAX - SP_DIGITS_SIZE_MAX);
    const char *end = sp_digits_put(sp_text_put(out, prefix), id);
    return (sp_text){out, (uint32_t)(end - out)};
}

sp_answer sp_answer_created(const sp_exchange *ex, char location[SP_LOCATION_SIZE_MAX],
                            sp_text prefix, uint32_t id)
{
    return (sp_answer){.status = 201,
                       .location = sp_answer_location(location, prefix, id),
                       .replayed = ex->slot->result.replayed};
}

sp_json_writer *sp_answer_items(sp_exchange *ex, const sp_answer *answer, sp_out *out)
{
    sp_json_writer *json = sp_answer_json(ex, answer, out);
    sp_json_object(json);
    sp_json_key(json, "items");
    sp_json_array(json);
    return json;
}

void sp_answer_items_end(sp_exchange *ex, uint32_t next, sp_out *out)
{
    sp_json_writer *json = sp_app_loop_of(ex)->json;
    sp_json_key(json, "nextCursor");
    if (next)
        sp_json_id(json, next);
    else
        sp_json_null(json);
    sp_json_object_end(json);
    sp_answer_json_end(ex, out);
}
