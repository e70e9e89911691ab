/* SPDX-License-Identifier: MIT */
#include "storage/env.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/fault.h"
#include "engine/limits.h"
#include "storage/bytes.h"
#include "storage/datadir.h"
#include "storage/env_create.h"

#define DATA_NAME "data.mdb"
#define LOCK_NAME "lock.mdb"
/* LMDB's size of it, for its default of 126 readers. */
#define LOCK_BYTES 8192

sp_storage_status sp_env_status(int error)
{
    switch (error) {
    case 0:
        return SP_STORAGE_OK;
    case MDB_NOTFOUND:
    case MDB_PAGE_NOTFOUND:
    case MDB_CORRUPTED:
    case MDB_PANIC:
    case MDB_VERSION_MISMATCH:
    case MDB_INVALID:
    case MDB_CURSOR_FULL:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_TXN:
    case MDB_MAP_RESIZED: /* the map never is: a meta page lies */
    case MDB_BAD_VALSIZE:
    case MDB_BAD_DBI:
        return SP_STORAGE_DAMAGED;
    default:
        return SP_STORAGE_FAILED;
    }
}

static sp_storage_status fail(sp_finding *finding, const char *dir, const char *what, int error)
{
    return sp_finding_set(finding, sp_env_status(error), 0, "%s/" DATA_NAME ": %s: %s", dir, what,
                          mdb_strerror(error));
}

static bool path_of(char out[PATH_MAX], const char *dir, const char *name)
{
    return snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

bool sp_env_exists(const char *dir)
{
    char path[PATH_MAX];
    struct stat about;
    return path_of(path, dir, DATA_NAME) && stat(path, &about) == 0;
}

bool sp_env_was_here(const char *dir)
{
    char path[PATH_MAX];
    struct stat about;
    return !sp_env_exists(dir) && path_of(path, dir, LOCK_NAME) && stat(path, &about) == 0;
}

void sp_env_remove_half_copy(const char *dir)
{
    static const char *const names[] = {SP_ENV_COMPACTING_NAME "/" DATA_NAME,
                                        SP_ENV_COMPACTING_NAME "/" LOCK_NAME};
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (path_of(path, dir, names[i]))
            unlink(path);
    if (path_of(path, dir, SP_ENV_COMPACTING_NAME))
        rmdir(path);
}

static int get_meta(MDB_txn *txn, MDB_dbi meta, const char *name, size_t size, const uint8_t **out)
{
    MDB_val key = {strlen(name), (void *)(uintptr_t)name}, value;
    int error = mdb_get(txn, meta, &key, &value);
    if (error == 0 && value.mv_size != size)
        error = MDB_CORRUPTED;
    *out = error == 0 ? value.mv_data : NULL;
    return error;
}

static sp_storage_status read_identity(sp_env *env, MDB_txn *txn, sp_finding *finding)
{
    const uint8_t *format, *log_id, *created;
    int error = get_meta(txn, env->meta, "format", 8, &format);
    if (error != 0)
        return fail(finding, env->dir, "it does not say which format it has", error);
    env->identity.format = sp_bytes_get64(format);
    if (env->identity.format != SP_LOG_FORMAT)
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "%s/" DATA_NAME ": format %llu, but this program knows format %llu: "
                              "written by another version, or damaged",
                              env->dir, (unsigned long long)env->identity.format,
                              (unsigned long long)SP_LOG_FORMAT);
    error = get_meta(txn, env->meta, "log_id", 16, &log_id);
    if (error == 0)
        error = get_meta(txn, env->meta, "created", 8, &created);
    if (error != 0)
        return fail(finding, env->dir, "it does not say which log it is", error);
    memcpy(env->identity.log_id, log_id, 16);
    env->identity.created_at = (sp_time_ms)sp_bytes_get64(created);
    if (env->identity.created_at <= 0 || env->identity.created_at > SP_TIME_MAX)
        return fail(finding, env->dir, "its creation time is none", MDB_CORRUPTED);
    return SP_STORAGE_OK;
}

static int open_database(MDB_txn *txn, const char *name, unsigned flags, MDB_dbi *out)
{
    unsigned found = 0;
    int error = mdb_dbi_open(txn, name, flags, out);
    if (error == 0)
        error = mdb_dbi_flags(txn, *out, &found);
    /* MDB_CREATE is of the call, not of the database. */
    return error == 0 && found != (flags & ~(unsigned)MDB_CREATE) ? MDB_INCOMPATIBLE : error;
}

static sp_storage_status no_database(sp_env *env, const char *name, int error, sp_finding *finding)
{
    return sp_finding_set(finding, sp_env_status(error), 0,
                          "%s/" DATA_NAME ": no log of Stage Pick: database %s: %s", env->dir, name,
                          mdb_strerror(error));
}

