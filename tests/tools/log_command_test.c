/* SPDX-License-Identifier: MIT
 *
 * The log tools as they are called: what they print and their exit codes, on a
 * sound log, a damaged one, none, one in use, and into a pipe that closes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "storage/datadir.h"
#include "tests/support/hold_history.h"
#include "tools/commands.h"
#include "tools/options.h"

#define EVENTS 400u

static sp_log_file file;
static char digest_hex[2 * SP_DIGEST_SIZE + 1];
static char *printed; /* by the last call */

static int make_log(void **state)
{
    uint8_t digest[SP_DIGEST_SIZE];
    (void)state;
    sp_log_file_make(&file);
    sp_log_file_fill(&file, EVENTS, 16);
    sp_digest(file.history.state, digest);
    sodium_bin2hex(digest_hex, sizeof digest_hex, digest, sizeof digest);
    return 0;
}

static int remove_log(void **state)
{
    (void)state;
    sp_log_file_remove(&file);
    free(printed);
    return 0;
}

/* Runs a command in a child, as the program would be run, with its output in
 * a file. argv ends with NULL; "DIR" stands for the log's directory. */
static int run(int (*command)(int, char **), ...)
{
    char *argv[12];
    int argc = 0;
    va_list arguments;
    va_start(arguments, command);
    for (char *a; (a = va_arg(arguments, char *)) != NULL;)
        argv[argc++] = strcmp(a, "DIR") == 0 ? file.dir.path : a;
    va_end(arguments);
    argv[argc] = NULL;

    char path[400];
    snprintf(path, sizeof path, "%s/printed", file.dir.path);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        int code = command(argc, argv);
        fflush(NULL);
        _exit(code);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    size_t size;
    free(printed);
    printed = (char *)sp_temp_dir_read(&file.dir, "printed", &size);
    printed[size] = '\0';
    unlink(path);
    return WEXITSTATUS(how);
}

static void has(const char *text)
{
    if (strstr(printed, text) == NULL)
        fail_msg("no \"%s\" in:\n%s", text, printed);
}

static uint32_t lines(void)
{
    uint32_t count = 0;
    for (const char *at = printed; *at != '\0'; at++)
        count += *at == '\n';
    return count;
}

static void verify_says_ok(void **state)
{
    (void)state;
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", NULL), SP_EXIT_OK);
    has("ok: 400 events, 25 batches, head seq 400 chain ");
    has(digest_hex);
    assert_int_equal(lines(), 1);
}

static void stat_tells(void **state)
{
    (void)state;
    assert_int_equal(run(sp_command_log, "log", "stat", "--data", "DIR", NULL), SP_EXIT_OK);
    has("last seq:       400\n");
    has("batches:        25\n");
    has("  user_created         101\n");
    has("  order_paid           ");
    has("format:         1\n");
}

static void dump_prints_events(void **state)
{
    (void)state;
    assert_int_equal(run(sp_command_log, "log", "dump", "--data", "DIR", NULL), SP_EXIT_OK);
    assert_int_equal(lines(), EVENTS);
    static const char first[] = "{\"seq\":1,\"time\":\"2026-01-01T00:00:00.000Z\","
                                "\"type\":\"server_started\",\"actor\":null,\"data\":{\"version\"";
    assert_int_equal(strncmp(printed, first, sizeof first - 1), 0);
    has("\"type\":\"user_created\",\"actor\":null,\"data\":{\"user\":\"1\",\"role\":\"HOST\","
        "\"points\":0}}\n");
    has("\"data\":{\"order\":\"1\",\"concert\":\"1\",\"buyer\":\"2\",\"amount\":50000,\"seats\":[0]"
        ","
        "\"hold\":null,\"job\":null}}\n");
    has("\"type\":\"order_cancelled\",\"actor\":\"9\",\"data\":{\"order\":\"8\",\"amount\":50000,"
        "\"reason\":\"ill\"}}\n");
    has("\"ageLimit\":\"FIFTEEN\",\"startDate\":\"2026-01-01T00:00:00.000Z\"");
    has("\"imageUrl\":null");
    assert_int_equal(
        run(sp_command_log, "log", "dump", "--data", "DIR", "--from", "17", "--to", "20", NULL),
        SP_EXIT_OK);
    assert_int_equal(lines(), 4);
    assert_int_equal(strncmp(printed, "{\"seq\":17,", 10), 0);
}

static void replay_gives_the_digest(void **state)
{
    char expected[200];
    (void)state;
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "digest", NULL),
                     SP_EXIT_OK);
    snprintf(expected, sizeof expected, "seq 400 digest %s\n", digest_hex);
    assert_string_equal(printed, expected);
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--until", "100", NULL),
                     SP_EXIT_OK);
    has("seq 100 digest ");
    assert_null(strstr(printed, digest_hex));
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--until", "401", NULL),
                     SP_EXIT_FAILED);
}

