/* SPDX-License-Identifier: MIT */
#include "tests/support/invariants.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "tests/support/compare.h"

static const char *check_points(const sp_state *state)
{
    sp_points sum = 0;
    uint32_t admins = 0;
    for (sp_user_id user = 1; user <= sp_state_users_count(state); user++) {
        sp_user_view view;
        if (!sp_state_user_ever(state, user, &view))
            return sp_compare_failed("user %u can't be read", user);
        sum += view.points;
        admins += view.role == SP_ROLE_ADMIN;
    }
    if (sum != sp_state_points_total(state))
        return sp_compare_failed("balances sum up to %lld, granted were %lld", (long long)sum,
                                 (long long)sp_state_points_total(state));
    if (sum < 0 || sum > SP_POINTS_TOTAL_MAX)
        return sp_compare_failed("all points together are %lld", (long long)sum);
    if (admins != sp_state_admins_count(state))
        return sp_compare_failed("there are %u admins, counted were %u", admins,
                                 sp_state_admins_count(state));
    return NULL;
}

/* One page of a user's ledger: entries descend, and each balance is the one before
 * it plus the entry. *query is moved on to the next page. */
static const char *check_ledger_page(const sp_ledger_item *items, uint32_t count,
                                     sp_points next_balance, sp_command *query)
{
    for (uint32_t i = 0; i < count; i++) {
        sp_points before = i + 1 < count ? items[i + 1].balance : next_balance;
        if (query->query_ledger.before != 0 && items[i].seq >= query->query_ledger.before)
            return sp_compare_failed("user %u: his ledger goes back to seq %llu", query->actor,
                                     (unsigned long long)items[i].seq);
        if (before + items[i].amount != items[i].balance)
            return sp_compare_failed("user %u, seq %llu: %lld and %lld are not %lld", query->actor,
                                     (unsigned long long)items[i].seq, (long long)before,
                                     (long long)items[i].amount, (long long)items[i].balance);
        query->query_ledger.before = items[i].seq;
    }
    if (count > 0)
        query->query_ledger.balance = next_balance;
    return NULL;
}

/* The ledger of one who can read it begins with his balance and ends with 0. */
static const char *check_ledger(const sp_state *state, sp_user_id user, sp_points points,
                                sp_result *result)
{
    sp_command query = {.type = SP_QUERY_LEDGER, .actor = user};
    const char *wrong = NULL;
    query.query_ledger.count_max = 100;
    do {
        sp_query(state, &query, result);
        if (result->outcome != SP_OK)
            return sp_compare_failed("user %u can't read his ledger", user);
        if (query.query_ledger.before == 0) {
            query.query_ledger.balance = points;
            if (result->ledger.count > 0 && result->ledger.items[0].balance != points)
                wrong = sp_compare_failed("user %u: his ledger begins with %lld, he has %lld", user,
                                          (long long)result->ledger.items[0].balance,
                                          (long long)points);
        }
        sp_seq next = result->ledger.next;
        if (wrong == NULL)
            wrong = check_ledger_page(result->ledger.items, result->ledger.count,
                                      next != 0 ? result->ledger.next_balance : 0, &query);
        if (wrong == NULL && result->ledger.count == 0 && query.query_ledger.balance != 0)
            wrong = sp_compare_failed("user %u: %lld points came from nowhere", user,
                                      (long long)query.query_ledger.balance);
        sp_result_release(SP_QUERY_LEDGER, result);
        query.query_ledger.before = next;
    } while (wrong == NULL && query.query_ledger.before != 0);
    return wrong;
}

static const char *check_ledgers(const sp_state *state)
{
    static sp_result result;
    const char *wrong = NULL;
    for (sp_user_id user = 1; wrong == NULL && user <= sp_state_users_count(state); user++) {
        sp_user_view view;
        if (sp_state_user(state, user, &view)) /* nobody reads that of an erased one */
            wrong = check_ledger(state, user, view.points, &result);
    }
    return wrong;
}

