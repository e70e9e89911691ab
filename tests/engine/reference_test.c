/* SPDX-License-Identifier: MIT
 *
 * The engine against the naive reference: the same random commands to both,
 * compared after every one. Each world is small, has a seed of its own and a
 * random set of limits. Every event also goes through sp_admit into a second
 * state, as a replay on a larger installation would take it; damaged events are
 * offered to sp_admit too, which must refuse them or keep every invariant.
 *
 * Views are shown as the sequencer shows them: a batch of events when the next one has
 * been decided, so that the state is ahead. A second reference, which takes in what was
 * shown and no more, says what they must be.
 *
 * SP_COMMANDS: how many commands in all. SP_SEED: the first world's seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/compare.h"
#include "tests/support/events.h"
#include "tests/support/generate.h"
#include "tests/support/invariants.h"
#include "tests/support/maps.h"
#include "tests/support/rerun.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif
#ifdef SANITIZED
#define COMMANDS_DEFAULT 500000
#else
#define COMMANDS_DEFAULT 3000000
#endif

#define COMMANDS_PER_WORLD_MAX 2000u
/* Room for a concert or two. */
#define TEXT_BYTES_TIGHT 2000u
#define COMPARE_ALL_EVERY 64u
#define DIGEST_EVERY 512u

#define BATCH_MAX 12u

/* Events that are applied and not shown yet, and what they did to seats. */
typedef struct batch {
    sp_event *events[BATCH_MAX];
    uint32_t count;
    sp_changes changes;
} batch;

typedef struct world {
    uint64_t seed;
    uint32_t step;
    sp_time_ms now;
    sp_random random;
    sp_limits limits;
    sp_reference reference;
    sp_reference shown; /* what the views show */
    sp_state *state;    /* decided and applied */
    sp_state *replay;   /* admitted and applied */
    sp_views *views;
    batch current, pending;
    sp_maps maps; /* as watchers keep them */
    sp_generated generated;
    sp_reference_answer expected;
    /* How often what came out, so that a world that tests nothing is seen. */
    uint32_t outcomes[128], events_of[SP_EVENT_CONCERT_CANCELLED + 1], events, replays, damaged,
        damaged_admitted, kept_maps, refunded, refunded_most;
    uint32_t queries[SP_QUERY_JOB + 1]; /* answered, by type */
} world;

static void check(const world *w, const char *wrong)
{
    if (wrong != NULL)
        fail_msg("world %" PRIu64 ", step %u, command type %d: %s\nrerun: %s", w->seed, w->step,
                 (int)w->generated.command.type, wrong, sp_rerun_line());
}

/* More holds may live: other places for them, the same facts. */
static sp_limits larger(const sp_limits *limits, sp_random *random)
{
    sp_limits more = *limits;
    more.holds_max *= 1u << sp_random_below(random, 4);
    return more;
}

static void world_open(world *w, uint64_t seed)
{
    sp_limits replay_limits;
    memset(w, 0, sizeof *w);
    w->seed = seed;
    sp_rerun_set("SP_SEED=%" PRIu64 " SP_COMMANDS=1 %s", seed, program_invocation_name);
    sp_random_seed(&w->random, seed);
    sp_generate_limits(&w->random, &w->limits);
    if (sp_random_once_in(&w->random, 30))
        w->limits.text_bytes_max = TEXT_BYTES_TIGHT;
    w->now = SP_GENERATE_TIME_START;
    sp_reference_init(&w->reference, &w->limits);
    sp_reference_init(&w->shown, &w->limits);
    w->state = sp_state_create(&w->limits);
    replay_limits = larger(&w->limits, &w->random);
    w->replay = sp_state_create(&replay_limits);
    sp_maps_init(&w->maps);
    w->views = sp_views_create(&w->limits, NULL);
    assert_true(sp_changes_init(&w->current.changes, BATCH_MAX * SP_HOLDS_PER_EXPIRY_MAX));
    assert_true(sp_changes_init(&w->pending.changes, BATCH_MAX * SP_HOLDS_PER_EXPIRY_MAX));
    assert_true(w->state != NULL && w->replay != NULL && w->views != NULL);
}

static void batch_clear(batch *b)
{
    for (uint32_t i = 0; i < b->count; i++)
        sp_event_free(b->events[i]);
    b->count = 0;
    sp_changes_clear(&b->changes);
}

static void world_close(world *w)
{
    batch_clear(&w->current);
    batch_clear(&w->pending);
    sp_views_destroy(w->views);
    sp_maps_close(&w->maps);
    sp_changes_close(&w->current.changes);
    sp_changes_close(&w->pending.changes);
    sp_state_destroy(w->state);
    sp_state_destroy(w->replay);
    sp_reference_close(&w->reference);
    sp_reference_close(&w->shown);
}

