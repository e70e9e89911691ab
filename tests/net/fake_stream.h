/* SPDX-License-Identifier: MIT
 *
 * The rest of the transport's half, faked: streams, hops, slots of the app's own.
 * Part of fake_exchange.h, which includes it; see there.
 */
#ifndef SP_TESTS_NET_FAKE_STREAM_H
#define SP_TESTS_NET_FAKE_STREAM_H

#include "net/hop.h"
#include "net/stream.h"

/* Streams outlive their exchange; a test gets at the one that was opened last by
 * loop->stream, sets how it is, and ends it by fake_stream_close. */
typedef struct fake_stream {
    sp_stream stream; /* first */
    sp_loop *loop;
    bool slow; /* not idle */
    bool ended;
    sp_out told; /* what was written, after the answer */
} fake_stream;

sp_stream *sp_exchange_stream(sp_exchange *ex, const sp_stream_ops *ops, void *context)
{
    fake_stream *fake = calloc(1, sizeof *fake);
    SP_ASSERT(fake && ops->closed);
    ex->close_after = true;
    fake->loop = ex->loop;
    fake->stream.ops = ops;
    fake->stream.context = context;
    sp_out_init(&fake->told);
    ex->loop->stream = fake;
    return &fake->stream;
}

bool sp_loop_streams_full(const sp_loop *loop)
{
    (void)loop;
    return false;
}

bool sp_stream_is_idle(const sp_stream *stream)
{
    const fake_stream *fake = (const fake_stream *)stream;
    return !fake->slow && !fake->ended;
}

bool sp_stream_write(sp_stream *stream, sp_text bytes)
{
    fake_stream *fake = (fake_stream *)stream;
    if (fake->ended)
        return false;
    SP_ASSERT(!fake->slow);
    sp_out_text(&fake->told, bytes);
    return true;
}

void sp_stream_end(sp_stream *stream)
{
    ((fake_stream *)stream)->ended = true;
}

/* The server stops: the farewell goes behind what was told. */
static inline void fake_stream_drain(fake_stream *fake)
{
    const sp_stream_ops *ops = fake->stream.ops;
    SP_ASSERT(!fake->ended);
    if (ops->may_end && !ops->may_end(&fake->stream, fake->stream.context))
        return;
    fake->ended = true;
    if (ops->drain)
        ops->drain(&fake->stream, fake->stream.context, &fake->told);
}

static inline void fake_stream_close(fake_stream *fake)
{
    fake->ended = true;
    fake->stream.ops->closed(&fake->stream, fake->stream.context);
    if (fake->loop->stream == fake)
        fake->loop->stream = NULL;
    sp_out_close(&fake->told);
    free(fake);
}

/* One loop, which runs in fake_pump what it has sent to itself. */
uint32_t sp_loop_count(const sp_loop *loop)
{
    (void)loop;
    return 1;
}
uint32_t sp_loop_index(const sp_loop *loop)
{
    (void)loop;
    return 0;
}
sp_loop *sp_loop_of_index(const sp_loop *any, uint32_t index)
{
    SP_ASSERT_CMP(index, ==, 0);
    return (sp_loop *)(uintptr_t)any;
}

void sp_hop_send(sp_hop *hop, sp_loop *to)
{
    sp_hop **end = &to->hops;
    while (*end)
        end = &(*end)->next;
    hop->at = to;
    hop->next = NULL;
    *end = hop;
}

static inline void fake_run_hops(sp_loop *loop)
{
    while (loop->hops) {
        sp_hop *hop = loop->hops;
        loop->hops = hop->next;
        hop->run(hop);
    }
}

sp_slot *sp_loop_slot_take(sp_loop *loop)
{
    sp_slot *slot = loop->queue_full ? NULL : sp_slots_take(&loop->slots);
    if (slot)
        slot->owner = NULL;
    return slot;
}

bool sp_loop_slot_push(sp_loop *loop, sp_slot *slot, uint64_t tag, uint64_t *position)
{
    uint64_t claimed;
    slot->owner_generation = tag;
    if (!sp_queue_push_at(loop->queue, slot, &claimed))
        return false;
    if (position)
        *position = claimed;
    return true;
}

void sp_loop_slot_give(sp_loop *loop, sp_slot *slot)
{
    sp_slots_give(&loop->slots, slot);
}

const sp_queue *sp_loop_queue(sp_loop *loop)
{
    return loop->queue;
}

#endif
