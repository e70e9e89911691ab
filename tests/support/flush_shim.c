/* SPDX-License-Identifier: MIT
 *
 * LD_PRELOADed under the real server: writes down, in order, every write and
 * flush of data.mdb, the rename that gives it its name, every flush of a
 * directory and every send on a TCP socket, with their bytes. What a
 * power cut at any moment would leave, and what the clients had been told by
 * then, can be rebuilt from that alone (tests/e2e/lib/powercut.mjs).
 *
 * The order is honest in the direction that matters. A send is recorded
 * before its system call, a flush's end after it: if the trace shows "flush
 * ended" before "send", then the disk had the data before the socket had the
 * answer. Each record is one O_APPEND write, so the kernel orders them among
 * threads, and no lock of ours can hide or make an ordering.
 *
 * Trace: the file of SP_FLUSH_TRACE; records of struct record (little-endian),
 * each followed by `size` bytes. A record's place in the file is its sequence.
 *
 * System calls are made raw: nothing here recurses, and no dlsym is needed. A
 * library that makes its calls raw as well (libuv's close) is not seen;
 * sockets are therefore told apart by fd and peer port.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    KIND_OPEN = 1, /* offset: the flags */
    KIND_CLOSE = 2,
    KIND_WRITE = 3,    /* begins; offset: in the file; the bytes follow */
    KIND_FLUSH = 4,    /* fdatasync or fsync begins */
    KIND_TRUNCATE = 5, /* begins; offset: the new size */
    KIND_SEND = 6,     /* begins; offset: the peer's port; the bytes follow */
    KIND_RETURN = 7,   /* of this thread's last begun call; offset: its result */
    KIND_MAPPED = 8,   /* data.mdb was mapped shared and writable */
    KIND_RENAME = 9,   /* something becomes data.mdb; offset: the inode of the
                          directory that it goes to */
};

enum role {
    ROLE_NONE = 0,
    ROLE_DATA = 1,       /* data.mdb */
    ROLE_DATA_DSYNC = 2, /* data.mdb, opened with O_DSYNC or O_SYNC */
    ROLE_SOCKET = 3,
    ROLE_DIRECTORY = 4, /* flushed directory; offset: its inode */
};

struct record {
    uint32_t kind, role;
    int32_t fd;
    uint32_t thread;
    int64_t offset;
    uint64_t size; /* of what follows */
};
_Static_assert(sizeof(struct record) == 32, "the checker reads 32-byte heads");

#define FDS_MAX 65536

/* An fd is handed from thread to thread by the program itself, which orders
 * our store before its use: any memory order would do. */
static _Atomic uint8_t roles[FDS_MAX];
static int trace_fd = -1;
static pthread_once_t trace_once = PTHREAD_ONCE_INIT;

/* ---- the trace ---------------------------------------------------------- */

static void die(const char *why)
{
    syscall(SYS_write, 2, "flush_shim: ", 12);
    syscall(SYS_write, 2, why, strlen(why));
    syscall(SYS_write, 2, "\n", 1);
    abort();
}

static void trace_open(void)
{
    const char *path = getenv("SP_FLUSH_TRACE");
    if (!path)
        return;
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        die("the trace can not be opened");
    trace_fd = (int)fd;
}

/* One append, head and bytes at once. A short one would garble all that comes
 * after it, so it ends the program. */
static void record_put(enum kind kind, enum role role, int fd, int64_t offset,
                       const struct iovec *parts, int parts_count)
{
    pthread_once(&trace_once, trace_open);
    if (trace_fd < 0)
        return;
    int saved_errno = errno;
    struct record head = {.kind = kind,
                          .role = role,
                          .fd = fd,
                          .offset = offset,
                          .thread = (uint32_t)syscall(SYS_gettid)};
    for (int i = 0; i < parts_count; i++)
        head.size += parts[i].iov_len;
    size_t size = sizeof head + head.size;
    char *bytes = malloc(size);
    if (!bytes)
        die("out of memory");
    memcpy(bytes, &head, sizeof head);
    char *to = bytes + sizeof head;
    for (int i = 0; i < parts_count; i++) {
        if (parts[i].iov_len > 0)
            memcpy(to, parts[i].iov_base, parts[i].iov_len);
        to += parts[i].iov_len;
    }
    if (syscall(SYS_write, trace_fd, bytes, size) != (long)size)
        die("the trace can not be written");
    free(bytes);
    errno = saved_errno;
}

