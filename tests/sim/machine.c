/* SPDX-License-Identifier: MIT
 *
 * The simulated machine: the real sequencer with a log that looks over its
 * shoulder whenever it is about to write, and an account of how each batch came
 * to be told.
 */
#include "engine/assert.h"
#include "tests/sim/world.h"

static void no_sleep(sp_wait *self, int64_t timeout_ms)
{
    (void)self;
    (void)timeout_ms;
}

static void no_wake(sp_wait *self)
{
    (void)self;
}

static sp_wait never_waits = {no_sleep, no_wake};

static void on_failed(void *context)
{
    ((sp_sim_world *)context)->failures_reported++;
}

/* A commit begins: until it returns nothing of its batch may show, nor of the
 * one before, which this commit's flush makes durable. */
static void on_commit(void *context)
{
    sp_sim_world *w = context;
    w->counts.commits++;
    sp_sim_check_visible(w, "as a commit began");
    /* LMDB's premise: a third batch takes the pages that only the first one's
     * forerunner still needs, and that may be all that the disk knows. */
    if (w->log.durable_count < w->log.older_committed_count ||
        w->log.durable.batches_count < w->log.older_committed.batches_count)
        sp_sim_world_check(w, "a batch was written over the last one that was durable");
}

static void on_settle(void *context)
{
    sp_sim_check_visible(context, "as a flush began");
}

void sp_sim_machine_watch(sp_sim_world *w)
{
    w->log.on_commit = on_commit;
    w->log.on_settle = on_settle;
    w->log.context = w;
    w->log.is_marked_early = sp_sim_fault_planted == SP_SIM_PLANTED_MARKED_EARLY;
    w->log.is_start_unsettled = sp_sim_fault_planted == SP_SIM_PLANTED_START_UNSETTLED;
    w->queue = sp_queue_create(w->queue_capacity, &never_waits);
    SP_ASSERT(w->queue != NULL);
}

/* Does a hold have to end that can end, as the clock stands? */
static bool is_overdue(sp_sim_world *w)
{
    sp_time_ms deadline = sp_state_next_deadline(w->state);
    if (w->clock.now_ms > w->stamped_ms)
        w->stamped_ms = w->clock.now_ms;
    return deadline != 0 && deadline <= w->stamped_ms && w->log.space != SP_SPACE_NONE;
}

void sp_sim_machine_start(sp_sim_world *w)
{
    w->state = sp_state_create(&w->limits);
    w->views = sp_views_create(&w->limits, NULL);
    SP_ASSERT(w->state != NULL && w->views != NULL);
    sp_sim_recover(w);
    sp_views_publish_all(w->views, w->state);
    sp_sequencer_config config = {.state = w->state,
                                  .views = w->views,
                                  .log = &w->log.log,
                                  .clock = &w->clock.clock,
                                  .queue = w->queue,
                                  .batch_commands_max = w->batch_commands_max,
                                  .batch_bytes_max = w->batch_bytes_max,
                                  .on_failed = on_failed,
                                  .on_failed_context = w};
    w->stamped_ms = sp_state_time(w->state);
    w->counts.starts_overdue += is_overdue(w);
    w->failures_reported = 0;
    w->seq_compared = 0;
    w->sequencer = sp_sequencer_create(&config);
    SP_ASSERT(w->sequencer != NULL);
}

void sp_sim_machine_stop(sp_sim_world *w)
{
    sp_sequencer_destroy(w->sequencer);
    sp_views_destroy(w->views);
    sp_state_destroy(w->state);
}

/* ---- Work ---- */

typedef struct moment {
    uint32_t queued_count;
    bool is_overdue;
    uint64_t durable_count; /* events; the rest are batches */
    uint64_t batches_durable_count, batches_committed_count, flushes_count;
} moment;

static moment now(sp_sim_world *w)
{
    return (moment){.queued_count = sp_queue_depth(w->queue),
                    .is_overdue = is_overdue(w),
                    .durable_count = w->log.durable_count,
                    .batches_durable_count = w->log.durable.batches_count,
                    .batches_committed_count = w->log.committed.batches_count,
                    .flushes_count = w->log.flushes_count};
}

/* A batch that changed nothing, no side record either, waits only for one that is
 * not durable yet, and costs no flush but when more wait than a batch holds. */
static void check_unchanged(sp_sim_world *w, const moment *before, uint32_t count)
{
    bool waits = before->batches_durable_count < before->batches_committed_count;
    bool flushed = w->log.flushes_count != before->flushes_count;
    w->waiting_count += waits ? count : 0;
    if (flushed != (waits && w->waiting_count > w->batch_commands_max))
        sp_sim_world_check(w, flushed ? "a batch that changed nothing was flushed"
                                      : "more wait than a batch holds, and were not told");
    *(waits ? &w->counts.waited_along : &w->counts.told_at_once) += count;
}

/* Nobody asked for anything, and a hold has to end. */
static bool is_idle_expiry(const moment *before)
{
    return before->queued_count == 0 && before->is_overdue;
}

static void check_work(sp_sim_world *w, const moment *before, uint32_t count)
{
    bool is_batch = before->queued_count > 0 || is_idle_expiry(before);
    if (is_idle_expiry(before)) {
        if (count != 1)
            sp_sim_world_check(w, "a hold was overdue, and an idle sequencer did not end it");
        w->counts.expired_idle++;
    } else if (is_batch ? count == 0 || count > w->batch_commands_max
                        : (count > 0) !=
                              (before->batches_durable_count < before->batches_committed_count))
        sp_sim_world_check(
            w, sp_compare_failed("work of %u, with %u in the queue", count, before->queued_count));
    if (w->log.crashed)
        return;
    if (sp_sequencer_failed(w->sequencer)) {
        w->counts.settle_failures += !is_batch;
        return;
    }
    if (w->log.durable.batches_count > before->batches_durable_count)
        ++*(is_batch ? &w->counts.told_by_commit : &w->counts.told_by_settle);
    if (is_batch && w->log.committed.batches_count == before->batches_committed_count)
        check_unchanged(w, before, count);
    else
        w->waiting_count = is_idle_expiry(before) ? 0 : count; /* of the batch committed */
    if (w->log.space != SP_SPACE_NONE && is_overdue(w))
        sp_sim_world_check(w, "work was done while a hold was overdue, and left it so");
    if (!is_batch && !sp_fake_log_is_settled(&w->log))
        sp_sim_world_check(w, "nothing more had come, and a batch was left to wait");
}

void sp_sim_machine_work(sp_sim_world *w)
{
    moment before = now(w);
    w->seq_before = before.durable_count;
    uint32_t count = sp_sequencer_do_work(w->sequencer);
    check_work(w, &before, count);
    if (count > 0)
        sp_sim_world_say(
            w, "%s %u, seq %llu, %llu committed, %llu durable%s%s",
            before.queued_count > 0   ? "batch of"
            : is_idle_expiry(&before) ? "nothing came, ended holds, work of"
                                      : "nothing came, flushed for",
            count, (unsigned long long)sp_state_seq(w->state),
            (unsigned long long)w->log.committed_count, (unsigned long long)w->log.durable_count,
            w->log.crashed ? ", crashed" : "", sp_sequencer_failed(w->sequencer) ? ", failed" : "");
    if (!w->log.crashed)
        sp_sim_check_visible(w, "after a batch");
}
