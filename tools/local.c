/* SPDX-License-Identifier: MIT */
#include "tools/local.h"

#include "engine/assert.h"

static void nobody_sleeps(sp_mailbox *mailbox)
{
    (void)mailbox;
}

bool sp_local_init(sp_local *local, sp_sequencer *sequencer, sp_queue *queue)
{
    *local = (sp_local){.sequencer = sequencer, .queue = queue};
    sp_mailbox_init(&local->mailbox, nobody_sleeps);
    return sp_slots_init(&local->slots, SP_LOCAL_COMMANDS_MAX, &local->mailbox);
}

void sp_local_close(sp_local *local)
{
    sp_slots_close(&local->slots);
}

sp_command *sp_local_add(sp_local *local)
{
    sp_slot *slot = sp_slots_take(&local->slots);
    SP_ASSERT(slot != NULL);
    slot->command = (sp_command){0};
    slot->next = NULL;
    if (local->count++ == 0)
        local->first = slot;
    else
        local->newest->next = slot;
    local->newest = slot;
    return &slot->command;
}

/* The batch, then the flush that releases it. Were it too large for one (or the
 * queue too small), a crash between two could leave half of it. */
static void work(sp_local *local)
{
    sp_slot *next;
    for (sp_slot *slot = local->first; slot != NULL; slot = next) {
        next = slot->next; /* the queue has the slot from here on */
        bool pushed = sp_queue_push(local->queue, slot);
        SP_ASSERT(pushed);
    }
    uint32_t worked = sp_sequencer_do_work(local->sequencer);
    SP_ASSERT_CMP(worked, ==, local->count);
    while (sp_sequencer_do_work(local->sequencer) > 0) {
    }
    local->count = 0;
}

sp_outcome sp_local_commit(sp_local *local)
{
    SP_ASSERT_CMP(local->count, >, 0);
    work(local);
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

const sp_result *sp_local_give(sp_local *local, const sp_command *command)
{
    *sp_local_add(local) = *command;
    const sp_slot *slot = local->newest;
    (void)sp_local_commit(local);
    return &slot->result; /* untouched until the slot is taken again */
}
