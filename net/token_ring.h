/* SPDX-License-Identifier: MIT
 *
 * The keys that access tokens are checked with: the one that signs, and those
 * that did before it and are good until the last token of theirs has died.
 *
 * A ring never changes. Another takes its place at once for all loops, without
 * a lock: the application holds it behind an atomic pointer (net/app.c), and
 * each loop looks at that once a request. The rings before it are kept, linked
 * behind the newest, until the application ends, since a loop may still be
 * reading one; and so no two ever have one address. That costs three kilobytes
 * each time keys are rotated.
 */
#ifndef SP_NET_TOKEN_RING_H
#define SP_NET_TOKEN_RING_H

#include "net/token.h"

#define SP_TOKEN_KEYS_MAX 8u

struct sp_token_ring {
    sp_token_signer keys[SP_TOKEN_KEYS_MAX]; /* the first signs */
    uint32_t count;                          /* 1 … SP_TOKEN_KEYS_MAX */
    sp_token_ring *older;                    /* the one that this took the place of */
};

/* keys: copied; the first signs, the others have an end. older: NULL, or the
 * ring that this one is to replace, owned by it from now on (but not if this
 * fails). A key that signed until `now` by `older` is good for as long as its
 * last token, whatever end it has been given: a server may hear of a rotation
 * late. NULL if out of memory, or a key's id is not one or there twice. */
sp_token_ring *sp_token_ring_create(const sp_signing_key *keys, uint32_t count,
                                    sp_token_ring *older, sp_time_ms now);
/* With all older ones; wipes the keys. NULL is fine. */
void sp_token_ring_destroy(sp_token_ring *ring);

/* The same keys with the same ends? Then there is nothing to replace. */
bool sp_token_ring_equal(const sp_token_ring *a, const sp_token_ring *b);

static inline const sp_token_signer *sp_token_ring_signer(const sp_token_ring *ring)
{
    return &ring->keys[0];
}

#endif
