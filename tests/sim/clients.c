/* SPDX-License-Identifier: MIT
 *
 * The clients of a simulated world: what they send, and what an answer is
 * checked for at the very moment when they could see it.
 */
#include <stdlib.h>

#include "engine/assert.h"
#include "tests/sim/world.h"

/* ---- Sending ---- */

/* A host who has not been told of his new concert yet edits it: perhaps it is made by
 * then, and not durable. */
static bool make_up_early_edit(sp_sim_world *w, sp_sim_client *client)
{
    for (uint32_t i = 0; i < w->clients_count; i++) {
        const sp_sim_client *other = &w->clients[i];
        const sp_command *made = &other->generated.command;
        if (other->phase != SP_SIM_FLIGHT || made->type != SP_COMMAND_CONCERT_CREATE)
            continue;
        sp_generate_edit_by(&w->random, &w->reference, w->clock.now_ms,
                            w->reference.concerts_count + 1, made->actor, &client->generated);
        return true;
    }
    return false;
}

static void make_up(sp_sim_world *w, sp_sim_client *client)
{
    sp_command *command = &client->generated.command;
    if (sp_random_once_in(&w->random, 4) && sp_sim_families_make_up(w, client)) {
        client->told_seq = 0;
        client->phase = SP_SIM_READY;
        return;
    }
    client->asked.family = UINT32_MAX;
    if (!(sp_random_once_in(&w->random, 3) && make_up_early_edit(w, client))) {
        if (sp_random_once_in(&w->random, 6))
            sp_generate_query(&w->random, &w->reference, command);
        else
            sp_generate_command(&w->random, &w->reference, w->clock.now_ms, &client->generated);
    }
    client->told_seq = 0;
    client->phase = SP_SIM_READY;
}

static void send(sp_sim_world *w, sp_sim_client *client)
{
    sp_sim_loop *loop = &w->loops[sp_random_below(&w->random, w->loops_count)];
    sp_slot *slot = sp_slots_take(&loop->slots);
    if (slot == NULL) {
        w->counts.queue_full++;
        return; /* queue_full at once: it will try again */
    }
    slot->command = client->generated.command;
    slot->owner = client;
    client->slot = slot;
    if (!sp_queue_push(w->queue, slot)) {
        sp_slots_give(&loop->slots, slot);
        w->counts.queue_full++;
        return;
    }
    w->counts.commands++;
    client->phase = SP_SIM_FLIGHT;
    sp_sim_families_sent(w, client);
}

void sp_sim_clients_send(sp_sim_world *w, bool new_ones)
{
    uint32_t first = (uint32_t)sp_random_below(&w->random, w->clients_count);
    uint64_t patience = 1 + sp_random_below(&w->random, 8);
    for (uint32_t i = 0; i < w->clients_count; i++) {
        sp_sim_client *client = &w->clients[(first + i) % w->clients_count];
        if (client->phase == SP_SIM_IDLE && new_ones && sp_random_once_in(&w->random, patience))
            make_up(w, client);
        if (client->phase == SP_SIM_READY)
            send(w, client);
    }
    sp_queue_notify(w->queue);
}

/* ---- Seeing: called by the sequencer, in the middle of its work ---- */

/* The rule above all: nobody is told what a crash could take back. A refusal
 * and a query have seen their batch too: seq says which. */
static const char *is_durable(const sp_sim_world *w, const sp_result *result)
{
    if (result->outcome == SP_OUTCOME_UNKNOWN || result->seq <= w->log.durable_count)
        return NULL;
    return sp_compare_failed("an answer of seq %llu was visible when only %llu were durable",
                             (unsigned long long)result->seq,
                             (unsigned long long)w->log.durable_count);
}

static const char *released(const sp_sim_world *w, const sp_slot *slot)
{
    const sp_result *result = &slot->result;
    if (result->outcome == SP_OUTCOME_UNKNOWN) {
        if (!sp_sequencer_failed(w->sequencer))
            return "an outcome was unknown though nothing had failed";
        return result->seq != 0 ? "an unknown outcome came with a seq" : NULL;
    }
    if (sp_sequencer_failed(w->sequencer))
        return "a failed sequencer answered something but outcome_unknown";
    if (sp_fake_log_is_open(&w->log))
        return "an answer was released while a batch was open";
    const char *wrong = is_durable(w, result);
    if (wrong == NULL)
        wrong = sp_sim_families_released(w, slot);
    if (wrong != NULL)
        return wrong;
    if (sp_views_seq(w->views) < result->seq)
        return sp_compare_failed("an answer of seq %llu was visible, but views showed seq %llu",
                                 (unsigned long long)result->seq,
                                 (unsigned long long)sp_views_seq(w->views));
    return NULL;
}

void sp_sim_on_wake(sp_mailbox *mailbox)
{
    sp_sim_world *w = ((sp_sim_loop *)(void *)mailbox)->world;
    if (w->log.crashed)
        return; /* a machine that stopped tells nobody anything */
    const sp_slot *slot = atomic_load_explicit(&mailbox->head, memory_order_acquire);
    for (; slot != NULL; slot = slot->next)
        sp_sim_world_check(w, released(w, slot));
}

