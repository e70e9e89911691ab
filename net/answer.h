/* SPDX-License-Identifier: MIT
 *
 * One HTTP response, head and body, appended to a buffer. Every response of
 * the server is written here, so every header rule stands here: Date,
 * X-Request-Id, nosniff, no-store wherever a token was sent, Connection.
 */
#ifndef SP_NET_ANSWER_H
#define SP_NET_ANSWER_H

#include "net/app_loop.h"

typedef struct sp_answer {
    int status;
    const char *content_type; /* NULL: there is no body (204, 304) */
    sp_text body;
    sp_text location, etag, allow; /* absent: no such header */
    const char *www_authenticate;  /* likewise */
    bool replayed;                 /* Idempotency-Replayed: true */
    bool retryable;                /* Retry-After: 1 */
    bool no_store;                 /* even without a token in the request */
    bool no_cache;                 /* may be kept, but must be asked about */
} sp_answer;

/* To whom. */
typedef struct sp_answer_to {
    uint64_t request_id;
    bool head;  /* no body bytes, but the length that they would have */
    bool close; /* Connection: close */
    bool had_token;
    uint8_t version_minor; /* the request was HTTP/1.0 or 1.1 */
} sp_answer_to;

void sp_answer_write(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer, sp_out *out);

sp_answer_to sp_answer_to_exchange(const sp_exchange *ex);

/* JSON that was written with sp_app_json(ex): its status is given; the rest
 * of *answer may be set before. */
void sp_answer_json(sp_exchange *ex, sp_answer answer, sp_out *out);

/* `prefix` and an id, as Location has it. */
#define SP_LOCATION_SIZE_MAX 64u
sp_text sp_answer_location(char out[SP_LOCATION_SIZE_MAX], const char *prefix, uint32_t id);

#endif
