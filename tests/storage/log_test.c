/* SPDX-License-Identifier: MIT
 *
 * The event log: what was committed is there after reopening, what was not is
 * gone; when it flushes; profiles; space; failure. What the flushes are worth:
 * powercut_test.c.
 */
#include "storage/log.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/storage/fake_disk.h"

#include "storage/profiles.h"
#include "storage/recover.h"
#include "tests/support/log_file.h"

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

/* Recovers the open log into a new state and compares its digest. */
static void recovers_to(const sp_state *expected)
{
    sp_recover_summary summary;
    sp_finding finding;
    sp_state *state = sp_state_create(&sp_limits_default);
    sp_recover_config config = {.state = state, .lookups = true};
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_OK);
    assert_string_equal(finding.text, "");
    assert_int_equal(sp_state_seq(state), sp_state_seq(expected));
    assert_int_equal(summary.events_count, sp_state_seq(expected));
    uint8_t got[SP_DIGEST_SIZE], want[SP_DIGEST_SIZE];
    sp_digest(state, got);
    sp_digest(expected, want);
    assert_memory_equal(got, want, sizeof got);
    sp_state_destroy(state);
}

static void an_empty_log_is_a_log(void **state)
{
    sp_log_head head;
    uint8_t genesis[SP_CHAIN_SIZE];
    (void)state;
    sp_event_log_head(file.log, &head);
    assert_int_equal(head.seq, 0);
    sp_chain_genesis(&file.env->identity, genesis);
    assert_memory_equal(head.chain, genesis, sizeof genesis);
    recovers_to(file.history.state);
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    recovers_to(file.history.state);
}

static void files_are_private(void **state)
{
    static const char *const names[] = {"data.mdb", "lock.mdb"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        char path[400];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s", file.dir.path, names[i]);
        assert_int_equal(stat(path, &about), 0);
        assert_int_equal(about.st_mode & 0777u, 0600);
    }
    char path[400];
    snprintf(path, sizeof path, "%s/creating", file.dir.path);
    assert_int_equal(access(path, F_OK), -1);
}

/* LMDB writes to it through a map: on a full disk a hole would be a SIGBUS. */
static void the_lock_file_has_no_holes(void **state)
{
    char path[400];
    struct stat about;
    (void)state;
    snprintf(path, sizeof path, "%s/lock.mdb", file.dir.path);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(stat(path, &about), 0);
        assert_in_range(about.st_blocks * 512, about.st_size, about.st_size + 65536);
        /* One that an older program has left. */
        sp_log_file_close(&file);
        assert_int_equal(truncate(path, 0), 0);
        assert_int_equal(truncate(path, about.st_size), 0);
        sp_log_file_open(&file);
    }
    recovers_to(file.history.state);
}

static void a_log_that_others_can_read_is_not_written(void **state)
{
    char path[400];
    sp_env *env;
    sp_finding finding;
    (void)state;
    snprintf(path, sizeof path, "%s/data.mdb", file.dir.path);
    sp_log_file_close(&file);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(sp_env_open(file.dir.path, SP_ENV_WRITE, 0, &env, &finding),
                     SP_STORAGE_FAILED);
    assert_non_null(strstr(finding.text, "640"));
    assert_int_equal(sp_env_open(file.dir.path, SP_ENV_READ, 0, &env, &finding), SP_STORAGE_OK);
    sp_env_close(env);
    assert_int_equal(chmod(path, 0600), 0);
    sp_log_file_open(&file);
}

static void two_logs_have_two_ids(void **state)
{
    sp_log_file other;
    (void)state;
    sp_log_file_make(&other);
    assert_memory_not_equal(file.env->identity.log_id, other.env->identity.log_id, 16);
    assert_int_equal(file.env->identity.format, SP_LOG_FORMAT);
    sp_log_file_remove(&other);
}

/* A start that was killed while it made its log leaves no half of one. */
static void a_creation_cut_short_is_begun_anew(void **state)
{
    char path[400];
    (void)state;
    sp_log_file_close(&file);
    snprintf(path, sizeof path, "%s/data.mdb", file.dir.path);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/creating", file.dir.path);
    assert_int_equal(mkdir(path, 0700), 0);
    sp_temp_dir_write(&file.dir, "creating/data.mdb", "half a file", 11);
    sp_log_file_open(&file);
    recovers_to(file.history.state);
    assert_int_equal(access(path, F_OK), -1);
}

