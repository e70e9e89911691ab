/* SPDX-License-Identifier: MIT */
#include "tests/support/hold_history.h"

#include "engine/assert.h"

#define CONCERT 1u
#define SEATS_COUNT (SP_HISTORY_ROWS * SP_HISTORY_ROW_SIZE)
#define BATCH_STEP_MS 20000

void sp_hold_history_init(sp_hold_history *history, sp_history *base, uint64_t seed)
{
    memset(history, 0, sizeof *history);
    history->base = base;
    sp_random_seed(&history->random, seed);
}

static sp_user_id some_buyer(sp_hold_history *history)
{
    return 2 + (sp_user_id)sp_random_below(&history->random, SP_HISTORY_BUYERS);
}

static uint32_t some_seats(sp_hold_history *history, sp_seat *seats)
{
    uint32_t count = 1 + (uint32_t)sp_random_below(&history->random, 5);
    sp_seat first = (sp_seat)sp_random_below(&history->random, SEATS_COUNT - 10);
    for (uint32_t i = 0; i < count; i++)
        seats[i] = first + 2 * i;
    return count;
}

/* A hold that lives, among the last hundred. False: there is none near. */
static bool some_hold(sp_hold_history *history, sp_hold_view *out)
{
    sp_hold_id newest = sp_state_newest_hold(history->base->state);
    sp_hold_id back = (sp_hold_id)sp_random_below(&history->random, 100);
    for (sp_hold_id id = newest > back ? newest - back : 1; id <= newest; id++)
        if (sp_state_hold(history->base->state, id, history->seats, out))
            return true;
    return false;
}

static void take(sp_hold_history *history)
{
    sp_command *command = &history->command;
    *command = (sp_command){.type = SP_COMMAND_HOLD_TAKE, .actor = some_buyer(history)};
    command->hold_take.concert = CONCERT;
    if (sp_random_once_in(&history->random, 2))
        command->hold_take.best_count = 1 + (uint32_t)sp_random_below(&history->random, 8);
    else
        command->hold_take.seats_count = some_seats(history, command->hold_take.seats);
}

/* Of a hold if there is one near, or else of free seats. */
static void order(sp_hold_history *history)
{
    sp_command *command = &history->command;
    sp_hold_view hold;
    bool bought = sp_random_once_in(&history->random, 2) && some_hold(history, &hold);
    *command = (sp_command){.type = SP_COMMAND_ORDER_CREATE};
    command->actor = bought ? hold.user : some_buyer(history);
    command->order_create.amount = SP_AMOUNT_UNSTATED;
    command->order_create.concert = CONCERT;
    if (bought)
        command->order_create.hold = hold.id;
    else
        command->order_create.seats_count = some_seats(history, command->order_create.seats);
    command->order_create.job.present = sp_random_once_in(&history->random, 2);
    sp_random_fill(&history->random, &command->order_create.job.id, sizeof(sp_hash128));
}

static void change(sp_hold_history *history, sp_command_type type)
{
    sp_command *command = &history->command;
    sp_hold_view hold;
    *command = (sp_command){.type = type};
    if (some_hold(history, &hold)) {
        command->actor = hold.user;
        command->hold_release.hold = hold.id;
    } else {
        take(history);
    }
}

static void some_command(sp_hold_history *history)
{
    switch (sp_random_below(&history->random, 8)) {
    case 0:
        change(history, SP_COMMAND_HOLD_EXTEND);
        break;
    case 1:
        change(history, SP_COMMAND_HOLD_RELEASE);
        break;
    case 2:
    case 3:
        order(history);
        break;
    default:
        take(history);
    }
    history->command.idempotency.present = sp_random_once_in(&history->random, 4);
    sp_random_fill(&history->random, &history->command.idempotency.key, sizeof(sp_hash128));
    sp_random_fill(&history->random, &history->command.idempotency.request, sizeof(sp_hash128));
}

/* Refused (taken seats, a hold that can be extended no further): another one. */
static void decide(sp_hold_history *history, sp_event *event)
{
    sp_replay replay;
    sp_outcome outcome;
    do
        some_command(history);
    while (sp_decide(history->base->state, &history->command, history->base->time, event,
                     history->seats, &replay, &outcome, &history->refusal) != SP_DECISION_EVENT);
}

void sp_hold_history_next(sp_hold_history *history, sp_event *event)
{
    sp_state *state = history->base->state;
    if (sp_state_concerts_count(state) == 0) {
        sp_history_next(history->base, event);
        return;
    }
    if (!sp_decide_expiry(state, history->base->time, history->expired, event))
        decide(history, event);
    SP_ASSERT(sp_admit(state, event) == NULL);
    sp_apply(state, event);
}

void sp_hold_history_fill(sp_log_file *file, uint64_t seed, uint32_t events_count,
                          uint32_t batch_size)
{
    static sp_hold_history history;
    sp_hold_history_init(&history, &file->history, seed);
    for (uint32_t i = 0; i < events_count; i++) {
        sp_event event;
        sp_hold_history_next(&history, &event);
        if (event.type == SP_EVENT_USER_CREATED) {
            sp_profile profile;
            sp_history_profile(event.user_created.user, event.time, &profile);
            SP_ASSERT_CMP(file->to->profile_add(file->to, &profile), ==, SP_LOG_OK);
        }
        SP_ASSERT_CMP(file->to->append(file->to, &event), ==, SP_LOG_OK);
        if (i % batch_size == batch_size - 1 || i + 1 == events_count) {
            SP_ASSERT_CMP(file->to->commit(file->to, file->history.time), ==, SP_LOG_OK);
            file->history.time += 1 + (sp_time_ms)sp_random_below(&history.random, BATCH_STEP_MS);
        }
    }
}