/* The handles outlive this transaction because it is committed. */
static sp_storage_status open_databases(sp_env *env, sp_finding *finding)
{
    MDB_txn *txn;
    int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
    if (error != 0)
        return fail(finding, env->dir, "can't read", error);
    const struct {
        const char *name;
        unsigned flags;
        MDB_dbi *dbi;
    } databases[] = {{"meta", 0, &env->meta},
                     {"events", MDB_INTEGERKEY, &env->events},
                     {"batches", MDB_INTEGERKEY, &env->batches},
                     {"profiles", MDB_INTEGERKEY, &env->profiles},
                     {"emails", 0, &env->emails}};
    for (size_t i = 0; i < sizeof databases / sizeof *databases; i++) {
        error = open_database(txn, databases[i].name, databases[i].flags, databases[i].dbi);
        if (error != 0) {
            sp_storage_status status = no_database(env, databases[i].name, error, finding);
            mdb_txn_abort(txn);
            return status;
        }
    }
    sp_storage_status status = read_identity(env, txn, finding);
    error = mdb_txn_commit(txn);
    if (status == SP_STORAGE_OK && error != 0)
        status = fail(finding, env->dir, "can't read", error);
    return status;
}

/* The oldest logs have none; whoever writes adds it. (What this commit writes is
 * flushed with the rest that a start finds: storage/log.h.) */
static sp_storage_status open_sessions(sp_env *env, sp_finding *finding)
{
    MDB_txn *txn;
    bool writes = env->mode != SP_ENV_READ;
    int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
    if (error != 0)
        return fail(finding, env->dir, "can't read", error);
    error = open_database(txn, "sessions", 0, &env->sessions);
    env->has_sessions = error == 0;
    if (error == MDB_NOTFOUND && writes) {
        mdb_txn_abort(txn);
        error = mdb_txn_begin(env->mdb, NULL, 0, &txn);
        if (error != 0)
            return fail(finding, env->dir, "can't begin", error);
        error = open_database(txn, "sessions", MDB_CREATE, &env->sessions);
        env->has_sessions = error == 0;
    }
    if (error != 0 && (error != MDB_NOTFOUND || writes)) {
        mdb_txn_abort(txn);
        return no_database(env, "sessions", error, finding);
    }
    error = mdb_txn_commit(txn);
    return error == 0 ? SP_STORAGE_OK : fail(finding, env->dir, "can't commit", error);
}

/* The map must fit the address space; if a plain reservation of its size does,
 * then LMDB's ENOMEM comes from a meta page that states an absurd size. */
static bool address_space_has(uint64_t bytes)
{
    void *reserved =
        mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED)
        return false;
    munmap(reserved, bytes);
    return true;
}

static sp_storage_status open_failed(sp_env *env, int error, sp_finding *finding)
{
    if ((error == ENOMEM || error == EINVAL || error == EOVERFLOW) &&
        address_space_has(env->map_bytes))
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "%s/" DATA_NAME ": it states a size that can't be mapped", env->dir);
    if (error == ENOMEM)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                              "%s/" DATA_NAME ": can't reserve %llu GiB of address space: is there "
                              "a limit on virtual memory?",
                              env->dir, (unsigned long long)(env->map_bytes >> 30));
    return fail(finding, env->dir, "can't open", error);
}

/* Pages that the log counts but its file has not: a sign that the file was cut
 * short, and no proof, because LMDB does not write pages that were free again
 * when their transaction ended. Reading one that is in use is a SIGBUS. */
static uint64_t missing_pages(const sp_env *env)
{
    char path[PATH_MAX];
    MDB_envinfo info;
    MDB_stat stats;
    struct stat about;
    mdb_env_info(env->mdb, &info);
    mdb_env_stat(env->mdb, &stats);
    if (!path_of(path, env->dir, DATA_NAME) || stat(path, &about) != 0)
        return 0;
    uint64_t pages = (uint64_t)about.st_size / stats.ms_psize;
    return pages > info.me_last_pgno ? 0 : info.me_last_pgno + 1 - pages;
}

/* LMDB maps lock.mdb, made with holes, and writes to it: where a full disk has
 * no room for a hole, that is a SIGBUS, which a check would take for damage.
 * So the room is taken first. Nobody in this process has the file open yet:
 * closing it drops no lock. Returns an errno. */
static int lock_file_fill(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int error = fallocate(fd, 0, 0, LOCK_BYTES) == 0 ? 0 : errno;
    close(fd);
    return error == EOPNOTSUPP || error == ENOSYS ? 0 : error; /* then as it is */
}

/* A reader registers in lock.mdb. Where that can't be written, it reads
 * unregistered, which is safe only if nobody writes meanwhile. */
