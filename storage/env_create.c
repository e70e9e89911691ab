/* SPDX-License-Identifier: MIT */
#include "storage/env_create.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "storage/bytes.h"
#include "storage/datadir.h"

#define DATA_NAME "data.mdb"
/* A directory, so that the file has its final name from its first byte on:
 * what watches writes to data.mdb (tests do) sees these too. */
#define NEW_DIR "creating"
#define NEW_MAP_BYTES (UINT64_C(1) << 20)

static bool path_of(char out[PATH_MAX], const char *dir, const char *name)
{
    return snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

static int put_number(MDB_txn *txn, MDB_dbi dbi, const char *name, uint64_t number)
{
    uint8_t bytes[8];
    sp_bytes_put64(bytes, number);
    MDB_val key = {strlen(name), (void *)(uintptr_t)name}, value = {sizeof bytes, bytes};
    return mdb_put(txn, dbi, &key, &value, MDB_NOOVERWRITE);
}

static int put_identity(MDB_txn *txn, MDB_dbi meta)
{
    struct timespec now;
    uint8_t log_id[16];
    clock_gettime(CLOCK_REALTIME, &now);
    randombytes_buf(log_id, sizeof log_id);
    MDB_val key = {6, (void *)(uintptr_t) "log_id"}, value = {sizeof log_id, log_id};
    int error = put_number(txn, meta, "format", SP_LOG_FORMAT);
    if (error == 0)
        error = mdb_put(txn, meta, &key, &value, MDB_NOOVERWRITE);
    if (error == 0)
        error = put_number(txn, meta, "created",
                           (uint64_t)(now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000));
    return error;
}

static int fill_new(MDB_env *mdb)
{
    static const struct {
        const char *name;
        unsigned flags;
    } databases[] = {{"events", MDB_INTEGERKEY},
                     {"batches", MDB_INTEGERKEY},
                     {"profiles", MDB_INTEGERKEY},
                     {"emails", 0},
                     {"sessions", 0}};
    MDB_txn *txn;
    MDB_dbi dbi;
    int error = mdb_txn_begin(mdb, NULL, 0, &txn);
    if (error != 0)
        return error;
    for (size_t i = 0; i < sizeof databases / sizeof *databases && error == 0; i++)
        error = mdb_dbi_open(txn, databases[i].name, MDB_CREATE | databases[i].flags, &dbi);
    if (error == 0)
        error = mdb_dbi_open(txn, "meta", MDB_CREATE, &dbi);
    if (error == 0)
        error = put_identity(txn, dbi);
    if (error != 0) {
        mdb_txn_abort(txn);
        return error;
    }
    return mdb_txn_commit(txn);
}

static int write_new(const char *fresh_dir)
{
    MDB_env *mdb;
    int error = mdb_env_create(&mdb);
    if (error != 0)
        return error;
    error = mdb_env_set_maxdbs(mdb, SP_ENV_DATABASES_MAX);
    if (error == 0)
        error = mdb_env_set_mapsize(mdb, NEW_MAP_BYTES);
    /* NOLOCK: nobody else knows of this file, and no lock file is left. */
    if (error == 0)
        error = mdb_env_open(mdb, fresh_dir, MDB_NOLOCK, 0600);
    if (error == 0)
        error = fill_new(mdb);
    mdb_env_close(mdb);
    return error;
}

/* Whole and durable before it gets its place. */
static int create_in(const char *dir, const char *fresh_dir, const char *fresh, const char *data)
{
    unlink(fresh); /* of a creation that was cut short */
    if (mkdir(fresh_dir, 0700) != 0 && errno != EEXIST)
        return errno;
    int error = write_new(fresh_dir);
    if (error != 0)
        return error;
    if (rename(fresh, data) != 0 || rmdir(fresh_dir) != 0 || sp_datadir_flush(dir) != 0)
        return errno;
    return 0;
}

sp_storage_status sp_env_create(const char *dir, sp_finding *finding)
{
    char data[PATH_MAX], fresh_dir[PATH_MAX], fresh[PATH_MAX];
    if (!path_of(data, dir, DATA_NAME) || !path_of(fresh_dir, dir, NEW_DIR) ||
        !path_of(fresh, dir, NEW_DIR "/" DATA_NAME))
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the path %.100s… is too long", dir);
    int error = create_in(dir, fresh_dir, fresh, data);
    if (error != 0)
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't create %s: %s", data,
                              mdb_strerror(error));
    return SP_STORAGE_OK;
}
