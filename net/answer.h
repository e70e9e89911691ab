/* SPDX-License-Identifier: MIT
 *
 * One HTTP response, head and body, appended to a buffer. Every response of
 * the server is written here, so every header rule stands here: Date,
 * X-Request-Id, what browsers are forbidden, CORS, RateLimit, no-store wherever a
 * token was sent, Connection.
 *
 * A body is JSON (or a stream of events, behind a head alone), and is written
 * straight behind its head, without a copy: the head goes first, with room for a
 * Content-Length of the usual number of digits, and the end puts the right one
 * there (moving the body by a byte or two if that is longer or shorter). So all
 * that a head says must be known, and every refusal decided, before the body
 * begins.
 *
 * A body that is to be msgpack is written as JSON all the same, and the end puts
 * msgpack in its place (net/msgpack_write.h), by way of the loop's JSON reader,
 * whose last tree ends with that.
 *
 * Loop thread; one answer of a loop at a time.
 */
#ifndef SP_NET_ANSWER_H
#define SP_NET_ANSWER_H

#include "net/app_loop.h"

typedef struct sp_answer {
    int status;
    sp_text location, etag, allow; /* absent: no such header */
    sp_text www_authenticate;      /* likewise */
    sp_text lines;                 /* whole lines, each with its end; or absent */
    sp_text policy;                /* Content-Security-Policy of a page; absent: that of none */
    uint32_t body_size_guess;      /* 0: as an order's; saves the move */
    uint32_t retry_after_s;        /* if retryable; 0: a second */
    bool replayed;                 /* Idempotency-Replayed: true */
    bool retryable;                /* Retry-After */
    bool no_store;                 /* even without a token in the request */
    bool no_cache;                 /* may be kept, but must be asked about */
    bool problem;                  /* application/problem+json */
} sp_answer;

/* To whom. */
typedef struct sp_answer_to {
    uint64_t request_id;
    bool head;  /* no body bytes, but the length that they would have */
    bool close; /* Connection: close */
    bool had_token;
    bool varies;           /* Vary: Accept, unless it is a problem: there are two forms */
    bool msgpack;          /* application/msgpack, unless it is a problem */
    uint8_t version_minor; /* the request was HTTP/1.0 or 1.1 */
    uint8_t origin;        /* of net/cors.h */
    bool limited;          /* the two figures count */
    uint32_t rate_remaining, rate_reset_s;
    sp_text request_name; /* the client's own id; absent: request_id in digits */
} sp_answer_to;

sp_answer_to sp_answer_to_exchange(const sp_exchange *ex);

/* A whole response without a body (204, 304). */
void sp_answer_write(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer, sp_out *out);

/* A response with a body: begin, one JSON text with the writer that this
 * returns, end. Nothing else is written to out meanwhile. */
sp_json_writer *sp_answer_begin(sp_app_loop *app_loop, sp_answer_to to, const sp_answer *answer,
                                sp_out *out);
void sp_answer_end(sp_app_loop *app_loop, sp_out *out);

/* The same, to whom an exchange of this loop says. */
sp_json_writer *sp_answer_json(sp_exchange *ex, const sp_answer *answer, sp_out *out);
void sp_answer_json_end(sp_exchange *ex, sp_out *out);

/* The head of a stream of events (net/stream.h): `Connection: close`, no length.
 * The first events may follow in out. false = it was a HEAD: that was all, and no
 * stream is to be opened. */
bool sp_answer_stream(sp_exchange *ex, sp_out *out);

/* A whole response with a body that is made already, of any media type (without
 * the line's end); answer->lines is absent. */
void sp_answer_body(sp_exchange *ex, const sp_answer *answer, sp_text type, sp_text body,
                    sp_out *out);

/* The same of what is constant, and there for as long as the loops run: it is sent
 * from where it lies, so that a megabyte costs no memory for each who is slow. */
void sp_answer_constant(sp_exchange *ex, const sp_answer *answer, sp_text type, const sp_text *body,
                        sp_out *out);

/* `prefix` and an id, as Location has it. */
#define SP_LOCATION_SIZE_MAX 64u
sp_text sp_answer_location(char out[SP_LOCATION_SIZE_MAX], sp_text prefix, uint32_t id);
/* 201 to a command's exchange, which has made what is there. */
sp_answer sp_answer_created(const sp_exchange *ex, char location[SP_LOCATION_SIZE_MAX],
                            sp_text prefix, uint32_t id);

/* A page of a list, begun as above: its `items`, which the caller puts and whose array
 * he ends; more fields, if there are; the end, with `nextCursor` (0: null). Of cursors
 * that are no id the caller writes that end himself. */
sp_json_writer *sp_answer_items(sp_exchange *ex, const sp_answer *answer, sp_out *out);
void sp_answer_items_end(sp_exchange *ex, uint32_t next, sp_out *out);

#endif
