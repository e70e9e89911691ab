/* SPDX-License-Identifier: MIT
 *
 * Refresh tokens (engine/session.h says what they are good for): 60 characters,
 * the base64url of
 *
 *   byte  0      1      version
 *         1      4      user id, big-endian
 *         5      8      family id, big-endian
 *        13     32      secret
 *
 * No access token is of that form (it has dots) nor the reverse, so neither can
 * stand in for the other. Nothing here is signed: what names no family of the
 * state, or has the wrong secret, is worth nothing, whoever made it.
 *
 * Pure but for the randomness of make; any thread.
 */
#ifndef SP_NET_REFRESH_TOKEN_H
#define SP_NET_REFRESH_TOKEN_H

#include "engine/session.h"

#define SP_REFRESH_TOKEN_TEXT_SIZE 60u
#define SP_REFRESH_SECRET_SIZE 32u

typedef struct sp_refresh_token {
    sp_user_id user;       /* never 0 */
    sp_session_id session; /* never 0 */
    uint8_t secret[SP_REFRESH_SECRET_SIZE];
} sp_refresh_token;

/* A fresh secret of a family; session 0 = of a new family with a random id. */
void sp_refresh_token_make(sp_refresh_token *out, sp_user_id user, sp_session_id session);

/* Not terminated. In constant time: it is a secret. */
void sp_refresh_token_print(const sp_refresh_token *token, char out[SP_REFRESH_TOKEN_TEXT_SIZE]);
/* false: no token of this form. One value has one text. */
bool sp_refresh_token_parse(sp_text text, sp_refresh_token *out);

/* What is kept of it: BLAKE2b-256 of the secret. It is random and as long as
 * its hash, so it needs no salt and no work factor. */
void sp_refresh_token_hash(const sp_refresh_token *token, sp_session_hash *out);

#endif