static void replay_lists_the_state(void **state)
{
    (void)state;
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "orders",
                         "--until", "112", NULL),
                     SP_EXIT_OK);
    /* Orders 1 to 8 are events 105 to 112; the eighth is not cancelled yet. */
    has("order 8 concert 1 user 9 PAYMENT amount 50000 seats 7\n");
    assert_int_equal(lines(), 8);
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "orders",
                         "--until", "113", NULL),
                     SP_EXIT_OK);
    has("order 8 concert 1 user 9 CANCEL amount 50000 seats 7\n");
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "seats", "--until",
                         "113", NULL),
                     SP_EXIT_OK);
    has("concert 1 sold 7 of 100000\nxxxxxxx....");
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "points",
                         "--until", "113", NULL),
                     SP_EXIT_OK);
    has("user 1 HOST points 350000\n");
    has("user 2 USER points 999999950000\n");
    has("total 100000000000000\n");
}

static uint32_t count_of(char c)
{
    uint32_t count = 0;
    for (const char *at = printed; *at != '\0'; at++)
        count += *at == c;
    return count;
}

static void expect_line_of(const sp_hold_view *hold)
{
    char text[1000];
    int size =
        snprintf(text, sizeof text, "hold %u concert 1 user %u amount %lld until 2026-01-01T",
                 hold->id, hold->user, (long long)hold->amount);
    const char *line = strstr(printed, text);
    if (line == NULL)
        fail_msg("no \"%s\" in:\n%s", text, printed);
    char seats[SP_SEATS_PER_ORDER_MAX * 8];
    size_t used = 0;
    for (uint32_t i = 0; i < hold->seats_count; i++)
        used += (size_t)snprintf(seats + used, sizeof seats - used, "%s%u", i > 0 ? "," : " seats ",
                                 hold->seats[i]);
    /* behind the rest of the time, HH:MM:SS.mmmZ */
    snprintf(text, sizeof text, "%s\n", seats);
    assert_int_equal(strncmp(line + size + 13, text, strlen(text)), 0);
}

static void holds_are_listed(void)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view hold;
    const sp_state *state = file.history.state;
    uint32_t held = 0, holds_count = sp_state_holds_count(state);
    assert_true(holds_count > 10);
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "holds", NULL),
                     SP_EXIT_OK);
    assert_int_equal(lines(), holds_count);
    for (sp_hold_id id = 1; id <= sp_state_newest_hold(state); id++) {
        if (!sp_state_hold(state, id, seats, &hold))
            continue;
        held += hold.seats_count;
        expect_line_of(&hold);
    }
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "seats", NULL),
                     SP_EXIT_OK);
    /* The line above the seats has no h. */
    assert_int_equal(count_of('h'), held);
    assert_int_equal(held, sp_state_held_count(state, 1));
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "holds", "--until",
                         "104", NULL),
                     SP_EXIT_OK);
    assert_string_equal(printed, "");
}

/* In a log of its own, with holds in it. */
static void the_tools_know_holds(void **state)
{
    enum { COUNT = 600 };
    const sp_log_file kept = file;
    uint8_t digest[SP_DIGEST_SIZE];
    char hex[2 * SP_DIGEST_SIZE + 1];
    (void)state;
    sp_log_file_make(&file);
    sp_hold_history_fill(&file, 1, COUNT, 10);
    sp_digest(file.history.state, digest);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);

    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", NULL), SP_EXIT_OK);
    has(hex);
    assert_int_equal(run(sp_command_log, "log", "stat", "--data", "DIR", NULL), SP_EXIT_OK);
    has("  hold_taken           ");
    has("  hold_extended        ");
    has("  hold_released        ");
    has("  holds_expired        ");
    assert_int_equal(run(sp_command_log, "log", "dump", "--data", "DIR", NULL), SP_EXIT_OK);
    assert_int_equal(lines(), COUNT);
    has("\"data\":{\"hold\":\"1\",\"concert\":\"1\",\"user\":\"");
    has("\"type\":\"hold_extended\",\"actor\":\"");
    has("\"type\":\"hold_released\",\"actor\":\"");
    has("\"type\":\"holds_expired\",\"actor\":null,\"data\":{\"holds\":[\"");
    holds_are_listed();

    sp_log_file_remove(&file);
    file = kept;
}

