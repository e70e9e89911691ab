/* SPDX-License-Identifier: MIT */
#include "tests/support/reference_private.h"

void sp_reference_init(sp_reference *r, const sp_limits *limits)
{
    *r = (sp_reference){.limits = *limits};
}

void sp_reference_close(sp_reference *r)
{
    for (uint32_t i = 0; i < r->concerts_count; i++)
        sp_reference_concert_close(&r->concerts[i]);
    for (uint32_t i = 0; i < r->users_count; i++)
        free(r->users[i].moves);
    free(r->users);
    free(r->categories);
    free(r->concerts);
    free(r->orders);
    free(r->holds);
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
    for (uint32_t i = 0; i < r->holds_count; i++)
        if (r->holds[i].user == user && r->holds[i].concert == concert &&
            r->holds[i].status == SP_REFERENCE_LIVES)
            count += r->holds[i].seats_count;
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

/* `shown`: the user whose role and balance the success showed; 0 = nobody. Of a hold
 * it showed until when. */
static void key_remember(sp_reference *r, const sp_event *event, uint32_t subject, sp_user_id shown)
{
    sp_role role = (sp_role)0;
    int64_t value = 0;
    if (!event->idempotency.present)
        return;
    if (shown != 0) {
        role = r->users[shown - 1].role;
        value = r->users[shown - 1].points;
    }
    if (event->type == SP_EVENT_HOLD_TAKEN)
        value = event->hold_taken.expires_at;
    if (event->type == SP_EVENT_HOLD_EXTENDED)
        value = event->hold_extended.expires_at;
    uint32_t gone = keys_expired(r, event->time);
    r->keys_count -= gone;
    if (gone > 0)
        memmove(r->keys, r->keys + gone, r->keys_count * sizeof *r->keys);
    SP_REFERENCE_GROW(r->keys, r->keys_count);
    r->keys[r->keys_count++] =
        (sp_reference_key){event->actor,
                           event->idempotency.key,
                           event->idempotency.request,
                           {event->type, event->seq, event->time, subject, value, role}};
}

/* ---- Applying ---- */

void sp_reference_seats_set(sp_reference *r, sp_concert_id id, const sp_seat *seats, uint32_t count,
                            sp_order_id order, sp_hold_id hold, sp_seq seq)
{
    sp_reference_concert *concert = &r->concerts[id - 1];
    concert->seq = seq;
    for (uint32_t i = 0; i < count; i++) {
        concert->seats[seats[i]].order = order;
        concert->seats[seats[i]].hold = hold;
        concert->seats[seats[i]].seq = seq;
    }
}

/* Free seats, or all those of the hold that is bought. */
static const char *check_sold(const sp_reference *r, const sp_event *e)
{
    const sp_reference_concert *concert = &r->concerts[e->order_paid.concert - 1];
    sp_points amount = 0;
    if (concert->sale != SP_SALE_OPEN)
        return "a seat was sold at a concert that is paused or cancelled";
    if (e->time < concert->start_date || e->time >= concert->end_date)
        return "a seat was sold outside the window";
    for (uint32_t i = 0; i < e->order_paid.seats_count; i++) {
        sp_seat seat = e->order_paid.seats[i];
        if (seat >= concert->seats_count)
            return "a seat was sold that is none";
        if (concert->seats[seat].order != 0)
            return "a seat was sold twice";
        if (concert->seats[seat].hold != e->order_paid.hold)
            return "a seat was sold that another holds, or not to who holds it";
        amount += concert->seats[seat].price;
    }
    if (amount != e->order_paid.amount)
        return "an order was not paid with the price of its seats";
    if (r->users[e->order_paid.buyer - 1].points < amount)
        return "an order was paid with points that were not there";
    return NULL;
}

static const char *order_pay(sp_reference *r, const sp_event *e)
{
    sp_reference_order order = {.concert = e->order_paid.concert,
                                .user = e->order_paid.buyer,
                                .amount = e->order_paid.amount,
                                .created_at = e->time,
                                .seq = e->seq,
                                .job = e->order_paid.job,
                                .seats_count = e->order_paid.seats_count};
    const char *wrong;
    if (order.concert < 1 || order.concert > r->concerts_count ||
        !sp_reference_is_user(r, order.user))
        return "an order at no concert or of nobody";
    if (e->order_paid.order != r->orders_count + 1)
        return "an order's id is not the next one";
    if ((wrong = check_sold(r, e)) != NULL)
        return wrong;
    if (e->order_paid.hold != 0 && (wrong = sp_reference_hold_buy(r, e)) != NULL)
        return wrong;
    memcpy(order.seats, e->order_paid.seats, order.seats_count * sizeof *order.seats);
    SP_REFERENCE_GROW(r->orders, r->orders_count);
    r->orders[r->orders_count++] = order;
    r->users[order.user - 1].points -= order.amount;
    r->users[r->concerts[order.concert - 1].host - 1].points += order.amount;
    sp_reference_seats_set(r, order.concert, order.seats, order.seats_count, r->orders_count, 0,
                           e->seq);
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
    sp_reference_seats_set(r, order->concert, order->seats, order->seats_count, 0, 0, e->seq);
    return NULL;
}

static void user_add(sp_reference *r, const sp_event *e)
{
    SP_REFERENCE_GROW(r->users, r->users_count);
    r->users[r->users_count++] = (sp_reference_user){
        .role = e->user_created.role, .points = e->user_created.points, .created_at = e->time};
    r->granted += e->user_created.points;
}

static void category_add(sp_reference *r, sp_text name)
{
    SP_REFERENCE_GROW(r->categories, r->categories_count);
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
    if ((wrong = sp_reference_check_overdue(r, e)) != NULL)
        return wrong;
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
        wrong = sp_reference_concert_create(r, e);
        subject = r->concerts_count;
        break;
    case SP_EVENT_CONCERT_EDITED:
        wrong = sp_reference_concert_edit(r, e);
        subject = e->concert_edited.concert;
        break;
    case SP_EVENT_CONCERT_PAUSED:
        wrong = sp_reference_concert_pause(r, e);
        subject = e->concert_paused.concert;
        break;
    case SP_EVENT_CONCERT_RESUMED:
        wrong = sp_reference_concert_resume(r, e);
        subject = e->concert_resumed.concert;
        break;
    case SP_EVENT_CONCERT_CANCELLED:
        wrong = sp_reference_concert_cancel(r, e);
        subject = e->concert_cancelled.concert;
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
    case SP_EVENT_HOLD_TAKEN:
        wrong = sp_reference_hold_take(r, e);
        subject = e->hold_taken.hold;
        break;
    case SP_EVENT_HOLD_EXTENDED:
        wrong = sp_reference_hold_extend(r, e);
        subject = e->hold_extended.hold;
        break;
    case SP_EVENT_HOLD_RELEASED:
        wrong = sp_reference_hold_release(r, e);
        subject = e->hold_released.hold;
        break;
    case SP_EVENT_HOLDS_EXPIRED:
        wrong = sp_reference_holds_expire(r, e);
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