static long ended(enum role role, int fd, long result)
{
    record_put(KIND_RETURN, role, fd, result, NULL, 0);
    return result;
}

static enum role role_of(int fd)
{
    return fd >= 0 && fd < FDS_MAX ? (enum role)atomic_load(&roles[fd]) : ROLE_NONE;
}

static bool is_data(int fd)
{
    enum role role = role_of(fd);
    return role == ROLE_DATA || role == ROLE_DATA_DSYNC;
}

/* The peer's port if fd is a connected TCP socket, else 0. Asked each time:
 * an fd may be closed behind our back and come again as another connection. */
static int peer_port(int fd)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int saved_errno = errno;
    long failed = syscall(SYS_getpeername, fd, &peer, &size);
    errno = saved_errno;
    if (failed)
        return 0;
    if (peer.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)(void *)&peer)->sin_port);
    if (peer.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)(void *)&peer)->sin6_port);
    return 0;
}

/* ---- opening and closing ------------------------------------------------ */

static bool names_data(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash ? slash + 1 : path, "data.mdb") == 0;
}

static int open_at(int directory, const char *path, int flags, mode_t mode)
{
    long fd = syscall(SYS_openat, directory, path, flags, mode);
    if (fd < 0 || fd >= FDS_MAX)
        return (int)fd;
    enum role role = ROLE_NONE;
    if (names_data(path))
        role = flags & O_DSYNC ? ROLE_DATA_DSYNC : ROLE_DATA;
    atomic_store(&roles[fd], role);
    if (role != ROLE_NONE)
        record_put(KIND_OPEN, role, (int)fd, flags, NULL, 0);
    return (int)fd;
}

/* The mode is an argument only when a file may be made. */
#define MODE_OF(flags, mode)                   \
    do {                                       \
        if ((flags) & (O_CREAT | O_TMPFILE)) { \
            va_list rest;                      \
            va_start(rest, flags);             \
            (mode) = va_arg(rest, mode_t);     \
            va_end(rest);                      \
        }                                      \
    } while (0)

int open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    mode_t mode = 0;
    MODE_OF(flags, mode);
    return open_at(directory, path, flags, mode);
}

/* What fortified programs call instead. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int close(int fd)
{
    if (is_data(fd)) {
        record_put(KIND_CLOSE, role_of(fd), fd, 0, NULL, 0);
        atomic_store(&roles[fd], ROLE_NONE);
    }
    return (int)syscall(SYS_close, fd);
}

static int copied(int from, int to)
{
    if (from >= 0 && to >= 0 && to < FDS_MAX)
        atomic_store(&roles[to], role_of(from));
    return to;
}

int dup(int fd)
{
    return copied(fd, (int)syscall(SYS_dup, fd));
}
int dup2(int fd, int to)
{
    return copied(fd, (int)syscall(SYS_dup3, fd, to, 0));
}

/* ---- naming ------------------------------------------------------------- */

/* The inode of the directory that a path's last part lies in. */
static int64_t directory_of(int base, const char *path)
{
    char directory[PATH_MAX];
    struct stat status;
    const char *slash = strrchr(path, '/');
    int size = slash == path ? 1 : slash ? (int)(slash - path) : 1;
    int saved_errno = errno;
    if (snprintf(directory, sizeof directory, "%.*s", size, slash ? path : ".") != size ||
        fstatat(base, directory, &status, 0) != 0)
        die("the directory of data.mdb can not be found");
    errno = saved_errno;
    return (int64_t)status.st_ino;
}

static int rename_at(int from_base, const char *from, int to_base, const char *to,
                     unsigned int flags)
{
    if (!names_data(to))
        return (int)syscall(SYS_renameat2, from_base, from, to_base, to, flags);
    record_put(KIND_RENAME, ROLE_DATA, -1, directory_of(to_base, to), NULL, 0);
    return (int)ended(ROLE_DATA, -1, syscall(SYS_renameat2, from_base, from, to_base, to, flags));
}

int rename(const char *from, const char *to)
{
    return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_base, const char *from, int to_base, const char *to)
{
    return rename_at(from_base, from, to_base, to, 0);
}

