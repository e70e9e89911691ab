/* SPDX-License-Identifier: MIT
 *
 * Compaction: what was erased is gone from the file's bytes, all else is there;
 * and half of one is no harm.
 */
#include "storage/compact.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/datadir.h"
#include "storage/profiles.h"
#include "tests/support/log_file.h"

#define EMAIL "Erika.Mustermann@Example.org"
#define FOLDED "erika.mustermann@example.org"

static sp_log_file file;

static int set_up(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_log_file_remove(&file);
    return 0;
}

static void add_person(void)
{
    sp_profile profile;
    sp_history_profile(5000, 5, &profile);
    profile.email_size = (uint32_t)strlen(EMAIL);
    memcpy(profile.email, EMAIL, profile.email_size);
    strcpy(profile.password_hash, "hash of Erika");
    sp_session session = {.user = 5000, .id = 77, .created_at = 5, .rotated_at = 5};
    memcpy(session.live.bytes, "token of Erika", 14);
    assert_int_equal(file.to->profile_add(file.to, &profile), SP_LOG_OK);
    assert_int_equal(file.to->session_add(file.to, &session), SP_LOG_OK);
    session.user = 1;
    assert_int_equal(file.to->session_add(file.to, &session), SP_LOG_OK);
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
}

static void erase_person(void)
{
    assert_int_equal(file.to->profile_erase(file.to, 5000), SP_LOG_OK);
    assert_int_equal(file.to->sessions_end(file.to, 5000, 0, 0), SP_LOG_OK);
    assert_int_equal(file.to->sessions_end(file.to, 1, 0, 0), SP_LOG_OK);
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
}

static bool file_has(const char *text)
{
    size_t size;
    unsigned char *bytes = sp_temp_dir_read(&file.dir, "data.mdb", &size);
    bool found = memmem(bytes, size, text, strlen(text)) != NULL;
    free(bytes);
    return found;
}

static bool exists(const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", file.dir.path, name);
    return access(path, F_OK) == 0;
}

static sp_storage_status compact(sp_compact_report *report, sp_finding *finding)
{
    sp_datadir held;
    assert_int_equal(sp_datadir_open(&held, file.dir.path, finding), SP_STORAGE_OK);
    sp_storage_status status = sp_log_compact(file.dir.path, report, finding);
    sp_datadir_close(&held);
    return status;
}

static void is_whole(sp_seq seq)
{
    static const sp_log_check_options options = {
        .limits = &sp_limits_default, .side = true, .lookups = true};
    sp_log_report report;
    sp_finding finding;
    uint8_t digest[SP_DIGEST_SIZE];
    if (sp_log_check(file.dir.path, &options, &report, &finding) != SP_STORAGE_OK)
        fail_msg("found: %s", finding.text);
    assert_int_equal(report.summary.seq, seq);
    sp_digest(file.history.state, digest);
    assert_memory_equal(report.digest, digest, sizeof digest);
}

static void what_was_erased_is_gone_from_the_file(void **state)
{
    static const char *const traces[] = {EMAIL, FOLDED, "hash of Erika", "token of Erika"};
    sp_compact_report report;
    sp_finding finding;
    (void)state;
    sp_log_file_fill(&file, 400, 5);
    add_person();
    sp_log_file_fill(&file, 200, 5);
    erase_person();
    sp_log_file_close(&file);
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        assert_true(file_has(traces[i]));
    if (compact(&report, &finding) != SP_STORAGE_OK)
        fail_msg("%s", finding.text);
    for (size_t i = 0; i < sizeof traces / sizeof *traces; i++)
        assert_false(file_has(traces[i]));
    assert_true(file_has("user7@example.org")); /* who stays stays */
    assert_true(report.bytes_after < report.bytes_before);
    assert_int_equal(report.log.side.free_pages_count, 0);
    assert_int_equal(report.log.side.profiles_count, 1 + SP_HISTORY_BUYERS);
    assert_false(exists("compacting"));
    is_whole(600);
    /* It goes on from there. */
    for (int round = 0; round < 3; round++) {
        sp_log_file_open(&file);
        sp_log_file_fill(&file, 50, 5);
        sp_log_file_close(&file);
        is_whole(650 + 50 * (sp_seq)round);
    }
    sp_log_file_open(&file);
}

static void the_new_file_is_private(void **state)
{
    sp_compact_report report;
    sp_finding finding;
    struct stat about;
    char path[400];
    (void)state;
    sp_log_file_fill(&file, 20, 5);
    sp_log_file_close(&file);
    assert_int_equal(compact(&report, &finding), SP_STORAGE_OK);
    snprintf(path, sizeof path, "%s/data.mdb", file.dir.path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777u, 0600);
    assert_false(exists("lock.mdb")); /* it told of the old file */
    sp_log_file_open(&file);
}

