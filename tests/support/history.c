/* SPDX-License-Identifier: MIT */
#include "tests/support/history.h"

#include <stdio.h>

#include "engine/assert.h"

#define HOST 1u
#define DAY_MS INT64_C(86400000)

void sp_history_init(sp_history *history)
{
    memset(history, 0, sizeof *history);
    history->state = sp_state_create(&sp_limits_default);
    SP_ASSERT(history->state != NULL);
    history->time = INT64_C(1767225600000); /* 2026-01-01 */
    history->cancels = true;
    for (uint32_t i = 0; i < SP_HISTORY_ROWS; i++)
        history->rows[i] = SP_HISTORY_ROW_SIZE;
    history->grade = (sp_grade_spec){SP_TEXT("Floor"), 50000, history->rows, SP_HISTORY_ROWS};
}

void sp_history_close(sp_history *history)
{
    sp_state_destroy(history->state);
}

static void make_user(const sp_history *history, sp_event *event)
{
    event->type = SP_EVENT_USER_CREATED;
    event->user_created.user = sp_state_users_count(history->state) + 1;
    event->user_created.role = event->user_created.user == HOST ? SP_ROLE_HOST : SP_ROLE_USER;
    event->user_created.points = event->user_created.user == HOST ? 0 : INT64_C(1000000000000);
}

static void make_concert(const sp_history *history, sp_event *event)
{
    event->type = SP_EVENT_CONCERT_CREATED;
    event->actor = HOST;
    event->concert_created.concert = sp_state_concerts_count(history->state) + 1;
    event->concert_created.host = HOST;
    event->concert_created.spec = (sp_concert_spec){
        .category = 1,
        .name = SP_TEXT("A long night"),
        .description = SP_TEXT("Three bands."),
        .address = SP_TEXT("Hall 1"),
        .running_time_min = 180,
        .age_limit = SP_AGE_FIFTEEN,
        .start_date = INT64_C(1767225600000),
        .end_date = INT64_C(1767225600000) + 2000 * DAY_MS,
        .concert_date = INT64_C(1767225600000) + 2001 * DAY_MS,
        .cancel_until = INT64_C(1767225600000) + 2000 * DAY_MS - 3 * 3600000,
        .max_seats_per_user = 1000,
        .hold_seconds = 300,
        .grades = &history->grade,
        .grades_count = 1,
    };
}

static void make_cancel(const sp_history *history, sp_event *event)
{
    sp_order_view order;
    SP_ASSERT(sp_state_order(history->state, sp_state_orders_count(history->state), &order));
    event->type = SP_EVENT_ORDER_CANCELLED;
    event->actor = order.user;
    event->order_cancelled.order = order.id;
    event->order_cancelled.amount = order.amount;
    event->order_cancelled.reason = SP_TEXT("ill");
}

static void make_order(sp_history *history, sp_event *event)
{
    uint32_t number = history->orders_count++;
    history->seat = history->seats_used++;
    event->type = SP_EVENT_ORDER_PAID;
    event->actor = 2 + number % SP_HISTORY_BUYERS;
    event->order_paid.order = sp_state_orders_count(history->state) + 1;
    event->order_paid.concert = sp_state_concerts_count(history->state);
    event->order_paid.buyer = event->actor;
    event->order_paid.amount = history->grade.price;
    event->order_paid.seats = &history->seat;
    event->order_paid.seats_count = 1;
    if (history->keyed) {
        event->idempotency.present = true;
        memcpy(event->idempotency.key.bytes, &number, sizeof number);
        memset(event->idempotency.request.bytes, 0xa5, sizeof event->idempotency.request);
    }
    history->cancel_next = history->cancels && number % 8 == 7;
}

void sp_history_next(sp_history *history, sp_event *event)
{
    memset(event, 0, sizeof *event);
    event->seq = sp_state_seq(history->state) + 1;
    event->time = history->time;
    if (event->seq == 1) {
        event->type = SP_EVENT_SERVER_STARTED;
        event->server_started.version = SP_TEXT("0.0.0-test");
        memset(event->server_started.epoch.bytes, 7, sizeof event->server_started.epoch);
    } else if (sp_state_users_count(history->state) < 1 + SP_HISTORY_BUYERS) {
        make_user(history, event);
    } else if (sp_state_categories_count(history->state) == 0) {
        event->type = SP_EVENT_CATEGORY_CREATED;
        event->category_created.category = 1;
        event->category_created.name = SP_TEXT("Rock");
    } else if (history->cancel_next) {
        history->cancel_next = false;
        make_cancel(history, event);
    } else if (sp_state_concerts_count(history->state) == 0 ||
               history->seats_used == SP_HISTORY_ROWS * SP_HISTORY_ROW_SIZE) {
        history->seats_used = 0;
        make_concert(history, event);
    } else {
        make_order(history, event);
    }
    const char *wrong = sp_admit(history->state, event);
    if (wrong != NULL)
        fprintf(stderr, "history: event %llu: %s\n", (unsigned long long)event->seq, wrong);
    SP_ASSERT(wrong == NULL);
    sp_apply(history->state, event);
}

void sp_history_profile(sp_user_id user, sp_time_ms time, sp_profile *out)
{
    memset(out, 0, sizeof *out);
    out->user = user;
    out->created_at = time;
    out->email_size = (uint32_t)snprintf(out->email, sizeof out->email, "User%u@Example.org", user);
    out->nickname_size = (uint32_t)snprintf(out->nickname, sizeof out->nickname, "user %u", user);
    snprintf(out->password_hash, sizeof out->password_hash, "$argon2id$not-a-real-one$%u", user);
}
