/* SPDX-License-Identifier: MIT */
#include "net/http_line.h"

#include <arpa/inet.h>

#include "net/http_bytes.h"
#include "net/http_name.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool sp_http_name_is(const char *bytes, size_t size, const char *name)
{
    for (size_t i = 0; i < size; i++)
        if (name[i] == '\0' || lower(bytes[i]) != name[i])
            return false;
    return name[size] == '\0';
}

sp_text sp_http_trim(const char *bytes, size_t size)
{
    while (size > 0 && (bytes[0] == ' ' || bytes[0] == '\t'))
        bytes++, size--;
    while (size > 0 && (bytes[size - 1] == ' ' || bytes[size - 1] == '\t'))
        size--;
    return (sp_text){bytes, (uint32_t)size};
}

static sp_outcome refuse(const char **detail, sp_outcome outcome, const char *text)
{
    *detail = text;
    return outcome;
}

static sp_outcome malformed(const char **detail, const char *text)
{
    return refuse(detail, SP_MALFORMED_REQUEST, text);
}

/* The port after the host: nothing, or a colon and up to 5 digits. */
static bool port_is_sane(const char *bytes, size_t size)
{
    if (size == 0)
        return true;
    if (bytes[0] != ':' || size > 6)
        return false;
    unsigned port = 0;
    for (size_t i = 1; i < size; i++) {
        if (!sp_http_is(bytes[i], SP_HTTP_DIGIT))
            return false;
        port = port * 10 + (unsigned)(bytes[i] - '0');
    }
    return port <= 65535;
}

/* [IPv6]; the IPvFuture form is nobody's, so it is refused. */
static bool ip_literal_is_sane(const char *bytes, size_t size)
{
    const char *end = memchr(bytes, ']', size);
    if (end == NULL)
        return false;
    char address[INET6_ADDRSTRLEN];
    size_t address_size = (size_t)(end - bytes) - 1;
    if (address_size >= sizeof address)
        return false;
    memcpy(address, bytes + 1, address_size);
    address[address_size] = '\0';
    struct in6_addr ignored;
    return inet_pton(AF_INET6, address, &ignored) == 1 &&
           port_is_sane(end + 1, size - (size_t)(end + 1 - bytes));
}

bool sp_http_host_is_sane(const char *bytes, size_t size)
{
    if (size == 0)
        return false;
    if (bytes[0] == '[')
        return ip_literal_is_sane(bytes, size);
    /* reg-name of RFC 3986; a percent sign needs two digits. */
    uint32_t at = sp_http_count(bytes, (uint32_t)size, SP_HTTP_HOST_BYTE);
    while (size - at > 2 && bytes[at] == '%' && sp_http_is(bytes[at + 1], SP_HTTP_HEX) &&
           sp_http_is(bytes[at + 2], SP_HTTP_HEX)) {
        at += 3;
        at += sp_http_count(bytes + at, (uint32_t)size - at, SP_HTTP_HOST_BYTE);
    }
    return at > 0 && port_is_sane(bytes + at, size - at);
}

static sp_method method_of(const char *bytes, uint32_t size)
{
    static const struct {
        char name[8];
        uint8_t size;
        uint8_t method;
    } methods[] = {
        {"GET", 3, SP_METHOD_GET},         {"POST", 4, SP_METHOD_POST},
        {"HEAD", 4, SP_METHOD_HEAD},       {"PUT", 3, SP_METHOD_PUT},
        {"PATCH", 5, SP_METHOD_PATCH},     {"DELETE", 6, SP_METHOD_DELETE},
        {"OPTIONS", 7, SP_METHOD_OPTIONS},
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i].size == size && memcmp(bytes, methods[i].name, size) == 0)
            return (sp_method)methods[i].method;
    return 0;
}

/* Splits [offset, offset + size) of the line at the first '?'. */
static void split_path(const char *line, uint32_t offset, uint32_t size, sp_http_facts *facts)
{
    const char *mark = size > 0 ? memchr(line + offset, '?', size) : NULL;
    uint32_t path_size = mark != NULL ? (uint32_t)(mark - line) - offset : size;
    facts->path = (sp_http_span){offset, path_size, true};
    if (mark != NULL)
        facts->query = (sp_http_span){offset + path_size + 1, size - path_size - 1, true};
}

/* http://authority[/path][?query]: RFC 9112, 3.2.2. Its authority takes the
 * place of what Host says. */
static sp_outcome check_absolute_form(const char *line, sp_http_facts *facts, const char **detail)
{
    static const char scheme[] = "http://";
    uint32_t scheme_size = sizeof scheme - 1;
    sp_http_span target = facts->target;
    if (target.size < scheme_size || !sp_http_name_is(line + target.offset, scheme_size, scheme))
        return malformed(detail, "The request target must begin with a slash.");
    uint32_t offset = target.offset + scheme_size;
    uint32_t end = target.offset + target.size;
    uint32_t at = offset;
    while (at < end && line[at] != '/' && line[at] != '?')
        at++;
    if (!sp_http_host_is_sane(line + offset, at - offset))
        return malformed(detail, "The authority of the request target is not valid.");
    facts->authority = (sp_http_span){offset, at - offset, true};
    split_path(line, at, end - at, facts);
    return SP_OK;
}

