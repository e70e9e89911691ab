/* SPDX-License-Identifier: MIT */
#include "net/token_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#define NOW INT64_C(1767323045678)

static const sp_signing_key key = {.kid = "k1", .bytes = "0123456789abcdef0123456789abcdef"};
static const sp_session_id family = UINT64_C(0xfedcba9876543210);
static sp_token_signer signer;
static sp_token_ring *ring;
static sp_json_reader *reader;
static sp_token_verifier *verifier;

static sp_session_id shown_session; /* of the last one that verify was asked about */

static sp_outcome verify(const char *token, size_t size, sp_time_ms now, sp_user_id *user)
{
    char *copy = malloc(size ? size : 1); /* of its exact size, for the sanitizer */
    assert_non_null(copy);
    memcpy(copy, token, size);
    sp_token_holder holder = {0};
    sp_outcome outcome = sp_token_verify(verifier, (sp_text){copy, (uint32_t)size}, now, &holder);
    free(copy);
    *user = holder.user;
    shown_session = holder.session;
    return outcome;
}

/* Any header and claims, well signed with this key's bytes. */
static size_t forge(const char *header, const char *claims, const uint8_t *bytes, char *out)
{
    const int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    unsigned char mac[32];
    sodium_bin2base64(out, 600, (const unsigned char *)header, strlen(header), variant);
    strcat(out, ".");
    size_t at = strlen(out);
    sodium_bin2base64(out + at, 1000, (const unsigned char *)claims, strlen(claims), variant);
    crypto_auth_hmacsha256(mac, (const unsigned char *)out, strlen(out), bytes);
    strcat(out, ".");
    at = strlen(out);
    sodium_bin2base64(out + at, 64, mac, sizeof mac, variant);
    return strlen(out);
}

static const char good_header[] = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}";

static void takes_its_own(void **state)
{
    char token[SP_TOKEN_SIZE_MAX];
    (void)state;
    static const sp_user_id users[] = {1, 77, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        sp_user_id user = 0;
        uint32_t size = sp_token_sign(&signer, users[i], family, NOW, token);
        for (int round = 0; round < 2; round++) { /* computed, then from the cache */
            assert_int_equal(verify(token, size, NOW, &user), SP_OK);
            assert_int_equal(user, users[i]);
            assert_int_equal(shown_session, family);
            assert_int_equal(verify(token, size, NOW / 1000 * 1000 + 899999, &user), SP_OK);
            assert_int_equal(verify(token, size, NOW / 1000 * 1000 + 900000, &user),
                             SP_TOKEN_EXPIRED);
        }
    }
}

/* Also where the good token lies in the cache. */
static void refuses_any_changed_byte(void **state)
{
    char token[SP_TOKEN_SIZE_MAX];
    sp_user_id user;
    (void)state;
    uint32_t size = sp_token_sign(&signer, 7, family, NOW, token);
    assert_int_equal(verify(token, size, NOW, &user), SP_OK);
    for (uint32_t i = 0; i < size; i++) {
        for (unsigned char change = 1; change < 128; change = (unsigned char)(change * 2 + 1)) {
            token[i] ^= (char)change;
            if (verify(token, size, NOW, &user) != SP_TOKEN_INVALID)
                fail_msg("byte %u changed by %u was taken", i, change);
            token[i] ^= (char)change;
        }
    }
    for (uint32_t cut = 0; cut < size; cut++)
        assert_int_equal(verify(token, cut, NOW, &user), SP_TOKEN_INVALID);
    token[size] = '=';
    assert_int_equal(verify(token, size + 1, NOW, &user), SP_TOKEN_INVALID);
    assert_int_equal(verify(token, size, NOW, &user), SP_OK);
}

