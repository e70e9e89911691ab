/* SPDX-License-Identifier: MIT */
#include "net/http_fields.h"

#include "net/http_name.h"

const char sp_http_parsers_disagree[] = "The request can be read in more than one way.";

/* Repetitions of lists in one head; more are an attack. */
#define JOINS_MAX 16u

struct join {
    sp_header header;
    sp_http_span span;
};

/* What one run of llhttp works on (parser->data while it runs). */
typedef struct reader {
    sp_http_fields *fields;
    sp_http_message *message;
    bool in_head;
    sp_http_span url, name, value;
    uint32_t fields_count;
    struct join *joins; /* JOINS_MAX of them */
    uint32_t joins_count;
    sp_outcome outcome;
    const char *detail;
} reader;

static reader *reader_of(llhttp_t *parser)
{
    return parser->data;
}

static sp_http_span span_of(const reader *r, const char *at, size_t size)
{
    return (sp_http_span){(uint32_t)(at - r->message->bytes), (uint32_t)size, true};
}

static int on_url(llhttp_t *parser, const char *at, size_t size)
{
    reader *r = reader_of(parser);
    r->url = span_of(r, at, size);
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t size)
{
    reader *r = reader_of(parser);
    r->name = span_of(r, at, size);
    r->value = (sp_http_span){0};
    return 0;
}

/* Twice for a value whose inside is left out. */
static int on_value(llhttp_t *parser, const char *at, size_t size)
{
    reader *r = reader_of(parser);
    const char *first = r->value.present ? r->message->bytes + r->value.offset : at;
    r->value = span_of(r, first, (size_t)(at + size - first));
    return 0;
}

static int refuse(reader *r, sp_outcome outcome, const char *detail)
{
    r->outcome = outcome;
    r->detail = detail;
    return HPE_USER;
}

static int keep_again(reader *r, sp_header header, sp_http_span value)
{
    if (!sp_http_name_is_list(header))
        return refuse(r, SP_MALFORMED_REQUEST, "A header that must be single was given twice.");
    if (r->joins_count == JOINS_MAX)
        return refuse(r, SP_HEADERS_TOO_LARGE, "A header was repeated too often.");
    r->joins[r->joins_count++] = (struct join){header, value};
    return 0;
}

static int on_field_end(llhttp_t *parser)
{
    reader *r = reader_of(parser);
    if (!r->in_head) /* trailers are dropped before llhttp */
        return refuse(r, SP_MALFORMED_REQUEST, sp_http_parsers_disagree);
    r->fields_count++;
    const char *bytes = r->message->bytes;
    unsigned header = sp_http_name_of(bytes + r->name.offset, r->name.size);
    if (header >= SP_HEADER_END)
        return 0;
    r->message->has_rare |= header >= SP_HEADER_COUNT;
    sp_text trimmed = {bytes, 0}; /* an empty value may come without a span */
    if (r->value.present)
        trimmed = sp_http_trim(bytes + r->value.offset, r->value.size);
    sp_http_span value = span_of(r, trimmed.bytes, trimmed.size);
    if (r->message->headers[header].present)
        return keep_again(r, (sp_header)header, value);
    r->message->headers[header] = value;
    return 0;
}

static int on_head_end(llhttp_t *parser)
{
    /* Upgrade is ignored: without this llhttp would stop before the body. */
    parser->upgrade = 0;
    reader_of(parser)->in_head = false;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
    reader *r = reader_of(parser);
    if (!sp_http_message_append(r->message, at, size)) {
        r->fields->no_memory = true;
        return HPE_USER;
    }
    r->message->body.size += (uint32_t)size;
    return 0;
}

static int on_end(llhttp_t *parser)
{
    reader_of(parser)->fields->whole = true;
    return 0;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_header_value_complete = on_field_end,
    .on_headers_complete = on_head_end,
    .on_body = on_body,
    .on_message_complete = on_end,
};

static bool methods_agree(uint8_t theirs, sp_method ours)
{
    switch (ours) {
    case SP_METHOD_GET:
        return theirs == HTTP_GET;
    case SP_METHOD_HEAD:
        return theirs == HTTP_HEAD;
    case SP_METHOD_POST:
        return theirs == HTTP_POST;
    case SP_METHOD_PUT:
        return theirs == HTTP_PUT;
    case SP_METHOD_PATCH:
        return theirs == HTTP_PATCH;
    case SP_METHOD_DELETE:
        return theirs == HTTP_DELETE;
    case SP_METHOD_OPTIONS:
        return theirs == HTTP_OPTIONS;
    }
    return false;
}

