/* SPDX-License-Identifier: MIT
 *
 * A run of decoded events on their way into a state. Taken one by one, each
 * would wait for what it touches of the state, 100 ns a cache line; so some
 * dozens are decoded first, their memory is asked for at once
 * (sp_prefetch_events), and then they are admitted and applied.
 *
 * Events borrow from the bytes that they were decoded from: a run is taken
 * before those go. Without a state nothing is gained by waiting, and every
 * event is shown as soon as it is decoded.
 *
 * Any thread, one at a time. Allocates at creation only.
 */
#ifndef SP_STORAGE_EVENT_RUN_H
#define SP_STORAGE_EVENT_RUN_H

#include "engine/engine.h"
#include "storage/codec.h"

typedef struct sp_event_run {
    sp_state *state; /* NULL: nothing is admitted or applied */
    /* Shown each event behind its apply: NULL, or a static string saying what
     * is wrong with it. May be NULL. */
    const char *(*on_event)(void *context, const sp_event *event);
    void *context;
    sp_decoder *decoder;
    sp_event *events;
    uint32_t events_count, events_max;
} sp_event_run;

/* state, on_event and context are set already. False: out of memory. */
bool sp_event_run_init(sp_event_run *run);
void sp_event_run_close(sp_event_run *run);

/* Decodes an event behind those that wait: NULL, or what is wrong with it (then
 * it is not among them). latest: its time is no later than that. */
const char *sp_event_run_add(sp_event_run *run, sp_seq seq, const void *bytes, size_t size,
                             sp_time_ms latest);
/* Must the run be taken before another is added? */
bool sp_event_run_full(const sp_event_run *run);
/* Admits, applies and shows what waits. NULL, and none waits any more; or what
 * is wrong with the event *seq, and those behind it are forgotten. */
const char *sp_event_run_take(sp_event_run *run, sp_seq *seq);

#endif
