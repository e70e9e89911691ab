/* SPDX-License-Identifier: MIT
 *
 * A stage for the sequencer's unit tests: a state, a queue, two loops' slots
 * and mailboxes, and a log that watches.
 */
#ifndef SP_TESTS_ENGINE_SEQUENCER_STAGE_H
#define SP_TESTS_ENGINE_SEQUENCER_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/sequencer.h"
#include "storage/wait.h"
#include "tests/support/fake_sides.h"

#define SLOTS 64
#define MAILBOXES 2

/* A log that counts, fails on demand, and looks over the sequencer's shoulder
 * whenever it writes. */
typedef struct watching_log {
    sp_log base;
    uint32_t appended_count, commits_count, settles_count;
    sp_seq committed_seq, durable_seq;
    sp_fake_sides sides; /* as the open batch has them */
    uint32_t committed_changes_count, durable_changes_count;
    bool is_unsettled; /* a batch is committed and not durable */
    sp_log_space space;
    sp_log_status next_append, next_commit, next_profile, next_settle, next_side;
    sp_mailbox *mailboxes;    /* must hold nothing that is not durable */
    uint32_t mailboxes_count; /* 0: someone else takes from them meanwhile */
    const sp_views *views;    /* must not show what is not durable */
    sp_time_ms commit_time;
    sp_user_id profile_user;
} watching_log;

static inline void look(const watching_log *log)
{
    for (uint32_t i = 0; i < log->mailboxes_count; i++)
        for (sp_slot *slot = atomic_load(&log->mailboxes[i].head); slot != NULL; slot = slot->next)
            assert_true(slot->result.seq <= log->durable_seq);
    assert_int_equal(sp_views_seq(log->views), log->durable_seq);
}

static inline sp_log_status append(sp_log *self, const sp_event *event)
{
    watching_log *log = (watching_log *)self;
    assert_int_equal(event->seq, log->committed_seq + log->appended_count + 1);
    if (log->next_append == SP_LOG_OK)
        log->appended_count++;
    return log->next_append;
}

static inline sp_log_status profile_add(sp_log *self, const sp_profile *profile)
{
    watching_log *log = (watching_log *)self;
    log->profile_user = profile->user;
    if (log->next_profile == SP_LOG_OK)
        sp_fake_sides_profile_add(&log->sides, profile);
    return log->next_profile;
}

static inline sp_log_status profile_get(sp_log *self, sp_user_id user, sp_profile *out)
{
    return sp_fake_sides_profile_get(&((watching_log *)self)->sides, user, out);
}

static inline sp_log_status profile_put(sp_log *self, const sp_profile *profile)
{
    watching_log *log = (watching_log *)self;
    return log->next_side == SP_LOG_OK ? sp_fake_sides_profile_put(&log->sides, profile)
                                       : log->next_side;
}

static inline sp_log_status profile_erase(sp_log *self, sp_user_id user)
{
    watching_log *log = (watching_log *)self;
    return log->next_side == SP_LOG_OK ? sp_fake_sides_profile_erase(&log->sides, user)
                                       : log->next_side;
}

static inline sp_log_status session_get(sp_log *self, sp_user_id user, sp_session_id id,
                                        sp_session *out)
{
    return sp_fake_sides_session_get(&((watching_log *)self)->sides, user, id, out);
}

static inline sp_log_status session_add(sp_log *self, const sp_session *session)
{
    watching_log *log = (watching_log *)self;
    if (log->next_side == SP_LOG_OK)
        sp_fake_sides_session_add(&log->sides, session);
    return log->next_side;
}

static inline sp_log_status session_put(sp_log *self, const sp_session *session)
{
    watching_log *log = (watching_log *)self;
    return log->next_side == SP_LOG_OK ? sp_fake_sides_session_put(&log->sides, session)
                                       : log->next_side;
}

static inline sp_log_status sessions_end(sp_log *self, sp_user_id user, sp_session_id id,
                                         sp_sid keep)
{
    watching_log *log = (watching_log *)self;
    if (log->next_side == SP_LOG_OK)
        sp_fake_sides_end(&log->sides, user, id, keep);
    return log->next_side;
}

/* Its flush makes the batches before it durable. */
static inline sp_log_status commit(sp_log *self, sp_time_ms time)
{
    watching_log *log = (watching_log *)self;
    look(log);
    if (log->appended_count == 0 && log->sides.changes_count == log->committed_changes_count)
        return SP_LOG_OK;
    if (log->next_commit != SP_LOG_OK)
        return log->next_commit;
    log->commit_time = time;
    log->commits_count++;
    log->durable_seq = log->committed_seq;
    log->durable_changes_count = log->committed_changes_count;
    log->committed_seq += log->appended_count;
    log->committed_changes_count = log->sides.changes_count;
    log->is_unsettled = true;
    log->appended_count = 0;
    return SP_LOG_OK;
}

static inline sp_log_status settle(sp_log *self)
{
    watching_log *log = (watching_log *)self;
    look(log);
    assert_int_equal(log->appended_count, 0);
    assert_true(log->is_unsettled); /* never for nothing */
    log->settles_count++;
    if (log->next_settle == SP_LOG_OK) {
        log->durable_seq = log->committed_seq;
        log->durable_changes_count = log->committed_changes_count;
        log->is_unsettled = false;
    }
    return log->next_settle;
}

static inline sp_log_space space(sp_log *self)
{
    return ((watching_log *)self)->space;
}

typedef struct fixed_clock {
    sp_clock base;
    sp_time_ms time;
} fixed_clock;

static inline sp_time_ms clock_time(sp_clock *self)
{
    return ((fixed_clock *)self)->time;
}

