/* SPDX-License-Identifier: MIT
 *
 * The writer's batches, without its thread: a pipe of one page, a full disk.
 */
#include "net/line_output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_output_in_pieces(void **state)
{
    sp_line_output output;
    int fds[2];
    char line[SP_LOG_LINE_SIZE_MAX], seen[4096];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETPIPE_SZ, 4096), 4096);
    assert_int_equal(sp_line_output_open_fd(&output, fds[1]), 0);
    sp_line_ring *ring = sp_line_ring_create(16, sizeof line);
    sp_line_output_add(&output, ring, "test");
    for (int i = 0; i < 20; i++) {
        memset(line, 'a' + i, 699);
        line[699] = '\n';
        assert_int_equal(sp_line_ring_put(ring, line, 700), i < 16);
    }
    assert_false(sp_line_ring_put(ring, line, sizeof line + 1));
    /* Five lines fit into a page; the pipe is full then, and it says so. */
    for (int lines_left = 16; lines_left > 0; lines_left -= 5) {
        sp_line_output_state now = sp_line_output_work(&output);
        assert_int_equal(now, lines_left > 5 ? SP_LINE_OUTPUT_BLOCKED : SP_LINE_OUTPUT_EMPTY);
        ssize_t got = read(fds[0], seen, sizeof seen);
        if (lines_left > 5)
            assert_int_equal(got, 5 * 700);
        assert_int_equal(seen[got - 1], '\n');
        if (lines_left < 5)
            assert_non_null(memmem(seen, (size_t)got, "\"stream\":\"test\",\"count\":5}", 26));
    }
    assert_true(sp_line_output_is_empty(&output));
    sp_line_output_close(&output);
    sp_line_ring_destroy(ring);
    close(fds[0]);
    close(fds[1]);
}

/* What a full disk has cost is told when there is room again. */
static void test_lost_lines_are_told(void **state)
{
    sp_line_output output;
    char seen[4096];
    int fds[2], fd = open("/dev/full", O_WRONLY);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(sp_line_output_open_fd(&output, fd), 0);
    sp_line_ring *ring = sp_line_ring_create(16, 100);
    sp_line_output_add(&output, ring, "test");
    for (int i = 0; i < 3; i++)
        assert_true(sp_line_ring_put(ring, "{}\n", 3));
    assert_int_equal(sp_line_output_work(&output), SP_LINE_OUTPUT_EMPTY);
    assert_int_equal(output.error, ENOSPC);
    assert_int_equal(dup2(fds[1], fd), fd); /* as if the disk had room */
    assert_true(sp_line_ring_put(ring, "{}\n", 3));
    assert_int_equal(sp_line_output_work(&output), SP_LINE_OUTPUT_EMPTY);
    assert_int_equal(output.error, 0);
    ssize_t got = read(fds[0], seen, sizeof seen);
    assert_true(got > 3 && (size_t)got < sizeof seen);
    seen[got] = '\0';
    assert_memory_equal(seen, "{}\n", 3);
    assert_non_null(strstr(seen, "\"event\":\"lines_lost\",\"count\":3}\n"));
    sp_line_output_close(&output);
    sp_line_ring_destroy(ring);
    close(fd);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_in_pieces),
        cmocka_unit_test(test_lost_lines_are_told),
    };
    return cmocka_run_group_tests_name("line output", tests, NULL, NULL);
}
