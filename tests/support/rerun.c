/* SPDX-License-Identifier: MIT */
#include "tests/support/rerun.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char line[512];

/* Only calls that a signal handler may make. abort() then goes on by itself. */
static void on_abort(int signal_number)
{
    static const char text[] = "rerun: ";
    (void)signal_number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0 ||
        write(STDERR_FILENO, line, strlen(line)) < 0 || write(STDERR_FILENO, "\n", 1) < 0)
        _exit(1);
}

void sp_rerun_set(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    signal(SIGABRT, on_abort);
}

const char *sp_rerun_line(void)
{
    return line;
}
