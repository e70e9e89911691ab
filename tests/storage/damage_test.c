/* SPDX-License-Identifier: MIT
 *
 * A log's file with broken bytes: every check ends with OK or DAMAGED (exit 0
 * or 3), never with a crash of the caller and never without end; and what
 * passes is the very history that was written.
 */
#include "storage/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/hold_history.h"
#include "tests/support/random.h"

#define EVENTS 1500u
#define SESSIONS 150u

static sp_storage_status precheck(const char *dir, sp_finding *finding)
{
    sp_log_precheck check;
    sp_storage_status status = sp_log_precheck_start(&check, dir, finding);
    return status == SP_STORAGE_OK ? sp_log_precheck_finish(&check, NULL, finding) : status;
}

static const sp_log_check_options everything = {
    .limits = &sp_limits_default, .decode = true, .side = true, .lookups = true};

static sp_log_file file;
static unsigned char *sound;
static size_t sound_size;
static uint8_t digest[SP_DIGEST_SIZE];

/* A closed log of some hundred pages, free ones among them. */
static int make_log(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_hold_history_fill(&file, 1, EVENTS, 5);
    for (sp_user_id user = 1; user <= SESSIONS; user++) {
        sp_session session = {.user = user, .id = user * UINT64_C(0x9e3779b97f4a7c15)};
        assert_int_equal(file.to->session_add(file.to, &session), SP_LOG_OK);
    }
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
    sp_digest(file.history.state, digest);
    MDB_envinfo info;
    mdb_env_info(file.env->mdb, &info);
    sp_log_file_close(&file);
    sound = sp_temp_dir_read(&file.dir, "data.mdb", &sound_size);
    /* Without the room behind the last page: damage there would be none. */
    assert_true(sound_size > (info.me_last_pgno + 1) * 4096);
    sound_size = (info.me_last_pgno + 1) * 4096;
    return 0;
}

static int remove_log(void **state)
{
    (void)state;
    sp_log_file_remove(&file);
    free(sound);
    return 0;
}

static sp_storage_status check(const void *bytes, size_t size, sp_log_report *report,
                               sp_finding *finding)
{
    sp_temp_dir_write(&file.dir, "data.mdb", bytes, size);
    return sp_log_check(file.dir.path, &everything, report, finding);
}

static void is_damaged(const void *bytes, size_t size, const char *text)
{
    sp_log_report report;
    sp_finding finding;
    assert_int_equal(check(bytes, size, &report, &finding), SP_STORAGE_DAMAGED);
    if (strstr(finding.text, text) == NULL)
        fail_msg("found: %s", finding.text);
    assert_int_equal(precheck(file.dir.path, &finding), SP_STORAGE_DAMAGED);
}

static void a_sound_log_passes(void **state)
{
    sp_log_report report;
    sp_finding finding;
    (void)state;
    assert_int_equal(check(sound, sound_size, &report, &finding), SP_STORAGE_OK);
    assert_int_equal(report.summary.events_count, EVENTS);
    assert_int_equal(report.summary.batches_count, EVENTS / 5);
    assert_int_equal(report.replayed_seq, EVENTS);
    assert_memory_equal(report.digest, digest, sizeof digest);
    assert_int_equal(report.side.profiles_count, 1 + SP_HISTORY_BUYERS);
    assert_int_equal(report.side.sessions_count, SESSIONS);
    assert_true(report.side.free_pages_count > 0);
    assert_true(report.side.pages_count > report.side.free_pages_count);
    assert_int_equal(report.events_by_type[SP_EVENT_USER_CREATED], 1 + SP_HISTORY_BUYERS);
    assert_true(report.events_by_type[SP_EVENT_HOLD_TAKEN] > 100);
    assert_true(report.events_by_type[SP_EVENT_HOLDS_EXPIRED] > 10);
    assert_int_equal(precheck(file.dir.path, &finding), SP_STORAGE_OK);
}

