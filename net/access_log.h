/* SPDX-License-Identifier: MIT
 *
 * The access log: a line a request, put together on the loop that answered it
 * and handed to the logger (net/logger.h). One a loop, used by its thread alone.
 *
 *   {"time":…,"level":"info","event":"request","request_id":"…","trace_id":null,
 *    "method":"POST","route":"/v1/orders","status":201,"bytes":532,
 *    "duration_us":812,"user":17,"client":"192.0.2.0/24"}
 *
 * What it may know is what stands in sp_access_entry, and that is the point: no
 * path, query, header or body ever comes here, so none can be written by
 * mistake. The route is its pattern in the table; a user is a number; an
 * address is cut to its network; the ids were checked (net/request_id.h).
 */
#ifndef SP_NET_ACCESS_LOG_H
#define SP_NET_ACCESS_LOG_H

#include "net/client_address.h"
#include "net/logger.h"
#include "net/request.h"

typedef struct sp_access_log sp_access_log;

typedef struct sp_access_entry {
    sp_text request_id;
    sp_text trace_id;                /* absent: null */
    sp_method method;                /* 0: the request was refused before that was known */
    const char *route;               /* the pattern; NULL: none was found, or looked for */
    int status;                      /* 0: null, the client left before it was answered */
    uint64_t bytes;                  /* of the answer, head and body */
    int64_t duration_us;             /* from the whole request to its answer; < 0: null */
    sp_user_id user;                 /* 0: null */
    const sp_client_address *client; /* NULL or all zero: null */
} sp_access_entry;

/* NULL if out of memory. logger: one that has an access log. */
sp_access_log *sp_access_log_create(sp_logger *logger);
void sp_access_log_destroy(sp_access_log *log);

void sp_access_log_put(sp_access_log *log, const sp_access_entry *entry);

/* The status of the whole answer that begins at `bytes`. */
int sp_access_status(const char *bytes, size_t size);

/* A monotonic clock for duration_us. */
int64_t sp_access_now_us(void);

#endif
