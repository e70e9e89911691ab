/* SPDX-License-Identifier: MIT
 *
 * stagepick user add: makes a user of any role while the server is stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "net/text_rules.h"
#include "tools/accounts.h"
#include "tools/commands.h"
#include "tools/options.h"

#define USAGE                                                                       \
    "stagepick user add --data DIR --email E --nickname N --role USER|HOST|ADMIN\n" \
    "Adds a user while the server is stopped. The password comes from\n"            \
    "STAGEPICK_PASSWORD, or is read from the terminal or standard input."

/* Reads a line without echo. false at the end of input. */
static bool read_password(char *out, size_t size)
{
    struct termios before, quiet;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        fprintf(stderr, "password: ");
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool got = fgets(out, (int)size, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fprintf(stderr, "\n");
    }
    if (got)
        out[strcspn(out, "\r\n")] = '\0';
    return got;
}

static int add(const char *dir, const char *email, const char *nickname, sp_role role)
{
    char password[SP_PASSWORD_SIZE_MAX + 2] = "";
    const char *given = getenv("STAGEPICK_PASSWORD");
    if (given != NULL && strlen(given) < sizeof password) {
        memcpy(password, given, strlen(given) + 1);
    } else if (given != NULL || !read_password(password, sizeof password)) {
        fprintf(stderr, "stagepick: no usable password was given\n");
        return SP_EXIT_USAGE;
    }
    int code = sp_account_check(email, nickname, password);
    if (code != SP_EXIT_OK)
        return code;
    sp_runtime runtime;
    sp_user_id user = 0;
    sp_recover_options recover = {0};
    code = sp_runtime_open(&runtime, dir, 2);
    if (code == SP_EXIT_OK)
        code = sp_runtime_recover(&runtime, &recover);
    if (code == SP_EXIT_OK)
        code = sp_account_add(&runtime, email, nickname, password, role, &user);
    sodium_memzero(password, sizeof password);
    sp_runtime_close(&runtime);
    if (code == SP_EXIT_OK)
        printf("user %u added\n", user);
    return code;
}

int sp_command_user(int argc, char **argv)
{
    const char *data[1], *email[1], *nickname[1], *role_name[1];
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"email", "E", "e-mail address to log in with", email, 1, 0},
        {"nickname", "N", "name that is shown", nickname, 1, 0},
        {"role", "ROLE", "USER, HOST or ADMIN", role_name, 1, 0},
    };
    int first = 0;
    int code = sp_options_parse(USAGE, o, 4, argc, argv, &first);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    if (argc - first != 1 || strcmp(argv[first], "add") != 0) {
        fprintf(stderr, "stagepick: %s: %s\nusage: " USAGE "\n",
                argc - first > 1 ? "unexpected argument" : "no such user command",
                argc > first ? argv[argc - 1] : "(none)");
        return SP_EXIT_USAGE;
    }
    for (int i = 0; i < 4; i++) {
        if (o[i].count == 0) {
            fprintf(stderr, "stagepick: --%s %s is needed\n", o[i].name, o[i].argument);
            return SP_EXIT_USAGE;
        }
    }
    sp_role role;
    if (!sp_role_of_name((sp_text){role_name[0], (uint32_t)strlen(role_name[0])}, &role)) {
        fprintf(stderr, "stagepick: --role takes USER, HOST or ADMIN, not: %s\n", role_name[0]);
        return SP_EXIT_USAGE;
    }
    return add(data[0], email[0], nickname[0], role);
}
