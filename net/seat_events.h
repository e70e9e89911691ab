/* SPDX-License-Identifier: MIT
 *
 * What the stream of a seat map says, as server-sent events (HTML Living Standard,
 * 9.2.6):
 *
 *   event: map     id: S   data: {"seq":S,"status":"..hx"}    the whole map at S
 *   event: seats   id: S   data: {"seq":S,"taken":[…],"held":[…],"freed":[…]}
 *                          the seats that have changed since, as they are at S:
 *                          sold, held, free
 *   event: reset           data: {}      forget what you have, a map follows
 *   event: concert         data: {"seq":S,"status":"PAUSED"}
 *                          the concert itself has changed since (an edit, a pause,
 *                          its end); what it is now, GET /v1/concerts/{id} says
 *
 * Whoever puts `seats` into the map of any earlier seq that he was sent has the map
 * at S. `concert` has no id: it comes right before the event of that seq (or the reset
 * before that), so that nobody who is cut off between the two has the id without the
 * seats. That is `seats` with empty lists if no seat has changed. Nobody is told that
 * sales have opened or closed by their dates: no event says so, and he knows them.
 * After a new layout the map of before is of no use: `reset` and `map`.
 *
 * Appended to a buffer; any thread, pure.
 */
#ifndef SP_NET_SEAT_EVENTS_H
#define SP_NET_SEAT_EVENTS_H

#include "engine/views.h"
#include "net/out.h"

#define SP_SEAT_EVENT_RESET "event: reset\ndata: {}\n\n"

/* sold and held as copied at seq. */
void sp_seat_event_map(sp_out *out, const sp_concert_card *card, sp_seq seq, const uint64_t *sold,
                       const uint64_t *held);
/* About the size that map would have. */
size_t sp_seat_event_map_size(const sp_concert_card *card);

/* status: sp_concert_status. */
void sp_seat_event_concert(sp_out *out, sp_seq seq, const char *status);

/* Ascending seats; perhaps none. */
void sp_seat_event_changes(sp_out *out, sp_seq seq, const sp_seat_now *seats, uint32_t count);
/* About its size. */
size_t sp_seat_event_changes_size(const sp_seat_now *seats, uint32_t count);

/* How long a client waits before it connects again: at random between the two, so
 * that those of a server that has gone don't all come back at once. */
void sp_seat_event_retry(sp_out *out, uint32_t min_ms, uint32_t max_ms);

#endif
