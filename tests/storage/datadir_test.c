/* SPDX-License-Identifier: MIT */
#include "storage/datadir.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/token_key.h"
#include "tests/support/temp_dir.h"

static sp_temp_dir base;
static char dir[300];

static int set_up(void **state)
{
    (void)state;
    sp_temp_dir_make(&base);
    snprintf(dir, sizeof dir, "%s/data", base.path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_temp_dir_remove(&base);
    return 0;
}

static unsigned mode_of(const char *name)
{
    char path[400];
    struct stat about;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 0777u;
}

static void makes_a_private_directory(void **state)
{
    sp_datadir datadir;
    sp_finding finding;
    (void)state;
    assert_int_equal(sp_datadir_open(&datadir, dir, &finding), SP_STORAGE_OK);
    assert_int_equal(mode_of("."), 0700);
    assert_int_equal(mode_of("stagepick.lock"), 0600);
    sp_datadir_close(&datadir);
}

static void one_process_at_a_time(void **state)
{
    sp_datadir first, second;
    sp_finding finding;
    (void)state;
    assert_int_equal(sp_datadir_open(&first, dir, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_datadir_open(&second, dir, &finding), SP_STORAGE_IN_USE);
    assert_int_equal(second.lock_fd, -1);
    sp_datadir_close(&second);

    int shared;
    assert_int_equal(sp_datadir_share(dir, &shared, &finding), SP_STORAGE_IN_USE);
    pid_t child = fork();
    if (child == 0) {
        /* Another process, which did not inherit it. */
        sp_datadir_close(&first);
        _exit((int)sp_datadir_open(&second, dir, &finding));
    }
    int how;
    waitpid(child, &how, 0);
    /* The child closed its copy, the lock is still ours. */
    assert_int_equal(WEXITSTATUS(how), SP_STORAGE_IN_USE);
    sp_datadir_close(&first);
    assert_int_equal(sp_datadir_open(&second, dir, &finding), SP_STORAGE_OK);
    sp_datadir_close(&second);
}

static void readers_share_the_lock(void **state)
{
    sp_datadir datadir;
    sp_finding finding;
    int one, two;
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(sp_datadir_share(dir, &one, &finding), SP_STORAGE_OK);
    assert_int_equal(one, -1); /* no lock file: no server was ever there */
    assert_int_equal(sp_datadir_open(&datadir, dir, &finding), SP_STORAGE_OK);
    sp_datadir_close(&datadir);
    assert_int_equal(sp_datadir_share(dir, &one, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_datadir_share(dir, &two, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_datadir_open(&datadir, dir, &finding), SP_STORAGE_IN_USE);
    close(one);
    close(two);
    assert_int_equal(sp_datadir_open(&datadir, dir, &finding), SP_STORAGE_OK);
    sp_datadir_close(&datadir);
}

static void what_is_no_directory_is_refused(void **state)
{
    sp_datadir datadir;
    sp_finding finding;
    (void)state;
    sp_temp_dir_write(&base, "data", "x", 1);
    assert_int_equal(sp_datadir_open(&datadir, dir, &finding), SP_STORAGE_FAILED);
    snprintf(dir, sizeof dir, "%s/no/such", base.path);
    assert_int_equal(sp_datadir_open(&datadir, dir, &finding), SP_STORAGE_FAILED);
    assert_true(finding.text[0] != '\0');
    assert_null(sp_datadir_network_name(base.path));
}

static void the_key_is_made_once(void **state)
{
    sp_token_key first, second;
    sp_finding finding;
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(sp_token_key_load(dir, &first, &finding), SP_STORAGE_OK);
    assert_int_equal(mode_of("token.key"), 0600);
    assert_int_equal(sp_token_key_load(dir, &second, &finding), SP_STORAGE_OK);
    assert_string_equal(first.kid, second.kid);
    assert_int_equal(strlen(first.kid), SP_TOKEN_KID_SIZE);
    assert_memory_equal(first.secret, second.secret, sizeof first.secret);

    char path[400];
    snprintf(path, sizeof path, "%s/token.key", dir);
    unlink(path);
    assert_int_equal(sp_token_key_load(dir, &second, &finding), SP_STORAGE_OK);
    assert_memory_not_equal(first.secret, second.secret, sizeof first.secret);
}

static void a_bad_key_file_is_refused(void **state)
{
    sp_token_key key;
    sp_finding finding;
    sp_temp_dir inside;
    size_t size;
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(sp_token_key_load(dir, &key, &finding), SP_STORAGE_OK);
    snprintf(inside.path, sizeof inside.path, "%.250s", dir);
    unsigned char *bytes = sp_temp_dir_read(&inside, "token.key", &size);
    /* Every byte matters: one changed anywhere is another key or no key. */
    for (size_t at = 0; at < size; at++) {
        sp_token_key other;
        bytes[at] ^= 0x40;
        sp_temp_dir_write(&inside, "token.key", bytes, size);
        bytes[at] ^= 0x40;
        sp_storage_status status = sp_token_key_load(dir, &other, &finding);
        assert_true(status == SP_STORAGE_DAMAGED || memcmp(&key, &other, sizeof key) != 0);
    }
    sp_temp_dir_write(&inside, "token.key", bytes, size - 1);
    assert_int_equal(sp_token_key_load(dir, &key, &finding), SP_STORAGE_DAMAGED);
    sp_temp_dir_write(&inside, "token.key", "", 0);
    assert_int_equal(sp_token_key_load(dir, &key, &finding), SP_STORAGE_DAMAGED);

    sp_temp_dir_write(&inside, "token.key", bytes, size);
    assert_int_equal(sp_token_key_load(dir, &key, &finding), SP_STORAGE_OK);
    char path[400];
    snprintf(path, sizeof path, "%s/token.key", dir);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(sp_token_key_load(dir, &key, &finding), SP_STORAGE_FAILED);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_a_private_directory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_process_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readers_share_the_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_directory_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_key_is_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bad_key_file_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
