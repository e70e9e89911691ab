/* SPDX-License-Identifier: MIT */
#include "net/http.h"

#include "net/http_bytes.h"

/* A request line that exceeds this holds a target that is too long. */
#define REQUEST_LINE_SIZE_MAX (SP_HTTP_TARGET_SIZE_MAX + 64u)

_Static_assert(REQUEST_LINE_SIZE_MAX < SP_HTTP_HEAD_SIZE_MAX,
               "a target that is too long must be found before a head that is too large");

enum {
    FRESH,      /* nothing yet */
    CRLF_BEGUN, /* the CR of the one empty line that may come first … */
    CRLF_SEEN,  /* … and all of it (RFC 9112, 2.2) */
    REQUEST_LINE,
    FIELDS,
    BODY_SIZED,
    BODY_CHUNKED,
    DONE, /* whole or refused */
};

void sp_http_init(sp_http *http, sp_http_heads *heads)
{
    http->heads = heads;
    http->state = FRESH;
    http->is_known = false;
    http->outcome = SP_OK;
    http->detail = NULL;
    http->line_offset = 0;
    http->checked_size = 0;
    http->body_left = 0;
    http->facts = (sp_http_facts){0};
    sp_http_message_init(&http->message);
}

void sp_http_close(sp_http *http)
{
    sp_http_message_close(&http->message);
}

bool sp_http_is_fresh(const sp_http *http)
{
    return http->state == FRESH;
}

bool sp_http_in_head(const sp_http *http)
{
    return http->state == REQUEST_LINE || http->state == FIELDS;
}

bool sp_http_in_body(const sp_http *http)
{
    return http->state == BODY_SIZED || http->state == BODY_CHUNKED;
}

bool sp_http_is_head(const sp_http *http)
{
    /* By its bytes: perhaps there is no more of the request line than these. */
    return http->message.size >= 5 && memcmp(http->message.bytes, "HEAD ", 5) == 0;
}

sp_text sp_http_refused_header(const sp_http *http, sp_header header)
{
    const sp_http_facts *facts = &http->facts;
    sp_http_span span = header == SP_HEADER_ORIGIN ? facts->origin : facts->request_id;
    if (!span.present || span.offset + span.size > http->message.size)
        return (sp_text){0};
    return (sp_text){http->message.bytes + span.offset, span.size};
}

static sp_http_event refuse(sp_http *http, sp_outcome outcome, const char *detail)
{
    http->state = DONE;
    http->outcome = outcome;
    http->detail = detail;
    return SP_HTTP_REFUSED;
}

static sp_http_event malformed(sp_http *http, const char *detail)
{
    return refuse(http, SP_MALFORMED_REQUEST, detail);
}

/* One byte before the request line. SP_HTTP_MORE; the state says whether the
 * byte belonged to the leading empty line. */
static sp_http_event before_request_line(sp_http *http, char c)
{
    switch (http->state) {
    case CRLF_BEGUN:
        if (c != '\n')
            return malformed(http, "A CR stands without its LF.");
        http->state = CRLF_SEEN;
        return SP_HTTP_MORE;
    case CRLF_SEEN:
        if (c == '\r' || c == '\n')
            return malformed(http, "More than one empty line precedes the request line.");
        break;
    default:
        if (c == '\n')
            return malformed(http, "An LF stands without its CR.");
        if (c == '\r') {
            http->state = CRLF_BEGUN;
            return SP_HTTP_MORE;
        }
    }
    http->state = REQUEST_LINE;
    return SP_HTTP_MORE;
}

static sp_http_event head_is_whole(sp_http *http)
{
    const sp_http_facts *facts = &http->facts;
    const char *detail = NULL;
    sp_outcome outcome = sp_http_check_head(facts, &detail);
    if (outcome == SP_OK)
        outcome = sp_http_fields_head(&http->fields, facts, &http->message, &detail);
    if (outcome == SP_BUSY)
        return SP_HTTP_NO_MEMORY;
    if (outcome != SP_OK)
        return refuse(http, outcome, detail);
    if (facts->chunked) {
        sp_http_chunk_init(&http->chunk);
        http->state = BODY_CHUNKED;
        return SP_HTTP_HEAD;
    }
    http->body_left = (uint32_t)facts->content_length;
    http->state = http->body_left > 0 ? BODY_SIZED : DONE;
    return http->body_left > 0 ? SP_HTTP_HEAD : SP_HTTP_REQUEST;
}

