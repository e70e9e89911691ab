/* SPDX-License-Identifier: MIT */
#include "bench/fill_batch.h"

#include "engine/assert.h"

static void nobody_sleeps(sp_mailbox *mailbox)
{
    (void)mailbox;
}

bool sp_bench_fill_batch_init(sp_bench_fill_batch *batch, sp_sequencer *sequencer, sp_queue *queue)
{
    *batch = (sp_bench_fill_batch){.sequencer = sequencer, .queue = queue, .refusal = SP_OK};
    sp_mailbox_init(&batch->mailbox, nobody_sleeps);
    return sp_slots_init(&batch->slots, SP_BENCH_FILL_SLOTS, &batch->mailbox);
}

void sp_bench_fill_batch_close(sp_bench_fill_batch *batch)
{
    SP_ASSERT_CMP(batch->under_way, ==, 0);
    sp_slots_close(&batch->slots);
}

/* Gives back the slots of what has become durable. */
static void collect(sp_bench_fill_batch *batch)
{
    sp_slot *next;
    for (sp_slot *slot = sp_mailbox_take_all(&batch->mailbox); slot != NULL; slot = next) {
        next = slot->next;
        if (batch->refusal == SP_OK && slot->result.outcome != SP_OK) {
            batch->refusal = slot->result.outcome;
            if (batch->refusal == SP_LIMIT_REACHED)
                batch->limit = slot->result.refusal.limit;
        }
        batch->under_way--;
        sp_slots_give(&batch->slots, slot);
    }
}

sp_slot *sp_bench_fill_batch_take(sp_bench_fill_batch *batch)
{
    sp_slot *slot;
    while ((slot = sp_slots_take(&batch->slots)) == NULL) {
        uint32_t worked = sp_sequencer_do_work(batch->sequencer);
        SP_ASSERT_CMP(worked, >, 0); /* all slots are there */
        collect(batch);
    }
    return slot;
}

uint32_t sp_bench_fill_batch_index(const sp_bench_fill_batch *batch, const sp_slot *slot)
{
    return (uint32_t)(slot - batch->slots.slots);
}

void sp_bench_fill_batch_push(sp_bench_fill_batch *batch, sp_slot *slot)
{
    bool pushed = sp_queue_push(batch->queue, slot);
    SP_ASSERT(pushed); /* it holds as many as there are slots */
    batch->under_way++;
    if (++batch->pushed_count < SP_BENCH_FILL_BATCH)
        return;
    batch->pushed_count = 0;
    (void)sp_sequencer_do_work(batch->sequencer);
    collect(batch);
}

bool sp_bench_fill_batch_finish(sp_bench_fill_batch *batch)
{
    while (batch->under_way > 0) {
        uint32_t worked = sp_sequencer_do_work(batch->sequencer);
        SP_ASSERT_CMP(worked, >, 0);
        collect(batch);
    }
    batch->pushed_count = 0;
    return batch->refusal == SP_OK;
}
