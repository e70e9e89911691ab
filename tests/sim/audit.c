/* SPDX-License-Identifier: MIT
 *
 * The auditor: goes through the durable events one by one, and through the
 * answers that were given at each seq, and has the reference say what each
 * should have been. Then compares the live state, the views and the replay.
 */
#include "tests/sim/world.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "tests/support/events.h"

/* Comparing everything is slow: every step while little has happened, every
 * so many steps from then on. */
#define SMALL_SEQ 48u
#define WHOLE_EVERY 24u

/* A copy of the reference's answer is 2 KiB: one, not on the stack. */
static sp_reference_answer expected;

static bool is_event_answer(const sp_slot *slot)
{
    return slot->result.outcome == SP_OK && !slot->result.replayed &&
           sp_command_makes_event(slot->command.type);
}

/* ---- Facts: what was told must stay ---- */

static void fact_add(sp_sim_world *w, const sp_event *event)
{
    w->facts = realloc(w->facts, (w->facts_count + 1) * sizeof(sp_event *));
    SP_ASSERT(w->facts != NULL);
    w->facts[w->facts_count++] = sp_event_copy(event);
}

/* ---- Answers that made no event: judged by the state that they saw ---- */

static bool space_refuses(const sp_sim_world *w, sp_command_type type)
{
    switch (w->log.space) {
    case SP_SPACE_PLENTY:
        return false;
    case SP_SPACE_LOW: /* takings are refused, what gives back goes on, so do starts */
        return type != SP_COMMAND_SERVER_START && type != SP_COMMAND_ORDER_CANCEL &&
               type != SP_COMMAND_ROLE_SET && type != SP_COMMAND_USER_ERASE &&
               type != SP_COMMAND_HOLD_RELEASE && type != SP_COMMAND_CONCERT_PAUSE &&
               type != SP_COMMAND_CONCERT_RESUME && type != SP_COMMAND_CONCERT_CANCEL;
    case SP_SPACE_NONE:
        return type != SP_COMMAND_SERVER_START;
    }
    return false;
}

/* As of the reference's seq: an e-mail comes and goes with an event. */
static bool has_email(const sp_sim_world *w, const sp_profile *profile)
{
    for (sp_user_id id = 1; id <= w->reference.users_count; id++)
        if (sp_reference_is_user(&w->reference, id) &&
            sp_fake_sides_is_same_email(&sp_fake_sides_person(&w->log.sides, id)->profile, profile))
            return true;
    return false;
}

static bool has_overdue(const sp_sim_world *w, sp_time_ms now)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event event;
    return sp_reference_expiry(&w->reference, now, ids, &event);
}

static const char *audit_refusal(sp_sim_world *w, const sp_slot *slot)
{
    const sp_result *result = &slot->result;
    const sp_command *command = &slot->command;
    w->counts.refused_paused += result->outcome == SP_SALES_PAUSED;
    w->counts.refused_cancelled += result->outcome == SP_CONCERT_CANCELLED;
    w->counts.refused_seats_fixed += result->outcome == SP_SEATS_FIXED;
    sp_reference_decide(&w->reference, command, result->now, &expected);
    if (expected.decision == SP_DECISION_EVENT && space_refuses(w, command->type)) {
        w->counts.storage_full++;
        w->counts.overdue_on_full_disk += has_overdue(w, result->now);
        return result->outcome == SP_STORAGE_FULL ? NULL : "a full disk took a command";
    }
    if (expected.decision == SP_DECISION_EVENT && command->type == SP_COMMAND_USER_CREATE &&
        has_email(w, command->user_create.profile)) {
        w->counts.emails_taken++;
        return result->outcome == SP_EMAIL_TAKEN ? NULL : "an e-mail in use was not email_taken";
    }
    return sp_compare_decision(&expected, SP_DECISION_REFUSED, result->outcome, &result->refusal,
                               NULL, NULL);
}