static void what_was_committed_is_there(void **state)
{
    static const uint32_t batches[] = {1, 3, 64, 1000};
    (void)state;
    for (int i = 0; i < 4; i++) {
        sp_log_file_fill(&file, 500, batches[i]);
        recovers_to(file.history.state);
        sp_log_file_close(&file);
        sp_log_file_open(&file);
        recovers_to(file.history.state);
        sp_log_head head;
        sp_event_log_head(file.log, &head);
        assert_int_equal(head.seq, sp_state_seq(file.history.state));
        assert_int_equal(head.time, file.history.time - 1);
    }
}

static void what_was_not_committed_is_gone(void **state)
{
    (void)state;
    sp_log_file_fill(&file, 200, 10);
    sp_event event;
    for (int i = 0; i < 3; i++) {
        sp_history_next(&file.history, &event);
        assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
    }
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    sp_log_head head;
    sp_event_log_head(file.log, &head);
    assert_int_equal(head.seq, 200);
}

static void an_empty_commit_does_nothing(void **state)
{
    sp_log_head before, after;
    (void)state;
    sp_log_file_fill(&file, 10, 5);
    sp_event_log_head(file.log, &before);
    assert_int_equal(file.to->commit(file.to, file.history.time + 5), SP_LOG_OK);
    sp_event_log_head(file.log, &after);
    assert_memory_equal(&before, &after, sizeof before);
    recovers_to(file.history.state);
}

/* ---- flushes ---- */

static void watch_disk(void)
{
    int fd = -1;
    assert_int_equal(mdb_env_get_fd(file.env->mdb, &fd), 0);
    disk_attach(fd, 1);
}

static void a_commit_flushes_once_and_so_does_settle(void **state)
{
    (void)state;
    sp_log_file_fill(&file, 100, 10);
    watch_disk();
    for (uint32_t i = 1; i <= 10; i++) {
        sp_log_file_fill(&file, 10, 10);
        assert_int_equal(disk.flushes_count, 2 * i - 1);
        uint32_t writes_count = disk.writes_count;
        assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
        assert_int_equal(disk.flushes_count, 2 * i);
        /* Nothing has come since: nothing to flush. */
        assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
        assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
        assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
        assert_int_equal(disk.flushes_count, 2 * i);
        assert_int_equal(disk.writes_count, writes_count);
    }
    sp_log_file_fill(&file, 10, 1);
    assert_int_equal(disk.flushes_count, 30);
    recovers_to(file.history.state);
}

/* What a start found is flushed by the start. */
static void a_new_log_is_settled(void **state)
{
    (void)state;
    sp_log_file_fill(&file, 20, 10);
    for (int i = 0; i < 2; i++) {
        watch_disk();
        assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
        /* The one that made the log has a commit behind it. */
        assert_int_equal(disk.flushes_count, i == 0 ? 1 : 0);
        disk.fd = -1;
        sp_log_file_close(&file);
        sp_log_file_open(&file);
    }
}

static void every_call_fails(sp_seq next)
{
    sp_event event = {.seq = next, .time = file.history.time};
    sp_profile profile;
    sp_history_profile(500, 5, &profile);
    uint32_t writes_count = disk.writes_count, flushes_count = disk.flushes_count;
    assert_int_equal(file.to->settle(file.to), SP_LOG_FAILED);
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_FAILED);
    assert_int_equal(file.to->profile_add(file.to, &profile), SP_LOG_FAILED);
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_FAILED);
    assert_int_equal(file.to->settle(file.to), SP_LOG_FAILED);
    assert_int_equal(disk.writes_count, writes_count);
    assert_int_equal(disk.flushes_count, flushes_count);
}

static void a_failed_settle_breaks_the_log(void **state)
{
    (void)state;
    sp_log_file_fill(&file, 100, 10);
    watch_disk();
    disk.flush_fails_in = 1;
    assert_int_equal(file.to->settle(file.to), SP_LOG_FAILED);
    assert_non_null(strstr(sp_event_log_error(file.log), "can't flush"));
    assert_non_null(strstr(sp_event_log_error(file.log), strerror(EIO)));
    every_call_fails(101);
    assert_non_null(strstr(sp_event_log_error(file.log), "can't flush"));
    /* It was committed, so the next start finds it, on this machine. */
    disk.fd = -1;
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    recovers_to(file.history.state);
}

/* The flush that fails is a commit's: that batch is not in the log, the one
 * before is. */
static void a_failed_flush_of_a_commit_breaks_the_log(void **state)
{
    sp_event event;
    sp_log_head before, after;
    (void)state;
    sp_log_file_fill(&file, 100, 10);
    sp_event_log_head(file.log, &before);
    watch_disk();
    sp_history_next(&file.history, &event);
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
    disk.flush_fails_in = 1;
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_FAILED);
    assert_non_null(strstr(sp_event_log_error(file.log), "can't commit"));
    every_call_fails(102);
    disk.fd = -1;
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    sp_event_log_head(file.log, &after);
    assert_memory_equal(&after, &before, sizeof before);
}

