/* SPDX-License-Identifier: MIT
 *
 * The stagepick program: finds the subcommand, nothing else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/commands.h"
#include "tools/options.h"
#include "tools/version.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"serve", sp_command_serve, "serve a data directory over HTTP"},
    {"log", sp_command_log, "stat, verify, dump or compact the event log"},
    {"replay", sp_command_replay, "rebuild a state from the log and show it"},
    {"user", sp_command_user, "add a user, or set a password, while the server is stopped"},
    {"key", sp_command_key, "show or rotate the keys of access tokens"},
    {"openapi", sp_command_openapi, "print the document of the HTTP interface"},
    {"bench", sp_command_bench, "measure the engine, or fill a directory to measure a server on"},
};
#define COMMANDS_COUNT (sizeof commands / sizeof commands[0])

static void print_usage(FILE *to)
{
    fprintf(to, "usage: stagepick COMMAND [OPTION]...\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].help);
    fprintf(to, "\n`stagepick COMMAND --help` lists a command's options.\n"
                "Exit codes: 0 fine, 1 failed, 2 usage, 3 data damaged, 4 in use.\n");
}

/* Whoever starts us may have closed standard input, output or error. The next
 * file opened would get that number, and a message meant for a terminal would
 * be written into the log. */
static bool keep_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    if (!keep_standard_files())
        return SP_EXIT_FAILED;
    if (argc < 2) {
        print_usage(stderr);
        return SP_EXIT_USAGE;
    }
    for (size_t i = 0; i < COMMANDS_COUNT; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return SP_EXIT_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("stagepick %s\n", SP_VERSION);
        return SP_EXIT_OK;
    }
    fprintf(stderr, "stagepick: no such command: %s\n\n", argv[1]);
    print_usage(stderr);
    return SP_EXIT_USAGE;
}
