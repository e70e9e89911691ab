/* SPDX-License-Identifier: MIT
 *
 * Tokens that were verified once: a busy client sends the same one for 15
 * minutes, and finding it here costs a twentieth of verifying it (37 and 720
 * ns, on one busy machine). One a loop, used by net/token.c alone; nothing in
 * it outlives the process.
 *
 * What a stranger could learn from how long a look-up takes: an entry is found
 * by the first eight characters of its MAC (48 bits), so he may learn that
 * some token has those; the other 208 bits, and all that they sign, are
 * compared in constant time, whatever was found. Only verified tokens get in,
 * so he can push nobody out. Who holds good tokens can, by signing in often:
 * then someone else's next request is verified again, no more.
 *
 * Sets of four, the whole text in an entry: 264 bytes a token, 17.3 MB for all
 * SP_TOKEN_CACHE_TOKENS, in huge pages where there are any (4 KiB pages would
 * cost a miss of the TLB a look-up): a few dozen users cost all of it. A keyed
 * digest instead of the text would take 20 bytes, but to compute one (SipHash
 * of 128 bits: 90 to 110 ns there) takes longer than to compare the text.
 */
#ifndef SP_NET_TOKEN_CACHE_H
#define SP_NET_TOKEN_CACHE_H

#include "engine/session.h"

#define SP_TOKEN_CACHE_TOKENS 65536u
/* A text that is longer is not kept. */
#define SP_TOKEN_CACHE_TEXT_SIZE_MAX 228u
/* The MAC, at the end of a text: 32 bytes in base64url. */
#define SP_TOKEN_MAC_TEXT_SIZE 43u

typedef struct sp_token_cache sp_token_cache;

typedef struct sp_token_holder {
    sp_user_id user;
    uint32_t key_index;    /* in the ring: which one signed it */
    sp_sid session;        /* of the family that it came with; 0 = none */
    sp_time_ms expires_at; /* its own end, or that of its key, whichever is first */
} sp_token_holder;

/* NULL if out of memory. */
sp_token_cache *sp_token_cache_create(void);
void sp_token_cache_destroy(sp_token_cache *cache);

/* Fetches the marks and the likeliest entry of a text with a MAC at its end. */
void sp_token_cache_prefetch(const sp_token_cache *cache, sp_text text);
/* text: what of a token is not the same in all, its MAC at the end (so at
 * least that long). NULL: not here. Says nothing about the time: the caller
 * looks at expires_at each time. */
const sp_token_holder *sp_token_cache_find(const sp_token_cache *cache, sp_text text);
/* A token that was just verified and was not found. May take the place of
 * another. */
void sp_token_cache_add(sp_token_cache *cache, sp_text text, sp_token_holder holder);
/* Forgets all of them: the keys that they were verified with have changed. */
void sp_token_cache_clear(sp_token_cache *cache);

#endif
