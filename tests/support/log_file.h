/* SPDX-License-Identifier: MIT
 *
 * A log in a directory of its own, filled with a plain history
 * (tests/support/history.h) through the real sp_event_log.
 */
#ifndef SP_TESTS_SUPPORT_LOG_FILE_H
#define SP_TESTS_SUPPORT_LOG_FILE_H

#include "storage/log.h"
#include "tests/support/history.h"
#include "tests/support/temp_dir.h"

/* Large enough that space is never low, and cheap: it is virtual. */
#define SP_LOG_FILE_MAP_BYTES (UINT64_C(4) << 30)

typedef struct sp_log_file {
    sp_temp_dir dir;
    sp_env *env;
    sp_event_log *log;
    sp_log *to; /* the interface of log */
    sp_history history;
} sp_log_file;

/* Failures abort. */
void sp_log_file_make(sp_log_file *file);
/* Appends and commits so many events, batch_size at a time, with the profiles
 * of the users that they make. */
void sp_log_file_fill(sp_log_file *file, uint32_t events_count, uint32_t batch_size);
/* Closes the log and the environment, keeps the directory and the history;
 * opens them again. */
void sp_log_file_close(sp_log_file *file);
void sp_log_file_open(sp_log_file *file);
/* Everything, the directory too. */
void sp_log_file_remove(sp_log_file *file);

#endif
