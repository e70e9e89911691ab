/* SPDX-License-Identifier: MIT */
#include "storage/token_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

#define NOW INT64_C(1767323045000)
#define KEEP_MS INT64_C(1800000)

static sp_temp_dir dir;
static sp_token_keys keys;
static sp_finding finding;

static void put(const char *text)
{
    char path[400];
    sp_temp_dir_write(&dir, "token.key", text, strlen(text));
    snprintf(path, sizeof path, "%s/token.key", dir.path);
    assert_int_equal(chmod(path, 0600), 0);
}

#define HEX "0123456789abcdef"
#define SECRET HEX HEX HEX HEX

static void the_first_releases_file_is_read(void **state)
{
    (void)state;
    put("stagepick-token-key 1\nkid " HEX "\nsecret " SECRET "\n");
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(keys.count, 1);
    assert_string_equal(keys.items[0].kid, HEX);
    assert_int_equal(keys.items[0].secret[7], 0xef);
    assert_int_equal(keys.items[0].good_until, 0);
    /* And rotated into the form of today. */
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW, KEEP_MS, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[1].kid, HEX);
}

static void the_form_stands(void **state)
{
    (void)state;
    put("stagepick-token-key 2\nkid " HEX "\nsecret " SECRET "\nretired fedcba9876543210 " SECRET
        " 1767323045678\nretired 00000000000000aa " SECRET " 5\n");
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(keys.count, 3);
    assert_string_equal(keys.items[1].kid, "fedcba9876543210");
    assert_int_equal(keys.items[1].good_until, INT64_C(1767323045678));
    assert_int_equal(keys.items[2].good_until, 5);
}

static void what_is_not_of_the_form_is_damage(void **state)
{
#define HEAD "stagepick-token-key 2\nkid " HEX "\nsecret " SECRET "\n"
#define RETIRED(kid) "retired " kid " " SECRET " 5\n"
    static const char *const cases[] = {
        "stagepick-token-key 3\nkid " HEX "\nsecret " SECRET "\n",
        "stagepick-token-key 1\nkid " HEX "\nsecret " SECRET "\n" RETIRED("00000000000000aa"),
        HEAD "\n",
        HEAD "x",
        HEAD "retired\n",
        HEAD "retired 00000000000000aa " SECRET " \n",
        HEAD "retired 00000000000000aa " SECRET " 0\n",
        HEAD "retired 00000000000000aa " SECRET " 05\n",
        HEAD "retired 00000000000000aa " SECRET " -5\n",
        HEAD "retired 00000000000000aa " SECRET " 5",
        HEAD "retired 00000000000000aa " SECRET " 99999999999999999999\n",
        HEAD "retired 00000000000000AA " SECRET " 5\n",
        HEAD "retired 00000000000000a  " SECRET " 5\n",
        HEAD RETIRED(HEX), /* one id twice */
        HEAD RETIRED("00000000000000aa") RETIRED("00000000000000aa"),
        HEAD RETIRED("00000000000000a1") RETIRED("00000000000000a2") RETIRED("00000000000000a3")
            RETIRED("00000000000000a4") RETIRED("00000000000000a5") RETIRED("00000000000000a6")
                RETIRED("00000000000000a7") RETIRED("00000000000000a8"),
    };
    (void)state;
    put(HEAD RETIRED("00000000000000aa"));
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put(cases[i]);
        if (sp_token_keys_read(dir.path, &keys, &finding) != SP_STORAGE_DAMAGED)
            fail_msg("took %s", cases[i]);
        /* Nor is it rotated away. */
        assert_int_equal(sp_token_keys_rotate(dir.path, NOW, KEEP_MS, &keys, &finding),
                         SP_STORAGE_DAMAGED);
    }
}

