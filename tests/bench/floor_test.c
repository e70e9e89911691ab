/* SPDX-License-Identifier: MIT
 *
 * The floors over real sockets: every request gets one answer, whole and in
 * turn, however its bytes were cut; and the durable floor has a record for
 * each answer that it gave, also when it is killed.
 */
#include "tests/bench/floor_client.h"

#include <lmdb.h>

#include "bench/floor_log.h"
#include "tests/support/temp_dir.h"
#include "tools/options.h"

static const char get[] = "GET /v1/concerts/1/seats HTTP/1.1\r\nHost: a\r\n\r\n";
/* Its body looks like a request: it is not one. */
static const char post[] = "POST /v1/orders HTTP/1.1\r\nHost: a\r\nContent-Length: 18\r\n\r\n"
                           "GET / HTTP/1.1\r\n\r\n";
static const char last[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

#define ANSWER_SIZE 200u
#define ANSWER_BYTES "200"

static void say_all(int fd, const char *request)
{
    say(fd, request, strlen(request));
}

/* So many whole answers of ANSWER_SIZE, each like the first. */
static void hear_answers(int fd, uint32_t count)
{
    char *bytes = malloc((size_t)count * ANSWER_SIZE);
    assert_non_null(bytes);
    assert_int_equal(hear(fd, bytes, (size_t)count * ANSWER_SIZE), (size_t)count * ANSWER_SIZE);
    assert_memory_equal(bytes, "HTTP/1.1 201 Created\r\n", 22);
    for (uint32_t i = 1; i < count; i++)
        assert_memory_equal(bytes + (size_t)i * ANSWER_SIZE, bytes, ANSWER_SIZE);
    free(bytes);
}

/* Nothing more, and it still answers. */
static void expect_quiet(int fd)
{
    assert_false(is_readable(fd, 50));
    say_all(fd, get);
    hear_answers(fd, 1);
}

/* ---- both floors: each test is run on all three ---- */

typedef struct kind {
    const char *name, *commit;
} kind;

static sp_temp_dir dir;

static floor_child start_kind(const kind *k)
{
    if (k->commit == NULL)
        return START(k->name, "--answer-bytes", ANSWER_BYTES);
    return START(k->name, "--answer-bytes", ANSWER_BYTES, "--data", dir.path, "--commit",
                 k->commit);
}

static void pipelined_requests_get_an_answer_each(void **state)
{
    enum { COUNT = 1000 };
    floor_child child = start_kind(*state);
    int fd = dial(&child), other = dial(&child);
    char *bytes = malloc(COUNT * (sizeof get + sizeof post));
    size_t size = 0;
    assert_non_null(bytes);
    for (int i = 0; i < COUNT; i++)
        size += (size_t)sprintf(bytes + size, "%s", i % 3 == 0 ? post : get);
    /* Requests may be more than the floor takes at once: the other side of a
     * pair of processes reads, so that neither waits for the other. */
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        say(fd, bytes, size);
        _exit(0);
    }
    hear_answers(fd, COUNT);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    expect_quiet(fd);
    expect_quiet(other);
    free(bytes);
    close(fd);
    close(other);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
}

static void a_request_in_pieces_is_answered_when_it_is_whole(void **state)
{
    floor_child child = start_kind(*state);
    int fd = dial(&child);
    for (size_t i = 0; i + 1 < strlen(post); i++) {
        say(fd, post + i, 1);
        if (i % 16 == 0)
            assert_false(is_readable(fd, 2));
    }
    assert_false(is_readable(fd, 50));
    say(fd, post + strlen(post) - 1, 1);
    hear_answers(fd, 1);
    expect_quiet(fd);
    close(fd);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
}

static void a_connection_closes_as_it_was_asked(void **state)
{
    floor_child child = start_kind(*state);
    int fd = dial(&child);
    say_all(fd, get);
    say_all(fd, last);
    hear_answers(fd, 2);
    expect_hang_up(fd);

    fd = dial(&child); /* a half close: what was asked is answered */
    say_all(fd, post);
    shutdown(fd, SHUT_WR);
    hear_answers(fd, 1);
    expect_hang_up(fd);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
}

