/* SPDX-License-Identifier: MIT
 *
 * Side records in the log's file: refresh families, profiles that change and go;
 * batches of them alone; what an older version has left.
 */
#include "storage/sessions.h"

#include <stdio.h>

#include "tests/storage/fake_disk.h"

#include "storage/check.h"
#include "storage/profiles.h"
#include "tests/support/log_file.h"

#define NOW INT64_C(1767225600000)

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
    disk_detach();
    sp_log_file_remove(&file);
    return 0;
}

static void reopen(void)
{
    sp_log_file_close(&file);
    sp_log_file_open(&file);
}

static void commit(void)
{
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
}

static sp_session session_of(sp_user_id user, sp_session_id id, sp_time_ms rotated_at)
{
    sp_session session = {
        .user = user, .id = id, .created_at = NOW, .rotated_at = rotated_at, .spent_at = 0};
    memset(session.live.bytes, (int)(id & 0xff), sizeof session.live.bytes);
    return session;
}

static void add(sp_user_id user, sp_session_id id, sp_time_ms rotated_at)
{
    sp_session session = session_of(user, id, rotated_at);
    assert_int_equal(file.to->session_add(file.to, &session), SP_LOG_OK);
}

/* Field by field: there is padding. */
static void is_same(const sp_session *got, const sp_session *want)
{
    assert_int_equal(got->user, want->user);
    assert_int_equal(got->id, want->id);
    assert_int_equal(got->created_at, want->created_at);
    assert_int_equal(got->rotated_at, want->rotated_at);
    assert_int_equal(got->spent_at, want->spent_at);
    assert_memory_equal(&got->live, &want->live, sizeof got->live);
    assert_memory_equal(&got->spent, &want->spent, sizeof got->spent);
}

static bool has(sp_user_id user, sp_session_id id)
{
    sp_session session;
    sp_log_status status = file.to->session_get(file.to, user, id, &session);
    assert_true(status == SP_LOG_OK || status == SP_LOG_NONE);
    return status == SP_LOG_OK;
}

static size_t count_all(void)
{
    MDB_txn *txn;
    MDB_stat stats;
    assert_int_equal(mdb_txn_begin(file.env->mdb, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_stat(txn, file.env->sessions, &stats), 0);
    mdb_txn_abort(txn);
    return stats.ms_entries;
}

/* ---- sessions ---- */

static void a_session_comes_back_as_it_was(void **state)
{
    (void)state;
    sp_session most = {.user = UINT32_MAX,
                       .id = UINT64_MAX,
                       .created_at = SP_TIME_MAX,
                       .rotated_at = SP_TIME_MAX,
                       .spent_at = SP_TIME_MAX};
    memset(&most.live, 0xff, sizeof most.live);
    memset(&most.spent, 0xfe, sizeof most.spent);
    sp_session least = {.user = 1, .id = 1}, got;
    assert_int_equal(file.to->session_add(file.to, &most), SP_LOG_OK);
    assert_int_equal(file.to->session_add(file.to, &least), SP_LOG_OK);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(file.to->session_get(file.to, UINT32_MAX, UINT64_MAX, &got), SP_LOG_OK);
        is_same(&got, &most);
        assert_int_equal(file.to->session_get(file.to, 1, 1, &got), SP_LOG_OK);
        is_same(&got, &least);
        assert_int_equal(file.to->session_get(file.to, 1, 2, &got), SP_LOG_NONE);
        assert_int_equal(file.to->session_get(file.to, 2, 1, &got), SP_LOG_NONE);
        commit();
        reopen();
    }
    least.live.bytes[3] = 9;
    least.spent_at = 77;
    assert_int_equal(file.to->session_put(file.to, &least), SP_LOG_OK);
    assert_int_equal(file.to->session_get(file.to, 1, 1, &got), SP_LOG_OK);
    is_same(&got, &least);
    least.id = 2; /* never made */
    assert_int_equal(file.to->session_put(file.to, &least), SP_LOG_FAILED);
}

static void families_end_one_by_one_or_all_but_one(void **state)
{
    (void)state;
    for (sp_session_id id = 1; id <= 5; id++)
        for (sp_user_id user = 255; user <= 257; user++) /* neighbours, over a byte's edge */
            add(user, id, NOW);
    commit();
    assert_int_equal(file.to->sessions_end(file.to, 256, 3, 0), SP_LOG_OK);
    assert_false(has(256, 3));
    assert_int_equal(file.to->sessions_end(file.to, 256, 3, 0), SP_LOG_OK); /* none such */
    assert_int_equal(file.to->sessions_end(file.to, 256, 0, sp_session_sid(4)), SP_LOG_OK);
    for (sp_session_id id = 1; id <= 5; id++)
        assert_true(has(256, id) == (id == 4));
    commit();
    reopen();
    assert_int_equal(file.to->sessions_end(file.to, 256, 0, 0), SP_LOG_OK);
    assert_int_equal(file.to->sessions_end(file.to, 999, 0, 0), SP_LOG_OK);
    commit();
    assert_int_equal(count_all(), 10);
    for (sp_session_id id = 1; id <= 5; id++)
        assert_true(has(255, id) && has(257, id) && !has(256, id));
}

