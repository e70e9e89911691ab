/* SPDX-License-Identifier: MIT
 *
 * Tickets: what lets a browser's EventSource, which sends no headers, open the
 * stream of one job. Handed out in a streamUrl, to the job's user alone; good for
 * that job's stream and for nothing else, 15 minutes long.
 *
 *   base64url(user 4 ‖ expiry in ms 7 ‖ MAC 16), big-endian
 *   MAC = HMAC-SHA-256(key, "stagepick ticket" ‖ job 16 ‖ user ‖ expiry), its first half
 *
 * The keys are those of access tokens (net/token_ring.h), whose MACs are over
 * texts that begin otherwise: neither can pass for the other. With them a ticket
 * is rotated out: one of a retired key ends with that at the latest. A ticket does
 * not say which key; it is tried on each, most of the time there is one.
 *
 * Query strings are logged nowhere. Pure; any thread.
 */
#ifndef SP_NET_TICKET_H
#define SP_NET_TICKET_H

#include "engine/outcome.h"
#include "net/token_ring.h"

#define SP_TICKET_SIZE 36u
#define SP_TICKET_TTL_MS ((sp_time_ms)SP_TOKEN_TTL_S * 1000)

typedef struct sp_ticket_holder {
    sp_user_id user;
    sp_time_ms expires_at;
} sp_ticket_holder;

void sp_ticket_sign(const sp_token_signer *signer, const sp_hash128 *job, sp_user_id user,
                    sp_time_ms now, char out[SP_TICKET_SIZE]);
/* SP_OK with *holder, SP_TOKEN_INVALID or SP_TOKEN_EXPIRED. */
sp_outcome sp_ticket_verify(const sp_token_ring *ring, const sp_hash128 *job, sp_text ticket,
                            sp_time_ms now, sp_ticket_holder *holder);

/* The value of the query's first `ticket`, as it stands there; absent if there
 * is none. */
sp_text sp_ticket_of_query(sp_text query);

#endif