static void what_is_no_request_ends_its_connection_alone(void **state)
{
    floor_child child = start_kind(*state);
    int bad = dial(&child), good = dial(&child);
    say_all(bad, get);
    hear_answers(bad, 1);
    say_all(bad, "what is this?\r\n\r\n");
    expect_hang_up(bad);
    expect_quiet(good);
    close(good);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
}

static void sigterm_ends_it_with_open_connections(void **state)
{
    floor_child child = start_kind(*state);
    int idle = dial(&child), half = dial(&child);
    say_all(idle, get);
    hear_answers(idle, 1);
    say(half, get, 10);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
    expect_hang_up(idle);
    close(half);
}

/* Whoever asks and does not read must not keep it from its end. */
static void sigterm_ends_it_with_a_client_that_does_not_read(void **state)
{
    enum { COUNT = 100000 };
    floor_child child = start_kind(*state);
    int fd = dial(&child);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        for (int i = 0; i < COUNT; i++)
            if (send(fd, get, strlen(get), MSG_NOSIGNAL) < 0)
                break;
        _exit(0);
    }
    assert_true(is_readable(fd, GUARD_MS));
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
    close(fd);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
}

/* ---- the answer ---- */

/* The head's size, its status, and what it says of its body. */
static size_t head_of(const char *answer, int *status, size_t *length)
{
    const char *blank = strstr(answer, "\r\n\r\n"), *field = strstr(answer, "Content-Length:");
    assert_non_null(blank);
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d ", status), 1);
    *length = field != NULL ? strtoul(field + strlen("Content-Length:"), NULL, 10) : 0;
    return (size_t)(blank - answer) + 4;
}

static void check_answer(const char *status_text, const char *bytes_text)
{
    char answer[2048] = "";
    int status = 0;
    size_t length = 0, wanted = strtoul(bytes_text, NULL, 10);
    floor_child child = START("plain", "--status", status_text, "--answer-bytes", bytes_text);
    int fd = dial(&child);
    say_all(fd, get);
    assert_int_equal(hear(fd, answer, wanted), wanted);
    size_t head = head_of(answer, &status, &length);
    assert_int_equal(status, atoi(status_text));
    assert_int_equal(head + length, wanted);
    assert_false(is_readable(fd, 20));
    close(fd);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
}

static void an_answer_has_the_wanted_size(void **unused)
{
    (void)unused;
    /* 85 + 9, + 10: around the step where the length gets a digit more. */
    static const char *const sizes[] = {"76",  "84",  "85",  "86",  "87",   "88",   "175",
                                        "176", "177", "178", "500", "1079", "1080", "1081"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        check_answer("201", sizes[i]);
    check_answer("304", "60");
    check_answer("304", "140");
}

static void an_answer_that_is_too_small_is_refused(void **unused)
{
    (void)unused;
    char *argv[] = {(char[]){"bench"},          (char[]){"floor"}, (char[]){"plain"},
                    (char[]){"--answer-bytes"}, (char[]){"40"},    NULL};
    assert_int_equal(sp_command_bench(5, argv), SP_EXIT_FAILED);
}

/* Unasked it is the server's own. */
static void the_answers_are_the_servers_own(void **unused)
{
    (void)unused;
    char answer[2048];
    int status = 0;
    size_t length = 0;
    floor_child child = START("plain");
    int fd = dial(&child);
    memset(answer, 0, sizeof answer);
    say_all(fd, last);
    size_t size = hear(fd, answer, sizeof answer - 1);
    size_t head = head_of(answer, &status, &length);
    assert_int_equal(status, 201);
    assert_int_equal(head + length, size);
    assert_non_null(strstr(answer, "\r\nLocation: /v1/orders/1000\r\n"));
    assert_non_null(strstr(answer, "\"status\":\"PAYMENT\""));
    close(fd);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);

    child = START("plain", "--status", "304");
    fd = dial(&child);
    memset(answer, 0, sizeof answer);
    say_all(fd, last);
    size = hear(fd, answer, sizeof answer - 1);
    assert_int_equal(head_of(answer, &status, &length), size);
    assert_int_equal(status, 304);
    assert_int_equal(length, 0);
    assert_non_null(strstr(answer, "\r\nETag: \"1-"));
    close(fd);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
}

