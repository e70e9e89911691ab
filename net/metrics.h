/* SPDX-License-Identifier: MIT
 *
 * What the loops count. Each loop has counters of its own, written by its
 * thread alone (engine/counter.h), so counting costs a handful of plain adds
 * and no loop disturbs another; whoever reads adds them up.
 *
 * A request is counted when its answer is written, by the row of its route
 * (never by its path: that is a client's, and there would be no end of them)
 * and its status. The transport does not know routes: it is told how many rows
 * there are, and the application says which row; the last one is for what has
 * no route, or never became a request.
 */
#ifndef SP_NET_METRICS_H
#define SP_NET_METRICS_H

#include <stdbool.h>

#include "engine/outcome.h"
#include "engine/tally.h"
#include "net/status.h"

#define SP_METRICS_LOOPS_MAX 16u
/* Above the number of every outcome (engine/outcome.h). */
#define SP_METRICS_OUTCOMES 128u

/* Why somebody has to wait: limits that are no fault of the request.
 * X(ID, name) */
#define SP_THROTTLES(X)                                                  \
    X(WRITES, "writes")       /* --rate-limit */                         \
    X(LOG_INS, "log_ins")     /* failed too often (net/login_guard.h) */ \
    X(PASSWORDS, "passwords") /* new ones, likewise */                   \
    X(SIGN_UPS, "sign_ups")   /* --signup-rate */                        \
    X(HASHING, "hashing")     /* the line before the pool is full: busy */

typedef enum sp_throttle {
#define SP_THROTTLE_ENUM(id, name) SP_THROTTLE_##id,
    SP_THROTTLES(SP_THROTTLE_ENUM)
#undef SP_THROTTLE_ENUM
        SP_THROTTLES_COUNT
} sp_throttle;

const char *sp_throttle_name(sp_throttle throttle);

typedef struct sp_metrics_route {
    sp_tally time; /* SP_TALLY_TIMES: see sp_exchange_age_ns */
    sp_counter statuses[SP_STATUSES_COUNT];
} sp_metrics_route;

/* Of one loop; its thread writes. */
typedef struct sp_metrics_loop {
    sp_counter turns, busy_ns, turn_ns_max;   /* a turn: an iteration in which something happened */
    sp_counter sent_bytes;                    /* handed to the kernel, or to libuv for it */
    sp_counter accepted, turned_away, closed; /* connections */
    sp_counter left;                          /* requests whose client did not wait */
    sp_counter queue_high;                    /* depth seen after a run of pushes */
    sp_counter throttled[SP_THROTTLES_COUNT];
    sp_counter rejections[SP_METRICS_OUTCOMES]; /* by number, as answered */
    uint32_t routes_count;
    sp_metrics_route routes[];
} sp_metrics_loop;

typedef struct sp_metrics sp_metrics;

/* routes_count: 1 …, the row for the unknown included. NULL if out of memory. */
sp_metrics *sp_metrics_create(uint32_t loops_count, uint32_t routes_count);
/* After all loops have ended. NULL is fine. */
void sp_metrics_destroy(sp_metrics *metrics);

sp_metrics_loop *sp_metrics_of_loop(sp_metrics *metrics, uint32_t loop);

/* The loop's thread: an answer was written. */
static inline void sp_metrics_answered(sp_metrics_loop *loop, uint32_t route, int status,
                                       uint64_t age_ns)
{
    sp_counter_add(&loop->routes[route].statuses[sp_status_of(status)], 1);
    sp_tally_add(&loop->routes[route].time, SP_TALLY_TIMES, age_ns);
}

/* A sum over all loops, as plain numbers. */
typedef struct sp_metrics_route_figures {
    sp_tally_figures time;
    uint64_t statuses[SP_STATUSES_COUNT];
    uint64_t count; /* over all statuses */
} sp_metrics_route_figures;

typedef struct sp_metrics_figures {
    int64_t started_at_ms; /* wall clock, when the counters were made */
    uint64_t uptime_ms;    /* since then, whatever became of the wall clock */
    uint32_t loops_count, routes_count;
    struct {
        uint64_t turns, busy_ns, turn_ns_max;
    } loops[SP_METRICS_LOOPS_MAX];
    uint64_t sent_bytes, accepted, turned_away, open, left, queue_high;
    uint64_t throttled[SP_THROTTLES_COUNT];
    uint64_t rejections[SP_METRICS_OUTCOMES];
    sp_metrics_route_figures routes[];
} sp_metrics_figures;

/* Any thread; one block for free(), NULL if out of memory. */
sp_metrics_figures *sp_metrics_read(const sp_metrics *metrics);

#endif
