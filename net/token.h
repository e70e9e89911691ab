/* SPDX-License-Identifier: MIT
 *
 * Access tokens: JWT (RFC 7519) signed with HMAC-SHA-256, 15 minutes long.
 *
 *   base64url({"alg":"HS256","typ":"at+jwt","kid":KID}) . base64url(
 *     {"iss":"stagepick","aud":"stagepick","sub":"ID","iat":S,"exp":S}) . MAC
 *
 * One fixed algorithm, so the header is compared as bytes with the only one
 * that is ever made: nothing in a token chooses how it is checked (RFC 8725,
 * 3.1). The role is not in it: that of the state counts.
 *
 * The MAC is nettle's, which uses the processor's own SHA instructions where
 * there are any: 210 ns for a token, where libsodium's portable one takes
 * 1,270. That is the price of every user's first request. Those after it find
 * their token in a cache (net/token_cache.h); when it expires counts each time.
 *
 * The signer is immutable and shared by all loops; a verifier (with its
 * cache) belongs to one loop.
 */
#ifndef SP_NET_TOKEN_H
#define SP_NET_TOKEN_H

#include "engine/outcome.h"
#include "engine/values.h"
#include "net/json_read.h"

#define SP_SIGNING_KEY_SIZE 32u
#define SP_TOKEN_KID_SIZE_MAX 32u
#define SP_TOKEN_SIZE_MAX 1024u
#define SP_TOKEN_TTL_S 900

/* kid: 1 … 32 letters, digits, `-` or `_`, NUL-terminated. */
typedef struct sp_signing_key {
    char kid[SP_TOKEN_KID_SIZE_MAX + 1];
    uint8_t bytes[SP_SIGNING_KEY_SIZE];
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

/* Writes a token of a user at a time; returns its size. */
uint32_t sp_token_sign(const sp_token_signer *signer, sp_user_id user, sp_time_ms now,
                       char out[SP_TOKEN_SIZE_MAX]);

typedef struct sp_token_verifier sp_token_verifier;

/* reader: a JSON reader of the same loop, used during verification only.
 * NULL if out of memory. */
sp_token_verifier *sp_token_verifier_create(const sp_token_signer *signer, sp_json_reader *reader);
void sp_token_verifier_destroy(sp_token_verifier *verifier);

/* SP_OK with *user, SP_TOKEN_INVALID or SP_TOKEN_EXPIRED. */
sp_outcome sp_token_verify(sp_token_verifier *verifier, sp_text token, sp_time_ms now,
                           sp_user_id *user);

#endif