static inline void nobody(sp_mailbox *mailbox)
{
    (void)mailbox;
}

typedef struct world {
    sp_state *state;
    sp_views *views;
    watching_log log;
    fixed_clock clock;
    sp_futex_wait wait;
    sp_queue *queue;
    sp_mailbox mailboxes[MAILBOXES];
    sp_slots slots[MAILBOXES];
    sp_sequencer *sequencer;
    sp_profile profile;
    int failures_count;
} world;

static inline void on_failed(void *context)
{
    ((world *)context)->failures_count++;
}

/* wait: the sequencer's, or NULL for a real one. */
static inline world *world_create_with(sp_wait *wait, uint32_t batch_commands_max,
                                       uint32_t batch_bytes_max)
{
    world *w = calloc(1, sizeof *w);
    w->state = sp_state_create(&sp_limits_default);
    w->views = sp_views_create(&sp_limits_default, NULL);
    sp_futex_wait_init(&w->wait);
    w->queue = sp_queue_create(SLOTS, wait ? wait : &w->wait.wait);
    for (int i = 0; i < MAILBOXES; i++) {
        sp_mailbox_init(&w->mailboxes[i], nobody);
        assert_true(sp_slots_init(&w->slots[i], SLOTS, &w->mailboxes[i]));
    }
    w->clock = (fixed_clock){{clock_time}, 1000000};
    w->log = (watching_log){.base = {.append = append,
                                     .profile_add = profile_add,
                                     .profile_get = profile_get,
                                     .profile_put = profile_put,
                                     .profile_erase = profile_erase,
                                     .session_get = session_get,
                                     .session_add = session_add,
                                     .session_put = session_put,
                                     .sessions_end = sessions_end,
                                     .commit = commit,
                                     .settle = settle,
                                     .space = space},
                            .mailboxes = w->mailboxes,
                            .mailboxes_count = MAILBOXES,
                            .views = w->views};
    sp_sequencer_config config = {
        .state = w->state,
        .views = w->views,
        .log = &w->log.base,
        .clock = &w->clock.base,
        .queue = w->queue,
        .batch_commands_max = batch_commands_max,
        .batch_bytes_max = batch_bytes_max,
        .on_failed = on_failed,
        .on_failed_context = w,
    };
    w->sequencer = sp_sequencer_create(&config);
    assert_non_null(w->sequencer);
    return w;
}

static inline world *world_create(uint32_t batch_commands_max, uint32_t batch_bytes_max)
{
    return world_create_with(NULL, batch_commands_max, batch_bytes_max);
}

static inline void world_destroy(world *w)
{
    sp_sequencer_destroy(w->sequencer);
    for (int i = 0; i < MAILBOXES; i++)
        sp_slots_close(&w->slots[i]);
    sp_queue_destroy(w->queue);
    sp_views_destroy(w->views);
    sp_state_destroy(w->state);
    sp_fake_sides_close(&w->log.sides);
    free(w);
}

static inline void push_from(world *w, int loop, const sp_command *command)
{
    sp_slot *slot = sp_slots_take(&w->slots[loop]);
    assert_non_null(slot);
    slot->command = *command;
    assert_true(sp_queue_push(w->queue, slot));
}

static inline void push(world *w, const sp_command *command)
{
    push_from(w, 0, command);
}

static inline sp_command user_create(world *w)
{
    sp_command c = {.type = SP_COMMAND_USER_CREATE};
    c.user_create.role = SP_ROLE_USER;
    c.user_create.profile = &w->profile;
    return c;
}

static inline sp_command grant(sp_points amount)
{
    sp_command c = {.type = SP_COMMAND_POINTS_GRANT};
    c.points_grant.user = 1;
    c.points_grant.amount = amount;
    return c;
}

static inline sp_command query_user(void)
{
    sp_command c = {.type = SP_QUERY_USER, .actor = 1};
    return c;
}

typedef struct told {
    uint32_t count;
    sp_outcome outcomes[SLOTS];
    sp_command_type types[SLOTS];
    sp_seq seqs[SLOTS];
} told;

/* Takes what a loop was told, oldest first. */
static inline told collect_of(world *w, int loop)
{
    told t = {0};
    for (sp_slot *slot = sp_mailbox_take_all(&w->mailboxes[loop]), *next; slot != NULL;
         slot = next) {
        next = slot->next;
        assert_true(t.count < SLOTS);
        t.outcomes[t.count] = slot->result.outcome;
        t.types[t.count] = slot->command.type;
        t.seqs[t.count++] = slot->result.seq;
        if (slot->result.outcome == SP_OK)
            sp_result_release(slot->command.type, &slot->result);
        sp_slots_give(&w->slots[loop], slot);
    }
    return t;
}

static inline told collect(world *w)
{
    return collect_of(w, 0);
}

/* A batch, and the flush that releases it. */
static inline void work_and_settle(world *w, uint32_t count)
{
    assert_int_equal(sp_sequencer_do_work(w->sequencer), count);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), count);
}

/* User 1 is there and told, nothing waits. */
static inline world *world_with_user_and(sp_wait *wait)
{
    world *w = world_create_with(wait, 100, 1u << 20);
    sp_command create = user_create(w);
    push(w, &create);
    work_and_settle(w, 1);
    assert_int_equal(collect(w).count, 1);
    return w;
}

static inline world *world_with_user(void)
{
    return world_with_user_and(NULL);
}

static inline sp_command query_orders(void)
{
    sp_command c = {.type = SP_QUERY_ORDERS, .actor = 1};
    c.query_orders.count_max = 20;
    return c;
}

#endif