static sp_outcome check_target_form(const char *line, sp_http_facts *facts, const char **detail)
{
    sp_http_span target = facts->target;
    if (line[target.offset] == '/') {
        split_path(line, target.offset, target.size, facts);
        return SP_OK;
    }
    if (target.size == 1 && line[target.offset] == '*' && facts->method == SP_METHOD_OPTIONS) {
        facts->path = target;
        return SP_OK;
    }
    return check_absolute_form(line, facts, detail);
}

static sp_outcome check_version(const char *version, uint32_t size, sp_http_facts *facts,
                                const char **detail)
{
    if (size != 8 || memcmp(version, "HTTP/", 5) != 0 || !sp_http_is(version[5], SP_HTTP_DIGIT) ||
        version[6] != '.' || !sp_http_is(version[7], SP_HTTP_DIGIT))
        return malformed(detail, "The request line does not end in an HTTP version.");
    if (version[5] != '1' || version[7] > '1')
        return refuse(detail, SP_HTTP_VERSION, "HTTP/1.0 and HTTP/1.1 are supported.");
    facts->version_minor = (uint8_t)(version[7] - '0');
    return SP_OK;
}

/* Shape first, then what is not supported: so that a broken line is always
 * called malformed, whatever else it might mean. */
sp_outcome sp_http_check_request_line(const char *line, uint32_t size, sp_http_facts *facts,
                                      const char **detail)
{
    uint32_t method_size = sp_http_count(line, size, SP_HTTP_TCHAR);
    facts->method = method_of(line, method_size);
    if (method_size == 0 || method_size == size || line[method_size] != ' ')
        return malformed(detail, "The request line does not begin with a method and a space.");
    uint32_t target_at = method_size + 1;
    uint32_t target_size = sp_http_count(line + target_at, size - target_at, SP_HTTP_TARGET_BYTE);
    uint32_t target_end = target_at + target_size;
    facts->target = (sp_http_span){target_at, target_size, true};
    if (target_size == 0 || target_end == size || line[target_end] != ' ')
        return malformed(detail, "The request target is not valid.");
    sp_outcome outcome = check_version(line + target_end + 1, size - target_end - 1, facts, detail);
    if (outcome == SP_MALFORMED_REQUEST)
        return outcome;
    if (facts->target.size > SP_HTTP_TARGET_SIZE_MAX)
        return refuse(detail, SP_URI_TOO_LONG, "A request target has at most 8192 bytes.");
    if (outcome != SP_OK)
        return outcome;
    if (facts->method == 0)
        return refuse(detail, SP_METHOD_NOT_ALLOWED, "This method is not known here.");
    return check_target_form(line, facts, detail);
}

static sp_outcome check_content_length(sp_text value, sp_http_facts *facts, const char **detail)
{
    if (facts->has_length)
        return malformed(detail, "Content-Length was given twice.");
    if (value.size == 0 || value.size > 19)
        return malformed(detail, "Content-Length is not a number.");
    facts->has_length = true;
    for (uint32_t i = 0; i < value.size; i++) {
        if (!sp_http_is(value.bytes[i], SP_HTTP_DIGIT))
            return malformed(detail, "Content-Length is not a number.");
        facts->content_length = facts->content_length * 10 + (uint64_t)(value.bytes[i] - '0');
    }
    return SP_OK;
}

static sp_outcome check_host(sp_text value, sp_http_facts *facts, const char **detail)
{
    if (facts->has_host)
        return malformed(detail, "Host was given twice.");
    facts->has_host = true;
    if (!sp_http_host_is_sane(value.bytes, value.size))
        return malformed(detail, "Host is not a host name with an optional port.");
    return SP_OK;
}

/* A list of tokens; empty elements count for nothing (RFC 9110, 5.6.1). */
static sp_outcome check_connection(sp_text value, sp_http_facts *facts, const char **detail)
{
    const char *at = value.bytes, *end = value.bytes + value.size;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        sp_text token = sp_http_trim(at, (size_t)(stop - at));
        if (sp_http_count(token.bytes, token.size, SP_HTTP_TCHAR) != token.size)
            return malformed(detail, "Connection is not a list of tokens.");
        if (sp_http_name_is(token.bytes, token.size, "close"))
            facts->close = true;
        if (sp_http_name_is(token.bytes, token.size, "keep-alive"))
            facts->keep_alive = true;
        at = comma != NULL ? comma + 1 : end;
    }
    return SP_OK;
}

static sp_outcome check_expect(sp_text value, sp_http_facts *facts, const char **detail)
{
    if (!sp_http_name_is(value.bytes, value.size, "100-continue"))
        return malformed(detail, "The only expectation that can be met is 100-continue.");
    facts->continue_wanted = facts->version_minor == 1;
    return SP_OK;
}

