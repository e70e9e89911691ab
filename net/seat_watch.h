/* SPDX-License-Identifier: MIT
 *
 * Who watches which concert's seats on a loop, and the pushing of changes to them.
 *
 * A watcher's only state is the seq that he was last sent. When a concert's seq has
 * moved on, a round takes each of its watchers from his own seq to the present one
 * by one event. Whoever is not idle (net/stream.h) is passed over and stays at his
 * seq; he is looked after each turn and gets one event from there when he is idle
 * again. So nothing is ever buffered for a slow reader but the one message that he
 * has in hand.
 *
 * Turns. Each SP_SEAT_TURN_MS a turn looks at every watched concert (one load of its
 * seq) and makes the rounds that are due, one after the other. Work is done in
 * slices: after each, nothing is done for nine times as long as it took. So pushing
 * has at most a tenth of the loop's time, orders never wait for more than a slice and
 * the one write that it ends with, and the interval stretches by itself: a turn
 * begins when the one before is over, however long that took. Within a round those
 * who were told first are told last in the next.
 *
 * How many may watch is bounded by --max-connections alone, one client's streams
 * included; each costs a connection and this struct.
 *
 * It is there while anyone watches: no timer and no memory before and after. A loop's
 * thread only. Allocates (out of memory aborts), never blocks.
 */
#ifndef SP_NET_SEAT_WATCH_H
#define SP_NET_SEAT_WATCH_H

#include "net/pulse.h"
#include "net/seat_texts.h"
#include "net/stream.h"

#define SP_SEAT_TURN_MS 100u
#define SP_SEAT_SLICE_US 500u
/* A slice is followed by so many times its length without one. */
#define SP_SEAT_PAUSE_FACTOR 9u
/* First events that are sent at once in a turn: few come alone. Of the thousands who
 * come when sales open the rest are told in slices like everything else. */
#define SP_SEAT_FIRSTS_PER_TURN 32u
/* The seq of a watcher who has no map yet. */
#define SP_SEAT_NO_MAP UINT64_MAX

typedef struct sp_watched sp_watched;
typedef struct sp_seat_watch sp_seat_watch;

typedef struct sp_watcher {
    sp_pulse pulse; /* first */
    sp_stream *stream;
    sp_watched *watched;
    struct sp_watcher **link, *next; /* of one of the concert's lists */
    sp_seq seq;                      /* what he was sent last */
} sp_watcher;

_Static_assert(sizeof(sp_watcher) == 64, "with a connection well under 2 KiB");

/* *where: the loop's, NULL when nobody watches; made and freed by these. pulses: the
 * loop's. */
sp_seat_watch *sp_seat_watch_of(sp_seat_watch **where, const sp_views *views, sp_clock *clock,
                                sp_pulses *pulses);
/* May one more be sent his first events at once? Counts him if so. */
bool sp_seat_watch_takes_first(sp_seat_watch *watch);
/* The next watcher, who has what makes the map of `seq`; to be entered in this
 * iteration. */
sp_watcher *sp_watcher_create(sp_seat_watch *watch, sp_concert_id concert, sp_seq seq);
/* The same of one who was sent nothing since `seq` (or SP_SEAT_NO_MAP): he is told in
 * the next turn. */
sp_watcher *sp_watcher_create_late(sp_seat_watch *watch, sp_concert_id concert, sp_seq seq);
void sp_watcher_enter(sp_watcher *watcher, sp_stream *stream);
/* His stream is closed. With the last one the whole goes. */
void sp_watcher_leave(sp_watcher *watcher);

/* For events that are sent when he enters. */
sp_seat_texts *sp_seat_watch_texts(sp_seat_watch *watch);

#endif