static void no_log_is_no_damage(void **state)
{
    sp_temp_dir empty;
    sp_log_report report;
    sp_finding finding;
    (void)state;
    sp_temp_dir_make(&empty);
    assert_int_equal(sp_log_check(empty.path, &everything, &report, &finding), SP_STORAGE_FAILED);
    assert_non_null(strstr(finding.text, "no log"));
    assert_int_equal(precheck(empty.path, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_log_check("/no/such/place", &everything, &report, &finding),
                     SP_STORAGE_FAILED);
    sp_temp_dir_remove(&empty);
}

static void what_is_no_database_is_refused(void **state)
{
    char text[10000];
    (void)state;
    is_damaged("", 0, "empty");
    memset(text, 'x', sizeof text);
    is_damaged(text, sizeof text, "data.mdb");
    is_damaged(text, 1, "data.mdb");
    memset(text, 0, sizeof text);
    is_damaged(text, sizeof text, "data.mdb");
}

static void a_file_cut_short_is_refused(void **state)
{
    sp_log_report report;
    sp_finding finding;
    (void)state;
    for (size_t pages = 1; pages < sound_size / 4096; pages += 1 + pages / 8) {
        sp_storage_status status = check(sound, pages * 4096, &report, &finding);
        /* Cut among free pages at the end it lacks nothing. */
        if (status == SP_STORAGE_OK)
            assert_memory_equal(report.digest, digest, sizeof digest);
        else
            assert_int_equal(status, SP_STORAGE_DAMAGED);
        if (pages < sound_size / 4096 / 2)
            assert_int_equal(status, SP_STORAGE_DAMAGED);
    }
    is_damaged(sound, 8192, "pages before its last");
}

/* ---- broken bytes ---- */

typedef struct tally {
    uint32_t passed, damaged;
} tally;

/* One check of a file with damage in it. */
static void check_damaged(const unsigned char *bytes, const char *what, size_t at, tally *t)
{
    sp_log_report report;
    sp_finding finding;
    sp_storage_status status = check(bytes, sound_size, &report, &finding);
    if (status == SP_STORAGE_DAMAGED) {
        t->damaged++;
        return;
    }
    if (status != SP_STORAGE_OK)
        fail_msg("%s at %zu: status %d, %s", what, at, status, finding.text);
    t->passed++;
    /* A meta page that is broken in its transaction number leaves the one
     * before: an older head, as if the last batch had been cut off. */
    if (report.summary.head.seq == EVENTS)
        assert_memory_equal(report.digest, digest, sizeof digest);
    else if (at >= 2 * 4096 || report.summary.head.seq != EVENTS - 5)
        fail_msg("%s at %zu: passed with head %llu", what, at,
                 (unsigned long long)report.summary.head.seq);
}

static void a_broken_byte_anywhere_is_found_or_harmless(void **state)
{
    sp_random random;
    tally t = {0, 0};
    unsigned char *bytes = malloc(sound_size);
    (void)state;
    sp_random_seed(&random, 1);
    memcpy(bytes, sound, sound_size);
    for (size_t i = 0; i < 400; i++) {
        size_t at = sp_random_below(&random, sound_size);
        unsigned char flip = (unsigned char)(1 + sp_random_below(&random, 255));
        bytes[at] ^= flip;
        check_damaged(bytes, "byte", at, &t);
        bytes[at] ^= flip;
    }
    assert_true(t.damaged > 50);
    free(bytes);
}

/* Where LMDB keeps its own: heads of pages, their node tables. */
static void a_broken_page_head_is_found_or_harmless(void **state)
{
    sp_random random;
    tally t = {0, 0};
    unsigned char *bytes = malloc(sound_size);
    (void)state;
    sp_random_seed(&random, 2);
    memcpy(bytes, sound, sound_size);
    for (size_t i = 0; i < 400; i++) {
        size_t page = sp_random_below(&random, sound_size / 4096);
        size_t at = page * 4096 + sp_random_below(&random, page < 2 ? 200 : 40);
        unsigned char was = bytes[at];
        bytes[at] =
            sp_random_once_in(&random, 2) ? 0xff : (unsigned char)sp_random_below(&random, 256);
        check_damaged(bytes, "head", at, &t);
        bytes[at] = was;
    }
    assert_true(t.damaged > 50);
    free(bytes);
}

/* Pages as a disk loses them: zeroed, filled, or another page's content. */
static void a_broken_page_is_found_or_harmless(void **state)
{
    sp_random random;
    tally t = {0, 0};
    unsigned char *bytes = malloc(sound_size);
    (void)state;
    sp_random_seed(&random, 3);
    for (size_t i = 0; i < 200; i++) {
        size_t page = sp_random_below(&random, sound_size / 4096), at = page * 4096;
        memcpy(bytes, sound, sound_size);
        switch (i % 4) {
        case 0:
            memset(bytes + at, 0, 4096);
            break;
        case 1:
            memset(bytes + at, 0xff, 4096);
            break;
        case 2:
            sp_random_fill(&random, bytes + at, 4096);
            break;
        default:
            memcpy(bytes + at, sound + 4096 * sp_random_below(&random, sound_size / 4096), 4096);
        }
        check_damaged(bytes, "page", at, &t);
    }
    assert_true(t.damaged > 50);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_log_passes),
        cmocka_unit_test(no_log_is_no_damage),
        cmocka_unit_test(what_is_no_database_is_refused),
        cmocka_unit_test(a_file_cut_short_is_refused),
        cmocka_unit_test(a_broken_byte_anywhere_is_found_or_harmless),
        cmocka_unit_test(a_broken_page_head_is_found_or_harmless),
        cmocka_unit_test(a_broken_page_is_found_or_harmless),
    };
    return cmocka_run_group_tests(tests, make_log, remove_log);
}
