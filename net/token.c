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
#include "net/token_ring.h"

#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define MAC_SIZE SHA256_DIGEST_SIZE
#define MAC_TEXT_SIZE SP_TOKEN_MAC_TEXT_SIZE

/* Of a family's id, eight bytes. */
#define SID_TEXT_SIZE 11u

_Static_assert(SP_BASE64URL_SIZE(MAC_TEXT_SIZE) == MAC_SIZE, "the MAC's size as text");
_Static_assert(SP_BASE64URL_SIZE(SID_TEXT_SIZE) == sizeof(sp_session_id), "the id's size as text");

struct sp_token_verifier {
    const sp_token_ring *ring;
    sp_json_reader *reader;
    sp_token_cache *cache;
    /* The keys in them: what it takes to begin a MAC is computed once. */
    struct hmac_sha256_ctx macs[SP_TOKEN_KEYS_MAX];
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

/* `"sid":"…",`, or nothing. */
static void print_sid(sp_sid sid, char out[32])
{
    uint8_t bytes[sizeof sid];
    char text[SID_TEXT_SIZE + 1];
    out[0] = '\0';
    if (sid == 0)
        return;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(sid >> (56 - 8 * i));
    encode(text, sizeof text, bytes, sizeof bytes);
    snprintf(out, 32, "\"sid\":\"%s\",", text);
}

uint32_t sp_token_sign(const sp_token_signer *signer, sp_user_id user, sp_sid sid, sp_time_ms now,
                       char out[SP_TOKEN_SIZE_MAX])
{
    char json[192], sid_text[32];
    uint8_t mac[MAC_SIZE];
    struct hmac_sha256_ctx hmac;
    int64_t issued_s = now / 1000;
    print_sid(sid, sid_text);
    int size =
        snprintf(json, sizeof json,
                 "{\"iss\":\"stagepick\",\"aud\":\"stagepick\",\"sub\":\"%u\",%s"
                 "\"iat\":%lld,\"exp\":%lld}",
                 user, sid_text, (long long)issued_s, (long long)(issued_s + SP_TOKEN_TTL_S));
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

static void take_ring(sp_token_verifier *verifier, const sp_token_ring *ring)
{
    verifier->ring = ring;
    sodium_memzero(verifier->macs, sizeof verifier->macs);
    for (uint32_t i = 0; i < ring->count; i++) {
        const sp_signing_key *key = &ring->keys[i].key;
        hmac_sha256_set_key(&verifier->macs[i], sizeof key->bytes, key->bytes);
    }
}

sp_token_verifier *sp_token_verifier_create(const sp_token_ring *ring, sp_json_reader *reader)
{
    sp_token_verifier *verifier = calloc(1, sizeof *verifier);
    if (!verifier)
        return NULL;
    verifier->reader = reader;
    verifier->cache = sp_token_cache_create();
    if (!verifier->cache) {
        free(verifier);
        return NULL;
    }
    take_ring(verifier, ring);
    return verifier;
}

void sp_token_verifier_destroy(sp_token_verifier *verifier)
{
    if (!verifier)
        return;
    sp_token_cache_destroy(verifier->cache);
    sodium_memzero(verifier->macs, sizeof verifier->macs);
    free(verifier);
}

void sp_token_verifier_use(sp_token_verifier *verifier, const sp_token_ring *ring)
{
    if (verifier->ring == ring)
        return;
    take_ring(verifier, ring);
    sp_token_cache_clear(verifier->cache);
}

/* A text claim that must be exactly this. */
static bool is_claim(const sp_json_node *node, const char *value)
{
    return node->type == SP_JSON_STRING && node->text.size == strlen(value) &&
           memcmp(node->text.bytes, value, node->text.size) == 0;
}

static bool parse_sid(sp_text text, sp_sid *out)
{
    uint8_t bytes[sizeof *out];
    if (text.size != SID_TEXT_SIZE || !sp_base64url_decode(text.bytes, text.size, bytes))
        return false;
    *out = 0;
    for (size_t i = 0; i < sizeof bytes; i++)
        *out = *out << 8 | bytes[i];
    return *out != 0;
}

/* Exactly the claims that sign writes, in any order. */
static bool read_claims(sp_json_reader *reader, sp_text json, sp_token_holder *holder)
{
    enum { ISS, AUD, SUB, SID, IAT, EXP, COUNT };
    static const sp_decode_member members[COUNT] = {
        [ISS] = {"iss", true},  [AUD] = {"aud", true}, [SUB] = {"sub", true},
        [SID] = {"sid", false}, [IAT] = {"iat", true}, [EXP] = {"exp", true},
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
    holder->session = 0;
    if (found[SID] &&
        (found[SID]->type != SP_JSON_STRING || !parse_sid(found[SID]->text, &holder->session)))
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

/* Steps over `"sid":"…",` if it is there; false: it is none. */
static bool scan_sid(sp_text *rest, sp_sid *session)
{
    *session = 0;
    if (!skip(rest, SP_TEXT("\"sid\":\"")))
        return true;
    if (rest->size < SID_TEXT_SIZE || !parse_sid((sp_text){rest->bytes, SID_TEXT_SIZE}, session))
        return false;
    *rest = (sp_text){rest->bytes + SID_TEXT_SIZE, rest->size - SID_TEXT_SIZE};
    return skip(rest, SP_TEXT("\","));
}

/* The claims in the one layout that sign writes; false: ask read_claims. */
static bool scan_claims(sp_text json, sp_token_holder *holder)
{
    uint64_t user, issued_s, expires_s;
    if (!skip(&json, SP_TEXT("{\"iss\":\"stagepick\",\"aud\":\"stagepick\",\"sub\":\"")) ||
        !scan_number(&json, &user) || !skip(&json, SP_TEXT("\",")) ||
        !scan_sid(&json, &holder->session) || !skip(&json, SP_TEXT("\"iat\":")) ||
        !scan_number(&json, &issued_s) || !skip(&json, SP_TEXT(",\"exp\":")) ||
        !scan_number(&json, &expires_s) || !sp_text_equal(json, SP_TEXT("}")))
        return false;
    const uint64_t seconds_max = SP_TIME_MAX / 1000;
    if (user > UINT32_MAX || issued_s > seconds_max || expires_s > seconds_max)
        return false;
    holder->user = (sp_user_id)user;
    holder->expires_at = (sp_time_ms)expires_s * 1000;
    return true;
}

/* text: the payload, a dot and the MAC, behind the header with its dot. */
static bool verify(sp_token_verifier *verifier, sp_text token, sp_text text,
                   sp_token_holder *holder)
{
    struct hmac_sha256_ctx *hmac = &verifier->macs[holder->key_index];
    uint8_t given[MAC_SIZE], mac[MAC_SIZE];
    uint8_t claims[SP_BASE64URL_SIZE(SP_TOKEN_SIZE_MAX)];
    uint32_t payload_size = text.size - MAC_TEXT_SIZE - 1;
    if (text.bytes[payload_size] != '.' ||
        !sp_base64url_decode(text.bytes + payload_size + 1, MAC_TEXT_SIZE, given))
        return false;
    hmac_sha256_update(hmac, token.size - MAC_TEXT_SIZE - 1, (const uint8_t *)token.bytes);
    hmac_sha256_digest(hmac, sizeof mac, mac);
    /* Compares in constant time. Nothing of the claims is looked at before. */
    if (sodium_memcmp(given, mac, sizeof mac) != 0 ||
        !sp_base64url_decode(text.bytes, payload_size, claims))
        return false;
    sp_text json = {(const char *)claims, (uint32_t)SP_BASE64URL_SIZE(payload_size)};
    return scan_claims(json, holder) || read_claims(verifier->reader, json, holder);
}

/* The key whose header it has; those of retired keys are few and seldom seen. */
static bool find_key(const sp_token_ring *ring, sp_text token, uint32_t *index)
{
    for (uint32_t i = 0; i < ring->count; i++) {
        const sp_token_signer *signer = &ring->keys[i];
        if (token.size >= signer->header_size + 1 + MAC_TEXT_SIZE &&
            memcmp(token.bytes, signer->header, signer->header_size) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

/* A key that is retired ends, and with it whatever was signed with it. */
static sp_time_ms earlier_end(sp_time_ms expires_at, const sp_signing_key *key)
{
    return key->good_until != 0 && key->good_until < expires_at ? key->good_until : expires_at;
}

void sp_token_prefetch(const sp_token_verifier *verifier, sp_text token)
{
    sp_token_cache_prefetch(verifier->cache, token);
}

sp_outcome sp_token_verify(sp_token_verifier *verifier, sp_text token, sp_time_ms now,
                           sp_token_holder *holder)
{
    uint32_t key_index;
    if (token.size > SP_TOKEN_SIZE_MAX || !find_key(verifier->ring, token, &key_index))
        return SP_TOKEN_INVALID;
    const sp_token_signer *signer = &verifier->ring->keys[key_index];
    /* The header is the same in all of a key: what follows it tells tokens apart. */
    sp_text text = {token.bytes + signer->header_size, token.size - signer->header_size};
    const sp_token_holder *found = sp_token_cache_find(verifier->cache, text);
    if (!found) {
        holder->key_index = key_index;
        if (!verify(verifier, token, text, holder))
            return SP_TOKEN_INVALID;
        holder->expires_at = earlier_end(holder->expires_at, &signer->key);
        sp_token_cache_add(verifier->cache, text, *holder);
    } else if (found->key_index != key_index) {
        return SP_TOKEN_INVALID; /* another key's, under this one's header */
    } else {
        *holder = *found;
    }
    return now < holder->expires_at ? SP_OK : SP_TOKEN_EXPIRED;
}
