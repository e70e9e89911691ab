/* SPDX-License-Identifier: MIT */
#include "engine/sequencer.h"

#include <stdlib.h>
#include <time.h>

#include "engine/assert.h"
#include "engine/fault.h"

/* Mailboxes that one batch may complete into: one a loop, and a few of the
 * program's own. */
#define MAILBOXES_MAX 32u
/* How many commands ahead of the decision their memory is asked for: enough
 * to cover a cache miss (about 100 ns) with decisions of some 20 ns. */
#define PREFETCH_AHEAD 8u

/* The answers of a batch for one mailbox, newest first. */
typedef struct chain {
    sp_mailbox *mailbox;
    sp_slot *newest, *oldest;
} chain;

struct sp_sequencer {
    sp_sequencer_config config;
    sp_time_ms time; /* of the last batch: never goes back */
    sp_slot **slots; /* the batch's commands, batch_commands_max of them */
    uint32_t slots_count;
    sp_event *events; /* what they made; borrow from the slots until release */
    uint32_t events_count;
    chain chains[MAILBOXES_MAX];
    uint32_t chains_count;
    _Atomic bool failed, stopping;
    /* Written by the sequencer, read by anyone: relaxed, each on its own. */
    struct {
        _Atomic uint64_t batches, commands, events, commit_ns_total, commit_ns_max, cycle_ns_max;
        _Atomic uint32_t batch_commands_high;
    } stats;
};

sp_sequencer *sp_sequencer_create(const sp_sequencer_config *config)
{
    SP_ASSERT_CMP(config->batch_commands_max, >=, 1);
    SP_ASSERT_CMP(config->batch_commands_max, <=, 65536);
    sp_sequencer *self = calloc(1, sizeof *self);
    if (self == NULL)
        return NULL;
    self->config = *config;
    self->slots = calloc(config->batch_commands_max, sizeof(sp_slot *));
    self->events = calloc(config->batch_commands_max, sizeof(sp_event));
    self->time = sp_state_time(config->state);
    if (self->slots == NULL || self->events == NULL) {
        sp_sequencer_destroy(self);
        return NULL;
    }
    return self;
}

void sp_sequencer_destroy(sp_sequencer *self)
{
    if (self == NULL)
        return;
    free(self->slots);
    free(self->events);
    free(self);
}

static uint64_t monotonic_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

