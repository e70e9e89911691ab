/* SPDX-License-Identifier: MIT */
#include "net/line_output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: to open a pipe that nobody reads must fail, not wait. */
static int open_path(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
}

static bool is_regular(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

int sp_line_output_open_fd(sp_line_output *output, int fd)
{
    *output = (sp_line_output){.fd = fd, .is_file = is_regular(fd)};
    output->bytes = malloc(SP_LINE_OUTPUT_SIZE);
    return output->bytes != NULL ? 0 : ENOMEM;
}

int sp_line_output_open_path(sp_line_output *output, const char *path)
{
    int fd = open_path(path);
    if (fd < 0)
        return errno;
    int error = sp_line_output_open_fd(output, fd);
    output->path = path;
    if (error != 0)
        sp_line_output_close(output);
    return error;
}

void sp_line_output_close(sp_line_output *output)
{
    if (output->path != NULL)
        close(output->fd);
    sp_log_line_close(&output->line);
    free(output->bytes);
    *output = (sp_line_output){.fd = -1};
}

void sp_line_output_add(sp_line_output *output, sp_line_ring *ring, const char *name)
{
    SP_ASSERT_CMP(output->rings_count, <, SP_LINE_OUTPUT_RINGS);
    output->rings[output->rings_count] = ring;
    output->names[output->rings_count++] = name;
}

int sp_line_output_reopen(sp_line_output *output)
{
    if (output->path == NULL)
        return 0;
    int fd = open_path(output->path);
    if (fd < 0)
        return errno;
    /* The rest of a line that was begun belongs to the old one; it is a file
     * nearly always, and then there is none. */
    close(output->fd);
    output->fd = fd;
    output->is_file = is_regular(fd);
    return 0;
}

/* Room that is kept for what the output has to say itself. */
#define NOTES_SIZE (3u * SP_LOG_LINE_SIZE_MAX)
_Static_assert(NOTES_SIZE >= (SP_LINE_OUTPUT_RINGS + 1) * SP_LOG_LINE_SIZE_MAX, "a note each");

static void add_note(sp_line_output *output, const char *event, const char *name, uint64_t count)
{
    sp_json_writer *json = sp_log_line_begin(&output->line, SP_LEVEL_WARN, event);
    if (name != NULL)
        sp_json_put_string(json, "stream", name);
    sp_json_put_integer(json, "count", (int64_t)count);
    sp_log_line_end(&output->line);
    memcpy(output->bytes + output->size, output->line.out.bytes, output->line.out.size);
    output->size += output->line.out.size;
}

static void fill(sp_line_output *output)
{
    output->at = output->size = 0;
    for (uint32_t i = 0; i < output->rings_count; i++)
        output->size += sp_line_ring_take(output->rings[i], output->bytes + output->size,
                                          SP_LINE_OUTPUT_SIZE - NOTES_SIZE - output->size);
    for (uint32_t i = 0; i < output->rings_count; i++) {
        uint64_t dropped = sp_line_ring_dropped(output->rings[i]);
        if (dropped > output->told[i])
            add_note(output, "lines_dropped", output->names[i], dropped - output->told[i]);
        output->told[i] = dropped;
    }
    if (output->lost > output->lost_told)
        add_note(output, "lines_lost", NULL, output->lost - output->lost_told);
    output->lost_told = output->lost;
}

bool sp_line_output_is_empty(const sp_line_output *output)
{
    for (uint32_t i = 0; i < output->rings_count; i++)
        if (!sp_line_ring_is_empty(output->rings[i]) ||
            sp_line_ring_dropped(output->rings[i]) > output->told[i])
            return false;
    return output->at == output->size;
}

/* What goes out in one piece: whole lines, if one fits at all. */
static size_t piece_size(const sp_line_output *output)
{
    size_t size = output->size - output->at;
    if (output->is_file || size <= PIPE_BUF)
        return size;
    const char *from = output->bytes + output->at;
    const char *last = memrchr(from, '\n', PIPE_BUF);
    return last != NULL ? (size_t)(last + 1 - from) : PIPE_BUF;
}

static bool takes_bytes(const sp_line_output *output)
{
    struct pollfd fd = {.fd = output->fd, .events = POLLOUT};
    /* An error (the reader has gone) counts too: the write will say which. */
    return output->is_file || poll(&fd, 1, 0) > 0;
}

/* Nobody can be told now; the batch is given up, and counted, so that the
 * lines after it have a chance. */
static void lose_batch(sp_line_output *output, int error)
{
    for (size_t i = output->at; i < output->size; i++)
        output->lost += output->bytes[i] == '\n';
    output->at = output->size = 0;
    output->error = error;
}

sp_line_output_state sp_line_output_work(sp_line_output *output)
{
    if (output->at == output->size)
        fill(output);
    bool is_full = output->size >= SP_LINE_OUTPUT_SIZE / 2;
    while (output->at < output->size) {
        if (!takes_bytes(output))
            return SP_LINE_OUTPUT_BLOCKED;
        ssize_t written = write(output->fd, output->bytes + output->at, piece_size(output));
        if (written >= 0) {
            output->at += (size_t)written;
            output->error = 0;
        } else if (errno == EAGAIN) {
            return SP_LINE_OUTPUT_BLOCKED;
        } else if (errno != EINTR) {
            lose_batch(output, errno);
        }
    }
    return is_full ? SP_LINE_OUTPUT_MORE : SP_LINE_OUTPUT_EMPTY;
}
