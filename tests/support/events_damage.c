/* SPDX-License-Identifier: MIT */
#include "tests/support/events.h"

static uint64_t damage_number(sp_random *random, uint64_t value, uint64_t max)
{
    switch (sp_random_below(random, 5)) {
    case 0:
        return value - 1 > max ? max : value - 1;
    case 1:
        return value == max ? 0 : value + 1;
    case 2:
        return 0;
    case 3:
        return max;
    default:
        return (uint64_t)sp_random_edge(random, 0, (int64_t)(max >> 1));
    }
}

static uint32_t damage_u32(sp_random *random, uint32_t value)
{
    return (uint32_t)damage_number(random, value, UINT32_MAX);
}

static int64_t damage_i64(sp_random *random, int64_t value)
{
    if (sp_random_once_in(random, 8))
        return ~value;
    return (int64_t)damage_number(random, (uint64_t)value, INT64_MAX);
}

/* Shorter, absent, or with a byte that no UTF-8 has. Never longer: the bytes
 * behind it are not its own. The copy's bytes are ours to write to. */
static void damage_text(sp_random *random, sp_text *text)
{
    if (text->bytes == NULL || text->size == 0)
        return;
    switch (sp_random_below(random, 3)) {
    case 0:
        text->size = (uint32_t)sp_random_below(random, text->size);
        break;
    case 1:
        *text = (sp_text){NULL, 0};
        break;
    default: {
        char *bytes = (char *)(uintptr_t)text->bytes;
        bytes[sp_random_below(random, text->size)] ^= (char)(1u << sp_random_below(random, 8));
        break;
    }
    }
}

static void damage_head(sp_random *random, sp_event *e)
{
    switch (sp_random_below(random, 4)) {
    case 0:
        e->seq = damage_number(random, e->seq, UINT64_MAX);
        break;
    case 1:
        e->time = damage_i64(random, e->time);
        break;
    case 2:
        e->actor = damage_u32(random, e->actor);
        break;
    default:
        e->idempotency.present = !e->idempotency.present;
        break;
    }
}

static void damage_grade(sp_random *random, sp_concert_spec *spec)
{
    if (spec->grades_count == 0)
        return;
    sp_grade_spec *grades = (sp_grade_spec *)(uintptr_t)spec->grades;
    sp_grade_spec *grade = &grades[sp_random_below(random, spec->grades_count)];
    uint32_t *rows = (uint32_t *)(uintptr_t)grade->row_sizes;
    switch (sp_random_below(random, 4)) {
    case 0:
        damage_text(random, &grade->name);
        break;
    case 1:
        grade->price = damage_i64(random, grade->price);
        break;
    case 2:
        if (grade->rows_count > 0)
            grade->rows_count = (uint32_t)sp_random_below(random, grade->rows_count);
        break;
    default:
        if (grade->rows_count > 0) {
            uint32_t i = (uint32_t)sp_random_below(random, grade->rows_count);
            rows[i] = damage_u32(random, rows[i]);
        }
        break;
    }
}

static void damage_spec(sp_random *random, sp_concert_spec *spec)
{
    switch (sp_random_below(random, 16)) {
    case 0:
        spec->category = damage_u32(random, spec->category);
        break;
    case 1:
        damage_text(random, &spec->name);
        break;
    case 2:
        damage_text(random, &spec->description);
        break;
    case 3:
        damage_text(random, &spec->image_url);
        break;
    case 4:
        damage_text(random, &spec->address);
        break;
    case 5:
        spec->running_time_min = damage_u32(random, spec->running_time_min);
        break;
    case 6:
        spec->age_limit = (sp_age_limit)sp_random_below(random, 7);
        break;
    case 7:
        spec->start_date = damage_i64(random, spec->start_date);
        break;
    case 8:
        spec->end_date = damage_i64(random, spec->end_date);
        break;
    case 9:
        spec->concert_date = damage_i64(random, spec->concert_date);
        break;
    case 10:
        spec->cancel_until = damage_i64(random, spec->cancel_until);
        break;
    case 11:
        spec->max_seats_per_user = damage_u32(random, spec->max_seats_per_user);
        break;
    case 12:
        spec->hold_seconds = damage_u32(random, spec->hold_seconds);
        break;
    case 13:
        spec->grades_count = (uint32_t)sp_random_below(random, spec->grades_count + 1u);
        break;
    default:
        damage_grade(random, spec);
        break;
    }
}

/* Another number of them, or another one among them. Of seats and of holds. */
static void damage_list(sp_random *random, const uint32_t *list, uint32_t *count)
{
    uint32_t *items = (uint32_t *)(uintptr_t)list;
    if (*count == 0 || sp_random_once_in(random, 4)) {
        *count = (uint32_t)sp_random_below(random, *count + 1u);
        return;
    }
    uint32_t i = (uint32_t)sp_random_below(random, *count);
    uint32_t j = (uint32_t)sp_random_below(random, *count), kept = items[i];
    if (i == j || sp_random_once_in(random, 2)) {
        items[i] = damage_u32(random, items[i]);
        return;
    }
    items[i] = items[j];
    items[j] = kept;
}

static void damage_order(sp_random *random, sp_event *e)
{
    switch (sp_random_below(random, 8)) {
    case 0:
        e->order_paid.order = damage_u32(random, e->order_paid.order);
        break;
    case 1:
        e->order_paid.concert = damage_u32(random, e->order_paid.concert);
        break;
    case 2:
        e->order_paid.buyer = damage_u32(random, e->order_paid.buyer);
        break;
    case 3:
        e->order_paid.amount = damage_i64(random, e->order_paid.amount);
        break;
    case 4:
        e->order_paid.hold = damage_u32(random, e->order_paid.hold);
        break;
    case 5:
        e->order_paid.job.present = !e->order_paid.job.present;
        break;
    default:
        damage_list(random, e->order_paid.seats, &e->order_paid.seats_count);
        break;
    }
}