/* One writer, so a load and a store will do. */
static void stat_add(_Atomic uint64_t *stat, uint64_t more)
{
    atomic_store_explicit(stat, atomic_load_explicit(stat, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

static void stat_max(_Atomic uint64_t *stat, uint64_t value)
{
    if (value > atomic_load_explicit(stat, memory_order_relaxed))
        atomic_store_explicit(stat, value, memory_order_relaxed);
}

/* About what a command adds to the log, to bound a batch in bytes. */
static uint32_t estimate_bytes(const sp_command *command)
{
    switch (command->type) {
    case SP_COMMAND_ORDER_CREATE:
        return 100 + 5 * command->order_create.seats_count;
    case SP_COMMAND_CONCERT_CREATE: {
        const sp_concert_spec *spec = command->concert_create.spec;
        uint32_t bytes = 300 + spec->name.size + spec->description.size + spec->image_url.size +
                         spec->address.size;
        for (uint32_t i = 0; i < spec->grades_count; i++)
            bytes += 64 + 5 * spec->grades[i].rows_count;
        return bytes;
    }
    case SP_COMMAND_USER_CREATE:
        return 1024;
    default:
        return sp_command_writes(command->type) ? 256 : 0;
    }
}

static uint32_t drain(sp_sequencer *self)
{
    uint32_t count = 0, bytes = 0;
    while (count < self->config.batch_commands_max && bytes < self->config.batch_bytes_max) {
        if (sp_queue_pop(self->config.queue, &self->slots[count], 1) == 0)
            break;
        bytes += estimate_bytes(&self->slots[count]->command);
        count++;
    }
    self->slots_count = count;
    return count;
}

/* The batch's one time. The clock does not go back, but the last event may be
 * ahead of it after a restart; neither may a batch go back behind it. Nor may
 * it leave the range of times: a log from the year 9999 that was accepted
 * stands still there. */
static sp_time_ms stamp(sp_sequencer *self)
{
    sp_time_ms now = sp_clock_now(self->config.clock);
    if (now > SP_TIME_MAX)
        now = SP_TIME_MAX;
    if (now > self->time)
        self->time = now;
    return self->time;
}

static void refuse(sp_sequencer *self, sp_result *result, sp_outcome outcome)
{
    result->outcome = outcome;
    result->replayed = false;
    result->seq = sp_state_seq(self->config.state);
}

/* How little of the disk a kind of command still goes on with: what gives back
 * goes on longer than what takes, and the record of a start longest, so that a
 * server can come up on a full disk to cancel and to be read. */
static sp_log_space least_space(sp_command_type type)
{
    switch (type) {
    case SP_COMMAND_SERVER_START:
        return SP_SPACE_NONE;
    case SP_COMMAND_ORDER_CANCEL:
    case SP_COMMAND_ROLE_SET:
        return SP_SPACE_LOW;
    default:
        return SP_SPACE_PLENTY;
    }
}

/* Writes the profile that goes with a sign-up, under the id that was decided. */
static sp_log_status add_profile(sp_sequencer *self, const sp_command *command,
                                 const sp_event *event)
{
    sp_profile profile = *command->user_create.profile;
    profile.user = event->user_created.user;
    profile.created_at = event->time;
    return self->config.log->profile_add(self->config.log, &profile);
}

/* Decides one command; on success the event is in the log's batch and in the
 * state. SP_LOG_FAILED: the log is broken, the batch is lost. */
static sp_log_status process(sp_sequencer *self, sp_slot *slot, sp_time_ms now)
{
    const sp_command *command = &slot->command;
    sp_result *result = &slot->result;
    sp_state *state = self->config.state;
    result->now = now;
    if (!sp_command_writes(command->type)) {
        result->replayed = false;
        sp_query(state, command, result);
        result->seq = sp_state_seq(state);
        return SP_LOG_OK;
    }

    sp_event *event = &self->events[self->events_count];
    sp_replay replay;
    sp_outcome outcome = SP_INTERNAL;
    switch (sp_decide(state, command, now, event, &replay, &outcome, &result->refusal)) {
    case SP_DECISION_REFUSED:
        refuse(self, result, outcome);
        return SP_LOG_OK;
    case SP_DECISION_REPLAY:
        sp_result_of_replay(state, &replay, result);
        result->replayed = true;
        return SP_LOG_OK;
    case SP_DECISION_EVENT:
        break;
    }
    /* The levels count down from plenty: a larger number is less space. */
    if (self->config.log->space(self->config.log) > least_space(command->type)) {
        refuse(self, result, SP_STORAGE_FULL);
        return SP_LOG_OK;
    }
    if (command->type == SP_COMMAND_USER_CREATE) {
        sp_log_status added = add_profile(self, command, event);
        if (added == SP_LOG_TAKEN)
            refuse(self, result, SP_EMAIL_TAKEN);
        if (added != SP_LOG_OK)
            return added == SP_LOG_TAKEN ? SP_LOG_OK : added;
    }
    if (self->config.log->append(self->config.log, event) != SP_LOG_OK)
        return SP_LOG_FAILED;
    sp_apply(state, event);
    sp_result_of_event(state, event, result);
    result->replayed = false;
    self->events_count++;
    return SP_LOG_OK;
}

static sp_log_status decide_batch(sp_sequencer *self, sp_time_ms now)
{
    self->events_count = 0;
    for (uint32_t i = 0; i < self->slots_count; i++) {
        if (i == 0)
            for (uint32_t j = 1; j < PREFETCH_AHEAD && j < self->slots_count; j++)
                sp_prefetch(self->config.state, &self->slots[j]->command);
        if (i + PREFETCH_AHEAD < self->slots_count)
            sp_prefetch(self->config.state, &self->slots[i + PREFETCH_AHEAD]->command);
        if (process(self, self->slots[i], now) != SP_LOG_OK)
            return SP_LOG_FAILED;
    }
    return SP_LOG_OK;
}

static sp_log_status commit(sp_sequencer *self, sp_time_ms now)
{
    uint64_t begin = monotonic_ns();
    /* Also without events: a refused profile may have begun a transaction. */
    sp_log_status status = self->config.log->commit(self->config.log, now);
    if (self->events_count == 0)
        return status;
    uint64_t took = monotonic_ns() - begin;
    stat_add(&self->stats.commit_ns_total, took);
    stat_max(&self->stats.commit_ns_max, took);
    return status;
}

static void publish(sp_sequencer *self)
{
    if (self->events_count == 0)
        return;
    for (uint32_t i = 0; i < self->events_count; i++)
        sp_views_publish_event(self->config.views, self->config.state, &self->events[i]);
    sp_views_publish_seq(self->config.views, sp_state_seq(self->config.state));
}

static chain *chain_of(sp_sequencer *self, sp_mailbox *mailbox)
{
    for (uint32_t i = 0; i < self->chains_count; i++)
        if (self->chains[i].mailbox == mailbox)
            return &self->chains[i];
    SP_ASSERT_CMP(self->chains_count, <, MAILBOXES_MAX);
    chain *c = &self->chains[self->chains_count++];
    *c = (chain){.mailbox = mailbox};
    return c;
}

/* Gives every slot of the batch back to its loop: one chain and at most one
 * wake-up a loop. From here on the slots are not ours. */
static void release(sp_sequencer *self)
{
    self->chains_count = 0;
    for (uint32_t i = 0; i < self->slots_count; i++) {
        sp_slot *slot = self->slots[i];
        chain *c = chain_of(self, slot->mailbox);
        slot->next = c->newest;
        c->newest = slot;
        if (c->oldest == NULL)
            c->oldest = slot;
    }
    for (uint32_t i = 0; i < self->chains_count; i++) {
        chain *c = &self->chains[i];
        sp_mailbox_put_chain(c->mailbox, c->newest, c->oldest);
    }
}

/* The list that a query has allocated is not going to be shown. */
static void drop_result(sp_slot *slot)
{
    if (slot->command.type == SP_QUERY_ORDERS && slot->result.outcome == SP_OK)
        free(slot->result.orders.items);
}

/* Nobody can say what became of this batch: say that. `decided` of its
 * commands already have results. */
static void answer_unknown(sp_sequencer *self, bool decided)
{
    for (uint32_t i = 0; i < self->slots_count; i++) {
        if (decided)
            drop_result(self->slots[i]);
        refuse(self, &self->slots[i]->result, SP_OUTCOME_UNKNOWN);
        self->slots[i]->result.seq = 0; /* the state's is not durable */
    }
    release(self);
}

static void fail(sp_sequencer *self)
{
    atomic_store_explicit(&self->failed, true, memory_order_release);
    answer_unknown(self, true);
    if (self->config.on_failed != NULL)
        self->config.on_failed(self->config.on_failed_context);
}

static void count_batch(sp_sequencer *self, uint32_t commands_count, uint64_t begin_ns)
{
    stat_add(&self->stats.batches, 1);
    stat_add(&self->stats.commands, commands_count);
    stat_add(&self->stats.events, self->events_count);
    stat_max(&self->stats.cycle_ns_max, monotonic_ns() - begin_ns);
    if (commands_count >
        atomic_load_explicit(&self->stats.batch_commands_high, memory_order_relaxed))
        atomic_store_explicit(&self->stats.batch_commands_high, commands_count,
                              memory_order_relaxed);
}

uint32_t sp_sequencer_do_work(sp_sequencer *self)
{
    uint32_t count = drain(self);
    if (count == 0)
        return 0;
    if (atomic_load_explicit(&self->failed, memory_order_relaxed)) {
        answer_unknown(self, false);
        return count;
    }
    uint64_t begin = monotonic_ns();
    sp_time_ms now = stamp(self);
    /* A query's list must be told from what an earlier use left there. */
    for (uint32_t i = 0; i < count; i++)
        self->slots[i]->result.outcome = SP_INTERNAL;

    if (decide_batch(self, now) != SP_LOG_OK) {
        fail(self);
        return count;
    }
    if (SP_FAULT(ANSWER_BEFORE_COMMIT)) {
        publish(self);
        release(self);
        (void)commit(self, now);
        return count;
    }
    if (commit(self, now) != SP_LOG_OK) {
        fail(self);
        return count;
    }
    publish(self);
    release(self);
    count_batch(self, count, begin);
    return count;
}

int sp_sequencer_run(sp_sequencer *self)
{
    for (;;) {
        if (sp_sequencer_do_work(self) > 0)
            continue;
        /* Acquire: pairs with stop's release; pushes before it are seen. */
        if (atomic_load_explicit(&self->stopping, memory_order_acquire)) {
            if (sp_sequencer_do_work(self) > 0)
                continue;
            break;
        }
        sp_queue_wait(self->config.queue, -1);
    }
    return sp_sequencer_failed(self) ? -1 : 0;
}

void sp_sequencer_stop(sp_sequencer *self)
{
    atomic_store_explicit(&self->stopping, true, memory_order_release);
    sp_queue_interrupt(self->config.queue);
}

bool sp_sequencer_failed(const sp_sequencer *self)
{
    return atomic_load_explicit(&self->failed, memory_order_acquire);
}

void sp_sequencer_stats_of(const sp_sequencer *self, sp_sequencer_stats *out)
{
    out->batches = atomic_load_explicit(&self->stats.batches, memory_order_relaxed);
    out->commands = atomic_load_explicit(&self->stats.commands, memory_order_relaxed);
    out->events = atomic_load_explicit(&self->stats.events, memory_order_relaxed);
    out->commit_ns_total = atomic_load_explicit(&self->stats.commit_ns_total, memory_order_relaxed);
    out->commit_ns_max = atomic_load_explicit(&self->stats.commit_ns_max, memory_order_relaxed);
    out->cycle_ns_max = atomic_load_explicit(&self->stats.cycle_ns_max, memory_order_relaxed);
    out->batch_commands_high =
        atomic_load_explicit(&self->stats.batch_commands_high, memory_order_relaxed);
}