/* Lays the live orders of one concert out on `taken`, a byte a seat, and
 * counts per user. */
static const char *lay_orders(const sp_state *state, const sp_concert_card *card, uint8_t *taken,
                              uint32_t *per_user)
{
    for (sp_order_id id = 1; id <= sp_state_orders_count(state); id++) {
        sp_order_view order;
        if (!sp_state_order(state, id, &order))
            return sp_compare_failed("order %u can't be read", id);
        if (order.concert != card->id || order.status != SP_ORDER_PAYMENT)
            continue;
        per_user[order.user] += order.seats_count;
        for (uint32_t i = 0; i < order.seats_count; i++) {
            if (order.seats[i] >= card->seats_count || taken[order.seats[i]])
                return sp_compare_failed("concert %u, seat %u: sold twice, or there is none",
                                         card->id, order.seats[i]);
            taken[order.seats[i]] = 1;
        }
    }
    return NULL;
}

/* The same of the living holds; a seat that is both held and sold shows here. */
static const char *lay_holds(const sp_concert_card *card, uint8_t *taken, uint32_t *per_user,
                             const sp_hold_view *holds, uint32_t count)
{
    for (uint32_t h = 0; h < count; h++) {
        if (holds[h].concert != card->id)
            continue;
        per_user[holds[h].user] += holds[h].seats_count;
        for (uint32_t i = 0; i < holds[h].seats_count; i++) {
            sp_seat seat = holds[h].seats[i];
            if (seat >= card->seats_count || taken[seat])
                return sp_compare_failed("concert %u, seat %u: held twice, or sold, or there is "
                                         "none",
                                         card->id, seat);
            taken[seat] = 2;
        }
    }
    return NULL;
}

static const char *check_map(const sp_state *state, const sp_concert_card *card,
                             const uint8_t *taken, const uint32_t *per_user)
{
    const uint64_t *sold = sp_state_sold_words(state, card->id);
    const uint64_t *held = sp_state_held_words(state, card->id);
    uint32_t sold_count = 0, held_count = 0;
    for (uint32_t seat = 0; seat < 64 * sp_words_of_seats(card->seats_count); seat++) {
        unsigned bit = (sold[seat / 64] >> (seat % 64)) & 1;
        unsigned held_bit = (held[seat / 64] >> (seat % 64)) & 1;
        unsigned expected = seat < card->seats_count ? taken[seat] : 0;
        if (bit != (expected == 1) || held_bit != (expected == 2))
            return sp_compare_failed("concert %u, seat %u: its bits are sold %u, held %u; by its "
                                     "orders and holds it is %u",
                                     card->id, seat, bit, held_bit, expected);
        sold_count += bit;
        held_count += held_bit;
    }
    if (sold_count != sp_state_sold_count(state, card->id))
        return sp_compare_failed("concert %u: %u bits, but sold_count is %u", card->id, sold_count,
                                 sp_state_sold_count(state, card->id));
    if (held_count != sp_state_held_count(state, card->id))
        return sp_compare_failed("concert %u: %u bits, but held_count is %u", card->id, held_count,
                                 sp_state_held_count(state, card->id));
    for (sp_user_id user = 1; user <= sp_state_users_count(state); user++)
        if (per_user[user] != sp_state_user_seats(state, user, card->id))
            return sp_compare_failed("concert %u: user %u has %u seats, counted were %u", card->id,
                                     user, per_user[user],
                                     sp_state_user_seats(state, user, card->id));
    return NULL;
}

