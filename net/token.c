/* SPDX-License-Identifier: MIT */
#include "net/token.h"

#include <nettle/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "net/base64url.h"
#include "net/decode.h"
#include "net/token_cache.h"

#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define MAC_SIZE SHA256_DIGEST_SIZE
#define MAC_TEXT_SIZE SP_TOKEN_MAC_TEXT_SIZE

_Static_assert(SP_BASE64URL_SIZE(MAC_TEXT_SIZE) == MAC_SIZE, "the MAC's size as text");

struct sp_token_verifier {
    const sp_token_signer *signer;
    sp_json_reader *reader;
    sp_token_cache *cache;
    /* The key in it: what it takes to begin a MAC is computed once. */
    struct hmac_sha256_ctx mac;
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
    uint8_t mac[MAC_SIZE];
    struct hmac_sha256_ctx hmac;
    int64_t issued_s = now / 1000;
    int size = snprintf(json, sizeof json,
                        "{\"iss\":\"stagepick\",\"aud\":\"stagepick\",\"sub\":\"%u\","
                        "\"iat\":%lld,\"exp\":%lld}",
                        user, (long long)issued_s, (long long)(issued_s + SP_TOKEN_TTL_S));
    SP_ASSERT(size > 0 && (size_t)size < sizeof json);
    uint32_t at = signer->header_size;
    memcpy(out, signer->header, at);
    at += encode(out + at, SP_TOKEN_SIZE_MAX - at, json, (size_t)size);
    hmac_sha256_set_key(&hmac, sizeof signer->key.bytes, signer->key.bytes);
    hmac_sha256_update(&hmac, at, (const uint8_t *)out);
    hmac_sha256_digest(&hmac, sizeof mac, mac);
    sodium_memzero(&hmac, sizeof hmac);
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
    verifier->cache = sp_token_cache_create();
    if (!verifier->cache) {
        free(verifier);
        return NULL;
    }
    hmac_sha256_set_key(&verifier->mac, sizeof signer->key.bytes, signer->key.bytes);
    return verifier;
}

void sp_token_verifier_destroy(sp_token_verifier *verifier)
{
    if (!verifier)
        return;
    sp_token_cache_destroy(verifier->cache);
    sodium_memzero(&verifier->mac, sizeof verifier->mac);
    free(verifier);
}

/* A text claim that must be exactly this. */
static bool is_claim(const sp_json_node *node, const char *value)
{
    return node->type == SP_JSON_STRING && node->text.size == strlen(value) &&
           memcmp(node->text.bytes, value, node->text.size) == 0;
}

/* Exactly the claims that sign writes, in any order. */
static bool read_claims(sp_json_reader *reader, sp_text json, sp_token_holder *holder)
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
        found[SUB]->type != SP_JSON_STRING || !sp_decode_id_text(found[SUB]->text, &holder->user))
        return false;
    int64_t seconds;
    if (!sp_decode_integer(&context, found[IAT], NULL, 0, SP_TIME_MAX / 1000, &seconds) ||
        !sp_decode_integer(&context, found[EXP], NULL, 0, SP_TIME_MAX / 1000, &seconds))
        return false;
    holder->expires_at = seconds * 1000;
    return true;
}

/* Steps over a literal. */
static bool skip(sp_text *rest, sp_text literal)
{
    if (rest->size < literal.size || memcmp(rest->bytes, literal.bytes, literal.size) != 0)
        return false;
    *rest = (sp_text){rest->bytes + literal.size, rest->size - literal.size};
    return true;
}

/* Steps over a number of 1 to 12 digits that begins with none of 0. */
static bool scan_number(sp_text *rest, uint64_t *value)
{
    uint32_t size = 0;
    *value = 0;
    while (size < rest->size && size <= 12 && rest->bytes[size] >= '0' && rest->bytes[size] <= '9')
        *value = *value * 10 + (uint64_t)(rest->bytes[size++] - '0');
    if (size == 0 || size > 12 || rest->bytes[0] == '0')
        return false;
    *rest = (sp_text){rest->bytes + size, rest->size - size};
    return true;
}

/* The claims in the one layout that sign writes; false: ask read_claims. */
static bool scan_claims(sp_text json, sp_token_holder *holder)
{
    uint64_t user, issued_s, expires_s;
    if (!skip(&json, SP_TEXT("{\"iss\":\"stagepick\",\"aud\":\"stagepick\",\"sub\":\"")) ||
        !scan_number(&json, &user) || !skip(&json, SP_TEXT("\",\"iat\":")) ||
        !scan_number(&json, &issued_s) || !skip(&json, SP_TEXT(",\"exp\":")) ||
        !scan_number(&json, &expires_s) || !sp_text_equal(json, SP_TEXT("}")))
        return false;
    const uint64_t seconds_max = SP_TIME_MAX / 1000;
    if (user > UINT32_MAX || issued_s > seconds_max || expires_s > seconds_max)
        return false;
    *holder = (sp_token_holder){(sp_user_id)user, (sp_time_ms)expires_s * 1000};
    return true;
}

/* text: the payload, a dot and the MAC, behind the header with its dot. */
static bool verify(sp_token_verifier *verifier, sp_text token, sp_text text,
                   sp_token_holder *holder)
{
    uint8_t given[MAC_SIZE], mac[MAC_SIZE];
    uint8_t claims[SP_BASE64URL_SIZE(SP_TOKEN_SIZE_MAX)];
    uint32_t payload_size = text.size - MAC_TEXT_SIZE - 1;
    if (text.bytes[payload_size] != '.' ||
        !sp_base64url_decode(text.bytes + payload_size + 1, MAC_TEXT_SIZE, given))
        return false;
    hmac_sha256_update(&verifier->mac, token.size - MAC_TEXT_SIZE - 1,
                       (const uint8_t *)token.bytes);
    hmac_sha256_digest(&verifier->mac, sizeof mac, mac);
    /* Compares in constant time. Nothing of the claims is looked at before. */
    if (sodium_memcmp(given, mac, sizeof mac) != 0 ||
        !sp_base64url_decode(text.bytes, payload_size, claims))
        return false;
    sp_text json = {(const char *)claims, (uint32_t)SP_BASE64URL_SIZE(payload_size)};
    return scan_claims(json, holder) || read_claims(verifier->reader, json, holder);
}

sp_outcome sp_token_verify(sp_token_verifier *verifier, sp_text token, sp_time_ms now,
                           sp_user_id *user)
{
    const sp_token_signer *signer = verifier->signer;
    if (token.size > SP_TOKEN_SIZE_MAX || token.size < signer->header_size + 1 + MAC_TEXT_SIZE ||
        memcmp(token.bytes, signer->header, signer->header_size) != 0)
        return SP_TOKEN_INVALID;
    /* The header is the same in all: what follows it tells tokens apart. */
    sp_text text = {token.bytes + signer->header_size, token.size - signer->header_size};
    const sp_token_holder *holder = sp_token_cache_find(verifier->cache, text);
    sp_token_holder verified;
    if (!holder) {
        if (!verify(verifier, token, text, &verified))
            return SP_TOKEN_INVALID;
        sp_token_cache_add(verifier->cache, text, verified);
        holder = &verified;
    }
    *user = holder->user;
    return now < holder->expires_at ? SP_OK : SP_TOKEN_EXPIRED;
}