/* ---- the durable floor's file ---- */

/* How many records it has; each is where and what it should be. */
static uint64_t count_records(void)
{
    char path[512];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t count = 0;
    snprintf(path, sizeof path, "%s/%s", dir.path, SP_BENCH_FLOOR_FILE);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_mapsize(env, UINT64_C(1) << 30), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
        count++;
        assert_int_equal(key.mv_size, sizeof count);
        assert_memory_equal(key.mv_data, &count, sizeof count);
        assert_int_equal(value.mv_size, SP_BENCH_FLOOR_RECORD_SIZE);
        assert_memory_equal(value.mv_data, &count, sizeof count);
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return count;
}

static void a_record_is_kept_for_each_answer(void **state)
{
    enum { CLIENTS = 3, COUNT = 40 };
    int fds[CLIENTS];
    floor_child child = start_kind(*state);
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = dial(&child);
        for (int n = 0; n < COUNT; n++)
            say_all(fds[i], post);
    }
    for (int i = 0; i < CLIENTS; i++)
        hear_answers(fds[i], COUNT);
    /* All answered, so all is there, and nothing else, however it ends. */
    assert_int_equal(end_floor(&child, SIGKILL), -SIGKILL);
    assert_int_equal(count_records(), CLIENTS * COUNT);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);

    child = start_kind(*state); /* goes on behind them */
    int fd = dial(&child);
    say_all(fd, post);
    hear_answers(fd, 1);
    close(fd);
    assert_int_equal(end_floor(&child, SIGTERM), SP_EXIT_OK);
    assert_int_equal(count_records(), CLIENTS * COUNT + 1);
}

static void no_answer_is_lost_with_a_killed_floor(void **state)
{
    enum { COUNT = 20000, ENOUGH = 500 };
    floor_child child = start_kind(*state);
    int fd = dial(&child);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        for (int i = 0; i < COUNT; i++)
            if (send(fd, get, strlen(get), MSG_NOSIGNAL) < 0)
                break;
        _exit(0);
    }
    hear_answers(fd, ENOUGH);
    kill(child.pid, SIGKILL); /* in the middle of its work */
    size_t more = 0;
    char bytes[4096];
    for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        more += (size_t)got;
    assert_int_equal(end_floor(&child, SIGKILL), -SIGKILL);
    close(fd);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    /* An answer of which a part came was given. */
    uint64_t answers = ENOUGH + (more + ANSWER_SIZE - 1) / ANSWER_SIZE;
    assert_true(count_records() >= answers);
}

static int make_dir(void **state)
{
    (void)state;
    sp_temp_dir_make(&dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    sp_temp_dir_remove(&dir);
    return 0;
}

static kind plain = {"plain", NULL}, lmdb = {"durable", "lmdb"}, grouped = {"durable", "grouped"};

#define ON(test, k)                                   \
    {                                                 \
#test ", " #k, test, make_dir, remove_dir, &k \
    }
#define ON_ALL(test) ON(test, plain), ON(test, lmdb), ON(test, grouped)
#define ON_DURABLE(test) ON(test, lmdb), ON(test, grouped)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ALL(pipelined_requests_get_an_answer_each),
        ON_ALL(a_request_in_pieces_is_answered_when_it_is_whole),
        ON_ALL(a_connection_closes_as_it_was_asked),
        ON_ALL(what_is_no_request_ends_its_connection_alone),
        ON_ALL(sigterm_ends_it_with_open_connections),
        ON_ALL(sigterm_ends_it_with_a_client_that_does_not_read),
        ON_DURABLE(a_record_is_kept_for_each_answer),
        ON_DURABLE(no_answer_is_lost_with_a_killed_floor),
        cmocka_unit_test(an_answer_has_the_wanted_size),
        cmocka_unit_test(an_answer_that_is_too_small_is_refused),
        cmocka_unit_test(the_answers_are_the_servers_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
