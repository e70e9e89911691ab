/* SPDX-License-Identifier: MIT
 *
 * Heads that were read before. A client sends the same head again and again, and
 * clients of one program send heads that differ in the access token and in the
 * digits of the length. Such a head is not read again: its bytes are compared
 * with those of one that was, and what was read there holds here.
 *
 * What may differ, and why it does not matter:
 *   - the value of Authorization, behind its first bytes: as many bytes, each of
 *     which may stand inside a line, and the last one no blank. Neither the
 *     strict reading (http_line.h) nor llhttp's depends on them: it is the
 *     argument by which llhttp is not shown them (http_fields.h).
 *   - the digits of Content-Length: as many, the number in range and not 0.
 * Every other byte is the same, in the same place. Both readers are functions of
 * the bytes, so they would say the same again.
 *
 * Kept are small heads that came whole, whose body has a length (or that have
 * none) and whose token, if any, is the value that may differ: so no secret is
 * ever compared, and the comparison's time tells nothing of one. The fuzzer
 * compares what is remembered with what is read.
 *
 * One a loop, of its thread alone.
 */
#ifndef SP_NET_HTTP_HEADS_H
#define SP_NET_HTTP_HEADS_H

#include "net/http_line.h"

#define SP_HTTP_HEADS_MAX 8u
/* A head that is larger is read each time. */
#define SP_HTTP_HEADS_SIZE_MAX 768u

typedef struct sp_http_known {
    uint32_t size;               /* of the head, its empty line included */
    sp_http_span varies, length; /* what may differ; not present: nothing */
    sp_http_facts facts;
    sp_http_parts parts;
    char bytes[SP_HTTP_HEADS_SIZE_MAX];
} sp_http_known;

typedef struct sp_http_heads {
    uint32_t count, last; /* which one was met last: where to look first */
    uint32_t unknown;     /* heads that were not here, so far */
    sp_http_known known[SP_HTTP_HEADS_MAX];
} sp_http_heads;

void sp_http_heads_init(sp_http_heads *heads);
/* Wipes: a head may hold more than a token. */
void sp_http_heads_close(sp_http_heads *heads);

/* The head that bytes[0, size) begin with, if it is like one of these; else
 * NULL. *content_length: of this one. */
const sp_http_known *sp_http_heads_find(sp_http_heads *heads, const char *bytes, size_t size,
                                        uint64_t *content_length);

/* After a head of this size, which is not here, was read into the message:
 * remembers it, or one in so many if there is no more room. */
void sp_http_heads_note(sp_http_heads *heads, uint32_t size, const sp_http_facts *facts,
                        const sp_http_message *message);

#endif
