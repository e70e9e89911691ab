/* SPDX-License-Identifier: MIT
 *
 * The durable floor is durable: at every moment when slots are given back, the
 * disk has their records, by what LMDB wrote and flushed until then. This
 * program's own pwrite and fdatasync go before the C library's, so LMDB's
 * calls are seen on their way to the kernel.
 *
 * A meta page names how many records the file has. It counts as durable when
 * it was written through a descriptor with O_DSYNC, or a flush that began
 * behind its write has returned; and only if no other page written before it
 * was still unflushed then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/floor_log.h"
#include "engine/assert.h"
#include "storage/wait.h"
#include "tests/support/temp_dir.h"

/* LMDB's two meta pages come first; it writes one from its map size on, and
 * the number of entries of the main database stands so far behind that. */
#define META_BYTES 8192
#define ENTRIES_OFFSET 88

/* All of the floor's thread, but for the two counts that the test reads. */
static uint64_t written_entries; /* by the last meta page */
static bool pages_unflushed;
static _Atomic uint64_t durable_entries, told_count;
static uint32_t flushes_count, metas_count;

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t wrote = syscall(SYS_pwrite64, fd, bytes, size, offset);
    if (offset >= META_BYTES) {
        pages_unflushed = true;
    } else if (size >= ENTRIES_OFFSET + 8 && size < 4096) {
        SP_ASSERT(!pages_unflushed); /* it would point to what may be lost */
        memcpy(&written_entries, (const char *)bytes + ENTRIES_OFFSET, 8);
        metas_count++;
        if (fcntl(fd, F_GETFL) & O_DSYNC)
            durable_entries = written_entries;
    }
    return wrote;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    pages_unflushed = true;
    return syscall(SYS_writev, fd, parts, count);
}

int fdatasync(int fd)
{
    int status = (int)syscall(SYS_fdatasync, fd);
    flushes_count++;
    pages_unflushed = false;
    durable_entries = written_entries;
    return status;
}

/* Slots that are back, for the thread that pushes: taken here, on the floor's
 * thread, so that what is judged is the moment of the giving. */
static sp_futex_wait pusher;
static sp_slot *_Atomic back;

static void on_wake(sp_mailbox *mailbox)
{
    sp_slot *slots = sp_mailbox_take_all(mailbox), *last = NULL;
    uint64_t count = 0;
    for (sp_slot *slot = slots; slot != NULL; slot = slot->next, count++)
        last = slot;
    uint64_t told = atomic_load(&told_count) + count;
    SP_ASSERT_CMP(told, <=, atomic_load(&durable_entries));
    atomic_store(&told_count, told);
    sp_slot *others = atomic_load(&back);
    do {
        last->next = others;
    } while (!atomic_compare_exchange_weak(&back, &others, slots));
    pusher.wait.wake(&pusher.wait);
}

static uint32_t take_back(sp_slots *slots)
{
    uint32_t count = 0;
    sp_slot *slot = atomic_exchange(&back, NULL);
    for (; slot != NULL; count++) {
        sp_slot *next = slot->next;
        sp_slots_give(slots, slot);
        slot = next;
    }
    return count;
}

/* Bursts of 1 … 64 with pauses, so that the thread both finds more behind a
 * commit and finds nothing. */
static void push_all(sp_queue *queue, sp_slots *slots, uint32_t count)
{
    uint32_t pushed = 0, returned = 0;
    while (returned < count) {
        for (uint32_t burst = pushed % 64 + 1; burst > 0 && pushed < count; burst--) {
            sp_slot *slot = sp_slots_take(slots);
            if (slot == NULL)
                break;
            assert_true(sp_queue_push(queue, slot));
            pushed++;
        }
        sp_queue_notify(queue);
        if (pushed % 3 == 0 || pushed == count)
            pusher.wait.sleep(&pusher.wait, 1000);
        returned += take_back(slots);
    }
}

static void check_discipline(sp_bench_floor_commit commit, uint32_t count)
{
    sp_temp_dir dir;
    sp_futex_wait wait;
    sp_mailbox mailbox;
    sp_slots slots;
    sp_temp_dir_make(&dir);
    sp_futex_wait_init(&wait);
    sp_futex_wait_init(&pusher);
    sp_mailbox_init(&mailbox, on_wake);
    assert_true(sp_slots_init(&slots, 256, &mailbox));
    sp_queue *queue = sp_queue_create(256, &wait.wait);
    assert_non_null(queue);
    written_entries = 0;
    durable_entries = told_count = 0;
    flushes_count = metas_count = 0;
    sp_bench_floor_log *log = sp_bench_floor_log_open(dir.path, commit, queue);
    assert_non_null(log);
    assert_true(sp_bench_floor_log_start(log));
    push_all(queue, &slots, count);
    sp_bench_floor_log_stop(log);
    assert_int_equal(told_count, count);
    assert_int_equal(durable_entries, count);
    assert_true(metas_count > 10); /* it was seen at work */
    assert_true(flushes_count >= metas_count);
    sp_bench_floor_log_close(log);
    sp_queue_destroy(queue);
    sp_slots_close(&slots);
    sp_temp_dir_remove(&dir);
}

static void lmdb_commits_before_it_tells(void **unused)
{
    (void)unused;
    check_discipline(SP_BENCH_FLOOR_LMDB, 3000);
}

static void grouped_commits_are_covered_before_they_are_told(void **unused)
{
    (void)unused;
    check_discipline(SP_BENCH_FLOOR_GROUPED, 20000);
}

static void a_file_that_can_not_be_made_is_an_error(void **unused)
{
    (void)unused;
    sp_futex_wait wait;
    sp_futex_wait_init(&wait);
    sp_queue *queue = sp_queue_create(2, &wait.wait);
    assert_non_null(queue);
    assert_null(sp_bench_floor_log_open("/proc/nowhere", SP_BENCH_FLOOR_LMDB, queue));
    sp_queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lmdb_commits_before_it_tells),
        cmocka_unit_test(grouped_commits_are_covered_before_they_are_told),
        cmocka_unit_test(a_file_that_can_not_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
