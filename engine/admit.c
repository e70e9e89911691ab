/* SPDX-License-Identifier: MIT */
#include "engine/admit_private.h"
#include "engine/bitmap.h"
#include "engine/spec.h"

/* Everything that apply asserts or relies on is refused here first, and
 * everything that decide would not have made, so that a log which replays is
 * a log that an honest engine could have written. Numbers of the event are
 * compared, never added to, before they are known to be in range. */

static bool role_known(sp_role role)
{
    return (int)role >= SP_ROLE_USER && (int)role <= SP_ROLE_ADMIN;
}

static const char *admit_server_started(const sp_event *event)
{
    if (event->actor != 0)
        return "server_started: has an actor";
    if (!sp_text_fits(event->server_started.version, SP_VERSION_SIZE_MAX))
        return "server_started: the version is not 1 to 64 bytes of UTF-8";
    return NULL;
}

static const char *admit_user_created(const sp_state *state, const sp_event *event)
{
    if (event->actor != 0)
        return "user_created: has an actor";
    if (event->user_created.user != (uint64_t)state->users_count + 1)
        return "user_created: the user id is not the next one";
    if (!role_known(event->user_created.role))
        return "user_created: the role is not known";
    if (event->user_created.points < 0)
        return "user_created: the points are negative";
    if (!sp_points_can_grant(state, event->user_created.points))
        return "user_created: all points together go over their maximum";
    if (state->users_count >= state->limits.users_max)
        return "user_created: this installation's limit of users is reached";
    if (event->user_created.points > 0 && !sp_grants_has_room(state))
        return "user_created: this installation's limit of grants is reached";
    return NULL;
}

static const char *admit_role_set(const sp_state *state, const sp_event *event)
{
    const sp_user_row *user = sp_state_living_row(state, event->role_set.user);

    if (!sp_admit_actor_has(state, event, SP_ROLE_ADMIN))
        return "role_set: the actor is no ADMIN";
    if (!user)
        return "role_set: there is no such user";
    if (!role_known(event->role_set.role))
        return "role_set: the role is not known";
    if (user->role == SP_ROLE_ADMIN && event->role_set.role != SP_ROLE_ADMIN &&
        state->admins_count == 1)
        return "role_set: takes the role from the last ADMIN";
    return NULL;
}

static const char *admit_points_granted(const sp_state *state, const sp_event *event)
{
    const sp_user_row *user = sp_state_living_row(state, event->points_granted.user);
    sp_points amount = event->points_granted.amount;

    if (!sp_admit_actor_has(state, event, SP_ROLE_ADMIN))
        return "points_granted: the actor is no ADMIN";
    if (!user)
        return "points_granted: there is no such user";
    if (amount < 1 || amount > SP_GRANT_MAX)
        return "points_granted: the amount is out of range";
    if (!sp_points_can_grant(state, amount))
        return "points_granted: all points together go over their maximum";
    if (user->points > SP_POINTS_TOTAL_MAX - amount)
        return "points_granted: the balance goes over its maximum";
    if (!sp_grants_has_room(state))
        return "points_granted: this installation's limit of grants is reached";
    return NULL;
}

/* Of orders and holds alike. */
static const char *admit_seats(const sp_seat *seats, uint32_t count, const sp_concert_row *concert)
{

    if (!seats || count < 1 || count > SP_SEATS_PER_ORDER_MAX)
        return "the number of seats is out of range";
    for (uint32_t i = 1; i < count; i++)
        if (seats[i] <= seats[i - 1])
            return "the seats do not ascend";
    if (seats[count - 1] >= concert->seats_count)
        return "the concert has no such seat";
    return NULL;
}

static const char *admit_payment(const sp_state *state, const sp_event *event,
                                 const sp_concert_row *concert)
{
    const sp_user_row *buyer = &state->users[event->order_paid.buyer];
    const sp_user_row *host = &state->users[concert->host];
    sp_points amount = event->order_paid.amount;

    if (amount !=
        sp_state_price(state, concert, event->order_paid.seats, event->order_paid.seats_count))
        return "order_paid: the amount is not the price of the seats";
    if (buyer->points < amount)
        return "order_paid: the buyer has not enough points";
    if (host != buyer && !sp_points_can_move(buyer->points, host->points, amount))
        return "order_paid: a balance goes over its maximum";
    return NULL;
}

