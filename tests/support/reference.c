/* SPDX-License-Identifier: MIT */
#include "tests/support/reference.h"

#include <stdlib.h>

#include "engine/assert.h"

/* Room for one more element: grows a little at a time, which is naive enough
 * and lets the sanitizers see every index out of range. */
#define GROW(array, count)                                                   \
    do {                                                                     \
        (array) = realloc((array), ((size_t)(count) + 1) * sizeof *(array)); \
        SP_ASSERT((array) != NULL);                                          \
    } while (0)

void sp_reference_init(sp_reference *r, const sp_limits *limits)
{
    *r = (sp_reference){.limits = *limits};
}

void sp_reference_close(sp_reference *r)
{
    for (uint32_t i = 0; i < r->concerts_count; i++)
        free(r->concerts[i].seats);
    for (uint32_t i = 0; i < r->users_count; i++)
        free(r->users[i].moves);
    free(r->users);
    free(r->categories);
    free(r->concerts);
    free(r->orders);
    free(r->keys);
}

/* ---- What is counted, is counted by going through all of it. ---- */

uint32_t sp_reference_user_seats(const sp_reference *r, sp_user_id user, sp_concert_id concert)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->orders_count; i++)
        if (r->orders[i].user == user && r->orders[i].concert == concert &&
            r->orders[i].cancelled_at == 0)
            count += r->orders[i].seats_count;
    return count;
}

uint32_t sp_reference_admins_count(const sp_reference *r)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->users_count; i++)
        count += r->users[i].role == SP_ROLE_ADMIN && !r->users[i].erased;
    return count;
}

bool sp_reference_is_admin(const sp_reference *r, sp_user_id actor)
{
    return actor == 0 || r->users[actor - 1].role == SP_ROLE_ADMIN;
}

bool sp_reference_is_user(const sp_reference *r, sp_user_id user)
{
    return user >= 1 && user <= r->users_count && !r->users[user - 1].erased;
}

/* ---- Idempotency ---- */

static bool key_expired(const sp_reference_key *key, sp_time_ms now)
{
    return key->replay.time + SP_IDEMPOTENCY_TTL_MS <= now;
}

const sp_reference_key *sp_reference_key_find(const sp_reference *r, sp_user_id user,
                                              const sp_hash128 *key, sp_time_ms now)
{
    uint32_t seen = 0;
    for (uint32_t i = r->keys_count; i-- > 0 && seen < SP_IDEMPOTENCY_KEYS_PER_USER;) {
        if (r->keys[i].user != user)
            continue;
        seen++;
        if (memcmp(&r->keys[i].key, key, sizeof *key) == 0)
            return key_expired(&r->keys[i], now) ? NULL : &r->keys[i];
    }
    return NULL;
}

/* How many of the oldest records have expired at `now`. */
static uint32_t keys_expired(const sp_reference *r, sp_time_ms now)
{
    uint32_t count = 0;
    while (count < r->keys_count && key_expired(&r->keys[count], now))
        count++;
    return count;
}

bool sp_reference_keys_full(const sp_reference *r, sp_time_ms now)
{
    uint32_t capacity = 1; /* the ring is rounded up to a power of two */
    while (capacity < r->limits.idempotency_keys_max)
        capacity *= 2;
    return r->keys_count - keys_expired(r, now) == capacity;
}

/* `shown`: the user whose role and balance the success showed; 0 = nobody. */
static void key_remember(sp_reference *r, const sp_event *event, uint32_t subject, sp_user_id shown)
{
    sp_role role = (sp_role)0;
    sp_points points = 0;
    if (!event->idempotency.present)
        return;
    if (shown != 0) {
        role = r->users[shown - 1].role;
        points = r->users[shown - 1].points;
    }
    uint32_t gone = keys_expired(r, event->time);
    r->keys_count -= gone;
    if (gone > 0)
        memmove(r->keys, r->keys + gone, r->keys_count * sizeof *r->keys);
    GROW(r->keys, r->keys_count);
    r->keys[r->keys_count++] =
        (sp_reference_key){event->actor,
                           event->idempotency.key,
                           event->idempotency.request,
                           {event->type, event->seq, event->time, subject, points, role}};
}

/* ---- Applying ---- */

static void seats_lay_out(sp_reference_concert *concert, const sp_concert_spec *spec)
{
    concert->seats = NULL;
    for (uint32_t g = 0; g < spec->grades_count; g++)
        for (uint32_t row = 0; row < spec->grades[g].rows_count; row++)
            for (uint32_t n = 0; n < spec->grades[g].row_sizes[row]; n++) {
                GROW(concert->seats, concert->seats_count);
                concert->seats[concert->seats_count++] = (sp_reference_seat){
                    .price = spec->grades[g].price, .grade = g, .row = row + 1, .number = n + 1};
            }
}