static void a_user_has_so_many_at_most(void **state)
{
    (void)state;
    for (sp_session_id id = 1; id <= SP_SESSIONS_PER_USER_MAX; id++)
        add(7, id, NOW + (id == 9 ? 0 : 100 + (int64_t)id));
    add(8, 1, NOW); /* the oldest of all, and another's */
    commit();
    add(7, 1000, NOW + 1000);
    assert_false(has(7, 9)); /* rotated longest ago, though not opened first */
    assert_true(has(7, 1) && has(7, 1000) && has(8, 1));
    add(7, 1001, NOW + 1000);
    assert_false(has(7, 1));
    commit();
    assert_int_equal(count_all(), SP_SESSIONS_PER_USER_MAX + 1);
}

static void the_expired_of_a_user_go_with_his_next_log_in(void **state)
{
    (void)state;
    add(7, 1, NOW);
    add(7, 2, NOW + 1);
    commit();
    add(7, 3, NOW + SP_SESSION_TTL_MS);
    assert_false(has(7, 1));
    assert_true(has(7, 2) && has(7, 3));
}

/* None stays for good, though its user never comes back. */
static void the_expired_of_others_go_in_passing(void **state)
{
    (void)state;
    sp_time_ms later = NOW + SP_SESSION_TTL_MS;
    for (sp_user_id user = 1; user <= 100; user++)
        add(user, user, NOW);
    commit();
    /* Each log-in looks at four of the 101: one round and a bit. */
    for (int i = 0; i < 28; i++)
        add(1000, 1, later);
    commit();
    assert_int_equal(count_all(), 1);
    assert_true(has(1000, 1)); /* a live one is passed over */
}

/* Not even if the server is started anew for every log-in, and those who come
 * first are all alive. */
static void the_expired_go_across_starts(void **state)
{
    (void)state;
    sp_time_ms later = NOW + SP_SESSION_TTL_MS;
    for (sp_user_id user = 1; user <= 20; user++)
        add(user, user, user <= 10 ? later : NOW);
    commit();
    for (int i = 0; i < 500 && count_all() > 11; i++) {
        add(21, 1, later);
        commit();
        reopen();
    }
    assert_int_equal(count_all(), 11);
}

/* ---- batches ---- */

static void watch_disk(void)
{
    int fd = -1;
    assert_int_equal(mdb_env_get_fd(file.env->mdb, &fd), 0);
    disk_attach(fd, 1);
}

static void side_records_alone_are_a_batch(void **state)
{
    sp_log_head before, after;
    (void)state;
    sp_log_file_fill(&file, 50, 10);
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    sp_event_log_head(file.log, &before);
    watch_disk();
    add(7, 1, NOW);
    commit();
    assert_int_equal(disk.flushes_count, 1);
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    assert_int_equal(disk.flushes_count, 2);
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    assert_int_equal(disk.flushes_count, 2);
    /* No batch record: the chain is over events. */
    sp_event_log_head(file.log, &after);
    assert_memory_equal(&after, &before, sizeof before);
    /* Reading, and a sign-up that was refused, are no batch. */
    uint32_t writes_count = disk.writes_count;
    sp_profile profile;
    sp_history_profile(1, NOW, &profile);
    assert_int_equal(file.to->profile_add(file.to, &profile), SP_LOG_TAKEN);
    assert_true(has(7, 1));
    commit();
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    assert_int_equal(disk.flushes_count, 2);
    assert_int_equal(disk.writes_count, writes_count);
    disk.fd = -1;
    sp_log_file_fill(&file, 50, 10);
    reopen();
    assert_true(has(7, 1));
}

/* A commit owes the batch before it a flush, also when it has come to nothing. */
static void a_batch_that_ends_nothing_still_flushes_the_one_before(void **state)
{
    (void)state;
    sp_log_file_fill(&file, 10, 10);
    watch_disk();
    assert_int_equal(file.to->sessions_end(file.to, 7, 0, 0), SP_LOG_OK);
    commit();
    assert_int_equal(disk.flushes_count, 1);
}

