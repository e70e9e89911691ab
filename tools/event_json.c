/* SPDX-License-Identifier: MIT */
#include "tools/event_json.h"

#include <sodium.h>

#include "engine/assert.h"
#include "engine/utf8.h"

static bool spec_is_utf8(const sp_concert_spec *spec)
{
    for (uint32_t g = 0; g < spec->grades_count; g++)
        if (!sp_utf8_valid(spec->grades[g].name))
            return false;
    return sp_utf8_valid(spec->name) && sp_utf8_valid(spec->description) &&
           sp_utf8_valid(spec->image_url) && sp_utf8_valid(spec->address);
}

static bool is_utf8(const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        return sp_utf8_valid(event->server_started.version);
    case SP_EVENT_CATEGORY_CREATED:
        return sp_utf8_valid(event->category_created.name);
    case SP_EVENT_CONCERT_CREATED:
        return spec_is_utf8(&event->concert_created.spec);
    case SP_EVENT_CONCERT_EDITED:
        return spec_is_utf8(&event->concert_edited.spec);
    case SP_EVENT_ORDER_CANCELLED:
        return sp_utf8_valid(event->order_cancelled.reason);
    case SP_EVENT_USER_CREATED:
    case SP_EVENT_ROLE_SET:
    case SP_EVENT_POINTS_GRANTED:
    case SP_EVENT_ORDER_PAID:
    case SP_EVENT_USER_ERASED:
    case SP_EVENT_HOLD_TAKEN:
    case SP_EVENT_HOLD_EXTENDED:
    case SP_EVENT_HOLD_RELEASED:
    case SP_EVENT_HOLDS_EXPIRED:
    case SP_EVENT_CONCERT_PAUSED:
    case SP_EVENT_CONCERT_RESUMED:
    case SP_EVENT_CONCERT_CANCELLED:
        return true;
    }
    return false;
}

static void write_null(sp_json_writer *w, const char *key)
{
    sp_json_key(w, key);
    sp_json_null(w);
}

static void write_grades(sp_json_writer *w, const sp_concert_spec *spec)
{
    sp_json_key(w, "grades");
    sp_json_array(w);
    for (uint32_t g = 0; g < spec->grades_count; g++) {
        const sp_grade_spec *grade = &spec->grades[g];
        sp_json_object(w);
        sp_json_put_text(w, "name", grade->name);
        sp_json_put_integer(w, "price", grade->price);
        sp_json_key(w, "rows");
        sp_json_array(w);
        for (uint32_t r = 0; r < grade->rows_count; r++)
            sp_json_integer(w, grade->row_sizes[r]);
        sp_json_array_end(w);
        sp_json_object_end(w);
    }
    sp_json_array_end(w);
}

/* All of a concert's fields; no grades where they stay as they were. */
static void write_spec(sp_json_writer *w, const sp_concert_spec *spec)
{
    sp_json_put_id(w, "category", spec->category);
    sp_json_put_text(w, "name", spec->name);
    sp_json_put_text(w, "description", spec->description);
    sp_json_put_text(w, "imageUrl", spec->image_url);
    sp_json_put_text(w, "address", spec->address);
    sp_json_put_integer(w, "runningTime", spec->running_time_min);
    sp_json_put_string(w, "ageLimit", sp_age_limit_name(spec->age_limit));
    sp_json_put_time(w, "startDate", spec->start_date);
    sp_json_put_time(w, "endDate", spec->end_date);
    sp_json_put_time(w, "concertDate", spec->concert_date);
    sp_json_put_time(w, "cancelUntil", spec->cancel_until);
    sp_json_put_integer(w, "maxSeatsPerUser", spec->max_seats_per_user);
    sp_json_put_integer(w, "holdSeconds", spec->hold_seconds);
    sp_json_key(w, "noOrphans");
    sp_json_boolean(w, spec->no_orphans);
    if (spec->grades_count) {
        write_grades(w, spec);
    } else {
        write_null(w, "grades");
    }
}

static void write_seats(sp_json_writer *w, const sp_seat *seats, uint32_t count)
{
    sp_json_key(w, "seats");
    sp_json_array(w);
    for (uint32_t i = 0; i < count; i++)
        sp_json_integer(w, seats[i]);
    sp_json_array_end(w);
}

static void write_hash(sp_json_writer *w, const char *key, const sp_hash128 *hash)
{
    char hex[2 * sizeof(sp_hash128) + 1];
    sodium_bin2hex(hex, sizeof hex, hash->bytes, sizeof hash->bytes);
    sp_json_put_string(w, key, hex);
}

static void write_order(sp_json_writer *w, const sp_event *event)
{
    sp_json_put_id(w, "order", event->order_paid.order);
    sp_json_put_id(w, "concert", event->order_paid.concert);
    sp_json_put_id(w, "buyer", event->order_paid.buyer);
    sp_json_put_integer(w, "amount", event->order_paid.amount);
    write_seats(w, event->order_paid.seats, event->order_paid.seats_count);
    if (event->order_paid.hold != 0)
        sp_json_put_id(w, "hold", event->order_paid.hold);
    else
        write_null(w, "hold");
    if (event->order_paid.job.present)
        write_hash(w, "job", &event->order_paid.job.id);
    else
        write_null(w, "job");
}

