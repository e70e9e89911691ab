/* SPDX-License-Identifier: MIT */
#include "engine/sequencer.h"

#include <stdlib.h>
#include <time.h>

#include "engine/assert.h"
#include "engine/fault.h"
#include "engine/sequencer_stats.h"
#include "engine/side_commands.h"

/* Holds end in slices of so many events: some 8 ms of work for holds of a seat. */
#define EXPIRY_EVENTS_MAX 16u
/* How long to sleep at the most while a hold lives: the wait may not count the time
 * that the machine is suspended, holds do. */
#define SLEEP_MS_MAX 10000
/* A disk so full that no hold can end is looked at again so often. */
#define SLEEP_MS_FULL 1000

struct sp_sequencer {
    sp_sequencer_config config;
    sp_time_ms time; /* of the last batch: never goes back */
    sp_slot **slots; /* the batch's commands, batch_commands_max of them */
    uint32_t slots_count;
    /* The batch that is being decided, and the one committed before it, which
     * becomes durable with this one's flush (engine/log.h). They change places
     * with each commit. */
    sp_untold *current, *pending;
    sp_untold batches[2];
    /* Holds are overdue, and the disk is too full to end them: no event may be made
     * at this time, but that of a start. */
    bool overdue;
    sp_hold_id expired[SP_HOLDS_PER_EXPIRY_MAX]; /* of the event being made */
    _Atomic bool failed, stopping;
    sp_sequencer_counters counters;
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
    self->current = &self->batches[0];
    self->pending = &self->batches[1];
    bool has_all = self->slots != NULL;
    for (int i = 0; i < 2; i++)
        has_all = sp_untold_init(&self->batches[i], config->batch_commands_max + EXPIRY_EVENTS_MAX,
                                 config->batch_commands_max +
                                     EXPIRY_EVENTS_MAX * SP_HOLDS_PER_EXPIRY_MAX) &&
                  has_all;
    self->time = sp_state_time(config->state);
    sp_engine_figures figures;
    sp_state_figures(config->state, &figures);
    sp_sequencer_count_figures(&self->counters, &figures);
    if (!has_all) {
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
    for (int i = 0; i < 2; i++)
        sp_untold_close(&self->batches[i]);
    free(self);
}

static uint64_t monotonic_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * UINT64_C(1000000000) + (uint64_t)ts.tv_nsec;
}

static uint32_t estimate_concert_bytes(const sp_concert_spec *spec)
{
    uint32_t bytes =
        300 + spec->name.size + spec->description.size + spec->image_url.size + spec->address.size;
    for (uint32_t i = 0; i < spec->grades_count; i++)
        bytes += 64 + 5 * spec->grades[i].rows_count;
    return bytes;
}

/* About what a command adds to the log, to bound a batch in bytes. */
static uint32_t estimate_bytes(const sp_command *command)
{
    switch (command->type) {
    case SP_COMMAND_ORDER_CREATE:
        return 100 + 5 * command->order_create.seats_count;
    case SP_COMMAND_HOLD_TAKE:
        return 100 + 5 * (command->hold_take.seats_count + command->hold_take.best_count);
    case SP_COMMAND_CONCERT_CREATE:
        return estimate_concert_bytes(command->concert_create.spec);
    case SP_COMMAND_CONCERT_EDIT: /* beside what it states, the texts that stay */
        return SP_DESCRIPTION_SIZE_MAX + estimate_concert_bytes(&command->concert_edit.patch->spec);
    case SP_COMMAND_USER_CREATE:
    case SP_COMMAND_PROFILE_EDIT:
    case SP_COMMAND_PASSWORD_CHANGE:
        return 2048;
    default:
        return sp_command_is_query(command->type) ? 0 : 256;
    }
}

