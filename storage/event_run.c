/* SPDX-License-Identifier: MIT */
#include "storage/event_run.h"

#include <stdlib.h>

#include "engine/assert.h"

bool sp_event_run_init(sp_event_run *run)
{
    run->events_max = run->state != NULL ? SP_PREFETCH_BATCH : 1;
    run->events_count = 0;
    run->decoder = sp_decoder_create();
    run->events = calloc(run->events_max, sizeof(sp_event));
    if (run->decoder != NULL && run->events != NULL)
        return true;
    sp_event_run_close(run);
    return false;
}

void sp_event_run_close(sp_event_run *run)
{
    sp_decoder_destroy(run->decoder);
    free(run->events);
    run->decoder = NULL;
    run->events = NULL;
}

const char *sp_event_run_add(sp_event_run *run, sp_seq seq, const void *bytes, size_t size,
                             sp_time_ms latest)
{
    SP_ASSERT(!sp_event_run_full(run));
    sp_event *event = &run->events[run->events_count];
    const char *wrong = run->events_count == 0
                            ? sp_codec_decode(run->decoder, seq, bytes, size, event)
                            : sp_codec_decode_more(run->decoder, seq, bytes, size, event);
    if (wrong == NULL && event->time > latest)
        wrong = "its time is later than its batch's";
    if (wrong == NULL)
        run->events_count++;
    return wrong;
}

bool sp_event_run_full(const sp_event_run *run)
{
    return run->events_count > 0 &&
           (run->events_count == run->events_max || !sp_decoder_has_room(run->decoder));
}

static const char *take_one(sp_event_run *run, const sp_event *event)
{
    if (run->state != NULL) {
        const char *wrong = sp_admit(run->state, event);
        if (wrong != NULL)
            return wrong;
        sp_apply(run->state, event);
    }
    return run->on_event != NULL ? run->on_event(run->context, event) : NULL;
}

const char *sp_event_run_take(sp_event_run *run, sp_seq *seq)
{
    uint32_t count = run->events_count;
    const char *wrong = NULL;
    run->events_count = 0;
    if (run->state != NULL)
        sp_prefetch_events(run->state, run->events, count);
    for (uint32_t i = 0; i < count && wrong == NULL; i++) {
        wrong = take_one(run, &run->events[i]);
        *seq = run->events[i].seq;
    }
    return wrong;
}
