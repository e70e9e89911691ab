/* SPDX-License-Identifier: MIT
 *
 * What the log promises of a batch (engine/log.h), held against every way that
 * the disk may be left: with LMDB's real writes and flushes, a power cut at any
 * of them, programs that are killed and go on, flushes that fail.
 *
 * Also the proof of LMDB's own premise under MDB_NOMETASYNC: a meta page that
 * is not flushed yet may be there or not, and either way the snapshot that the
 * disk knows is whole, because no page of the last two is reused.
 */
#include "tests/storage/fake_disk.h"

#include <stdio.h>

#include "storage/check.h"
#include "storage/log.h"
#include "storage/sessions.h"
#include "tests/support/history.h"
#include "tests/support/temp_dir.h"

/* Beside the events a session changes, in batches with events and without: how
 * often it did stands in its created_at. */
#define SESSION_USER 1u
#define SESSION_ID 1u
/* A batch that is being written, and those that it may be found without. */
#define PAIRS 4u

/* What a transaction leaves: both or neither. */
typedef struct pair {
    sp_seq seq;
    uint64_t version;
} pair;

#define MAP_BYTES (UINT64_C(1) << 30)

typedef struct machine {
    sp_temp_dir dir, cut_dir; /* cut_dir: what a power cut would leave, to look at */
    sp_env *env;
    sp_event_log *log;
    sp_log *to;
    sp_random random;
    uint64_t seed;
    sp_time_ms time;
    /* The account: certain is what the contract says of a crash right now, and
     * writing the last event that could be found. */
    sp_seq certain, writing;
    uint64_t version_certain, version_writing; /* of the session, likewise */
    pair pairs[PAIRS];                         /* of the last transactions */
    uint32_t pairs_count;
    uint32_t cut_once_in, cuts_count, behind_count, version_behind_count;
} machine;

static machine m;

static sp_seq head_of_log(void)
{
    sp_log_head head;
    sp_event_log_head(m.log, &head);
    return head.seq;
}

static int fd_of_log(void)
{
    int fd = -1;
    assert_int_equal(mdb_env_get_fd(m.env->mdb, &fd), 0);
    return fd;
}

/* Everything in the file is read by another process. */
static sp_seq check_directory(const sp_temp_dir *dir, sp_finding *finding)
{
    static const sp_log_check_options options = {.side = true, .lookups = true, .decode = true};
    static sp_log_report report;
    memset(&report, 0, sizeof report);
    sp_storage_status status = sp_log_check(dir->path, &options, &report, finding);
    if (status != SP_STORAGE_OK)
        fail_msg("seed %llu, cut %u: %s", (unsigned long long)m.seed, m.cuts_count, finding->text);
    return report.summary.seq;
}

/* In a child: the version of the session, 0 if there is none. */
static void read_version(void *context, void *result, sp_finding *finding)
{
    const sp_temp_dir *dir = context;
    sp_env *env;
    MDB_txn *txn;
    sp_session session;
    if (sp_env_open(dir->path, SP_ENV_READ, 0, &env, finding) != SP_STORAGE_OK)
        return;
    int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
    if (error == 0)
        error = sp_session_get(env, txn, SESSION_USER, SESSION_ID, &session);
    if (error == 0)
        *(uint64_t *)result = (uint64_t)session.created_at;
    if (error == 0 || error == MDB_NOTFOUND)
        sp_finding_clear(finding);
    else
        sp_finding_set(finding, SP_STORAGE_DAMAGED, 0, "the session: %s", mdb_strerror(error));
    sp_env_close(env);
}

static uint64_t version_in(sp_temp_dir *dir)
{
    uint64_t version = 0;
    sp_finding finding;
    if (sp_guard_run(read_version, dir, &version, sizeof version, &finding) != SP_STORAGE_OK)
        fail_msg("seed %llu, cut %u: %s", (unsigned long long)m.seed, m.cuts_count, finding.text);
    return version;
}

static void remember_pair(void)
{
    m.pairs[m.pairs_count++ % PAIRS] = (pair){m.writing, m.version_writing};
}

static bool is_pair(sp_seq seq, uint64_t version)
{
    for (uint32_t i = 0; i < PAIRS && i < m.pairs_count; i++)
        if (m.pairs[i].seq == seq && m.pairs[i].version == version)
            return true;
    return false;
}

