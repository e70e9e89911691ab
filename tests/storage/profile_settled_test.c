/* SPDX-License-Identifier: MIT
 *
 * A profile that was read may be told only when it is durable: readers wait for
 * the flush that makes it so, and learn it if there will be none.
 */
#include "tests/storage/fake_disk.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "storage/profiles.h"
#include "tests/support/log_file.h"

static sp_log_file file;
static sp_profiles profiles;

static int set_up(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_profiles_init(&profiles, file.env);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disk_detach();
    sp_log_file_remove(&file);
    return 0;
}

/* Somebody on the pool: reads a profile, waits, and would tell it then. */
typedef struct teller {
    pthread_t thread;
    sp_user_id user;
    sp_profile profile;
    _Atomic int found; /* of the read; -2: not yet */
    _Atomic int told;  /* of the wait; -2: not yet */
} teller;

static void *tell(void *context)
{
    teller *one = context;
    sp_profile_reader *reader = &profiles.reader;
    atomic_store(&one->found, reader->by_id(reader, one->user, &one->profile));
    atomic_store(&one->told, reader->settled(reader));
    return NULL;
}

static void start(teller *one, sp_user_id user)
{
    *one = (teller){.user = user, .found = -2, .told = -2};
    assert_int_equal(pthread_create(&one->thread, NULL, tell, one), 0);
}

/* It has read; and a while later it still waits. */
static void expect_waiting(teller *one)
{
    while (atomic_load(&one->found) == -2)
        sched_yield();
    nanosleep(&(struct timespec){.tv_nsec = 30 * 1000000}, NULL);
    assert_int_equal(atomic_load(&one->found), 1);
    assert_int_equal(atomic_load(&one->told), -2);
}

static void expect_told(teller *one, int wanted)
{
    assert_int_equal(pthread_join(one->thread, NULL), 0);
    assert_int_equal(atomic_load(&one->told), wanted);
}

static void rename_to(sp_user_id user, const char *nickname)
{
    sp_profile profile;
    assert_int_equal(file.to->profile_get(file.to, user, &profile), SP_LOG_OK);
    profile.nickname_size = (uint32_t)strlen(nickname);
    memcpy(profile.nickname, nickname, profile.nickname_size);
    assert_int_equal(file.to->profile_put(file.to, &profile), SP_LOG_OK);
    assert_int_equal(file.to->commit(file.to, file.history.time), SP_LOG_OK);
}

static bool is_called(const teller *one, const char *nickname)
{
    return one->profile.nickname_size == strlen(nickname) &&
           memcmp(one->profile.nickname, nickname, one->profile.nickname_size) == 0;
}

static void what_is_durable_is_told_at_once(void **state)
{
    teller one;
    (void)state;
    sp_log_file_fill(&file, 5, 5); /* users 1 to 4 */
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    start(&one, 2);
    expect_told(&one, 0);
    assert_int_equal(atomic_load(&one.found), 1);
    /* So is what a start has found, and what nobody writes. */
    sp_log_file_close(&file);
    sp_log_file_open(&file);
    sp_profiles_init(&profiles, file.env);
    start(&one, 2);
    expect_told(&one, 0);
}

static void an_edit_is_told_when_it_has_been_flushed(void **state)
{
    teller first, second;
    (void)state;
    sp_log_file_fill(&file, 5, 5);
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    rename_to(2, "one");
    start(&first, 2);
    expect_waiting(&first);
    assert_true(is_called(&first, "one"));
    /* The commit behind it flushes it, but not itself. */
    rename_to(2, "two");
    expect_told(&first, 0);
    start(&second, 2);
    expect_waiting(&second);
    assert_true(is_called(&second, "two"));
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    expect_told(&second, 0);
}

static void what_will_never_be_durable_is_never_told(void **state)
{
    teller one;
    int fd;
    (void)state;
    sp_log_file_fill(&file, 5, 5);
    assert_int_equal(file.to->settle(file.to), SP_LOG_OK);
    assert_int_equal(mdb_env_get_fd(file.env->mdb, &fd), 0);
    disk_attach(fd, 1);
    rename_to(2, "one");
    start(&one, 2);
    expect_waiting(&one);
    disk.flush_fails_in = 1;
    assert_int_equal(file.to->settle(file.to), SP_LOG_FAILED);
    expect_told(&one, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_durable_is_told_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_edit_is_told_when_it_has_been_flushed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_will_never_be_durable_is_never_told, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
