/* SPDX-License-Identifier: MIT
 *
 * Who waits for a job's end: a watch of the loop that the client is connected to,
 * linked into the job's row at its home. Under 200 bytes each; it is there while the
 * client is, and no longer.
 *
 *   here                              home
 *   sp_job_watch_create
 *   (a call's serve)                  sp_job_watch_link   into the row
 *   on_told ◀──────────────────────── sp_job_watches_tell once, unlinked
 *   sp_job_watch_leave ─────────────▶ unlinked, if it still is linked
 *   freed           ◀───────────────
 *
 * Where home is here these are calls, else hops. One that was told has nothing more
 * to come and is freed by leave at once; one that leaves before goes home and back
 * first. A telling that has crossed that comes back ahead of it, since hops between
 * two loops keep their order: so nothing arrives at a watch that is gone.
 *
 * The fields behind `home` are here's alone, the links and `linked` home's.
 */
#ifndef SP_NET_JOB_WATCH_H
#define SP_NET_JOB_WATCH_H

#include "net/hop.h"
#include "net/job_table.h"
#include "net/pulse.h"

typedef struct sp_job_watch sp_job_watch;

struct sp_job_watch {
    sp_hop told_hop, leave_hop;
    sp_job_watch *prev, *next;
    sp_job_row *row; /* a row that waits stays where it is */
    bool linked;
    sp_loop *here, *home;
    sp_job_text *text; /* what was told; held */
    bool is_told, has_left;
    void (*on_told)(sp_job_watch *watch);
    /* Of its stream (job_stream.c). */
    struct sp_stream *stream; /* NULL: not yet */
    sp_pulse pulse;
    sp_time_ms expires_at;
};

/* Out of memory aborts: connections bound them. */
sp_job_watch *sp_job_watch_create(sp_loop *here, sp_loop *home,
                                  void (*on_told)(sp_job_watch *watch));
/* Here, once; on_told is not called any more. registered: it was linked. */
void sp_job_watch_leave(sp_job_watch *watch, bool registered);

/* Home. row waits. */
void sp_job_watch_link(sp_job_watch *watch, sp_job_row *row);
/* All who watch, and they watch no more. */
void sp_job_watches_tell(sp_job_row *row, sp_job_text *text);

#endif