/* What a card refers to exists, and its numbers are such as a host may state. */
static const char *check_card(const sp_state *state, const sp_concert_card *card)
{
    const sp_concert_spec *spec = &card->spec;
    if (card->host < 1 || card->host > sp_state_users_count(state))
        return sp_compare_failed("concert %u: its host %u is nobody", card->id, card->host);
    if (spec->category < 1 || spec->category > sp_state_categories_count(state))
        return sp_compare_failed("concert %u: there is no category %u", card->id, spec->category);
    if (!(0 < spec->start_date && spec->start_date < spec->end_date &&
          spec->end_date <= spec->concert_date && 0 < spec->cancel_until &&
          spec->cancel_until <= spec->end_date))
        return sp_compare_failed("concert %u: its dates are out of order", card->id);
    const sp_concert_card *made = card->created;
    if (made == NULL || made->created != made || made->id != card->id ||
        made->created_seq != card->created_seq || card->layout_seq < card->created_seq ||
        card->layout_seq > sp_state_concert_seq(state, card->id))
        return sp_compare_failed("concert %u: when it was made, and when laid out, can't be",
                                 card->id);
    if (card->words_reserved < sp_words_of_seats(card->seats_count))
        return sp_compare_failed("concert %u: its place has %u words", card->id,
                                 card->words_reserved);
    if (card->seats_count < 1 || card->seats_count > SP_SEATS_PER_CONCERT_MAX)
        return sp_compare_failed("concert %u: it has %u seats", card->id, card->seats_count);
    for (uint32_t i = 0; i < spec->grades_count; i++)
        if (card->grades[i].price < 0 || card->grades[i].price > SP_PRICE_MAX ||
            card->grades[i].seats_count < 1)
            return sp_compare_failed("concert %u: its grade %u can't be", card->id, i);
    return NULL;
}

/* A hold by itself; in `seats`, which the views point to. */
static const char *check_hold(const sp_state *state, const sp_hold_view *hold)
{
    const sp_concert_card *card = sp_state_concert(state, hold->concert);
    sp_user_view user;
    if (card == NULL || !sp_state_user_ever(state, hold->user, &user))
        return sp_compare_failed("hold %u: its concert or its user is none", hold->id);
    if (hold->seats_count < 1 || hold->seats_count > SP_SEATS_PER_ORDER_MAX)
        return sp_compare_failed("hold %u: it has %u seats", hold->id, hold->seats_count);
    sp_points amount = 0;
    for (uint32_t i = 0; i < hold->seats_count; i++) {
        if (hold->seats[i] >= card->seats_count || (i > 0 && hold->seats[i] <= hold->seats[i - 1]))
            return sp_compare_failed("hold %u: its seats do not ascend", hold->id);
        amount += sp_card_place(card, hold->seats[i]).grade->price;
    }
    if (amount != hold->amount)
        return sp_compare_failed("hold %u: its amount is not its seats' price", hold->id);
    /* How long it may last, and until when, may have been edited since it was taken. */
    sp_time_ms longest_ms = (sp_time_ms)SP_HOLD_SECONDS_MAX * 1000 * SP_HOLD_EXTENSION_FACTOR;
    if (hold->expires_at <= hold->created_at || hold->expires_at > hold->created_at + longest_ms ||
        hold->created_at > sp_state_time(state) || hold->seq > sp_state_seq(state))
        return sp_compare_failed("hold %u: its times can't be", hold->id);
    return NULL;
}

/* All that live, by (deadline, id), as far as the engine lists them at once; seats
 * has room for all. What is due first is what ends first. */
static const char *list_holds(const sp_state *state, sp_hold_view *holds,
                              sp_seat (*seats)[SP_SEATS_PER_ORDER_MAX], uint32_t *count)
{
    static sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    *count = sp_state_holds_due(state, SP_TIME_MAX, ids, SP_HOLDS_PER_EXPIRY_MAX);
    if (*count != sp_state_holds_count(state))
        return sp_compare_failed("%u holds live, %u end some day", sp_state_holds_count(state),
                                 *count);
    for (uint32_t i = 0; i < *count; i++) {
        const char *wrong;
        if (!sp_state_hold(state, ids[i], seats[i], &holds[i]))
            return sp_compare_failed("hold %u is to end, and does not live", ids[i]);
        if ((wrong = check_hold(state, &holds[i])) != NULL)
            return wrong;
        if (i > 0 && (holds[i].expires_at < holds[i - 1].expires_at ||
                      (holds[i].expires_at == holds[i - 1].expires_at && ids[i] <= ids[i - 1])))
            return sp_compare_failed("hold %u ends behind %u, which it should not", ids[i],
                                     ids[i - 1]);
    }
    sp_time_ms next = sp_state_next_deadline(state);
    if (next != (*count > 0 ? holds[0].expires_at : 0))
        return sp_compare_failed("the next deadline is another than that of the first hold");
    return NULL;
}

