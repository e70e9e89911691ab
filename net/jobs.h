/* SPDX-License-Identifier: MIT
 *
 * The order queue: a job is an order that was accepted before it is decided. Its
 * home loop (net/job_id.h) keeps it in its table and pushes it; a request that
 * arrives on another loop goes there and back as a call, a hop that is run at once
 * where home is here.
 *
 *   POST  start ─▶ call ─▶ home: known? else row, slot, push ─▶ back: 202
 *   GET   start ─▶ call ─▶ home: look ─▶ back: told, or the engine is asked
 *   slot_completed (home): the order is durable, or refused ─▶ text ─▶ row, watchers
 *
 * The engine releases a result when all that it has seen is durable
 * (engine/sequencer.h), and the row is done with that and not before: so what a job
 * tells, no crash takes back. What is lost with the process is that it waits.
 *
 * Private to the application (jobs.c, job_stream.c). Loop thread.
 */
#ifndef SP_NET_JOBS_H
#define SP_NET_JOBS_H

#include "net/app_loop.h"
#include "net/hop.h"
#include "net/job_table.h"
#include "net/job_watch.h"

/* Of one loop, which it belongs to. */
typedef struct sp_jobs {
    sp_loop *loop;
    sp_job_table *table;
    sp_out out; /* texts and events in the making */
} sp_jobs;

/* NULL if out of memory. */
sp_jobs *sp_jobs_create(sp_loop *loop);
/* No stream is open and no slot out. NULL is fine. */
void sp_jobs_destroy(sp_jobs *jobs);
/* sp_app_ops.slot_completed. */
void sp_jobs_completed(sp_loop *loop, sp_slot *slot);
/* Who asks, by the ticket in the query: of a route that takes one, and no token was
 * sent. */
sp_outcome sp_jobs_check_ticket(sp_exchange *ex);

/* A call of an exchange to the home of a job. It lies in the exchange's memory
 * (stage says so) until that ends. */
typedef struct sp_job_call {
    sp_hop hop;
    sp_exchange *ex;
    void (*serve)(sp_jobs *jobs, struct sp_job_call *call); /* at home */
    void (*served)(struct sp_job_call *call);               /* back; not if ex is gone: it ends */
    sp_hash128 id;
    sp_user_id user;
    /* The answer. */
    sp_outcome outcome;
    bool waits, replayed;
    uint64_t place;      /* of one that waits: 1 = next */
    sp_job_text *text;   /* of one that is done; held */
    sp_job_watch *watch; /* of a stream, until that is open */
    bool saw_end;        /* of a stream: it was told before */
    uint64_t request_id; /* of POST */
    sp_text request_name;
    sp_command command; /* of POST; last: as much as there is of it */
} sp_job_call;

#define SP_JOB_CALL_SIZE offsetof(sp_job_call, command)

/* Allocates one of this size, for the job that the path names or *id; NULL id and
 * no job in the path: refused as unknown, and NULL is returned. */
sp_job_call *sp_job_call_create(sp_exchange *ex, const sp_hash128 *id, size_t size);
/* serve runs on the home loop, then served on this one. */
void sp_job_call_send(sp_job_call *call);
/* That of an exchange, or NULL. */
sp_job_call *sp_job_call_of(const sp_exchange *ex);

/* What is known of a job at home, into the call; nothing about another's. Returns
 * the row if it waits. */
sp_job_row *sp_jobs_look(sp_jobs *jobs, sp_job_call *call);
/* The engine is asked whether an order came of it: the exchange completes with
 * that order, or with job_unknown. */
void sp_jobs_ask_engine(sp_exchange *ex, const sp_hash128 *id);

static inline sp_jobs *sp_jobs_of(sp_loop *loop)
{
    return ((const sp_app_loop *)sp_loop_app(loop))->jobs;
}

#endif
