/* SPDX-License-Identifier: MIT
 *
 * A start of the simulated machine: the records on the fake disk, oldest
 * first, through admit and apply. A commit record speaks for the events since
 * the one before it. Events behind the last commit record are of a batch whose
 * write was cut short: nobody was told of them, they may be incomplete, and
 * the next batch takes their seqs. So they are dropped, never applied.
 */
#include "tests/sim/world.h"

sp_sim_planted sp_sim_fault_planted;

static void replay(sp_sim_world *w, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to && w->wrong[0] == '\0'; i++) {
        const sp_event *event = sp_fake_log_record(&w->log, i)->event;
        const char *refused = sp_admit(w->state, event);
        if (refused != NULL)
            sp_sim_world_check(w, sp_compare_failed("recovery refuses seq %llu: %s",
                                                    (unsigned long long)event->seq, refused));
        else
            sp_apply(w->state, event);
    }
}

/* Is all there that the commit record says? */
static void check_commit(sp_sim_world *w, const sp_fake_record *commit)
{
    if (w->wrong[0] == '\0' && sp_state_seq(w->state) != commit->seq)
        sp_sim_world_check(
            w, sp_compare_failed(
                   "a commit record speaks for events up to seq %llu, the disk has %llu",
                   (unsigned long long)commit->seq, (unsigned long long)sp_state_seq(w->state)));
}

void sp_sim_recover(sp_sim_world *w)
{
    uint64_t count = w->log.records_count;
    uint64_t batch = 0; /* the first record of the batch that is read */
    for (uint64_t i = 0; i < count; i++) {
        const sp_fake_record *record = sp_fake_log_record(&w->log, i);
        if (record->event != NULL)
            continue;
        replay(w, batch, i);
        check_commit(w, record);
        batch = i + 1;
    }
    if (batch < count) {
        w->counts.torn++;
        sp_sim_world_say(w, "recovery drops %llu events without a commit",
                         (unsigned long long)(count - batch));
        if (sp_sim_fault_planted == SP_SIM_PLANTED_TAIL_REPLAYED)
            replay(w, batch, count);
        sp_fake_log_cut(&w->log, batch);
    }
    /* The log's own account of its commits, kept apart from the disk. */
    if (sp_state_seq(w->state) != w->log.committed_count)
        sp_sim_world_check(
            w, sp_compare_failed("recovery came to seq %llu, %llu events had been committed",
                                 (unsigned long long)sp_state_seq(w->state),
                                 (unsigned long long)w->log.committed_count));
}
