/* SPDX-License-Identifier: MIT
 *
 * One keep-alive connection of the load generator: requests out, answers back
 * in order. It knows bytes and what is in flight; what to send and what an
 * answer means is its owner's (sp_bench_load_lines.owner, told by the
 * functions below).
 *
 * Cheap on purpose, since it shares the machine with the server: all
 * connections read into one buffer that stays in the cache, requests are built
 * in another one, one write is tried at once without a request object, and
 * the clock is read once a wake-up.
 *
 * One loop, one thread.
 */
#ifndef SP_BENCH_LOAD_CONNECTION_H
#define SP_BENCH_LOAD_CONNECTION_H

#include <uv.h>

#include "bench/load_counts.h"
#include "bench/load_protocol.h"

typedef struct sp_bench_load_connection sp_bench_load_connection;

/* A request that waits for its answer. */
typedef struct sp_bench_load_flight {
    uint64_t intended_ns; /* latency counts from here */
    uint64_t sent_ns;
    uint64_t unit_ns; /* intended_ns of the first request of its unit */
    uint64_t index;   /* in the sequence */
    uint32_t mark;    /* the workload's */
    uint32_t step;    /* of its unit, from 0 */
    bool is_prime;
    bool in_window; /* meant for the measured time */
} sp_bench_load_flight;

/* What the connections of a run share. */
typedef struct sp_bench_load_lines {
    uv_loop_t *loop;
    const struct sockaddr *address;
    const sp_bench_load_protocol *protocol;
    uint32_t depth;    /* requests in flight at most */
    bool keeps_bodies; /* answers are told with their bodies */
    void *owner;
    /* It is open: send if there is anything to send. */
    void (*on_open)(sp_bench_load_connection *connection);
    void (*on_answer)(sp_bench_load_connection *connection, const sp_bench_load_flight *flight,
                      const sp_bench_load_answer *answer, uint64_t now_ns);
    /* All answers of a wake-up have been told, or a write has gone: there is
     * room again. */
    void (*on_room)(sp_bench_load_connection *connection, uint64_t now_ns);
    /* It is closed and lost count flights; reason is libuv's error or 0. The
     * owner may connect it again. `is_error` = false: nothing was lost and the
     * server was free to close. */
    void (*on_lost)(sp_bench_load_connection *connection, sp_bench_load_error error, bool is_error,
                    int reason);
    /* A flight that was lost: told before on_lost. */
    void (*on_lost_flight)(sp_bench_load_connection *connection,
                           const sp_bench_load_flight *flight);
    char *read_bytes; /* SP_BENCH_LOAD_KEPT_SIZE_MAX + SP_BENCH_LOAD_READ_SIZE */
} sp_bench_load_lines;

/* Stays in the second-level cache. Maps of 20,000 seats came 10 to 20 % slower
 * with 256 KiB, and needed more reads with 8. */
#define SP_BENCH_LOAD_READ_SIZE (64u << 10)

typedef enum sp_bench_load_connection_state {
    SP_BENCH_LOAD_DOWN = 0,
    SP_BENCH_LOAD_CONNECTING,
    SP_BENCH_LOAD_UP,
    SP_BENCH_LOAD_CLOSING,
} sp_bench_load_connection_state;

struct sp_bench_load_connection {
    uv_tcp_t tcp; /* first */
    uv_connect_t connecting;
    uv_write_t writing;
    sp_bench_load_lines *lines;
    sp_bench_load_connection_state state;
    bool is_writing; /* the kernel has not taken all: nothing more is sent */
    bool is_queued;  /* the owner's: in its list of those with room */

    sp_bench_load_flight *flights; /* a ring of depth */
    uint32_t flights_first, flights_count;

    sp_bench_load_scan scan;
    char *kept; /* bytes of an answer that is not complete */
    size_t kept_size, kept_capacity;
    char *unsent;
    size_t unsent_capacity;

    sp_bench_load_error lost_error;
    bool lost_is_error;
    int lost_reason;
};

/* false if out of memory. *connection is zeroed memory. */
bool sp_bench_load_connection_init(sp_bench_load_connection *connection,
                                   sp_bench_load_lines *lines);
/* Of one that is DOWN. */
void sp_bench_load_connection_free(sp_bench_load_connection *connection);

/* From DOWN. What comes of it is told later by on_open or on_lost. */
void sp_bench_load_connection_connect(sp_bench_load_connection *connection);

/* How many more requests it would take now. */
static inline uint32_t sp_bench_load_connection_room(const sp_bench_load_connection *connection)
{
    bool open = connection->state == SP_BENCH_LOAD_UP && !connection->is_writing;
    return open ? connection->lines->depth - connection->flights_count : 0;
}

/* A request whose bytes will be in the next send. There must be room. */
void sp_bench_load_connection_add(sp_bench_load_connection *connection,
                                  const sp_bench_load_flight *flight);
/* Writes the bytes of the requests just added; they are the caller's again. */
void sp_bench_load_connection_send(sp_bench_load_connection *connection, const char *bytes,
                                   size_t size);

/* The oldest request without an answer, or NULL. */
const sp_bench_load_flight *
sp_bench_load_connection_oldest(const sp_bench_load_connection *connection);

/* Closes it, whatever is in flight is lost; told by on_lost, later. */
void sp_bench_load_connection_drop(sp_bench_load_connection *connection, sp_bench_load_error error,
                                   bool is_error, int reason);

#endif
