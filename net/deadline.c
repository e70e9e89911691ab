/* SPDX-License-Identifier: MIT */
#include "net/deadline.h"

#include <stddef.h>

void sp_deadlines_init(sp_deadlines *deadlines, const uint32_t timeouts_ms[SP_DEADLINE_KINDS])
{
    for (unsigned i = 0; i < SP_DEADLINE_KINDS; i++) {
        sp_deadline *head = &deadlines->lists[i];
        head->prev = head->next = head;
        deadlines->timeouts_ms[i] = timeouts_ms[i];
    }
}

static void unlink_deadline(sp_deadline *deadline)
{
    deadline->prev->next = deadline->next;
    deadline->next->prev = deadline->prev;
    deadline->kind = SP_DEADLINE_NONE;
}

void sp_deadline_set(sp_deadlines *deadlines, sp_deadline *deadline, sp_deadline_kind kind,
                     uint64_t now_ms)
{
    if (deadline->kind != SP_DEADLINE_NONE)
        unlink_deadline(deadline);
    if (kind == SP_DEADLINE_NONE)
        return;
    sp_deadline *head = &deadlines->lists[kind];
    deadline->at_ms = now_ms + deadlines->timeouts_ms[kind];
    deadline->kind = kind;
    deadline->prev = head->prev;
    deadline->next = head;
    head->prev->next = deadline;
    head->prev = deadline;
}

uint64_t sp_deadlines_next(const sp_deadlines *deadlines)
{
    uint64_t next_ms = UINT64_MAX;
    for (unsigned i = 0; i < SP_DEADLINE_KINDS; i++) {
        const sp_deadline *head = &deadlines->lists[i];
        if (head->next != head && head->next->at_ms < next_ms)
            next_ms = head->next->at_ms;
    }
    return next_ms;
}

sp_deadline *sp_deadlines_expire(sp_deadlines *deadlines, uint64_t now_ms, sp_deadline_kind *kind)
{
    for (unsigned i = 0; i < SP_DEADLINE_KINDS; i++) {
        sp_deadline *first = deadlines->lists[i].next;
        if (first == &deadlines->lists[i] || first->at_ms > now_ms)
            continue;
        *kind = first->kind;
        unlink_deadline(first);
        return first;
    }
    return NULL;
}