/* The line [offset, offset + size) of the head. */
static sp_outcome check_line(sp_http *http, const char *head, uint32_t offset, uint32_t size)
{
    if (http->state != REQUEST_LINE)
        return sp_http_check_field(head + offset, size, offset, &http->facts, &http->detail);
    http->state = FIELDS;
    sp_outcome outcome = sp_http_check_request_line(head, size, &http->facts, &http->detail);
    return outcome;
}

static sp_http_event head_is_full(sp_http *http)
{
    if (http->state == REQUEST_LINE)
        return refuse(http, SP_URI_TOO_LONG, "A request target has at most 8192 bytes.");
    return refuse(http, SP_HEADERS_TOO_LARGE, "A request head has at most 16384 bytes.");
}

/* Checks the lines of head[0, size) from line_offset on. SP_HTTP_HEAD: the
 * empty line has come, the head is head[0, line_offset). Each byte is looked
 * at as soon as it is there, once: so a verdict does not wait for the end of
 * a line, and a line that comes byte by byte costs no more than another. */
static sp_http_event check_lines(sp_http *http, const char *head, size_t size)
{
    for (;;) {
        size_t limit = http->state == REQUEST_LINE ? REQUEST_LINE_SIZE_MAX : SP_HTTP_HEAD_SIZE_MAX;
        size_t end = size < limit ? size : limit;
        size_t at = http->checked_size;
        at += sp_http_count_line_bytes(head + at, end - at);
        http->checked_size = (uint32_t)at;
        if (at == end || (at + 1 == end && head[at] == '\r'))
            return size > limit ? head_is_full(http) : SP_HTTP_MORE;
        if (head[at] == '\n')
            return malformed(http, "An LF stands without its CR.");
        if (head[at] != '\r')
            return malformed(http, "The head holds a byte that is not allowed.");
        if (head[at + 1] != '\n')
            return malformed(http, "A CR stands without its LF.");
        uint32_t offset = http->line_offset, line_size = (uint32_t)at - offset;
        http->line_offset = http->checked_size = (uint32_t)at + 2;
        if (line_size == 0 && http->state == FIELDS)
            return SP_HTTP_HEAD;
        sp_outcome outcome = check_line(http, head, offset, line_size);
        if (outcome != SP_OK)
            return refuse(http, outcome, http->detail);
    }
}

/* The head comes in pieces: gathers up to one line of it. One byte beyond the
 * limit is enough to be found too large. */
static sp_http_event gather_line(sp_http *http, const char *bytes, size_t size, size_t *used)
{
    const char *lf = memchr(bytes, '\n', size);
    size_t take = lf != NULL ? (size_t)(lf - bytes) + 1 : size;
    size_t room = SP_HTTP_HEAD_SIZE_MAX + 1 - http->message.size;
    *used = take < room ? take : room;
    if (!sp_http_message_append(&http->message, bytes, *used))
        return SP_HTTP_NO_MEMORY;
    sp_http_event event = check_lines(http, http->message.bytes, http->message.size);
    return event == SP_HTTP_HEAD ? head_is_whole(http) : event;
}

/* The head is like one that was read before: so is what it says. */
static sp_http_event take_known(sp_http *http, const sp_http_known *known, const char *bytes,
                                uint64_t content_length)
{
    if (!sp_http_message_append(&http->message, bytes, known->size))
        return SP_HTTP_NO_MEMORY;
    sp_http_message_parts_set(&http->message, &known->parts);
    http->facts = known->facts;
    http->facts.content_length = content_length;
    http->line_offset = http->checked_size = known->size;
    http->is_known = true;
    http->varies = known->varies;
    http->body_left = (uint32_t)content_length;
    http->state = content_length > 0 ? BODY_SIZED : DONE;
    return content_length > 0 ? SP_HTTP_HEAD : SP_HTTP_REQUEST;
}

/* A head that came whole, and has been read, will come again. */
static sp_http_event read_whole(sp_http *http)
{
    sp_http_event event = head_is_whole(http);
    if (http->heads != NULL && (event == SP_HTTP_HEAD || event == SP_HTTP_REQUEST))
        sp_http_heads_note(http->heads, http->line_offset, &http->facts, &http->message);
    return event;
}

