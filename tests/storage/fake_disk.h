/* SPDX-License-Identifier: MIT
 *
 * A disk below a log that is open in this process: sees every write and flush
 * of its file, and knows what a power cut at this moment could leave. Include it
 * in one file of a test program: it takes the place of the C library's pwrite,
 * writev and fdatasync, for LMDB too, and passes all of them on.
 *
 * The machine's cache is what the file holds. A page that was written is dirty
 * until a flush has returned; a flush that fails leaves every page clean, and
 * some of them not written (that is what Linux does: a later flush of the file
 * succeeds, and has written nothing of them). A dirty page may also be written
 * any time before.
 */
#ifndef SP_TESTS_STORAGE_FAKE_DISK_H
#define SP_TESTS_STORAGE_FAKE_DISK_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/random.h"

#define DISK_PAGE 4096u
#define DISK_SECTOR 512u
#define DISK_PAGES_MAX 8192u /* 32 MiB */

typedef struct fake_disk {
    int fd; /* of the file; < 0: nothing is watched */
    sp_random random;
    uint8_t *cache, *disk; /* DISK_PAGES_MAX pages each */
    bool dirty[DISK_PAGES_MAX];
    size_t size, disk_size; /* in bytes */
    uint32_t writes_count, flushes_count, flushed_pages_count;
    uint32_t flush_fails_in; /* 1: the next flush fails; 0: none does */
    uint32_t write_fails_in; /* likewise, a write, with ENOSPC */
    size_t write_short_size; /* … after so many bytes */
    bool keeps_nothing;      /* a failed flush has written no page */
    void (*on_moment)(void); /* before each write and flush; may be NULL */
} fake_disk;

static fake_disk disk = {.fd = -1};

/* What the file holds now is on the disk. The fd is LMDB's own. */
static inline void disk_attach(int fd, uint64_t seed)
{
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    assert_true((size_t)about.st_size <= (size_t)DISK_PAGES_MAX * DISK_PAGE);
    free(disk.cache);
    free(disk.disk);
    disk = (fake_disk){.fd = fd, .size = (size_t)about.st_size};
    disk.cache = calloc(DISK_PAGES_MAX, DISK_PAGE);
    disk.disk = calloc(DISK_PAGES_MAX, DISK_PAGE);
    assert_non_null(disk.cache);
    assert_non_null(disk.disk);
    assert_int_equal(pread(fd, disk.cache, disk.size, 0), about.st_size);
    memcpy(disk.disk, disk.cache, disk.size);
    disk.disk_size = disk.size;
    sp_random_seed(&disk.random, seed);
}

/* The same file, opened again by a program that was killed and started: what is
 * dirty still is. */
static inline void disk_reattach(int fd)
{
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_size, disk.size);
    disk.fd = fd;
}

static inline void disk_detach(void)
{
    free(disk.cache);
    free(disk.disk);
    disk = (fake_disk){.fd = -1};
}

static inline void page_written(size_t page)
{
    memcpy(disk.disk + page * DISK_PAGE, disk.cache + page * DISK_PAGE, DISK_PAGE);
    if (disk.disk_size < (page + 1) * DISK_PAGE)
        disk.disk_size = (page + 1) * DISK_PAGE;
}

static inline void moment(void)
{
    if (disk.on_moment != NULL)
        disk.on_moment();
    /* The kernel writes a dirty page when it likes. */
    size_t page = sp_random_below(&disk.random, DISK_PAGES_MAX / 64);
    if (disk.dirty[page])
        page_written(page);
}

static inline void disk_write(size_t offset, const void *bytes, size_t size)
{
    assert_true(offset + size <= (size_t)DISK_PAGES_MAX * DISK_PAGE);
    memcpy(disk.cache + offset, bytes, size);
    for (size_t page = offset / DISK_PAGE; page * DISK_PAGE < offset + size; page++)
        disk.dirty[page] = true;
    if (offset + size > disk.size)
        disk.size = offset + size;
    disk.writes_count++;
}

/* What a power cut now could leave: malloc'ed. Each dirty page is there whole,
 * in part or not at all. */
static inline uint8_t *disk_cut(sp_random *random, size_t *size)
{
    uint8_t *image = calloc(DISK_PAGES_MAX, DISK_PAGE);
    assert_non_null(image);
    memcpy(image, disk.disk, disk.disk_size);
    *size = disk.disk_size;
    enum { NOTHING, ALL, PAGES, SECTORS } mode = (int)sp_random_below(random, 4);
    bool stays = mode == ALL;
    for (size_t at = 0; at < disk.size; at += DISK_SECTOR) {
        if (mode == SECTORS || (mode == PAGES && at % DISK_PAGE == 0))
            stays = sp_random_once_in(random, 2);
        if (!disk.dirty[at / DISK_PAGE] || !stays)
            continue;
        memcpy(image + at, disk.cache + at, DISK_SECTOR);
        if (*size < at + DISK_SECTOR)
            *size = at + DISK_SECTOR;
    }
    return image;
}

static inline bool fails_now(uint32_t *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

int fdatasync(int fd);
int fdatasync(int fd)
{
    if (fd != disk.fd)
        return (int)syscall(SYS_fdatasync, fd);
    moment();
    bool fails = fails_now(&disk.flush_fails_in);
    for (size_t page = 0; page * DISK_PAGE < disk.size; page++) {
        bool stays = !fails || (!disk.keeps_nothing && sp_random_once_in(&disk.random, 2));
        if (disk.dirty[page] && stays)
            page_written(page);
        disk.flushed_pages_count += disk.dirty[page];
        disk.dirty[page] = false;
    }
    disk.flushes_count++;
    errno = EIO;
    return fails ? -1 : 0;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (fd == disk.fd) {
        moment();
        if (fails_now(&disk.write_fails_in)) {
            if (disk.write_short_size == 0) {
                errno = ENOSPC;
                return -1;
            }
            size = disk.write_short_size < size ? disk.write_short_size : size;
        }
        disk_write((size_t)offset, bytes, size);
    }
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

/* LMDB writes several pages in a row so, at the file's own position. */
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (fd == disk.fd) {
        moment();
        size_t at = (size_t)syscall(SYS_lseek, fd, 0, SEEK_CUR);
        for (int i = 0; i < count; i++) {
            disk_write(at, parts[i].iov_base, parts[i].iov_len);
            at += parts[i].iov_len;
        }
    }
    return syscall(SYS_writev, fd, parts, count);
}

#endif
