/* SPDX-License-Identifier: MIT
 *
 * An event log of its own for a benchmark: a fresh directory under the one
 * that is to be measured (a log can be only as fast as its disk), opened as
 * the server opens it, gone afterwards.
 */
#ifndef SP_BENCH_LOG_SCRATCH_H
#define SP_BENCH_LOG_SCRATCH_H

#include <limits.h>

#include "storage/log.h"

typedef struct sp_bench_log_scratch {
    char dir[PATH_MAX];
    sp_env *env;
    sp_event_log *log;
} sp_bench_log_scratch;

/* base: an existing directory. false after a line on stderr. */
bool sp_bench_log_scratch_open(sp_bench_log_scratch *scratch, const char *base);
/* Closes and removes it. All zero: nothing. */
void sp_bench_log_scratch_close(sp_bench_log_scratch *scratch);

/* Bytes of the file that are in use: what is only filled ahead, or was freed
 * at its end, does not count. */
uint64_t sp_bench_log_scratch_bytes(const sp_bench_log_scratch *scratch);

#endif
