/* SPDX-License-Identifier: MIT
 *
 * A beat each 15 s for every open stream of a loop: time to say that one is still
 * there (or else nobody would notice that the other is not), and to look whether
 * it may go on. One timer for all of them, which runs while there is any; the
 * beats stand in a line by when they are due, so that a tick costs what is due, and
 * no more than a bounded number of them at once.
 *
 * The loop's thread only; allocates nothing. Every stream has ended before its loop
 * ends: by then the timer is closed.
 */
#ifndef SP_NET_BEATS_H
#define SP_NET_BEATS_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#define SP_BEAT_MS 15000u

typedef struct sp_beat sp_beat;

/* Embedded in what beats. */
struct sp_beat {
    sp_beat *prev, *next; /* in the line; NULL = not in it */
    uint64_t due_ms;
    void (*beat)(sp_beat *beat); /* it was put behind the others before */
};

typedef struct sp_beats {
    uv_loop_t *uv;
    uv_timer_t timer;
    bool open, closing; /* the timer */
    sp_beat line, soon; /* rings, the earliest first */
    uint32_t count;     /* of beats */
} sp_beats;

void sp_beats_init(sp_beats *beats, uv_loop_t *uv);
/* From now on, first in 15 s. beat->beat is set. */
void sp_beats_add(sp_beats *beats, sp_beat *beat);
/* It beats at the next tick, a quarter of a second from now at the most. */
void sp_beats_soon(sp_beats *beats, sp_beat *beat);
/* Nothing if it is not in the line. Also from inside a beat. */
void sp_beats_remove(sp_beats *beats, sp_beat *beat);

#endif
