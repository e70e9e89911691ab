/* SPDX-License-Identifier: MIT
 *
 * Room ahead in the log's file: it costs no page in use, saves commits from
 * growing the file, is not made on a disk that is short of space, and where it
 * can't be made nothing else changes.
 */
#include "tests/storage/fake_disk.h"

#include <stdio.h>

#include "storage/check.h"
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

static void reopen(void)
{
    disk.fd = -1;
    sp_log_file_close(&file);
    sp_log_file_open(&file);
}

static int fd_of_log(void)
{
    int fd = -1;
    assert_int_equal(mdb_env_get_fd(file.env->mdb, &fd), 0);
    return fd;
}

static uint64_t file_bytes(void)
{
    struct stat about;
    assert_int_equal(fstat(fd_of_log(), &about), 0);
    return (uint64_t)about.st_size;
}

static uint64_t used_bytes(void)
{
    MDB_envinfo info;
    MDB_stat stats;
    assert_int_equal(mdb_env_info(file.env->mdb, &info), 0);
    assert_int_equal(mdb_env_stat(file.env->mdb, &stats), 0);
    return ((uint64_t)info.me_last_pgno + 1) * stats.ms_psize;
}

/* Every page in use is read by another process, and the events by this one. */
static void all_is_well(void)
{
    static const sp_log_check_options options = {.side = true, .lookups = true, .decode = true};
    static sp_log_report report;
    sp_finding finding;
    uint8_t got[SP_DIGEST_SIZE], want[SP_DIGEST_SIZE];
    memset(&report, 0, sizeof report);
    assert_int_equal(sp_log_check(file.dir.path, &options, &report, &finding), SP_STORAGE_OK);
    assert_int_equal(report.summary.seq, sp_state_seq(file.history.state));

    sp_recover_summary summary;
    sp_state *state = sp_state_create(&sp_limits_default);
    sp_recover_config config = {.state = state, .lookups = true};
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_OK);
    sp_digest(state, got);
    sp_digest(file.history.state, want);
    assert_memory_equal(got, want, sizeof got);
    sp_state_destroy(state);
}

static void no_page_in_use_is_touched(void **unused)
{
    static const struct {
        uint32_t events_count, batch_size;
    } rounds[] = {{200, 1},      {500, 7},  {12000, 12000}, {1, 1},         {9000, 3000},
                  {15000, 5000}, {300, 64}, {40000, 40000}, {20000, 20000}, {100, 1}};
    (void)unused;
    bool was_passed = false;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        uint64_t end = file_bytes();
        sp_log_file_fill(&file, rounds[i].events_count, rounds[i].batch_size);
        was_passed |= used_bytes() > end + UINT64_C(512) * 1024;
        all_is_well();
        if (i % 3 == 1)
            reopen();
        sp_log_file_fill(&file, 3, 1); /* room behind what passed it */
        assert_true(file_bytes() >= used_bytes());
        all_is_well();
    }
    assert_true(was_passed); /* some batch was larger than any room */
}

/* The point of it all: batch after batch, hardly any flush has a new size to
 * write down. */
static void commits_seldom_grow_the_file(void **unused)
{
    (void)unused;
    sp_log_file_fill(&file, 100, 10);
    uint64_t size = file_bytes(), first = size;
    uint32_t growths_count = 0, batches_count = 400;
    for (uint32_t i = 0; i < batches_count; i++) {
        sp_log_file_fill(&file, 64, 64);
        growths_count += file_bytes() != size;
        size = file_bytes();
        assert_true(used_bytes() <= size);
    }
    assert_true(size > first);
    assert_true(growths_count >= 1);
    assert_true(growths_count <= (size - first) / (256 * 1024) + 1);
    assert_true(growths_count < batches_count / 10);
}

/* Room that is there is not made again by every start. */
static void a_start_finds_the_room_that_was_made(void **unused)
{
    (void)unused;
    sp_log_file_fill(&file, 10, 1);
    uint64_t size = file_bytes();
    for (int i = 0; i < 20; i++) {
        reopen();
        sp_log_file_fill(&file, 1, 1);
        assert_int_equal(file_bytes(), size);
    }
    all_is_well();
}

static int64_t space_left;

static int64_t probe(void *context)
{
    (void)context;
    return space_left;
}

static void no_room_is_made_where_space_is_short(void **unused)
{
    static const int64_t lefts[] = {SP_SPACE_LOW_BYTES - 1, SP_SPACE_NONE_BYTES - 1, 0};
    (void)unused;
    for (size_t i = 0; i < sizeof lefts / sizeof *lefts; i++) {
        /* Through the room that is there, to where the file must grow. */
        space_left = lefts[i];
        sp_event_log_probe(file.log, probe, NULL);
        assert_int_not_equal(file.to->space(file.to), SP_SPACE_PLENTY);
        uint64_t room_end = file_bytes();
        while (used_bytes() <= room_end) {
            assert_true(file_bytes() <= room_end || file_bytes() <= used_bytes());
            sp_log_file_fill(&file, 64, 64);
        }
        for (int j = 0; j < 20; j++) {
            sp_log_file_fill(&file, 64, 64);
            assert_true(file_bytes() <= used_bytes());
        }
        all_is_well();
        /* Space has come back: so does the room. */
        space_left = SP_SPACE_LOW_BYTES;
        sp_event_log_probe(file.log, probe, NULL);
        assert_int_equal(file.to->space(file.to), SP_SPACE_PLENTY);
        sp_log_file_fill(&file, 64, 64);
        assert_true(file_bytes() >= used_bytes() + 64 * 1024);
    }
}

/* A write that fails, or stops half-way (at no page's border too), costs the
 * room and nothing else. */
static void a_write_that_fails_is_harmless(void **unused)
{
    static const size_t short_sizes[] = {0, 1, 1000, 4096, 100000};
    (void)unused;
    for (size_t i = 0; i < sizeof short_sizes / sizeof *short_sizes; i++) {
        uint64_t room_end = file_bytes();
        disk_attach(fd_of_log(), 1);
        while (used_bytes() + 128 * 1024 <= room_end)
            sp_log_file_fill(&file, 64, 64);
        uint64_t size = file_bytes();
        disk.write_fails_in = 1; /* the next write is that of the room */
        disk.write_short_size = short_sizes[i];
        sp_log_file_fill(&file, 64, 64);
        assert_int_equal(disk.write_fails_in, 0);
        assert_in_range(file_bytes(), size, size + 256 * 1024 + short_sizes[i]);
        for (int j = 0; j < 30; j++)
            sp_log_file_fill(&file, 64, 64);
        assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
        all_is_well();
        reopen();
        all_is_well();
        assert_string_equal(sp_event_log_error(file.log), "");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_page_in_use_is_touched),
        TEST(commits_seldom_grow_the_file),
        TEST(a_start_finds_the_room_that_was_made),
        TEST(no_room_is_made_where_space_is_short),
        TEST(a_write_that_fails_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