void sp_sim_check_visible(sp_sim_world *w, const char *when)
{
    for (uint32_t i = 0; i < w->loops_count; i++) {
        const sp_slot *slot = atomic_load_explicit(&w->loops[i].mailbox.head, memory_order_acquire);
        for (; slot != NULL; slot = slot->next)
            sp_sim_world_check(w, is_durable(w, &slot->result));
    }
    sp_seq seq = sp_views_seq(w->views);
    for (sp_concert_id id = 1; id <= sp_views_concerts_count(w->views); id++)
        if (sp_views_concert_seq(w->views, id) > seq)
            seq = sp_views_concert_seq(w->views, id);
    if (seq > w->log.durable_count)
        sp_sim_world_check(w, sp_compare_failed("views showed seq %llu %s, %llu were durable",
                                                (unsigned long long)seq, when,
                                                (unsigned long long)w->log.durable_count));
}

void sp_sim_loops_take(sp_sim_world *w)
{
    for (uint32_t i = 0; i < w->loops_count; i++) {
        sp_slot *slot = sp_mailbox_take_all(&w->loops[i].mailbox);
        while (slot != NULL) {
            sp_slot *next = slot->next;
            SP_ASSERT_CMP(w->completions_count, <, SP_SIM_COMPLETIONS_MAX);
            w->completions[w->completions_count++] = slot;
            slot = next;
        }
    }
}

/* ---- Hearing: after the audit has found the answer right ---- */

static sp_sim_loop *loop_of(sp_sim_world *w, const sp_slot *slot)
{
    for (uint32_t i = 0; i < w->loops_count; i++)
        if (slot->mailbox == &w->loops[i].mailbox)
            return &w->loops[i];
    SP_ASSERT(!"a slot of no loop");
    return NULL;
}

static void give_back(sp_sim_world *w, sp_slot *slot)
{
    if (slot->result.outcome == SP_OK)
        sp_result_release(slot->command.type, &slot->result);
    sp_slots_give(&loop_of(w, slot)->slots, slot);
}

/* Counted in the log itself: a success of a day ago, or one that 64 newer ones
 * of its user have pushed out, may be forgotten. */
static bool may_be_forgotten(const sp_sim_world *w, sp_seq seq, sp_time_ms now)
{
    const sp_event *first = sp_fake_log_event(&w->log, seq);
    uint32_t newer = 0;
    for (sp_seq i = seq + 1; i <= w->log.durable_count; i++) {
        const sp_event *event = sp_fake_log_event(&w->log, i);
        newer += event->idempotency.present && event->actor == first->actor;
    }
    return first->time + SP_IDEMPOTENCY_TTL_MS <= now || newer >= SP_IDEMPOTENCY_KEYS_PER_USER;
}

/* The same key, the same success: a lost answer is never a second sale. */
static void hear_success(sp_sim_world *w, sp_sim_client *client, const sp_result *result)
{
    bool again = client->told_seq != 0;
    bool keyed = client->generated.command.idempotency.present;
    if (again && result->seq != client->told_seq &&
        !may_be_forgotten(w, client->told_seq, result->now))
        sp_sim_world_check(w, sp_compare_failed("the same key was told seq %llu, then seq %llu",
                                                (unsigned long long)client->told_seq,
                                                (unsigned long long)result->seq));
    client->told_seq = result->seq;
    /* A careful client may well ask again, though it knows. */
    client->phase = keyed && sp_random_once_in(&w->random, 5) ? SP_SIM_READY : SP_SIM_IDLE;
}

void sp_sim_client_hear(sp_sim_world *w, sp_slot *slot)
{
    sp_sim_client *client = slot->owner;
    const sp_result *result = &slot->result;
    bool keyed = client->generated.command.idempotency.present;
    w->counts.answers++;
    sp_sim_families_heard(w, client, result);
    w->counts.replayed += result->outcome == SP_OK && result->replayed;
    if (result->outcome == SP_OUTCOME_UNKNOWN) {
        w->counts.unknown++;
        client->phase = keyed ? SP_SIM_READY : SP_SIM_IDLE;
    } else if (result->outcome == SP_OK && sp_command_makes_event(client->generated.command.type)) {
        hear_success(w, client, result);
    } else {
        client->phase = SP_SIM_IDLE;
    }
    if (result->outcome != SP_OUTCOME_UNKNOWN && result->seq > w->seq_shown)
        w->seq_shown = result->seq;
    give_back(w, slot);
}

/* Only who sent a key may safely ask again. */
static void lose(sp_sim_world *w, sp_slot *slot)
{
    sp_sim_client *client = slot->owner;
    sp_sim_families_lost(w, client);
    client->phase = client->generated.command.idempotency.present ? SP_SIM_READY : SP_SIM_IDLE;
    give_back(w, slot);
}

/* Wherever their slots are: in the queue, with the sequencer, in a mailbox. */
void sp_sim_clients_lose(sp_sim_world *w)
{
    sp_slot *slot;
    sp_sim_loops_take(w);
    w->completions_count = 0;
    while (sp_queue_pop(w->queue, &slot, 1) == 1)
        slot->result.outcome = SP_OUTCOME_UNKNOWN; /* nobody has written it */
    for (uint32_t i = 0; i < w->clients_count; i++)
        if (w->clients[i].phase == SP_SIM_FLIGHT)
            lose(w, w->clients[i].slot);
}