static void check_found(sp_seq seq, uint64_t version)
{
    if (seq < m.certain || seq > m.writing || version < m.version_certain ||
        version > m.version_writing || !is_pair(seq, version))
        fail_msg("seed %llu, cut %u: seq %llu with version %llu found; %llu with %llu were "
                 "certain, %llu with %llu written",
                 (unsigned long long)m.seed, m.cuts_count, (unsigned long long)seq,
                 (unsigned long long)version, (unsigned long long)m.certain,
                 (unsigned long long)m.version_certain, (unsigned long long)m.writing,
                 (unsigned long long)m.version_writing);
}

/* Looks at what the disk would hold if the power went right now. */
static sp_seq look_at_cut(sp_random *random)
{
    size_t size;
    sp_finding finding;
    uint8_t *image = disk_cut(random, &size);
    sp_temp_dir_write(&m.cut_dir, "data.mdb", image, size);
    free(image);
    sp_seq found = check_directory(&m.cut_dir, &finding);
    m.cuts_count++;
    uint64_t version = version_in(&m.cut_dir);
    m.behind_count += found < m.writing;
    m.version_behind_count += version < m.version_writing;
    check_found(found, version);
    return found;
}

static void on_moment(void)
{
    if (sp_random_once_in(&m.random, m.cut_once_in))
        look_at_cut(&m.random);
}

/* ---- the program's life ---- */

static uint64_t version_of_log(void)
{
    sp_session session = {0};
    sp_log_status status = m.to->session_get(m.to, SESSION_USER, SESSION_ID, &session);
    assert_true(status == SP_LOG_OK || status == SP_LOG_NONE);
    assert_int_equal(m.to->commit(m.to, m.time), SP_LOG_OK); /* ends the reading */
    return (uint64_t)session.created_at;
}

static void open_log(void)
{
    sp_finding finding;
    assert_int_equal(sp_env_open(m.dir.path, SP_ENV_CREATE, MAP_BYTES, &m.env, &finding),
                     SP_STORAGE_OK);
    if (disk.cache == NULL)
        disk_attach(fd_of_log(), m.seed);
    else
        disk_reattach(fd_of_log());
    disk.on_moment = on_moment;
    assert_int_equal(sp_event_log_create(m.env, &m.log, &finding), SP_STORAGE_OK);
    m.to = sp_event_log_interface(m.log);
    /* What a start found is durable before anyone is shown it. */
    m.certain = m.writing = head_of_log();
    m.version_certain = m.version_writing = version_of_log();
    remember_pair();
}

/* kill -9: nothing more is written. */
static void close_log(void)
{
    disk.fd = -1;
    sp_event_log_destroy(m.log);
    sp_env_close(m.env);
}

static void cut_power(void)
{
    size_t size;
    sp_finding finding;
    uint8_t *image = disk_cut(&m.random, &size);
    close_log();
    disk_detach();
    sp_temp_dir_write(&m.dir, "data.mdb", image, size);
    free(image);
    sp_seq found = check_directory(&m.dir, &finding);
    check_found(found, version_in(&m.dir));
}

static void begin(uint64_t seed, uint32_t cut_once_in)
{
    m = (machine){.seed = seed, .cut_once_in = cut_once_in, .time = 1000};
    sp_random_seed(&m.random, seed);
    disk_detach(); /* of a test that failed */
    sp_temp_dir_make(&m.dir);
    sp_temp_dir_make(&m.cut_dir);
    remember_pair();
    open_log();
}

static void end(void)
{
    close_log();
    disk_detach();
    sp_temp_dir_remove(&m.dir);
    sp_temp_dir_remove(&m.cut_dir);
}

/* ---- writing ---- */

static sp_log_status append_user(sp_seq seq)
{
    sp_profile profile;
    sp_event event = {.seq = seq, .time = m.time, .type = SP_EVENT_USER_CREATED};
    event.user_created.user = (sp_user_id)seq;
    event.user_created.role = SP_ROLE_USER;
    sp_history_profile((sp_user_id)seq, m.time, &profile);
    sp_log_status status = m.to->profile_add(m.to, &profile);
    return status == SP_LOG_OK ? m.to->append(m.to, &event) : status;
}

static sp_log_status append_grant(sp_seq seq)
{
    sp_event event = {.seq = seq, .time = m.time, .type = SP_EVENT_POINTS_GRANTED};
    event.points_granted.user = 1;
    event.points_granted.amount = 1;
    return m.to->append(m.to, &event);
}

