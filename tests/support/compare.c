/* SPDX-License-Identifier: MIT */
#include "tests/support/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* NULL if both are equal, else what differs and how. */
#define EQUAL(what, expected, actual)                                                        \
    do {                                                                                     \
        int64_t left_ = (int64_t)(expected), right_ = (int64_t)(actual);                     \
        if (left_ != right_)                                                                 \
            return sp_compare_failed("%s: expected %" PRId64 ", is %" PRId64, (what), left_, \
                                     right_);                                                \
    } while (0)

#define PASS_ON(call)                 \
    do {                              \
        const char *failed_ = (call); \
        if (failed_ != NULL)          \
            return failed_;           \
    } while (0)

const char *sp_compare_failed(const char *format, ...)
{
    static char buffer[1024];
    va_list list;
    va_start(list, format);
    vsnprintf(buffer, sizeof buffer, format, list);
    va_end(list);
    return buffer;
}

static const char *compare_text(const char *what, sp_text expected, sp_text actual)
{
    EQUAL(what, expected.bytes != NULL, actual.bytes != NULL);
    if (!sp_text_equal(expected, actual))
        return sp_compare_failed("%s: expected \"%.*s\", is \"%.*s\"", what, (int)expected.size,
                                 expected.bytes, (int)actual.size, actual.bytes);
    return NULL;
}

static const char *compare_hash(const char *what, const sp_hash128 *expected,
                                const sp_hash128 *actual)
{
    EQUAL(what, 0, memcmp(expected, actual, sizeof *expected));
    return NULL;
}

static const char *compare_seats(const sp_seat *expected, uint32_t expected_count,
                                 const sp_seat *actual, uint32_t actual_count)
{
    EQUAL("how many seats", expected_count, actual_count);
    for (uint32_t i = 0; i < expected_count; i++)
        EQUAL("a seat", expected[i], actual[i]);
    return NULL;
}

static const char *compare_spec(const sp_concert_spec *expected, const sp_concert_spec *actual)
{
    EQUAL("category", expected->category, actual->category);
    PASS_ON(compare_text("name", expected->name, actual->name));
    PASS_ON(compare_text("description", expected->description, actual->description));
    PASS_ON(compare_text("image_url", expected->image_url, actual->image_url));
    PASS_ON(compare_text("address", expected->address, actual->address));
    EQUAL("running_time_min", expected->running_time_min, actual->running_time_min);
    EQUAL("age_limit", expected->age_limit, actual->age_limit);
    EQUAL("start_date", expected->start_date, actual->start_date);
    EQUAL("end_date", expected->end_date, actual->end_date);
    EQUAL("concert_date", expected->concert_date, actual->concert_date);
    EQUAL("cancel_until", expected->cancel_until, actual->cancel_until);
    EQUAL("max_seats_per_user", expected->max_seats_per_user, actual->max_seats_per_user);
    EQUAL("hold_seconds", expected->hold_seconds, actual->hold_seconds);
    EQUAL("no_orphans", expected->no_orphans, actual->no_orphans);
    EQUAL("grades_count", expected->grades_count, actual->grades_count);
    for (uint32_t g = 0; g < expected->grades_count; g++) {
        const sp_grade_spec *left = &expected->grades[g], *right = &actual->grades[g];
        PASS_ON(compare_text("grade's name", left->name, right->name));
        EQUAL("grade's price", left->price, right->price);
        EQUAL("grade's rows_count", left->rows_count, right->rows_count);
        for (uint32_t i = 0; i < left->rows_count; i++)
            EQUAL("row's size", left->row_sizes[i], right->row_sizes[i]);
    }
    return NULL;
}

