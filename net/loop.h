/* SPDX-License-Identifier: MIT
 *
 * A loop: one thread with its own listening sockets, connections, slots,
 * mailbox, pools and deadlines. Nothing of it is shared but the mailbox (the
 * sequencer puts), the inbox of hops (other loops send) and sp_loop_shared.
 *
 * An iteration: timers, then whatever the kernel reports (bytes, writes done,
 * the wake-up for mailbox and hops, pool work), each only marking what it touched; then
 * the check handle settles all marked connections, and wakes the sequencer for
 * what was pushed (in a long iteration also before: sp_loop_count_push). An idle loop sleeps without any timer.
 */
#ifndef SP_NET_LOOP_H
#define SP_NET_LOOP_H

#include "net/accept.h"
#include "net/conn.h"
#include "net/hop.h"
#include "net/server.h"

#define SP_LOOP_READ_SIZE (64u * 1024)
#define SP_LOOP_SPARE_OUTS_MAX 16u
/* Buffers that grew beyond this are freed, not kept. */
#define SP_LOOP_SPARE_OUT_SIZE_MAX (64u * 1024)

/* What the loops of one server share. */
typedef struct sp_loop_shared {
    sp_server_config config; /* constant while loops run; metrics is set */
    /* How many connections are open; relaxed: a bound, nothing hangs on it. */
    _Atomic uint32_t connections_count;
    _Atomic uint32_t streams_count; /* likewise; sp_server_streams */
    /* Who sets the claim first writes drain_ms, then releases draining; loops
     * read drain_ms after they acquired that. */
    _Atomic bool drain_claimed;
    uint32_t drain_ms;
    _Atomic bool draining;
    uint64_t id_base;      /* random: request ids of two runs differ */
    sp_loop *const *loops; /* config.loops_count of them, before any runs */
    /* Held until all threads are there; then they run, or if one could not be
     * had (start_failed) all end at once. */
    uv_mutex_t starting;
    bool start_failed;
    /* Hops under way and loops that are busy (net/hop.h); apart from what all
     * loops read all the time. */
    char apart[64];
    _Atomic uint64_t alive;
} sp_loop_shared;

struct sp_loop {
    uv_loop_t uv;
    uv_thread_t thread;
    uv_async_t wake;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t deadline_timer, drain_timer;
    sp_loop_shared *shared;
    uint32_t index;
    sp_acceptor *acceptors;
    uint32_t acceptors_count;
    sp_mailbox mailbox;
    sp_slots slots;
    sp_slot *bounced; /* pushes that found the queue full */
    sp_deadlines deadlines;
    uint64_t timer_at_ms; /* UINT64_MAX: deadline_timer is off */
    sp_conn *conns, *conns_spare;
    uint32_t conns_count, conns_spare_count;
    uint32_t streams_count; /* opened, and closed not called yet */
    sp_conn *dirty;         /* to be settled */
    sp_conn *later;         /* to be settled when others have had their turn */
    sp_exchange_node *exchanges_spare;
    uint32_t exchanges_spare_count;
    sp_http_heads heads;
    sp_http *https_spare;
    uint32_t https_spare_count;
    uint32_t exchanges_live; /* begun and not ended */
    uint32_t slots_out;      /* taken by the app, and not given back */
    sp_out outs_spare[SP_LOOP_SPARE_OUTS_MAX];
    uint32_t outs_spare_count;
    char *read_bytes;
    void *app;
    sp_metrics_loop *metrics;
    /* A turn: an iteration in which something happened. When it began (0: not
     * yet), and when its answers began to be written (until then: as turn_ns). */
    uint64_t turn_ns, settled_ns;
    uint64_t ids_count;
    sp_time_ms now;        /* of this iteration; 0: nobody has asked yet */
    uint32_t pushed_count; /* commands that the sequencer was not woken for */
    bool stopping;         /* draining */
    bool is_alive;         /* counted in shared->alive */
    /* Wake-ups that were due (one for each time the mailbox was found not
     * empty: the loop's), and those that are done with (the sequencer adds,
     * with release; acquired by sp_loop_destroy, which may free the loop only
     * when the last one has returned). */
    uint64_t wakes_due;
    _Atomic uint64_t wakes_done;
    _Atomic(sp_hop *) hops; /* the newest first (net/hop.h) */
};

/* A loop with its acceptors on these sockets (owned by it from now on, also
 * when this fails), not running yet: those of the config's addresses, then, if
 * there is one, the operator's. 0 or a negative libuv error. */
int sp_loop_create(sp_loop_shared *shared, uint32_t index, const int *fds, uint32_t fds_count,
                   sp_loop **out);
/* Starts its thread, which waits for shared->starting. */
int sp_loop_start(sp_loop *loop);
/* Any thread: it looks at shared->draining. */
void sp_loop_wake(sp_loop *loop);
/* Waits for its thread to end. */
void sp_loop_join(sp_loop *loop);
/* Not running (any more); the app's context was destroyed before. */
void sp_loop_destroy(sp_loop *loop);

/* The rest: the loop's thread only. */
uint64_t sp_loop_id_next(sp_loop *loop);
/* A zeroed connection in the loop's list; NULL = out of memory. Counted
 * already by who accepted it; uncounted here if NULL, and by remove. */
sp_conn *sp_loop_conn_add(sp_loop *loop);
void sp_loop_conn_remove(sp_loop *loop, sp_conn *conn);
/* Buffers for answers: *out must be empty; give leaves it so. */
void sp_loop_out_take(sp_loop *loop, sp_out *out);
void sp_loop_out_give(sp_loop *loop, sp_out *out);
/* When this turn began: now, if nothing has happened in it before. Called first
 * by whatever brings work. */
static inline uint64_t sp_loop_turn_ns(sp_loop *loop)
{
    if (loop->turn_ns == 0)
        loop->turn_ns = loop->settled_ns = uv_hrtime();
    return loop->turn_ns;
}
/* Wakes the sequencer if anything was pushed. */
void sp_loop_notify(sp_loop *loop);

/* The sequencer is woken at the end of an iteration, or sooner after so many
 * pushes: with a thousand sockets ready an iteration takes milliseconds, and it
 * should be at work by then (a third more orders, 64 connections 32 deep). With
 * fewer pushes its batches would be small, and dearer than the wait. */
#define SP_LOOP_PUSHES_PER_NOTIFY 128u

/* After each push. */
static inline void sp_loop_count_push(sp_loop *loop)
{
    loop->pushed_count++;
    if (loop->pushed_count == SP_LOOP_PUSHES_PER_NOTIFY)
        sp_loop_notify(loop);
}
#endif
