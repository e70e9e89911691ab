/* SPDX-License-Identifier: MIT
 *
 * The HTTP glue: bytes in, one request out. One sp_http reads one request;
 * it knows no socket, no loop and no time, and whatever it says depends on
 * the bytes alone, never on how they were cut.
 *
 * The way of a head: one like those of before (http_heads.h) is taken as they
 * were, all of it at once. Of any other each byte is checked as it comes and each line strictly as
 * it ends (http_line.h), where they stand if the whole head has come at once,
 * else gathered line by line; only when all of it has passed and stands in one
 * piece in the message is it read by llhttp (http_fields.h). A body's framing
 * is checked likewise before llhttp decodes it.
 *
 * Owned by the exchange that the request will become; used by its loop alone.
 */
#ifndef SP_NET_HTTP_H
#define SP_NET_HTTP_H

#include "net/http_chunk.h"
#include "net/http_fields.h"
#include "net/http_heads.h"

/* The request line and the fields with their line ends. */
#define SP_HTTP_HEAD_SIZE_MAX 16384u

typedef enum sp_http_event {
    SP_HTTP_MORE,      /* all bytes used; the request is not whole */
    SP_HTTP_HEAD,      /* the head is whole and a body follows */
    SP_HTTP_REQUEST,   /* the request is whole: read sp_http.message */
    SP_HTTP_REFUSED,   /* see outcome, detail, head: feed no more */
    SP_HTTP_NO_MEMORY, /* close the connection */
} sp_http_event;

typedef struct sp_http {
    struct sp_http *next; /* in its owner's list of spare ones */
    sp_http_heads *heads; /* those read before; may be NULL */
    uint8_t state;
    /* The head was like this one of those (which may be forgotten while a body
     * comes): llhttp has not seen it. */
    bool is_known;
    sp_http_span varies;   /* of it; not present: no token */
    sp_outcome outcome;    /* of SP_HTTP_REFUSED */
    const char *detail;    /* static */
    uint32_t line_offset;  /* where the current line of the head begins … */
    uint32_t checked_size; /* … and how much of the head may stand in lines */
    uint32_t body_left;    /* of a body with Content-Length */
    sp_http_facts facts;
    sp_http_fields fields;
    sp_http_chunk chunk;
    sp_http_message message;
} sp_http;

/* heads: borrowed, as long as http is fed; NULL: each head is read. */
void sp_http_init(sp_http *http, sp_http_heads *heads);
void sp_http_close(sp_http *http);
/* Takes bytes until the next event; *used = how many. May allocate (large
 * heads and bodies); never blocks. */
sp_http_event sp_http_feed(sp_http *http, const char *bytes, size_t size, size_t *used);
/* Nothing was fed yet; */
bool sp_http_is_fresh(const sp_http *http);
/* … the request line has begun; … */
bool sp_http_in_head(const sp_http *http);
/* … the head is whole, the body is not. */
bool sp_http_in_body(const sp_http *http);
/* Of a request that was refused, or will be (a timeout): is it a HEAD, as far as
 * can be seen; */
bool sp_http_is_head(const sp_http *http);
/* … its Origin or X-Request-Id, if that line had come; else absent. */
sp_text sp_http_refused_header(const sp_http *http, sp_header header);
/* The token of the request behind the one whose head has just been read, if its
 * head is like this one's and stands in these bytes, those behind the head: a
 * guess, for what may be done ahead. false: no guess. */
bool sp_http_next_token(const sp_http *http, const char *bytes, size_t size, sp_text *token);
/* The client waits for `100 Continue` before it sends the body. */
static inline bool sp_http_continue_wanted(const sp_http *http)
{
    return http->facts.continue_wanted;
}

#endif