/* Everything that decides where this request ends and what it asks for. */
static bool parsers_agree(const reader *r, const sp_http_facts *facts)
{
    const llhttp_t *parser = &r->fields->parser;
    bool has_body = facts->chunked || facts->content_length > 0;
    return !r->in_head && r->fields->whole == !has_body &&
           methods_agree(parser->method, facts->method) && parser->http_major == 1 &&
           parser->http_minor == facts->version_minor && r->fields_count == facts->fields_count &&
           r->url.offset == facts->target.offset && r->url.size == facts->target.size &&
           ((parser->flags & F_CHUNKED) != 0) == facts->chunked &&
           (!has_body || facts->chunked || parser->content_length == facts->content_length);
}

/* Appends `first, second` behind the head (an empty one adds nothing to a
 * list); false = out of memory. */
static bool join_values(sp_http_message *message, const struct join *join)
{
    sp_http_span first = message->headers[join->header];
    uint32_t offset = message->size;
    if (first.size == 0)
        message->headers[join->header] = join->span;
    if (first.size == 0 || join->span.size == 0)
        return true;
    /* Room first: the sources lie in the same bytes, which may move. */
    if (!sp_http_message_reserve(message, first.size + 2 + join->span.size))
        return false;
    sp_http_message_append(message, message->bytes + first.offset, first.size);
    sp_http_message_append(message, ", ", 2);
    sp_http_message_append(message, message->bytes + join->span.offset, join->span.size);
    message->headers[join->header] = (sp_http_span){offset, message->size - offset, true};
    return true;
}

static void fill_message(const sp_http_facts *facts, sp_http_message *message)
{
    message->method = facts->method;
    message->version_minor = facts->version_minor;
    message->keep_alive = !facts->close && (facts->version_minor == 1 || facts->keep_alive);
    message->path = facts->path;
    message->query = facts->query;
    if (facts->authority.present)
        message->headers[SP_HEADER_HOST] = facts->authority;
    message->body = (sp_http_span){message->size, 0, true};
}

static llhttp_errno_t read_head(reader *r, const sp_http_facts *facts)
{
    llhttp_t *parser = &r->fields->parser;
    const char *bytes = r->message->bytes, *end = bytes + r->message->size;
    sp_http_span inside = facts->inside;
    if (!inside.present)
        return llhttp_execute(parser, bytes, (size_t)(end - bytes));
    llhttp_errno_t status = llhttp_execute(parser, bytes, inside.offset);
    if (status != HPE_OK)
        return status;
    const char *at = bytes + inside.offset;
    /* Is that where llhttp is? A value that it has read up to here is open. */
    if (r->value.present && r->value.offset == inside.offset - SP_HTTP_EDGE_SIZE &&
        r->value.size == SP_HTTP_EDGE_SIZE)
        at += inside.size;
    return llhttp_execute(parser, at, (size_t)(end - at));
}

sp_outcome sp_http_fields_head(sp_http_fields *fields, const sp_http_facts *facts,
                               sp_http_message *message, const char **detail)
{
    struct join joins[JOINS_MAX]; /* not cleared: few heads have any */
    reader r = {.fields = fields, .message = message, .in_head = true, .joins = joins};
    fields->whole = false;
    fields->no_memory = false;
    llhttp_init(&fields->parser, HTTP_REQUEST, &settings);
    fields->parser.data = &r;
    llhttp_errno_t status = read_head(&r, facts);
    fields->parser.data = NULL;
    if (r.outcome != SP_OK) {
        *detail = r.detail;
        return r.outcome;
    }
    if (status != HPE_OK || !parsers_agree(&r, facts)) {
        *detail = sp_http_parsers_disagree;
        return SP_MALFORMED_REQUEST;
    }
    for (uint32_t i = 0; i < r.joins_count; i++)
        if (!join_values(message, &joins[i]))
            return SP_BUSY;
    fill_message(facts, message);
    return SP_OK;
}

bool sp_http_fields_body(sp_http_fields *fields, sp_http_message *message, const char *bytes,
                         size_t size)
{
    reader r = {.fields = fields, .message = message};
    fields->parser.data = &r;
    llhttp_errno_t status = llhttp_execute(&fields->parser, bytes, size);
    fields->parser.data = NULL;
    return status == HPE_OK;
}
