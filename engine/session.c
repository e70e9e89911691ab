/* SPDX-License-Identifier: MIT */
#include "engine/session.h"

#include <sodium.h>

#include <string.h>

#define SID_PERSONAL "stagepick sid" /* and zeros */

_Static_assert(sizeof SID_PERSONAL <= crypto_generichash_blake2b_PERSONALBYTES, "fits");

sp_sid sp_session_sid(sp_session_id id)
{
    /* libsodium has no shorter one, so it is cut. */
    uint8_t bytes[sizeof id], hash[crypto_generichash_blake2b_BYTES_MIN];
    unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {0};
    sp_sid sid = 0;
    memcpy(personal, SID_PERSONAL, sizeof SID_PERSONAL);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(id >> 8 * i);
    crypto_generichash_blake2b_salt_personal(hash, sizeof hash, bytes, sizeof bytes, NULL, 0, NULL,
                                             personal);
    for (size_t i = 0; i < sizeof sid; i++)
        sid = sid << 8 | hash[i];
    return sid != 0 ? sid : 1;
}

static bool is_same(const sp_session_hash *a, const sp_session_hash *b)
{
    return sodium_memcmp(a->bytes, b->bytes, SP_SESSION_HASH_SIZE) == 0;
}

/* The batch's time goes back only across a restart under a clock that was set
 * back. Then a token that seems spent in the future is taken by its distance,
 * so that neither does a small step cost anyone his session nor does a large one
 * keep the grace open until the clock has caught up. */
static bool is_in_grace(const sp_session *session, sp_time_ms now)
{
    sp_time_ms apart = now > session->spent_at ? now - session->spent_at : session->spent_at - now;
    return session->spent_at != 0 && apart <= SP_SESSION_GRACE_MS;
}

bool sp_session_is_of(const sp_session *session, const sp_session_hash *shown)
{
    bool is_live = is_same(shown, &session->live);
    bool is_spent = is_same(shown, &session->spent);
    return is_live || (is_spent && session->spent_at != 0);
}

sp_session_verdict sp_session_refresh(sp_session *session, const sp_session_hash *shown,
                                      const sp_session_hash *fresh, sp_time_ms now)
{
    if (now - session->rotated_at >= SP_SESSION_TTL_MS)
        return SP_SESSION_OVER;
    /* Both are compared in any case: the time tells nothing of which it was. */
    bool is_live = is_same(shown, &session->live);
    bool is_spent = is_same(shown, &session->spent);
    if (is_live) {
        session->spent = session->live;
        session->spent_at = now;
    } else if (!is_spent || !is_in_grace(session, now)) {
        return SP_SESSION_REUSED;
    }
    session->live = *fresh;
    session->rotated_at = now;
    return SP_SESSION_ROTATED;
}
