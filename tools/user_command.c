/* SPDX-License-Identifier: MIT
 *
 * stagepick user add | passwd: makes a user of any role, or sets a user's
 * password, while the server is stopped.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <sodium.h>

#include "net/text_rules.h"
#include "storage/env.h"
#include "tools/accounts.h"
#include "tools/commands.h"
#include "tools/options.h"

#define USAGE                                                                                   \
    "stagepick user add --data DIR --email E --nickname N --role USER|HOST|ADMIN\n"             \
    "       stagepick user passwd --data DIR --email E\n"                                       \
    "Adds a user, or sets a user's password and ends all of his sessions, while the server\n"   \
    "is stopped. The password comes from STAGEPICK_PASSWORD, or is read from the terminal or\n" \
    "standard input."

/* As it was typed, with its end. */
typedef char password_text[SP_PASSWORD_TYPED_SIZE_MAX + 2];

/* How the terminal was before its echo was taken away; for the handler. */
static struct termios terminal_before;

/* Whoever gives up at the prompt gets his echo back: the shell would not see to
 * it. Then the signal does what it always does. */
static void on_give_up(int signal_number)
{
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static const int give_up_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

static void handle_giving_up(void (*handler)(int))
{
    /* The signal is let in again when the handler returns, and ends us then. */
    struct sigaction action = {.sa_handler = handler};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof give_up_signals / sizeof give_up_signals[0]; i++)
        sigaction(give_up_signals[i], &action, NULL);
}

/* Takes the terminal's echo away; false if this is no terminal. */
static bool begin_quiet(void)
{
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &terminal_before) != 0)
        return false;
    struct termios quiet = terminal_before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    handle_giving_up(on_give_up);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    fprintf(stderr, "password: "); /* when nothing that is typed shows any more */
    return true;
}

static void end_quiet(void)
{
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal_before);
    handle_giving_up(SIG_DFL);
    fprintf(stderr, "\n");
}

/* Reads a line without echo. false at the end of input, or if it is longer than
 * any password. */
static bool read_password(password_text out)
{
    bool terminal = begin_quiet();
    bool got = fgets(out, sizeof(password_text), stdin) != NULL;
    if (terminal)
        end_quiet();
    if (!got)
        return false;
    size_t size = strcspn(out, "\r\n");
    bool whole = out[size] != '\0' || size < sizeof(password_text) - 1;
    out[size] = '\0';
    return whole;
}

static bool get_password(password_text out)
{
    const char *given = getenv("STAGEPICK_PASSWORD");
    bool got = given == NULL ? read_password(out) : strlen(given) < sizeof(password_text);
    if (got && given != NULL)
        memcpy(out, given, strlen(given) + 1);
    if (!got)
        fprintf(stderr, "stagepick: no usable password was given\n");
    return got;
}

static int open_runtime(sp_runtime *runtime, const char *dir)
{
    const sp_recover_options recover = {0};
    int code = sp_runtime_open(runtime, dir, 2);
    return code == SP_EXIT_OK ? sp_runtime_recover(runtime, &recover) : code;
}

static int add(const char *dir, const char *email, const char *nickname, sp_role role)
{
    password_text password = "";
    if (!get_password(password))
        return SP_EXIT_USAGE;
    int code = sp_account_check(email, nickname, password);
    if (code != SP_EXIT_OK)
        return code;
    sp_runtime runtime;
    sp_user_id user = 0;
    code = open_runtime(&runtime, dir);
    if (code == SP_EXIT_OK)
        code = sp_account_add(&runtime, email, nickname, password, role, &user);
    sodium_memzero(password, sizeof password);
    sp_runtime_close(&runtime);
    if (code == SP_EXIT_OK)
        printf("user %u added\n", user);
    return code;
}

static int set_password(const char *dir, const char *email)
{
    password_text password = "";
    if (!get_password(password))
        return SP_EXIT_USAGE;
    int code = sp_account_check_password(password);
    if (code != SP_EXIT_OK)
        return code;
    if (!sp_env_exists(dir)) { /* opening would make one */
        fprintf(stderr, "stagepick: there is no log in %s\n", dir);
        return SP_EXIT_FAILED;
    }
    sp_runtime runtime;
    code = open_runtime(&runtime, dir);
    if (code == SP_EXIT_OK)
        code = sp_account_set_password(&runtime, email, password);
    sodium_memzero(password, sizeof password);
    sp_runtime_close(&runtime);
    if (code == SP_EXIT_OK)
        printf("password set, all sessions ended\n");
    return code;
}

/* All of these options were given? Says which one was not. */
static bool are_there(const sp_option *options, int count)
{
    for (int i = 0; i < count; i++) {
        if (options[i].count == 0) {
            fprintf(stderr, "stagepick: --%s %s is needed\n", options[i].name, options[i].argument);
            return false;
        }
    }
    return true;
}

int sp_command_user(int argc, char **argv)
{
    const char *data[1], *email[1], *nickname[1], *role_name[1];
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"email", "E", "e-mail address to log in with", email, 1, 0},
        {"nickname", "N", "add: name that is shown", nickname, 1, 0},
        {"role", "ROLE", "add: USER, HOST or ADMIN", role_name, 1, 0},
    };
    int first = 0;
    int code = sp_options_parse(USAGE, o, 4, argc, argv, &first);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    const char *verb = argc - first == 1 ? argv[first] : "";
    bool is_add = strcmp(verb, "add") == 0;
    if (!is_add && strcmp(verb, "passwd") != 0) {
        fprintf(stderr, "stagepick: %s: %s\nusage: " USAGE "\n",
                argc - first > 1 ? "unexpected argument" : "no such user command",
                argc > first ? argv[argc - 1] : "(none)");
        return SP_EXIT_USAGE;
    }
    if (!are_there(o, is_add ? 4 : 2))
        return SP_EXIT_USAGE;
    if (!is_add)
        return set_password(data[0], email[0]);
    sp_role role;
    if (!sp_role_of_name((sp_text){role_name[0], (uint32_t)strlen(role_name[0])}, &role)) {
        fprintf(stderr, "stagepick: --role takes USER, HOST or ADMIN, not: %s\n", role_name[0]);
        return SP_EXIT_USAGE;
    }
    return add(data[0], email[0], nickname[0], role);
}
