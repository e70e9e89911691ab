/* SPDX-License-Identifier: MIT
 *
 * A parsed request: what the HTTP glue hands to the application. Immutable
 * once handed over; owned by its exchange; every text points into the
 * exchange's memory and lives until the exchange ends.
 */
#ifndef SP_NET_REQUEST_H
#define SP_NET_REQUEST_H

#include "engine/values.h"

typedef enum sp_method {
    SP_METHOD_GET = 1,
    SP_METHOD_HEAD,
    SP_METHOD_POST,
    SP_METHOD_PUT,
    SP_METHOD_PATCH,
    SP_METHOD_DELETE,
    SP_METHOD_OPTIONS,
} sp_method;

/* Headers that the application reads; all others are checked and dropped.
 * Absent: bytes == NULL. Present twice is malformed_request for each of
 * these, but for lists (sp_http_name_is_list), which are joined by ", ". */
typedef enum sp_header {
    SP_HEADER_HOST,
    SP_HEADER_AUTHORIZATION,
    SP_HEADER_CONTENT_TYPE,
    SP_HEADER_ACCEPT,
    SP_HEADER_IDEMPOTENCY_KEY,
    SP_HEADER_IF_NONE_MATCH,
    SP_HEADER_COUNT,
    /* Rare ones, that few clients or only proxies send: kept apart, so that a
     * request without any costs one look and no memory (sp_request_rare). */
    SP_HEADER_X_REQUEST_ID = SP_HEADER_COUNT,
    SP_HEADER_TRACEPARENT,
    SP_HEADER_X_FORWARDED_FOR,
    SP_HEADER_ORIGIN,
    SP_HEADER_ACCESS_CONTROL_REQUEST_METHOD,
    SP_HEADER_CONTENT_ENCODING,
    SP_HEADER_LAST_EVENT_ID, /* of a stream: sp_request_last_event_id */
    SP_HEADER_END
} sp_header;

#define SP_HEADER_RARE_COUNT (SP_HEADER_END - SP_HEADER_COUNT)

typedef struct sp_request {
    sp_method method;
    uint8_t version_minor;            /* HTTP/1.0 or 1.1 */
    sp_text path;                     /* raw, begins with '/', without the query; or
                            * `*` of OPTIONS */
    sp_text query;                    /* after '?'; absent if there is no '?' */
    sp_text headers[SP_HEADER_COUNT]; /* values, outer blanks trimmed */
    const sp_text *rare;              /* SP_HEADER_RARE_COUNT of them; NULL: none was sent */
    sp_text body;                     /* decoded from its framing; size 0 if none */
} sp_request;

/* Absent: bytes == NULL. */
static inline sp_text sp_request_rare(const sp_request *request, sp_header header)
{
    return request->rare ? request->rare[header - SP_HEADER_COUNT] : (sp_text){0};
}

/* Every id that a stream of ours sends is shorter by far: what is longer is not
 * one of them, and is taken for none. So is an empty one, as by the standard
 * (server-sent events, 9.2.5). */
#define SP_LAST_EVENT_ID_SIZE_MAX 64u

/* The id of the last event that a reconnecting client has seen; absent:
 * bytes == NULL. */
static inline sp_text sp_request_last_event_id(const sp_request *request)
{
    sp_text id = sp_request_rare(request, SP_HEADER_LAST_EVENT_ID);
    return id.size >= 1 && id.size <= SP_LAST_EVENT_ID_SIZE_MAX ? id : (sp_text){0};
}

#endif