int renameat2(int from_base, const char *from, int to_base, const char *to, unsigned int flags)
{
    return rename_at(from_base, from, to_base, to, flags);
}

/* ---- writing and sending ------------------------------------------------ */

/* Before a write or send: records it if it matters, and says how. */
static enum role begin(int fd, int64_t offset, const struct iovec *parts, int count)
{
    if (is_data(fd)) {
        if (offset < 0) /* at the file's own position */
            offset = syscall(SYS_lseek, fd, 0, SEEK_CUR);
        record_put(KIND_WRITE, role_of(fd), fd, offset, parts, count);
        return role_of(fd);
    }
    int port = fd > 2 || role_of(fd) ? peer_port(fd) : 0;
    if (port == 0)
        return ROLE_NONE;
    record_put(KIND_SEND, ROLE_SOCKET, fd, port, parts, count);
    return ROLE_SOCKET;
}

static long end(enum role role, int fd, long result)
{
    return role == ROLE_NONE ? result : ended(role, fd, result);
}

static struct iovec part_of(const void *bytes, size_t size)
{
    return (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    struct iovec part = part_of(bytes, size);
    enum role role = begin(fd, -1, &part, 1);
    return end(role, fd, syscall(SYS_write, fd, bytes, size));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    enum role role = begin(fd, -1, parts, count);
    return end(role, fd, syscall(SYS_writev, fd, parts, count));
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    struct iovec part = part_of(bytes, size);
    enum role role = begin(fd, offset, &part, 1);
    return end(role, fd, syscall(SYS_pwrite64, fd, bytes, size, offset));
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    return pwrite(fd, bytes, size, offset);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    enum role role = begin(fd, offset, parts, count);
    return end(role, fd, syscall(SYS_pwritev, fd, parts, count, offset, 0));
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    return pwritev(fd, parts, count, offset);
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
               socklen_t to_size)
{
    struct iovec part = part_of(bytes, size);
    enum role role = begin(fd, -1, &part, 1);
    return end(role, fd, syscall(SYS_sendto, fd, bytes, size, flags, to, to_size));
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    return sendto(fd, bytes, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum role role = begin(fd, -1, message->msg_iov, (int)message->msg_iovlen);
    return end(role, fd, syscall(SYS_sendmsg, fd, message, flags));
}

/* ---- flushing ----------------------------------------------------------- */

static enum role flush_begin(int fd)
{
    if (is_data(fd)) {
        record_put(KIND_FLUSH, role_of(fd), fd, 0, NULL, 0);
        return role_of(fd);
    }
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return ROLE_NONE;
    record_put(KIND_FLUSH, ROLE_DIRECTORY, fd, (int64_t)status.st_ino, NULL, 0);
    return ROLE_DIRECTORY;
}

int fdatasync(int fd)
{
    enum role role = flush_begin(fd);
    return (int)end(role, fd, syscall(SYS_fdatasync, fd));
}

int fsync(int fd)
{
    enum role role = flush_begin(fd);
    return (int)end(role, fd, syscall(SYS_fsync, fd));
}

/* Neither waits for the disk's cache in a way to rely on: passed on, and on
 * purpose not written down as flushes. */
int sync_file_range(int fd, off64_t offset, off64_t size, unsigned int flags)
{
    return (int)syscall(SYS_sync_file_range, fd, offset, size, flags);
}

static int truncate_to(int fd, off64_t size)
{
    if (!is_data(fd))
        return (int)syscall(SYS_ftruncate, fd, size);
    record_put(KIND_TRUNCATE, role_of(fd), fd, size, NULL, 0);
    return (int)ended(role_of(fd), fd, syscall(SYS_ftruncate, fd, size));
}

int ftruncate(int fd, off_t size)
{
    return truncate_to(fd, size);
}
int ftruncate64(int fd, off64_t size)
{
    return truncate_to(fd, size);
}

/* Stores through a writable map reach the disk past all of the above, so the
 * checker must know that there is none. */
static void *map(void *address, size_t size, int protection, int flags, int fd, off64_t offset)
{
    if (is_data(fd) && (protection & PROT_WRITE) && (flags & MAP_SHARED))
        record_put(KIND_MAPPED, role_of(fd), fd, offset, NULL, 0);
    return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map(address, size, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off64_t offset)
{
    return map(address, size, protection, flags, fd, offset);
}