static void reading_makes_nothing(void **state)
{
    (void)state;
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_FAILED);
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW, KEEP_MS, &keys, &finding),
                     SP_STORAGE_FAILED);
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_FAILED);
    assert_int_equal(sp_token_keys_load(dir.path, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(keys.count, 1);
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
}

static void a_rotation_keeps_the_old_key_until_its_tokens_die(void **state)
{
    sp_token_keys first, second;
    (void)state;
    assert_int_equal(sp_token_keys_load(dir.path, &first, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW, KEEP_MS, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_token_keys_read(dir.path, &second, &finding), SP_STORAGE_OK);
    assert_memory_equal(&second, &keys, sizeof keys);
    assert_int_equal(second.count, 2);
    assert_string_not_equal(second.items[0].kid, first.items[0].kid);
    assert_memory_not_equal(second.items[0].secret, first.items[0].secret, 32);
    assert_string_equal(second.items[1].kid, first.items[0].kid);
    assert_memory_equal(second.items[1].secret, first.items[0].secret, 32);
    assert_int_equal(second.items[1].good_until, NOW + KEEP_MS);
    /* The next one finds it ended. */
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW + KEEP_MS, KEEP_MS, &keys, &finding),
                     SP_STORAGE_OK);
    assert_int_equal(keys.count, 2);
    assert_string_equal(keys.items[1].kid, second.items[0].kid);
    /* A key that leaked goes at once. */
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW + KEEP_MS, 0, &keys, &finding),
                     SP_STORAGE_OK);
    assert_int_equal(keys.count, 1);
}

/* A server that missed a rotation signs on with a key that is retired already. */
static void a_second_rotation_keeps_what_a_server_may_sign_with(void **state)
{
    (void)state;
    assert_int_equal(sp_token_keys_load(dir.path, &keys, &finding), SP_STORAGE_OK);
    sp_time_ms second = NOW + KEEP_MS - 1;
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW, KEEP_MS, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_token_keys_rotate(dir.path, second, KEEP_MS, &keys, &finding),
                     SP_STORAGE_OK);
    assert_int_equal(keys.count, 3);
    assert_int_equal(keys.items[1].good_until, second + KEEP_MS);
    assert_int_equal(keys.items[2].good_until, second + KEEP_MS);
}

static void eight_keys_are_kept_and_none_is_lost(void **state)
{
    sp_token_keys before;
    (void)state;
    assert_int_equal(sp_token_keys_load(dir.path, &keys, &finding), SP_STORAGE_OK);
    for (uint32_t i = 1; i < SP_TOKEN_KEYS_KEPT_MAX; i++) {
        assert_int_equal(sp_token_keys_rotate(dir.path, NOW + i, KEEP_MS, &keys, &finding),
                         SP_STORAGE_OK);
        assert_int_equal(keys.count, i + 1);
    }
    assert_int_equal(sp_token_keys_read(dir.path, &before, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW + 9, KEEP_MS, &keys, &finding),
                     SP_STORAGE_FAILED);
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
    assert_memory_equal(&keys, &before, sizeof keys);
    /* They end together, counted from the last rotation: then there is room. */
    assert_int_equal(sp_token_keys_rotate(dir.path, NOW + 7 + KEEP_MS, KEEP_MS, &keys, &finding),
                     SP_STORAGE_OK);
    assert_int_equal(keys.count, 2);
}

/* Several processes at once, each once: every key that ever signed is there. */
static void rotations_at_once_lose_no_key(void **state)
{
    enum { PROCESSES = 7 };
    pid_t children[PROCESSES];
    (void)state;
    assert_int_equal(sp_token_keys_load(dir.path, &keys, &finding), SP_STORAGE_OK);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit((int)sp_token_keys_rotate(dir.path, NOW, KEEP_MS, &keys, &finding));
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(sp_token_keys_read(dir.path, &keys, &finding), SP_STORAGE_OK);
    assert_int_equal(keys.count, 1 + PROCESSES);
    char path[400];
    struct stat about;
    snprintf(path, sizeof path, "%s/token.key", dir.path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static int set_up(void **state)
{
    (void)state;
    sp_temp_dir_make(&dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_temp_dir_remove(&dir);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_releases_file_is_read),
        TEST(the_form_stands),
        TEST(what_is_not_of_the_form_is_damage),
        TEST(reading_makes_nothing),
        TEST(a_rotation_keeps_the_old_key_until_its_tokens_die),
        TEST(a_second_rotation_keeps_what_a_server_may_sign_with),
        TEST(eight_keys_are_kept_and_none_is_lost),
        TEST(rotations_at_once_lose_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
