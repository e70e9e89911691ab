/* SPDX-License-Identifier: MIT
 *
 * The logger against real pipes and files: what is written is whole lines of
 * valid JSON, what can not be written is counted, and nobody who logs waits for
 * whoever reads.
 */
#include "net/logger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/net/log_text.h"
#include "tests/support/temp_dir.h"

/* --- loggers --- */

static int pipe_fds[2];

static sp_logger *start_on_pipe(sp_logger_config config)
{
    sp_logger *logger;
    assert_int_equal(pipe(pipe_fds), 0);
    config.log_fd = pipe_fds[1];
    if (config.stop_timeout_ms == 0)
        config.stop_timeout_ms = 60000; /* as long as it takes on a busy machine */
    assert_int_equal(sp_logger_start(&config, &logger), 0);
    return logger;
}

static void stop_and_read(sp_logger *logger)
{
    sp_logger_stop(logger);
    close(pipe_fds[1]);
    read_until_end(pipe_fds[0]);
}

static void test_levels(void **state)
{
    (void)state;
    for (sp_level level = SP_LEVEL_ERROR; level <= SP_LEVEL_DEBUG; level++) {
        sp_logger *logger = start_on_pipe((sp_logger_config){.level = level});
        sp_log_say(logger, SP_LEVEL_ERROR, "one", NULL);
        sp_log_say(logger, SP_LEVEL_WARN, "two", NULL);
        sp_log_say(logger, SP_LEVEL_INFO, "three", NULL);
        sp_log_say(logger, SP_LEVEL_DEBUG, "four", NULL);
        stop_and_read(logger);
        assert_int_equal(count_lines("\"time\":\"20"), level);
        assert_int_equal(count_lines("\"level\":\"error\",\"event\":\"one\"}"), 1);
        assert_int_equal(count_lines("\"level\":\"debug\",\"event\":\"four\"}"),
                         level == SP_LEVEL_DEBUG);
    }
    sp_log_say(NULL, SP_LEVEL_ERROR, "nobody", NULL);
    sp_level level = SP_LEVEL_DEBUG;
    assert_true(sp_level_parse("warn", &level));
    assert_int_equal(level, SP_LEVEL_WARN);
    assert_false(sp_level_parse("WARN", &level));
    assert_false(sp_level_parse("", &level));
}

/* Whatever a message of the system or a path has in it, a line stays a line. */
static void test_any_bytes(void **state)
{
    static const char *const details[] = {
        "plain",
        "two\nlines\r\n{\"level\":\"error\"}",
        "\"quotes\" and \\ and \t\x01\x1b[31m",
        "\xff\xfe not UTF-8 \xc3",
        "Stra\xc3\x9f.",
        "",
    };
    char longest[4000], edge[SP_LOG_TEXT_SIZE_MAX + 2];
    (void)state;
    sp_logger *logger = start_on_pipe((sp_logger_config){.level = SP_LEVEL_INFO});
    for (size_t i = 0; i < sizeof details / sizeof *details; i++)
        sp_log_say(logger, SP_LEVEL_INFO, "said", details[i]);
    memset(longest, '"', sizeof longest - 1); /* twice as long when escaped */
    longest[sizeof longest - 1] = '\0';
    sp_log_say(logger, SP_LEVEL_INFO, "said", longest);
    memset(edge, 'a', sizeof edge); /* cut inside its last character */
    memcpy(edge + SP_LOG_TEXT_SIZE_MAX - 1, "\xc3\x9f", 3);
    sp_log_say(logger, SP_LEVEL_INFO, "edge", edge);
    stop_and_read(logger);
    assert_int_equal(count_lines("\"event\":\"said\""), 7);
    assert_int_equal(count_lines("\"detail\":\"Stra\xc3\x9f.\""), 1);
    assert_int_equal(count_lines("\"detail\":\"?? not UTF-8 ?\""), 1);
    assert_int_equal(count_lines("two?lines??{\\\"level\\\""), 1);
    assert_int_equal(count_lines("aaa\"}"), 1);
    assert_int_equal(count_told("lines_dropped"), 0);
}

/* --- a reader who does not read --- */

static const char *const some_line = "{\"event\":\"request\",\"filler\":\"0123456789\"}\n";

typedef struct stopping {
    sp_logger *logger;
    atomic_bool is_over;
} stopping;

static void *stop_logger(void *context)
{
    stopping *end = context;
    sp_logger_stop(end->logger);
    atomic_store(&end->is_over, true);
    return NULL;
}

