/* SPDX-License-Identifier: MIT
 *
 * Asking for the memory of commands or events to come. An order waits for two
 * or three cache lines that nobody could foresee, 100 ns each alone; a processor
 * has some twenty of them under way at once, if it finds them among the few
 * hundred instructions that it looks ahead. Hence passes over many orders: the
 * first works out where the lines are, from tables that are near at hand; the
 * second is nothing but loads; the third asks for what only those tell.
 */
#include "engine/engine.h"
#include "engine/state_private.h"

#define LINES_EACH 7u

typedef struct round {
    const void *lines[SP_PREFETCH_BATCH * LINES_EACH];
    uint32_t lines_count;
    struct {
        sp_user_id buyer;
        sp_concert_id concert;
    } orders[SP_PREFETCH_BATCH];
    uint32_t orders_count;
    sp_user_id keyed[SP_PREFETCH_BATCH]; /* whose requests have a key */
    uint32_t keyed_count;
} round;

/* By reading: unlike a prefetch instruction, a load is never dropped when its
 * page is not in the TLB or too many misses are under way already (AMD's Zen
 * drops most of a batch's), and nobody waits for the value. */
static inline void touch(const void *line)
{
    (void)*(const volatile char *)line;
}

static inline void want(round *r, const void *line)
{
    r->lines[r->lines_count++] = line;
}

/* What an order needs that is not near: the buyer, the seat's word and its seq,
 * the host. Nothing of it has been checked yet. The concert's sales and the host's
 * account are small and near; asked for here they would only take the places of
 * loads that are waited for. */
static inline void want_order(round *r, const sp_state *state, sp_user_id buyer,
                              sp_concert_id concert_id, sp_seat seat)
{
    const sp_concert_row *concert = sp_state_concert_row(state, concert_id);

    if (!concert || !sp_state_user_row(state, buyer) || seat >= concert->seats_count)
        return;
    uint64_t word = concert->first_word + seat / 64u;
    want(r, &state->users[buyer]);
    want(r, &state->seat_seqs[word * 64 + seat % 64u]);
    want(r, &state->sold[word]);
    if (concert->held_count)
        want(r, &state->held[word]);
    want(r, &state->users[concert->host]);
    r->orders[r->orders_count].buyer = buyer;
    r->orders[r->orders_count].concert = concert_id;
    r->orders_count++;
}

static inline void want_order_row(round *r, const sp_state *state, sp_order_id order)
{
    if (sp_state_order_row(state, order))
        want(r, &state->orders[order]);
}

static inline void want_hold_row(round *r, const sp_state *state, sp_hold_id hold)
{
    want(r, &state->holds.rows[hold & state->holds.mask]);
}

/* What a new hold needs: as an order, but no host, and another map. A seat that there
 * is not is none: it is still to be found. */
static inline void want_hold(round *r, const sp_state *state, sp_user_id user,
                             sp_concert_id concert_id, sp_seat seat)
{
    const sp_concert_row *concert = sp_state_concert_row(state, concert_id);

    if (!concert || !sp_state_user_row(state, user))
        return;
    want(r, &state->users[user]);
    if (seat >= concert->seats_count)
        return;
    uint64_t word = concert->first_word + seat / 64u;
    want(r, &state->seat_seqs[word * 64 + seat % 64u]);
    want(r, &state->sold[word]);
    want(r, &state->held[word]);
}

static inline void want_user(round *r, const sp_state *state, sp_user_id user)
{
    if (sp_state_user_row(state, user))
        want(r, &state->users[user]);
}

/* His row of prints, two lines, and later his newest record. */
static inline void want_keys(round *r, const sp_state *state, sp_user_id user)
{
    if (!sp_state_user_row(state, user))
        return;
    const uint16_t *prints = state->keys.prints[user].prints;
    want(r, prints);
    want(r, prints + SP_IDEMPOTENCY_KEYS_PER_USER / 2);
    r->keyed[r->keyed_count++] = user;
}

static void want_command(round *r, const sp_state *state, const sp_command *command)
{
    if (command->idempotency.present)
        want_keys(r, state, command->actor);
    switch (command->type) {
    case SP_COMMAND_ORDER_CREATE:
        if (command->order_create.hold)
            want_hold_row(r, state, command->order_create.hold);
        else
            want_order(r, state, command->actor, command->order_create.concert,
                       command->order_create.seats[0]);
        break;
    case SP_COMMAND_ORDER_CANCEL:
        want_order_row(r, state, command->order_cancel.order);
        break;
    case SP_COMMAND_HOLD_TAKE:
        want_hold(r, state, command->actor, command->hold_take.concert,
                  command->hold_take.best_count ? UINT32_MAX : command->hold_take.seats[0]);
        break;
    case SP_COMMAND_HOLD_EXTEND:
    case SP_COMMAND_HOLD_RELEASE:
        want_hold_row(r, state, command->hold_release.hold);
        break;
    default:
        want_user(r, state, command->actor);
        break;
    }
}

static void want_event(round *r, const sp_state *state, const sp_event *event)
{
    if (event->idempotency.present)
        want_keys(r, state, event->actor);
    switch (event->type) {
    case SP_EVENT_ORDER_PAID:
        want_order(r, state, event->order_paid.buyer, event->order_paid.concert,
                   event->order_paid.seats[0]);
        break;
    case SP_EVENT_ORDER_CANCELLED:
        want_order_row(r, state, event->order_cancelled.order);
        break;
    case SP_EVENT_HOLD_TAKEN:
        want_hold(r, state, event->hold_taken.user, event->hold_taken.concert,
                  event->hold_taken.seats[0]);
        break;
    case SP_EVENT_HOLD_EXTENDED:
        want_hold_row(r, state, event->hold_extended.hold);
        break;
    case SP_EVENT_HOLD_RELEASED:
        want_hold_row(r, state, event->hold_released.hold);
        break;
    default:
        want_user(r, state, event->actor);
        break;
    }
}

static void touch_wanted(const round *r, const sp_state *state)
{
    for (uint32_t i = 0; i < r->lines_count; i++)
        touch(r->lines[i]);
    /* Who has been at many concerts has caps in the table of all. */
    for (uint32_t i = 0; i < r->orders_count; i++)
        if (sp_user_caps_full(&state->users[r->orders[i].buyer].caps))
            touch(sp_caps_line_of(&state->caps, r->orders[i].buyer, r->orders[i].concert));
    for (uint32_t i = 0; i < r->keyed_count; i++)
        touch(&state->keys.ring[state->users[r->keyed[i]].newest_key & state->keys.mask]);
}

void sp_prefetch_commands(const sp_state *state, const sp_command *const *commands, uint32_t count)
{
    round r;
    for (uint32_t at = 0; at < count; at += SP_PREFETCH_BATCH) {
        r.lines_count = r.orders_count = r.keyed_count = 0;
        for (uint32_t i = at; i < count && i - at < SP_PREFETCH_BATCH; i++)
            want_command(&r, state, commands[i]);
        touch_wanted(&r, state);
    }
}

void sp_prefetch_events(const sp_state *state, const sp_event *events, uint32_t count)
{
    round r;
    for (uint32_t at = 0; at < count; at += SP_PREFETCH_BATCH) {
        r.lines_count = r.orders_count = r.keyed_count = 0;
        for (uint32_t i = at; i < count && i - at < SP_PREFETCH_BATCH; i++)
            want_event(&r, state, &events[i]);
        touch_wanted(&r, state);
    }
}