static void wrong_usage_is_2(void **state)
{
    (void)state;
    assert_int_equal(run(sp_command_log, "log", NULL), SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_log, "log", "repair", "--data", "DIR", NULL), SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_log, "log", "verify", NULL), SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", "more", NULL),
                     SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_log, "log", "verify", "--from", "1", "--data", "DIR", NULL),
                     SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_log, "log", "dump", "--data", "DIR", "--from", "0", NULL),
                     SP_EXIT_USAGE);
    assert_int_equal(
        run(sp_command_log, "log", "dump", "--data", "DIR", "--from", "9", "--to", "8", NULL),
        SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", "--show", "all", NULL),
                     SP_EXIT_USAGE);
    assert_int_equal(run(sp_command_log, "log", "--help", NULL), SP_EXIT_OK);
    assert_int_equal(run(sp_command_log, "log", "verify", "--help", NULL), SP_EXIT_OK);
    has("cut off the end");
}

static void no_log_is_1(void **state)
{
    (void)state;
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "/no/such/place", NULL),
                     SP_EXIT_FAILED);
    has("there is no log in /no/such/place");
    assert_int_equal(run(sp_command_log, "log", "dump", "--data", "/no/such/place", NULL),
                     SP_EXIT_FAILED);
    assert_int_equal(run(sp_command_replay, "replay", "--data", "/no/such/place", NULL),
                     SP_EXIT_FAILED);
}

/* A changed event is damage to each of them, and says where. */
static void damage_is_3(void **state)
{
    size_t size;
    (void)state;
    sp_log_file_close(&file);
    unsigned char *bytes = sp_temp_dir_read(&file.dir, "data.mdb", &size);
    unsigned char *changed = sp_temp_dir_read(&file.dir, "data.mdb", &size);
    /* The category's name stands once in each copy of its page. */
    uint32_t found = 0;
    for (size_t at = 0; at + 4 <= size; at++) {
        if (memcmp(changed + at, "Rock", 4) == 0) {
            changed[at] = 'L';
            found++;
        }
    }
    assert_true(found > 0);
    sp_temp_dir_write(&file.dir, "data.mdb", changed, size);
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", NULL), SP_EXIT_DAMAGED);
    has("damaged: events 97 to 112 are not what was written");
    assert_int_equal(run(sp_command_log, "log", "stat", "--data", "DIR", NULL), SP_EXIT_DAMAGED);
    assert_int_equal(run(sp_command_log, "log", "dump", "--data", "DIR", NULL), SP_EXIT_DAMAGED);
    assert_int_equal(run(sp_command_replay, "replay", "--data", "DIR", NULL), SP_EXIT_DAMAGED);
    sp_temp_dir_write(&file.dir, "data.mdb", bytes, size);
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", NULL), SP_EXIT_OK);
    free(bytes);
    free(changed);
    sp_log_file_open(&file);
}

/* Beside a server (or what holds the directory's lock and has the log open
 * for writing): reading needs no lock. */
static void works_beside_a_server(void **state)
{
    sp_datadir datadir;
    sp_finding finding;
    (void)state;
    assert_int_equal(sp_datadir_open(&datadir, file.dir.path, &finding), SP_STORAGE_OK);
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", NULL), SP_EXIT_OK);
    sp_log_file_fill(&file, 40, 5);
    assert_int_equal(run(sp_command_log, "log", "verify", "--data", "DIR", NULL), SP_EXIT_OK);
    has("ok: 440 events");
    sp_datadir_close(&datadir);
}

/* `dump | head -1`: the reader leaves, dump ends quietly. */
static void a_closed_pipe_ends_a_dump_quietly(void **state)
{
    int out[2], err[2], how;
    char first[10], said[100];
    (void)state;
    sp_log_file_fill(&file, 2000, 100); /* more than a pipe takes */
    assert_int_equal(pipe(out) | pipe(err), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        char *argv[] = {(char[]){"log"}, (char[]){"dump"}, (char[]){"--data"}, file.dir.path, NULL};
        signal(SIGPIPE, SIG_DFL);
        close(out[0]);
        close(err[0]);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[1]);
        close(err[1]);
        _exit(sp_command_log(4, argv));
    }
    close(out[1]);
    close(err[1]);
    assert_int_equal(read(out[0], first, sizeof first), sizeof first);
    close(out[0]);
    assert_int_equal(read(err[0], said, sizeof said), 0);
    close(err[0]);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), SP_EXIT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_says_ok),
        cmocka_unit_test(stat_tells),
        cmocka_unit_test(dump_prints_events),
        cmocka_unit_test(replay_gives_the_digest),
        cmocka_unit_test(replay_lists_the_state),
        cmocka_unit_test(the_tools_know_holds),
        cmocka_unit_test(wrong_usage_is_2),
        cmocka_unit_test(no_log_is_1),
        cmocka_unit_test(damage_is_3),
        cmocka_unit_test(works_beside_a_server),
        cmocka_unit_test(a_closed_pipe_ends_a_dump_quietly),
    };
    return cmocka_run_group_tests(tests, make_log, remove_log);
}