static sp_storage_status choose_lock(sp_env *env, unsigned *flags, sp_finding *finding)
{
    char path[PATH_MAX];
    if (!path_of(path, env->dir, LOCK_NAME))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long",
                              env->dir);
    int error = lock_file_fill(path);
    if (env->mode == SP_ENV_READ)
        *flags |= MDB_RDONLY;
    if (error == 0)
        return SP_STORAGE_OK;
    if (env->mode == SP_ENV_READ) {
        *flags |= MDB_NOLOCK;
        sp_storage_status status = sp_datadir_share(env->dir, &env->shared_lock_fd, finding);
        /* A writer holds the directory, perhaps our own parent, which is about
         * to fail on the same full disk: say that. */
        if (status != SP_STORAGE_IN_USE || error != ENOSPC)
            return status;
    }
    return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't write %s: %s", path,
                          strerror(error));
}

/* A check's child dies of it, which is the finding; LMDB would print a line of
 * its own first. */
static void on_assert(MDB_env *mdb, const char *text)
{
    (void)mdb, (void)text;
    abort();
}

static sp_storage_status open_mdb(sp_env *env, sp_finding *finding)
{
    char path[PATH_MAX];
    struct stat about;
    unsigned flags = MDB_NOTLS;
    if (env->mode != SP_ENV_READ)
        /* The server reads here and there; a check reads it all. Who answers
         * before the meta page is flushed, and when: storage/log.h. */
        flags |= MDB_NORDAHEAD | MDB_NOMETASYNC;
    if (SP_FAULT(NOSYNC))
        flags |= MDB_NOSYNC;
    if (!path_of(path, env->dir, DATA_NAME))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long",
                              env->dir);
    if (stat(path, &about) != 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "there is no log in %s (%s)", env->dir,
                              strerror(errno));
    /* LMDB would take an empty file for a new one and fill it. */
    if (about.st_size == 0)
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0, "%s is empty", path);

    if (env->mode != SP_ENV_READ && (about.st_mode & 077) != 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0,
                              "%s is open to others (mode %03o): it holds e-mail addresses and "
                              "password hashes. chmod 600",
                              path, about.st_mode & 0777u);

    sp_storage_status status = choose_lock(env, &flags, finding);
    if (status != SP_STORAGE_OK)
        return status;
    int error = mdb_env_create(&env->mdb);
    if (error == 0)
        error = mdb_env_set_maxdbs(env->mdb, SP_ENV_DATABASES_MAX);
    if (error == 0)
        error = mdb_env_set_mapsize(env->mdb, env->map_bytes);
    if (error == 0 && env->mode == SP_ENV_READ)
        error = mdb_env_set_assert(env->mdb, on_assert);
    if (error != 0)
        return fail(finding, env->dir, "can't set up", error);
    error = mdb_env_open(env->mdb, env->dir, flags, 0600);
    if (error != 0)
        return open_failed(env, error, finding);
    /* Not damage yet: a last word in case that reading on crashes. */
    uint64_t missing = missing_pages(env);
    if (missing > 0)
        sp_finding_set(finding, SP_STORAGE_OK, 0, "the file ends %llu pages before its last",
                       (unsigned long long)missing);
    return SP_STORAGE_OK;
}

sp_storage_status sp_env_open(const char *dir, sp_env_mode mode, uint64_t map_bytes, sp_env **out,
                              sp_finding *finding)
{
    sp_finding_clear(finding);
    *out = NULL;
    if (sodium_init() < 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "no randomness to be had");
    sp_storage_status status = SP_STORAGE_OK;
    if (mode == SP_ENV_CREATE && !sp_env_exists(dir))
        status = sp_env_create(dir, finding);
    if (status != SP_STORAGE_OK)
        return status;

    sp_env *env = calloc(1, sizeof *env + strlen(dir) + 1);
    if (env == NULL)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "out of memory");
    memcpy(env->dir, dir, strlen(dir) + 1);
    atomic_init(&env->durable_txn, UINT64_MAX);
    env->mode = mode;
    env->map_bytes = map_bytes != 0 ? map_bytes : SP_ENV_MAP_BYTES_DEFAULT;
    env->shared_lock_fd = -1;
    status = open_mdb(env, finding);
    if (status == SP_STORAGE_OK)
        status = open_databases(env, finding);
    if (status == SP_STORAGE_OK)
        status = open_sessions(env, finding);
    if (status != SP_STORAGE_OK) {
        sp_env_close(env);
        return status;
    }
    if (mode != SP_ENV_READ) {
        int stale;
        sp_env_remove_half_copy(dir);
        mdb_reader_check(env->mdb, &stale); /* of readers that died */
    }
    *out = env;
    return SP_STORAGE_OK;
}

void sp_env_close(sp_env *env)
{
    if (env == NULL)
        return;
    if (env->mdb != NULL)
        mdb_env_close(env->mdb);
    if (env->shared_lock_fd >= 0)
        close(env->shared_lock_fd);
    free(env);
}
