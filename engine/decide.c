/* SPDX-License-Identifier: MIT */
#include "engine/decide_private.h"

/* May this actor ask this at all? Orders are anyone's who is signed in. */
static bool role_allows(const sp_deciding *d)
{
    switch (d->command->type) {
    case SP_COMMAND_ROLE_SET:
    case SP_COMMAND_POINTS_GRANT:
    case SP_COMMAND_CATEGORY_CREATE:
        return sp_actor_is_admin(d);
    case SP_COMMAND_CONCERT_CREATE:
        SP_ASSERT(d->actor); /* the operator hosts nothing */
        return d->actor->role >= SP_ROLE_HOST;
    case SP_COMMAND_CONCERT_EDIT:
    case SP_COMMAND_CONCERT_PAUSE:
    case SP_COMMAND_CONCERT_RESUME:
    case SP_COMMAND_CONCERT_CANCEL:
        return !d->actor || d->actor->role >= SP_ROLE_HOST;
    case SP_COMMAND_ORDER_CREATE:
    case SP_COMMAND_HOLD_TAKE:
    case SP_COMMAND_HOLD_EXTEND:
    case SP_COMMAND_HOLD_RELEASE:
        SP_ASSERT(d->actor); /* the operator buys nothing */
        return true;
    case SP_COMMAND_USER_ERASE:
        SP_ASSERT(d->actor); /* and is nobody to be erased */
        return true;
    case SP_COMMAND_SERVER_START:
    case SP_COMMAND_USER_CREATE:
        SP_ASSERT(!d->actor);
        return true;
    default:
        return true;
    }
}

/* What a command becomes, if it is not refused. */
static sp_event_type event_type_of(sp_command_type type)
{
    static const uint8_t types[] = {
        [SP_COMMAND_SERVER_START] = SP_EVENT_SERVER_STARTED,
        [SP_COMMAND_USER_CREATE] = SP_EVENT_USER_CREATED,
        [SP_COMMAND_ROLE_SET] = SP_EVENT_ROLE_SET,
        [SP_COMMAND_POINTS_GRANT] = SP_EVENT_POINTS_GRANTED,
        [SP_COMMAND_CATEGORY_CREATE] = SP_EVENT_CATEGORY_CREATED,
        [SP_COMMAND_CONCERT_CREATE] = SP_EVENT_CONCERT_CREATED,
        [SP_COMMAND_ORDER_CREATE] = SP_EVENT_ORDER_PAID,
        [SP_COMMAND_ORDER_CANCEL] = SP_EVENT_ORDER_CANCELLED,
        [SP_COMMAND_USER_ERASE] = SP_EVENT_USER_ERASED,
        [SP_COMMAND_HOLD_TAKE] = SP_EVENT_HOLD_TAKEN,
        [SP_COMMAND_HOLD_EXTEND] = SP_EVENT_HOLD_EXTENDED,
        [SP_COMMAND_HOLD_RELEASE] = SP_EVENT_HOLD_RELEASED,
        [SP_COMMAND_CONCERT_EDIT] = SP_EVENT_CONCERT_EDITED,
        [SP_COMMAND_CONCERT_PAUSE] = SP_EVENT_CONCERT_PAUSED,
        [SP_COMMAND_CONCERT_RESUME] = SP_EVENT_CONCERT_RESUMED,
        [SP_COMMAND_CONCERT_CANCEL] = SP_EVENT_CONCERT_CANCELLED,
    };
    return (sp_event_type)types[type];
}

/* SP_OK with *found set: asked and done before. A key stands for a route too, so one
 * that made an event of another type is of a log that somebody made up. */
static sp_outcome check_idempotency(const sp_deciding *d, const sp_key_record **found)
{
    const sp_idempotency *idempotency = &d->command->idempotency;
    const sp_keys *keys = &d->state->keys;

    SP_ASSERT(d->actor); /* keys are a user's */
    *found = sp_keys_find(keys, d->command->actor, d->actor->newest_key, &idempotency->key, d->now);
    if (*found)
        return memcmp(&(*found)->request, &idempotency->request, sizeof(sp_hash128)) == 0 &&
                       (*found)->type == event_type_of(d->command->type)
                   ? SP_OK
                   : sp_refuse(d, SP_IDEMPOTENCY_MISMATCH);
    if (sp_keys_full(keys, d->now))
        return sp_refuse_limit(d, "idempotency_keys");
    return SP_OK;
}