/* Everything is given back: every order, every point, every seat. */
static const char *check_cancelled(const sp_state *state, sp_concert_id id)
{
    sp_concert_totals totals;
    if (sp_state_sale(state, id) != SP_SALE_CANCELLED)
        return NULL;
    sp_state_concert_totals(state, id, &totals);
    if (totals.cancelled != totals.orders || totals.refunded != totals.amount)
        return sp_compare_failed("concert %u is cancelled, and %u of its %u orders are", id,
                                 totals.cancelled, totals.orders);
    if (sp_state_sold_count(state, id) != 0 || sp_state_held_count(state, id) != 0)
        return sp_compare_failed("concert %u is cancelled, and has %u seats sold and %u held", id,
                                 sp_state_sold_count(state, id), sp_state_held_count(state, id));
    return NULL;
}

/* The sums of a concert's orders are what its orders say. */
static const char *check_totals(const sp_state *state, sp_concert_id id)
{
    sp_concert_totals totals = {0}, shown;
    for (sp_order_id order = 1; order <= sp_state_orders_count(state); order++) {
        sp_order_view view;
        if (!sp_state_order(state, order, &view) || view.concert != id)
            continue;
        totals.orders++;
        totals.amount += view.amount;
        totals.cancelled += view.status == SP_ORDER_CANCEL;
        totals.refunded += view.status == SP_ORDER_CANCEL ? view.amount : 0;
        if ((view.status == SP_ORDER_CANCEL) != (view.cancelled_at != 0))
            return sp_compare_failed("order %u: its status and its time of cancel differ", order);
    }
    sp_state_concert_totals(state, id, &shown);
    if (totals.orders != shown.orders || totals.cancelled != shown.cancelled ||
        totals.amount != shown.amount || totals.refunded != shown.refunded)
        return sp_compare_failed("concert %u: its totals are not the sums of its orders", id);
    return NULL;
}

static const char *check_concert(const sp_state *state, sp_concert_id id, const sp_hold_view *holds,
                                 uint32_t holds_count)
{
    const sp_concert_card *card = sp_state_concert(state, id);
    uint8_t *taken = calloc(card->seats_count, 1);
    uint32_t *per_user = calloc(sp_state_users_count(state) + 1u, sizeof *per_user);
    SP_ASSERT(taken != NULL && per_user != NULL);
    const char *wrong = check_card(state, card);
    if (wrong == NULL)
        wrong = lay_orders(state, card, taken, per_user);
    if (wrong == NULL)
        wrong = lay_holds(card, taken, per_user, holds, holds_count);
    if (wrong == NULL)
        wrong = check_map(state, card, taken, per_user);
    if (wrong == NULL)
        wrong = check_totals(state, id);
    if (wrong == NULL)
        wrong = check_cancelled(state, id);
    free(taken);
    free(per_user);
    return wrong;
}

const char *sp_invariants_check(const sp_state *state)
{
    static sp_hold_view holds[SP_HOLDS_PER_EXPIRY_MAX];
    static sp_seat seats[SP_HOLDS_PER_EXPIRY_MAX][SP_SEATS_PER_ORDER_MAX];
    uint32_t holds_count = 0;
    const char *wrong = check_points(state);
    if (wrong == NULL)
        wrong = check_ledgers(state);
    if (wrong == NULL)
        wrong = list_holds(state, holds, seats, &holds_count);
    for (sp_concert_id id = 1; wrong == NULL && id <= sp_state_concerts_count(state); id++)
        wrong = check_concert(state, id, holds, holds_count);
    return wrong;
}
