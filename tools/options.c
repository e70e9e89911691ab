/* SPDX-License-Identifier: MIT */
#include "tools/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"

#define OPTIONS_MAX 48

/* STAGEPICK_NAME for an option's name. */
static char *environment_value(const char *name)
{
    char variable[80] = "STAGEPICK_";
    size_t size = strlen(variable);
    for (; *name != '\0' && size + 1 < sizeof variable; name++)
        variable[size++] = *name == '-' ? '_' : (char)toupper((unsigned char)*name);
    variable[size] = '\0';
    char *value = getenv(variable);
    return value != NULL && *value != '\0' ? value : NULL;
}

/* Of a single value the last one wins; of a list none is lost. */
static void store(sp_option *option, const char *value)
{
    if (option->count < option->values_max)
        option->values[option->count++] = value;
    else if (option->values_max == 1)
        option->values[0] = value;
    else
        option->count = option->values_max + 1; /* refused at the end */
}

/* Options that the command line left out come from the environment. */
static void take_from_environment(sp_option *option)
{
    char *value = option->count == 0 ? environment_value(option->name) : NULL;
    if (value == NULL)
        return;
    if (option->argument == NULL) {
        bool off =
            strcmp(value, "0") == 0 || strcmp(value, "off") == 0 || strcmp(value, "false") == 0;
        if (!off)
            store(option, "on");
        return;
    }
    if (option->values_max == 1) {
        store(option, value);
        return;
    }
    /* A list: cut at its commas where it stands, in the environment. */
    char *rest = NULL;
    for (char *part = strtok_r(value, ", ", &rest); part != NULL;
         part = strtok_r(NULL, ", ", &rest))
        store(option, part);
}

static void print_help(const char *usage, const sp_option *options, uint32_t count)
{
    printf("usage: %s\n\noptions:\n", usage);
    for (uint32_t i = 0; i < count; i++) {
        char left[80];
        snprintf(left, sizeof left, "--%s%s%s", options[i].name,
                 options[i].argument != NULL ? " " : "",
                 options[i].argument != NULL ? options[i].argument : "");
        printf("  %-28s %s%s\n", left, options[i].help,
               options[i].values_max > 1 ? " (may be repeated)" : "");
    }
    printf("  %-28s %s\n", "--help", "print this");
    printf("\nEach option may also come from the environment: --some-name as "
           "STAGEPICK_SOME_NAME.\n");
}

int sp_options_parse(const char *usage, sp_option *options, uint32_t count, int argc, char **argv,
                     int *first_positional)
{
    SP_ASSERT_CMP(count, <=, OPTIONS_MAX);
    struct option table[OPTIONS_MAX + 2] = {0};
    for (uint32_t i = 0; i < count; i++) {
        options[i].count = 0;
        table[i].name = options[i].name;
        table[i].has_arg = options[i].argument != NULL ? required_argument : no_argument;
        table[i].val = (int)i + 1;
    }
    table[count] = (struct option){.name = "help", .val = OPTIONS_MAX + 1};

    optind = 0; /* glibc: begin anew, subcommands parse in turn */
    int c;
    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (c == OPTIONS_MAX + 1) {
            print_help(usage, options, count);
            return -1;
        }
        if (c < 1 || c > (int)count) { /* getopt has said what is wrong */
            fprintf(stderr, "usage: %s\n(--help lists the options)\n", usage);
            return SP_EXIT_USAGE;
        }
        store(&options[c - 1], options[c - 1].argument != NULL ? optarg : "on");
    }
    for (uint32_t i = 0; i < count; i++) {
        take_from_environment(&options[i]);
        if (options[i].count > options[i].values_max) {
            fprintf(stderr, "stagepick: --%s can be given %u times at most\n", options[i].name,
                    options[i].values_max);
            return SP_EXIT_USAGE;
        }
    }
    if (first_positional != NULL) {
        *first_positional = optind;
    } else if (optind < argc) {
        fprintf(stderr, "stagepick: unexpected argument: %s\nusage: %s\n", argv[optind], usage);
        return SP_EXIT_USAGE;
    }
    return SP_EXIT_OK;
}

bool sp_option_number(const sp_option *option, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *text = option->values[0];
    char *end = NULL;
    errno = 0;
    unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || value < min || value > max) {
        fprintf(stderr, "stagepick: --%s takes a whole number from %llu to %llu, not: %s\n",
                option->name, (unsigned long long)min, (unsigned long long)max, text);
        return false;
    }
    *out = value;
    return true;
}