/* Not cancelled, not paused, and within the window. */
static const char *admit_sale(const sp_event *event, const sp_concert_row *concert)
{
    if (concert->sale != SP_SALE_OPEN)
        return concert->sale == SP_SALE_PAUSED ? "sales are paused" : "the concert is cancelled";
    if (event->time < concert->start_date || event->time >= concert->end_date)
        return "outside the sales window";
    return NULL;
}

/* What a new order or hold takes: within the window, of free seats, not too many. Not
 * the orphan rule, which breaks nothing: programs before it kept a concert's wish and
 * did not obey it, and their logs are true. */
static const char *admit_taking(const sp_state *state, const sp_event *event, sp_concert_id id,
                                const sp_seat *seats, uint32_t count)
{
    const sp_concert_row *concert = &state->concerts[id];
    const char *wrong;

    if ((wrong = admit_sale(event, concert)))
        return wrong;
    uint32_t have =
        sp_user_caps_count(&state->users[event->actor].caps, &state->caps, event->actor, id);
    if (have + count > concert->max_seats_per_user)
        return "too many seats for one user";
    if (sp_state_taken(state, concert, seats, count))
        return "a seat is taken";
    return NULL;
}

/* Ids ascend, and leave out those whose rows were taken by living holds. How many
 * that were follows from the size of the ring, which may have been another: but each
 * was another hold's. */
static const char *admit_hold_id(const sp_state *state, sp_hold_id hold)
{
    const sp_holds *holds = &state->holds;

    if (hold <= holds->newest)
        return "hold_taken: the hold id does not follow those before";
    if (hold - holds->newest - 1 > holds->live_count)
        return "hold_taken: the hold id leaves out more than there are living holds";
    if (!sp_holds_can_take(holds, hold))
        return "hold_taken: this installation's limit of holds is reached";
    return NULL;
}

/* The hold that is bought: all of it, and nothing else. */
static const char *admit_bought(const sp_state *state, const sp_event *event,
                                const sp_concert_row *concert)
{
    const sp_hold_row *hold = sp_holds_living(&state->holds, event->order_paid.hold);
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];

    if (!hold || hold->user != event->actor || hold->concert != event->order_paid.concert)
        return "order_paid: there is no such hold";
    if (hold->deadline <= event->time)
        return "order_paid: the hold has expired";
    const char *wrong = admit_sale(event, concert);
    if (wrong)
        return wrong;
    if (hold->amount != event->order_paid.amount)
        return "order_paid: the amount is not that of the hold";
    sp_holds_seats(&state->holds, hold, sp_concert_first_seat(concert), seats);
    if (hold->seats_count != event->order_paid.seats_count ||
        memcmp(seats, event->order_paid.seats, hold->seats_count * sizeof(*seats)) != 0)
        return "order_paid: the seats are not those of the hold";
    return NULL;
}

static const char *admit_order_paid(const sp_state *state, const sp_event *event)
{
    const sp_concert_row *concert = sp_state_concert_row(state, event->order_paid.concert);
    const char *wrong;

    if (event->actor == 0 || event->order_paid.buyer != event->actor)
        return "order_paid: the buyer is not the actor";
    if (event->order_paid.order != (uint64_t)state->orders_count + 1)
        return "order_paid: the order id is not the next one";
    if (!concert)
        return "order_paid: there is no such concert";
    uint32_t count = event->order_paid.seats_count;
    if ((wrong = admit_seats(event->order_paid.seats, count, concert)))
        return wrong;
    wrong = event->order_paid.hold ? admit_bought(state, event, concert)
                                   : admit_taking(state, event, event->order_paid.concert,
                                                  event->order_paid.seats, count);
    if (wrong || (wrong = admit_payment(state, event, concert)))
        return wrong;
    if (state->orders_count >= state->limits.orders_max)
        return "order_paid: this installation's limit of orders is reached";
    if (count > 1 && count > state->limits.order_seats_max - state->order_seats_count)
        return "order_paid: this installation's limit of order seats is reached";
    return NULL;
}

