/* SPDX-License-Identifier: MIT
 *
 * llhttp's side of the glue: it yields the fields and the body of what the
 * strict reading (http_line.h, http_chunk.h) has already let through. The two
 * parsers must agree on everything that frames a request; where they do not,
 * the request is refused, because somewhere there may be a third one that
 * agrees with neither.
 *
 * llhttp runs without any leniency flag, over a head that is whole and in one
 * piece, then over the bytes of the body as they come.
 *
 * Of a long value that only the application reads (an access token) llhttp is
 * shown the edges: it reads byte by byte, and half of what a request cost was
 * to have it look at 220 of them that can neither end a line nor frame
 * anything. It is asked first: the inside is left out only if llhttp says that
 * it stands in this very value at the cut, where it takes exactly the bytes
 * that the strict reading let stand in a line and stays in the state that it is
 * in. If it says anything else, it gets every byte. The fuzzer compares what
 * is read so with what is read from all bytes.
 */
#ifndef SP_NET_HTTP_FIELDS_H
#define SP_NET_HTTP_FIELDS_H

#include <llhttp.h>

#include "net/http_line.h"

/* The detail of a refusal by disagreement: one address, so that the fuzzer
 * can tell it from all others. */
extern const char sp_http_parsers_disagree[];

typedef struct sp_http_fields {
    llhttp_t parser;
    bool whole;     /* llhttp saw the end of the message */
    bool no_memory; /* the body could not be stored */
} sp_http_fields;

/* Reads the whole head, message->bytes[0, message->size), and fills the spans
 * of the message; joined values are appended behind the head, the body will
 * come behind those. SP_OK, or a refusal with its detail; SP_BUSY = out of
 * memory. */
sp_outcome sp_http_fields_head(sp_http_fields *fields, const sp_http_facts *facts,
                               sp_http_message *message, const char **detail);
/* Passes on bytes of the body, framing included; appends what they decode to.
 * false = llhttp refuses them, or no_memory. */
bool sp_http_fields_body(sp_http_fields *fields, sp_http_message *message, const char *bytes,
                         size_t size);

#endif