static void an_open_batch_is_gone_with_the_program(void **state)
{
    (void)state;
    add(7, 1, NOW);
    commit();
    assert_int_equal(file.to->sessions_end(file.to, 7, 1, 0), SP_LOG_OK);
    add(7, 2, NOW);
    assert_true(!has(7, 1) && has(7, 2)); /* reading sees the batch */
    reopen();
    assert_true(has(7, 1) && !has(7, 2));
}

/* ---- profiles ---- */

static sp_profile profile_of(sp_user_id user, const char *email)
{
    sp_profile profile;
    sp_history_profile(user, NOW, &profile);
    profile.email_size = (uint32_t)snprintf(profile.email, sizeof profile.email, "%s", email);
    return profile;
}

static int find(const char *email, sp_profile *out)
{
    sp_profiles profiles;
    sp_profiles_init(&profiles, file.env);
    return profiles.reader.by_email(&profiles.reader, (sp_text){email, (uint32_t)strlen(email)},
                                    out);
}

static void a_profile_changes_and_goes(void **state)
{
    sp_profile profile = profile_of(1, "Kim@Example.org"), got;
    (void)state;
    assert_int_equal(file.to->profile_get(file.to, 1, &got), SP_LOG_NONE);
    assert_int_equal(file.to->profile_add(file.to, &profile), SP_LOG_OK);
    commit();
    memset(profile.image_url, 'u', sizeof profile.image_url);
    profile.image_url_size = sizeof profile.image_url;
    profile.nickname_size = 1;
    strcpy(profile.password_hash, "another");
    assert_int_equal(file.to->profile_put(file.to, &profile), SP_LOG_OK);
    commit();
    reopen();
    assert_int_equal(find("kim@example.org", &got), 1);
    assert_int_equal(got.image_url_size, SP_PROFILE_IMAGE_URL_SIZE_MAX);
    assert_memory_equal(got.image_url, profile.image_url, sizeof got.image_url);
    assert_int_equal(got.nickname_size, 1);
    assert_string_equal(got.password_hash, "another");

    assert_int_equal(file.to->profile_erase(file.to, 1), SP_LOG_OK);
    assert_int_equal(file.to->profile_get(file.to, 1, &got), SP_LOG_NONE);
    sp_profile again = profile_of(2, "kim@example.org"); /* in the same batch */
    assert_int_equal(file.to->profile_add(file.to, &again), SP_LOG_OK);
    commit();
    assert_int_equal(find("KIM@example.org", &got), 1);
    assert_int_equal(got.user, 2);
    assert_int_equal(file.to->profile_erase(file.to, 1), SP_LOG_FAILED);
    assert_non_null(strstr(sp_event_log_error(file.log), "can't erase a profile"));
}

/* ---- what an older version has left ---- */

static MDB_txn *begin(void)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(file.env->mdb, NULL, 0, &txn), 0);
    return txn;
}

/* As bytes: version 1, six fields. */
static void a_profile_without_an_image_is_read(void **state)
{
    static const uint8_t record[] = "\x96\x01\x05\xcd\x03\xe8\xa3"
                                    "a@b\xa1n\xa1h";
    sp_profile got = {.image_url_size = 7};
    (void)state;
    assert_true(sp_profile_decode(record, sizeof record - 1, &got));
    assert_int_equal(got.user, 5);
    assert_int_equal(got.created_at, 1000);
    assert_int_equal(got.image_url_size, 0);
    assert_memory_equal(got.email, "a@b", 3);
    uint8_t wrong[sizeof record];
    memcpy(wrong, record, sizeof record);
    wrong[1] = 2; /* a version that has seven */
    assert_false(sp_profile_decode(wrong, sizeof record - 1, &got));
    memcpy(wrong, record, sizeof record);
    wrong[0] = 0x97;
    assert_false(sp_profile_decode(wrong, sizeof record - 1, &got));
}

static sp_storage_status check(sp_log_report *report, sp_finding *finding)
{
    static const sp_log_check_options options = {
        .limits = &sp_limits_default, .side = true, .lookups = true};
    return sp_log_check(file.dir.path, &options, report, finding);
}

