/* SPDX-License-Identifier: MIT
 *
 * The floor's I/O loop: libuv and llhttp and nothing else. Reads requests, as
 * many as have come, and writes as many copies of one constant answer, one
 * write a connection and read. What it leaves out is what a server adds:
 * strict checks, routes, tokens, bodies, answers that say something.
 *
 * As fast as it can reasonably be made, so that a ratio against it means
 * something: nothing is allocated or copied for a request (answers are written
 * from one block of copies), the kernel is tried before libuv's write queue.
 *
 * With a queue (the durable floor) each request goes through it as a slot
 * first, and is answered when its slot has come back.
 */
#ifndef SP_BENCH_FLOOR_LOOP_H
#define SP_BENCH_FLOOR_LOOP_H

#include "engine/queue.h"

typedef struct sp_bench_floor_config {
    int fd; /* listening; owned by the loop from create on */
    const char *answer;
    uint32_t answer_size;
    sp_queue *queue; /* NULL: the plain floor */
    /* Called when nothing more will be pushed, before the mailbox goes: must
     * return only when nobody will wake it any more. NULL without a queue. */
    void (*stop)(void *context);
    void *context;
} sp_bench_floor_config;

/* How many slots there are, and therefore the queue's capacity. */
#define SP_BENCH_FLOOR_SLOTS 262144u

typedef struct sp_bench_floor_loop sp_bench_floor_loop;

/* From its return on connections are taken (they wait until it runs) and
 * SIGTERM is handled. config is copied, the answer borrowed. 0, or a negative
 * libuv error with nothing left open. */
int sp_bench_floor_loop_create(const sp_bench_floor_config *config, sp_bench_floor_loop **out);
/* Serves on the calling thread until SIGTERM or SIGINT, answers what is under
 * way (2 s at most), and frees the loop. */
void sp_bench_floor_loop_run(sp_bench_floor_loop *loop);

#endif
