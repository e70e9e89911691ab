/* SPDX-License-Identifier: MIT
 *
 * A sign of life for streams that may be silent for long: each beats about once in
 * SP_PULSE_MS, to write a comment, so that proxies keep it and a client who has
 * vanished without a word is noticed by what he does not acknowledge, and to look
 * whether it may go on.
 *
 * They stand in a line, and each tick goes on in it by as many as make one round in
 * SP_PULSE_MS: so thousands who came at once are not all told at once. 20,000 of
 * them are 133 writes a tick, under a hundredth of the loop's time. A turn comes at
 * most SP_PULSE_MS after the one before, but for what it is put off by others who
 * leave: the round goes on as slowly as if there were only those who stayed.
 *
 * One a loop, its thread only. There is a timer only while there is a stream, so a
 * loop whose streams are closed can end; its handle is allocated then (out of memory
 * aborts), and closes by itself whatever becomes of the sp_pulses.
 */
#ifndef SP_NET_PULSE_H
#define SP_NET_PULSE_H

#include "net/stream.h"

#define SP_PULSE_MS 15000u
#define SP_PULSE_TICK_MS 100u

typedef struct sp_pulse sp_pulse;

/* Part of what the app keeps of a stream. */
struct sp_pulse {
    sp_pulse *prev, *next; /* in the line; NULL: not in it */
    /* Its turn; it stands behind all others already. May remove any. */
    void (*beat)(sp_pulse *pulse);
};

typedef struct sp_pulses {
    uv_loop_t *uv;
    uv_timer_t *timer;   /* NULL: there is no stream */
    sp_pulse line, soon; /* rings around these two; whose turn it is comes first */
    uint32_t count;      /* in both */
    uint32_t due;        /* a turn is due for each SP_PULSE_MS of it */
} sp_pulses;

/* Stays where it is. */
void sp_pulses_init(sp_pulses *pulses, uv_loop_t *uv);
/* Behind all others. */
void sp_pulse_add(sp_pulses *pulses, sp_pulse *pulse, void (*beat)(sp_pulse *pulse));
/* Its turn is the next tick's, out of the order. Nothing if it is not in the line. */
void sp_pulse_soon(sp_pulses *pulses, sp_pulse *pulse);
/* By the stream's `closed` at the latest. Nothing if it is not in the line. */
void sp_pulse_remove(sp_pulses *pulses, sp_pulse *pulse);

/* What most beats are: a comment, unless the stream is not idle. What he has not
 * taken yet is sign enough for him. */
void sp_pulse_comment(sp_stream *stream);

#endif
