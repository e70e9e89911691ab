/* SPDX-License-Identifier: MIT */
#include "tools/local.h"

#include "engine/assert.h"

static void nobody_sleeps(sp_mailbox *mailbox)
{
    (void)mailbox;
}

bool sp_local_init(sp_local *local, sp_sequencer *sequencer, sp_queue *queue)
{
    local->sequencer = sequencer;
    local->queue = queue;
    sp_mailbox_init(&local->mailbox, nobody_sleeps);
    return sp_slots_init(&local->slots, SP_LOCAL_COMMANDS_MAX, &local->mailbox);
}

void sp_local_close(sp_local *local)
{
    sp_slots_close(&local->slots);
}

static void push(sp_local *local, const sp_command *command)
{
    sp_slot *slot = sp_slots_take(&local->slots);
    SP_ASSERT(slot != NULL);
    slot->command = *command;
    bool pushed = sp_queue_push(local->queue, slot);
    SP_ASSERT(pushed);
}

/* The batch, then the flush that releases it. The batch is one: it fits. */
static void work(sp_local *local, uint32_t count)
{
    uint32_t worked = sp_sequencer_do_work(local->sequencer);
    SP_ASSERT_CMP(worked, ==, count);
    while (sp_sequencer_do_work(local->sequencer) > 0) {
    }
}

const sp_result *sp_local_give(sp_local *local, const sp_command *command)
{
    push(local, command);
    work(local, 1);
    sp_slot *slot = sp_mailbox_take_all(&local->mailbox);
    SP_ASSERT(slot != NULL);
    sp_slots_give(&local->slots, slot);
    return &slot->result; /* untouched until the slot is taken again */
}

sp_outcome sp_local_give_all(sp_local *local, const sp_command *commands, uint32_t count)
{
    SP_ASSERT_CMP(count, <=, SP_LOCAL_COMMANDS_MAX);
    for (uint32_t i = 0; i < count; i++)
        push(local, &commands[i]);
    work(local, count);
    sp_outcome first_refusal = SP_OK;
    sp_slot *next;
    for (sp_slot *slot = sp_mailbox_take_all(&local->mailbox); slot != NULL; slot = next) {
        next = slot->next;
        if (first_refusal == SP_OK)
            first_refusal = slot->result.outcome;
        sp_slots_give(&local->slots, slot);
    }
    return first_refusal;
}
