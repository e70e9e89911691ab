/* SPDX-License-Identifier: MIT
 *
 * A sign of life for streams that may be silent for long: a comment each
 * SP_PULSE_MS, so that proxies keep them, and a client who has vanished without
 * a word is noticed by what he does not acknowledge. Whoever is not idle is passed
 * over: what he has not taken yet is sign enough.
 *
 * They stand in a ring, and each tick goes on in it by as many as make one round in
 * SP_PULSE_MS: so thousands who came at once are not all told at once. 20,000 of
 * them are 133 writes a tick, under a hundredth of the loop's time.
 *
 * One a loop, zeroed at first, its thread only. There is a timer only while there is
 * a stream; it allocates its handle (out of memory aborts).
 */
#ifndef SP_NET_PULSE_H
#define SP_NET_PULSE_H

#include "net/stream.h"

#define SP_PULSE_MS 15000u
#define SP_PULSE_TICK_MS 100u

/* Part of what the app keeps of a stream. */
typedef struct sp_pulse {
    struct sp_pulse *prev, *next;
    sp_stream *stream;
} sp_pulse;

typedef struct sp_pulses {
    sp_pulse *next; /* whose turn it is; NULL: there is none */
    uint32_t count;
    uint32_t due; /* one is due for each SP_PULSE_MS of it */
    uv_timer_t *timer;
} sp_pulses;

/* From its opening to its `closed`. */
void sp_pulse_add(sp_pulses *pulses, sp_pulse *pulse, sp_stream *stream, uv_loop_t *uv);
void sp_pulse_remove(sp_pulses *pulses, sp_pulse *pulse);

#endif
