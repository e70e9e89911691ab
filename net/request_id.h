/* SPDX-License-Identifier: MIT
 *
 * What a client calls his request: X-Request-Id, echoed if it is one, and
 * traceparent (W3C Trace Context), kept for the access log and never echoed: a
 * response has no such header. What is not valid is ignored, never refused, and
 * leaves no trace: neither text can carry anything into a log line or a header.
 */
#ifndef SP_NET_REQUEST_ID_H
#define SP_NET_REQUEST_ID_H

#include "net/exchange.h"

#define SP_REQUEST_ID_SIZE_MAX 64u

/* As text: lower-case hexadecimal digits, no NUL behind. */
typedef struct sp_trace {
    char trace_id[32], parent_id[16];
    bool sampled;
} sp_trace;

typedef struct sp_request_marks {
    uint32_t id_size; /* 0: he sent no good one */
    bool traced;
    char id[SP_REQUEST_ID_SIZE_MAX];
    sp_trace trace;
} sp_request_marks;

/* 1 to 64 of A-Z a-z 0-9 . _ - */
bool sp_request_id_is_sane(sp_text text);
/* Version 00 exactly; of higher ones what stands in front (W3C, 3.2.4). */
bool sp_traceparent_parse(sp_text text, sp_trace *out);

/* What the request says of itself; NULL if nothing (or out of memory). Freed
 * with free(). */
sp_request_marks *sp_request_marks_read(const sp_request *request);

/* The id under which an exchange is answered and logged: the client's, or ours
 * in 16 hexadecimal digits, written to `out`. Lives as long as both. */
sp_text sp_request_id_of(const sp_exchange *ex, char out[SP_REQUEST_ID_SIZE_MAX]);
/* NULL: it is not traced. */
const sp_trace *sp_request_trace_of(const sp_exchange *ex);

#endif
