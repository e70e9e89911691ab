/* SPDX-License-Identifier: MIT
 *
 * A floor in a child process, and a client of it over real sockets. For one
 * test program: all of it is static. Time limits are guards against hanging.
 */
#ifndef SP_TESTS_BENCH_FLOOR_CLIENT_H
#define SP_TESTS_BENCH_FLOOR_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/commands.h"

#define GUARD_MS 60000
#define ARGUMENTS_MAX 16

typedef struct floor_child {
    pid_t pid;
    uint16_t port;
    int out_fd; /* its stdout */
} floor_child;

/* `bench floor …`, and waits for its line. */
static floor_child start_floor(const char *const *arguments)
{
    floor_child child = {0};
    int ends[2];
    char line[256] = "";
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        char copies[ARGUMENTS_MAX][256];
        char *argv[ARGUMENTS_MAX + 5] = {"bench", "floor", "--listen", "127.0.0.1:0"};
        int argc = 4;
        for (int i = 0; arguments[i] != NULL && i < ARGUMENTS_MAX; i++) {
            snprintf(copies[i], sizeof copies[i], "%s", arguments[i]);
            argv[argc++] = copies[i];
        }
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        _exit(sp_command_bench(argc, argv));
    }
    close(ends[1]);
    child.out_fd = ends[0];
    for (size_t at = 0; at < sizeof line - 1 && strchr(line, '\n') == NULL;) {
        ssize_t size = read(child.out_fd, line + at, sizeof line - 1 - at);
        if (size <= 0)
            fail_msg("the floor did not start");
        at += (size_t)size;
    }
    unsigned port;
    assert_int_equal(sscanf(line, "listening on http://127.0.0.1:%u\n", &port), 1);
    child.port = (uint16_t)port;
    return child;
}

#define START(...) start_floor((const char *const[]){__VA_ARGS__, NULL})

/* Its exit code, or minus the signal that ended it. */
static int end_floor(floor_child *child, int signal_number)
{
    int status = 0;
    kill(child->pid, signal_number);
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    close(child->out_fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int dial(const floor_child *child)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(child->port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes += sent;
        size -= (size_t)sent;
    }
}

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, timeout_ms) == 1;
}

/* Up to `size` bytes, fewer only if the floor hangs up. */
static size_t hear(int fd, char *out, size_t size)
{
    size_t at = 0;
    while (at < size) {
        if (!is_readable(fd, GUARD_MS))
            fail_msg("the floor is silent behind %zu of %zu bytes", at, size);
        ssize_t got = recv(fd, out + at, size - at, 0);
        if (got <= 0)
            break;
        at += (size_t)got;
    }
    return at;
}

static void expect_hang_up(int fd)
{
    char byte;
    assert_int_equal(hear(fd, &byte, 1), 0);
    close(fd);
}

#endif
