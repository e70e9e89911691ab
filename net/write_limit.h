/* SPDX-License-Identifier: MIT
 *
 * --rate-limit: how many writes (POST, PUT, PATCH, DELETE) a second are taken of
 * one user, or of one network where nobody has shown a good token. A bucket
 * holds as many as a second brings, so a pause is worth a burst of that size.
 * Counted as soon as it is known who asks, before the body is looked at, and
 * whatever becomes of it: refusals cost too.
 *
 * Loop thread.
 */
#ifndef SP_NET_WRITE_LIMIT_H
#define SP_NET_WRITE_LIMIT_H

#include "net/app_loop.h"

/* Makes app->rates and what follows from app->config.writes_per_s_max. false =
 * out of memory. */
bool sp_write_limit_init(sp_app *app);

/* SP_OK, or SP_RATE_LIMITED with what its answer needs. user: of a good token;
 * 0 = nobody. A request that writes nothing is no concern of it. */
sp_outcome sp_write_limit_take(sp_exchange *ex, sp_user_id user);
/* The same of a request that is no write, and costs as much. */
sp_outcome sp_write_limit_charge(sp_exchange *ex, sp_user_id user);

#endif