/* Name, colon, value. A name that is known needs no look at its bytes. */
static sp_outcome check_field_shape(const char *line, uint32_t size, uint32_t *name_size,
                                    unsigned *name, const char **detail)
{
    if (line[0] == ' ' || line[0] == '\t')
        return malformed(detail, "A header line begins with a blank (folding is obsolete).");
    const char *colon = memchr(line, ':', size);
    uint32_t n = colon != NULL ? (uint32_t)(colon - line) : size;
    *name_size = n;
    *name = sp_http_name_of(line, n);
    if (n == 0 || n == size ||
        (*name == SP_HTTP_NAME_OTHER && sp_http_count(line, n, SP_HTTP_TCHAR) != n))
        return malformed(detail, "A header line is not a field name, a colon and a value.");
    return SP_OK;
}

/* Content-Length or Transfer-Encoding. A tab beside a value is allowed
 * everywhere but here: parsers differ on it (llhttp takes it before these
 * values and not behind them). */
static sp_outcome check_framing(unsigned name, sp_text line, uint32_t offset, sp_text value,
                                sp_http_facts *facts, const char **detail)
{
    if (memchr(line.bytes, '\t', line.size) != NULL)
        return malformed(detail, "A tab stands beside a length or a transfer coding.");
    if (name == SP_HTTP_NAME_CONTENT_LENGTH) {
        facts->length =
            (sp_http_span){offset + (uint32_t)(value.bytes - line.bytes), value.size, true};
        return check_content_length(value, facts, detail);
    }
    facts->chunked = !facts->has_coding && sp_http_name_is(value.bytes, value.size, "chunked");
    facts->has_coding = true;
    return SP_OK;
}

/* The value of [at, at + size) of the head may be anything. */
static void note_inside(sp_http_facts *facts, uint32_t at, uint32_t size)
{
    if (size > 4 * SP_HTTP_EDGE_SIZE && size - 2 * SP_HTTP_EDGE_SIZE > facts->inside.size)
        facts->inside = (sp_http_span){at + SP_HTTP_EDGE_SIZE, size - 2 * SP_HTTP_EDGE_SIZE, true};
}

static sp_http_span span_at(const char *line, uint32_t offset, sp_text value)
{
    return (sp_http_span){offset + (uint32_t)(value.bytes - line), value.size, true};
}

sp_outcome sp_http_check_field(const char *line, uint32_t size, uint32_t offset,
                               sp_http_facts *facts, const char **detail)
{
    uint32_t name_size;
    unsigned name;
    sp_outcome outcome = check_field_shape(line, size, &name_size, &name, detail);
    if (outcome != SP_OK)
        return outcome;
    facts->fields_count++;
    if (name == SP_HTTP_NAME_OTHER)
        return SP_OK;
    sp_text value = sp_http_trim(line + name_size + 1, size - name_size - 1);
    switch (name) {
    case SP_HEADER_HOST:
        return check_host(value, facts, detail);
    case SP_HTTP_NAME_CONNECTION:
        return check_connection(value, facts, detail);
    case SP_HTTP_NAME_EXPECT:
        return check_expect(value, facts, detail);
    case SP_HTTP_NAME_CONTENT_LENGTH:
    case SP_HTTP_NAME_TRANSFER_ENCODING:
        return check_framing(name, (sp_text){line, size}, offset, value, facts, detail);
    case SP_HEADER_ORIGIN:
        facts->origin = span_at(line, offset, value);
        return SP_OK;
    case SP_HEADER_X_REQUEST_ID:
        facts->request_id = span_at(line, offset, value);
        return SP_OK;
    default:
        note_inside(facts, offset + (uint32_t)(value.bytes - line), value.size);
        return SP_OK;
    }
}

sp_outcome sp_http_check_head(const sp_http_facts *facts, const char **detail)
{
    if (facts->version_minor == 1 && !facts->has_host)
        return malformed(detail, "Host is missing.");
    if (facts->has_length && facts->has_coding)
        return malformed(detail, "Content-Length and Transfer-Encoding exclude each other.");
    if (facts->has_coding && facts->version_minor == 0)
        return malformed(detail, "HTTP/1.0 has no Transfer-Encoding.");
    if (facts->has_coding && !facts->chunked)
        return refuse(detail, SP_TRANSFER_CODING_UNKNOWN,
                      "The only transfer coding is chunked, once.");
    if (facts->content_length > SP_HTTP_BODY_SIZE_MAX)
        return refuse(detail, SP_BODY_TOO_LARGE, "A body has at most 65536 bytes.");
    return SP_OK;
}

sp_outcome sp_http_check_trailer(const char *line, uint32_t size, const char **detail)
{
    uint32_t name_size;
    unsigned name;
    sp_outcome outcome = check_field_shape(line, size, &name_size, &name, detail);
    if (outcome != SP_OK)
        return outcome;
    if (name == SP_HTTP_NAME_CONTENT_LENGTH || name == SP_HTTP_NAME_TRANSFER_ENCODING ||
        name == SP_HEADER_HOST)
        return malformed(detail, "This field is not allowed in a trailer.");
    return SP_OK;
}
