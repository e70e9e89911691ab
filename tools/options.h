/* SPDX-License-Identifier: MIT
 *
 * Command-line options of every subcommand: GNU long options, each also from
 * the environment as STAGEPICK_NAME (dashes as underscores); the command line
 * wins. Also the program's exit codes, their one home.
 */
#ifndef SP_TOOLS_OPTIONS_H
#define SP_TOOLS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SP_EXIT_OK = 0,
    SP_EXIT_FAILED = 1,
    SP_EXIT_USAGE = 2,
    SP_EXIT_DAMAGED = 3,
    SP_EXIT_IN_USE = 4,
};

typedef struct sp_option {
    const char *name;     /* without the dashes */
    const char *argument; /* its placeholder (`DIR`), or NULL for a flag */
    const char *help;     /* one line */
    const char **values;  /* gets the texts; a flag stores "on" */
    uint32_t values_max;  /* 1: the last one wins; more: repeatable (the
                           * environment's are split at commas and blanks) */
    uint32_t count;       /* how many were given: set by the parser */
} sp_option;

/* Parses argv[1…]. Positional arguments are moved to the end of argv and
 * *first_positional says where they begin. Returns SP_EXIT_OK; SP_EXIT_USAGE
 * after a line on stderr; or -1 after --help was printed (exit 0).
 * usage: `stagepick log verify --data DIR`, and a sentence on what it does. */
int sp_options_parse(const char *usage, sp_option *options, uint32_t count, int argc, char **argv,
                     int *first_positional);

/* A whole decimal number in [min, max]; false (after a line on stderr naming
 * the option) if it is anything else. */
bool sp_option_number(const sp_option *option, uint64_t min, uint64_t max, uint64_t *out);

#endif