/* The batch before this one is durable: it is shown, as the state is already ahead. */
static void batch_end(world *w)
{
    batch swapped = w->pending;
    for (uint32_t i = 0; i < w->pending.count; i++) {
        sp_views_publish_event(w->views, w->state, w->pending.events[i]);
        check(w, sp_reference_apply(&w->shown, w->pending.events[i]));
    }
    sp_views_publish_changes(w->views, w->state, &w->pending.changes);
    if (w->pending.count > 0)
        sp_views_publish_seq(w->views, w->pending.events[w->pending.count - 1]->seq);
    batch_clear(&swapped);
    w->pending = w->current;
    w->current = swapped;
}

static void compare_digests(const world *w)
{
    uint8_t left[SP_DIGEST_SIZE], right[SP_DIGEST_SIZE];
    sp_digest(w->state, left);
    sp_digest(w->replay, right);
    if (memcmp(left, right, sizeof left) != 0)
        check(w, "the digest of the replayed state is not the live one's");
}

/* Offered, never applied: whatever admit says of it, it must say without
 * harm. A true copy must pass, so that a refusal means the damage. */
static void offer_damaged(world *w, const sp_event *event)
{
    sp_event *copy = sp_event_copy(event);
    check(w, sp_compare_event(event, copy));
    check(w, sp_admit(w->replay, copy));
    sp_event_damage(&w->random, copy);
    w->damaged++;
    w->damaged_admitted += sp_admit(w->replay, copy) == NULL;
    sp_event_free(copy);
}

static void take_event(world *w, const sp_event *event)
{
    static sp_result result;
    if (sp_random_once_in(&w->random, 8))
        offer_damaged(w, event);
    check(w, sp_admit(w->replay, event));
    sp_apply(w->replay, event);
    w->current.events[w->current.count++] = sp_event_copy(event);
    sp_changes_add(&w->current.changes, w->state, event);
    sp_apply(w->state, event);
    sp_changes_add_applied(&w->current.changes, w->state, event);
    check(w, sp_reference_apply(&w->reference, event));
    check(w, sp_compare_touched(&w->reference, event, w->state));
    sp_result_of_event(w->state, event, &result);
    check(w, sp_compare_success(&w->reference, event, &result));
    if (w->current.count == BATCH_MAX || sp_random_once_in(&w->random, 4))
        batch_end(w);
    w->events_of[event->type]++;
    w->events++;
    if (event->type == SP_EVENT_CONCERT_CANCELLED) {
        w->refunded += event->concert_cancelled.orders_count;
        if (event->concert_cancelled.orders_count > w->refunded_most)
            w->refunded_most = event->concert_cancelled.orders_count;
    }
}

/* How many bytes a card takes is the engine's own affair: that limit alone it
 * may meet where the reference does not. */
static bool text_is_full(const world *w, sp_decision decision, sp_outcome outcome,
                         const sp_refusal *refusal)
{
    return w->limits.text_bytes_max == TEXT_BYTES_TIGHT && decision == SP_DECISION_REFUSED &&
           w->expected.decision == SP_DECISION_EVENT && outcome == SP_LIMIT_REACHED &&
           strcmp(refusal->limit, "text") == 0 &&
           (w->generated.command.type == SP_COMMAND_CATEGORY_CREATE ||
            w->generated.command.type == SP_COMMAND_CONCERT_CREATE ||
            w->generated.command.type == SP_COMMAND_CONCERT_EDIT);
}

/* `is_full`: the disk has no room for an event, be it the end of a hold that is
 * overdue: decided, and left at that. */
static void step_command(world *w, bool is_full)
{
    static sp_refusal refusal;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    static sp_result result;
    sp_event event;
    sp_replay replay;
    sp_outcome outcome = SP_OK;
    const sp_command *command = &w->generated.command;
    sp_generate_command(&w->random, &w->reference, w->now, &w->generated);
    sp_prefetch_commands(w->state, &command, 1);
    sp_reference_decide(&w->reference, command, w->now, &w->expected);
    sp_decision decision =
        sp_decide(w->state, command, w->now, &event, seats, &replay, &outcome, &refusal);
    if (text_is_full(w, decision, outcome, &refusal))
        return;
    check(w, sp_compare_decision(&w->expected, decision, outcome, &refusal, &event, &replay));
    switch (decision) {
    case SP_DECISION_EVENT:
        if (!is_full)
            take_event(w, &event);
        break;
    case SP_DECISION_REPLAY:
        sp_result_of_replay(w->state, &replay, &result);
        check(w, sp_compare_replay(&w->reference, &replay, &result));
        w->replays++;
        break;
    case SP_DECISION_REFUSED:
        w->outcomes[outcome]++;
        break;
    }
}

