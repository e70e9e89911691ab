/* SPDX-License-Identifier: MIT
 *
 * Orders to Redis: `EVALSHA sha 0 user concert seat` in RESP, as an array of
 * bulk strings. The script answers an integer or +OK if it sold the seat, and
 * an error whose first word is the code if not.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/load_protocol.h"
#include "bench/load_text.h"

#define SHA_SIZE 40u
#define LINE_SIZE_MAX 1024u
#define REQUEST_SIZE_MAX 192u

typedef struct redis {
    uint32_t prefix_size;
    char prefix[96]; /* up to the user */
} redis;

_Static_assert(sizeof((redis *)0)->prefix + 3 * (7 + 2 * SP_BENCH_LOAD_DECIMAL_SIZE_MAX) <=
                   REQUEST_SIZE_MAX + sizeof((redis *)0)->prefix,
               "three arguments fit behind the prefix");

static bool knows(sp_bench_load_kind kind)
{
    return kind == SP_BENCH_LOAD_ORDER;
}

static void *open_redis(const sp_bench_load_wire *wire, char *why, size_t why_size)
{
    size_t size = wire->script != NULL ? strlen(wire->script) : 0;
    if (size != SHA_SIZE || strspn(wire->script, "0123456789abcdef") != SHA_SIZE) {
        snprintf(why, why_size, "--script takes the 40 lower-case hex digits of a loaded script");
        return NULL;
    }
    redis *r = malloc(sizeof *r);
    if (r == NULL) {
        snprintf(why, why_size, "out of memory");
        return NULL;
    }
    r->prefix_size =
        (uint32_t)snprintf(r->prefix, sizeof r->prefix,
                           "*6\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n$1\r\n0\r\n", wire->script);
    return r;
}

static size_t request_size_max(const void *protocol)
{
    (void)protocol;
    return sizeof((redis *)0)->prefix + REQUEST_SIZE_MAX;
}

static char *put_bulk(char *at, uint64_t value)
{
    *at++ = '$';
    at = sp_bench_load_put_decimal(at, sp_bench_load_decimal_size(value));
    at = SP_BENCH_LOAD_PUT(at, "\r\n");
    at = sp_bench_load_put_decimal(at, value);
    return SP_BENCH_LOAD_PUT(at, "\r\n");
}

static char *write_request(const void *protocol, const sp_bench_load_request *request, char *out)
{
    const redis *r = protocol;
    char *at = sp_bench_load_put(out, r->prefix, r->prefix_size);
    at = put_bulk(at, request->user_id);
    at = put_bulk(at, request->concert);
    return put_bulk(at, request->seat);
}

/* A line of an integer: digits, perhaps a sign. */
static bool is_integer(sp_text text)
{
    uint32_t at = text.size > 0 && text.bytes[0] == '-' ? 1 : 0;
    if (at == text.size)
        return false;
    for (; at < text.size; at++)
        if (text.bytes[at] < '0' || text.bytes[at] > '9')
            return false;
    return true;
}

static bool read_line(sp_text line, sp_bench_load_answer *answer)
{
    sp_text rest = {line.bytes + 1, line.size - 1};
    switch (line.bytes[0]) {
    case ':':
        answer->accepted = true;
        return is_integer(rest);
    case '+':
        answer->accepted = true;
        return sp_text_equal(rest, SP_TEXT("OK"));
    case '-': {
        uint32_t size = 0;
        while (size < rest.size && (isalnum((unsigned char)rest.bytes[size]) ||
                                    rest.bytes[size] == '_' || rest.bytes[size] == '-'))
            size++;
        answer->code = (sp_text){rest.bytes, size};
        return size > 0 && (size == rest.size || rest.bytes[size] == ' ');
    }
    default:
        return false;
    }
}

static sp_bench_load_scan_status scan(sp_bench_load_scan *unused, const char *bytes, size_t size,
                                      size_t *used, sp_bench_load_answer *answer)
{
    (void)unused; /* a line is kept whole until its end has come */
    *used = 0;
    const char *feed = memchr(bytes, '\n', size);
    if (feed == NULL)
        return size > LINE_SIZE_MAX ? SP_BENCH_LOAD_MALFORMED : SP_BENCH_LOAD_MORE;
    if (feed - bytes < 2 || feed[-1] != '\r')
        return SP_BENCH_LOAD_MALFORMED;
    *answer = (sp_bench_load_answer){0};
    *used = (size_t)(feed + 1 - bytes);
    sp_text line = {bytes, (uint32_t)(feed - 1 - bytes)};
    return read_line(line, answer) ? SP_BENCH_LOAD_ANSWER : SP_BENCH_LOAD_MALFORMED;
}

const sp_bench_load_protocol sp_bench_load_redis = {
    .name = "redis",
    .knows = knows,
    .open = open_redis,
    .close = free,
    .request_size_max = request_size_max,
    .write = write_request,
    .scan = scan,
};

const sp_bench_load_protocol *sp_bench_load_protocol_of_name(const char *name)
{
    return strcmp(name, "http") == 0    ? &sp_bench_load_http
           : strcmp(name, "redis") == 0 ? &sp_bench_load_redis
                                        : NULL;
}
