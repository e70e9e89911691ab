/* SPDX-License-Identifier: MIT
 *
 * The durable floor's thread: takes the slots that have come, puts a small
 * record for each into LMDB, commits once, gives the slots back. What the
 * sequencer does, without deciding anything: no server that keeps one record a
 * request in LMDB can be much faster.
 *
 * Two disciplines, for the engine had both:
 *
 *   lmdb      LMDB's durable defaults. A commit flushes twice, data then meta;
 *             the batch is given back behind it.
 *   grouped   one flush a commit (MDB_NOMETASYNC), in a file that is filled
 *             ahead (storage/room.h). A batch is given back behind the next
 *             one's commit, which makes it durable, or when nothing more has
 *             come, behind a flush of its own.
 *
 * The file is floor.mdb, and not a log's data.mdb: nothing is lost if it is
 * pointed at a data directory by mistake. A record is 30 bytes: its number,
 * then zeros; its key is the number too, dense from 1.
 */
#ifndef SP_BENCH_FLOOR_LOG_H
#define SP_BENCH_FLOOR_LOG_H

#include "engine/queue.h"

#define SP_BENCH_FLOOR_FILE "floor.mdb"
#define SP_BENCH_FLOOR_RECORD_SIZE 30u

typedef enum sp_bench_floor_commit {
    SP_BENCH_FLOOR_LMDB,
    SP_BENCH_FLOOR_GROUPED,
} sp_bench_floor_commit;

typedef struct sp_bench_floor_log sp_bench_floor_log;

/* Makes the directory if there is none. queue: borrowed, this is its consumer.
 * NULL after a line on stderr. */
sp_bench_floor_log *sp_bench_floor_log_open(const char *dir, sp_bench_floor_commit commit,
                                            sp_queue *queue);
/* Starts the thread. From then on a failure of the log ends the process with 1:
 * nothing that it was asked has been answered. false after a line on stderr. */
bool sp_bench_floor_log_start(sp_bench_floor_log *log);
/* Lets it finish what was pushed, and joins it; no-op if it does not run. */
void sp_bench_floor_log_stop(sp_bench_floor_log *log);
void sp_bench_floor_log_close(sp_bench_floor_log *log);

#endif
