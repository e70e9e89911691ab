/* SPDX-License-Identifier: MIT */
#include "net/ticket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sodium.h>

#define NOW INT64_C(1767225600000)
#define TTL SP_TICKET_TTL_MS

static const sp_signing_key keys[] = {
    {.kid = "new", .bytes = {1}},
    {.kid = "old", .bytes = {2}, .good_until = NOW + 1000},
};
static const sp_hash128 job = {{1, 2, 3}}, other_job = {{1, 2, 4}};

static sp_token_ring *ring_of(const sp_signing_key *list, uint32_t count)
{
    sp_token_ring *ring = sp_token_ring_create(list, count, NULL, NOW);
    assert_non_null(ring);
    return ring;
}

static sp_text text_of(const char ticket[SP_TICKET_SIZE])
{
    return (sp_text){ticket, SP_TICKET_SIZE};
}

static void opens_its_own_job_until_it_ends(void **state)
{
    char ticket[SP_TICKET_SIZE];
    sp_ticket_holder holder;
    sp_token_ring *ring = ring_of(keys, 1);
    (void)state;
    sp_ticket_sign(sp_token_ring_signer(ring), &job, 4000000000u, NOW, ticket);
    assert_int_equal(sp_ticket_verify(ring, &job, text_of(ticket), NOW, &holder), SP_OK);
    assert_int_equal(holder.user, 4000000000u);
    assert_int_equal(holder.expires_at, NOW + TTL);
    assert_int_equal(sp_ticket_verify(ring, &job, text_of(ticket), NOW + TTL - 1, &holder), SP_OK);
    assert_int_equal(sp_ticket_verify(ring, &job, text_of(ticket), NOW + TTL, &holder),
                     SP_TOKEN_EXPIRED);
    assert_int_equal(sp_ticket_verify(ring, &other_job, text_of(ticket), NOW, &holder),
                     SP_TOKEN_INVALID);
    sp_token_ring_destroy(ring);
}

static void every_changed_character_is_found(void **state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/% ";
    char ticket[SP_TICKET_SIZE + 1] = {0}, changed[SP_TICKET_SIZE + 1];
    sp_ticket_holder holder;
    sp_token_ring *ring = ring_of(keys, 2);
    (void)state;
    sp_ticket_sign(sp_token_ring_signer(ring), &job, 7, NOW, ticket);
    for (uint32_t at = 0; at < SP_TICKET_SIZE; at++)
        for (size_t i = 0; i < sizeof alphabet - 1; i++) {
            memcpy(changed, ticket, sizeof changed);
            changed[at] = alphabet[i];
            sp_outcome wanted = alphabet[i] == ticket[at] ? SP_OK : SP_TOKEN_INVALID;
            assert_int_equal(sp_ticket_verify(ring, &job, text_of(changed), NOW, &holder), wanted);
        }
    for (uint32_t size = 0; size < SP_TICKET_SIZE; size++)
        assert_int_equal(sp_ticket_verify(ring, &job, (sp_text){ticket, size}, NOW, &holder),
                         SP_TOKEN_INVALID);
    assert_int_equal(
        sp_ticket_verify(ring, &job, (sp_text){ticket, SP_TICKET_SIZE + 1}, NOW, &holder),
        SP_TOKEN_INVALID);
    sp_token_ring_destroy(ring);
}

static void follows_the_keys(void **state)
{
    char ticket[SP_TICKET_SIZE];
    sp_ticket_holder holder;
    sp_token_ring *old = ring_of(&keys[1], 1), *both = ring_of(keys, 2), *fresh = ring_of(keys, 1);
    (void)state;
    sp_ticket_sign(sp_token_ring_signer(old), &job, 7, NOW, ticket);
    assert_int_equal(sp_ticket_verify(both, &job, text_of(ticket), NOW, &holder), SP_OK);
    assert_int_equal(holder.expires_at, NOW + 1000); /* its key's end */
    assert_int_equal(sp_ticket_verify(both, &job, text_of(ticket), NOW + 1000, &holder),
                     SP_TOKEN_EXPIRED);
    assert_int_equal(sp_ticket_verify(fresh, &job, text_of(ticket), NOW, &holder),
                     SP_TOKEN_INVALID);
    sp_token_ring_destroy(old);
    sp_token_ring_destroy(both);
    sp_token_ring_destroy(fresh);
}

/* The MAC is over what the header says: a ticket of before would not open
 * anything else by accident, and the label keeps it from being a token's MAC. */
static void is_as_documented(void **state)
{
    char ticket[SP_TICKET_SIZE];
    uint8_t text[16 + 16 + 11] = "stagepick ticket", mac[32], bytes[27];
    size_t size;
    sp_token_ring *ring = ring_of(keys, 1);
    (void)state;
    sp_ticket_sign(sp_token_ring_signer(ring), &job, 7, NOW, ticket);
    assert_int_equal(sodium_base642bin(bytes, sizeof bytes, ticket, SP_TICKET_SIZE, NULL, &size,
                                       NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
                     0);
    assert_int_equal(size, 27);
    memcpy(text + 16, job.bytes, 16);
    memcpy(text + 32, bytes, 11);
    crypto_auth_hmacsha256(mac, text, sizeof text, keys[0].bytes);
    assert_memory_equal(mac, bytes + 11, 16);
    sp_token_ring_destroy(ring);
}

static void stands_in_the_query(void **state)
{
    static const struct {
        const char *query, *ticket;
    } cases[] = {
        {"ticket=abc", "abc"},
        {"a=1&ticket=abc&b", "abc"},
        {"ticket=", ""},
        {"ticket", NULL},
        {"", NULL},
        {"xticket=abc", NULL},
        {"ticket2=a", NULL},
        {"&&ticket=a", "a"},
        {"ticket=a&ticket=b", "a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_text found =
            sp_ticket_of_query((sp_text){cases[i].query, (uint32_t)strlen(cases[i].query)});
        assert_int_equal(found.bytes != NULL, cases[i].ticket != NULL);
        if (cases[i].ticket)
            assert_true(sp_text_equal(
                found, (sp_text){cases[i].ticket, (uint32_t)strlen(cases[i].ticket)}));
    }
    assert_null(sp_ticket_of_query((sp_text){NULL, 0}).bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_its_own_job_until_it_ends),
        cmocka_unit_test(every_changed_character_is_found),
        cmocka_unit_test(follows_the_keys),
        cmocka_unit_test(is_as_documented),
        cmocka_unit_test(stands_in_the_query),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests_name("ticket", tests, NULL, NULL);
}
