/* SPDX-License-Identifier: MIT
 *
 * Does the log say what the answers said? The head of the server's log is kept
 * before the run; after it, everything behind that head is read, verified as
 * `log verify` does (chain, batches, decoding), and its sales are counted.
 *
 * The chain is taken as it stands up to the old head (which must still be in
 * its place): `log verify` proves the rest. Nothing is replayed here.
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
    uint64_t sold;    /* order_paid events behind the seq asked for */
} sp_bench_load_log;

/* Reads DIR's log behind seq `after`, UINT64_MAX to learn the head alone.
 * OK, or what is wrong. */
sp_storage_status sp_bench_load_log_read(const char *dir, sp_seq after, sp_bench_load_log *out,
                                         sp_finding *finding);

/* The sum of a run. */
typedef struct sp_bench_load_check {
    uint64_t sold;     /* by the log, since the head before */
    uint64_t accepted; /* by the answers */
    uint64_t unknown;  /* requests that nobody knows the outcome of: may be sold */
    bool same_log;     /* the same log, and not shorter */
} sp_bench_load_check;

sp_bench_load_check sp_bench_load_check_of(const sp_bench_load_log *before,
                                           const sp_bench_load_log *after, uint64_t accepted,
                                           uint64_t unknown);
bool sp_bench_load_check_is_ok(const sp_bench_load_check *check);

#endif