static void refuses_other_headers_and_keys(void **state)
{
    static const char claims[] = "{\"iss\":\"stagepick\",\"aud\":\"stagepick\",\"sub\":\"7\","
                                 "\"iat\":1767323045,\"exp\":1767323945}";
    static const char *const headers[] = {
        "{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS512\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k2\"}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k1\",\"crit\":[\"x\"]}",
        "{}",
        "",
    };
    uint8_t other[32] = {0};
    char token[2048];
    sp_user_id user = 0;
    (void)state;
    assert_int_equal(verify(token, forge(good_header, claims, key.bytes, token), NOW, &user),
                     SP_OK);
    assert_int_equal(user, 7);
    assert_int_equal(verify(token, forge(good_header, claims, other, token), NOW, &user),
                     SP_TOKEN_INVALID);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_int_equal(verify(token, forge(headers[i], claims, key.bytes, token), NOW, &user),
                         SP_TOKEN_INVALID);
}

static void refuses_other_claims(void **state)
{
#define CLAIMS(iss, aud, sub, iat, exp) \
    "{\"iss\":" iss ",\"aud\":" aud ",\"sub\":" sub ",\"iat\":" iat ",\"exp\":" exp "}"
#define SP "\"stagepick\""
    static const char *const cases[] = {
        CLAIMS("\"other\"", SP, "\"7\"", "1", "1767323945"),
        CLAIMS(SP, "\"other\"", "\"7\"", "1", "1767323945"),
        CLAIMS(SP, "[" SP "]", "\"7\"", "1", "1767323945"),
        CLAIMS(SP, SP, "7", "1", "1767323945"),
        CLAIMS(SP, SP, "\"0\"", "1", "1767323945"),
        CLAIMS(SP, SP, "\"07\"", "1", "1767323945"),
        CLAIMS(SP, SP, "\"-7\"", "1", "1767323945"),
        CLAIMS(SP, SP, "\"4294967296\"", "1", "1767323945"),
        CLAIMS(SP, SP, "\"\"", "1", "1767323945"),
        CLAIMS(SP, SP, "null", "1", "1767323945"),
        CLAIMS(SP, SP, "\"7\"", "1.5", "1767323945"),
        CLAIMS(SP, SP, "\"7\"", "1", "\"1767323945\""),
        CLAIMS(SP, SP, "\"7\"", "1", "1767323945.0"),
        CLAIMS(SP, SP, "\"7\"", "1", "99999999999999999999"),
        CLAIMS(SP, SP, "\"7\"", "1", "-1"),
        "{\"iss\":" SP ",\"aud\":" SP ",\"sub\":\"7\",\"iat\":1}",
        "{\"iss\":" SP ",\"aud\":" SP
        ",\"sub\":\"7\",\"iat\":1,\"exp\":1767323945,\"role\":\"ADMIN\"}",
        "{\"iss\":" SP ",\"aud\":" SP ",\"sub\":\"7\",\"sub\":\"8\",\"iat\":1,\"exp\":1767323945}",
        "[]",
        "null",
        "",
        "not json",
    };
    char token[2048];
    sp_user_id user;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (verify(token, forge(good_header, cases[i], key.bytes, token), NOW, &user) !=
            SP_TOKEN_INVALID)
            fail_msg("took %s", cases[i]);
}

/* Any layout of the claims is the same to who reads it: the one that is signed
 * here is only read faster. */
static void takes_claims_in_any_layout(void **state)
{
    static const char *const cases[] = {
        CLAIMS(SP, SP, "\"7\"", "1767323045", "1767323945"),
        CLAIMS(SP, SP, "\"7\"", "0", "1767323945"),
        CLAIMS(SP, SP, "\"7\"", "1767323045", "1767323945") " ",
        "{\"exp\":1767323945,\"sub\":\"7\",\"iss\":" SP ",\"aud\":" SP ",\"iat\":5}",
        "{ \"iss\" : " SP ", \"aud\" : " SP ", \"sub\" : \"7\", \"iat\" : 1, "
        "\"exp\" : 1767323945 }",
        "{\"iss\":" SP ",\"aud\":" SP ",\"sub\":\"\\u0037\",\"iat\":1,\"exp\":1767323945}",
    };
    char token[2048];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int round = 0; round < 2; round++) {
            sp_user_id user = 0;
            size_t size = forge(good_header, cases[i], key.bytes, token);
            if (verify(token, size, NOW, &user) != SP_OK || user != 7)
                fail_msg("refused %s", cases[i]);
            assert_int_equal(verify(token, size, INT64_C(1767323945000), &user), SP_TOKEN_EXPIRED);
        }
}

