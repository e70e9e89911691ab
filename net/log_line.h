/* SPDX-License-Identifier: MIT
 *
 * A line of the log: one JSON object, `{"time":…,"level":…,"event":…, fields}`,
 * ended by a newline. Put together where it arises, without a lock; one thread
 * at a time.
 *
 * What may stand in a field is the caller's to know, and the rule is short:
 * numbers, words of the program's own, and ids. Never what a client sent, but
 * for a request id that was checked.
 */
#ifndef SP_NET_LOG_LINE_H
#define SP_NET_LOG_LINE_H

#include "net/json_write.h"

/* In the order of --log-level: a level shows itself and those before it. */
typedef enum sp_level {
    SP_LEVEL_ERROR = 1, /* something is broken */
    SP_LEVEL_WARN,      /* someone should look */
    SP_LEVEL_INFO,      /* the server's life */
    SP_LEVEL_DEBUG,
} sp_level;

/* `error`, `warn`, `info` or `debug`; false if it is none. */
bool sp_level_parse(const char *text, sp_level *out);

/* The longest line there may be, with its newline. */
#define SP_LOG_LINE_SIZE_MAX 1024u
/* Of a text that sp_log_line_text takes; the rest is cut off. */
#define SP_LOG_TEXT_SIZE_MAX 300u

/* All zero before the first begin; may be begun again and again. */
typedef struct sp_log_line {
    sp_json_writer json;
    sp_out out; /* the line, once it has ended */
} sp_log_line;

/* Starts anew; the fields follow, by the writer that this returns. */
sp_json_writer *sp_log_line_begin(sp_log_line *line, sp_level level, const char *event);
void sp_log_line_end(sp_log_line *line);
void sp_log_line_close(sp_log_line *line);

/* A field from elsewhere (a message of the system, a path): may be any bytes,
 * NULL is null. What is not UTF-8, and control characters, show as `?`. */
void sp_log_line_text(sp_log_line *line, const char *key, const char *text);

#endif
