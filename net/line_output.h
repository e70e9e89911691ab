/* SPDX-License-Identifier: MIT
 *
 * Where lines go: a descriptor, the rings that are emptied into it, and the
 * batch of lines that is being written. The writer's thread alone
 * (net/logger.c), but for what happens before it starts.
 *
 * Writing does not wait for a reader: a pipe, socket or terminal is asked
 * first whether it takes anything, and is given at most PIPE_BUF bytes, which a
 * pipe that says so takes at once, and unmixed with what others write to it.
 * (Its O_NONBLOCK is left alone: stderr is shared with whoever started us.) A
 * regular file is given the whole batch.
 */
#ifndef SP_NET_LINE_OUTPUT_H
#define SP_NET_LINE_OUTPUT_H

#include "net/line_ring.h"
#include "net/log_line.h"

#define SP_LINE_OUTPUT_RINGS 2u
#define SP_LINE_OUTPUT_SIZE (64u * 1024)

typedef struct sp_line_output {
    int fd;
    const char *path; /* NULL: the descriptor is not ours; else opened again on demand */
    bool is_file;     /* regular: takes whatever it is given */
    int error;        /* errno of the last write or open if it failed; 0 = all is well */
    /* Emptied in this order. */
    sp_line_ring *rings[SP_LINE_OUTPUT_RINGS];
    const char *names[SP_LINE_OUTPUT_RINGS];
    uint64_t told[SP_LINE_OUTPUT_RINGS]; /* of the dropped lines */
    uint32_t rings_count;
    uint64_t lost; /* lines of batches that could not be written */
    uint64_t lost_told;
    sp_log_line line; /* the output's own */
    char *bytes;      /* of the batch: at … size is to be written */
    size_t at, size;
} sp_line_output;

/* A descriptor that stays the caller's. 0 or errno. */
int sp_line_output_open_fd(sp_line_output *output, int fd);
/* A file that is made (0600) if absent, and appended to. path: borrowed. */
int sp_line_output_open_path(sp_line_output *output, const char *path);
void sp_line_output_close(sp_line_output *output);

void sp_line_output_add(sp_line_output *output, sp_line_ring *ring, const char *name);

/* The path once more, for a file that was moved away. If that fails the old
 * one stays in use. 0 or errno. */
int sp_line_output_reopen(sp_line_output *output);

typedef enum sp_line_output_state {
    SP_LINE_OUTPUT_EMPTY,   /* nothing is left to write */
    SP_LINE_OUTPUT_MORE,    /* a full batch was written: there may be more */
    SP_LINE_OUTPUT_BLOCKED, /* the reader does not take what is there */
} sp_line_output_state;

/* Takes a batch, if there is none, and writes what can be written now. */
sp_line_output_state sp_line_output_work(sp_line_output *output);
/* Nothing in the rings, and all that was dropped or lost has been told. */
bool sp_line_output_is_empty(const sp_line_output *output);

#endif