/* The largest numbers that there are, in the layout that is signed. */
static void claims_keep_their_ranges(void **state)
{
    static const struct {
        const char *sub, *exp;
        sp_outcome outcome;
    } cases[] = {
        {"\"4294967295\"", "253402300799", SP_OK},
        {"\"4294967296\"", "253402300799", SP_TOKEN_INVALID},
        {"\"04294967295\"", "253402300799", SP_TOKEN_INVALID},
        {"\"4294967295\"", "253402300800", SP_TOKEN_INVALID},
        {"\"4294967295\"", "0253402300799", SP_TOKEN_INVALID},
        {"\"4294967295\"", "9999999999999", SP_TOKEN_INVALID},
        {"\"4294967295\"", "1", SP_TOKEN_EXPIRED},
        {"\"4294967295\"", "0", SP_TOKEN_EXPIRED},
        {"\"4294967295\"", "", SP_TOKEN_INVALID},
        {"\"\"", "253402300799", SP_TOKEN_INVALID},
    };
    char token[2048], claims[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_user_id user = 0;
        snprintf(claims, sizeof claims, CLAIMS(SP, SP, "%s", "1", "%s"), cases[i].sub,
                 cases[i].exp);
        size_t size = forge(good_header, claims, key.bytes, token);
        if (verify(token, size, NOW, &user) != cases[i].outcome)
            fail_msg("%s", claims);
        if (cases[i].outcome == SP_OK)
            assert_int_equal(user, UINT32_MAX);
    }
}

/* Base64url of one value is one text: set bits behind the last byte, padding
 * and the other alphabet are refused even where the MAC covers them. */
static void refuses_loose_base64(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    char token[SP_TOKEN_SIZE_MAX];
    sp_user_id user;
    (void)state;
    uint32_t size = sp_token_sign(&signer, 7, family, NOW, token);
    /* 43 characters for 32 bytes: the last one has two bits of nothing. */
    const char *last = strchr(alphabet, token[size - 1]);
    assert_non_null(last);
    assert_int_equal((last - alphabet) % 4, 0);
    token[size - 1] = alphabet[last - alphabet + 1];
    assert_int_equal(verify(token, size, NOW, &user), SP_TOKEN_INVALID);
    char long_token[SP_TOKEN_SIZE_MAX + 64];
    memset(long_token, 'x', sizeof long_token);
    assert_int_equal(verify(long_token, sizeof long_token, NOW, &user), SP_TOKEN_INVALID);
}

