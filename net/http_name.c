/* SPDX-License-Identifier: MIT */
#include "net/http_name.h"

/* Sets the bit that tells lower case from upper: 0x20. */
static inline uint64_t fold8(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word | UINT64_C(0x2020202020202020);
}

static inline uint32_t fold4(const char *bytes)
{
    uint32_t word;
    memcpy(&word, bytes, sizeof word);
    return word | UINT32_C(0x20202020);
}

/* Compares in words, the last of which overlaps the one before. `name` is a
 * literal in lower case, so that the compiler knows its words and their
 * number. */
static inline bool is(const char *bytes, const char *name, uint32_t size)
{
    const char *end = bytes + size, *name_end = name + size;
    if (size < 8)
        return fold4(bytes) == fold4(name) && fold4(end - 4) == fold4(name_end - 4);
    bool same = fold8(end - 8) == fold8(name_end - 8);
    for (uint32_t at = 0; at + 8 < size; at += 8)
        same = same && fold8(bytes + at) == fold8(name + at);
    return same;
}

#define IS(literal) is(bytes, literal, sizeof(literal) - 1)

/* No two lengths but 6, 12, 13 and 15 are shared. */
unsigned sp_http_name_of(const char *bytes, uint32_t size)
{
    switch (size) {
    case 4:
        return IS("host") ? SP_HEADER_HOST : SP_HTTP_NAME_OTHER;
    case 6:
        return IS("accept")   ? SP_HEADER_ACCEPT
               : IS("expect") ? SP_HTTP_NAME_EXPECT
               : IS("origin") ? SP_HEADER_ORIGIN
                              : SP_HTTP_NAME_OTHER;
    case 10:
        return IS("connection") ? SP_HTTP_NAME_CONNECTION : SP_HTTP_NAME_OTHER;
    case 11:
        return IS("traceparent") ? SP_HEADER_TRACEPARENT : SP_HTTP_NAME_OTHER;
    case 12:
        return IS("content-type")   ? SP_HEADER_CONTENT_TYPE
               : IS("x-request-id") ? SP_HEADER_X_REQUEST_ID
                                    : SP_HTTP_NAME_OTHER;
    case 13:
        return IS("authorization")   ? SP_HEADER_AUTHORIZATION
               : IS("if-none-match") ? SP_HEADER_IF_NONE_MATCH
               : IS("last-event-id") ? SP_HEADER_LAST_EVENT_ID
                                     : SP_HTTP_NAME_OTHER;
    case 14:
        return IS("content-length") ? SP_HTTP_NAME_CONTENT_LENGTH : SP_HTTP_NAME_OTHER;
    case 15:
        return IS("idempotency-key")   ? SP_HEADER_IDEMPOTENCY_KEY
               : IS("x-forwarded-for") ? SP_HEADER_X_FORWARDED_FOR
                                       : SP_HTTP_NAME_OTHER;
    case 16:
        return IS("content-encoding") ? SP_HEADER_CONTENT_ENCODING : SP_HTTP_NAME_OTHER;
    case 17:
        return IS("transfer-encoding") ? SP_HTTP_NAME_TRANSFER_ENCODING : SP_HTTP_NAME_OTHER;
    case 29:
        return IS("access-control-request-method") ? SP_HEADER_ACCESS_CONTROL_REQUEST_METHOD
                                                   : SP_HTTP_NAME_OTHER;
    default:
        return SP_HTTP_NAME_OTHER;
    }
}
