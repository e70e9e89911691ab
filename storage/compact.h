/* SPDX-License-Identifier: MIT
 *
 * Rewrites a log's file without its free pages.
 *
 * LMDB never wipes: what was changed or erased stays in pages that are free, and
 * in the gaps of pages in use, until they are written over. The copy that is
 * made here has only what is in use, so what erased people left is gone from the
 * file. (The blocks of the old file go back to the file system as they are.)
 *
 * The copy is made in a directory of its own inside, flushed, checked from its
 * first byte to its last as a start and `log verify` do, and then renamed over
 * the old file. A crash at any moment leaves the old log or the new one, whole;
 * half a copy is removed by the next start that writes, or the next compaction.
 */
#ifndef SP_STORAGE_COMPACT_H
#define SP_STORAGE_COMPACT_H

#include "storage/check.h"

typedef struct sp_compact_report {
    uint64_t bytes_before, bytes_after; /* of the file */
    sp_log_report log;                  /* of the copy */
} sp_compact_report;

/* The caller holds the directory (storage/datadir.h), has no environment open
 * and no threads: the work on the file is done in children (storage/guard.h).
 * IN_USE if somebody reads the log. Needs room for a second copy. Blocks. */
sp_storage_status sp_log_compact(const char *dir, sp_compact_report *report, sp_finding *finding);

#endif
