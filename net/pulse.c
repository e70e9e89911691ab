/* SPDX-License-Identifier: MIT */
#include "net/pulse.h"

#include <stdlib.h>

#include "engine/assert.h"

/* A line that begins with a colon is a comment (HTML Living Standard, 9.2.5). */
#define COMMENT SP_TEXT(":\n\n")

/* --- rings --- */

static void ring_init(sp_pulse *ring)
{
    ring->prev = ring->next = ring;
}

static bool ring_is_empty(const sp_pulse *ring)
{
    return ring->next == ring;
}

static void ring_append(sp_pulse *ring, sp_pulse *pulse)
{
    pulse->prev = ring->prev;
    pulse->next = ring;
    ring->prev->next = pulse;
    ring->prev = pulse;
}

static void ring_drop(sp_pulse *pulse)
{
    pulse->prev->next = pulse->next;
    pulse->next->prev = pulse->prev;
    pulse->prev = pulse->next = NULL;
}

/* --- turns --- */

static void beat_first(sp_pulses *pulses, sp_pulse *ring)
{
    sp_pulse *pulse = ring->next;
    ring_drop(pulse);
    ring_append(&pulses->line, pulse);
    pulse->beat(pulse);
}

/* Those who ask for another turn soon are given it by the next tick, not by this. */
static void beat_soon(sp_pulses *pulses)
{
    sp_pulse asked;
    ring_init(&asked);
    while (!ring_is_empty(&pulses->soon)) {
        sp_pulse *pulse = pulses->soon.next;
        ring_drop(pulse);
        ring_append(&asked, pulse);
    }
    while (!ring_is_empty(&asked))
        beat_first(pulses, &asked);
}

static void on_tick(uv_timer_t *timer)
{
    sp_pulses *pulses = timer->data;
    beat_soon(pulses);
    pulses->due += pulses->count * SP_PULSE_TICK_MS;
    while (pulses->due >= SP_PULSE_MS) {
        pulses->due -= SP_PULSE_MS;
        if (!ring_is_empty(&pulses->line))
            beat_first(pulses, &pulses->line);
    }
}

/* --- the timer --- */

static void start(sp_pulses *pulses)
{
    pulses->timer = malloc(sizeof *pulses->timer);
    SP_ASSERT(pulses->timer != NULL);
    SP_ASSERT_CMP(uv_timer_init(pulses->uv, pulses->timer), ==, 0);
    pulses->timer->data = pulses;
    pulses->due = 0;
    uv_timer_start(pulses->timer, on_tick, SP_PULSE_TICK_MS, SP_PULSE_TICK_MS);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

static void stop(sp_pulses *pulses)
{
    uv_close((uv_handle_t *)pulses->timer, on_timer_closed);
    pulses->timer = NULL;
}

/* --- who is in it --- */

void sp_pulses_init(sp_pulses *pulses, uv_loop_t *uv)
{
    *pulses = (sp_pulses){.uv = uv};
    ring_init(&pulses->line);
    ring_init(&pulses->soon);
}

void sp_pulse_add(sp_pulses *pulses, sp_pulse *pulse, void (*beat)(sp_pulse *pulse))
{
    pulse->beat = beat;
    ring_append(&pulses->line, pulse);
    if (pulses->count++ == 0)
        start(pulses);
}

void sp_pulse_soon(sp_pulses *pulses, sp_pulse *pulse)
{
    if (!pulse->next)
        return;
    ring_drop(pulse);
    ring_append(&pulses->soon, pulse);
}

void sp_pulse_remove(sp_pulses *pulses, sp_pulse *pulse)
{
    if (!pulse->next)
        return;
    SP_ASSERT_CMP(pulses->count, >, 0);
    ring_drop(pulse);
    if (--pulses->count == 0)
        stop(pulses);
}

void sp_pulse_comment(sp_stream *stream)
{
    if (sp_stream_is_idle(stream))
        sp_stream_write(stream, COMMENT);
}
