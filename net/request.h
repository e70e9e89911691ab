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
 * these, but for Accept and If-None-Match, which are joined by ", ". */
typedef enum sp_header {
    SP_HEADER_HOST,
    SP_HEADER_AUTHORIZATION,
    SP_HEADER_CONTENT_TYPE,
    SP_HEADER_ACCEPT,
    SP_HEADER_IDEMPOTENCY_KEY,
    SP_HEADER_IF_NONE_MATCH,
    SP_HEADER_X_REQUEST_ID,
    SP_HEADER_COUNT
} sp_header;

typedef struct sp_request {
    sp_method method;
    uint8_t version_minor;            /* HTTP/1.0 or 1.1 */
    sp_text path;                     /* raw, begins with '/', without the query; or
                            * `*` of OPTIONS */
    sp_text query;                    /* after '?'; absent if there is no '?' */
    sp_text headers[SP_HEADER_COUNT]; /* values, outer blanks trimmed */
    sp_text body;                     /* decoded from its framing; size 0 if none */
} sp_request;

#endif
