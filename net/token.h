/* SPDX-License-Identifier: MIT
 *
 * Access tokens: JWT (RFC 7519) signed with HMAC-SHA-256, 15 minutes long.
 *
 *   base64url({"alg":"HS256","typ":"at+jwt","kid":KID}) . base64url(
 *     {"iss":"stagepick","aud":"stagepick","sub":"ID","sid":"SID","iat":S,"exp":S}) . MAC
 *
 * One fixed algorithm, so the header is compared as bytes with those that are
 * made with the keys there are: nothing in a token chooses how it is checked
 * but which of them (RFC 8725, 3.1). The role is not in it: that of the state
 * counts. `sid` tells which refresh family the token came with (sp_session_sid of
 * its id, eight bytes in base64url), so that a new password can end all families
 * but the one that asks; nothing else can be done to the family with it. Tokens
 * without one are made by the benchmarks alone.
 *
 * The MAC is nettle's, which uses the processor's own SHA instructions where
 * there are any: 210 ns for a token, where libsodium's portable one takes
 * 1,270. That is the price of every user's first request. Those after it find
 * their token in a cache (net/token_cache.h); when it expires counts each time.
 *
 * A signer is immutable; which keys there are stands in net/token_ring.h. A
 * verifier (with its cache) belongs to one loop.
 */
#ifndef SP_NET_TOKEN_H
#define SP_NET_TOKEN_H

#include "engine/outcome.h"
#include "engine/values.h"
#include "net/json_read.h"
#include "net/token_cache.h"

#define SP_SIGNING_KEY_SIZE 32u
#define SP_TOKEN_KID_SIZE_MAX 32u
#define SP_TOKEN_SIZE_MAX 1024u
#define SP_TOKEN_TTL_S 900

/* kid: 1 … 32 letters, digits, `-` or `_`, NUL-terminated. */
typedef struct sp_signing_key {
    char kid[SP_TOKEN_KID_SIZE_MAX + 1];
    uint8_t bytes[SP_SIGNING_KEY_SIZE];
    sp_time_ms good_until; /* of one that signs no more; 0 = no end */
} sp_signing_key;

typedef struct sp_token_signer {
    sp_signing_key key;
    char header[192]; /* encoded, with the dot behind it */
    uint32_t header_size;
} sp_token_signer;

/* false if the kid is not one. The key is copied. */
bool sp_token_signer_init(sp_token_signer *signer, const sp_signing_key *key);
/* Wipes the key. */
void sp_token_signer_close(sp_token_signer *signer);

/* Writes a token of a user and a refresh family's sid (0 = none) at a time; returns
 * its size. */
uint32_t sp_token_sign(const sp_token_signer *signer, sp_user_id user, sp_sid sid, sp_time_ms now,
                       char out[SP_TOKEN_SIZE_MAX]);

typedef struct sp_token_ring sp_token_ring;
typedef struct sp_token_verifier sp_token_verifier;

/* ring: borrowed until another is used. reader: a JSON reader of the same loop,
 * used during verification only. NULL if out of memory. */
sp_token_verifier *sp_token_verifier_create(const sp_token_ring *ring, sp_json_reader *reader);
void sp_token_verifier_destroy(sp_token_verifier *verifier);

/* Which keys count from now on; next to nothing if they are the same as before,
 * else what was verified with the old ones is forgotten. No two rings that a
 * verifier gets to see may have had one address. */
void sp_token_verifier_use(sp_token_verifier *verifier, const sp_token_ring *ring);

/* What verify will look at, if this is a token: into the processor's cache. Any
 * bytes, at least SP_TOKEN_MAC_TEXT_SIZE of them. */
void sp_token_prefetch(const sp_token_verifier *verifier, sp_text token);
/* SP_OK with *holder, SP_TOKEN_INVALID or SP_TOKEN_EXPIRED. */
sp_outcome sp_token_verify(sp_token_verifier *verifier, sp_text token, sp_time_ms now,
                           sp_token_holder *holder);

#endif
