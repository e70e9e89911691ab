/* SPDX-License-Identifier: MIT
 *
 * The strict reading of a chunked body's framing (RFC 9112, 7.1), byte by
 * byte, before llhttp sees any of it: 1 to 8 hex digits, no sign, prefix,
 * blank or extension, exact CRLFs, trailers checked and dropped.
 */
#ifndef SP_NET_HTTP_CHUNK_H
#define SP_NET_HTTP_CHUNK_H

#include "net/http_line.h"

/* Of all trailer lines together; a single one must fit into `line`. */
#define SP_HTTP_TRAILERS_SIZE_MAX 4096u
#define SP_HTTP_TRAILER_LINE_SIZE_MAX 256u

typedef struct sp_http_chunk {
    uint8_t state;
    uint8_t digits_count;
    uint32_t left;      /* of this chunk's size while read, then of its data */
    uint32_t body_size; /* so far */
    uint32_t trailers_size;
    uint32_t line_size;
    char line[SP_HTTP_TRAILER_LINE_SIZE_MAX];
} sp_http_chunk;

void sp_http_chunk_init(sp_http_chunk *chunk);
/* Checks bytes until they are used up, the last chunk is behind them, or the
 * body ends (*ended); *used = how many. SP_OK, or a refusal with its detail. */
sp_outcome sp_http_chunk_check(sp_http_chunk *chunk, const char *bytes, size_t size, size_t *used,
                               bool *ended, const char **detail);
/* The last chunk is behind; what follows is trailers and the empty line. */
bool sp_http_chunk_in_trailers(const sp_http_chunk *chunk);

#endif
