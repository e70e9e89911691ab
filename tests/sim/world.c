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

/* ---- The machine ---- */

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

/* A commit begins: until it returns, nothing of its batch may show. */
static void on_commit(void *context)
{
    sp_sim_world *w = context;
    w->counts.commits++;
    if (sp_views_seq(w->views) > w->log.durable_count)
        sp_sim_world_check(w, "views showed an event before its commit");
    for (sp_concert_id id = 1; id <= sp_views_concerts_count(w->views); id++)
        if (sp_views_concert_seq(w->views, id) > w->log.durable_count)
            sp_sim_world_check(w, "a seat map showed an event before its commit");
}

/* What a start does: recover the state from the disk, publish, go. */
static void machine_start(sp_sim_world *w)
{
    w->state = sp_state_create(&w->limits);
    w->views = sp_views_create(&w->limits);
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
    w->failures_reported = 0;
    w->sequencer = sp_sequencer_create(&config);
    SP_ASSERT(w->sequencer != NULL);
}

static void machine_stop(sp_sim_world *w)
{
    sp_sequencer_destroy(w->sequencer);
    sp_views_destroy(w->views);
    sp_state_destroy(w->state);
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
    w->log.on_commit = on_commit;
    w->log.context = w;
    w->log.is_marked_early = sp_sim_fault_planted == SP_SIM_PLANTED_MARKED_EARLY;
    sp_reference_init(&w->reference, &w->limits);
    w->replay = sp_state_create(&w->limits);
    w->queue = sp_queue_create(w->queue_capacity, &never_waits);
    SP_ASSERT(w->replay != NULL && w->queue != NULL);
    loops_open(w);
    machine_start(w);
}

void sp_sim_world_close(sp_sim_world *w)
{
    sp_sim_clients_lose(w);
    machine_stop(w);
    sp_queue_destroy(w->queue);
    for (uint32_t i = 0; i < w->loops_count; i++)
        sp_slots_close(&w->loops[i].slots);
    sp_state_destroy(w->replay);
    sp_reference_close(&w->reference);
    for (uint64_t i = 0; i < w->facts_count; i++)
        sp_event_free(w->facts[i]);
    free(w->facts);
    sp_fake_log_close(&w->log);
}

/* ---- After a crash ---- */

/* The promise: what was acknowledged is there, as it was told. */
static void check_facts(sp_sim_world *w)
{
    if (w->log.durable_count < w->seq_shown)
        sp_sim_world_check(w, sp_compare_failed("seq %llu had been shown; a crash left %llu",
                                                (unsigned long long)w->seq_shown,
                                                (unsigned long long)w->log.durable_count));
    if (w->log.durable_count < w->reference.seq)
        sp_sim_world_check(w, "a crash took back what had been durable");
    for (uint64_t i = 0; i < w->facts_count && w->wrong[0] == '\0'; i++)
        sp_sim_world_check(
            w, sp_compare_event(w->facts[i], sp_fake_log_event(&w->log, w->facts[i]->seq)));
}

static void restart(sp_sim_world *w)
{
    sp_sim_world_say(w, "restart: %llu durable, %llu lost",
                     (unsigned long long)w->log.durable_count,
                     (unsigned long long)sp_fake_log_pending(&w->log));
    sp_sim_clients_lose(w);
    machine_stop(w);
    sp_fake_log_restart(&w->log);
    /* The new machine's clock may be behind the old one's, even behind the
     * log: then the sequencer's time stands still until it has caught up. */
    if (w->log.durable_count > 0 && sp_random_once_in(&w->random, 3))
        sp_fake_clock_init(&w->clock, sp_fake_log_event(&w->log, w->log.durable_count)->time -
                                          (int64_t)sp_random_below(&w->random, 2) * 500);
    machine_start(w);
    check_facts(w);
    if (w->wrong[0] == '\0')
        sp_sim_audit_recovered(w);
}

/* ---- A step ---- */

static void plan_fault(sp_sim_world *w)
{
    if (!sp_random_once_in(&w->random, 30))
        return;
    w->log.fault =
        (sp_fake_log_fault)(1 + sp_random_below(&w->random, SP_FAKE_LOG_FAULTS_COUNT - 1));
    w->log.torn_draw = sp_random_below(&w->random, UINT32_MAX);
    sp_sim_world_say(w, "fault %d waits for the next batch", (int)w->log.fault);
}

static void plan_space(sp_sim_world *w)
{
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
    w->seq_before = w->log.durable_count;
    uint32_t count = sp_sequencer_do_work(w->sequencer);
    if (count > w->batch_commands_max)
        sp_sim_world_check(w, "a batch was larger than it may be");
    if (count > 0)
        sp_sim_world_say(
            w, "batch of %u, seq %llu, %llu durable%s%s", count,
            (unsigned long long)sp_state_seq(w->state), (unsigned long long)w->log.durable_count,
            w->log.crashed ? ", crashed" : "", sp_sequencer_failed(w->sequencer) ? ", failed" : "");
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
    plan_space(w);
    plan_fault(w);
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
    w->log.space = SP_SPACE_PLENTY;
    for (uint32_t round = 0; round < 1000 && w->wrong[0] == '\0'; round++) {
        bool waiting = false;
        w->step++;
        sp_sim_clients_send(w, false);
        work(w, true);
        for (uint32_t i = 0; i < w->clients_count; i++)
            waiting |= w->clients[i].phase != SP_SIM_IDLE;
        if (!waiting)
            break;
        if (round == 999)
            sp_sim_world_check(w, "a client never got its answer");
    }
    if (w->wrong[0] == '\0')
        sp_sim_audit_whole(w);
    return w->wrong[0] == '\0';
}
