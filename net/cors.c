/* SPDX-License-Identifier: MIT */
#include "net/cors.h"

#include <stdio.h>

#include "engine/assert.h"
#include "net/http_line.h"

/* What scripts may read of an answer beside its body. */
#define EXPOSED                                                                                   \
    "Access-Control-Expose-Headers: Location, ETag, Retry-After, X-Request-Id, RateLimit-Limit, " \
    "RateLimit-Remaining, RateLimit-Reset, Idempotency-Replayed\r\n"

/* A browser keeps the answer to a preflight for so long, so that a configuration
 * that was taken back counts soon. */
#define PREFLIGHT_REST                                                                    \
    "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key, "        \
    "If-None-Match, Last-Event-ID, X-Request-Id, traceparent\r\nAccess-Control-Max-Age: " \
    "600\r\n"

static bool is_scheme_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* Compared byte by byte with what browsers send (RFC 6454, 6.2), so one that no
 * browser would ever send is a mistake that has to be told. */
static bool origin_is_sane(const char *text, size_t size)
{
    size_t at = 0;
    if (size >= SP_CORS_ORIGIN_SIZE_MAX || text[0] < 'a' || text[0] > 'z')
        return false;
    while (is_scheme_byte(text[at]))
        at++;
    if (strncmp(text + at, "://", 3) != 0)
        return false;
    const char *host = text + at + 3;
    /* An asterisk may stand in a host's name, but who writes one here means
     * something else, and would wait for it in vain. */
    for (const char *p = host; *p; p++)
        if ((*p >= 'A' && *p <= 'Z') || *p == '*')
            return false;
    return sp_http_host_is_sane(host, size - (size_t)(host - text));
}

bool sp_cors_add(sp_cors *cors, const char *origin)
{
    size_t size = strlen(origin);
    bool any = strcmp(origin, "*") == 0;
    if (cors->count == SP_CORS_ORIGINS_MAX || (!any && !origin_is_sane(origin, size)))
        return false;
    sp_cors_origin *added = &cors->origins[cors->count];
    memcpy(added->origin, origin, size);
    added->origin_size = (uint32_t)size;
    /* What is the same for every origin need not vary by it. */
    int fields_size = snprintf(added->fields, sizeof added->fields,
                               "Access-Control-Allow-Origin: %s\r\n" EXPOSED "%s", origin,
                               any ? "" : "Vary: Origin\r\n");
    SP_ASSERT_CMP((size_t)fields_size, <, sizeof added->fields);
    added->fields_size = (uint32_t)fields_size;
    cors->count++;
    if (any && !cors->any) { /* `*` stands first: it is everybody's */
        sp_cors_origin first = cors->origins[0];
        cors->origins[0] = *added;
        *added = first;
        cors->any = true;
    }
    return true;
}

uint8_t sp_cors_find(const sp_cors *cors, sp_text origin)
{
    if (cors == NULL || cors->any)
        return cors != NULL;
    for (uint32_t i = 0; origin.bytes && i < cors->count; i++)
        if (sp_text_equal(origin, (sp_text){cors->origins[i].origin, cors->origins[i].origin_size}))
            return (uint8_t)(i + 1);
    return 0;
}

sp_text sp_cors_fields(const sp_cors *cors, uint8_t index)
{
    if (index == 0)
        return SP_TEXT("Vary: Origin\r\n");
    SP_ASSERT_CMP(index, <=, cors->count);
    const sp_cors_origin *origin = &cors->origins[index - 1];
    return (sp_text){origin->fields, origin->fields_size};
}

uint32_t sp_cors_preflight(sp_text methods, char out[SP_CORS_PREFLIGHT_SIZE_MAX])
{
    int size = snprintf(out, SP_CORS_PREFLIGHT_SIZE_MAX,
                        "Access-Control-Allow-Methods: %.*s\r\n" PREFLIGHT_REST, (int)methods.size,
                        methods.bytes);
    SP_ASSERT_CMP((size_t)size, <, SP_CORS_PREFLIGHT_SIZE_MAX);
    return (uint32_t)size;
}
