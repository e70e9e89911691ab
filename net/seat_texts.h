/* SPDX-License-Identifier: MIT
 *
 * Events of seat maps (net/seat_events.h) that were encoded once and are kept for
 * others who need the same: nearly all watchers of a concert are at the same seq, and
 * thousands join at once when a drop begins. SP_SEAT_TEXTS_COUNT of them a loop, each
 * no longer than a map or SP_SEAT_TEXT_SMALL; the one that was not used for longest
 * gives way.
 *
 * A text is always that of the concert's views, so nothing in it is newer than
 * what is durable, and nothing is older than what its seq says.
 *
 * A loop's thread only. Allocates (out of memory aborts), never blocks.
 */
#ifndef SP_NET_SEAT_TEXTS_H
#define SP_NET_SEAT_TEXTS_H

#include "engine/clock.h"
#include "engine/views.h"
#include "net/out.h"

#define SP_SEAT_TEXTS_COUNT 8u
/* About a packet's worth: changes up to here stay changes, however small the hall. */
#define SP_SEAT_TEXT_SMALL 1400u

typedef struct sp_seat_text {
    sp_concert_id concert; /* 0: none */
    sp_seq after, seq;     /* SP_SEAT_TEXT_MAP: it is a map */
    sp_time_ms until;      /* a status in it is another from then on */
    uint64_t used;         /* when it was, counted in calls */
    sp_out out;
} sp_seat_text;

#define SP_SEAT_TEXT_MAP UINT64_MAX

typedef struct sp_seat_texts {
    const sp_views *views;
    sp_clock *clock;
    sp_seat_text texts[SP_SEAT_TEXTS_COUNT];
    uint64_t calls_count, encoded_count;
    uint64_t *sold, *held; /* copies of a concert's words */
    sp_seat_now *seats;    /* 8 bytes for each seat of the largest concert, once it is asked for */
} sp_seat_texts;

void sp_seat_texts_init(sp_seat_texts *texts, const sp_views *views, sp_clock *clock);
void sp_seat_texts_close(sp_seat_texts *texts);

/* Both return a text that is good until the next call, and the seq that it leads to; of
 * a concert that there is. */

/* The whole map, as it is now. */
sp_text sp_seat_texts_map(sp_seat_texts *texts, sp_concert_id concert, sp_seq *seq);
/* What leads from `after` to a seq that is `at_least` so much (which the concert has
 * reached): what has become of the concert, if it has itself changed; then changes of
 * seats, or the map if those are many, or if the seats are others by now. Absent if
 * nothing has changed. */
sp_text sp_seat_texts_since(sp_seat_texts *texts, sp_concert_id concert, sp_seq after,
                            sp_seq at_least, sp_seq *seq);

#endif