static void concert_add(sp_reference *r, const sp_event *e)
{
    const sp_concert_spec *spec = &e->concert_created.spec;
    sp_reference_concert concert = {
        .host = e->concert_created.host,
        .created_at = e->time,
        .start_date = spec->start_date,
        .end_date = spec->end_date,
        .concert_date = spec->concert_date,
        .cancel_until = spec->cancel_until,
        .max_seats_per_user = spec->max_seats_per_user,
        .grades_count = spec->grades_count,
        .seq = e->seq,
    };
    for (uint32_t g = 0; g < spec->grades_count; g++)
        concert.rows_count += spec->grades[g].rows_count;
    seats_lay_out(&concert, spec);
    GROW(r->concerts, r->concerts_count);
    r->concerts[r->concerts_count++] = concert;
}

static void seats_set(sp_reference *r, const sp_reference_order *order, sp_order_id owner)
{
    sp_reference_concert *concert = &r->concerts[order->concert - 1];
    concert->seq = order->seq;
    for (uint32_t i = 0; i < order->seats_count; i++) {
        concert->seats[order->seats[i]].order = owner;
        concert->seats[order->seats[i]].seq = order->seq;
    }
}

static const char *order_pay(sp_reference *r, const sp_event *e)
{
    sp_reference_order order = {.concert = e->order_paid.concert,
                                .user = e->order_paid.buyer,
                                .amount = e->order_paid.amount,
                                .created_at = e->time,
                                .seq = e->seq,
                                .seats_count = e->order_paid.seats_count};
    if (order.concert < 1 || order.concert > r->concerts_count ||
        !sp_reference_is_user(r, order.user))
        return "an order at no concert or of nobody";
    const sp_reference_concert *concert = &r->concerts[order.concert - 1];
    sp_points amount = 0;
    for (uint32_t i = 0; i < order.seats_count; i++) {
        order.seats[i] = e->order_paid.seats[i];
        if (order.seats[i] >= concert->seats_count)
            return "a seat was sold that is none";
        if (concert->seats[order.seats[i]].order != 0)
            return "a seat was sold twice";
        amount += concert->seats[order.seats[i]].price;
    }
    if (amount != order.amount)
        return "an order was not paid with the price of its seats";
    if (r->users[order.user - 1].points < amount)
        return "an order was paid with points that were not there";
    if (e->order_paid.order != r->orders_count + 1)
        return "an order's id is not the next one";
    GROW(r->orders, r->orders_count);
    r->orders[r->orders_count++] = order;
    r->users[order.user - 1].points -= amount;
    r->users[concert->host - 1].points += amount;
    seats_set(r, &order, e->order_paid.order);
    return NULL;
}

static const char *order_give_back(sp_reference *r, const sp_event *e)
{
    sp_order_id id = e->order_cancelled.order;
    if (id < 1 || id > r->orders_count || r->orders[id - 1].cancelled_at != 0)
        return "a cancel of no live order";
    sp_reference_order *order = &r->orders[id - 1];
    if (order->amount != e->order_cancelled.amount)
        return "a refund of another amount than was paid";
    order->cancelled_at = e->time;
    order->seq = e->seq;
    r->users[order->user - 1].points += order->amount;
    r->users[r->concerts[order->concert - 1].host - 1].points -= order->amount;
    seats_set(r, order, 0);
    return NULL;
}

static void user_add(sp_reference *r, const sp_event *e)
{
    GROW(r->users, r->users_count);
    r->users[r->users_count++] = (sp_reference_user){
        .role = e->user_created.role, .points = e->user_created.points, .created_at = e->time};
    r->granted += e->user_created.points;
}

static void category_add(sp_reference *r, sp_text name)
{
    GROW(r->categories, r->categories_count);
    sp_reference_category *category = &r->categories[r->categories_count++];
    category->size = name.size;
    memcpy(category->name, name.bytes, name.size);
}

const char *sp_reference_apply(sp_reference *r, const sp_event *e)
{
    const char *wrong = NULL;
    uint32_t subject = 0;
    sp_user_id shown = 0;
    if (e->seq != r->seq + 1 || e->time < r->time)
        return "an event out of order";
    switch (e->type) {
    case SP_EVENT_SERVER_STARTED:
        break;
    case SP_EVENT_USER_CREATED:
        user_add(r, e);
        subject = r->users_count;
        break;
    case SP_EVENT_ROLE_SET:
        subject = shown = e->role_set.user;
        r->users[subject - 1].role = e->role_set.role;
        break;
    case SP_EVENT_POINTS_GRANTED:
        subject = shown = e->points_granted.user;
        r->granted += e->points_granted.amount;
        r->users[subject - 1].points += e->points_granted.amount;
        break;
    case SP_EVENT_CATEGORY_CREATED:
        category_add(r, e->category_created.name);
        subject = r->categories_count;
        break;
    case SP_EVENT_CONCERT_CREATED:
        concert_add(r, e);
        subject = r->concerts_count;
        break;
    case SP_EVENT_ORDER_PAID:
        wrong = order_pay(r, e);
        subject = e->order_paid.order;
        break;
    case SP_EVENT_ORDER_CANCELLED:
        wrong = order_give_back(r, e);
        subject = e->order_cancelled.order;
        break;
    case SP_EVENT_USER_ERASED:
        subject = e->user_erased.user;
        if (!sp_reference_is_user(r, subject) || e->actor != subject)
            return "an erased user who was none, or by another";
        r->users[subject - 1].erased = true;
        break;
    }
    if (wrong != NULL)
        return wrong;
    sp_reference_note(r, e);
    key_remember(r, e, subject, shown);
    r->seq = e->seq;
    r->time = e->time;
    return NULL;
}