/* Up to 5 KB: over half a page LMDB keeps a value in pages of its own. */
static sp_log_status append_expiry(sp_seq seq)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event event = {.seq = seq, .time = m.time, .type = SP_EVENT_HOLDS_EXPIRED};
    event.holds_expired.holds = ids;
    event.holds_expired.holds_count =
        1 + (uint32_t)sp_random_below(&m.random, SP_HOLDS_PER_EXPIRY_MAX);
    for (uint32_t i = 0; i < event.holds_expired.holds_count; i++)
        ids[i] = UINT32_MAX - i;
    return m.to->append(m.to, &event);
}

static sp_log_status append_some(sp_seq seq)
{
    if (sp_random_once_in(&m.random, 10))
        return append_user(seq);
    return sp_random_once_in(&m.random, 40) ? append_expiry(seq) : append_grant(seq);
}

static sp_log_status write_session(void)
{
    sp_session session = {.user = SESSION_USER,
                          .id = SESSION_ID,
                          .created_at = (sp_time_ms)m.version_writing,
                          .rotated_at = m.time};
    return m.to->session_add(m.to, &session);
}

/* With the session, too, if there is no event. False: it failed, and the log
 * with it. */
static bool commit_batch(uint64_t count)
{
    sp_seq head = head_of_log();
    uint64_t version = m.version_writing;
    bool has_session = count == 0 || sp_random_once_in(&m.random, 3);
    m.writing = head + count;
    m.version_writing += has_session;
    m.time += 10;
    remember_pair();
    sp_log_status status = has_session ? write_session() : SP_LOG_OK;
    for (uint64_t i = 1; i <= count && status == SP_LOG_OK; i++)
        status = append_some(head + i);
    if (status == SP_LOG_OK)
        status = m.to->commit(m.to, m.time);
    if (status != SP_LOG_OK) {
        assert_int_equal(status, SP_LOG_FAILED);
        return false;
    }
    assert_int_equal(head_of_log(), m.writing);
    m.certain = head;
    m.version_certain = version;
    return true;
}

static bool settle(void)
{
    if (m.to->settle(m.to) != SP_LOG_OK)
        return false;
    m.certain = head_of_log();
    m.version_certain = m.version_writing;
    return true;
}

static uint64_t draw_count(void)
{
    static const uint64_t counts_max[] = {1, 3, 3, 30, 30, 300, 3000};
    if (sp_random_once_in(&m.random, 4))
        return 0;
    return 1 + sp_random_below(&m.random, counts_max[sp_random_below(&m.random, 7)]);
}

static void live(uint32_t batches_count)
{
    if (sp_random_once_in(&m.random, 2))
        disk.flush_fails_in = 1 + (uint32_t)sp_random_below(&m.random, 2 * batches_count);
    disk.keeps_nothing = sp_random_once_in(&m.random, 2);
    for (uint32_t i = 0; i < batches_count; i++) {
        if (!commit_batch(draw_count()))
            break;
        if (sp_random_once_in(&m.random, 3) && !settle())
            break;
    }
    disk.flush_fails_in = 0;
}

/* ---- tests ---- */

static void a_power_cut_takes_back_nothing_certain(void **state)
{
    (void)state;
    uint32_t cuts_count = 0, behind_count = 0, version_behind_count = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        begin(seed, 12);
        for (int life = 0; life < 8; life++) {
            live(12);
            if (sp_random_once_in(&m.random, 2))
                cut_power();
            else
                close_log();
            open_log();
        }
        cuts_count += m.cuts_count;
        behind_count += m.behind_count;
        version_behind_count += m.version_behind_count;
        end();
    }
    /* It did happen, and the last batch was not always there. */
    assert_true(cuts_count > 100);
    assert_true(behind_count > cuts_count / 20);
    assert_true(version_behind_count > cuts_count / 40);
}

/* What is not certain is really not there: if it always were, the tests above
 * would prove nothing. */
static void a_commit_alone_may_be_lost_and_a_later_one_keeps_it(void **state)
{
    (void)state;
    bool was_lost = false, was_there = false;
    sp_random random;
    sp_random_seed(&random, 1);
    begin(1, UINT32_MAX);
    assert_true(commit_batch(5));
    assert_true(settle());
    assert_true(commit_batch(5));
    for (int i = 0; i < 40; i++) {
        sp_seq found = look_at_cut(&random);
        was_lost |= found == 5;
        was_there |= found == 10;
    }
    assert_true(was_lost);
    assert_true(was_there);
    assert_true(commit_batch(1));
    for (int i = 0; i < 20; i++)
        assert_true(look_at_cut(&random) >= 10);
    assert_true(settle());
    for (int i = 0; i < 20; i++)
        assert_int_equal(look_at_cut(&random), 11);
    end();
}

