/* SPDX-License-Identifier: MIT
 *
 * LD_PRELOADed under the real server: a disk in trouble, as told by the file
 * SP_DISK_CONTROL, which is read anew at every call so that a test can change
 * it under way. Each of its lines is one of
 *
 *   hold           a flush does not go on while this stands there
 *   fail_flush     a flush fails (EIO) and flushes nothing
 *   fail_write     a write of data.mdb fails (ENOSPC) and writes nothing
 *   free_mib N     the file system has so much space left
 *
 * No file, no trouble. It makes states that last long enough to be looked at:
 * a server that is starting, a batch that is being committed, a full queue.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The number behind `word` in the control file, 0 for a word alone, -1 if it
 * is not there. */
static long control(const char *word)
{
    char text[512];
    const char *path = getenv("SP_DISK_CONTROL");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return -1;
    long size = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    text[size > 0 ? size : 0] = '\0';
    const char *found = strstr(text, word);
    return found ? strtol(found + strlen(word), NULL, 10) : -1;
}

/* Is this the log? By name: an fd says nothing of itself. */
static bool is_data(int fd)
{
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, sizeof name - 1);
    if (size < 0)
        return false;
    name[size] = '\0';
    const char *slash = strrchr(name, '/');
    return slash && strcmp(slash, "/data.mdb") == 0;
}

static bool flush_fails(void)
{
    const struct timespec pause = {0, 2000000};
    while (control("hold") >= 0)
        nanosleep(&pause, NULL);
    if (control("fail_flush") < 0)
        return false;
    errno = EIO;
    return true;
}

static bool write_fails(int fd)
{
    int saved_errno = errno;
    if (control("fail_write") < 0 || !is_data(fd)) {
        errno = saved_errno;
        return false;
    }
    errno = ENOSPC;
    return true;
}

int fdatasync(int fd)
{
    return flush_fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    return flush_fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    return write_fails(fd) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return write_fails(fd) ? -1 : syscall(SYS_writev, fd, parts, count);
}

int statvfs(const char *path, struct statvfs *out)
{
    struct statfs fs;
    if (syscall(SYS_statfs, path, &fs) != 0)
        return -1;
    long free_mib = control("free_mib");
    unsigned long unit = (unsigned long)(fs.f_frsize ? fs.f_frsize : fs.f_bsize);
    *out = (struct statvfs){
        .f_bsize = (unsigned long)fs.f_bsize,
        .f_frsize = unit,
        .f_blocks = fs.f_blocks,
        .f_bfree = fs.f_bfree,
        .f_bavail = free_mib < 0 ? fs.f_bavail : (fsblkcnt_t)free_mib * 1048576 / unit,
        .f_files = fs.f_files,
        .f_ffree = fs.f_ffree,
        .f_favail = fs.f_ffree,
        .f_namemax = (unsigned long)fs.f_namelen,
    };
    return 0;
}

int statvfs64(const char *path, struct statvfs64 *out)
{
    return statvfs(path, (struct statvfs *)(void *)out);
}
