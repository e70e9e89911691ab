/* SPDX-License-Identifier: MIT
 *
 * The LMDB environment of a data directory: data.mdb and lock.mdb in the
 * directory itself, one map, the databases in it, and who made it.
 *
 *   events    seq              → one event (storage/codec.h)      integer key
 *   batches   last seq         → count, time, chain (chain.h)     integer key
 *   profiles  user id          → one profile (profiles.h)         integer key
 *   emails    folded e-mail    → user id, 4 bytes little-endian
 *   sessions  user id, family id → one session (sessions.h)       not in the oldest logs
 *   meta      "format"         → 8 bytes little-endian, 1
 *             "log_id"         → 16 random bytes
 *             "created"        → milliseconds since 1970, 8 bytes little-endian
 *
 * Integer keys are 8 bytes in the machine's order, which LMDB compares as
 * numbers; a log is therefore read on machines of the byte order that wrote it.
 *
 * Caveats. One environment a directory and process: a second one, or opening
 * data.mdb or lock.mdb by other means and closing it, drops LMDB's file locks.
 * Not to be used across a fork. LMDB has no checksums: a damaged file can
 * crash its reader, so a file that nobody has checked is opened only in a
 * child process (storage/guard.h).
 *
 * The struct is open to storage/ alone; others pass it on.
 */
#ifndef SP_STORAGE_ENV_H
#define SP_STORAGE_ENV_H

#include <lmdb.h>
#include <stdatomic.h>

#include "storage/finding.h"

#define SP_LOG_FORMAT UINT64_C(1)
#define SP_ENV_DATABASES_MAX 8
/* Reserved once, sparse, never resized. */
#define SP_ENV_MAP_BYTES_DEFAULT (UINT64_C(256) << 30)

typedef enum sp_env_mode {
    SP_ENV_READ,   /* also while a server has it open for writing */
    SP_ENV_WRITE,  /* it must exist */
    SP_ENV_CREATE, /* made if data.mdb is not there */
} sp_env_mode;

typedef struct sp_log_identity {
    uint8_t log_id[16];
    uint64_t format;
    sp_time_ms created_at;
} sp_log_identity;

typedef struct sp_env {
    MDB_env *mdb;
    MDB_dbi events, batches, profiles, emails, meta;
    MDB_dbi sessions;
    bool has_sessions; /* false: read-only, and the log is too old to have any */
    sp_log_identity identity;
    uint64_t map_bytes;
    sp_env_mode mode;
    int shared_lock_fd; /* >= 0: read without LMDB's lock file, and the
                         * directory's own lock is held shared meanwhile */
    /* Written by the log's thread (release), read by those who wait for it
     * (acquire): the last LMDB transaction that is durable, and that no other
     * ever will be. UINT64_MAX: no log has been opened on it, so it does not
     * change. */
    _Atomic uint64_t durable_txn;
    atomic_bool is_broken;
    char dir[];
} sp_env;

/* Opens the log in directory `dir`. map_bytes 0 = the default; tests give
 * less. A log is created whole in a directory of its own inside, made durable,
 * and renamed, so a data.mdb that is empty or has no meta is always damage.
 * Blocks; allocates. On OK the caller owns *out, and finding->text may hold a
 * suspicion: what to say if reading on should crash. */
sp_storage_status sp_env_open(const char *dir, sp_env_mode mode, uint64_t map_bytes, sp_env **out,
                              sp_finding *finding);
void sp_env_close(sp_env *env);

/* Where a compaction (storage/compact.h) makes its copy, and the removal of one
 * that was cut short: it holds people's data too. sp_env_open does that itself
 * unless it only reads. Only for who holds the directory. */
#define SP_ENV_COMPACTING_NAME "compacting"
void sp_env_remove_half_copy(const char *dir);

/* Is there a log in this directory (a data.mdb)? Looks, opens nothing. */
bool sp_env_exists(const char *dir);

/* Was there one? Its lock.mdb is there, its data.mdb is not. */
bool sp_env_was_here(const char *dir);

/* LMDB's error as a status: what only a damaged file can cause is DAMAGED. */
sp_storage_status sp_env_status(int error);

/* An integer key, and its reading: false if the size is wrong. */
static inline MDB_val sp_env_key(const uint64_t *number)
{
    return (MDB_val){sizeof *number, (void *)(uintptr_t)number};
}
static inline bool sp_env_number(const MDB_val *key, uint64_t *out)
{
    if (key->mv_size != sizeof *out)
        return false;
    memcpy(out, key->mv_data, sizeof *out);
    return true;
}

#endif