/* ---- Queries ---- */

static bool user_ever(const sp_reference *r, sp_user_id user)
{
    return user >= 1 && user <= r->users_count;
}

/* Whose orders, of which concert: 0 = all. */
static bool listed(const sp_reference_order *order, sp_user_id user, sp_concert_id concert)
{
    return (user == 0 || order->user == user) && (concert == 0 || order->concert == concert);
}

static sp_user_id orders_of(const sp_command *q)
{
    return q->query_orders.user != 0 ? q->query_orders.user : q->actor;
}

sp_outcome sp_reference_query(const sp_reference *r, const sp_command *q)
{
    if (q->actor != 0 && !sp_reference_is_user(r, q->actor))
        return SP_TOKEN_INVALID;
    bool admin = sp_reference_is_admin(r, q->actor);
    sp_user_id user = q->query_user.user != 0 ? q->query_user.user : q->actor;
    sp_order_id order = q->query_order.order;
    sp_concert_id concert = q->query_concert_orders.concert;
    switch (q->type) {
    case SP_QUERY_USER:
        if (user != q->actor && !admin)
            return SP_ROLE_REQUIRED;
        return sp_reference_is_user(r, user) ? SP_OK : SP_USER_UNKNOWN;
    case SP_QUERY_USERS:
        return admin ? SP_OK : SP_ROLE_REQUIRED;
    case SP_QUERY_LEDGER:
        return SP_OK;
    case SP_QUERY_ORDER:
        if (order < 1 || order > r->orders_count)
            return SP_ORDER_UNKNOWN;
        return r->orders[order - 1].user == q->actor || admin ? SP_OK : SP_ORDER_UNKNOWN;
    case SP_QUERY_ORDERS:
        if (orders_of(q) != q->actor && !admin)
            return SP_ROLE_REQUIRED;
        return orders_of(q) == 0 || user_ever(r, orders_of(q)) ? SP_OK : SP_USER_UNKNOWN;
    case SP_QUERY_CONCERT_ORDERS:
        if (concert < 1 || concert > r->concerts_count)
            return SP_CONCERT_UNKNOWN;
        return r->concerts[concert - 1].host == q->actor || admin ? SP_OK : SP_NOT_OWNER;
    default:
        return SP_INTERNAL;
    }
}

uint32_t sp_reference_query_orders(const sp_reference *r, const sp_command *q, sp_order_id *ids,
                                   sp_order_id *next)
{
    bool own = q->type == SP_QUERY_ORDERS;
    sp_user_id user = own ? orders_of(q) : 0;
    sp_concert_id concert = own ? 0 : q->query_concert_orders.concert;
    sp_order_id before = own ? q->query_orders.before : q->query_concert_orders.before;
    uint32_t count_max = own ? q->query_orders.count_max : q->query_concert_orders.count_max;
    uint32_t count = 0;
    *next = 0;
    if (own && user == 0)
        return 0; /* the operator orders nothing */
    if (before != 0 && (before > r->orders_count || !listed(&r->orders[before - 1], user, concert)))
        return 0; /* behind what is not on this list there is nothing */
    for (sp_order_id id = r->orders_count; id >= 1; id--) {
        if (!listed(&r->orders[id - 1], user, concert) || (before != 0 && id >= before))
            continue;
        if (count == count_max) {
            *next = ids[count - 1]; /* there is more: go on below the last */
            break;
        }
        ids[count++] = id;
    }
    return count;
}

uint32_t sp_reference_query_users(const sp_reference *r, const sp_command *q, sp_user_id *ids,
                                  sp_user_id *next)
{
    uint32_t count = 0;
    *next = 0;
    for (sp_user_id id = 1; id <= r->users_count; id++) {
        if (id <= q->query_users.after || !sp_reference_is_user(r, id))
            continue;
        if (count == q->query_users.count_max) {
            *next = ids[count - 1];
            break;
        }
        ids[count++] = id;
    }
    return count;
}