/* The record of a key's success, however long ago. */
static const sp_reference_key *key_of_seq(const sp_sim_world *w, sp_seq seq)
{
    for (uint32_t i = w->reference.keys_count; i-- > 0;)
        if (w->reference.keys[i].replay.seq == seq)
            return &w->reference.keys[i];
    return NULL;
}

static const char *audit_replayed(const sp_sim_world *w, const sp_slot *slot)
{
    const sp_command *command = &slot->command;
    const sp_reference_key *key = key_of_seq(w, slot->result.seq);
    if (key == NULL || key->user != command->actor ||
        memcmp(&key->key, &command->idempotency.key, sizeof key->key) != 0 ||
        memcmp(&key->request, &command->idempotency.request, sizeof key->request) != 0)
        return "a success was replayed that was not that of its key";
    return sp_compare_replay(&w->reference, &key->replay, &slot->result);
}

static const char *audit_unmade(sp_sim_world *w, const sp_slot *slot)
{
    if (sp_command_makes_event(slot->command.type))
        return audit_refusal(w, slot);
    if (!sp_command_is_query(slot->command.type))
        return sp_sim_families_audit(w, slot);
    return sp_compare_query(&w->reference, &slot->command, &slot->result);
}

/* Answers whose seq is the reference's now, but for those of events. */
static void audit_answers(sp_sim_world *w, bool *done)
{
    for (uint32_t i = 0; i < w->completions_count; i++) {
        const sp_slot *slot = w->completions[i];
        const sp_result *result = &slot->result;
        if (done[i] || is_event_answer(slot))
            continue;
        if (result->outcome == SP_OUTCOME_UNKNOWN) {
            done[i] = true;
            continue;
        }
        if (result->outcome == SP_OK && result->replayed) {
            /* It shows an old seq: look as soon as that has happened. */
            if (result->seq > w->reference.seq)
                continue;
            sp_sim_world_check(w, audit_replayed(w, slot));
            fact_add(w, sp_fake_log_event(&w->log, result->seq));
            done[i] = true;
            continue;
        }
        if (result->seq != w->reference.seq)
            continue;
        sp_sim_world_check(w, audit_unmade(w, slot));
        done[i] = true;
    }
}

/* ---- Events ---- */

static const sp_slot *answer_of(const sp_sim_world *w, sp_seq seq, bool *done)
{
    for (uint32_t i = 0; i < w->completions_count; i++)
        if (!done[i] && is_event_answer(w->completions[i]) &&
            w->completions[i]->result.seq == seq) {
            done[i] = true;
            return w->completions[i];
        }
    return NULL;
}

/* The personal side of a sign-up is in the log as soon as its event is, and goes
 * as soon as that of an erasure is. */
static const char *audit_profile(const sp_sim_world *w, const sp_event *event, const sp_slot *slot)
{
    if (event->type == SP_EVENT_USER_ERASED &&
        sp_fake_log_profile(&w->log, event->user_erased.user) != NULL)
        return sp_compare_failed("user %u is erased, his profile is not", event->user_erased.user);
    if (event->type != SP_EVENT_USER_CREATED)
        return NULL;
    /* He may have been erased since, but has been there. */
    const sp_fake_person *person = sp_fake_sides_person(&w->log.sides, event->user_created.user);
    if (person == NULL || person->profile.created_at != event->time)
        return sp_compare_failed("user %u has no profile of his own", event->user_created.user);
    const sp_profile *profile = &person->profile;
    if (slot != NULL && strcmp(profile->email, slot->command.user_create.profile->email) != 0)
        return sp_compare_failed("user %u has another's profile", event->user_created.user);
    return NULL;
}

/* Nobody asks for it: what must it be? */
static const char *audit_expiry(const sp_sim_world *w, const sp_event *event)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event due;
    if (!sp_reference_expiry(&w->reference, event->time, ids, &due))
        return "holds were ended, and none was due";
    return sp_compare_event(&due, event);
}