static void step_query(world *w)
{
    static sp_result result;
    sp_command *query = &w->generated.command;
    sp_generate_query(&w->random, &w->reference, query);
    sp_query(w->state, query, &result);
    check(w, sp_compare_query(&w->reference, query, &result));
    w->queries[query->type] += result.outcome == SP_OK;
    if (result.outcome != SP_OK)
        w->outcomes[result.outcome]++;
    sp_result_release(query->type, &result);
}

/* Before anything else at this time, as the sequencer does it. */
static void expire(world *w)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX], expected_ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event event, expected;
    for (;;) {
        bool due = sp_reference_expiry(&w->reference, w->now, expected_ids, &expected);
        if (sp_decide_expiry(w->state, w->now, ids, &event) != due)
            check(w, "a hold is overdue by one engine alone");
        if (!due)
            return;
        check(w, sp_compare_event(&expected, &event));
        take_event(w, &event);
    }
}

/* A watcher comes, or looks at what has changed since some time. */
static void step_watcher(world *w)
{
    if (w->shown.concerts_count == 0)
        return;
    sp_concert_id id = 1 + (sp_concert_id)sp_random_below(&w->random, w->shown.concerts_count);
    sp_seq after = (sp_seq)sp_random_edge(&w->random, 0, (int64_t)w->shown.seq);
    check(w, sp_compare_since(&w->shown, id, after, w->views));
    if (!sp_random_once_in(&w->random, 4))
        return;
    sp_maps_keep(&w->maps, &w->shown, id, w->views);
    w->kept_maps++;
}

static void step(world *w)
{
    w->now = sp_generate_time(&w->random, &w->reference, w->now);
    while (sp_state_next_deadline(w->state) != 0 && sp_state_next_deadline(w->state) <= w->now &&
           !sp_random_once_in(&w->random, 3))
        step_command(w, true);
    expire(w);
    if (sp_random_once_in(&w->random, 16))
        step_watcher(w);
    if (sp_random_once_in(&w->random, 10))
        step_query(w);
    else
        step_command(w, false);
    if (w->step % COMPARE_ALL_EVERY == 0) {
        check(w, sp_compare_all(&w->reference, w->state));
        check(w, sp_compare_views(&w->shown, w->views));
        check(w, sp_compare_own_seqs(&w->shown, w->views));
        check(w, sp_maps_check(&w->maps, &w->shown, w->views));
    }
    if (w->step % DIGEST_EVERY == 0)
        compare_digests(w);
}

/* An event of the second state, which may have gone its own way since. */
static bool decide_for_damage(world *w, sp_event *event, sp_seat *seats)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    static sp_refusal refusal;
    sp_replay replay;
    sp_outcome outcome;
    sp_time_ms time = sp_state_time(w->replay), next = sp_state_next_deadline(w->replay);
    if (next > time && sp_random_once_in(&w->random, 6))
        time = next + (sp_time_ms)sp_random_below(&w->random, 60000);
    if (sp_decide_expiry(w->replay, time, ids, event))
        return true;
    sp_generate_command(&w->random, &w->reference, w->now, &w->generated);
    return sp_decide(w->replay, &w->generated.command, time, event, seats, &replay, &outcome,
                     &refusal) == SP_DECISION_EVENT;
}

/* A hostile log: the world is given up to it. What admit lets through is
 * applied to the second state, which must keep every invariant. */
static void end_in_damage(world *w)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_event event;
    for (uint32_t i = 0; i < 64; i++) {
        if (!decide_for_damage(w, &event, seats))
            continue;
        sp_event *copy = sp_event_copy(&event);
        sp_event_damage(&w->random, copy);
        w->damaged++;
        if (sp_admit(w->replay, copy) == NULL) {
            w->damaged_admitted++;
            sp_apply(w->replay, copy);
            check(w, sp_invariants_check(w->replay));
        }
        sp_event_free(copy);
        /* No further once time ran away: deciding needs room after it. */
        if (sp_state_time(w->replay) > w->now + INT64_C(1) * 365 * 86400 * 1000)
            break;
    }
}

static uint64_t number_from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

