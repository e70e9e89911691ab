/* SPDX-License-Identifier: MIT
 *
 * The inside of a run, shared by load_client.c (phases, what connections tell,
 * time) and load_sender.c (what is sent next, and on which connection).
 */
#ifndef SP_BENCH_LOAD_CLIENT_PRIVATE_H
#define SP_BENCH_LOAD_CLIENT_PRIVATE_H

#include <sys/resource.h>

#include <uv.h>

#include "bench/load_client.h"
#include "bench/load_connection.h"
#include "bench/load_pace.h"

/* In this order; a run without primes or warm-up passes them at once. */
typedef enum sp_bench_load_phase {
    SP_BENCH_LOAD_STARTING, /* until all connections are up */
    SP_BENCH_LOAD_PRIMING,
    SP_BENCH_LOAD_WARMING,
    SP_BENCH_LOAD_MEASURING,
    SP_BENCH_LOAD_DRAINING,
    SP_BENCH_LOAD_DONE,
} sp_bench_load_phase;

typedef struct sp_bench_load_client {
    const sp_bench_load_plan *plan;
    sp_bench_load_outcome *out;
    char *why; /* set: the run failed before it began */
    size_t why_size;

    uv_loop_t loop;
    uv_timer_t tick;
    uv_poll_t pace_poll;
    uv_prepare_t before_sleep;
    sp_bench_load_pace pace;
    uint32_t ticks;

    sp_bench_load_lines lines;
    sp_bench_load_connection *connections;
    uint32_t up_count; /* only while STARTING */
    char *write_bytes; /* requests of one send */

    sp_bench_load_phase phase;
    uint64_t phase_end_ns; /* UINT64_MAX: something else ends it */
    uint64_t window_start_ns;
    struct rusage window_usage;

    uint32_t primes_count, primes_sent, primes_ended;
    uint64_t capacity;                     /* of the sequence */
    uint64_t window_sent, window_ended;    /* requests of the window */
    uint64_t flights_count;                /* over all connections */
    uint64_t follows_count;                /* likewise; requests of begun units, not sent yet */
    struct sp_bench_load_follows *follows; /* by connection */
    bool side_drains;

    /* The open loop: arrivals, and connections with room, in turn. */
    uint64_t arrivals_sent, arrivals_end;
    sp_bench_load_connection **queue; /* a ring of connections_count */
    uint32_t queue_first, queue_count;
} sp_bench_load_client;

/* A request that belongs to a unit that has begun, and waits for its turn: at the
 * end of the same wake-up, unless the connection is writing. */
typedef struct sp_bench_load_follow {
    sp_bench_load_request request;
    sp_bench_load_flight flight;
} sp_bench_load_follow;

typedef struct sp_bench_load_follows {
    sp_bench_load_follow *waiting; /* depth of them; NULL: units are of one step */
    uint32_t count;
} sp_bench_load_follows;

static inline uint32_t sp_bench_load_client_index_of(const sp_bench_load_client *c,
                                                     const sp_bench_load_connection *connection)
{
    return (uint32_t)(connection - c->connections);
}

static inline bool sp_bench_load_client_is_open_loop(const sp_bench_load_client *c)
{
    return c->plan->rate > 0;
}

static inline bool sp_bench_load_client_is_counted(const sp_bench_load_client *c)
{
    return c->plan->requests_count > 0;
}

/* Open loop: is there still anything that was, or will be, meant to be sent? */
static inline bool sp_bench_load_client_has_arrivals(const sp_bench_load_client *c)
{
    return sp_bench_load_client_is_open_loop(c) && !c->out->ran_out &&
           c->arrivals_sent < c->arrivals_end;
}

/* load_sender.c: sends what this connection may send now; open loop: what is
 * due, on every connection with room. Sets ran_out when the sequence ends. */
void sp_bench_load_sender_give(sp_bench_load_client *c, sp_bench_load_connection *connection,
                               uint64_t now_ns);
/* Open loop: an arrival's time may have come. */
void sp_bench_load_sender_pump(sp_bench_load_client *c, uint64_t now_ns);
/* Sets the timer to the next arrival, if a connection could take it. */
void sp_bench_load_sender_wait(sp_bench_load_client *c, uint64_t now_ns);

#endif
