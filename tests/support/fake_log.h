/* SPDX-License-Identifier: MIT
 *
 * An event log in memory with faults on order, behind the interface of
 * engine/log.h. What is appended lies in memory. A commit writes the batch to
 * the machine's cache, as a sequence of records: its events one by one; flushes
 * all that is there; then adds a commit record that speaks for them, which no
 * flush has seen yet. So:
 *
 *   events[0, durable_count)    are on the disk whatever happens
 *   … up to committed_count     one batch at most: a program that starts on this
 *                               machine finds it; a power cut leaves all of it
 *                               or nothing, drawn when it happens
 *   … up to count               the open batch: gone with the program
 *
 * A program that dies leaves the cache as it is. A power cut leaves what was
 * flushed, and of the rest a random part: whoever recovers may find events with
 * no commit record behind the last one, and to drop them is his task
 * (sp_fake_log_cut).
 *
 * A flush that failed is worse than none. The kernel forgets that the pages were
 * still to be written: the commit record shows in the cache, and no later flush
 * writes it. Only writing it again helps, and that is what opening the log does
 * (sp_fake_log_restart). LMDB's premise, that at most one commit is not on the
 * disk when the next one is written, is told by older_committed_count.
 *
 * Beside the records it keeps its own account of what has been committed and
 * what is durable, for the checks. A recovery that comes to anything else from
 * the records is wrong, or the disk is.
 *
 * With the planted fault NOSYNC a flush reports success and does nothing, but
 * for one in so many; a power cut takes back all since the last true one.
 *
 * Side records (tests/support/fake_sides.h) are in the same batches: there with
 * the batch's commit record, and lost with it. They are kept in the account
 * alone; recovery has nothing to do for them.
 *
 * Single-threaded; allocates freely.
 */
#ifndef SP_TESTS_SUPPORT_FAKE_LOG_H
#define SP_TESTS_SUPPORT_FAKE_LOG_H

#include "tests/support/fake_sides.h"
#include "tests/support/random.h"

typedef enum sp_fake_log_fault {
    SP_FAKE_LOG_FINE = 0,
    SP_FAKE_LOG_APPEND_FAILS,        /* the next append; nothing of the batch stays */
    SP_FAKE_LOG_COMMIT_FAILS,        /* its flush does, so no commit record is written */
    SP_FAKE_LOG_COMMIT_UNKNOWN,      /* reported as failed, but it is committed */
    SP_FAKE_LOG_CRASH_BEFORE,        /* the machine stops before the batch is written */
    SP_FAKE_LOG_CRASH_TORN,          /* … in the middle of the write */
    SP_FAKE_LOG_CRASH_AFTER,         /* … when it is committed, before any answer */
    SP_FAKE_LOG_SETTLE_FAILS,        /* its flush does; nobody knows what was written */
    SP_FAKE_LOG_SETTLE_UNKNOWN,      /* reported as failed, but all is durable */
    SP_FAKE_LOG_SETTLE_CRASH_BEFORE, /* the machine stops before the flush */
    SP_FAKE_LOG_SETTLE_CRASH_AFTER,  /* … when all is durable, before any answer */
} sp_fake_log_fault;
#define SP_FAKE_LOG_FAULTS_COUNT 11u

/* How far the log has come, beside its events: a batch may have events, changes
 * of side records, or both. */
typedef struct sp_fake_mark {
    uint64_t batches_count;
    uint32_t changes_count;
} sp_fake_mark;

/* Of an event, or (event NULL) of a commit of all events up to seq. */
typedef struct sp_fake_record {
    sp_event *event;
    sp_seq seq;
    bool is_flushed;
} sp_fake_record;

typedef struct sp_fake_log {
    sp_log log;              /* first: the interface is the object */
    sp_random random;        /* what a power cut leaves */
    sp_fake_record *records; /* the cache, and the disk behind it */
    uint64_t records_count;
    sp_event **events; /* see above */
    uint64_t durable_count, committed_count, count;
    uint64_t older_committed_count;                   /* committed_count before the last commit */
    sp_fake_sides sides;                              /* as the open batch has them */
    sp_fake_mark durable, committed, older_committed; /* likewise */
    uint64_t synced_count;                            /* NOSYNC: what a power cut leaves */
    sp_fake_mark synced;
    uint64_t flushes_count, batches_lost_count, batches_kept_count; /* by power cuts */
    bool is_mark_lost;       /* the last flush failed: none after it writes the commit record */
    sp_fake_log_fault fault; /* of the next call that it concerns */
    bool crash_cuts_power;   /* a crash is a power cut, not the program's death alone */
    bool is_marked_early;    /* planted: a torn write has its commit record, first */
    bool is_start_unsettled; /* planted: opening flushes nothing */
    sp_log_space space;
    bool broken;  /* every later call fails */
    bool crashed; /* the machine stopped: whatever came after is not real */
    /* Called as a commit or settle begins to write, before anything is durable
     * by it. */
    void (*on_commit)(void *context);
    void (*on_settle)(void *context);
    void *context;
} sp_fake_log;

/* random has a fixed seed: give it another for other power cuts. */
void sp_fake_log_init(sp_fake_log *fake);
void sp_fake_log_close(sp_fake_log *fake);

/* The program or the machine (crash_cuts_power) stops now, outside a commit. */
void sp_fake_log_crash(sp_fake_log *fake);
/* A new program on what is there: its records may end in a torn batch. What lay
 * in memory is gone, no fault is left, and all that is committed is written
 * again and flushed. */
void sp_fake_log_restart(sp_fake_log *fake);
/* index < records_count. Valid until the log is written, cut or closed. */
const sp_fake_record *sp_fake_log_record(const sp_fake_log *fake, uint64_t index);
/* Drops all records from this one on: recovery's task, before any append. */
void sp_fake_log_cut(sp_fake_log *fake, uint64_t records_count);

/* seq in 1 … committed_count. */
const sp_event *sp_fake_log_event(const sp_fake_log *fake, sp_seq seq);
/* The durable profile of a user, or NULL; likewise a session. */
const sp_profile *sp_fake_log_profile(const sp_fake_log *fake, sp_user_id user);
const sp_session *sp_fake_log_session(const sp_fake_log *fake, sp_user_id user, sp_session_id id);
/* How many appended events are not committed. */
uint64_t sp_fake_log_pending(const sp_fake_log *fake);
/* Has the open batch anything? */
bool sp_fake_log_is_open(const sp_fake_log *fake);
/* Is all durable that is committed? */
bool sp_fake_log_is_settled(const sp_fake_log *fake);

#endif