/* A log-in alone, no event: it may be lost until the next batch or a settle. */
static void a_session_alone_may_be_lost_and_a_settle_keeps_it(void **state)
{
    (void)state;
    sp_random random;
    sp_random_seed(&random, 3);
    begin(3, UINT32_MAX);
    assert_true(commit_batch(5));
    assert_true(settle());
    for (int how = 0; how < 2; how++) {
        assert_true(commit_batch(0));
        uint32_t behind_count = m.version_behind_count;
        for (int i = 0; i < 40; i++)
            look_at_cut(&random);
        assert_in_range(m.version_behind_count - behind_count, 1, 39);
        if (how == 0)
            assert_true(settle());
        else
            assert_true(commit_batch(1));
        uint64_t certain = m.version_certain;
        assert_true(certain >= (uint64_t)how + 1);
        for (int i = 0; i < 20; i++)
            look_at_cut(&random);
    }
    end();
}

/* ---- who only reads ---- */

static sp_seq shown_seq;

static const char *on_event(void *context, const sp_event *event)
{
    (void)context;
    shown_seq = event->seq;
    return NULL;
}

static sp_storage_status read_all(sp_finding *finding)
{
    sp_env *env;
    sp_recover_summary summary;
    int fd = -1;
    shown_seq = 0;
    assert_int_equal(sp_env_open(m.dir.path, SP_ENV_READ, MAP_BYTES, &env, finding), SP_STORAGE_OK);
    assert_int_equal(mdb_env_get_fd(env->mdb, &fd), 0);
    disk_reattach(fd);
    disk.on_moment = NULL;
    sp_recover_config config = {.on_event = on_event};
    sp_storage_status status = sp_recover(env, &config, &summary, finding);
    disk.fd = -1;
    sp_env_close(env);
    return status;
}

/* The server was killed between a commit and its flush, and a tool looks at what
 * it has left: a power cut must not take back what the tool has shown. */
static void what_a_reader_shows_no_power_cut_takes_back(void **state)
{
    (void)state;
    sp_random random;
    sp_finding finding;
    sp_random_seed(&random, 4);
    begin(4, UINT32_MAX);
    assert_true(commit_batch(5));
    assert_true(settle());
    assert_true(commit_batch(5));
    close_log();
    /* If it can't be made durable, it is not shown. */
    disk.flush_fails_in = 1;
    disk.keeps_nothing = true;
    bool dirty[DISK_PAGES_MAX];
    memcpy(dirty, disk.dirty, sizeof dirty);
    assert_int_equal(read_all(&finding), SP_STORAGE_FAILED);
    assert_non_null(strstr(finding.text, "can't flush"));
    assert_int_equal(shown_seq, 0);
    /* As if it had not been tried: a failed flush leaves nothing to flush. */
    memcpy(disk.dirty, dirty, sizeof dirty);
    assert_int_equal(read_all(&finding), SP_STORAGE_OK);
    assert_int_equal(shown_seq, 10);
    m.certain = shown_seq;
    m.version_certain = m.version_writing;
    for (int i = 0; i < 40; i++)
        look_at_cut(&random);
    open_log();
    end();
}

/* A flush that failed leaves a clean cache that shows what the disk lacks. A
 * start that believed it would go on from there, and the next commit's flush
 * would make nothing durable but its own pages; after a second failure, LMDB
 * would write over the last snapshot that the disk has. */
static void a_start_after_a_failed_flush_writes_what_it_shows(void **state)
{
    (void)state;
    sp_random random;
    sp_random_seed(&random, 2);
    for (int failures_count = 1; failures_count <= 4; failures_count++) {
        begin((uint64_t)failures_count, UINT32_MAX);
        for (int i = 0; i < 10; i++)
            assert_true(commit_batch(20));
        assert_true(settle());
        disk.keeps_nothing = true;
        for (int i = 0; i < failures_count; i++) {
            assert_true(commit_batch(20));
            disk.flush_fails_in = 1;
            assert_false(settle());
            look_at_cut(&random);
            close_log();
            open_log();
            look_at_cut(&random);
        }
        m.cut_once_in = 1;
        assert_true(commit_batch(20));
        assert_true(commit_batch(20));
        look_at_cut(&random);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_alone_may_be_lost_and_a_later_one_keeps_it),
        cmocka_unit_test(a_session_alone_may_be_lost_and_a_settle_keeps_it),
        cmocka_unit_test(what_a_reader_shows_no_power_cut_takes_back),
        cmocka_unit_test(a_start_after_a_failed_flush_writes_what_it_shows),
        cmocka_unit_test(a_power_cut_takes_back_nothing_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
