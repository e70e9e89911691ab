/* SPDX-License-Identifier: MIT
 *
 * An exchange: one request and its answer on one connection. The seam between
 * the transport (loop.c, conn.c, http.c: bytes, framing, order, limits,
 * timeouts) and the application (app.c, routes.c, handlers: what a request
 * means). The transport knows no route; the application knows no socket.
 *
 * Life, all on the loop's thread:
 *
 *   app begin(ex)    the request is whole (framing checked, body in memory).
 *                    begin validates it and then does one of:
 *                      - sp_exchange_ready(ex): the answer can be made when
 *                        its turn comes (also for a refusal);
 *                      - pushes a command: takes a slot with
 *                        sp_exchange_slot, fills it, sp_exchange_push(ex);
 *                        later the transport calls app completed(ex), which
 *                        does one of these three again;
 *                      - queues work on the pool (app's own), and calls one
 *                        of these when that is back.
 *   app answer(ex, out)   it is this exchange's turn (all earlier requests of
 *                    the connection are answered): appends one whole HTTP
 *                    response, head and body, to out. Called once. Here a GET
 *                    that the loop answers itself reads the views.
 *   app end(ex)      last call: release what the app holds. Called exactly
 *                    once for each begin, also when the client has gone.
 *
 * When the client goes away while a slot or pool work is out, the exchange
 * lives on (sp_exchange.gone = true) until that comes back; then end is called
 * without answer. A slot is always given back by the transport after answer
 * (or end), so answer may read ex->slot->result.
 */
#ifndef SP_NET_EXCHANGE_H
#define SP_NET_EXCHANGE_H

#include <uv.h>

#include "engine/clock.h"
#include "engine/queue.h"
#include "engine/session.h"
#include "engine/slot.h"
#include "engine/views.h"
#include "net/client_address.h"
#include "net/metrics.h"
#include "net/out.h"
#include "net/request.h"

typedef struct sp_loop sp_loop;
typedef struct sp_conn sp_conn;
typedef struct sp_exchange sp_exchange;

struct sp_exchange {
    sp_request request;
    sp_loop *loop;
    sp_conn *conn; /* the transport's */
    sp_slot *slot; /* set between sp_exchange_slot and the end */
    uint64_t id;   /* of the request, unique in the process */
    /* The client's own X-Request-Id and traceparent, if he sent good ones;
     * mostly NULL (net/request_id.h). Lives until the end. */
    struct sp_request_marks *marks;
    sp_client_address client; /* who asks, proxies that are trusted seen through */
    uint64_t began_ns;        /* when the turn began in which it was whole */
    bool ops;                 /* came by the listener of the operator */
    bool gone;                /* the client has left: no answer will be made */
    bool close_after;         /* answer with `Connection: close`: read it in answer
                        * (set by the transport for HTTP/1.0, a client's close,
                        * a shutdown, an early error; the app may set it) */
    /* The application's; all zero at begin. */
    struct {
        const void *route;  /* its row of the table */
        sp_outcome outcome; /* a refusal made on the loop */
        uint32_t params[2]; /* ids from the path */
        int64_t numbers[5];
        sp_user_id user;  /* from a good token or password; 0 = nobody */
        sp_sid session;   /* of the token: the family that it came with; 0 = none */
        sp_time_ms expires_at; /* of what showed who he is */
        int64_t began_us; /* for the access log, if there is one */
        void *memory;     /* freed with free() by the transport after end */
        void *work;       /* pool work under way */
        uint8_t stage;
        uint8_t origin; /* the answer may be read by its scripts (net/cors.h) */
        bool body_is_msgpack : 1, answer_is_msgpack : 1; /* else JSON, as problems always */
        bool limited; /* RateLimit fields go with the answer (net/write_limit.h) */
        uint32_t rate_remaining, rate_reset_s;
        uint32_t retry_after_s; /* of a refusal; 0: a second */
    } app;
};

/* A request that never became an exchange of the app. */
typedef struct sp_refused {
    sp_outcome outcome;
    const char *detail;
    uint64_t id; /* as sp_exchange.id */
    bool head;   /* answer to a HEAD: no body bytes */
    sp_client_address client;
    /* What had come of its head by then, or absent. */
    sp_text request_id; /* X-Request-Id, if it is a good one */
    sp_text origin;
} sp_refused;

