/* SPDX-License-Identifier: MIT
 *
 * What the application tells the logs about its exchanges: the one place where
 * an exchange, which knows all that a client sent, becomes an sp_access_entry,
 * which can not. Loop thread only; private to the application.
 */
#ifndef SP_NET_ACCESS_H
#define SP_NET_ACCESS_H

#include "net/app_loop.h"

/* Is there an access log? Without one, all that a request pays is this. */
static inline bool sp_access_is_on(const sp_app_loop *app_loop)
{
    return __builtin_expect(app_loop->access != NULL, 0);
}

/* These three only if it is on. The first when the request is whole; then
 * either the second, with its answer, or the third, if the client has left. */
void sp_access_begin(sp_exchange *ex);
void sp_access_answered(const sp_exchange *ex, const char *bytes, size_t size);
void sp_access_left(const sp_exchange *ex);

/* A refusal of the transport, likewise. */
void sp_access_refused(const sp_app_loop *app_loop, const sp_refused *refused, const char *bytes,
                       size_t size);

/* A line of the log for a request that failed for our own reasons. */
void sp_access_failed(const sp_exchange *ex);

#endif
