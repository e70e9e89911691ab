/* SPDX-License-Identifier: MIT
 *
 * libuv's timers and clocks, and streams without sockets, faked: nothing happens but
 * when a test lets time pass. A write can be made to take time.
 *
 * It defines their functions, so it is included by exactly one file of a program, of
 * which no other part uses libuv.
 */
#ifndef SP_TESTS_NET_FAKE_TIME_H
#define SP_TESTS_NET_FAKE_TIME_H

#include <stdlib.h>

#include "engine/assert.h"
#include "net/stream.h"

#define FAKE_TIMERS_MAX 4u

typedef struct fake_timer {
    uv_timer_t *handle; /* NULL: none */
    uv_timer_cb fire;
    uint64_t due_ms, repeat_ms;
} fake_timer;

static struct {
    uint64_t now_ns;
    uint64_t write_ns; /* that each write takes */
    fake_timer timers[FAKE_TIMERS_MAX];
    uint32_t writes_count, comments_count;
    uint64_t pause_ms; /* that the last timer without repetition was started with */
} fake_time;

static inline fake_timer *fake_timer_of(const uv_timer_t *handle)
{
    for (uint32_t i = 0; i < FAKE_TIMERS_MAX; i++)
        if (fake_time.timers[i].handle == handle)
            return &fake_time.timers[i];
    return NULL;
}

static inline uint32_t fake_timers_count(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < FAKE_TIMERS_MAX; i++)
        count += fake_time.timers[i].handle != NULL;
    return count;
}

uint64_t uv_hrtime(void)
{
    return fake_time.now_ns;
}
uint64_t uv_now(const uv_loop_t *loop)
{
    (void)loop;
    return fake_time.now_ns / 1000000;
}
void uv_update_time(uv_loop_t *loop)
{
    (void)loop;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *handle)
{
    fake_timer *timer = fake_timer_of(NULL);
    SP_ASSERT(timer != NULL);
    *timer = (fake_timer){.handle = handle};
    handle->loop = loop;
    return 0;
}

int uv_timer_start(uv_timer_t *handle, uv_timer_cb fire, uint64_t timeout_ms, uint64_t repeat_ms)
{
    fake_timer *timer = fake_timer_of(handle);
    SP_ASSERT(timer != NULL);
    timer->fire = fire;
    timer->due_ms = uv_now(NULL) + timeout_ms;
    timer->repeat_ms = repeat_ms;
    if (repeat_ms == 0)
        fake_time.pause_ms = timeout_ms;
    return 0;
}

void uv_close(uv_handle_t *handle, uv_close_cb closed)
{
    fake_timer *timer = fake_timer_of((uv_timer_t *)handle);
    SP_ASSERT(timer != NULL);
    *timer = (fake_timer){0};
    closed(handle);
}

/* The timer that fires next; false: none within the time. */
static inline bool fake_fire_next(uint64_t until_ms)
{
    fake_timer *next = NULL;
    for (uint32_t i = 0; i < FAKE_TIMERS_MAX; i++) {
        fake_timer *timer = &fake_time.timers[i];
        if (timer->handle && timer->fire && (!next || timer->due_ms < next->due_ms))
            next = timer;
    }
    if (!next || next->due_ms > until_ms)
        return false;
    if (next->due_ms * 1000000 > fake_time.now_ns)
        fake_time.now_ns = next->due_ms * 1000000;
    uv_timer_cb fire = next->fire;
    next->fire = NULL;
    if (next->repeat_ms > 0) {
        next->fire = fire;
        next->due_ms += next->repeat_ms;
    }
    fire(next->handle);
    return true;
}

/* Lets time pass, with all that falls into it. */
static inline void fake_pass(uint64_t ms)
{
    uint64_t until_ms = uv_now(NULL) + ms;
    while (fake_fire_next(until_ms))
        ;
    if (until_ms * 1000000 > fake_time.now_ns)
        fake_time.now_ns = until_ms * 1000000;
}

typedef struct fake_stream {
    sp_stream stream; /* first */
    bool slow;        /* not idle */
    sp_out told;
} fake_stream;

bool sp_stream_is_idle(const sp_stream *stream)
{
    return !((const fake_stream *)stream)->slow;
}

bool sp_stream_write(sp_stream *stream, sp_text bytes)
{
    fake_stream *fake = (fake_stream *)stream;
    SP_ASSERT(!fake->slow);
    SP_ASSERT_CMP(bytes.size, >, 0);
    sp_out_text(&fake->told, bytes);
    if (bytes.bytes[0] == ':')
        fake_time.comments_count++;
    else
        fake_time.writes_count++;
    fake_time.now_ns += fake_time.write_ns;
    return true;
}

#endif