static const char *compare_event_fields(const sp_event *expected, const sp_event *actual)
{
    switch (expected->type) {
    case SP_EVENT_SERVER_STARTED:
        PASS_ON(compare_text("version", expected->server_started.version,
                             actual->server_started.version));
        return compare_hash("epoch", &expected->server_started.epoch,
                            &actual->server_started.epoch);
    case SP_EVENT_USER_CREATED:
        EQUAL("user", expected->user_created.user, actual->user_created.user);
        EQUAL("role", expected->user_created.role, actual->user_created.role);
        EQUAL("points", expected->user_created.points, actual->user_created.points);
        return NULL;
    case SP_EVENT_ROLE_SET:
        EQUAL("user", expected->role_set.user, actual->role_set.user);
        EQUAL("role", expected->role_set.role, actual->role_set.role);
        return NULL;
    case SP_EVENT_POINTS_GRANTED:
        EQUAL("user", expected->points_granted.user, actual->points_granted.user);
        EQUAL("amount", expected->points_granted.amount, actual->points_granted.amount);
        return NULL;
    case SP_EVENT_CATEGORY_CREATED:
        EQUAL("category", expected->category_created.category, actual->category_created.category);
        return compare_text("name", expected->category_created.name, actual->category_created.name);
    case SP_EVENT_CONCERT_CREATED:
        EQUAL("concert", expected->concert_created.concert, actual->concert_created.concert);
        EQUAL("host", expected->concert_created.host, actual->concert_created.host);
        return compare_spec(&expected->concert_created.spec, &actual->concert_created.spec);
    case SP_EVENT_CONCERT_EDITED:
        EQUAL("concert", expected->concert_edited.concert, actual->concert_edited.concert);
        return compare_spec(&expected->concert_edited.spec, &actual->concert_edited.spec);
    case SP_EVENT_CONCERT_PAUSED:
        EQUAL("concert", expected->concert_paused.concert, actual->concert_paused.concert);
        return NULL;
    case SP_EVENT_CONCERT_RESUMED:
        EQUAL("concert", expected->concert_resumed.concert, actual->concert_resumed.concert);
        return NULL;
    case SP_EVENT_CONCERT_CANCELLED:
        EQUAL("concert", expected->concert_cancelled.concert, actual->concert_cancelled.concert);
        EQUAL("orders refunded", expected->concert_cancelled.orders_count,
              actual->concert_cancelled.orders_count);
        EQUAL("amount refunded", expected->concert_cancelled.amount,
              actual->concert_cancelled.amount);
        EQUAL("seats held", expected->concert_cancelled.seats_held_count,
              actual->concert_cancelled.seats_held_count);
        return NULL;
    case SP_EVENT_ORDER_PAID:
        EQUAL("order", expected->order_paid.order, actual->order_paid.order);
        EQUAL("concert", expected->order_paid.concert, actual->order_paid.concert);
        EQUAL("buyer", expected->order_paid.buyer, actual->order_paid.buyer);
        EQUAL("amount", expected->order_paid.amount, actual->order_paid.amount);
        EQUAL("hold", expected->order_paid.hold, actual->order_paid.hold);
        EQUAL("of a job", expected->order_paid.job.present, actual->order_paid.job.present);
        if (expected->order_paid.job.present)
            PASS_ON(compare_hash("job", &expected->order_paid.job.id, &actual->order_paid.job.id));
        return compare_seats(expected->order_paid.seats, expected->order_paid.seats_count,
                             actual->order_paid.seats, actual->order_paid.seats_count);
    case SP_EVENT_ORDER_CANCELLED:
        EQUAL("order", expected->order_cancelled.order, actual->order_cancelled.order);
        EQUAL("amount", expected->order_cancelled.amount, actual->order_cancelled.amount);
        return compare_text("reason", expected->order_cancelled.reason,
                            actual->order_cancelled.reason);
    case SP_EVENT_USER_ERASED:
        EQUAL("user", expected->user_erased.user, actual->user_erased.user);
        return NULL;
    case SP_EVENT_HOLD_TAKEN:
        EQUAL("hold", expected->hold_taken.hold, actual->hold_taken.hold);
        EQUAL("concert", expected->hold_taken.concert, actual->hold_taken.concert);
        EQUAL("user", expected->hold_taken.user, actual->hold_taken.user);
        EQUAL("amount", expected->hold_taken.amount, actual->hold_taken.amount);
        EQUAL("expires_at", expected->hold_taken.expires_at, actual->hold_taken.expires_at);
        return compare_seats(expected->hold_taken.seats, expected->hold_taken.seats_count,
                             actual->hold_taken.seats, actual->hold_taken.seats_count);
    case SP_EVENT_HOLD_EXTENDED:
        EQUAL("hold", expected->hold_extended.hold, actual->hold_extended.hold);
        EQUAL("taken", expected->hold_extended.taken, actual->hold_extended.taken);
        EQUAL("expires_at", expected->hold_extended.expires_at, actual->hold_extended.expires_at);
        return NULL;
    case SP_EVENT_HOLD_RELEASED:
        EQUAL("hold", expected->hold_released.hold, actual->hold_released.hold);
        return NULL;
    case SP_EVENT_HOLDS_EXPIRED:
        EQUAL("how many holds", expected->holds_expired.holds_count,
              actual->holds_expired.holds_count);
        for (uint32_t i = 0; i < expected->holds_expired.holds_count; i++)
            EQUAL("a hold", expected->holds_expired.holds[i], actual->holds_expired.holds[i]);
        return NULL;
    }
    return sp_compare_failed("an event type that is none: %d", (int)expected->type);
}