static const char *admit_order_cancelled(const sp_state *state, const sp_event *event)
{
    const sp_order_row *order = sp_state_order_row(state, event->order_cancelled.order);
    sp_text reason = event->order_cancelled.reason;

    if (!order)
        return "order_cancelled: there is no such order";
    if (order->status != SP_ORDER_PAYMENT)
        return "order_cancelled: the order is cancelled already";
    if (event->order_cancelled.amount != order->amount)
        return "order_cancelled: the amount is not that of the order";
    if (!sp_text_fits_or_absent(reason, SP_REASON_SIZE_MAX))
        return "order_cancelled: the reason is not at most 500 bytes of UTF-8";

    const sp_concert_row *concert = &state->concerts[order->concert];
    bool admin = sp_admit_actor_has(state, event, SP_ROLE_ADMIN);
    bool late = event->time > concert->card->spec.cancel_until;
    if (order->user != event->actor && !admin)
        return "order_cancelled: the actor is neither its user nor an ADMIN";
    if ((late || order->user != event->actor) && !(admin && reason.size > 0))
        return "order_cancelled: late or another's, without an ADMIN's reason";
    if (concert->host != order->user &&
        !sp_points_can_move(state->users[concert->host].points, state->users[order->user].points,
                            order->amount))
        return "order_cancelled: a balance goes over its maximum";
    return NULL;
}

static const char *admit_user_erased(const sp_state *state, const sp_event *event)
{
    sp_user_id user = event->user_erased.user;

    if (event->actor == 0 || user != event->actor)
        return "user_erased: the user is not the actor";
    if (state->users[user].role == SP_ROLE_ADMIN && state->admins_count == 1)
        return "user_erased: erases the last ADMIN";
    if (sp_state_has_live_concerts(state, user, event->time))
        return "user_erased: the user hosts a live concert";
    return NULL;
}

static const char *admit_hold_taken(const sp_state *state, const sp_event *event)
{
    sp_concert_id id = event->hold_taken.concert;
    const sp_concert_row *concert = sp_state_concert_row(state, id);
    const sp_seat *seats = event->hold_taken.seats;
    uint32_t count = event->hold_taken.seats_count;
    const char *wrong;

    if (event->actor == 0 || event->hold_taken.user != event->actor)
        return "hold_taken: the user is not the actor";
    if (!concert)
        return "hold_taken: there is no such concert";
    if ((wrong = admit_seats(seats, count, concert)) ||
        (wrong = admit_taking(state, event, id, seats, count)))
        return wrong;
    if (event->hold_taken.amount != sp_state_price(state, concert, seats, count))
        return "hold_taken: the amount is not the price of the seats";
    if (event->hold_taken.expires_at != sp_hold_deadline(concert, event->time, event->time))
        return "hold_taken: it does not end when it should";
    return admit_hold_id(state, event->hold_taken.hold);
}

/* The actor's living hold, or NULL. */
static const sp_hold_row *hold_of_actor(const sp_state *state, const sp_event *event, sp_hold_id id)
{
    const sp_hold_row *hold = sp_holds_living(&state->holds, id);
    return event->actor && hold && hold->user == event->actor && hold->deadline > event->time
               ? hold
               : NULL;
}

static const char *admit_hold_extended(const sp_state *state, const sp_event *event)
{
    const sp_hold_row *hold = hold_of_actor(state, event, event->hold_extended.hold);

    if (!hold)
        return "hold_extended: the actor has no such hold";
    if (event->hold_extended.taken != hold->taken_seq)
        return "hold_extended: it was not taken then";
    const sp_concert_row *concert = &state->concerts[hold->concert];
    if (hold->deadline >= sp_hold_deadline(concert, hold->created_at, SP_TIME_MAX))
        return "hold_extended: it can not be extended further";
    if (event->hold_extended.expires_at != sp_hold_deadline_extended(concert, hold, event->time))
        return "hold_extended: it does not end when it should";
    return NULL;
}

static const char *admit_hold_released(const sp_state *state, const sp_event *event)
{
    if (!hold_of_actor(state, event, event->hold_released.hold))
        return "hold_released: the actor has no such hold";
    return NULL;
}

