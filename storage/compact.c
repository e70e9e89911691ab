/* SPDX-License-Identifier: MIT */
#include "storage/compact.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/datadir.h"

typedef struct paths {
    const char *dir;
    char data[PATH_MAX], lock[PATH_MAX];
    char fresh_dir[PATH_MAX], fresh[PATH_MAX];
} paths;

static bool join(char out[PATH_MAX], const char *dir, const char *name)
{
    return snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

static sp_storage_status make_paths(paths *p, const char *dir, sp_finding *finding)
{
    p->dir = dir;
    if (join(p->data, dir, "data.mdb") && join(p->lock, dir, "lock.mdb") &&
        join(p->fresh_dir, dir, SP_ENV_COMPACTING_NAME) &&
        join(p->fresh, dir, SP_ENV_COMPACTING_NAME "/data.mdb"))
        return SP_STORAGE_OK;
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long", dir);
}

static sp_storage_status fail(sp_finding *finding, const char *what, const char *path)
{
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't %s %.200s: %s", what, path,
                          strerror(errno));
}

static uint64_t bytes_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
}

/* ---- copying ---- */

/* In the child. */
static void copy(void *context, void *result, sp_finding *finding)
{
    const paths *p = context;
    sp_env *env;
    (void)result;
    /* LMDB would make the file for everyone to read. */
    umask(077);
    if (sp_env_open(p->dir, SP_ENV_READ, 0, &env, finding) != SP_STORAGE_OK)
        return;
    int error = mdb_env_copy2(env->mdb, p->fresh_dir, MDB_CP_COMPACT);
    if (error != 0)
        sp_finding_set(finding, sp_env_status(error), 0, "can't copy the log to %.200s: %s",
                       p->fresh_dir, mdb_strerror(error));
    else
        sp_finding_clear(finding); /* of a suspicion that has come to nothing */
    sp_env_close(env);
}

static sp_storage_status flush_file(const char *path, sp_finding *finding)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(finding, "open", path);
    int result = fsync(fd);
    sp_storage_status status = result == 0 ? SP_STORAGE_OK : fail(finding, "flush", path);
    close(fd);
    return status;
}

static sp_storage_status make_copy(paths *p, sp_finding *finding)
{
    if (mkdir(p->fresh_dir, 0700) != 0)
        return fail(finding, "make", p->fresh_dir);
    sp_storage_status status = sp_guard_run(copy, p, NULL, 0, finding);
    return status == SP_STORAGE_OK ? flush_file(p->fresh, finding) : status;
}

/* ---- checking ---- */

/* Everything that a start and a verification look at; and that nothing is
 * missing of what the old file had. */
static sp_storage_status check_copy(const paths *p, const sp_log_report *before,
                                    sp_log_report *after, sp_finding *finding)
{
    static const sp_log_check_options options = {
        .limits = &sp_limits_default, .side = true, .lookups = true};
    sp_storage_status status = sp_log_check(p->fresh_dir, &options, after, finding);
    if (status != SP_STORAGE_OK)
        return status;
    if (memcmp(&before->summary.head, &after->summary.head, sizeof after->summary.head) != 0 ||
        memcmp(before->identity.log_id, after->identity.log_id, sizeof after->identity.log_id) !=
            0 ||
        before->side.profiles_count != after->side.profiles_count ||
        before->side.sessions_count != after->side.sessions_count)
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "the copy has not what the log has; the log is as it was");
    return SP_STORAGE_OK;
}

/* ---- taking its place ---- */

/* LMDB's lock file remembers the old file's last transaction: whoever opens the
 * new one beside somebody who has the old one open would go on from there. So
 * nobody may have it open (each user holds the file's first byte shared), and
 * the lock file goes with the old log. No environment is open in this process,
 * so that closing the file drops no lock of ours. */
static sp_storage_status lock_out_readers(const paths *p, int *fd, sp_finding *finding)
{
    struct flock first_byte = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    *fd = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0)
        return fail(finding, "open", p->lock);
    if (fcntl(*fd, F_SETLK, &first_byte) == 0)
        return SP_STORAGE_OK;
    sp_storage_status status =
        errno == EACCES || errno == EAGAIN
            ? sp_finding_set(finding, SP_STORAGE_IN_USE, 0,
                             "another process reads the log in %.200s", p->dir)
            : fail(finding, "lock", p->lock);
    close(*fd);
    *fd = -1;
    return status;
}

/* The lock file goes last: if it stays behind, the next to open the log alone
 * makes it anew. */
static sp_storage_status replace(const paths *p, sp_finding *finding)
{
    int lock_fd;
    sp_storage_status status = lock_out_readers(p, &lock_fd, finding);
    if (status != SP_STORAGE_OK)
        return status;
    if (rename(p->fresh, p->data) != 0)
        status = fail(finding, "replace", p->data);
    else if (unlink(p->lock) != 0 || sp_datadir_flush(p->dir) != 0)
        status = fail(finding, "flush", p->dir);
    close(lock_fd);
    return status;
}

sp_storage_status sp_log_compact(const char *dir, sp_compact_report *report, sp_finding *finding)
{
    static const sp_log_check_options sides = {.side = true};
    sp_log_report before;
    paths p;
    sp_finding_clear(finding);
    memset(report, 0, sizeof *report);
    sp_storage_status status = make_paths(&p, dir, finding);
    if (status == SP_STORAGE_OK)
        status = sp_log_check(dir, &sides, &before, finding);
    if (status != SP_STORAGE_OK)
        return status;
    report->bytes_before = bytes_of(p.data);
    sp_env_remove_half_copy(dir);
    status = make_copy(&p, finding);
    if (status == SP_STORAGE_OK)
        status = check_copy(&p, &before, &report->log, finding);
    if (status == SP_STORAGE_OK)
        status = replace(&p, finding);
    report->bytes_after = bytes_of(p.data);
    sp_env_remove_half_copy(dir);
    return status;
}
