/* SPDX-License-Identifier: MIT */
#include "bench/load_http.h"

#include <strings.h>

_Static_assert(SP_BENCH_LOAD_HEAD_SIZE_MAX + SP_BENCH_LOAD_PROBLEM_SIZE_MAX <=
                   SP_BENCH_LOAD_KEPT_SIZE_MAX,
               "a refusal can be kept whole");

typedef struct head {
    size_t size;
    uint64_t content_length;
    bool has_length;
    sp_bench_load_answer answer;
} head;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `HTTP/1.1 201 Created`, without its line's end. */
static bool read_status_line(const char *line, size_t size, head *h)
{
    if (size < 13 || memcmp(line, "HTTP/1.1 ", 9) != 0 || line[12] != ' ')
        return false;
    if (!is_digit(line[9]) || !is_digit(line[10]) || !is_digit(line[11]))
        return false;
    h->answer.status = (uint32_t)(100 * (line[9] - '0') + 10 * (line[10] - '0') + (line[11] - '0'));
    /* An interim answer (1xx) was not asked for: nothing here sends Expect. */
    return h->answer.status >= 200 && h->answer.status <= 599;
}

static bool read_length(sp_text value, head *h)
{
    if (h->has_length || value.size == 0 || value.size > 9)
        return false;
    for (uint32_t i = 0; i < value.size; i++) {
        if (!is_digit(value.bytes[i]))
            return false;
        h->content_length = h->content_length * 10 + (uint64_t)(value.bytes[i] - '0');
    }
    h->has_length = true;
    return true;
}

/* Is the line this field, and what is its value? */
static bool is_field(const char *line, size_t size, const char *name, size_t name_size,
                     sp_text *value)
{
    if (size <= name_size || line[name_size] != ':' || strncasecmp(line, name, name_size) != 0)
        return false;
    const char *from = line + name_size + 1, *to = line + size;
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *value = (sp_text){from, (uint32_t)(to - from)};
    return true;
}
#define IS_FIELD(line, size, name, value) is_field(line, size, name, sizeof(name) - 1, value)

/* Only four fields matter; their first letters tell the others apart. */
static bool read_field(const char *line, size_t size, head *h)
{
    sp_text value;
    switch (line[0] | 0x20) {
    case 'c':
        if (IS_FIELD(line, size, "content-length", &value))
            return read_length(value, h);
        if (IS_FIELD(line, size, "connection", &value))
            h->answer.closes = value.size == 5 && strncasecmp(value.bytes, "close", 5) == 0;
        return true;
    case 't':
        /* A body of another framing than ours is no answer of ours. */
        return !IS_FIELD(line, size, "transfer-encoding", &value);
    case 'e':
        if (IS_FIELD(line, size, "etag", &value))
            h->answer.etag = value;
        return true;
    default:
        return true;
    }
}

static sp_bench_load_scan_status read_head(const char *bytes, size_t size, head *h)
{
    const char *at = bytes, *end = bytes + size;
    size_t known = size < 9 ? size : 9;
    if (memcmp(bytes, "HTTP/1.1 ", known) != 0)
        return SP_BENCH_LOAD_MALFORMED;
    for (bool first = true;; first = false) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));
        if (feed == NULL)
            return size > SP_BENCH_LOAD_HEAD_SIZE_MAX ? SP_BENCH_LOAD_MALFORMED
                                                      : SP_BENCH_LOAD_MORE;
        if (feed == at || feed[-1] != '\r')
            return SP_BENCH_LOAD_MALFORMED;
        size_t line_size = (size_t)(feed - 1 - at);
        if (first ? !read_status_line(at, line_size, h)
                  : line_size > 0 && !read_field(at, line_size, h))
            return SP_BENCH_LOAD_MALFORMED;
        at = feed + 1;
        if (line_size == 0)
            break;
    }
    h->size = (size_t)(at - bytes);
    return h->size > SP_BENCH_LOAD_HEAD_SIZE_MAX ? SP_BENCH_LOAD_MALFORMED : SP_BENCH_LOAD_ANSWER;
}

/* The code of a problem (RFC 9457 as the server writes it: `code` stands
 * before anything nested). A quote inside a JSON string is escaped, so this
 * can't be found within one. */
static sp_text code_of(const char *body, size_t size)
{
    static const char key[] = "\"code\":\"";
    const char *at = memmem(body, size, key, sizeof key - 1);
    if (at == NULL)
        return SP_TEXT("no_code");
    at += sizeof key - 1;
    size_t left = size - (size_t)(at - body), word = 0;
    while (word < left && ((at[word] >= 'a' && at[word] <= 'z') || at[word] == '_'))
        word++;
    if (word == 0 || word == left || at[word] != '"')
        return SP_TEXT("no_code");
    return (sp_text){at, (uint32_t)word};
}

static sp_bench_load_scan_status pass_body(sp_bench_load_scan *scan, size_t size, size_t *used,
                                           sp_bench_load_answer *answer)
{
    *used = scan->body_left < size ? (size_t)scan->body_left : size;
    scan->body_left -= *used;
    if (scan->body_left > 0)
        return SP_BENCH_LOAD_MORE;
    *answer = scan->answer;
    return SP_BENCH_LOAD_ANSWER;
}

/* The body is not all there: what is known of the answer is kept. */
static bool keep(sp_bench_load_scan *scan, const sp_bench_load_answer *answer)
{
    scan->answer = *answer;
    scan->answer.etag = (sp_text){NULL, 0};
    if (answer->etag.size > sizeof scan->etag)
        return false;
    if (answer->etag.size > 0) {
        memcpy(scan->etag, answer->etag.bytes, answer->etag.size);
        scan->answer.etag = (sp_text){scan->etag, answer->etag.size};
    }
    return true;
}

sp_bench_load_scan_status sp_bench_load_http_scan(sp_bench_load_scan *scan, const char *bytes,
                                                  size_t size, size_t *used,
                                                  sp_bench_load_answer *answer)
{
    *used = 0;
    if (size == 0)
        return SP_BENCH_LOAD_MORE;
    if (scan->body_left > 0)
        return pass_body(scan, size, used, answer);
    head h = {0};
    sp_bench_load_scan_status status = read_head(bytes, size, &h);
    if (status != SP_BENCH_LOAD_ANSWER)
        return status;
    bool bodiless = h.answer.status == 204 || h.answer.status == 304;
    if (bodiless)
        h.content_length = 0;
    else if (!h.has_length)
        return SP_BENCH_LOAD_MALFORMED;
    h.answer.accepted = h.answer.status < 300 || h.answer.status == 304;
    bool whole = size - h.size >= h.content_length;
    if (!h.answer.accepted || scan->keeps_body) {
        if (h.content_length > SP_BENCH_LOAD_PROBLEM_SIZE_MAX)
            return SP_BENCH_LOAD_MALFORMED;
        if (!whole)
            return SP_BENCH_LOAD_MORE;
        if (h.answer.accepted)
            h.answer.body = (sp_text){bytes + h.size, (uint32_t)h.content_length};
        else
            h.answer.code = code_of(bytes + h.size, h.content_length);
    } else if (!whole) {
        *used = size;
        scan->body_left = h.content_length - (size - h.size);
        return keep(scan, &h.answer) ? SP_BENCH_LOAD_MORE : SP_BENCH_LOAD_MALFORMED;
    }
    *used = h.size + h.content_length;
    *answer = h.answer;
    return SP_BENCH_LOAD_ANSWER;
}