/* ---- profiles ---- */

static sp_profile profile_of(sp_user_id user, const char *email)
{
    sp_profile profile;
    sp_history_profile(user, 5, &profile);
    profile.email_size = (uint32_t)snprintf(profile.email, sizeof profile.email, "%s", email);
    return profile;
}

static void append_user(sp_user_id user)
{
    sp_log_head head;
    sp_event event = {.time = 5, .type = SP_EVENT_USER_CREATED};
    sp_event_log_head(file.log, &head);
    event.seq = head.seq + 1;
    event.user_created.user = user;
    event.user_created.role = SP_ROLE_USER;
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_OK);
}

static void profiles_come_back(void **state)
{
    sp_profiles profiles;
    sp_profile want, got;
    (void)state;
    sp_log_file_fill(&file, 50, 7); /* users 1 to 49 */
    sp_profiles_init(&profiles, file.env);
    sp_profile_reader *reader = &profiles.reader;
    for (sp_user_id user = 1; user <= 49; user++) {
        sp_history_profile(user, 0, &want);
        assert_int_equal(reader->by_id(reader, user, &got), 1);
        assert_int_equal(got.user, user);
        assert_int_equal(got.email_size, want.email_size);
        assert_memory_equal(got.email, want.email, want.email_size);
        assert_string_equal(got.password_hash, want.password_hash);
        assert_memory_equal(got.nickname, want.nickname, want.nickname_size);
    }
    assert_int_equal(reader->by_id(reader, 50, &got), 0);
    assert_int_equal(reader->by_email(reader, SP_TEXT("uSER7@eXAMPLE.oRG"), &got), 1);
    assert_int_equal(got.user, 7);
    assert_int_equal(reader->by_email(reader, SP_TEXT("user7@example.or"), &got), 0);
    assert_int_equal(reader->by_email(reader, SP_TEXT(""), &got), 0);
    static char endless[1000];
    memset(endless, 'a', sizeof endless);
    assert_int_equal(reader->by_email(reader, (sp_text){endless, 1000}, &got), 0);
}

static void an_email_is_taken_once(void **state)
{
    sp_profile first = profile_of(1, "Kim@example.org"), same = profile_of(2, "kIM@EXAMPLE.ORG");
    sp_profile other = profile_of(2, "lee@example.org");
    sp_profiles profiles;
    (void)state;
    /* In one batch … */
    assert_int_equal(file.to->profile_add(file.to, &first), SP_LOG_OK);
    append_user(1);
    assert_int_equal(file.to->profile_add(file.to, &same), SP_LOG_TAKEN);
    assert_int_equal(file.to->commit(file.to, 5), SP_LOG_OK);
    /* … in a later one, after a reopening too … */
    assert_int_equal(file.to->profile_add(file.to, &same), SP_LOG_TAKEN);
    assert_int_equal(file.to->commit(file.to, 5), SP_LOG_OK);
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    assert_int_equal(file.to->profile_add(file.to, &same), SP_LOG_TAKEN);
    /* … and nothing of a refused one stays. */
    assert_int_equal(file.to->profile_add(file.to, &other), SP_LOG_OK);
    append_user(2);
    assert_int_equal(file.to->commit(file.to, 6), SP_LOG_OK);
    sp_profiles_init(&profiles, file.env);
    assert_int_equal(profiles.reader.by_email(&profiles.reader, SP_TEXT("kim@example.org"), &other),
                     1);
    assert_int_equal(other.user, 1);
    assert_int_equal(other.email[0], 'K');
}

static void a_profile_needs_its_commit(void **state)
{
    sp_profile profile = profile_of(1, "kim@example.org");
    sp_profiles profiles;
    (void)state;
    sp_profiles_init(&profiles, file.env);
    assert_int_equal(file.to->profile_add(file.to, &profile), SP_LOG_OK);
    append_user(1);
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    sp_profiles_init(&profiles, file.env);
    assert_int_equal(profiles.reader.by_id(&profiles.reader, 1, &profile), 0);
    assert_int_equal(
        profiles.reader.by_email(&profiles.reader, SP_TEXT("kim@example.org"), &profile), 0);
}

static void *read_profiles(void *context)
{
    sp_profiles *profiles = context;
    sp_profile got;
    for (int i = 0; i < 2000; i++)
        if (profiles->reader.by_id(&profiles->reader, 1 + (sp_user_id)i % 40, &got) != 1)
            return context;
    return NULL;
}