static void write_hold_taken(sp_json_writer *w, const sp_event *event)
{
    sp_json_put_id(w, "hold", event->hold_taken.hold);
    sp_json_put_id(w, "concert", event->hold_taken.concert);
    sp_json_put_id(w, "user", event->hold_taken.user);
    sp_json_put_integer(w, "amount", event->hold_taken.amount);
    sp_json_put_time(w, "expiresAt", event->hold_taken.expires_at);
    write_seats(w, event->hold_taken.seats, event->hold_taken.seats_count);
}

static void write_holds_expired(sp_json_writer *w, const sp_event *event)
{
    sp_json_key(w, "holds");
    sp_json_array(w);
    for (uint32_t i = 0; i < event->holds_expired.holds_count; i++)
        sp_json_id(w, event->holds_expired.holds[i]);
    sp_json_array_end(w);
}

static void write_data(sp_json_writer *w, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        sp_json_put_text(w, "version", event->server_started.version);
        write_hash(w, "epoch", &event->server_started.epoch);
        return;
    case SP_EVENT_USER_CREATED:
        sp_json_put_id(w, "user", event->user_created.user);
        sp_json_put_string(w, "role", sp_role_name(event->user_created.role));
        sp_json_put_integer(w, "points", event->user_created.points);
        return;
    case SP_EVENT_ROLE_SET:
        sp_json_put_id(w, "user", event->role_set.user);
        sp_json_put_string(w, "role", sp_role_name(event->role_set.role));
        return;
    case SP_EVENT_POINTS_GRANTED:
        sp_json_put_id(w, "user", event->points_granted.user);
        sp_json_put_integer(w, "amount", event->points_granted.amount);
        return;
    case SP_EVENT_CATEGORY_CREATED:
        sp_json_put_id(w, "category", event->category_created.category);
        sp_json_put_text(w, "name", event->category_created.name);
        return;
    case SP_EVENT_CONCERT_CREATED:
        sp_json_put_id(w, "concert", event->concert_created.concert);
        sp_json_put_id(w, "host", event->concert_created.host);
        write_spec(w, &event->concert_created.spec);
        return;
    case SP_EVENT_CONCERT_EDITED:
        sp_json_put_id(w, "concert", event->concert_edited.concert);
        write_spec(w, &event->concert_edited.spec);
        return;
    case SP_EVENT_CONCERT_PAUSED:
        sp_json_put_id(w, "concert", event->concert_paused.concert);
        return;
    case SP_EVENT_CONCERT_RESUMED:
        sp_json_put_id(w, "concert", event->concert_resumed.concert);
        return;
    case SP_EVENT_CONCERT_CANCELLED:
        sp_json_put_id(w, "concert", event->concert_cancelled.concert);
        sp_json_put_integer(w, "orders", event->concert_cancelled.orders_count);
        sp_json_put_integer(w, "amount", event->concert_cancelled.amount);
        sp_json_put_integer(w, "seatsHeld", event->concert_cancelled.seats_held_count);
        return;
    case SP_EVENT_ORDER_PAID:
        write_order(w, event);
        return;
    case SP_EVENT_ORDER_CANCELLED:
        sp_json_put_id(w, "order", event->order_cancelled.order);
        sp_json_put_integer(w, "amount", event->order_cancelled.amount);
        sp_json_put_text(w, "reason", event->order_cancelled.reason);
        return;
    case SP_EVENT_USER_ERASED:
        sp_json_put_id(w, "user", event->user_erased.user);
        return;
    case SP_EVENT_HOLD_TAKEN:
        write_hold_taken(w, event);
        return;
    case SP_EVENT_HOLD_EXTENDED:
        sp_json_put_id(w, "hold", event->hold_extended.hold);
        sp_json_put_integer(w, "taken", (int64_t)event->hold_extended.taken);
        sp_json_put_time(w, "expiresAt", event->hold_extended.expires_at);
        return;
    case SP_EVENT_HOLD_RELEASED:
        sp_json_put_id(w, "hold", event->hold_released.hold);
        return;
    case SP_EVENT_HOLDS_EXPIRED:
        write_holds_expired(w, event);
        return;
    }
    SP_ASSERT_CMP(event->type, ==, 0);
}

bool sp_event_json_write(sp_json_writer *writer, sp_out *out, const sp_event *event)
{
    if (!is_utf8(event))
        return false;
    sp_json_begin(writer, out);
    sp_json_object(writer);
    sp_json_put_integer(writer, "seq", (int64_t)event->seq);
    sp_json_put_time(writer, "time", event->time);
    sp_json_put_string(writer, "type", sp_event_name(event->type));
    if (event->actor != 0) {
        sp_json_put_id(writer, "actor", event->actor);
    } else {
        write_null(writer, "actor");
    }
    sp_json_key(writer, "data");
    sp_json_object(writer);
    write_data(writer, event);
    sp_json_object_end(writer);
    sp_json_object_end(writer);
    return true;
}
