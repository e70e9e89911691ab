/* SPDX-License-Identifier: MIT
 *
 * What the HTTP glue says to a stream of bytes, as text: one line an event.
 * Tests and the fuzzer compare the transcripts of one stream cut in different
 * ways; they must be equal.
 *
 *   GET /path ?query 1.1 keep host=[h] body=3[abc]
 *   refused malformed_request Host is missing.
 *   more                            the last request is not whole
 */
#ifndef SP_TESTS_SUPPORT_TRANSPORT_TRANSCRIPT_H
#define SP_TESTS_SUPPORT_TRANSPORT_TRANSCRIPT_H

#include "net/http.h"
#include "net/out.h"

/* How a stream is cut: the size of the next piece, given what has been fed and
 * what is left (>= 1). Anything out of range is taken as the rest. */
typedef size_t (*sp_transcript_cut)(void *context, size_t fed, size_t left);

typedef struct sp_transcript {
    sp_out text; /* NUL-terminated behind size */
    unsigned requests_count;
    sp_outcome outcome; /* of a refusal, else SP_OK */
    const char *detail;
} sp_transcript;

/* cut == NULL: in one piece. Pieces are given in exact-size heap copies, so
 * that address sanitizer sees a read beyond one. */
void sp_transcript_make(sp_transcript *transcript, const char *bytes, size_t size,
                        sp_transcript_cut cut, void *context);
/* The same with heads that were read before (else: none were); NULL: each head is
 * read, and none remembered. */
void sp_transcript_make_with(sp_transcript *transcript, sp_http_heads *heads, const char *bytes,
                             size_t size, sp_transcript_cut cut, void *context);
void sp_transcript_free(sp_transcript *transcript);

#endif