static void count_hold(sp_sim_counts *counts, const sp_event *event)
{
    counts->holds_taken += event->type == SP_EVENT_HOLD_TAKEN;
    counts->holds_extended += event->type == SP_EVENT_HOLD_EXTENDED;
    counts->holds_released += event->type == SP_EVENT_HOLD_RELEASED;
    counts->holds_bought += event->type == SP_EVENT_ORDER_PAID && event->order_paid.hold != 0;
    if (event->type == SP_EVENT_HOLDS_EXPIRED)
        counts->holds_expired += event->holds_expired.holds_count;
}

static void count_concert(sp_sim_counts *counts, const sp_event *event)
{
    counts->concerts_edited += event->type == SP_EVENT_CONCERT_EDITED;
    counts->concerts_relaid +=
        event->type == SP_EVENT_CONCERT_EDITED && event->concert_edited.spec.grades_count != 0;
    counts->concerts_paused += event->type == SP_EVENT_CONCERT_PAUSED;
    counts->concerts_resumed += event->type == SP_EVENT_CONCERT_RESUMED;
    if (event->type != SP_EVENT_CONCERT_CANCELLED)
        return;
    counts->concerts_cancelled++;
    counts->orders_refunded += event->concert_cancelled.orders_count;
    counts->cancelled_with_holds += event->concert_cancelled.seats_held_count > 0;
}

static const char *audit_event(sp_sim_world *w, const sp_event *event, const sp_slot *slot)
{
    if (event->idempotency.present &&
        sp_reference_key_find(&w->reference, event->actor, &event->idempotency.key, event->time))
        return "a key made a second event while its first was remembered";
    if (slot != NULL) {
        sp_reference_decide(&w->reference, &slot->command, event->time, &expected);
        const char *other =
            sp_compare_decision(&expected, SP_DECISION_EVENT, SP_OK, NULL, event, NULL);
        if (other != NULL)
            return other;
        if (space_refuses(w, slot->command.type))
            return "a full disk took an event";
    }
    const char *wrong = event->type == SP_EVENT_HOLDS_EXPIRED ? audit_expiry(w, event) : NULL;
    if (wrong != NULL)
        return wrong;
    const char *refused = sp_admit(w->replay, event);
    if (refused != NULL)
        return sp_compare_failed("replay refuses seq %llu: %s", (unsigned long long)event->seq,
                                 refused);
    wrong = sp_reference_apply(&w->reference, event);
    if (wrong != NULL)
        return wrong;
    sp_apply(w->replay, event);
    w->counts.events++;
    count_hold(&w->counts, event);
    count_concert(&w->counts, event);
    sp_sim_world_say(w, "seq %llu: %s by user %u%s%s", (unsigned long long)event->seq,
                     sp_event_name(event->type), event->actor,
                     event->idempotency.present ? ", with a key" : "",
                     slot == NULL ? ", nobody was told" : "");
    return slot != NULL ? sp_compare_success(&w->reference, event, &slot->result) : NULL;
}

/* Takes in every durable event, not what is committed alone; `told`: each must
 * have its answer. */
static void audit_log(sp_sim_world *w, bool *done, bool told)
{
    audit_answers(w, done);
    while (w->wrong[0] == '\0' && w->reference.seq < w->log.durable_count) {
        sp_seq seq = w->reference.seq + 1;
        const sp_event *event = sp_fake_log_event(&w->log, seq);
        const sp_slot *slot = answer_of(w, seq, done);
        sp_sim_world_check(w, audit_profile(w, event, slot));
        if (told && slot == NULL && event->type != SP_EVENT_HOLDS_EXPIRED)
            sp_sim_world_check(w, sp_compare_failed("seq %llu was made and nobody was told",
                                                    (unsigned long long)seq));
        sp_sim_world_check(w, audit_event(w, event, slot));
        if (slot != NULL)
            fact_add(w, event);
        audit_answers(w, done);
    }
}

/* ---- The whole ---- */

