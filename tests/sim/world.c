/* SPDX-License-Identifier: MIT */
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "tests/support/events.h"

void sp_sim_world_check(sp_sim_world *w, const char *wrong)
{
    if (wrong != NULL && w->wrong[0] == '\0')
        snprintf(w->wrong, sizeof w->wrong, "%s", wrong);
}

void sp_sim_world_say(const sp_sim_world *w, const char *format, ...)
{
    va_list list;
    if (!w->verbose)
        return;
    printf("%6llu  ", (unsigned long long)w->step);
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    printf("\n");
}

/* ---- Opening and closing ---- */

static void loops_open(sp_sim_world *w)
{
    for (uint32_t i = 0; i < w->loops_count; i++) {
        sp_sim_loop *loop = &w->loops[i];
        loop->world = w;
        sp_mailbox_init(&loop->mailbox, sp_sim_on_wake);
        bool had = sp_slots_init(&loop->slots, w->slots_per_loop, &loop->mailbox);
        SP_ASSERT(had);
    }
}

void sp_sim_world_open(sp_sim_world *w, uint64_t seed, bool verbose)
{
    static const uint32_t powers[] = {2, 4, 16, 64, 256};
    static const uint32_t batches[] = {1, 2, 5, 16, 64};
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->verbose = verbose;
    sp_random_seed(&w->random, seed);
    sp_generate_limits(&w->random, &w->limits);
    w->loops_count = 1 + (uint32_t)sp_random_below(&w->random, SP_SIM_LOOPS_MAX);
    w->slots_per_loop = 1 + (uint32_t)sp_random_below(&w->random, SP_SIM_SLOTS_PER_LOOP_MAX);
    w->queue_capacity = powers[sp_random_below(&w->random, 5)];
    w->batch_commands_max = batches[sp_random_below(&w->random, 5)];
    w->batch_bytes_max = sp_random_once_in(&w->random, 3) ? 300 : 1u << 20;
    w->clients_count = 1 + (uint32_t)sp_random_below(&w->random, SP_SIM_CLIENTS_MAX);
    sp_fake_clock_init(&w->clock, SP_GENERATE_TIME_START);
    sp_fake_log_init(&w->log);
    sp_random_seed(&w->log.random, seed);
    sp_reference_init(&w->reference, &w->limits);
    w->replay = sp_state_create(&w->limits);
    sp_maps_init(&w->maps);
    SP_ASSERT(w->replay != NULL);
    loops_open(w);
    sp_sim_machine_watch(w);
    sp_sim_machine_start(w);
}

void sp_sim_world_close(sp_sim_world *w)
{
    sp_sim_clients_lose(w);
    sp_sim_machine_stop(w);
    sp_queue_destroy(w->queue);
    for (uint32_t i = 0; i < w->loops_count; i++)
        sp_slots_close(&w->loops[i].slots);
    sp_state_destroy(w->replay);
    sp_reference_close(&w->reference);
    sp_maps_close(&w->maps);
    for (uint64_t i = 0; i < w->facts_count; i++)
        sp_event_free(w->facts[i]);
    free(w->facts);
    sp_sim_families_close(&w->families);
    sp_fake_log_close(&w->log);
}

/* ---- After a crash ---- */

/* The promise: what was acknowledged is there, as it was told. */
static void check_facts(sp_sim_world *w)
{
    uint64_t left = w->log.committed_count;
    if (left < w->seq_shown)
        sp_sim_world_check(w, sp_compare_failed("seq %llu had been shown; a crash left %llu",
                                                (unsigned long long)w->seq_shown,
                                                (unsigned long long)left));
    if (left < w->reference.seq)
        sp_sim_world_check(w, "a crash took back what had been durable");
    for (uint64_t i = 0; i < w->facts_count && w->wrong[0] == '\0'; i++)
        sp_sim_world_check(
            w, sp_compare_event(w->facts[i], sp_fake_log_event(&w->log, w->facts[i]->seq)));
    sp_sim_promises_check(w);
    sp_sim_sales_check(w);
}

/* The power may also go when the program has failed or was killed, and nothing
 * has been started yet. */
static void crash_again(sp_sim_world *w)
{
    if (w->log.crashed && w->log.crash_cuts_power)
        return;
    w->log.crash_cuts_power = sp_random_once_in(&w->random, 3);
    if (w->log.crash_cuts_power)
        sp_fake_log_crash(&w->log);
}

/* What became of the batches that were committed, not durable, and so untold. */
static void count_untold(sp_sim_world *w)
{
    w->counts.power_cuts += w->log.crash_cuts_power;
    w->counts.untold_found += !sp_fake_log_is_settled(&w->log);
    w->counts.untold_lost = w->log.batches_lost_count;
    w->counts.untold_kept = w->log.batches_kept_count;
}

