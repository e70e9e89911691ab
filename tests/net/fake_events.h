/* SPDX-License-Identifier: MIT
 *
 * engine/event_reader.h over the fake log, with failures on order. Its reads are
 * on pool threads while the test's own waits for them.
 */
#ifndef SP_TESTS_NET_FAKE_EVENTS_H
#define SP_TESTS_NET_FAKE_EVENTS_H

#include <pthread.h>
#include <string.h>

#include "engine/event_reader.h"
#include "tests/support/fake_log.h"

typedef struct fake_events {
    sp_event_reader reader; /* first */
    const sp_fake_log *log;
    pthread_t loop_thread;
    bool fails;
    bool is_empty; /* finds nothing */
    uint32_t reads;
    uint32_t reads_on_loop; /* must stay 0 */
} fake_events;

static int fake_events_hold_taken(sp_event_reader *reader, sp_seq seq, sp_event *out,
                                  sp_seat *seats)
{
    fake_events *self = (fake_events *)reader;
    self->reads++;
    self->reads_on_loop += pthread_equal(pthread_self(), self->loop_thread) != 0;
    if (self->fails)
        return -1;
    if (self->is_empty)
        return 0;
    *out = *sp_fake_log_event(self->log, seq);
    if (out->type == SP_EVENT_HOLD_EXTENDED)
        *out = *sp_fake_log_event(self->log, out->hold_extended.taken);
    if (out->type != SP_EVENT_HOLD_TAKEN)
        return 0;
    memcpy(seats, out->hold_taken.seats, out->hold_taken.seats_count * sizeof *seats);
    out->hold_taken.seats = seats;
    return 1;
}

static inline void fake_events_init(fake_events *events, const sp_fake_log *log)
{
    *events = (fake_events){
        .reader = {fake_events_hold_taken}, .log = log, .loop_thread = pthread_self()};
}

#endif
