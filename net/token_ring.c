/* SPDX-License-Identifier: MIT */
#include "net/token_ring.h"

#include <sodium.h>
#include <stdlib.h>

static bool is_same_key(const sp_signing_key *a, const sp_signing_key *b)
{
    return strcmp(a->kid, b->kid) == 0 && sodium_memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* When the key's last token dies as far as the older ring knows: the key may
 * have signed until now, or have been kept longer than the new list says. */
static sp_time_ms known_end(const sp_token_ring *older, const sp_signing_key *key, sp_time_ms now)
{
    for (uint32_t i = 0; older != NULL && i < older->count; i++) {
        const sp_signing_key *known = &older->keys[i].key;
        if (is_same_key(known, key))
            return i == 0 ? now + (sp_time_ms)SP_TOKEN_TTL_S * 1000 : known->good_until;
    }
    return 0;
}

static bool has_kid(const sp_token_ring *ring, const char *kid)
{
    for (uint32_t i = 0; i < ring->count; i++)
        if (strcmp(ring->keys[i].key.kid, kid) == 0)
            return true;
    return false;
}

sp_token_ring *sp_token_ring_create(const sp_signing_key *keys, uint32_t count,
                                    sp_token_ring *older, sp_time_ms now)
{
    if (count == 0 || count > SP_TOKEN_KEYS_MAX)
        return NULL;
    sp_token_ring *ring = calloc(1, sizeof *ring);
    for (uint32_t i = 0; ring != NULL && i < count; i++) {
        sp_signing_key key = keys[i];
        sp_time_ms end = known_end(older, &key, now);
        if (i == 0)
            key.good_until = 0;
        else if (end > key.good_until)
            key.good_until = end;
        bool good = sp_token_signer_init(&ring->keys[i], &key) && !has_kid(ring, key.kid);
        sodium_memzero(&key, sizeof key);
        ring->count++;
        if (!good) {
            sp_token_ring_destroy(ring);
            return NULL;
        }
    }
    if (ring != NULL)
        ring->older = older;
    return ring;
}

void sp_token_ring_destroy(sp_token_ring *ring)
{
    while (ring != NULL) {
        sp_token_ring *older = ring->older;
        for (uint32_t i = 0; i < ring->count; i++)
            sp_token_signer_close(&ring->keys[i]);
        free(ring);
        ring = older;
    }
}

bool sp_token_ring_equal(const sp_token_ring *a, const sp_token_ring *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!is_same_key(&a->keys[i].key, &b->keys[i].key) ||
            a->keys[i].key.good_until != b->keys[i].key.good_until)
            return false;
    return true;
}
