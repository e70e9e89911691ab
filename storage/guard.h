/* SPDX-License-Identifier: MIT
 *
 * Runs work on an untrusted file in a child process. Its death by a signal
 * that a damaged file can cause (SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL) is a
 * finding, DAMAGED, and no crash of the caller.
 *
 * Caveat: forks, so it must be called before the process has threads, and
 * before it opens the environment that the child will open.
 */
#ifndef SP_STORAGE_GUARD_H
#define SP_STORAGE_GUARD_H

#include <stddef.h>

#include "storage/finding.h"

/* Runs in the child; fills *result (shared memory, all zero at first: what it
 * wrote stays readable if it dies) and *finding, whose text is also its last
 * words if it dies. Its stdio is flushed when it returns. */
typedef void (*sp_guard_work)(void *context, void *result, sp_finding *finding);

/* A child under way. */
typedef struct sp_guard sp_guard;

/* Starts the child and returns at once; NULL with *finding filled if that
 * can't be done. It may write up to result_size bytes of result. The child is
 * killed if the caller dies. */
sp_guard *sp_guard_start(sp_guard_work work, void *context, size_t result_size,
                         sp_finding *finding);
/* Blocks until the child has ended; frees the guard. result gets result_size
 * bytes, also when the child died. on_wait (may be NULL) is called every
 * 20 ms meanwhile. */
sp_storage_status sp_guard_finish(sp_guard *guard, void (*on_wait)(void), void *result,
                                  sp_finding *finding);

/* Both in one. */
sp_storage_status sp_guard_run(sp_guard_work work, void *context, void *result, size_t result_size,
                               sp_finding *finding);

#endif
