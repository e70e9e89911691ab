/* SPDX-License-Identifier: MIT */
#include "net/token_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT_SIZE 156u

static sp_token_cache *cache;

/* Made up, with the number before and in the MAC; the MAC's first characters
 * decide about its set. */
static sp_text make(char out[TEXT_SIZE + 1], unsigned number, const char *mac_start)
{
    memset(out, 'p', TEXT_SIZE);
    snprintf(out, TEXT_SIZE, "%08u", number);
    out[8] = 'p';
    char *mac = out + TEXT_SIZE - SP_TOKEN_MAC_TEXT_SIZE;
    memset(mac, 'm', SP_TOKEN_MAC_TEXT_SIZE);
    memcpy(mac, mac_start, 8);
    snprintf(mac + 8, 9, "%08u", number);
    mac[16] = 'm';
    return (sp_text){out, TEXT_SIZE};
}

static sp_token_holder holder_of(unsigned number)
{
    return (sp_token_holder){.user = number, .expires_at = 1000000 + number};
}

static bool is_there(unsigned number, const char *mac_start)
{
    char text[TEXT_SIZE + 1];
    const sp_token_holder *found = sp_token_cache_find(cache, make(text, number, mac_start));
    if (found)
        assert_int_equal(found->user, number);
    return found != NULL;
}

static void add(unsigned number, const char *mac_start)
{
    char text[TEXT_SIZE + 1];
    sp_token_cache_add(cache, make(text, number, mac_start), holder_of(number));
}

static void finds_the_very_text(void **state)
{
    char text[TEXT_SIZE + 1];
    (void)state;
    assert_false(is_there(7, "abcdefgh"));
    add(7, "abcdefgh");
    assert_true(is_there(7, "abcdefgh"));
    sp_text whole = make(text, 7, "abcdefgh");
    for (uint32_t at = 0; at < TEXT_SIZE; at++) {
        text[at] ^= 1;
        assert_null(sp_token_cache_find(cache, whole));
        text[at] ^= 1;
    }
    assert_null(sp_token_cache_find(cache, (sp_text){text + 1, TEXT_SIZE - 1}));
    assert_non_null(sp_token_cache_find(cache, whole));
}

/* Tokens whose MACs begin alike share a set of four, and are told apart; a
 * fifth takes the place of one. */
static void a_full_set_forgets_one(void **state)
{
    unsigned kept = 0;
    (void)state;
    for (unsigned i = 1; i <= 4; i++)
        add(i, "samesame");
    for (unsigned i = 1; i <= 4; i++)
        assert_true(is_there(i, "samesame"));
    add(5, "samesame");
    assert_true(is_there(5, "samesame"));
    for (unsigned i = 1; i <= 4; i++)
        kept += is_there(i, "samesame");
    assert_int_equal(kept, 3);
}

static void long_texts_are_not_kept(void **state)
{
    char text[SP_TOKEN_CACHE_TEXT_SIZE_MAX + 1];
    (void)state;
    memset(text, 'x', sizeof text);
    sp_text largest = {text, SP_TOKEN_CACHE_TEXT_SIZE_MAX};
    sp_text too_large = {text, sizeof text};
    sp_token_cache_add(cache, too_large, holder_of(1));
    assert_null(sp_token_cache_find(cache, too_large));
    sp_token_cache_add(cache, largest, holder_of(1));
    assert_non_null(sp_token_cache_find(cache, largest));
}

static void cleared_it_is_empty_and_fills_again(void **state)
{
    (void)state;
    add(1, "abcdefgh");
    add(2, "samesame");
    sp_token_cache_clear(cache);
    assert_false(is_there(1, "abcdefgh"));
    assert_false(is_there(2, "samesame"));
    add(2, "samesame");
    assert_true(is_there(2, "samesame"));
    assert_false(is_there(1, "abcdefgh"));
}

/* Whatever begins like a MAC does, most of half the capacity stays. */
static void sets_are_filled_evenly(void **state)
{
    char start[16];
    unsigned kept = 0;
    const unsigned count = SP_TOKEN_CACHE_TOKENS / 2;
    (void)state;
    for (unsigned i = 0; i < count; i++) {
        snprintf(start, sizeof start, "%08X", i * 2654435761u);
        add(i, start);
    }
    for (unsigned i = 0; i < count; i++) {
        snprintf(start, sizeof start, "%08X", i * 2654435761u);
        kept += is_there(i, start);
    }
    /* Of a fair throw into sets of four, 96 in a hundred stay. */
    assert_true(kept > count / 100 * 90);
}

static int set_up(void **state)
{
    (void)state;
    cache = sp_token_cache_create();
    return cache ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_token_cache_destroy(cache);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_the_very_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_set_forgets_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(long_texts_are_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cleared_it_is_empty_and_fills_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sets_are_filled_evenly, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
