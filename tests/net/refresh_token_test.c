/* SPDX-License-Identifier: MIT */
#include "net/refresh_token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "net/token_ring.h"

#define NOW INT64_C(1767323045000)

/* Of its exact size, for the sanitizer. */
static bool parse(const char *bytes, size_t size, sp_refresh_token *out)
{
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    bool good = sp_refresh_token_parse((sp_text){copy, (uint32_t)size}, out);
    free(copy);
    return good;
}

static void reads_what_it_writes(void **state)
{
    static const sp_user_id users[] = {1, 77, UINT32_MAX};
    static const sp_session_id sessions[] = {1, UINT64_C(0x0123456789abcdef), UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sp_refresh_token token, read;
        char text[SP_REFRESH_TOKEN_TEXT_SIZE];
        sp_refresh_token_make(&token, users[i], sessions[i]);
        sp_refresh_token_print(&token, text);
        assert_true(parse(text, sizeof text, &read));
        assert_int_equal(read.user, users[i]);
        assert_int_equal(read.session, sessions[i]);
        assert_memory_equal(read.secret, token.secret, sizeof token.secret);
    }
}

/* The layout is a contract with those that are out there. */
static void the_layout_stands(void **state)
{
    sp_refresh_token token = {.user = 0x01020304, .session = UINT64_C(0x05060708090a0b0c)};
    char text[SP_REFRESH_TOKEN_TEXT_SIZE];
    unsigned char bytes[45], wanted[45];
    size_t size;
    (void)state;
    for (unsigned i = 0; i < sizeof token.secret; i++)
        token.secret[i] = (uint8_t)(0x0d + i);
    wanted[0] = 1;
    for (unsigned i = 1; i < sizeof wanted; i++)
        wanted[i] = (unsigned char)i;
    sp_refresh_token_print(&token, text);
    assert_int_equal(sodium_base642bin(bytes, sizeof bytes, text, sizeof text, NULL, &size, NULL,
                                       sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    assert_int_equal(size, sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void no_two_are_alike(void **state)
{
    sp_refresh_token a, b;
    sp_session_hash hash_a, hash_b, again;
    (void)state;
    sp_refresh_token_make(&a, 7, 0);
    sp_refresh_token_make(&b, 7, 0);
    assert_true(a.session != 0 && b.session != 0 && a.session != b.session);
    assert_memory_not_equal(a.secret, b.secret, sizeof a.secret);
    sp_refresh_token_hash(&a, &hash_a);
    sp_refresh_token_hash(&a, &again);
    sp_refresh_token_hash(&b, &hash_b);
    assert_memory_equal(&hash_a, &again, sizeof again);
    assert_memory_not_equal(&hash_a, &hash_b, sizeof hash_a);
    /* Not the secret itself. */
    assert_memory_not_equal(hash_a.bytes, a.secret, sizeof a.secret);
}

/* One changed character is another token or none: never the same one. */
static void every_character_counts(void **state)
{
    sp_refresh_token token, read;
    char text[SP_REFRESH_TOKEN_TEXT_SIZE + 1] = "";
    (void)state;
    sp_refresh_token_make(&token, 7, 0);
    sp_refresh_token_print(&token, text);
    for (size_t at = 0; at < SP_REFRESH_TOKEN_TEXT_SIZE; at++) {
        char was = text[at];
        for (int c = 1; c < 256; c++) {
            text[at] = (char)c;
            if (text[at] != was && parse(text, SP_REFRESH_TOKEN_TEXT_SIZE, &read) &&
                memcmp(&read, &token, sizeof token) == 0)
                fail_msg("character %zu as %d is read alike", at, c);
        }
        text[at] = was;
    }
    for (size_t size = 0; size < SP_REFRESH_TOKEN_TEXT_SIZE; size++)
        assert_false(parse(text, size, &read));
    text[SP_REFRESH_TOKEN_TEXT_SIZE] = '=';
    assert_false(parse(text, SP_REFRESH_TOKEN_TEXT_SIZE + 1, &read));
    assert_true(parse(text, SP_REFRESH_TOKEN_TEXT_SIZE, &read));
}

static void no_user_no_family_no_version_is_none(void **state)
{
    sp_refresh_token token, read;
    char text[SP_REFRESH_TOKEN_TEXT_SIZE];
    (void)state;
    sp_refresh_token_make(&token, 7, 9);
    token.user = 0;
    sp_refresh_token_print(&token, text);
    assert_false(parse(text, sizeof text, &read));
    token.user = 7;
    token.session = 0;
    sp_refresh_token_print(&token, text);
    assert_false(parse(text, sizeof text, &read));
    token.session = 9;
    sp_refresh_token_print(&token, text);
    assert_true(parse(text, sizeof text, &read));
    text[0] = 'B'; /* another version */
    assert_false(parse(text, sizeof text, &read));
}

static void neither_token_stands_in_for_the_other(void **state)
{
    static const sp_signing_key key = {.kid = "0123456789abcdef", .bytes = {1}};
    sp_refresh_token refresh, read;
    char access[SP_TOKEN_SIZE_MAX], text[SP_REFRESH_TOKEN_TEXT_SIZE];
    sp_token_holder holder;
    (void)state;
    sp_token_ring *ring = sp_token_ring_create(&key, 1, NULL, NOW);
    sp_json_reader *reader = sp_json_reader_create();
    sp_token_verifier *verifier = sp_token_verifier_create(ring, reader);
    assert_non_null(verifier);
    sp_refresh_token_make(&refresh, 7, 0);
    sp_refresh_token_print(&refresh, text);
    uint32_t size = sp_token_sign(sp_token_ring_signer(ring), 7, refresh.session, NOW, access);
    assert_int_equal(sp_token_verify(verifier, (sp_text){access, size}, NOW, &holder), SP_OK);
    assert_int_equal(sp_token_verify(verifier, (sp_text){text, sizeof text}, NOW, &holder),
                     SP_TOKEN_INVALID);
    assert_false(parse(access, size, &read));
    assert_false(parse(access, SP_REFRESH_TOKEN_TEXT_SIZE, &read));
    assert_false(
        parse(access + size - SP_REFRESH_TOKEN_TEXT_SIZE, SP_REFRESH_TOKEN_TEXT_SIZE, &read));
    sp_token_verifier_destroy(verifier);
    sp_json_reader_destroy(reader);
    sp_token_ring_destroy(ring);
}

static int set_up(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(the_layout_stands),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(every_character_counts),
        cmocka_unit_test(no_user_no_family_no_version_is_none),
        cmocka_unit_test(neither_token_stands_in_for_the_other),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
