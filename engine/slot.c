/* SPDX-License-Identifier: MIT */
#include "engine/slot.h"

#include "engine/assert.h"
#include "engine/memory.h"

void sp_mailbox_init(sp_mailbox *mailbox, void (*wake)(sp_mailbox *self))
{
    atomic_init(&mailbox->head, NULL);
    mailbox->wake = wake;
}

void sp_mailbox_put_chain(sp_mailbox *mailbox, sp_slot *newest, sp_slot *oldest)
{
    sp_slot *head = atomic_load_explicit(&mailbox->head, memory_order_relaxed);
    do {
        oldest->next = head;
        /* Release: the results go with the chain. A failure means that the
         * loop took everything meanwhile; relaxed, since we read none of it. */
    } while (!atomic_compare_exchange_weak_explicit(&mailbox->head, &head, newest,
                                                    memory_order_release, memory_order_relaxed));
    /* Empty to not empty only: a loop that has been woken takes all. */
    if (head == NULL)
        mailbox->wake(mailbox);
}

sp_slot *sp_mailbox_take_all(sp_mailbox *mailbox)
{
    /* Acquire: pairs with the release in put_chain. */
    sp_slot *slot = atomic_exchange_explicit(&mailbox->head, NULL, memory_order_acquire);
    sp_slot *oldest_first = NULL;
    while (slot != NULL) {
        sp_slot *next = slot->next;
        sp_slot *ahead = slot->ahead;
        if (ahead != NULL) {
            __builtin_prefetch(ahead);
            __builtin_prefetch(&ahead->result);
        }
        __builtin_prefetch(slot->owner, 1);
        slot->next = oldest_first;
        oldest_first = slot;
        slot = next;
    }
    return oldest_first;
}

bool sp_slots_init(sp_slots *slots, uint32_t count, sp_mailbox *mailbox)
{
    void *memory = sp_memory_reserve((size_t)count * sizeof(sp_slot));
    if (memory == NULL)
        return false;
    *slots = (sp_slots){.slots = memory, .count = count, .mailbox = mailbox};
    return true;
}

void sp_slots_close(sp_slots *slots)
{
    if (slots->slots == NULL)
        return;
    SP_ASSERT_CMP(slots->taken, ==, 0);
    sp_memory_release(slots->slots, (size_t)slots->count * sizeof(sp_slot));
    slots->slots = NULL;
}

/* What the next command will write, which some time ago was another's. With
 * thousands under way it is no longer in a near cache. */
static void prefetch(const sp_slot *slot)
{
    if (slot == NULL)
        return;
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(&slot->command, 1);
    __builtin_prefetch(&slot->command.order_create.seats, 1);
    __builtin_prefetch(&slot->result, 1);
}

sp_slot *sp_slots_take(sp_slots *slots)
{
    sp_slot *slot = slots->free;
    if (slot != NULL) {
        slots->free = slot->next;
        prefetch(slots->free);
    } else {
        if (slots->fresh == slots->count)
            return NULL;
        slot = &slots->slots[slots->fresh++];
        slot->mailbox = slots->mailbox;
    }
    slots->taken++;
    return slot;
}

void sp_slots_give(sp_slots *slots, sp_slot *slot)
{
    SP_ASSERT_CMP(slots->taken, >, 0);
    slots->taken--;
    slot->owner = NULL;
    slot->next = slots->free;
    slots->free = slot;
}