/* The first of those that are due, by (deadline, id), and as many as go into an
 * event. */
static const char *admit_holds_expired(const sp_state *state, const sp_event *event)
{
    sp_hold_id due[SP_HOLDS_PER_EXPIRY_MAX];
    uint32_t count = event->holds_expired.holds_count;

    if (event->actor != 0)
        return "holds_expired: has an actor";
    if (!event->holds_expired.holds || count < 1 || count > SP_HOLDS_PER_EXPIRY_MAX)
        return "holds_expired: the number of holds is out of range";
    if (sp_holds_due(&state->holds, event->time, due, SP_HOLDS_PER_EXPIRY_MAX) != count ||
        memcmp(due, event->holds_expired.holds, count * sizeof(*due)) != 0)
        return "holds_expired: these are not the holds that are due";
    return NULL;
}

static const char *admit_own(const sp_state *state, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        return admit_server_started(event);
    case SP_EVENT_USER_CREATED:
        return admit_user_created(state, event);
    case SP_EVENT_ROLE_SET:
        return admit_role_set(state, event);
    case SP_EVENT_POINTS_GRANTED:
        return admit_points_granted(state, event);
    case SP_EVENT_CATEGORY_CREATED:
        return sp_admit_category_created(state, event);
    case SP_EVENT_CONCERT_CREATED:
        return sp_admit_concert_created(state, event);
    case SP_EVENT_ORDER_PAID:
        return admit_order_paid(state, event);
    case SP_EVENT_ORDER_CANCELLED:
        return admit_order_cancelled(state, event);
    case SP_EVENT_USER_ERASED:
        return admit_user_erased(state, event);
    case SP_EVENT_HOLD_TAKEN:
        return admit_hold_taken(state, event);
    case SP_EVENT_HOLD_EXTENDED:
        return admit_hold_extended(state, event);
    case SP_EVENT_HOLD_RELEASED:
        return admit_hold_released(state, event);
    case SP_EVENT_HOLDS_EXPIRED:
        return admit_holds_expired(state, event);
    case SP_EVENT_CONCERT_EDITED:
        return sp_admit_concert_edited(state, event);
    case SP_EVENT_CONCERT_PAUSED:
        return sp_admit_own_concert(state, event, event->concert_paused.concert);
    case SP_EVENT_CONCERT_RESUMED:
        return sp_admit_own_concert(state, event, event->concert_resumed.concert);
    case SP_EVENT_CONCERT_CANCELLED:
        return sp_admit_concert_cancelled(state, event);
    }
    return "the event's type is not known";
}

static const char *admit_idempotency(const sp_state *state, const sp_event *event)
{
    if (event->actor == 0)
        return "an idempotency key without a user";
    if (sp_keys_find(&state->keys, event->actor, state->users[event->actor].newest_key,
                     &event->idempotency.key, event->time))
        return "the idempotency key was used already";
    if (sp_keys_full(&state->keys, event->time))
        return "this installation's limit of idempotency keys is reached";
    return NULL;
}

/* What is overdue ends before anything else happens at that time; only a start is
 * recorded on a disk so full that nothing can end. */
static bool is_overdue(const sp_state *state, const sp_event *event)
{
    sp_time_ms deadline = sp_holds_deadline(&state->holds);

    return deadline && deadline <= event->time && event->type != SP_EVENT_HOLDS_EXPIRED &&
           event->type != SP_EVENT_SERVER_STARTED;
}

const char *sp_admit(const sp_state *state, const sp_event *event)
{
    const char *wrong;

    if (event->seq != state->seq + 1)
        return "the seq does not follow the last one";
    if (event->time <= 0 || event->time > SP_TIME_MAX)
        return "the time is out of range";
    if (event->time < state->time)
        return "the time is before that of the last event";
    if (event->actor != 0 && !sp_state_living_row(state, event->actor))
        return "the actor is not known, or was erased";
    if (is_overdue(state, event))
        return "a hold is overdue, and has not been ended";
    if (event->idempotency.present && (wrong = admit_idempotency(state, event)))
        return wrong;
    return admit_own(state, event);
}
