/* SPDX-License-Identifier: MIT
 *
 * The server's log (stderr) and its access log, off the way of those who log:
 * they put a finished line into a bounded ring (net/line_ring.h), one thread
 * writes. A full ring drops lines and counts them; the writer says how many as
 * soon as it can. So a terminal that is stopped, a pipe that nobody reads, a
 * slow disk cost lines, and never a request.
 *
 *   any thread → log ring ────→ stderr
 *   loops ────→ access ring ──→ stderr or a file        (one writer's thread)
 *
 * The writer sleeps when nothing is there; the line that comes then wakes it (a
 * system call), after which it looks every SP_LOGGER_GATHER_MS by itself until
 * nothing has come for as long: so at most one wake-up in that time.
 */
#ifndef SP_NET_LOGGER_H
#define SP_NET_LOGGER_H

#include "net/log_line.h"

typedef struct sp_logger sp_logger;

#define SP_LOGGER_GATHER_MS 20

typedef struct sp_logger_config {
    sp_level level;
    int log_fd; /* stays the caller's; open until stop has returned */
    /* The access log: neither = off. */
    bool access_to_log_fd;
    const char *access_path; /* borrowed until stop has returned */
    /* Powers of two; 0 = the defaults (net/logger.c). */
    uint32_t log_lines_max, access_lines_max;
    /* How long stop may go on writing to a reader who is slow; 0 = 1000. */
    uint32_t stop_timeout_ms;
} sp_logger_config;

/* Opens the access log, starts the thread (which inherits the caller's blocked
 * signals; SIGPIPE must be ignored). 0 or errno. */
int sp_logger_start(const sp_logger_config *config, sp_logger **out);
/* Writes what is there, ends the thread, frees the logger. Nobody else may use
 * it any more. NULL is fine. If the thread hangs in a write (which polling
 * before should not let happen, but the descriptor is shared) it is left
 * behind with its memory: the program is about to end. */
void sp_logger_stop(sp_logger *logger);

/* Begins a line if it is to be seen at all: the writer for its fields, then
 * sp_log_end, which also frees the line (all zero at first). NULL = leave it,
 * also if there is no logger. Any thread; allocates, so not for every request. */
sp_json_writer *sp_log_begin(const sp_logger *logger, sp_log_line *line, sp_level level,
                             const char *event);
void sp_log_end(sp_logger *logger, sp_log_line *line);
/* A line with one field from elsewhere (NULL: none), as sp_log_line_text. */
void sp_log_say(sp_logger *logger, sp_level level, const char *event, const char *detail);

/* Any thread: is there an access log? */
bool sp_logger_has_access(const sp_logger *logger);
/* Any thread: a whole line of the access log. Never waits, nor allocates. */
void sp_logger_put_access(sp_logger *logger, const char *bytes, size_t size);

/* Any thread: how many lines of each were dropped so far. */
void sp_logger_dropped(const sp_logger *logger, uint64_t *log, uint64_t *access);

/* Any thread: the access log's file is opened anew (after logrotate has moved
 * it), soon and by the writer. Without such a file nothing happens. */
void sp_logger_reopen(sp_logger *logger);

#endif
