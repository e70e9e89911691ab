/* SPDX-License-Identifier: MIT
 *
 * Does the log say what the answers said? The head of the server's log is kept
 * before the run; after it, everything behind that head is read, verified as
 * `log verify` does (chain, batches, decoding), and its sales are counted.
 *
 * The chain is taken as it stands up to the old head (which must still be in
 * its place): `log verify` proves the rest. Nothing is replayed here, but it is
 * looked whether a seat or a hold was sold twice.
 *
 * Reads beside the server, in a child process each (storage/guard.h: no
 * threads may exist yet, or any more). Blocks.
 */
#ifndef SP_BENCH_LOAD_CHECK_H
#define SP_BENCH_LOAD_CHECK_H

#include "storage/finding.h"
#include "storage/recover.h"

typedef struct sp_bench_load_log {
    sp_log_identity identity;
    sp_log_head head; /* as it stands */
    /* Behind the seq asked for. */
    uint64_t sold;  /* order_paid events */
    uint64_t seats; /* in them */
    uint64_t held;  /* hold_taken events */
    uint64_t wrong; /* seats sold again while they were sold, and holds bought that
                                      * nobody took, or again */
    sp_time_ms sold_first, sold_last; /* times of the first and last sale; 0: none */
} sp_bench_load_log;

/* Reads DIR's log behind seq `after`, UINT64_MAX to learn the head alone.
 * OK, or what is wrong. */
sp_storage_status sp_bench_load_log_read(const char *dir, sp_seq after, sp_bench_load_log *out,
                                         sp_finding *finding);

/* The sum of a run. */
typedef struct sp_bench_load_check {
    uint64_t sold;     /* by the log, since the head before */
    uint64_t accepted; /* by the answers */
    uint64_t held;     /* holds taken, by the log */
    uint64_t given;    /* and by the answers */
    uint64_t wrong;    /* as above: must be 0 */
    double sold_s;     /* from the first sale in the log to the last */
    uint64_t unknown;  /* requests that nobody knows the outcome of: may be sold */
    bool same_log;     /* the same log, and not shorter */
} sp_bench_load_check;

/* given: holds by the answers. */
sp_bench_load_check sp_bench_load_check_of(const sp_bench_load_log *before,
                                           const sp_bench_load_log *after, uint64_t accepted,
                                           uint64_t given, uint64_t unknown);
bool sp_bench_load_check_is_ok(const sp_bench_load_check *check);

#endif