static uint32_t drain(sp_sequencer *self)
{
    uint32_t count = 0, bytes = 0;
    while (count < self->config.batch_commands_max && bytes < self->config.batch_bytes_max) {
        if (sp_queue_pop(self->config.queue, &self->slots[count], 1) == 0)
            break;
        bytes += estimate_bytes(&self->slots[count]->command);
        /* A query's list must be told from what an earlier use left there. */
        self->slots[count]->result.outcome = SP_INTERNAL;
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

/* An answer that no event made. */
static void answer(sp_sequencer *self, sp_result *result, sp_outcome outcome)
{
    result->outcome = outcome;
    result->replayed = false;
    result->seq = sp_state_seq(self->config.state);
}

/* How little of the disk a kind of command still goes on with: what gives back
 * goes on longer than what takes, and who wants to give back must get in; the
 * record of a start goes on longest, so that a server can come up on a full disk
 * to cancel and to be read. */
static sp_log_space least_space(sp_command_type type)
{
    switch (type) {
    case SP_COMMAND_SERVER_START:
        return SP_SPACE_NONE;
    case SP_COMMAND_ORDER_CANCEL:
    case SP_COMMAND_ROLE_SET:
    case SP_COMMAND_USER_ERASE:
    case SP_COMMAND_HOLD_RELEASE:
    case SP_COMMAND_CONCERT_PAUSE:
    case SP_COMMAND_CONCERT_RESUME:
    case SP_COMMAND_CONCERT_CANCEL:
    case SP_COMMAND_SESSION_OPEN:
    case SP_COMMAND_SESSION_REFRESH:
    case SP_COMMAND_SESSION_CLOSE:
    case SP_COMMAND_PASSWORD_CHANGE:
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

/* What stands beside an event, in the same transaction and before it. TAKEN:
 * the sign-up's e-mail is. */
static sp_log_status write_side(sp_sequencer *self, const sp_command *command,
                                const sp_event *event)
{
    switch (command->type) {
    case SP_COMMAND_USER_CREATE:
        return add_profile(self, command, event);
    case SP_COMMAND_USER_ERASE:
        return sp_side_erase(self->config.log, event->user_erased.user);
    default:
        return SP_LOG_OK;
    }
}

static void answer_query(sp_sequencer *self, sp_slot *slot)
{
    slot->result.replayed = false;
    sp_query(self->config.state, &slot->command, &slot->result);
    slot->result.seq = sp_state_seq(self->config.state);
}

/* A command that makes no event. It may be refused and have changed something:
 * a spent token that came back has ended its family. */
static sp_log_status process_side(sp_sequencer *self, sp_slot *slot, sp_time_ms now)
{
    const sp_command *command = &slot->command;
    sp_side_change change;
    sp_log_status status = sp_side_command(self->config.state, self->config.log, command,
                                           least_space(command->type), now, &change);
    if (status != SP_LOG_OK)
        return status;
    answer(self, &slot->result, change.outcome);
    /* He may be gone, or not be the one: then nothing is shown of him. */
    if (change.outcome == SP_OK && !change.is_known)
        slot->result.user = (sp_user_view){0};
    else if (change.outcome == SP_OK &&
             !sp_state_user(self->config.state, command->actor, &slot->result.user))
        slot->result.user = (sp_user_view){.id = command->actor};
    self->current->has_sides |= change.changed;
    return SP_LOG_OK;
}

/* Into the log's batch, into the state, and noted for the views. */
static sp_log_status take_event(sp_sequencer *self, sp_event *event)
{
    if (self->config.log->append(self->config.log, event) != SP_LOG_OK)
        return SP_LOG_FAILED;
    sp_changes_add(&self->current->changes, self->config.state, event);
    sp_apply(self->config.state, event);
    sp_changes_add_applied(&self->current->changes, self->config.state, event);
    if (SP_FAULT(HELD_PUBLISHED_EARLY))
        sp_views_publish_changes(self->config.views, self->config.state, &self->current->changes);
    self->current->events_count++;
    return SP_LOG_OK;
}

/* Decides one command that wants to make an event; on success the event is in
 * the log's batch and in the state. SP_LOG_FAILED: the log is broken, the batch
 * is lost. */
static sp_log_status process_event(sp_sequencer *self, sp_slot *slot, sp_time_ms now)
{
    const sp_command *command = &slot->command;
    sp_result *result = &slot->result;
    sp_state *state = self->config.state;
    sp_event *event = &self->current->events[self->current->events_count];
    sp_replay replay;
    sp_outcome outcome = SP_INTERNAL;
    switch (
        sp_decide(state, command, now, event, result->seats, &replay, &outcome, &result->refusal)) {
    case SP_DECISION_REFUSED:
        answer(self, result, outcome);
        return SP_LOG_OK;
    case SP_DECISION_REPLAY:
        sp_result_of_replay(state, &replay, result);
        result->replayed = true;
        return SP_LOG_OK;
    case SP_DECISION_EVENT:
        break;
    }
    /* The levels count down from plenty: a larger number is less space. */
    if (self->config.log->space(self->config.log) > least_space(command->type) ||
        (self->overdue && command->type != SP_COMMAND_SERVER_START)) {
        answer(self, result, SP_STORAGE_FULL);
        return SP_LOG_OK;
    }
    sp_log_status written = write_side(self, command, event);
    if (written == SP_LOG_TAKEN) {
        answer(self, result, SP_EMAIL_TAKEN);
        return SP_LOG_OK;
    }
    if (written != SP_LOG_OK)
        return SP_LOG_FAILED;
    if (take_event(self, event) != SP_LOG_OK)
        return SP_LOG_FAILED;
    sp_result_of_event(state, event, result);
    result->replayed = false;
    return SP_LOG_OK;
}

static sp_log_status process(sp_sequencer *self, sp_slot *slot, sp_time_ms now)
{
    slot->result.now = now;
    if (sp_command_makes_event(slot->command.type))
        return process_event(self, slot, now);
    if (!sp_command_is_query(slot->command.type))
        return process_side(self, slot, now);
    answer_query(self, slot);
    return SP_LOG_OK;
}

/* Asks for the memory of the commands from this one on. */
static void prefetch(sp_sequencer *self, uint32_t first)
{
    const sp_command *commands[SP_PREFETCH_BATCH];
    uint32_t count = 0;
    while (count < SP_PREFETCH_BATCH && first + count < self->slots_count) {
        commands[count] = &self->slots[first + count]->command;
        count++;
    }
    sp_prefetch_commands(self->config.state, commands, count);
}

static sp_log_status decide_batch(sp_sequencer *self, sp_time_ms now)
{
    for (uint32_t i = 0; i < self->slots_count; i++) {
        if (i % SP_PREFETCH_BATCH == 0)
            prefetch(self, i);
        if (process(self, self->slots[i], now) != SP_LOG_OK)
            return SP_LOG_FAILED;
    }
    return SP_LOG_OK;
}

static sp_log_status timed(sp_sequencer *self, sp_log_status (*flush)(sp_sequencer *self))
{
    uint64_t begin = monotonic_ns();
    sp_log_status status = flush(self);
    sp_tally_add(&self->counters.commit_time, SP_TALLY_TIMES, monotonic_ns() - begin);
    return status;
}

/* What is told of this batch once it is durable is as of now. */
static sp_log_status commit(sp_sequencer *self)
{
    if (self->current->events_count > 0)
        sp_state_figures(self->config.state, &self->current->figures);
    return self->config.log->commit(self->config.log, self->time);
}

static sp_log_status settle(sp_sequencer *self)
{
    return self->config.log->settle(self->config.log);
}

/* The drained commands' answers wait in this batch. */
static void add_answers(sp_sequencer *self, sp_untold *batch)
{
    sp_untold_add_answers(batch, self->slots, self->slots_count);
}

/* The state may be a batch ahead of these events: the views replay what each
 * event itself says. */
static void publish(sp_sequencer *self, const sp_untold *batch)
{
    if (batch->events_count == 0)
        return;
    for (uint32_t i = 0; i < batch->events_count; i++)
        sp_views_publish_event(self->config.views, self->config.state, &batch->events[i]);
    sp_views_publish_changes(self->config.views, self->config.state, &batch->changes);
    sp_views_publish_seq(self->config.views, batch->events[batch->events_count - 1].seq);
}

/* What waited is durable. */
static void tell(sp_sequencer *self, sp_untold *batch)
{
    publish(self, batch);
    sp_sequencer_count_batch(&self->counters, batch); /* no figure is ahead of the views */
    sp_untold_release(batch);
}

/* Nobody can say what became of these commands: say that. */
static void answer_unknown(sp_sequencer *self, sp_untold *batch)
{
    for (uint32_t i = 0; i < batch->chains_count; i++)
        for (sp_slot *slot = batch->chains[i].newest; slot != NULL; slot = slot->next) {
            /* The list that a query has allocated is not going to be shown. */
            if (slot->result.outcome == SP_OK)
                sp_result_release(slot->command.type, &slot->result);
            answer(self, &slot->result, SP_OUTCOME_UNKNOWN);
            slot->result.seq = 0; /* the state's is not durable */
        }
    sp_untold_release(batch);
}

/* The batch at hand and the one that waited for its flush are both lost to
 * sight: their pages may be on the disk or not. */
static void fail(sp_sequencer *self)
{
    atomic_store_explicit(&self->failed, true, memory_order_release);
    answer_unknown(self, self->pending);
    answer_unknown(self, self->current);
    if (self->config.on_failed != NULL)
        self->config.on_failed(self->config.on_failed_context);
}

/* Nothing more has come to share its flush with the batch that waits. */
static uint32_t settle_pending(sp_sequencer *self)
{
    uint32_t commands_count = self->pending->commands_count;
    if (sp_untold_is_empty(self->pending))
        return 0;
    if (timed(self, settle) != SP_LOG_OK)
        fail(self);
    else
        tell(self, self->pending);
    return commands_count > 0 ? commands_count : 1;
}

/* The batch at hand is committed: what waited is durable by its flush, and it
 * waits in turn. */
static void exchange(sp_sequencer *self)
{
    sp_untold *committed = self->current;
    tell(self, self->pending);
    self->current = self->pending;
    self->pending = committed;
    if (SP_FAULT(ANSWER_BEFORE_FLUSH) ||
        (SP_FAULT(SIDES_UNFLUSHED) && self->pending->events_count == 0))
        tell(self, self->pending);
}

/* A batch that changed nothing has nothing to commit, but it may have seen what
 * waits to be durable: it waits along, or is told at once. */
static sp_log_status pass_unchanged(sp_sequencer *self)
{
    /* A refused profile may have begun a transaction: end it. */
    sp_log_status status = commit(self);
    if (status != SP_LOG_OK)
        return status;
    sp_untold_forget_answers(self->current);
    bool waits = !sp_untold_is_empty(self->pending);
    add_answers(self, self->pending);
    if (!waits)
        tell(self, self->pending);
    /* Refusals without end must not keep those who bought waiting. */
    else if (self->pending->commands_count > self->config.batch_commands_max)
        settle_pending(self);
    return SP_LOG_OK;
}

static sp_log_status finish_batch(sp_sequencer *self)
{
    bool is_unchanged = self->current->events_count == 0 && !self->current->has_sides;
    if (is_unchanged)
        return pass_unchanged(self);
    if (SP_FAULT(ANSWER_BEFORE_COMMIT)) {
        tell(self, self->pending);
        tell(self, self->current);
    }
    sp_log_status status = timed(self, commit);
    if (status == SP_LOG_OK)
        exchange(self);
    return status;
}

/* Is a hold overdue that can be ended? */
static bool has_overdue(sp_sequencer *self, sp_time_ms now)
{
    sp_time_ms deadline = sp_state_next_deadline(self->config.state);

    if (SP_FAULT(HOLD_OUTLIVES) && deadline == now)
        return false;
    self->overdue = deadline != 0 && deadline <= now &&
                    self->config.log->space(self->config.log) == SP_SPACE_NONE;
    return deadline != 0 && deadline <= now && !self->overdue;
}

/* Ends what is overdue. What one batch has no room for is committed and told, and
 * so on, until only the last slice is in the batch at hand. */
static sp_log_status expire(sp_sequencer *self, sp_time_ms now)
{
    while (has_overdue(self, now)) {
        if (self->current->events_count == EXPIRY_EVENTS_MAX) {
            if (timed(self, commit) != SP_LOG_OK)
                return SP_LOG_FAILED;
            exchange(self);
        }
        sp_event *event = &self->current->events[self->current->events_count];
        bool found = sp_decide_expiry(self->config.state, now, self->expired, event);
        SP_ASSERT(found);
        if (take_event(self, event) != SP_LOG_OK)
            return SP_LOG_FAILED;
    }
    return SP_LOG_OK;
}

/* The commands that were drained; perhaps none, and holds that are overdue. */
static void do_batch(sp_sequencer *self)
{
    if (atomic_load_explicit(&self->failed, memory_order_relaxed)) {
        add_answers(self, self->current);
        answer_unknown(self, self->current);
        return;
    }
    sp_time_ms now = stamp(self);
    sp_log_status status = expire(self, now);
    add_answers(self, self->current);
    sp_counter_raise(&self->counters.batch_commands_high, self->slots_count);
    if (status == SP_LOG_OK)
        status = decide_batch(self, now);
    if (status == SP_LOG_OK)
        status = finish_batch(self);
    if (status != SP_LOG_OK)
        fail(self);
}

uint32_t sp_sequencer_do_work(sp_sequencer *self)
{
    uint64_t begin = monotonic_ns();
    uint32_t worked = drain(self);
    if (worked > 0)
        do_batch(self);
    else if (!sp_sequencer_failed(self) && has_overdue(self, stamp(self))) {
        do_batch(self);
        worked = 1;
    } else
        worked = settle_pending(self);
    if (worked > 0)
        sp_counter_raise(&self->counters.cycle_ns_max, monotonic_ns() - begin);
    return worked;
}

/* How long there is nothing to do unasked: until the next hold ends. */
static int64_t sleep_ms(sp_sequencer *self)
{
    sp_time_ms deadline = sp_state_next_deadline(self->config.state);
    if (deadline == 0 || sp_sequencer_failed(self))
        return -1;
    if (self->overdue)
        return SLEEP_MS_FULL;
    sp_time_ms left = deadline - stamp(self);
    return left < 1 ? 1 : left > SLEEP_MS_MAX ? SLEEP_MS_MAX : left;
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
        sp_queue_wait(self->config.queue, sleep_ms(self));
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
    sp_sequencer_counters_read(&self->counters, out);
}

void sp_sequencer_figures_of(const sp_sequencer *self, sp_engine_figures *out)
{
    sp_sequencer_figures_read(&self->counters, out);
}