#define SP_FORESEEN_SIZE_MIN 64u

/* The application as the transport sees it. */
typedef struct sp_app_ops {
    /* A request with this access token seems to be next behind the one that is
     * being read: time to fetch into the processor's cache what begin will look
     * up by it. A guess, from bytes that nobody has checked; at least
     * SP_FORESEEN_SIZE_MIN of them. May be NULL. */
    void (*foresee)(sp_loop *loop, sp_text token);
    void (*begin)(sp_exchange *ex);
    void (*completed)(sp_exchange *ex); /* ex->slot->result is filled */
    void (*answer)(sp_exchange *ex, sp_out *out);
    void (*end)(sp_exchange *ex);
    /* The transport refuses a request that never became an exchange of the
     * app (bad framing, too large, timeout): appends a whole HTTP response
     * with `Connection: close`. */
    void (*refuse)(sp_loop *loop, const sp_refused *refused, sp_out *out);
    /* A slot that was pushed by sp_loop_slot_push has its result; its tag is in
     * slot->owner_generation. The app's again, until it gives it back. May be
     * NULL in an app that pushes none. */
    void (*slot_completed)(sp_loop *loop, sp_slot *slot);
} sp_app_ops;

/* The answer can be made when its turn comes. May be called inside begin or
 * completed, or from any later callback on the loop. */
void sp_exchange_ready(sp_exchange *ex);
/* A slot to fill and push; NULL = answer queue_full. */
sp_slot *sp_exchange_slot(sp_exchange *ex);
/* The app is done with the request's texts: they are gone. Which headers were
 * there can still be seen (bytes != NULL). Optional, once, before push. */
void sp_exchange_drop_request(sp_exchange *ex);
/* Hands ex->slot to the sequencer. */
void sp_exchange_push(sp_exchange *ex);
/* Pool work that the app started for ex has come back while ex->gone: call
 * this instead of ready or push. */
void sp_exchange_abandon(sp_exchange *ex);

/* How long ago its request was whole, as it is answered. Both ends are read
 * once a turn of the loop (an iteration), not once a request: the beginning is
 * that of the turn that read it (so what waited in the socket behind others
 * counts), the end is when that turn's answers begin to be written. Only what is
 * answered in the turn that read it takes a look at the clock of its own. */
uint64_t sp_exchange_age_ns(const sp_exchange *ex);

/* What a loop offers the application. */
uv_loop_t *sp_loop_uv(sp_loop *loop);
void *sp_loop_app(sp_loop *loop); /* the app's per-loop context */
const sp_views *sp_loop_views(sp_loop *loop);
sp_metrics_loop *sp_loop_metrics(sp_loop *loop); /* its own counters; never NULL */
sp_clock *sp_loop_clock(sp_loop *loop);          /* the engine's */
sp_time_ms sp_loop_now(sp_loop *loop);           /* by that */
/* The same, read once an iteration of the loop: some milliseconds old when the
 * loop is busy, and perhaps older than what has been told meanwhile. For what
 * is judged by the second. */
sp_time_ms sp_loop_now_coarse(sp_loop *loop);
bool sp_loop_stopping(sp_loop *loop); /* draining: readyz 503 */

/* The loops of the server, each on its thread: net/hop.h is how to talk to
 * another. */
uint32_t sp_loop_count(const sp_loop *loop);
uint32_t sp_loop_index(const sp_loop *loop);
sp_loop *sp_loop_of_index(const sp_loop *any, uint32_t index);

/* Commands whose outcome no exchange waits for (it was answered before): slots
 * that are the app's own from take to give. A draining loop waits for them, so
 * one that is taken is given back in bounded time. */

/* From the same pool as exchanges'; NULL = all are under way. */
sp_slot *sp_loop_slot_take(sp_loop *loop);
/* Hands it to the sequencer; false = the queue is full, and it is still the
 * caller's. It comes back by slot_completed, on this loop, never from inside
 * this call. *position: as sp_queue_push_at; may be NULL. */
bool sp_loop_slot_push(sp_loop *loop, sp_slot *slot, uint64_t tag, uint64_t *position);
void sp_loop_slot_give(sp_loop *loop, sp_slot *slot);
/* Where slots are pushed: for sp_queue_popped and sp_queue_depth alone. */
const sp_queue *sp_loop_queue(sp_loop *loop);

#endif
