/* SPDX-License-Identifier: MIT
 *
 * The data directory: who may use it, and that only one server does.
 *
 *   DIR/data.mdb, lock.mdb   the log (storage/env.h)
 *   DIR/stagepick.lock       held (flock) by the one process that may write
 *   DIR/compacting/          a copy under way (storage/compact.h)
 *   DIR/token.key            signs access tokens (storage/token_key.h)
 *
 * Directory 0700, files 0600. Network file systems are refused: their locks
 * and flushes don't keep LMDB's promises.
 */
#ifndef SP_STORAGE_DATADIR_H
#define SP_STORAGE_DATADIR_H

#include "storage/finding.h"

typedef struct sp_datadir {
    int lock_fd; /* open and locked while the directory is ours; else -1 */
} sp_datadir;

/* Makes the directory if there is none (its parent must exist) and takes the
 * lock. IN_USE if another process has it. The lock is inherited by a fork and
 * goes with the last holder. */
sp_storage_status sp_datadir_open(sp_datadir *datadir, const char *dir, sp_finding *finding);
void sp_datadir_close(sp_datadir *datadir);

/* For readers that can't write the directory: takes the lock shared, so that
 * no server starts meanwhile. OK with *lock_fd >= 0 (close it to let go), or
 * -1 if there is no lock file: no server was ever there. IN_USE if a server
 * runs. */
sp_storage_status sp_datadir_share(const char *dir, int *lock_fd, sp_finding *finding);

/* The file system of dir is a network one: its name; else NULL. */
const char *sp_datadir_network_name(const char *dir);

/* Flushes the directory's own entries: a created or renamed file is not
 * durable before. 0 or -1 with errno. */
int sp_datadir_flush(const char *dir);

#endif
