/* SPDX-License-Identifier: MIT */
#include "net/token.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "net/decode.h"

#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define MAC_SIZE crypto_auth_hmacsha256_BYTES
#define MAC_TEXT_SIZE 43u /* 32 bytes in base64url without padding */

_Static_assert(crypto_auth_hmacsha256_KEYBYTES == SP_SIGNING_KEY_SIZE, "key size");

/* Tokens that were verified once: a busy client sends the same one for 15
 * minutes, and comparing its bytes costs a tenth of verifying it. Direct
 * mapped by the last bits of the MAC, which only a holder of the key chooses;
 * only verified tokens get in, so a stranger can't push anyone out. */
#define CACHE_ENTRIES 4096u
#define CACHED_SIZE_MAX 336u

typedef struct cached {
    uint32_t size; /* 0 = empty */
    sp_user_id user;
    sp_time_ms expires_at;
    char token[CACHED_SIZE_MAX];
} cached;

struct sp_token_verifier {
    const sp_token_signer *signer;
    sp_json_reader *reader;
    cached *cache; /* untouched pages cost nothing */
};

static bool is_kid(const char *kid)
{
    size_t size = strnlen(kid, SP_TOKEN_KID_SIZE_MAX + 1);
    if (size == 0 || size > SP_TOKEN_KID_SIZE_MAX)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = kid[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

static uint32_t encode(char *out, size_t out_size, const void *bytes, size_t size)
{
    SP_ASSERT_CMP(sodium_base64_ENCODED_LEN(size, BASE64URL), <=, out_size);
    sodium_bin2base64(out, out_size, bytes, size, BASE64URL);
    return (uint32_t)strlen(out);
}

/* Strict both ways: libsodium refuses padding, foreign characters and bits
 * that are set behind the last byte, so one value has one text. */
static bool decode(sp_text text, void *out, size_t out_size, size_t *size)
{
    const char *end;
    return sodium_base642bin(out, out_size, text.bytes, text.size, NULL, size, &end, BASE64URL) ==
               0 &&
           end == text.bytes + text.size;
}

bool sp_token_signer_init(sp_token_signer *signer, const sp_signing_key *key)
{
    char json[128];
    if (!is_kid(key->kid))
        return false;
    signer->key = *key;
    int size = snprintf(json, sizeof json, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
                        key->kid);
    SP_ASSERT(size > 0 && (size_t)size < sizeof json);
    signer->header_size = encode(signer->header, sizeof signer->header - 1, json, (size_t)size);
    signer->header[signer->header_size++] = '.';
    return true;
}

void sp_token_signer_close(sp_token_signer *signer)
{
    sodium_memzero(signer, sizeof *signer);
}

uint32_t sp_token_sign(const sp_token_signer *signer, sp_user_id user, sp_time_ms now,
                       char out[SP_TOKEN_SIZE_MAX])
{
    char json[192];
    unsigned char mac[MAC_SIZE];
    int64_t issued_s = now / 1000;
    int size = snprintf(json, sizeof json,
                        "{\"iss\":\"stagepick\",\"aud\":\"stagepick\",\"sub\":\"%u\","
                        "\"iat\":%lld,\"exp\":%lld}",
                        user, (long long)issued_s, (long long)(issued_s + SP_TOKEN_TTL_S));
    SP_ASSERT(size > 0 && (size_t)size < sizeof json);
    uint32_t at = signer->header_size;
    memcpy(out, signer->header, at);
    at += encode(out + at, SP_TOKEN_SIZE_MAX - at, json, (size_t)size);
    crypto_auth_hmacsha256(mac, (const unsigned char *)out, at, signer->key.bytes);
    out[at++] = '.';
    return at + encode(out + at, SP_TOKEN_SIZE_MAX - at, mac, sizeof mac);
}

sp_token_verifier *sp_token_verifier_create(const sp_token_signer *signer, sp_json_reader *reader)
{
    sp_token_verifier *verifier = calloc(1, sizeof *verifier);
    if (!verifier)
        return NULL;
    verifier->signer = signer;
    verifier->reader = reader;
    verifier->cache = calloc(CACHE_ENTRIES, sizeof *verifier->cache);
    if (!verifier->cache) {
        free(verifier);
        return NULL;
    }
    return verifier;
}

void sp_token_verifier_destroy(sp_token_verifier *verifier)
{
    if (!verifier)
        return;
    free(verifier->cache);
    free(verifier);
}

/* A text claim that must be exactly this. */
static bool is_claim(const sp_json_node *node, const char *value)
{
    return node->type == SP_JSON_STRING && node->text.size == strlen(value) &&
           memcmp(node->text.bytes, value, node->text.size) == 0;
}

/* Exactly the claims that sign writes, in any order. */
static bool read_claims(sp_json_reader *reader, sp_text json, sp_user_id *user,
                        sp_time_ms *expires_at)
{
    enum { ISS, AUD, SUB, IAT, EXP, COUNT };
    static const sp_decode_member members[COUNT] = {
        [ISS] = {"iss", true}, [AUD] = {"aud", true}, [SUB] = {"sub", true},
        [IAT] = {"iat", true}, [EXP] = {"exp", true},
    };
    const char *why;
    const sp_json_node *found[COUNT];
    sp_field_errors errors;
    sp_decode context = {reader, &errors};
    sp_field_errors_clear(&errors);
    const sp_json_node *root = sp_json_read(reader, json, &why);
    if (!root || !sp_decode_object(&context, root, NULL, members, COUNT, found))
        return false;
    if (!is_claim(found[ISS], "stagepick") || !is_claim(found[AUD], "stagepick") ||
        found[SUB]->type != SP_JSON_STRING || !sp_decode_id_text(found[SUB]->text, user))
        return false;
    int64_t seconds;
    if (!sp_decode_integer(&context, found[IAT], NULL, 0, SP_TIME_MAX / 1000, &seconds) ||
        !sp_decode_integer(&context, found[EXP], NULL, 0, SP_TIME_MAX / 1000, &seconds))
        return false;
    *expires_at = seconds * 1000;
    return true;
}

static bool verify(sp_token_verifier *verifier, sp_text token, sp_user_id *user,
                   sp_time_ms *expires_at)
{
    const sp_token_signer *signer = verifier->signer;
    unsigned char mac[MAC_SIZE];
    char claims[SP_TOKEN_SIZE_MAX];
    size_t size;
    uint32_t signed_size = token.size - MAC_TEXT_SIZE - 1;
    if (memcmp(token.bytes, signer->header, signer->header_size) != 0 ||
        token.bytes[signed_size] != '.')
        return false;
    sp_text mac_text = {token.bytes + signed_size + 1, MAC_TEXT_SIZE};
    if (!decode(mac_text, mac, sizeof mac, &size) || size != sizeof mac)
        return false;
    /* Compares in constant time. Nothing of the claims is looked at before. */
    if (crypto_auth_hmacsha256_verify(mac, (const unsigned char *)token.bytes, signed_size,
                                      signer->key.bytes) != 0)
        return false;
    sp_text payload = {token.bytes + signer->header_size, signed_size - signer->header_size};
    return decode(payload, claims, sizeof claims, &size) &&
           read_claims(verifier->reader, (sp_text){claims, (uint32_t)size}, user, expires_at);
}

/* Bits from within the MAC's text: each character has six of them. */
static cached *cache_entry(sp_token_verifier *verifier, sp_text token)
{
    uint32_t bits;
    memcpy(&bits, token.bytes + token.size - 8, sizeof bits);
    bits *= UINT32_C(2654435761);
    return &verifier->cache[bits >> 20];
}
_Static_assert(CACHE_ENTRIES == 1u << 12, "cache_entry takes twelve bits");

sp_outcome sp_token_verify(sp_token_verifier *verifier, sp_text token, sp_time_ms now,
                           sp_user_id *user)
{
    if (token.size > SP_TOKEN_SIZE_MAX ||
        token.size < verifier->signer->header_size + 1 + MAC_TEXT_SIZE)
        return SP_TOKEN_INVALID;
    cached *entry = cache_entry(verifier, token);
    /* In constant time too, so that a guess learns nothing of a cached MAC. */
    if (entry->size != token.size || sodium_memcmp(entry->token, token.bytes, token.size) != 0) {
        sp_user_id verified;
        sp_time_ms expires_at;
        if (!verify(verifier, token, &verified, &expires_at))
            return SP_TOKEN_INVALID;
        if (token.size > CACHED_SIZE_MAX) {
            *user = verified;
            return now < expires_at ? SP_OK : SP_TOKEN_EXPIRED;
        }
        entry->size = token.size;
        entry->user = verified;
        entry->expires_at = expires_at;
        memcpy(entry->token, token.bytes, token.size);
    }
    *user = entry->user;
    return now < entry->expires_at ? SP_OK : SP_TOKEN_EXPIRED;
}
