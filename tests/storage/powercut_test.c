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
#include "tests/support/history.h"
#include "tests/support/temp_dir.h"

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
    uint32_t cut_once_in, cuts_count, behind_count;
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
    m.behind_count += found < m.writing;
    if (found < m.certain || found > m.writing)
        fail_msg("seed %llu, cut %u: seq %llu found, %llu were certain, %llu written",
                 (unsigned long long)m.seed, m.cuts_count, (unsigned long long)found,
                 (unsigned long long)m.certain, (unsigned long long)m.writing);
    return found;
}

static void on_moment(void)
{
    if (sp_random_once_in(&m.random, m.cut_once_in))
        look_at_cut(&m.random);
}

/* ---- the program's life ---- */

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
    assert_in_range(found, m.certain, m.writing);
}

static void begin(uint64_t seed, uint32_t cut_once_in)
{
    m = (machine){.seed = seed, .cut_once_in = cut_once_in, .time = 1000};
    sp_random_seed(&m.random, seed);
    disk_detach(); /* of a test that failed */
    sp_temp_dir_make(&m.dir);
    sp_temp_dir_make(&m.cut_dir);
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

/* False: it failed, and the log with it. */
static bool commit_batch(uint64_t count)
{
    sp_seq head = head_of_log();
    m.writing = head + count;
    m.time += 10;
    sp_log_status status = SP_LOG_OK;
    for (uint64_t i = 1; i <= count && status == SP_LOG_OK; i++)
        status = sp_random_once_in(&m.random, 10) ? append_user(head + i) : append_grant(head + i);
    if (status == SP_LOG_OK)
        status = m.to->commit(m.to, m.time);
    if (status != SP_LOG_OK) {
        assert_int_equal(status, SP_LOG_FAILED);
        return false;
    }
    assert_int_equal(head_of_log(), m.writing);
    m.certain = head;
    return true;
}

static bool settle(void)
{
    if (m.to->settle(m.to) != SP_LOG_OK)
        return false;
    m.certain = head_of_log();
    return true;
}

static uint64_t draw_count(void)
{
    static const uint64_t counts_max[] = {1, 3, 3, 30, 30, 300, 3000};
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
    uint32_t cuts_count = 0, behind_count = 0;
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
        end();
    }
    /* It did happen, and the last batch was not always there. */
    assert_true(cuts_count > 100);
    assert_true(behind_count > cuts_count / 20);
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
        cmocka_unit_test(a_start_after_a_failed_flush_writes_what_it_shows),
        cmocka_unit_test(a_power_cut_takes_back_nothing_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