static void restart(sp_sim_world *w)
{
    crash_again(w);
    count_untold(w);
    sp_sim_world_say(w, "restart after %s: %llu durable of %llu committed, %llu lost",
                     w->log.crash_cuts_power ? "a power cut" : "the program's death",
                     (unsigned long long)w->log.durable_count,
                     (unsigned long long)w->log.committed_count,
                     (unsigned long long)sp_fake_log_pending(&w->log));
    sp_sim_clients_lose(w);
    sp_sim_machine_stop(w);
    sp_maps_forget_cards(&w->maps);
    sp_fake_log_restart(&w->log);
    /* The new machine's clock may be behind the old one's, even behind the
     * log: then the sequencer's time stands still until it has caught up. */
    uint64_t count = w->log.committed_count;
    if (count > 0 && sp_random_once_in(&w->random, 3))
        sp_fake_clock_init(&w->clock, sp_fake_log_event(&w->log, count)->time -
                                          (int64_t)sp_random_below(&w->random, 2) * 500);
    sp_sim_machine_start(w);
    sp_sim_check_visible(w, "after a start");
    check_facts(w);
    if (w->wrong[0] == '\0')
        sp_sim_audit_recovered(w);
    sp_sim_families_check(w);
}

/* ---- A step ---- */

static void plan_fault(sp_sim_world *w)
{
    w->log.crash_cuts_power = sp_random_once_in(&w->random, 2);
    if (!sp_random_once_in(&w->random, 30))
        return;
    w->log.fault =
        (sp_fake_log_fault)(1 + sp_random_below(&w->random, SP_FAKE_LOG_FAULTS_COUNT - 1));
    sp_sim_world_say(w, "fault %d waits for its call", (int)w->log.fault);
}

/* Not while answers wait: the audit would judge them by the new space. */
static void plan_space(sp_sim_world *w)
{
    if (!sp_fake_log_is_settled(&w->log))
        return;
    if (w->log.space == SP_SPACE_PLENTY ? sp_random_once_in(&w->random, 60)
                                        : sp_random_once_in(&w->random, 5))
        w->log.space = (sp_log_space)sp_random_below(&w->random, 3);
}

/* A failed sequencer says outcome_unknown to all that comes, once reported. */
static void check_failed(sp_sim_world *w)
{
    if (w->failures_reported != 1)
        sp_sim_world_check(w, "a failure was not reported exactly once");
    sp_sim_clients_send(w, true);
    while (w->wrong[0] == '\0' && sp_sequencer_do_work(w->sequencer) > 0)
        sp_sim_audit(w);
    if (w->failures_reported != 1)
        sp_sim_world_check(w, "a failure was reported again");
    w->counts.failures++;
}

/* One batch. The loops may take the answers of several at a time: `take`. */
static void work(sp_sim_world *w, bool take)
{
    sp_sim_machine_work(w);
    if (w->log.crashed)
        return;
    if (take || sp_sequencer_failed(w->sequencer))
        sp_sim_audit(w);
    if (sp_sequencer_failed(w->sequencer) && w->wrong[0] == '\0')
        check_failed(w);
}

bool sp_sim_world_step(sp_sim_world *w)
{
    w->step++;
    w->counts.steps++;
    sp_time_ms next = sp_generate_time(&w->random, &w->reference, w->clock.now_ms);
    sp_fake_clock_advance(&w->clock, next - w->clock.now_ms);
    if (w->clock.now_ms > w->families.time_max)
        w->families.time_max = w->clock.now_ms;
    plan_space(w);
    plan_fault(w);
    if (!sp_random_once_in(&w->random, 6)) /* or nobody asks for anything just now */
        sp_sim_clients_send(w, true);
    if (sp_random_once_in(&w->random, 200)) {
        sp_sim_world_say(w, "crash between batches");
        sp_fake_log_crash(&w->log);
    }
    for (uint64_t i = sp_random_below(&w->random, 4); i > 0; i--) {
        if (w->log.crashed || w->wrong[0] != '\0' || sp_sequencer_failed(w->sequencer))
            break;
        work(w, i == 1 || sp_random_once_in(&w->random, 2));
    }
    if (w->wrong[0] == '\0' && (w->log.crashed || sp_sequencer_failed(w->sequencer))) {
        w->counts.crashes++;
        restart(w);
    }
    return w->wrong[0] == '\0';
}

bool sp_sim_world_settle(sp_sim_world *w)
{
    w->log.fault = SP_FAKE_LOG_FINE;
    while (w->wrong[0] == '\0' && !sp_fake_log_is_settled(&w->log))
        work(w, true);
    w->log.space = SP_SPACE_PLENTY; /* nothing waits: see plan_space */
    for (uint32_t round = 0; round < 1000 && w->wrong[0] == '\0'; round++) {
        bool waiting = false;
        w->step++;
        sp_sim_clients_send(w, false);
        work(w, true);
        for (uint32_t i = 0; i < w->clients_count; i++)
            waiting |= w->clients[i].phase != SP_SIM_IDLE;
        if (!waiting && sp_fake_log_is_settled(&w->log)) /* holds may end unasked */
            break;
        if (round == 999)
            sp_sim_world_check(w, "a client never got its answer");
    }
    if (w->wrong[0] == '\0')
        sp_sim_audit_whole(w);
    sp_sim_promises_check(w);
    sp_sim_sales_check(w);
    return w->wrong[0] == '\0';
}
