/* SPDX-License-Identifier: MIT
 *
 * An event log in memory with faults on order, behind the interface of
 * engine/log.h. What is appended lies in memory. A commit writes the batch to
 * a disk, as a sequence of records: its events one by one, then a commit
 * record that speaks for them. A machine that stops in the middle of the write
 * leaves events with no commit record, and whoever recovers finds them there:
 * to drop them is his task (sp_fake_log_cut).
 *
 * Beside the disk it keeps its own account of what has been committed, for
 * the checks: events[0, durable_count). A recovery that comes to anything else
 * from the records is wrong, or the disk is.
 *
 * With the planted fault NOSYNC a commit reports success while its batch is
 * still in the machine's cache; a crash takes back all since the last true
 * sync, which happens only now and then.
 *
 * Single-threaded; allocates freely.
 */
#ifndef SP_TESTS_SUPPORT_FAKE_LOG_H
#define SP_TESTS_SUPPORT_FAKE_LOG_H

#include "engine/log.h"

typedef enum sp_fake_log_fault {
    SP_FAKE_LOG_FINE = 0,
    SP_FAKE_LOG_APPEND_FAILS,   /* the next append; nothing of the batch stays */
    SP_FAKE_LOG_COMMIT_FAILS,   /* reported as failed, and so it is */
    SP_FAKE_LOG_COMMIT_UNKNOWN, /* reported as failed, but all of it is durable */
    SP_FAKE_LOG_CRASH_BEFORE,   /* the machine stops before the write */
    SP_FAKE_LOG_CRASH_TORN,     /* … in the middle of the write, after torn_draw of the events */
    SP_FAKE_LOG_CRASH_AFTER,    /* … when all is durable, before any answer */
} sp_fake_log_fault;
#define SP_FAKE_LOG_FAULTS_COUNT 7u

/* Of an event, or (event NULL) of a commit of all events up to seq. */
typedef struct sp_fake_record {
    sp_event *event;
    sp_seq seq;
} sp_fake_record;

typedef struct sp_fake_log {
    sp_log log;              /* first: the interface is the object */
    sp_fake_record *records; /* the disk */
    uint64_t records_count;
    /* [0, durable_count) has been committed; the rest is the batch. */
    sp_event **events;
    uint64_t durable_count, count;
    sp_profile *profiles; /* likewise */
    uint32_t profiles_durable_count, profiles_count;
    uint64_t synced_count, records_synced_count; /* NOSYNC: what a crash leaves */
    uint32_t profiles_synced_count, commits_unsynced;
    sp_fake_log_fault fault; /* of the next call that it concerns */
    uint64_t torn_draw;      /* CRASH_TORN: chooses how many events, 1 … all of them */
    bool is_marked_early;    /* planted: a torn write has its commit record, first */
    sp_log_space space;
    bool broken;  /* every later call fails */
    bool crashed; /* the machine stopped: whatever came after is not real */
    /* Called as a commit begins, before anything of it is durable. */
    void (*on_commit)(void *context);
    void *context;
} sp_fake_log;

void sp_fake_log_init(sp_fake_log *fake);
void sp_fake_log_close(sp_fake_log *fake);

/* The machine stops now, outside a commit. */
void sp_fake_log_crash(sp_fake_log *fake);
/* A new machine on the same disk, whose records may end in a torn batch. What
 * lay in memory is gone, and no fault is left. */
void sp_fake_log_restart(sp_fake_log *fake);
/* index < records_count. Valid until the log is written, cut or closed. */
const sp_fake_record *sp_fake_log_record(const sp_fake_log *fake, uint64_t index);
/* Drops all records from this one on: recovery's task, before any append. */
void sp_fake_log_cut(sp_fake_log *fake, uint64_t records_count);

/* seq in 1 … durable_count. */
const sp_event *sp_fake_log_event(const sp_fake_log *fake, sp_seq seq);
bool sp_fake_log_has_email(const sp_fake_log *fake, const sp_profile *profile);
/* The durable profile of a user, or NULL. */
const sp_profile *sp_fake_log_profile(const sp_fake_log *fake, sp_user_id user);
/* How many appended events are not durable. */
uint64_t sp_fake_log_pending(const sp_fake_log *fake);

#endif