static void test_engine_does_what_the_reference_says(void **context)
{
    (void)context;
    static world w;
    uint64_t commands_left = number_from_env("SP_COMMANDS", COMMANDS_DEFAULT);
    uint64_t seed = number_from_env("SP_SEED", 1), first = seed, done = 0;
    uint64_t events = 0, replays = 0, damaged = 0, admitted = 0, outcomes[128] = {0};
    uint64_t kept_maps = 0, events_of[SP_EVENT_CONCERT_CANCELLED + 1] = {0};
    uint64_t queries[SP_QUERY_JOB + 1] = {0}, refunded = 0;
    uint32_t refunded_most = 0;
    while (done < commands_left) {
        world_open(&w, seed++);
        uint32_t steps = (uint32_t)sp_random_edge(&w.random, 50, COMMANDS_PER_WORLD_MAX);
        for (w.step = 1; w.step <= steps; w.step++)
            step(&w);
        check(&w, sp_compare_all(&w.reference, w.state));
        check(&w, sp_compare_views(&w.shown, w.views));
        check(&w, sp_invariants_check(w.state));
        compare_digests(&w);
        end_in_damage(&w);
        done += steps;
        events += w.events;
        replays += w.replays;
        damaged += w.damaged;
        admitted += w.damaged_admitted;
        kept_maps += w.kept_maps;
        refunded += w.refunded;
        if (w.refunded_most > refunded_most)
            refunded_most = w.refunded_most;
        for (unsigned i = 1; i <= SP_EVENT_CONCERT_CANCELLED; i++)
            events_of[i] += w.events_of[i];
        for (unsigned i = SP_QUERY_USER; i <= SP_QUERY_JOB; i++)
            queries[i] += w.queries[i];
        for (unsigned i = 0; i < 128; i++)
            outcomes[i] += w.outcomes[i];
        world_close(&w);
    }
    print_message("seeds %" PRIu64 " … %" PRIu64 ": %" PRIu64 " commands, %" PRIu64
                  " events, %" PRIu64 " replays, %" PRIu64 " maps kept, %" PRIu64
                  " damaged events, %" PRIu64 " of them harmless\n",
                  first, seed - 1, done, events, replays, kept_maps, damaged, admitted);
    print_message("holds: %" PRIu64 " taken, %" PRIu64 " extended, %" PRIu64 " released; %" PRIu64
                  " events of expiry\n",
                  events_of[SP_EVENT_HOLD_TAKEN], events_of[SP_EVENT_HOLD_EXTENDED],
                  events_of[SP_EVENT_HOLD_RELEASED], events_of[SP_EVENT_HOLDS_EXPIRED]);
    print_message("concerts: %" PRIu64 " made, %" PRIu64 " edited, %" PRIu64 " paused, %" PRIu64
                  " cancelled with %" PRIu64 " orders, at most %u\n",
                  events_of[SP_EVENT_CONCERT_CREATED], events_of[SP_EVENT_CONCERT_EDITED],
                  events_of[SP_EVENT_CONCERT_PAUSED], events_of[SP_EVENT_CONCERT_CANCELLED],
                  refunded, refunded_most);
    /* Every refusal that these commands can meet must have been met, or the
     * test has gone blind. */
    static const sp_outcome met[] = {
        SP_TOKEN_INVALID,     SP_ROLE_REQUIRED,     SP_USER_UNKNOWN,      SP_CATEGORY_UNKNOWN,
        SP_CONCERT_UNKNOWN,   SP_ORDER_UNKNOWN,     SP_SEAT_UNKNOWN,      SP_IDEMPOTENCY_MISMATCH,
        SP_SEAT_TAKEN,        SP_SALES_NOT_OPEN,    SP_SALES_CLOSED,      SP_AMOUNT_MISMATCH,
        SP_SEAT_LIMIT,        SP_ALREADY_CANCELLED, SP_CANCEL_CLOSED,     SP_CATEGORY_EXISTS,
        SP_LAST_ADMIN,        SP_LIMIT_REACHED,     SP_VALIDATION_FAILED, SP_INSUFFICIENT_POINTS,
        SP_NOT_OWNER,         SP_HAS_LIVE_CONCERTS, SP_HOLD_UNKNOWN,      SP_HOLD_EXPIRED,
        SP_HOLD_EXTEND_LIMIT, SP_ORPHAN_SEAT,       SP_NO_ADJACENT_SEATS, SP_JOB_UNKNOWN,
        SP_SALES_PAUSED,      SP_CONCERT_CANCELLED, SP_SEATS_FIXED};
    for (size_t i = 0; done >= 100000 && i < sizeof met / sizeof *met; i++)
        if (outcomes[met[i]] == 0)
            fail_msg("no command was refused with %s", sp_outcome_row_of(met[i])->code);
    for (unsigned i = SP_QUERY_USER; done >= 100000 && i <= SP_QUERY_JOB; i++)
        if (queries[i] == 0)
            fail_msg("no query of type %u was answered", i);
    for (unsigned i = 1; done >= 100000 && i <= SP_EVENT_CONCERT_CANCELLED; i++)
        if (events_of[i] == 0)
            fail_msg("nothing made an event %s", sp_event_name(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_does_what_the_reference_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
