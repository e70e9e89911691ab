/* SPDX-License-Identifier: MIT
 *
 * Checks of a whole log that nobody has looked at yet, each in a child process
 * (storage/guard.h, whose caveats hold): what `log verify` and `log stat` tell
 * and what serve does before it opens a log.
 */
#ifndef SP_STORAGE_CHECK_H
#define SP_STORAGE_CHECK_H

#include "engine/engine.h"
#include "storage/guard.h"
#include "storage/recover.h"
#include "storage/side.h"

typedef struct sp_log_check_options {
    /* Replays with these limits and digests; NULL: does not replay. */
    const sp_limits *limits;
    sp_seq until; /* last seq to replay; 0 = the head */
    bool decode;  /* counts events by type, also without replay */
    bool side;    /* also profiles, sessions, the list of free pages */
    bool lookups; /* see sp_recover_config */
} sp_log_check_options;

/* Numbers of event types are below this. */
#define SP_EVENT_TYPES_MAX 32

typedef struct sp_log_report {
    sp_log_identity identity;
    sp_recover_summary summary;
    uint64_t events_by_type[SP_EVENT_TYPES_MAX];
    sp_side_report side;
    sp_seq replayed_seq;
    uint8_t digest[SP_DIGEST_SIZE]; /* of the state at replayed_seq */
} sp_log_report;

/* OK, or what is wrong. FAILED if there is no log. The report holds what was
 * found so far in any case. */
sp_storage_status sp_log_check(const char *dir, const sp_log_check_options *options,
                               sp_log_report *report, sp_finding *finding);

/* What serve runs before it opens an existing log itself: everything read
 * once, the chain checked, the side databases decoded; no replay (recovery
 * follows). DAMAGED if the log is gone but its traces are there: a new one in
 * its place would be a silent repair. Begins in the child and returns at once, so that the program may
 * start its threads meanwhile; `dir` must stay until the finish. */
typedef struct sp_log_precheck {
    sp_guard *guard; /* NULL: there is no log yet, so nothing to check */
    const char *dir;
} sp_log_precheck;

sp_storage_status sp_log_precheck_start(sp_log_precheck *check, const char *dir,
                                        sp_finding *finding);
/* Blocks until the child has ended; on_wait as in sp_guard_finish. A finish
 * without a guard is OK. */
sp_storage_status sp_log_precheck_finish(sp_log_precheck *check, void (*on_wait)(void),
                                         sp_finding *finding);

#endif
