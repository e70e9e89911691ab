/* SPDX-License-Identifier: MIT */
#include "net/token_ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#define NOW INT64_C(1767323045000)
#define TTL_MS (INT64_C(1000) * SP_TOKEN_TTL_S)

static sp_json_reader *reader;

static sp_signing_key key_of(char name, sp_time_ms good_until)
{
    sp_signing_key key = {.kid = "key-?", .good_until = good_until};
    key.kid[4] = name;
    memset(key.bytes, name, sizeof key.bytes);
    return key;
}

static sp_token_ring *ring_of(const char *names, sp_time_ms good_until, sp_token_ring *older,
                              sp_time_ms now)
{
    sp_signing_key keys[SP_TOKEN_KEYS_MAX + 1];
    uint32_t count = (uint32_t)strlen(names);
    for (uint32_t i = 0; i < count; i++)
        keys[i] = key_of(names[i], good_until);
    return sp_token_ring_create(keys, count, older, now);
}

typedef struct made {
    char text[SP_TOKEN_SIZE_MAX];
    uint32_t size;
} made;

static made sign(char name, sp_user_id user, sp_time_ms now)
{
    made token;
    sp_token_signer signer;
    sp_signing_key key = key_of(name, 0);
    assert_true(sp_token_signer_init(&signer, &key));
    token.size = sp_token_sign(&signer, user, 5, now, token.text);
    return token;
}

static sp_outcome verify(sp_token_verifier *verifier, const made *token, sp_time_ms now)
{
    sp_token_holder holder = {0};
    sp_outcome outcome =
        sp_token_verify(verifier, (sp_text){token->text, token->size}, now, &holder);
    if (outcome == SP_OK)
        assert_int_equal(holder.user, 7);
    return outcome;
}

static void the_first_signs_and_all_verify(void **state)
{
    (void)state;
    sp_token_ring *ring = ring_of("abc", NOW + TTL_MS, NULL, NOW);
    sp_token_verifier *verifier = sp_token_verifier_create(ring, reader);
    assert_string_equal(sp_token_ring_signer(ring)->key.kid, "key-a");
    for (const char *name = "abc"; *name; name++) {
        made token = sign(*name, 7, NOW);
        assert_int_equal(verify(verifier, &token, NOW), SP_OK);
        assert_int_equal(verify(verifier, &token, NOW), SP_OK); /* from the cache */
    }
    made stranger = sign('d', 7, NOW);
    assert_int_equal(verify(verifier, &stranger, NOW), SP_TOKEN_INVALID);
    sp_token_verifier_destroy(verifier);
    sp_token_ring_destroy(ring);
}

/* A retired key's end is the end of whatever it signed, also of what lies in
 * the cache; the signing key has none. */
static void expiry_of_a_retired_key_counts(void **state)
{
    (void)state;
    sp_token_ring *ring = ring_of("ab", NOW + 5000, NULL, NOW);
    sp_token_verifier *verifier = sp_token_verifier_create(ring, reader);
    made young = sign('a', 7, NOW), old = sign('b', 7, NOW), unseen = sign('b', 7, NOW - 1000);
    assert_int_equal(verify(verifier, &old, NOW + 4999), SP_OK);
    assert_int_equal(verify(verifier, &old, NOW + 5000), SP_TOKEN_EXPIRED);
    assert_int_equal(verify(verifier, &unseen, NOW + 5000), SP_TOKEN_EXPIRED);
    assert_int_equal(verify(verifier, &young, NOW + TTL_MS - 1), SP_OK);
    sp_token_verifier_destroy(verifier);
    sp_token_ring_destroy(ring);
}

/* One key's token under the header of another: what was verified under the
 * first says nothing of the second. */
