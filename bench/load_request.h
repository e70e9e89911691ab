/* SPDX-License-Identifier: MIT
 *
 * What the load generator asks and what it is told, as plain values: a
 * workload makes requests, a protocol turns them into bytes and bytes into
 * answers.
 */
#ifndef SP_BENCH_LOAD_REQUEST_H
#define SP_BENCH_LOAD_REQUEST_H

#include "engine/values.h"

typedef enum sp_bench_load_kind {
    SP_BENCH_LOAD_ORDER,   /* one seat for one user */
    SP_BENCH_LOAD_HOLD,    /* the same, set aside */
    SP_BENCH_LOAD_BEST,    /* the best `count` neighbours, set aside */
    SP_BENCH_LOAD_BUY,     /* an order of what is held */
    SP_BENCH_LOAD_RELEASE, /* a hold is given back */
    SP_BENCH_LOAD_QUEUE,   /* one seat for one user, by the queue */
    SP_BENCH_LOAD_CONCERT, /* a concert's page */
    SP_BENCH_LOAD_MAP,     /* a concert's seat map */
    SP_BENCH_LOAD_LIVEZ,
} sp_bench_load_kind;

/* Does somebody ask, with a token? */
static inline bool sp_bench_load_kind_has_user(sp_bench_load_kind kind)
{
    return kind < SP_BENCH_LOAD_CONCERT;
}

typedef struct sp_bench_load_request {
    sp_bench_load_kind kind;
    uint32_t user; /* index into the users: whose token */
    sp_user_id user_id;
    sp_concert_id concert;
    sp_seat seat;
    uint32_t count;  /* BEST: of seats */
    sp_hold_id hold; /* BUY, RELEASE */
    uint64_t index;  /* in the sequence of the workload: unique in a run */
    sp_text etag;    /* MAP: what If-None-Match says; absent = not sent */
    uint32_t mark;   /* the workload's own: comes back with the answer */
} sp_bench_load_request;

typedef struct sp_bench_load_answer {
    uint32_t status; /* HTTP's; 0 where the protocol has none */
    bool accepted;   /* 2xx, 304; else a refusal */
    bool closes;     /* the server will close behind it */
    sp_text code;    /* of a refusal, else absent; good until the next scan */
    sp_text etag;    /* likewise */
    sp_text body;    /* of an accepted one, likewise; absent unless asked to be kept */
} sp_bench_load_answer;

#endif
