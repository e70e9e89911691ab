/* SPDX-License-Identifier: MIT
 *
 * Batches of orders appended to a log and committed, and how long that took.
 * The orders are made up (the log does not judge them): of one seat, of random
 * buyers at random concerts, the same for the same number.
 *
 * Two times are taken of a batch. `commit`: the call itself. `durable`: from
 * the moment when the batch was due until it may be told, which by the log's
 * rule (engine/log.h) is when the next commit, or a settle, has returned. With
 * a rate a batch is due at its place in a fixed schedule, whether the one
 * before was late or not, and the log is settled whenever there is time; with
 * none it is due as soon as the one before is committed.
 */
#ifndef SP_BENCH_LOG_APPEND_H
#define SP_BENCH_LOG_APPEND_H

#include "bench/log_scratch.h"

typedef struct sp_bench_log_append {
    uint32_t events_per_batch;
    uint64_t batches_max;
    double seconds_max;  /* 0 = until batches_max */
    double events_per_s; /* 0 = no pace */
} sp_bench_log_append;

typedef struct sp_bench_log_appended {
    uint64_t batches_count, events_count;
    double seconds;
    uint64_t file_bytes;              /* that the events took */
    uint64_t *commit_ns, *durable_ns; /* a batch each, ascending; malloc'ed */
} sp_bench_log_appended;

/* false after a line on stderr. The caller frees with close either way. */
bool sp_bench_log_append_run(sp_bench_log_scratch *scratch, const sp_bench_log_append *what,
                             sp_bench_log_appended *out);
void sp_bench_log_appended_close(sp_bench_log_appended *appended);

/* Event number n (from 1) as it was appended. *seat is its memory. */
void sp_bench_log_event(sp_seq n, sp_event *event, sp_seat *seat);

#endif