/* The family in either layout of the claims: eight bytes in one text, or none. */
static void the_family_is_strict(void **state)
{
#define WITH_SID(sid) \
    "{\"iss\":" SP ",\"aud\":" SP ",\"sub\":\"7\",\"sid\":" sid ",\"iat\":1,\"exp\":1767323945}"
#define SID_LAST(sid)                                                            \
    "{\"iss\":" SP ",\"aud\":" SP ",\"sub\":\"7\",\"iat\":1,\"exp\":1767323945," \
    "\"sid\":" sid "}"
    static const struct {
        const char *claims;
        sp_session_id session; /* 0: refused */
    } cases[] = {
        {WITH_SID("\"AAAAAAAAAAE\""), 1}, /* in base64url: A is 0, _ is 63 */
        {SID_LAST("\"AAAAAAAAAAE\""), 1},
        {WITH_SID("\"__________8\""), UINT64_MAX},
        {SID_LAST("\"__________8\""), UINT64_MAX},
        {WITH_SID("\"\\u0041AAAAAAAAAE\""), 1},
        {WITH_SID("\"AAAAAAAAAAA\""), 0}, /* 0 is no family */
        {SID_LAST("\"AAAAAAAAAAA\""), 0},
        {WITH_SID("\"AAAAAAAAAAF\""), 0}, /* bits behind the last byte */
        {WITH_SID("\"AAAAAAAAAAAE\""), 0},
        {WITH_SID("\"AAAAAAAAAE\""), 0},
        {WITH_SID("\"\""), 0},
        {WITH_SID("1"), 0},
        {SID_LAST("1"), 0},
        {WITH_SID("\"++++++++++8\""), 0},
    };
    char token[2048];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int round = 0; round < 2; round++) {
            sp_user_id user = 0;
            sp_outcome outcome =
                verify(token, forge(good_header, cases[i].claims, key.bytes, token), NOW, &user);
            if (outcome != (cases[i].session ? SP_OK : SP_TOKEN_INVALID) ||
                (cases[i].session && shown_session != cases[i].session))
                fail_msg("%s", cases[i].claims);
        }
}

/* What the benchmarks make. */
static void a_token_without_a_family_has_none(void **state)
{
    char token[SP_TOKEN_SIZE_MAX];
    sp_user_id user;
    (void)state;
    uint32_t size = sp_token_sign(&signer, 7, 0, NOW, token);
    assert_int_equal(verify(token, size, NOW, &user), SP_OK);
    assert_int_equal(shown_session, 0);
    /* The largest of both still fit the cache. */
    size = sp_token_sign(&signer, UINT32_MAX, UINT64_MAX, NOW, token);
    assert_in_range(size - signer.header_size, 1, SP_TOKEN_CACHE_TEXT_SIZE_MAX);
}

static void many_tokens_share_the_cache(void **state)
{
    char token[SP_TOKEN_SIZE_MAX];
    (void)state;
    for (int round = 0; round < 2; round++)
        for (sp_user_id i = 1; i <= 10000; i++) {
            sp_user_id user = 0;
            uint32_t size = sp_token_sign(&signer, i, i, NOW, token);
            assert_int_equal(verify(token, size, NOW, &user), SP_OK);
            assert_int_equal(user, i);
            assert_int_equal(shown_session, i);
        }
}

static void a_key_has_a_plain_id(void **state)
{
    static const char *const bad[] = {"", "a b", "a\"b", "a.b", "\xc3\xa9"};
    sp_token_signer other;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        sp_signing_key odd = key;
        snprintf(odd.kid, sizeof odd.kid, "%s", bad[i]);
        assert_false(sp_token_signer_init(&other, &odd));
    }
    sp_signing_key unterminated = key;
    memset(unterminated.kid, 'a', sizeof unterminated.kid);
    assert_false(sp_token_signer_init(&other, &unterminated));
}

static int set_up(void **state)
{
    (void)state;
    if (sodium_init() < 0 || !sp_token_signer_init(&signer, &key))
        return -1;
    reader = sp_json_reader_create();
    ring = sp_token_ring_create(&key, 1, NULL, NOW);
    verifier = sp_token_verifier_create(ring, reader);
    return reader && verifier ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_token_verifier_destroy(verifier);
    sp_token_ring_destroy(ring);
    sp_json_reader_destroy(reader);
    sp_token_signer_close(&signer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_its_own),
        cmocka_unit_test(refuses_any_changed_byte),
        cmocka_unit_test(refuses_other_headers_and_keys),
        cmocka_unit_test(refuses_other_claims),
        cmocka_unit_test(takes_claims_in_any_layout),
        cmocka_unit_test(claims_keep_their_ranges),
        cmocka_unit_test(refuses_loose_base64),
        cmocka_unit_test(the_family_is_strict),
        cmocka_unit_test(a_token_without_a_family_has_none),
        cmocka_unit_test(many_tokens_share_the_cache),
        cmocka_unit_test(a_key_has_a_plain_id),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