/* Most heads come whole: they are checked where they are and copied once. */
static sp_http_event feed_head(sp_http *http, const char *bytes, size_t size, size_t *used)
{
    uint64_t content_length;
    const sp_http_known *known = NULL;
    if (http->message.size > 0)
        return gather_line(http, bytes, size, used);
    if (http->heads != NULL && http->checked_size == 0)
        known = sp_http_heads_find(http->heads, bytes, size, &content_length);
    if (known != NULL) {
        *used = known->size;
        return take_known(http, known, bytes, content_length);
    }
    sp_http_event event = check_lines(http, bytes, size);
    *used = event == SP_HTTP_HEAD ? http->line_offset : size;
    if (event == SP_HTTP_REFUSED) {
        /* What the answer depends on: without memory, on nothing. */
        size_t kept = size < SP_HTTP_HEAD_SIZE_MAX ? size : SP_HTTP_HEAD_SIZE_MAX;
        (void)sp_http_message_append(&http->message, bytes, kept);
        return event;
    }
    if (!sp_http_message_append(&http->message, bytes, *used))
        return SP_HTTP_NO_MEMORY;
    return event == SP_HTTP_HEAD ? read_whole(http) : event;
}

static sp_http_event body_failed(sp_http *http)
{
    if (http->fields.no_memory)
        return SP_HTTP_NO_MEMORY;
    return malformed(http, sp_http_parsers_disagree);
}

/* Both parsers must see the end at the same byte. */
static sp_http_event body_went_on(sp_http *http, bool ended)
{
    if (http->fields.whole != ended)
        return malformed(http, sp_http_parsers_disagree);
    if (!ended)
        return SP_HTTP_MORE;
    http->state = DONE;
    return SP_HTTP_REQUEST;
}

/* The body of a known head: bytes, as many as the length says. */
static sp_http_event feed_known(sp_http *http, const char *bytes, size_t size)
{
    if (!sp_http_message_append(&http->message, bytes, size))
        return SP_HTTP_NO_MEMORY;
    http->message.body.size += (uint32_t)size;
    http->body_left -= (uint32_t)size;
    if (http->body_left > 0)
        return SP_HTTP_MORE;
    http->state = DONE;
    return SP_HTTP_REQUEST;
}

static sp_http_event feed_sized(sp_http *http, const char *bytes, size_t size, size_t *used)
{
    size_t take = size < http->body_left ? size : http->body_left;
    *used = take;
    if (http->is_known)
        return feed_known(http, bytes, take);
    if (!sp_http_fields_body(&http->fields, &http->message, bytes, take))
        return body_failed(http);
    http->body_left -= (uint32_t)take;
    return body_went_on(http, http->body_left == 0);
}

static sp_http_event feed_chunked(sp_http *http, const char *bytes, size_t size, size_t *used)
{
    bool ended;
    const char *detail = NULL;
    bool in_trailers = sp_http_chunk_in_trailers(&http->chunk);
    sp_outcome outcome = sp_http_chunk_check(&http->chunk, bytes, size, used, &ended, &detail);
    if (outcome != SP_OK)
        return refuse(http, outcome, detail);
    /* Trailers stop here: llhttp gets the empty line that ends them. */
    bool passed = true;
    if (!in_trailers)
        passed = sp_http_fields_body(&http->fields, &http->message, bytes, *used);
    else if (ended)
        passed = sp_http_fields_body(&http->fields, &http->message, "\r\n", 2);
    return passed ? body_went_on(http, ended) : body_failed(http);
}

/* One step: at least one byte is used, or an event is reached. */
static sp_http_event step(sp_http *http, const char *bytes, size_t size, size_t *used)
{
    switch (http->state) {
    case FRESH:
    case CRLF_BEGUN:
    case CRLF_SEEN: {
        sp_http_event event = before_request_line(http, bytes[0]);
        *used = http->state == REQUEST_LINE ? 0 : 1;
        return event;
    }
    case REQUEST_LINE:
    case FIELDS:
        return feed_head(http, bytes, size, used);
    case BODY_SIZED:
        return feed_sized(http, bytes, size, used);
    case BODY_CHUNKED:
        return feed_chunked(http, bytes, size, used);
    default:
        *used = size; /* fed after its end: nothing of it counts */
        return SP_HTTP_MORE;
    }
}

sp_http_event sp_http_feed(sp_http *http, const char *bytes, size_t size, size_t *used)
{
    size_t at = 0;
    sp_http_event event = SP_HTTP_MORE;
    while (event == SP_HTTP_MORE && at < size) {
        size_t taken = 0;
        event = step(http, bytes + at, size - at, &taken);
        at += taken;
    }
    *used = at;
    return event;
}

bool sp_http_next_token(const sp_http *http, const char *bytes, size_t size, sp_text *token)
{
    if (!http->is_known || !http->varies.present)
        return false;
    size_t next = http->body_left; /* where the next head begins */
    if (size < next + http->line_offset)
        return false;
    *token = (sp_text){bytes + next + http->varies.offset, http->varies.size};
    return true;
}
