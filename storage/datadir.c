/* SPDX-License-Identifier: MIT */
#include "storage/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LOCK_NAME "stagepick.lock"

/* statfs(2)'s f_type of file systems that other machines write too. FUSE is
 * let through: most of it is local, and what is not can't be told apart. */
static const struct {
    unsigned long type;
    const char *name;
} network_types[] = {
    {0x6969, "NFS"},      {0x517B, "SMB"},        {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB2"},
    {0x5346414F, "AFS"},  {0x6B414653, "kAFS"},   {0x01021997, "9p"},   {0x73757245, "Coda"},
    {0x00C36400, "Ceph"}, {0x0BD00BD0, "Lustre"}, {0x564C, "NCP"},      {0x47504653, "GPFS"},
};

const char *sp_datadir_network_name(const char *dir)
{
    struct statfs fs;
    if (statfs(dir, &fs) != 0)
        return NULL;
    unsigned long type = (unsigned long)fs.f_type & 0xFFFFFFFFul;
    for (size_t i = 0; i < sizeof network_types / sizeof *network_types; i++)
        if (network_types[i].type == type)
            return network_types[i].name;
    return NULL;
}

int sp_datadir_flush(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fsync(fd);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

/* The entry of a directory just made lives in its parent. */
static int flush_parent(const char *dir)
{
    char parent[PATH_MAX];
    if (snprintf(parent, sizeof parent, "%s/..", dir) >= (int)sizeof parent) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return sp_datadir_flush(parent);
}

static sp_storage_status make(const char *dir, sp_finding *finding)
{
    if (mkdir(dir, 0700) == 0) {
        if (flush_parent(dir) != 0)
            return sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                                  "can't flush the directory above %s: %s", dir, strerror(errno));
        return SP_STORAGE_OK;
    }
    if (errno != EEXIST)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't make %s: %s", dir,
                              strerror(errno));
    struct stat about;
    if (stat(dir, &about) != 0 || !S_ISDIR(about.st_mode))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "%s is not a directory", dir);
    return SP_STORAGE_OK;
}

static sp_storage_status path_too_long(const char *dir, sp_finding *finding)
{
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long", dir);
}

/* flock, not fcntl: its lock belongs to the open file, so no other close in
 * this process can drop it. */
static sp_storage_status lock(int fd, int how, const char *dir, sp_finding *finding)
{
    if (flock(fd, how | LOCK_NB) == 0)
        return SP_STORAGE_OK;
    if (errno == EWOULDBLOCK)
        return sp_finding_set(finding, SP_STORAGE_IN_USE, 0, "%s is in use by another process",
                              dir);
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't lock %s: %s", dir, strerror(errno));
}

sp_storage_status sp_datadir_open(sp_datadir *datadir, const char *dir, sp_finding *finding)
{
    char path[PATH_MAX];
    datadir->lock_fd = -1;
    sp_finding_clear(finding);
    if (snprintf(path, sizeof path, "%s/" LOCK_NAME, dir) >= (int)sizeof path)
        return path_too_long(dir, finding);
    sp_storage_status status = make(dir, finding);
    if (status != SP_STORAGE_OK)
        return status;

    const char *network = sp_datadir_network_name(dir);
    if (network != NULL)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                              "%s is on a network file system (%s), which does not keep the "
                              "promises on locks and flushes that the log needs",
                              dir, network);

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't open %s: %s", path,
                              strerror(errno));
    status = lock(fd, LOCK_EX, dir, finding);
    if (status != SP_STORAGE_OK) {
        close(fd);
        return status;
    }
    datadir->lock_fd = fd;
    return SP_STORAGE_OK;
}

void sp_datadir_close(sp_datadir *datadir)
{
    if (datadir->lock_fd >= 0)
        close(datadir->lock_fd);
    datadir->lock_fd = -1;
}

sp_storage_status sp_datadir_share(const char *dir, int *lock_fd, sp_finding *finding)
{
    char path[PATH_MAX];
    *lock_fd = -1;
    if (snprintf(path, sizeof path, "%s/" LOCK_NAME, dir) >= (int)sizeof path)
        return path_too_long(dir, finding);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return SP_STORAGE_OK;
    if (fd < 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't open %s: %s", path,
                              strerror(errno));
    sp_storage_status status = lock(fd, LOCK_SH, dir, finding);
    if (status != SP_STORAGE_OK) {
        close(fd);
        return status;
    }
    *lock_fd = fd;
    return SP_STORAGE_OK;
}