static void test_stalled_reader(void **state)
{
    enum { LINES = 20000 };
    (void)state;
    /* Room for a quarter of them in the ring, and for less in the pipe. */
    sp_logger *logger = start_on_pipe(
        (sp_logger_config){.level = SP_LEVEL_INFO,
                           .access_to_log_fd = true,
                           .access_lines_max = 1024,
                           .stop_timeout_ms = 60000 /* it reads slowly, on a busy machine */});
    for (int i = 0; i < LINES; i++) /* comes to its end: that is the point */
        sp_logger_put_access(logger, some_line, strlen(some_line));
    sp_log_say(logger, SP_LEVEL_INFO, "still_told", NULL);
    /* Now it reads: all lines that were not dropped, and how many were. */
    stopping end = {.logger = logger};
    pthread_t stopper;
    assert_int_equal(pthread_create(&stopper, NULL, stop_logger, &end), 0);
    text_size = 0;
    fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK);
    while (!atomic_load(&end.is_over)) {
        struct pollfd readable = {.fd = pipe_fds[0], .events = POLLIN};
        poll(&readable, 1, 10);
        ssize_t part = read(pipe_fds[0], text + text_size, 512);
        text_size += part > 0 ? (size_t)part : 0;
    }
    pthread_join(stopper, NULL);
    close(pipe_fds[1]);
    ssize_t got;
    while ((got = read(pipe_fds[0], text + text_size, 65536)) > 0)
        text_size += (size_t)got;
    close(pipe_fds[0]);
    text[text_size] = '\0';
    unsigned written = count_lines("\"request\"");
    assert_true(written >= 1024);
    assert_int_equal(written + count_told("lines_dropped"), LINES);
    assert_int_equal(count_lines("still_told"), 1);
}

/* Nobody will ever read: stopping gives up. */
static void test_stop_with_a_stalled_reader(void **state)
{
    (void)state;
    sp_logger *logger = start_on_pipe((sp_logger_config){
        .level = SP_LEVEL_INFO, .access_to_log_fd = true, .stop_timeout_ms = 50});
    for (int i = 0; i < 8000; i++)
        sp_logger_put_access(logger, some_line, strlen(some_line));
    stop_and_read(logger);
    assert_true(text_size > 0);
    count_lines("request"); /* what went out are whole lines */
}

/* The reader has gone: those lines are lost, the logger is not. */
static void test_reader_gone(void **state)
{
    char path[300];
    sp_temp_dir dir;
    (void)state;
    sp_temp_dir_make(&dir);
    snprintf(path, sizeof path, "%s/access", dir.path);
    sp_logger *logger =
        start_on_pipe((sp_logger_config){.level = SP_LEVEL_INFO, .access_path = path});
    close(pipe_fds[0]);
    for (int i = 0; i < 100; i++) {
        sp_log_say(logger, SP_LEVEL_INFO, "nobody_reads", NULL);
        sp_logger_put_access(logger, some_line, strlen(some_line));
        usleep(1000);
    }
    sp_logger_stop(logger);
    close(pipe_fds[1]);
    read_path(path);
    assert_int_equal(count_lines("\"request\""), 100);
    sp_temp_dir_remove(&dir);
}

/* --- many threads --- */

enum { PRODUCERS = 4, LINES_EACH = 5000 };

typedef struct producer {
    pthread_t thread;
    sp_logger *logger;
    int number;
} producer;

static void *produce(void *context)
{
    producer *p = context;
    char line[100];
    for (int i = 0; i < LINES_EACH; i++) {
        int size =
            snprintf(line, sizeof line, "{\"event\":\"request\",\"p%d\":%d}\n", p->number, i);
        sp_logger_put_access(p->logger, line, (size_t)size);
        if (i % 1000 == 0)
            sp_log_say(p->logger, SP_LEVEL_INFO, "thousand", "more");
        if (i % 700 == 0)
            usleep(100); /* now and then the writer sleeps */
    }
    return NULL;
}

