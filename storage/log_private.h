/* SPDX-License-Identifier: MIT
 *
 * The inside of sp_event_log, for storage/log.c (events, commits, flushes) and
 * storage/log_side.c (profiles and sessions) alone.
 */
#ifndef SP_STORAGE_LOG_PRIVATE_H
#define SP_STORAGE_LOG_PRIVATE_H

#include "storage/log.h"
#include "storage/room.h"
#include "storage/sessions.h"

struct sp_event_log {
    sp_log log; /* first: the interface */
    sp_env *env;
    sp_log_head head; /* of the last commit */

    /* The open batch. */
    MDB_txn *txn; /* NULL = none */
    MDB_cursor *events;
    uint64_t count;
    bool has_sides;       /* side records were changed */
    sp_time_ms last_time; /* of its last event */
    /* Its events as the chain hashes them, length ‖ bytes: their count and
     * time come before them in the hash and are known only at the commit. */
    uint8_t *bytes;
    size_t size, capacity;

    sp_space_probe probe;
    void *probe_context;
    int64_t space_sampled_ns, readers_checked_ns;
    sp_log_space space;

    sp_session_rover rover;
    sp_room room;
    bool settled; /* the last commit is durable */

    bool failed;
    char error[320];
};

/* Begins the batch's transaction if it is not begun. 0 or an LMDB error. */
int sp_event_log_begin(sp_event_log *log);
/* Breaks the log: drops the batch, keeps the words, returns SP_LOG_FAILED. */
sp_log_status sp_event_log_fail(sp_event_log *log, const char *what, int error);

/* Fills in the interface's functions of side records. */
void sp_event_log_side_init(sp_event_log *log);

#endif
