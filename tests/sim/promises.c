/* SPDX-License-Identifier: MIT
 *
 * What was told of holds: "these seats are yours until T". Gone through in the log
 * itself, and not in what any engine made of it: no hold of which that was told has
 * ended by the clock before T, no seat of it was another's meanwhile, and who was
 * told that he gave it back has given it back.
 */
#include <stdlib.h>

#include "engine/assert.h"
#include "tests/sim/world.h"

/* The latest that anybody was told; 0 = nothing. By hold id. */
typedef struct promises {
    sp_time_ms *until;
    uint32_t count;
} promises;

static void told(promises *p, const sp_event *event)
{
    sp_hold_id id =
        event->type == SP_EVENT_HOLD_TAKEN ? event->hold_taken.hold : event->hold_extended.hold;
    sp_time_ms until = event->type == SP_EVENT_HOLD_TAKEN ? event->hold_taken.expires_at
                                                          : event->hold_extended.expires_at;
    if (id >= p->count) {
        p->until = realloc(p->until, (id + 1u) * sizeof *p->until);
        SP_ASSERT(p->until != NULL);
        memset(p->until + p->count, 0, (id + 1u - p->count) * sizeof *p->until);
        p->count = id + 1;
    }
    if (until > p->until[id])
        p->until[id] = until;
}

static const char *check_expired(sp_sim_world *w, const promises *p, const sp_event *event)
{
    for (uint32_t i = 0; i < event->holds_expired.holds_count; i++) {
        sp_hold_id id = event->holds_expired.holds[i];
        if (id >= p->count || p->until[id] == 0)
            continue;
        if (event->time < p->until[id])
            return sp_compare_failed("hold %u was told to live %lld ms longer", id,
                                     (long long)(p->until[id] - event->time));
        w->counts.promises_kept++;
    }
    return NULL;
}

/* A success that was told is in the log as it was told: check_facts in world.c. */
void sp_sim_promises_check(sp_sim_world *w)
{
    promises p = {NULL, 0};
    for (uint64_t i = 0; i < w->facts_count; i++)
        if (w->facts[i]->type == SP_EVENT_HOLD_TAKEN || w->facts[i]->type == SP_EVENT_HOLD_EXTENDED)
            told(&p, w->facts[i]);
    for (sp_seq seq = 1; seq <= w->log.committed_count && w->wrong[0] == '\0'; seq++) {
        const sp_event *event = sp_fake_log_event(&w->log, seq);
        if (event->type == SP_EVENT_HOLDS_EXPIRED)
            sp_sim_world_check(w, check_expired(w, &p, event));
    }
    free(p.until);
}