/* Of each producer its lines in order; none twice, none lost but told. */
static void test_threads(void **state)
{
    char path[300];
    sp_temp_dir dir;
    producer producers[PRODUCERS];
    (void)state;
    sp_temp_dir_make(&dir);
    snprintf(path, sizeof path, "%s/access", dir.path);
    sp_logger *logger =
        start_on_pipe((sp_logger_config){.level = SP_LEVEL_INFO, .access_path = path});
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i] = (producer){.logger = logger, .number = i};
        assert_int_equal(pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(producers[i].thread, NULL);
    stop_and_read(logger);
    assert_int_equal(count_lines("\"thousand\",\"detail\":\"more\""), PRODUCERS * 5);
    read_path(path);
    unsigned written = count_lines("\"request\"");
    assert_int_equal(written + count_told("lines_dropped"), PRODUCERS * LINES_EACH);
    long last[PRODUCERS] = {-1, -1, -1, -1};
    for (const char *at = text; (at = strstr(at, ",\"p")) != NULL; at++) {
        long number = strtol(at + 3, NULL, 10), value = strtol(at + 6, NULL, 10);
        assert_in_range(number, 0, PRODUCERS - 1);
        assert_true(value > last[number]);
        last[number] = value;
    }
    sp_temp_dir_remove(&dir);
}

/* --- the file --- */

/* Waits until the file has a text; the run is bounded by the runner. */
static void wait_for(const char *path, const char *part)
{
    for (;;) {
        if (access(path, F_OK) == 0) {
            read_path(path);
            if (strstr(text, part) != NULL)
                return;
        }
        usleep(1000);
    }
}

static void test_reopen(void **state)
{
    char path[300], moved[310];
    struct stat status;
    sp_temp_dir dir;
    (void)state;
    sp_temp_dir_make(&dir);
    snprintf(path, sizeof path, "%s/access", dir.path);
    snprintf(moved, sizeof moved, "%s.1", path);
    FILE *before = fopen(path, "w");
    fputs("{\"event\":\"older\"}\n", before);
    fclose(before);
    sp_logger *logger =
        start_on_pipe((sp_logger_config){.level = SP_LEVEL_INFO, .access_path = path});
    sp_logger_put_access(logger, some_line, strlen(some_line));
    wait_for(path, "request");
    assert_int_equal(count_lines("older"), 1); /* appended */
    assert_int_equal(rename(path, moved), 0);
    sp_logger_reopen(logger);
    while (stat(path, &status) != 0)
        usleep(1000);
    assert_int_equal(status.st_mode & 0777, 0600);
    sp_logger_put_access(logger, "{\"event\":\"second\"}\n", 19);
    wait_for(path, "second");
    assert_int_equal(count_lines("request"), 0);
    /* If it can't be opened, the old one stays in use and that is told. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    sp_logger_reopen(logger);
    stop_and_read(logger);
    assert_int_equal(count_lines("\"event\":\"access_log_not_reopened\""), 1);
    read_path(moved);
    assert_int_equal(count_lines("request"), 1);
    assert_int_equal(count_lines("second"), 0);
    sp_temp_dir_remove(&dir);
}

static void test_refused_files(void **state)
{
    char path[300];
    sp_temp_dir dir;
    sp_logger *logger;
    (void)state;
    sp_temp_dir_make(&dir);
    sp_logger_config config = {
        .level = SP_LEVEL_INFO, .log_fd = STDERR_FILENO, .access_path = path};
    snprintf(path, sizeof path, "%s/none/access", dir.path);
    assert_int_equal(sp_logger_start(&config, &logger), ENOENT);
    snprintf(path, sizeof path, "%s", dir.path);
    assert_int_equal(sp_logger_start(&config, &logger), EISDIR);
    /* A pipe that nobody reads would else be waited for. */
    snprintf(path, sizeof path, "%s/fifo", dir.path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(sp_logger_start(&config, &logger), ENXIO);
    sp_temp_dir_remove(&dir);
}

/* The disk is full: told on stderr, once, and how many lines that was. */
static void test_full_disk(void **state)
{
    (void)state;
    sp_logger *logger =
        start_on_pipe((sp_logger_config){.level = SP_LEVEL_INFO, .access_path = "/dev/full"});
    for (int i = 0; i < 10; i++) {
        sp_logger_put_access(logger, some_line, strlen(some_line));
        usleep(30000);
    }
    stop_and_read(logger);
    assert_int_equal(count_lines("\"event\":\"access_log_failed\",\"detail\":\"No space"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),         cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_stalled_reader), cmocka_unit_test(test_stop_with_a_stalled_reader),
        cmocka_unit_test(test_reader_gone),    cmocka_unit_test(test_threads),
        cmocka_unit_test(test_reopen),         cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_full_disk),
    };
    signal(SIGPIPE, SIG_IGN); /* as the server does */
    return cmocka_run_group_tests_name("logger", tests, NULL, NULL);
}