static void a_cached_token_keeps_its_header(void **state)
{
    (void)state;
    sp_token_ring *ring = ring_of("ab", NOW + TTL_MS, NULL, NOW);
    sp_token_verifier *verifier = sp_token_verifier_create(ring, reader);
    made token = sign('a', 7, NOW), other = sign('b', 7, NOW);
    assert_int_equal(verify(verifier, &token, NOW), SP_OK);
    uint32_t header_size = sp_token_ring_signer(ring)->header_size;
    memcpy(token.text, other.text, header_size);
    assert_int_equal(verify(verifier, &token, NOW), SP_TOKEN_INVALID);
    sp_token_verifier_destroy(verifier);
    sp_token_ring_destroy(ring);
}

/* "a removed key's tokens die", cached or not. */
static void another_ring_empties_the_cache(void **state)
{
    (void)state;
    sp_token_ring *first = ring_of("ab", NOW + TTL_MS, NULL, NOW);
    sp_token_verifier *verifier = sp_token_verifier_create(first, reader);
    made of_a = sign('a', 7, NOW), of_b = sign('b', 7, NOW);
    assert_int_equal(verify(verifier, &of_a, NOW), SP_OK);
    assert_int_equal(verify(verifier, &of_b, NOW), SP_OK);
    sp_token_ring *second = ring_of("ca", NOW + TTL_MS, first, NOW);
    assert_non_null(second);
    sp_token_verifier_use(verifier, second);
    assert_int_equal(verify(verifier, &of_a, NOW), SP_OK);
    assert_int_equal(verify(verifier, &of_b, NOW), SP_TOKEN_INVALID);
    made of_c = sign('c', 7, NOW);
    assert_int_equal(verify(verifier, &of_c, NOW), SP_OK);
    sp_token_verifier_destroy(verifier);
    sp_token_ring_destroy(second); /* and the first */
}

/* The server hears of a rotation late: what it has signed until then lives as
 * long as its tokens, and another look at the same list changes nothing. */
static void a_key_that_signed_until_now_outlives_the_list(void **state)
{
    const sp_time_ms late = NOW + 10 * TTL_MS;
    (void)state;
    sp_token_ring *first = ring_of("a", 0, NULL, NOW);
    sp_token_ring *second = ring_of("ba", NOW + TTL_MS, first, late);
    assert_int_equal(second->keys[0].key.good_until, 0);
    assert_int_equal(second->keys[1].key.good_until, late + TTL_MS);
    sp_token_ring *again = ring_of("ba", NOW + TTL_MS, second, late + 60000);
    assert_int_equal(again->keys[1].key.good_until, late + TTL_MS);
    assert_true(sp_token_ring_equal(second, again));
    assert_false(sp_token_ring_equal(first, again));
    /* One that the list gives longer has it. */
    sp_token_ring *longer = ring_of("ba", late + 2 * TTL_MS, again, late + 60000);
    assert_int_equal(longer->keys[1].key.good_until, late + 2 * TTL_MS);
    assert_false(sp_token_ring_equal(longer, again));
    sp_token_ring_destroy(longer);
}

static void what_are_no_keys_is_refused(void **state)
{
    (void)state;
    sp_token_ring *first = ring_of("a", 0, NULL, NOW);
    assert_null(ring_of("", 0, first, NOW));
    assert_null(ring_of("abcdefghi", 0, first, NOW));
    assert_null(ring_of("aba", 0, first, NOW));
    assert_null(ring_of("a ", 0, first, NOW));
    sp_token_ring *full = ring_of("abcdefgh", NOW, first, NOW); /* first was left alone */
    assert_non_null(full);
    assert_int_equal(full->count, SP_TOKEN_KEYS_MAX);
    sp_token_ring_destroy(full);
}

static int set_up(void **state)
{
    (void)state;
    reader = sodium_init() < 0 ? NULL : sp_json_reader_create();
    return reader ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_json_reader_destroy(reader);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_signs_and_all_verify),
        cmocka_unit_test(expiry_of_a_retired_key_counts),
        cmocka_unit_test(a_cached_token_keeps_its_header),
        cmocka_unit_test(another_ring_empties_the_cache),
        cmocka_unit_test(a_key_that_signed_until_now_outlives_the_list),
        cmocka_unit_test(what_are_no_keys_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
