/* SPDX-License-Identifier: MIT */
#include "net/refresh_token.h"

#include <sodium.h>

#include "net/big_endian.h"

#define VERSION 1u
#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING

enum { USER_AT = 1, SESSION_AT = 5, SECRET_AT = 13, SIZE = SECRET_AT + SP_REFRESH_SECRET_SIZE };

_Static_assert(SIZE % 3 == 0 && SIZE / 3 * 4 == SP_REFRESH_TOKEN_TEXT_SIZE,
               "whole characters: no bits are left over");

void sp_refresh_token_make(sp_refresh_token *out, sp_user_id user, sp_session_id session)
{
    out->user = user;
    out->session = session;
    while (out->session == 0)
        randombytes_buf(&out->session, sizeof out->session);
    randombytes_buf(out->secret, sizeof out->secret);
}

void sp_refresh_token_print(const sp_refresh_token *token, char out[SP_REFRESH_TOKEN_TEXT_SIZE])
{
    uint8_t bytes[SIZE];
    char text[SP_REFRESH_TOKEN_TEXT_SIZE + 1];
    bytes[0] = VERSION;
    sp_big_endian_put(bytes + USER_AT, token->user, 4);
    sp_big_endian_put(bytes + SESSION_AT, token->session, 8);
    memcpy(bytes + SECRET_AT, token->secret, sizeof token->secret);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, BASE64URL);
    memcpy(out, text, SP_REFRESH_TOKEN_TEXT_SIZE);
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(text, sizeof text);
}

/* libsodium takes some characters beyond ASCII for ones of the alphabet. */
static bool is_text_of(const sp_refresh_token *token, sp_text text)
{
    char again[SP_REFRESH_TOKEN_TEXT_SIZE];
    sp_refresh_token_print(token, again);
    bool same = sodium_memcmp(again, text.bytes, sizeof again) == 0;
    sodium_memzero(again, sizeof again);
    return same;
}

bool sp_refresh_token_parse(sp_text text, sp_refresh_token *out)
{
    uint8_t bytes[SIZE];
    size_t size = 0;
    memset(out, 0, sizeof *out);
    bool good = text.size == SP_REFRESH_TOKEN_TEXT_SIZE &&
                sodium_base642bin(bytes, sizeof bytes, text.bytes, text.size, NULL, &size, NULL,
                                  BASE64URL) == 0 &&
                size == SIZE && bytes[0] == VERSION;
    if (good) {
        out->user = (sp_user_id)sp_big_endian_get(bytes + USER_AT, 4);
        out->session = sp_big_endian_get(bytes + SESSION_AT, 8);
        memcpy(out->secret, bytes + SECRET_AT, sizeof out->secret);
    }
    sodium_memzero(bytes, sizeof bytes);
    return good && out->user != 0 && out->session != 0 && is_text_of(out, text);
}

void sp_refresh_token_hash(const sp_refresh_token *token, sp_session_hash *out)
{
    crypto_generichash(out->bytes, sizeof out->bytes, token->secret, sizeof token->secret, NULL, 0);
}
