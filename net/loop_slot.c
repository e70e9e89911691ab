/* SPDX-License-Identifier: MIT
 *
 * Slots that are the application's own (exchange.h): no exchange waits for
 * them. What tells them apart is that they have no owner.
 */
#include "engine/assert.h"
#include "net/loop.h"

sp_slot *sp_loop_slot_take(sp_loop *loop)
{
    sp_slot *slot = sp_slots_take(&loop->slots);
    if (slot == NULL)
        return NULL;
    slot->owner = NULL;
    slot->result.outcome = SP_INTERNAL; /* nobody's old result */
    loop->slots_out++;
    return slot;
}

bool sp_loop_slot_push(sp_loop *loop, sp_slot *slot, uint64_t tag, uint64_t *position)
{
    uint64_t claimed;
    SP_ASSERT(slot->owner == NULL);
    slot->owner_generation = tag;
    if (!sp_queue_push_at(loop->shared->config.queue, slot, &claimed))
        return false;
    if (position != NULL)
        *position = claimed;
    sp_loop_count_push(loop);
    return true;
}

/* Whether the loop can end now is asked when this iteration is settled. */
void sp_loop_slot_give(sp_loop *loop, sp_slot *slot)
{
    SP_ASSERT_CMP(loop->slots_out, >, 0);
    loop->slots_out--;
    sp_slots_give(&loop->slots, slot);
}

const sp_queue *sp_loop_queue(sp_loop *loop)
{
    return loop->shared->config.queue;
}
