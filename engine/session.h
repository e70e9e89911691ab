/* SPDX-License-Identifier: MIT
 *
 * Refresh families (RFC 9700, 4.14.2: rotation with reuse detection). A family
 * begins with a log-in and has one live refresh token at a time; each refresh
 * spends it for a successor. Kept beside the events (sessions are no facts of
 * the log), changed by the sequencer alone, and durable before anyone is told.
 *
 * A refresh token names its family by user and id and holds a secret; of the
 * secret only its BLAKE2b-256 is kept. The id is random and shown nowhere else,
 * so a wrong secret for a family that exists is taken for a spent one that has
 * come back. What an access token says of its family is the sid, from which
 * nobody gets the id: who finds an access token in a log can end no family.
 */
#ifndef SP_ENGINE_SESSION_H
#define SP_ENGINE_SESSION_H

#include "engine/outcome.h"
#include "engine/values.h"

/* Of a family; random, never 0 (0 = none). Unique among those of its user. */
typedef uint64_t sp_session_id;
/* What the family is called in access tokens; 0 = none. Not the id. */
typedef uint64_t sp_sid;

#define SP_SESSION_HASH_SIZE 32u
/* From the last rotation on. */
#define SP_SESSION_TTL_MS (INT64_C(14) * 24 * 3600 * 1000)
/* So long the token just spent may be shown again: its answer was lost. */
#define SP_SESSION_GRACE_MS INT64_C(10000)
/* A log-in over this many ends the family of that user that was rotated
 * longest ago. */
#define SP_SESSIONS_PER_USER_MAX 32u

typedef struct sp_session_hash {
    uint8_t bytes[SP_SESSION_HASH_SIZE];
} sp_session_hash;

typedef struct sp_session {
    sp_user_id user;
    sp_session_id id;
    sp_time_ms created_at; /* of the log-in */
    sp_time_ms rotated_at; /* when `live` was issued; it ends SP_SESSION_TTL_MS later */
    sp_time_ms spent_at;   /* when `spent` was spent first; 0 = nothing was yet */
    sp_session_hash live;  /* of the token that is good */
    sp_session_hash spent; /* of the one before it */
} sp_session;

/* One-way: BLAKE2b of the id under a personalisation of its own, cut to 64 bits.
 * Never 0. */
sp_sid sp_session_sid(sp_session_id id);

typedef enum sp_session_verdict {
    SP_SESSION_ROTATED, /* *session is changed: keep it */
    SP_SESSION_REUSED,  /* a spent token came back: end the family (refresh_reused) */
    SP_SESSION_OVER,    /* expired: end the family (refresh_invalid) */
} sp_session_verdict;

/* A refresh at `now`: `shown` is what the client gave, `fresh` its successor's
 * hash. Pure. The live token: spent for `fresh`. The one before it, within the
 * grace: `fresh` replaces the live one, which nobody has used (else it would not
 * be live). Anything else: reuse. Compared in constant time. */
sp_session_verdict sp_session_refresh(sp_session *session, const sp_session_hash *shown,
                                      const sp_session_hash *fresh, sp_time_ms now);

/* Is `shown` the live token or the one before it? Whoever has either may end the
 * family (a log-out), at any time. Compared in constant time. */
bool sp_session_is_of(const sp_session *session, const sp_session_hash *shown);

#endif
