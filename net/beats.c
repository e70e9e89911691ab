/* SPDX-License-Identifier: MIT */
#include "net/beats.h"

#include "engine/assert.h"

#define TICK_MS 250u
/* A tick: 2,048 a second, 30,000 in 15 s; with more of them each beats less often.
 * One is a system call of some microseconds. */
#define BEATS_PER_TICK 512u

static bool is_empty(const sp_beat *ring)
{
    return ring->next == ring;
}

static void unlink_beat(sp_beat *beat)
{
    beat->prev->next = beat->next;
    beat->next->prev = beat->prev;
    beat->prev = beat->next = NULL;
}

static void append(sp_beat *ring, sp_beat *beat)
{
    beat->prev = ring->prev;
    beat->next = ring;
    ring->prev->next = beat;
    ring->prev = beat;
}

void sp_beats_init(sp_beats *beats, uv_loop_t *uv)
{
    *beats = (sp_beats){.uv = uv};
    beats->line.prev = beats->line.next = &beats->line;
    beats->soon.prev = beats->soon.next = &beats->soon;
}

static void open_timer(sp_beats *beats);

static void on_closed(uv_handle_t *handle)
{
    sp_beats *beats = handle->data;
    beats->open = beats->closing = false;
    if (beats->count > 0)
        open_timer(beats);
}

static void beat_once(sp_beats *beats, sp_beat *beat)
{
    unlink_beat(beat);
    beat->due_ms = uv_now(beats->uv) + SP_BEAT_MS;
    append(&beats->line, beat);
    beat->beat(beat);
}

static void on_tick(uv_timer_t *timer)
{
    sp_beats *beats = timer->data;
    uint64_t now_ms = uv_now(beats->uv);
    sp_beat soon = {.prev = &soon, .next = &soon};
    /* Apart: one that asks for another beat soon gets that in the next tick. */
    while (!is_empty(&beats->soon)) {
        sp_beat *beat = beats->soon.next;
        unlink_beat(beat);
        append(&soon, beat);
    }
    while (!is_empty(&soon))
        beat_once(beats, soon.next);
    for (uint32_t i = 0; i < BEATS_PER_TICK && !is_empty(&beats->line); i++) {
        sp_beat *beat = beats->line.next;
        if (beat->due_ms > now_ms)
            break;
        beat_once(beats, beat);
    }
}

static void open_timer(sp_beats *beats)
{
    int status = uv_timer_init(beats->uv, &beats->timer);
    SP_ASSERT_CMP(status, ==, 0);
    beats->timer.data = beats;
    beats->open = true;
    uv_timer_start(&beats->timer, on_tick, TICK_MS, TICK_MS);
}

/* While it is closing it can not be opened: that is made up for when it is. */
static void run(sp_beats *beats)
{
    if (!beats->open)
        open_timer(beats);
}

void sp_beats_add(sp_beats *beats, sp_beat *beat)
{
    SP_ASSERT(!beat->next);
    beat->due_ms = uv_now(beats->uv) + SP_BEAT_MS;
    append(&beats->line, beat);
    beats->count++;
    run(beats);
}

void sp_beats_soon(sp_beats *beats, sp_beat *beat)
{
    if (beat->next)
        unlink_beat(beat);
    else
        beats->count++;
    append(&beats->soon, beat);
    run(beats);
}

void sp_beats_remove(sp_beats *beats, sp_beat *beat)
{
    if (!beat->next)
        return;
    unlink_beat(beat);
    beats->count--;
    if (beats->closing || beats->count > 0)
        return;
    beats->closing = true;
    uv_close((uv_handle_t *)&beats->timer, on_closed);
}
