/* SPDX-License-Identifier: MIT */
#include "net/pulse.h"

#include <stdlib.h>

#include "engine/assert.h"

/* A line that begins with a colon is a comment (HTML Living Standard, 9.2.5). */
#define COMMENT SP_TEXT(":\n\n")

static void pulse_once(sp_pulses *pulses)
{
    sp_stream *stream = pulses->next->stream;
    pulses->next = pulses->next->next;
    if (sp_stream_is_idle(stream))
        sp_stream_write(stream, COMMENT);
}

static void on_tick(uv_timer_t *timer)
{
    sp_pulses *pulses = timer->data;
    pulses->due += pulses->count * SP_PULSE_TICK_MS;
    for (; pulses->due >= SP_PULSE_MS; pulses->due -= SP_PULSE_MS)
        pulse_once(pulses);
}

static void start(sp_pulses *pulses, uv_loop_t *uv)
{
    pulses->timer = malloc(sizeof *pulses->timer);
    SP_ASSERT(pulses->timer != NULL);
    SP_ASSERT_CMP(uv_timer_init(uv, pulses->timer), ==, 0);
    pulses->timer->data = pulses;
    pulses->due = 0;
    uv_timer_start(pulses->timer, on_tick, SP_PULSE_TICK_MS, SP_PULSE_TICK_MS);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle);
}

/* Behind the one whose turn it is: so it is the last of the round. */
static void enter(sp_pulses *pulses, sp_pulse *pulse)
{
    sp_pulse *next = pulses->next;
    pulse->next = next ? next : pulse;
    pulse->prev = next ? next->prev : pulse;
    pulse->prev->next = pulse;
    pulse->next->prev = pulse;
    if (!next)
        pulses->next = pulse;
}

void sp_pulse_add(sp_pulses *pulses, sp_pulse *pulse, sp_stream *stream, uv_loop_t *uv)
{
    pulse->stream = stream;
    enter(pulses, pulse);
    if (pulses->count++ == 0)
        start(pulses, uv);
}

void sp_pulse_remove(sp_pulses *pulses, sp_pulse *pulse)
{
    SP_ASSERT_CMP(pulses->count, >, 0);
    pulse->prev->next = pulse->next;
    pulse->next->prev = pulse->prev;
    if (pulses->next == pulse)
        pulses->next = pulse->next;
    if (--pulses->count > 0)
        return;
    pulses->next = NULL;
    uv_close((uv_handle_t *)pulses->timer, on_timer_closed);
    pulses->timer = NULL;
}