static void sessions_stay(void **state)
{
    sp_compact_report report;
    sp_finding finding;
    sp_session session;
    (void)state;
    add_person();
    sp_log_file_close(&file);
    assert_int_equal(compact(&report, &finding), SP_STORAGE_OK);
    assert_int_equal(report.log.side.sessions_count, 2);
    sp_log_file_open(&file);
    assert_int_equal(file.to->session_get(file.to, 5000, 77, &session), SP_LOG_OK);
    assert_memory_equal(session.live.bytes, "token of Erika", 14);
}

/* A crash between any two steps: what is left of the copy is removed, by the
 * next compaction and by the next start. */
static void half_a_copy_is_removed(void **state)
{
    sp_compact_report report;
    sp_finding finding;
    char path[400];
    (void)state;
    sp_log_file_fill(&file, 100, 5);
    sp_log_file_close(&file);
    snprintf(path, sizeof path, "%s/compacting", file.dir.path);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(mkdir(path, 0700), 0);
        sp_temp_dir_write(&file.dir, "compacting/data.mdb", EMAIL, 28);
        sp_temp_dir_write(&file.dir, "compacting/lock.mdb", EMAIL, 28);
        if (round == 0) {
            assert_int_equal(compact(&report, &finding), SP_STORAGE_OK);
        } else {
            sp_log_file_open(&file);
            sp_log_file_close(&file);
        }
        assert_false(exists("compacting"));
        is_whole(100);
    }
    /* Renamed, and the lock file is still the old one's. */
    size_t size;
    sp_log_file_open(&file);
    sp_log_file_fill(&file, 100, 1);
    sp_log_file_close(&file);
    unsigned char *lock = sp_temp_dir_read(&file.dir, "lock.mdb", &size);
    assert_int_equal(compact(&report, &finding), SP_STORAGE_OK);
    sp_temp_dir_write(&file.dir, "lock.mdb", lock, size);
    free(lock);
    is_whole(200);
    sp_log_file_open(&file);
    sp_log_file_fill(&file, 100, 3);
    sp_log_file_close(&file);
    is_whole(300);
    sp_log_file_open(&file);
}

static void a_damaged_log_is_left_as_it_is(void **state)
{
    sp_compact_report report;
    sp_finding finding;
    size_t size;
    (void)state;
    sp_log_file_fill(&file, 300, 5);
    sp_log_file_close(&file);
    unsigned char *bytes = sp_temp_dir_read(&file.dir, "data.mdb", &size);
    char *at = memmem(bytes, size, "A long night", 12);
    assert_non_null(at);
    for (char *next = at; next != NULL;) { /* in every copy that free pages have */
        *next ^= 1;
        size_t behind = (size_t)((unsigned char *)next - bytes) + 12;
        next = memmem(bytes + behind, size - behind, "A long night", 12);
    }
    sp_temp_dir_write(&file.dir, "data.mdb", bytes, size);
    assert_int_equal(compact(&report, &finding), SP_STORAGE_DAMAGED);
    size_t after_size;
    unsigned char *after = sp_temp_dir_read(&file.dir, "data.mdb", &after_size);
    assert_int_equal(after_size, size);
    assert_memory_equal(after, bytes, size);
    assert_false(exists("compacting"));
    free(after);
    free(bytes);
    sp_log_file_open(&file);
}

/* Somebody has the log open: another process, that never looked at the
 * directory's own lock. */
static void a_reader_is_not_robbed_of_the_file(void **state)
{
    sp_compact_report report;
    sp_finding finding;
    int ready[2], done[2];
    char byte;
    (void)state;
    sp_log_file_fill(&file, 50, 5);
    sp_log_file_close(&file);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(done), 0);
    pid_t reader = fork();
    if (reader == 0) {
        sp_env *env;
        close(done[1]);
        if (sp_env_open(file.dir.path, SP_ENV_READ, 0, &env, &finding) != SP_STORAGE_OK)
            _exit(1);
        (void)!write(ready[1], "r", 1);
        (void)!read(done[0], &byte, 1);
        sp_env_close(env);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(compact(&report, &finding), SP_STORAGE_IN_USE);
    assert_non_null(strstr(finding.text, "reads the log"));
    assert_false(exists("compacting"));
    close(done[1]);
    int how;
    assert_int_equal(waitpid(reader, &how, 0), reader);
    assert_int_equal(how, 0);
    assert_int_equal(compact(&report, &finding), SP_STORAGE_OK);
    is_whole(50);
    close(ready[0]);
    close(ready[1]);
    close(done[0]);
    sp_log_file_open(&file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_erased_is_gone_from_the_file),
        TEST(the_new_file_is_private),
        TEST(sessions_stay),
        TEST(half_a_copy_is_removed),
        TEST(a_damaged_log_is_left_as_it_is),
        TEST(a_reader_is_not_robbed_of_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