static sp_outcome decide_order_create(const sp_deciding *d)
{
    const sp_state *state = d->state;
    const sp_command *command = d->command;
    const sp_seat *seats = command->order_create.seats;
    uint32_t seats_count = command->order_create.seats_count;
    sp_outcome outcome;

    if (command->order_create.hold)
        return sp_decide_order_of_hold(d);
    sp_decide_assert_seats(seats, seats_count);
    const sp_concert_row *concert = sp_state_concert_row(state, command->order_create.concert);
    if (!concert)
        return sp_refuse(d, SP_CONCERT_UNKNOWN);
    if ((outcome = sp_decide_check_sale(d, concert)) != SP_OK)
        return outcome;
    if (seats[seats_count - 1] >= concert->seats_count) /* they ascend */
        return sp_refuse_unknown_seats(d, concert, seats, seats_count);

    sp_points amount = sp_state_price(state, concert, seats, seats_count);
    if ((outcome = sp_decide_check_amount(d, amount)) != SP_OK ||
        (outcome = sp_decide_check_seat_limit(d, concert, command->order_create.concert,
                                              seats_count)) != SP_OK)
        return outcome;
    if (sp_state_taken(state, concert, seats, seats_count))
        return sp_refuse_taken_seats(d, concert, seats, seats_count);
    if ((outcome = sp_decide_check_orphans(d, concert, seats, seats_count)) != SP_OK ||
        (outcome = sp_decide_check_points(d, concert, amount)) != SP_OK ||
        (outcome = sp_decide_check_order_tables(d, seats_count)) != SP_OK)
        return outcome;

    d->event->type = SP_EVENT_ORDER_PAID;
    d->event->order_paid.order = state->orders_count + 1;
    d->event->order_paid.concert = command->order_create.concert;
    d->event->order_paid.buyer = command->actor;
    d->event->order_paid.amount = amount;
    d->event->order_paid.seats = seats;
    d->event->order_paid.seats_count = seats_count;
    d->event->order_paid.hold = 0;
    d->event->order_paid.job.present = command->order_create.job.present;
    if (command->order_create.job.present)
        d->event->order_paid.job.id = command->order_create.job.id;
    return SP_OK;
}

static sp_outcome decide_own(const sp_deciding *d)
{
    switch (d->command->type) {
    case SP_COMMAND_ORDER_CREATE:
        return decide_order_create(d);
    case SP_COMMAND_ORDER_CANCEL:
        return sp_decide_order_cancel(d);
    case SP_COMMAND_HOLD_TAKE:
        return sp_decide_hold_take(d);
    case SP_COMMAND_HOLD_EXTEND:
        return sp_decide_hold_extend(d);
    case SP_COMMAND_HOLD_RELEASE:
        return sp_decide_hold_release(d);
    case SP_COMMAND_SERVER_START:
        return sp_decide_server_start(d);
    case SP_COMMAND_USER_CREATE:
        return sp_decide_user_create(d);
    case SP_COMMAND_ROLE_SET:
        return sp_decide_role_set(d);
    case SP_COMMAND_USER_ERASE:
        return sp_decide_user_erase(d);
    case SP_COMMAND_POINTS_GRANT:
        return sp_decide_points_grant(d);
    case SP_COMMAND_CATEGORY_CREATE:
        return sp_decide_category_create(d);
    case SP_COMMAND_CONCERT_CREATE:
        return sp_decide_concert_create(d);
    case SP_COMMAND_CONCERT_EDIT:
        return sp_decide_concert_edit(d);
    case SP_COMMAND_CONCERT_PAUSE:
        return sp_decide_concert_pause(d);
    case SP_COMMAND_CONCERT_RESUME:
        return sp_decide_concert_resume(d);
    case SP_COMMAND_CONCERT_CANCEL:
        return sp_decide_concert_cancel(d);
    default:
        sp_assert_failed(__FILE__, __LINE__, "the command is known", d->command->type, 0);
    }
}

static void replay_fill(sp_replay *replay, const sp_key_record *record)
{
    *replay = (sp_replay){
        .type = (sp_event_type)record->type,
        .seq = record->seq,
        .time = record->time,
        .subject = record->subject,
        .value = record->value,
        .role = (sp_role)record->role,
    };
}

sp_decision sp_decide(const sp_state *state, const sp_command *command, sp_time_ms now,
                      sp_event *event, sp_seat seats[SP_SEATS_PER_ORDER_MAX], sp_replay *replay,
                      sp_outcome *outcome, sp_refusal *refusal)
{
    sp_deciding d = {state, command, NULL, now, event, seats, refusal};

    SP_ASSERT(sp_command_makes_event(command->type));
    SP_ASSERT_CMP(now, >=, state->time);
    SP_ASSERT(now > 0 && now <= SP_TIME_MAX);

    if (command->actor) {
        d.actor = sp_state_user_row(state, command->actor);
        if (!d.actor || sp_user_is_erased(d.actor)) { /* erased: his token is dead too */
            *outcome = sp_refuse(&d, SP_TOKEN_INVALID);
            return SP_DECISION_REFUSED;
        }
    }
    if (!role_allows(&d)) {
        *outcome = sp_refuse(&d, SP_ROLE_REQUIRED);
        return SP_DECISION_REFUSED;
    }
    if (command->idempotency.present) {
        const sp_key_record *found;
        *outcome = check_idempotency(&d, &found);
        if (*outcome != SP_OK)
            return SP_DECISION_REFUSED;
        if (found) {
            replay_fill(replay, found);
            return SP_DECISION_REPLAY;
        }
    }

    *outcome = decide_own(&d);
    if (*outcome != SP_OK)
        return SP_DECISION_REFUSED;
    event->seq = state->seq + 1;
    event->time = now;
    event->actor = command->actor;
    event->idempotency.present = command->idempotency.present;
    if (command->idempotency.present)
        event->idempotency = command->idempotency;
    return SP_DECISION_EVENT;
}
