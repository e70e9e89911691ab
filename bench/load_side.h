/* SPDX-License-Identifier: MIT
 *
 * What goes on beside the requests of a workload, on the same loop: watchers of a
 * seat map (load_watch.c), listeners to queued orders (load_listen.c). A table of
 * functions, as workloads are; who is created aborts if a struct finds no memory.
 * One thread.
 */
#ifndef SP_BENCH_LOAD_SIDE_H
#define SP_BENCH_LOAD_SIDE_H

#include <sys/socket.h>

#include <uv.h>

#include "bench/load_workload.h"
#include "net/json_write.h"

/* Borrowed for the run. */
typedef struct sp_bench_load_side_setup {
    const struct sockaddr *address;
    const char *host; /* as typed */
    const sp_bench_load_stage *stage;
    uint32_t connections_count; /* that the requests go over */
    uint32_t watchers_count;
    uint32_t server_pid; /* 0: not told */
} sp_bench_load_side_setup;

/* A request's answer. */
typedef struct sp_bench_load_told {
    uint32_t connection;
    uint64_t index;
    bool in_window;
    const sp_bench_load_answer *answer;
    uint64_t now_ns;
} sp_bench_load_told;

typedef struct sp_bench_load_side {
    /* NULL with a sentence in why. */
    void *(*open)(const sp_bench_load_side_setup *setup, char *why, size_t why_size);
    void (*close)(void *side);
    /* Sockets beyond those of the requests. */
    uint32_t (*files_count)(const sp_bench_load_side_setup *setup);
    /* All connections are up; ready(client) is called when the run may begin, from
     * the loop and once. */
    void (*start)(void *side, uv_loop_t *loop, void (*ready)(void *client), void *client);
    /* Of every answer but a prime's. */
    void (*answered)(void *side, const sp_bench_load_told *told);
    /* The requests have ended; is_quiet: nothing more is waited for. */
    void (*drain)(void *side);
    bool (*is_quiet)(const void *side);
    /* Closes whatever is open, so that the loop can end. */
    void (*finish)(void *side);
    /* false: what was found is a failure, and was named on stderr. */
    bool (*judge)(const void *side);
    void (*print)(const void *side);                     /* lines to stdout */
    void (*put)(const void *side, sp_json_writer *json); /* one member of the object */
} sp_bench_load_side;

/* Watchers of seat maps (load_watch.c). */
extern const sp_bench_load_side sp_bench_load_side_of_watch;

#endif
