/* SPDX-License-Identifier: MIT
 *
 * The bytes of one request while it is gathered and as long as its exchange
 * lives: the head as it came, values that had to be joined, then the decoded
 * body. Parts are spans (offsets), because the bytes move as they grow; they
 * become texts when the request is whole.
 *
 * Most requests fit into the inline bytes, so that taking one from the pool is
 * all the allocation that a request needs.
 */
#ifndef SP_NET_HTTP_MESSAGE_H
#define SP_NET_HTTP_MESSAGE_H

#include <stddef.h>

#include "net/request.h"

#define SP_HTTP_INLINE_SIZE 1280u

typedef struct sp_http_span {
    uint32_t offset, size;
    bool present;
} sp_http_span;

typedef struct sp_http_message {
    sp_method method;
    uint8_t version_minor;
    bool keep_alive; /* the client allows another request after this one */
    sp_http_span path, query;
    sp_http_span headers[SP_HEADER_END];
    sp_http_span body;
    bool has_rare; /* headers from SP_HEADER_COUNT on */
    char *bytes;   /* inline_bytes, or the heap when they don't suffice */
    uint32_t size, capacity;
    sp_text rare[SP_HEADER_RARE_COUNT]; /* of the request, if has_rare */
    char inline_bytes[SP_HTTP_INLINE_SIZE];
} sp_http_message;

/* All of a message but its bytes: what its parts are and where. */
typedef struct sp_http_parts {
    _Alignas(sp_http_message) unsigned char kept[offsetof(sp_http_message, bytes)];
} sp_http_parts;

void sp_http_message_init(sp_http_message *message);
/* Of one message into another, whose bytes stand at the same offsets. */
static inline void sp_http_message_parts_save(const sp_http_message *message, sp_http_parts *out)
{
    memcpy(out->kept, message, sizeof out->kept);
}
static inline void sp_http_message_parts_set(sp_http_message *message, const sp_http_parts *parts)
{
    memcpy(message, parts->kept, sizeof parts->kept);
}
/* Frees what it has on the heap; init again before the next use. */
void sp_http_message_close(sp_http_message *message);
/* Room for `size` more bytes; may move the bytes. false = out of memory. */
bool sp_http_message_reserve(sp_http_message *message, size_t size);
/* false = out of memory, nothing was added. Never fails within what was
 * reserved. `bytes` may lie in the message only if that was. */
bool sp_http_message_append(sp_http_message *message, const char *bytes, size_t size);
/* The request as the application reads it; borrows from the message. */
void sp_http_message_request(sp_http_message *message, sp_request *out);

#endif
