/* SPDX-License-Identifier: MIT */
#include "engine/untold.h"

#include <stdlib.h>

#include "engine/assert.h"

bool sp_untold_init(sp_untold *untold, uint32_t events_max, uint32_t changes_max)
{
    untold->events = calloc(events_max, sizeof(sp_event));
    return sp_changes_init(&untold->changes, changes_max) && untold->events != NULL;
}

void sp_untold_close(sp_untold *untold)
{
    free(untold->events);
    sp_changes_close(&untold->changes);
}

static sp_untold_chain *chain_of(sp_untold *untold, sp_mailbox *mailbox)
{
    for (uint32_t i = 0; i < untold->chains_count; i++)
        if (untold->chains[i].mailbox == mailbox)
            return &untold->chains[i];
    SP_ASSERT_CMP(untold->chains_count, <, SP_UNTOLD_MAILBOXES_MAX);
    sp_untold_chain *chain = &untold->chains[untold->chains_count++];
    *chain = (sp_untold_chain){.mailbox = mailbox};
    return chain;
}

void sp_untold_add_answers(sp_untold *untold, sp_slot *const *slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sp_slot *slot = slots[i];
        sp_untold_chain *chain = chain_of(untold, slot->mailbox);
        slot->ahead = chain->last[chain->count % SP_UNTOLD_AHEAD];
        chain->last[chain->count++ % SP_UNTOLD_AHEAD] = slot;
        slot->next = chain->newest;
        chain->newest = slot;
        if (chain->oldest == NULL)
            chain->oldest = slot;
    }
    untold->commands_count += count;
}

void sp_untold_forget_answers(sp_untold *untold)
{
    untold->chains_count = 0;
    untold->commands_count = 0;
}

void sp_untold_release(sp_untold *untold)
{
    for (uint32_t i = 0; i < untold->chains_count; i++) {
        sp_untold_chain *chain = &untold->chains[i];
        sp_mailbox_put_chain(chain->mailbox, chain->newest, chain->oldest);
    }
    sp_untold_forget_answers(untold);
    untold->events_count = 0;
    sp_changes_clear(&untold->changes);
    untold->has_sides = false;
}
