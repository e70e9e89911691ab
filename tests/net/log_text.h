/* SPDX-License-Identifier: MIT
 *
 * What the logger's tests read back: whole lines of valid JSON, and how many
 * lines the writer says are missing. For one test program each: all of it is
 * static.
 */
#ifndef SP_TESTS_NET_LOG_TEXT_H
#define SP_TESTS_NET_LOG_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/json_read.h"

static char text[4u << 20];
static size_t text_size;

static inline void read_until_end(int fd)
{
    ssize_t got;
    text_size = 0;
    while ((got = read(fd, text + text_size, sizeof text - 1 - text_size)) > 0)
        text_size += (size_t)got;
    assert_int_equal(got, 0);
    text[text_size] = '\0';
    close(fd);
}

static inline void read_path(const char *path)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    read_until_end(fd);
}

/* Every line is one JSON object and ends; returns how many have `part`. */
static inline unsigned count_lines(const char *part)
{
    sp_json_reader *reader = sp_json_reader_create();
    unsigned count = 0;
    assert_non_null(reader);
    for (char *line = text; line < text + text_size;) {
        char *end = memchr(line, '\n', (size_t)(text + text_size - line));
        if (end == NULL)
            fail_msg("a line without an end: %s", line);
        const char *wrong = NULL;
        if (sp_json_read(reader, (sp_text){line, (uint32_t)(end - line)}, &wrong) == NULL)
            fail_msg("%s: %.*s", wrong, (int)(end - line), line);
        *end = '\0';
        count += strstr(line, part) != NULL;
        *end = '\n';
        line = end + 1;
    }
    sp_json_reader_destroy(reader);
    return count;
}

/* Of all lines_dropped and lines_lost. */
static inline unsigned long count_told(const char *event)
{
    char wanted[64];
    unsigned long count = 0;
    snprintf(wanted, sizeof wanted, "\"event\":\"%s\"", event);
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        count += strtoul(strstr(at, "\"count\":") + 8, NULL, 10);
    return count;
}

#endif