const char *sp_compare_event(const sp_event *expected, const sp_event *actual)
{
    EQUAL("event's type", expected->type, actual->type);
    EQUAL("event's seq", expected->seq, actual->seq);
    EQUAL("event's time", expected->time, actual->time);
    EQUAL("event's actor", expected->actor, actual->actor);
    EQUAL("event's key", expected->idempotency.present, actual->idempotency.present);
    if (expected->idempotency.present) {
        PASS_ON(compare_hash("key", &expected->idempotency.key, &actual->idempotency.key));
        PASS_ON(
            compare_hash("request", &expected->idempotency.request, &actual->idempotency.request));
    }
    return compare_event_fields(expected, actual);
}

static const char *compare_conflicts(sp_outcome outcome, const sp_refusal *expected,
                                     const sp_refusal *actual)
{
    EQUAL("conflicts_count", expected->conflicts_count, actual->conflicts_count);
    for (uint32_t i = 0; i < expected->conflicts_count; i++) {
        EQUAL("conflict's seat", expected->conflicts[i].seat, actual->conflicts[i].seat);
        if (outcome != SP_SEAT_TAKEN)
            continue;
        EQUAL("conflict's state", expected->conflicts[i].state, actual->conflicts[i].state);
        EQUAL("conflict's seq", expected->conflicts[i].seq, actual->conflicts[i].seq);
    }
    return NULL;
}

const char *sp_compare_refusal(sp_outcome outcome, const sp_refusal *expected,
                               const sp_refusal *actual)
{
    switch (outcome) {
    case SP_SALES_NOT_OPEN:
        EQUAL("opens_at", expected->opens_at, actual->opens_at);
        return NULL;
    case SP_CANCEL_CLOSED:
        EQUAL("cancel_until", expected->cancel_until, actual->cancel_until);
        return NULL;
    case SP_AMOUNT_MISMATCH:
        EQUAL("right amount", expected->amount, actual->amount);
        return NULL;
    case SP_INSUFFICIENT_POINTS:
        EQUAL("balance", expected->points, actual->points);
        return NULL;
    case SP_SEAT_LIMIT:
        EQUAL("seat limit's max", expected->max, actual->max);
        EQUAL("seat limit's have", expected->have, actual->have);
        return NULL;
    case SP_LIMIT_REACHED:
        if (actual->limit == NULL || strcmp(expected->limit, actual->limit) != 0)
            return sp_compare_failed("limit: expected %s, is %s", expected->limit,
                                     actual->limit != NULL ? actual->limit : "NULL");
        return NULL;
    case SP_VALIDATION_FAILED:
        /* The wording is the engine's; that there is one is the contract. */
        EQUAL("field is named", 1, actual->field != NULL);
        EQUAL("detail is given", 1, actual->detail != NULL);
        return NULL;
    case SP_NO_ADJACENT_SEATS:
        EQUAL("largest run", expected->largest_run, actual->largest_run);
        return NULL;
    case SP_SEAT_TAKEN:
    case SP_SEAT_UNKNOWN:
    case SP_ORPHAN_SEAT:
        return compare_conflicts(outcome, expected, actual);
    default:
        return NULL;
    }
}

const char *sp_compare_decision(const sp_reference_answer *expected, sp_decision decision,
                                sp_outcome outcome, const sp_refusal *refusal,
                                const sp_event *event, const sp_replay *replay)
{
    static const char *const names[] = {"event", "replay", "refused"};
    sp_outcome actual = decision == SP_DECISION_REFUSED ? outcome : SP_OK;
    if (expected->decision != decision || expected->outcome != actual) {
        const char *left = expected->outcome == SP_LIMIT_REACHED ? expected->refusal.limit : "";
        const char *right = actual == SP_LIMIT_REACHED ? refusal->limit : "";
        return sp_compare_failed("decision: expected %s %s %s, is %s %s %s",
                                 names[expected->decision],
                                 sp_outcome_row_of(expected->outcome)->code, left, names[decision],
                                 sp_outcome_row_of(actual)->code, right);
    }
    switch (decision) {
    case SP_DECISION_REFUSED:
        return sp_compare_refusal(outcome, &expected->refusal, refusal);
    case SP_DECISION_EVENT:
        return sp_compare_event(&expected->event, event);
    case SP_DECISION_REPLAY:
        EQUAL("replay's type", expected->replay.type, replay->type);
        EQUAL("replay's seq", expected->replay.seq, replay->seq);
        EQUAL("replay's time", expected->replay.time, replay->time);
        EQUAL("replay's subject", expected->replay.subject, replay->subject);
        EQUAL("replay's value", expected->replay.value, replay->value);
        EQUAL("replay's role", expected->replay.role, replay->role);
        return NULL;
    }
    return sp_compare_failed("a decision that is none: %d", (int)decision);
}
