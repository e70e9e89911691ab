/* SPDX-License-Identifier: MIT
 *
 * A toy application and a toy sequencer round the real transport, over real
 * loopback sockets. What a request gets follows from its path:
 *
 *   /slot…    a command goes through the queue to the toy's sequencer thread;
 *             the answer's body is `slot`, or `queue_full`
 *   /held/N   likewise, but N stays with the sequencer until toy_release(N)
 *   /again    two commands, one after the other, in one slot
 *   /own/N    a command in a slot of the app's own, held if N > 0; answered at
 *             once with `own POSITION`, or `queue_full`. If N >= TOY_PASSED_ON
 *             the next loop does the same for N - 100 when it has come back.
 *   /hop/N    a hop goes round N loops and comes home before it is answered
 *   /shout/N  100 hops go round N loops each; answered at once
 *   /errand/N the next loop does what /own/N does; answered at once
 *   /stream/N a stream whose first message has N bytes (each of them `m`)
 *   /tell/N   a message of N bytes to each idle stream of the loop; answered as
 *             `told COUNT`
 *   /tick/N   likewise, but by a timer, after the answer: `turns COUNT`, those that the
 *             loop has counted so far
 *   /turns    that alone
 *   /finish   ends all streams of the loop, /last/N after a message
 *   /pool     work on the pool, released by toy_pool_release
 *   /big/N    N bytes
 *   /nap      echoed, but the loop stands still for a while before
 *   /bye      the app asks for `Connection: close`
 *   others    echoed at once: `METHOD path query body`
 */
#ifndef SP_TESTS_SUPPORT_TRANSPORT_TOY_H
#define SP_TESTS_SUPPORT_TRANSPORT_TOY_H

#include "net/server.h"

#define TOY_PASSED_ON 200u
#define TOY_FAREWELL "retry: 7\n\n"

typedef struct toy_options {
    const char *address;      /* default 127.0.0.1:0 */
    uint32_t loops_count;     /* default 1 */
    uint32_t slots_per_loop;  /* default 1024 */
    uint32_t queue_capacity;  /* default 1024 */
    uint32_t connections_max; /* default 1000 */
    /* Defaults: so long that they never come. */
    uint32_t head_ms, body_ms, idle_ms, write_ms, linger_ms;
    bool sequencer_paused; /* pops nothing until toy_resume */
    sp_metrics *metrics;   /* of the server's, or NULL */
} toy_options;

/* How often the app was called, over all loops. */
typedef struct toy_counts {
    _Atomic unsigned begun, ended, answered, completed, refused, gone;
    _Atomic unsigned loops_used;                /* bit i: loop number i has begun a request */
    _Atomic unsigned own_pushed, own_completed; /* slots of the app's own */
    _Atomic unsigned hops_sent, hops_run;
    _Atomic unsigned streams_opened, streams_closed;
    _Atomic unsigned told, passed_over; /* messages, since it began */
    _Atomic uint64_t age_ns;            /* of the request that was answered last */
} toy_counts;

typedef struct toy toy;

/* Aborts if it can't start. */
toy *toy_start(const toy_options *options);
const char *toy_address(const toy *t);
sp_server *toy_server(toy *t);
const toy_counts *toy_counts_of(const toy *t);
void toy_resume(toy *t);
/* Waits until N is held, then lets it go. */
void toy_release(toy *t, unsigned n);
void toy_wait_held(toy *t, unsigned n);
void toy_pool_release(toy *t);
/* Drains, stops, checks that every begun exchange has ended, and that every hop
 * and every slot of the app's own has arrived, and every stream was closed. */
void toy_stop(toy *t, uint32_t drain_ms);
/* Polls until the counter has reached so much; aborts when it never does. */
void toy_wait_count(const _Atomic unsigned *counter, unsigned wanted);

#endif
