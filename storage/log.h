/* SPDX-License-Identifier: MIT
 *
 * The event log in LMDB: engine/log.h's sp_log for the sequencer.
 *
 * A batch is one LMDB write transaction, begun by its first append or side
 * record and committed by commit, with its record and chain. Side records alone
 * (a log-in, a refresh) are a transaction like any other, but make no batch
 * record: the chain is over events.
 *
 * Flushes. LMDB's commit writes a batch's pages, flushes them, then writes the
 * meta page that points to them, and by default flushes that too. The
 * environment is opened with MDB_NOMETASYNC, which leaves out that second
 * flush: the file is whole after any crash (a meta page never points to pages
 * that are not on the disk, and pages of the last two durable snapshots are not
 * reused), but the last transaction may be gone. The next commit's flush of its
 * pages takes the meta page along, because it flushes the file; settle does the
 * same when there is no next commit. Hence engine/log.h's rule: durable is what
 * a later commit or a settle has covered. The proof is
 * tests/e2e/powercut.test.mjs, which looks at every byte that was flushed when
 * an answer left, and tests/storage/powercut_test.c, for failed flushes and
 * starts.
 *
 * Starts. What a start finds may be in the page cache alone, and no later flush
 * need write it (a flush has failed). So creating the log writes the meta page
 * in use again and flushes it: what it found is durable. Tools that only read
 * flush before they show (storage/recover.c), which makes it so too, unless a
 * flush has failed since the last start: then only the next start does.
 *
 * Room. When a flush also has to record that the file has grown, the file
 * system commits its journal, which costs about as much as the flush itself. So
 * the file is filled with zeros ahead of the pages in use (storage/room.h).
 *
 * One thread, the sequencer's, calls everything here, but sp_event_log_error
 * after a failure, which any thread may read once it learned of the failure.
 * On the order path nothing is allocated but by LMDB itself; the batch's
 * buffer grows when a batch is larger than any before.
 *
 * After any failure the log is broken for good: the open transaction is
 * aborted, every later call fails, the text says why.
 */
#ifndef SP_STORAGE_LOG_H
#define SP_STORAGE_LOG_H

#include "engine/log.h"
#include "storage/chain.h"
#include "storage/env.h"
#include "storage/finding.h"

typedef struct sp_event_log sp_event_log;

/* Bytes free for the log, or < 0 if that can't be known. */
typedef int64_t (*sp_space_probe)(void *context);

/* env: opened for writing; borrowed, outlives the log. Starts behind the last
 * batch as it stands: check and recover the log first. */
sp_storage_status sp_event_log_create(sp_env *env, sp_event_log **out, sp_finding *finding);
/* Drops an uncommitted batch. */
void sp_event_log_destroy(sp_event_log *log);

sp_log *sp_event_log_interface(sp_event_log *log);
/* "" while nothing has failed. */
const char *sp_event_log_error(const sp_event_log *log);
/* Of the last commit. */
void sp_event_log_head(const sp_event_log *log, sp_log_head *out);

/* For tests: asks this instead of the file system. It is asked at most every
 * 100 ms, as the file system is. */
void sp_event_log_probe(sp_event_log *log, sp_space_probe probe, void *context);

#define SP_SPACE_LOW_BYTES (INT64_C(256) << 20)
#define SP_SPACE_NONE_BYTES (INT64_C(64) << 20)

#endif
