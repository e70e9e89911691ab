/* SPDX-License-Identifier: MIT
 *
 * The strict reading of a request head, line by line, before llhttp sees any
 * of it: what RFC 9112 lets a server refuse, this refuses, because whatever
 * two parsers can read in two ways smuggles requests. Pure functions of bytes.
 *
 * Lines are given without their CRLF, and hold no CR, LF, NUL or other control
 * byte but HTAB (the gatherer in http.c saw to it).
 */
#ifndef SP_NET_HTTP_LINE_H
#define SP_NET_HTTP_LINE_H

#include <stddef.h>

#include "engine/outcome.h"
#include "net/http_message.h"

#define SP_HTTP_TARGET_SIZE_MAX 8192u
#define SP_HTTP_BODY_SIZE_MAX 65536u

/* What the lines of one head said. All zero before the request line. */
typedef struct sp_http_facts {
    sp_method method;
    uint8_t version_minor;
    uint32_t fields_count;
    bool has_host, has_length, has_coding;
    bool chunked;           /* the coding is `chunked` and nothing else */
    bool close, keep_alive; /* tokens of Connection */
    bool continue_wanted;   /* Expect: 100-continue, in HTTP/1.1 */
    uint64_t content_length;
    /* Offsets from the start of the request line. */
    sp_http_span target, path, query;
    sp_http_span authority; /* absolute form: takes the place of Host */
    /* For the answer to a head that is refused before llhttp reads it. */
    sp_http_span origin, request_id;
    sp_http_span length; /* the digits of Content-Length */
    sp_http_span inside; /* of the longest value that only the application
                             * reads, if there is a long one: SP_HTTP_EDGE_SIZE
                             * bytes of it before, as many behind */
} sp_http_facts;

/* What is outside, at either end; a value must have twice as much inside. */
#define SP_HTTP_EDGE_SIZE 4u

/* Each returns SP_OK, or the refusal with *detail = a static sentence. */
sp_outcome sp_http_check_request_line(const char *line, uint32_t size, sp_http_facts *facts,
                                      const char **detail);
/* offset: of the line in the head. */
sp_outcome sp_http_check_field(const char *line, uint32_t size, uint32_t offset,
                               sp_http_facts *facts, const char **detail);
/* After the last field: what only the whole head can tell. */
sp_outcome sp_http_check_head(const sp_http_facts *facts, const char **detail);
/* A field line behind the last chunk: checked, then dropped. */
sp_outcome sp_http_check_trailer(const char *line, uint32_t size, const char **detail);

/* Case-insensitive comparison of ASCII; `name` in lower case. */
bool sp_http_name_is(const char *bytes, size_t size, const char *name);
/* Without SP and HTAB at both ends. */
sp_text sp_http_trim(const char *bytes, size_t size);
/* uri-host [":" port] of RFC 3986, not empty, no user information. */
bool sp_http_host_is_sane(const char *bytes, size_t size);

#endif