static void damage_hold(sp_random *random, sp_event *e)
{
    switch (sp_random_below(random, 7)) {
    case 0:
        e->hold_taken.hold = damage_u32(random, e->hold_taken.hold);
        break;
    case 1:
        e->hold_taken.concert = damage_u32(random, e->hold_taken.concert);
        break;
    case 2:
        e->hold_taken.user = damage_u32(random, e->hold_taken.user);
        break;
    case 3:
        e->hold_taken.amount = damage_i64(random, e->hold_taken.amount);
        break;
    case 4:
        e->hold_taken.expires_at = damage_i64(random, e->hold_taken.expires_at);
        break;
    default:
        damage_list(random, e->hold_taken.seats, &e->hold_taken.seats_count);
        break;
    }
}

static void damage_extension(sp_random *random, sp_event *e)
{
    switch (sp_random_below(random, 3)) {
    case 0:
        e->hold_extended.hold = damage_u32(random, e->hold_extended.hold);
        break;
    case 1:
        e->hold_extended.taken = damage_number(random, e->hold_extended.taken, UINT64_MAX);
        break;
    default:
        e->hold_extended.expires_at = damage_i64(random, e->hold_extended.expires_at);
        break;
    }
}

static void damage_concert_cancelled(sp_random *random, sp_event *e)
{
    switch (sp_random_below(random, 4)) {
    case 0:
        e->concert_cancelled.concert = damage_u32(random, e->concert_cancelled.concert);
        break;
    case 1:
        e->concert_cancelled.orders_count = damage_u32(random, e->concert_cancelled.orders_count);
        break;
    case 2:
        e->concert_cancelled.amount = damage_i64(random, e->concert_cancelled.amount);
        break;
    default:
        e->concert_cancelled.seats_held_count =
            damage_u32(random, e->concert_cancelled.seats_held_count);
        break;
    }
}

static void damage_body(sp_random *random, sp_event *e)
{
    bool first = sp_random_once_in(random, 2);
    switch (e->type) {
    case SP_EVENT_SERVER_STARTED:
        damage_text(random, &e->server_started.version);
        break;
    case SP_EVENT_USER_CREATED:
        if (first)
            e->user_created.role = (sp_role)sp_random_below(random, 6);
        else
            e->user_created.points = damage_i64(random, e->user_created.points);
        break;
    case SP_EVENT_ROLE_SET:
        if (first)
            e->role_set.user = damage_u32(random, e->role_set.user);
        else
            e->role_set.role = (sp_role)sp_random_below(random, 6);
        break;
    case SP_EVENT_POINTS_GRANTED:
        if (first)
            e->points_granted.user = damage_u32(random, e->points_granted.user);
        else
            e->points_granted.amount = damage_i64(random, e->points_granted.amount);
        break;
    case SP_EVENT_CATEGORY_CREATED:
        if (first)
            e->category_created.category = damage_u32(random, e->category_created.category);
        else
            damage_text(random, &e->category_created.name);
        break;
    case SP_EVENT_CONCERT_CREATED:
        damage_spec(random, &e->concert_created.spec);
        break;
    case SP_EVENT_CONCERT_EDITED:
        if (sp_random_once_in(random, 8))
            e->concert_edited.concert = damage_u32(random, e->concert_edited.concert);
        else
            damage_spec(random, &e->concert_edited.spec);
        break;
    case SP_EVENT_CONCERT_PAUSED:
        e->concert_paused.concert = damage_u32(random, e->concert_paused.concert);
        break;
    case SP_EVENT_CONCERT_RESUMED:
        e->concert_resumed.concert = damage_u32(random, e->concert_resumed.concert);
        break;
    case SP_EVENT_CONCERT_CANCELLED:
        damage_concert_cancelled(random, e);
        break;
    case SP_EVENT_ORDER_PAID:
        damage_order(random, e);
        break;
    case SP_EVENT_ORDER_CANCELLED:
        if (first)
            e->order_cancelled.order = damage_u32(random, e->order_cancelled.order);
        else
            e->order_cancelled.amount = damage_i64(random, e->order_cancelled.amount);
        break;
    case SP_EVENT_HOLD_TAKEN:
        damage_hold(random, e);
        break;
    case SP_EVENT_HOLD_EXTENDED:
        damage_extension(random, e);
        break;
    case SP_EVENT_HOLD_RELEASED:
        e->hold_released.hold = damage_u32(random, e->hold_released.hold);
        break;
    case SP_EVENT_HOLDS_EXPIRED:
        damage_list(random, e->holds_expired.holds, &e->holds_expired.holds_count);
        break;
    case SP_EVENT_USER_ERASED: /* another, or another by himself */
        e->user_erased.user = first ? damage_u32(random, e->user_erased.user)
                                    : (sp_user_id)sp_random_below(random, 30);
        if (!first)
            e->actor = e->user_erased.user;
        break;
    }
}

void sp_event_damage(sp_random *random, sp_event *copy)
{
    uint64_t count = 1 + sp_random_below(random, 3);
    for (uint64_t i = 0; i < count; i++)
        if (sp_random_once_in(random, 4))
            damage_head(random, copy);
        else
            damage_body(random, copy);
}