static void profiles_are_read_beside_the_writer(void **state)
{
    sp_profiles profiles;
    pthread_t threads[3];
    (void)state;
    sp_log_file_fill(&file, 60, 60);
    sp_profiles_init(&profiles, file.env);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_profiles, &profiles), 0);
    sp_log_file_fill(&file, 300, 3);
    for (int i = 0; i < 3; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

/* ---- space and failure ---- */

static int64_t space_left;
static uint32_t probes_count;

static int64_t probe(void *context)
{
    (void)context;
    probes_count++;
    return space_left;
}

static void space_is_watched(void **state)
{
    static const struct {
        int64_t left;
        sp_log_space space;
    } cases[] = {
        {SP_SPACE_LOW_BYTES, SP_SPACE_PLENTY},
        {SP_SPACE_LOW_BYTES - 1, SP_SPACE_LOW},
        {SP_SPACE_NONE_BYTES, SP_SPACE_LOW},
        {SP_SPACE_NONE_BYTES - 1, SP_SPACE_NONE},
        {0, SP_SPACE_NONE},
    };
    (void)state;
    assert_in_range(file.to->space(file.to), SP_SPACE_PLENTY, SP_SPACE_NONE); /* the real disk */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        space_left = cases[i].left;
        sp_event_log_probe(file.log, probe, NULL);
        assert_int_equal(file.to->space(file.to), cases[i].space);
    }
    /* Asked for at most every 100 ms. */
    sp_event_log_probe(file.log, probe, NULL);
    probes_count = 0;
    for (int i = 0; i < 1000; i++)
        file.to->space(file.to);
    assert_in_range(probes_count, 1, 3);
}

/* A map that is too small stands in for a full disk: LMDB reports both from
 * the same calls. The log is broken for good, and what was there stays. */
static void a_full_map_is_a_failure(void **state)
{
    sp_finding finding;
    (void)state;
    sp_log_file_fill(&file, 1000, 10);
    sp_log_file_close(&file);
    assert_int_equal(
        sp_env_open(file.dir.path, SP_ENV_WRITE, UINT64_C(1) << 20, &file.env, &finding),
        SP_STORAGE_OK);
    assert_int_equal(sp_event_log_create(file.env, &file.log, &finding), SP_STORAGE_OK);
    file.to = sp_event_log_interface(file.log);
    assert_string_equal(sp_event_log_error(file.log), "");
    sp_log_status status = SP_LOG_OK;
    sp_log_head head;
    while (status == SP_LOG_OK) {
        sp_event event;
        sp_event_log_head(file.log, &head);
        for (int i = 0; i < 64 && status == SP_LOG_OK; i++) {
            sp_history_next(&file.history, &event);
            status = file.to->append(file.to, &event);
        }
        if (status == SP_LOG_OK)
            status = file.to->commit(file.to, file.history.time);
    }
    assert_int_equal(status, SP_LOG_FAILED);
    assert_non_null(strstr(sp_event_log_error(file.log), "MAP_FULL"));
    /* Every later call fails. */
    sp_event event = {.seq = head.seq + 1, .time = file.history.time};
    sp_profile profile = profile_of(500, "late@example.org");
    assert_int_equal(file.to->append(file.to, &event), SP_LOG_FAILED);
    assert_int_equal(file.to->profile_add(file.to, &profile), SP_LOG_FAILED);
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_FAILED);
    assert_int_equal(file.to->settle(file.to), SP_LOG_FAILED);

    sp_log_file_close(&file);
    sp_log_file_open(&file);
    sp_log_head after;
    sp_event_log_head(file.log, &after);
    assert_memory_equal(&after, &head, sizeof head);
    sp_recover_summary summary;
    sp_recover_config config = {.lookups = true};
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_OK);
    assert_int_equal(summary.seq, head.seq);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_empty_log_is_a_log),
        TEST(files_are_private),
        TEST(the_lock_file_has_no_holes),
        TEST(a_log_that_others_can_read_is_not_written),
        TEST(two_logs_have_two_ids),
        TEST(a_creation_cut_short_is_begun_anew),
        TEST(what_was_committed_is_there),
        TEST(what_was_not_committed_is_gone),
        TEST(an_empty_commit_does_nothing),
        TEST(a_commit_flushes_once_and_so_does_settle),
        TEST(a_new_log_is_settled),
        TEST(a_failed_settle_breaks_the_log),
        TEST(a_failed_flush_of_a_commit_breaks_the_log),
        TEST(profiles_come_back),
        TEST(an_email_is_taken_once),
        TEST(a_profile_needs_its_commit),
        TEST(profiles_are_read_beside_the_writer),
        TEST(space_is_watched),
        TEST(a_full_map_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