static void audit_digest(sp_sim_world *w)
{
    uint8_t live[SP_DIGEST_SIZE], replayed[SP_DIGEST_SIZE];
    sp_digest(w->state, live);
    sp_digest(w->replay, replayed);
    w->counts.digests++;
    if (memcmp(live, replayed, sizeof live) != 0)
        sp_sim_world_check(w, "the digest of the log's replay is not the live state's");
}

/* The maps, and those who follow them. A watcher comes now and then. */
static void audit_views(sp_sim_world *w)
{
    sp_sim_world_check(w, sp_compare_views(&w->reference, w->views));
    if (w->wrong[0] != '\0')
        return;
    sp_sim_world_check(w, sp_maps_check(&w->maps, &w->reference, w->views));
    w->counts.maps_followed += w->maps.count > 0;
    uint32_t concerts_count = w->reference.concerts_count;
    if (concerts_count > 0 && sp_random_once_in(&w->random, 16))
        sp_maps_keep(&w->maps, &w->reference,
                     1 + (sp_concert_id)sp_random_below(&w->random, concerts_count), w->views);
}

void sp_sim_audit_whole(sp_sim_world *w)
{
    sp_sim_world_check(w, sp_compare_all(&w->reference, w->state));
    audit_views(w);
    audit_digest(w);
    w->seq_compared = w->reference.seq;
}

static void audit_part(sp_sim_world *w, sp_seq from)
{
    sp_sim_world_check(w, sp_compare_totals(&w->reference, w->state));
    for (sp_user_id id = 1; id <= w->reference.users_count; id++)
        sp_sim_world_check(w, sp_compare_user(&w->reference, id, w->state));
    for (sp_concert_id id = 1; id <= w->reference.concerts_count; id++)
        if (w->reference.concerts[id - 1].seq >= from)
            sp_sim_world_check(w, sp_compare_concert(&w->reference, id, w->state));
    for (sp_order_id id = 1; id <= w->reference.orders_count; id++)
        if (w->reference.orders[id - 1].seq >= from)
            sp_sim_world_check(w, sp_compare_order(&w->reference, id, w->state));
    sp_sim_world_check(w, sp_compare_holds(&w->reference, w->state));
    audit_views(w);
    w->seq_compared = w->reference.seq;
}

/* The live state may be a batch ahead of what was told, the views never. */
static void audit_state(sp_sim_world *w)
{
    if (!sp_fake_log_is_settled(&w->log))
        audit_views(w);
    else if (w->reference.seq <= SMALL_SEQ || w->step % WHOLE_EVERY == 0)
        sp_sim_audit_whole(w);
    else if (w->reference.seq > w->seq_compared)
        audit_part(w, w->seq_compared + 1);
}

void sp_sim_audit(sp_sim_world *w)
{
    sp_sim_loops_take(w);
    bool done[SP_SIM_COMPLETIONS_MAX] = {false};
    bool failed = sp_sequencer_failed(w->sequencer);
    audit_log(w, done, !failed);
    for (uint32_t i = 0; i < w->completions_count; i++) {
        unsigned long long seq = w->completions[i]->result.seq;
        if (!done[i])
            sp_sim_world_check(
                w, sp_compare_failed("an answer shows seq %llu, which never was so", seq));
    }
    if (w->wrong[0] != '\0')
        return; /* the first complaint stands; the rest would be noise */
    for (uint32_t i = 0; i < w->completions_count; i++)
        sp_sim_client_hear(w, w->completions[i]);
    w->completions_count = 0;
    if (failed) {
        /* Memory is ahead of the log, and is about to go; nothing may show it. */
        if (sp_views_seq(w->views) > w->seq_before)
            sp_sim_world_check(w, "a failed batch was published");
        return;
    }
    audit_state(w);
}

void sp_sim_audit_recovered(sp_sim_world *w)
{
    bool done[1] = {false};
    audit_log(w, done, false);
    if (w->wrong[0] == '\0')
        sp_sim_audit_whole(w);
}