static void a_log_without_sessions_is_read_and_written(void **state)
{
    sp_log_report report;
    sp_finding finding;
    sp_env *env;
    (void)state;
    sp_log_file_fill(&file, 50, 10);
    MDB_txn *txn = begin();
    assert_int_equal(mdb_drop(txn, file.env->sessions, 1), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    sp_log_file_close(&file);
    assert_int_equal(check(&report, &finding), SP_STORAGE_OK);
    assert_int_equal(report.side.sessions_count, 0);
    assert_int_equal(sp_env_open(file.dir.path, SP_ENV_READ, 0, &env, &finding), SP_STORAGE_OK);
    assert_false(env->has_sessions);
    sp_env_close(env);
    sp_log_file_open(&file);
    assert_true(file.env->has_sessions);
    add(7, 1, NOW);
    commit();
    reopen();
    assert_true(has(7, 1));
    sp_log_file_close(&file);
    assert_int_equal(check(&report, &finding), SP_STORAGE_OK);
    assert_int_equal(report.side.sessions_count, 1);
    sp_log_file_open(&file);
}

/* ---- damage ---- */

static void put_raw(const void *key_bytes, size_t key_size, const void *bytes, size_t size)
{
    MDB_txn *txn = begin();
    MDB_val key = {key_size, (void *)(uintptr_t)key_bytes};
    MDB_val value = {size, (void *)(uintptr_t)bytes};
    assert_int_equal(mdb_put(txn, file.env->sessions, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void is_damaged(const char *text)
{
    sp_log_report report;
    sp_finding finding;
    sp_log_file_close(&file);
    assert_int_equal(check(&report, &finding), SP_STORAGE_DAMAGED);
    if (strstr(finding.text, text) == NULL)
        fail_msg("found: %s", finding.text);
    sp_log_precheck precheck;
    assert_int_equal(sp_log_precheck_start(&precheck, file.dir.path, &finding), SP_STORAGE_OK);
    assert_int_equal(sp_log_precheck_finish(&precheck, NULL, &finding), SP_STORAGE_DAMAGED);
    sp_log_file_open(&file);
}

static void damaged_sessions_are_found(void **state)
{
    uint8_t key[SP_SESSION_KEY_SIZE], record[200];
    sp_session session;
    (void)state;
    for (sp_user_id user = 1; user <= 300; user++) /* several pages */
        add(user, user, NOW);
    commit();
    sp_session_key(150, 150, key);
    MDB_txn *txn = begin();
    MDB_val found_key = {sizeof key, key}, found;
    assert_int_equal(mdb_get(txn, file.env->sessions, &found_key, &found), 0);
    size_t size = found.mv_size;
    memcpy(record, found.mv_data, size);
    mdb_txn_abort(txn);
    assert_true(sp_session_decode(record, size, &session));
    for (size_t cut = 0; cut < size; cut++)
        assert_false(sp_session_decode(record, cut, &session));
    assert_false(sp_session_decode(record, size + 1, &session));

    put_raw(key, sizeof key, record, size - 1);
    is_damaged("a record is none");
    assert_int_equal(file.to->session_get(file.to, 150, 150, &session), SP_LOG_FAILED);
    reopen();
    put_raw(key, sizeof key, record, size);
    sp_session_key(151, 150, key);
    put_raw(key, sizeof key, record, size);
    is_damaged("another's key");
    assert_int_equal(file.to->session_get(file.to, 151, 150, &session), SP_LOG_FAILED);
    reopen();
    txn = begin();
    assert_int_equal(mdb_del(txn, file.env->sessions, &found_key, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    put_raw(key, 5, record, size);
    is_damaged("another's key");
}

/* Nothing that was spent has no hash. */
static void a_session_that_contradicts_itself_is_none(void **state)
{
    sp_session session = session_of(1, 1, NOW), got;
    uint8_t key[SP_SESSION_KEY_SIZE];
    (void)state;
    session.spent.bytes[0] = 1;
    assert_int_equal(file.to->session_add(file.to, &session), SP_LOG_OK);
    commit();
    sp_session_key(1, 1, key);
    MDB_txn *txn = begin();
    MDB_val found_key = {sizeof key, key}, found;
    assert_int_equal(mdb_get(txn, file.env->sessions, &found_key, &found), 0);
    assert_false(sp_session_decode(found.mv_data, found.mv_size, &got));
    mdb_txn_abort(txn);
    is_damaged("a record is none");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_session_comes_back_as_it_was),
        TEST(families_end_one_by_one_or_all_but_one),
        TEST(a_user_has_so_many_at_most),
        TEST(the_expired_of_a_user_go_with_his_next_log_in),
        TEST(the_expired_of_others_go_in_passing),
        TEST(the_expired_go_across_starts),
        TEST(side_records_alone_are_a_batch),
        TEST(a_batch_that_ends_nothing_still_flushes_the_one_before),
        TEST(an_open_batch_is_gone_with_the_program),
        TEST(a_profile_changes_and_goes),
        TEST(a_profile_without_an_image_is_read),
        TEST(a_log_without_sessions_is_read_and_written),
        TEST(damaged_sessions_are_found),
        TEST(a_session_that_contradicts_itself_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
