/* SPDX-License-Identifier: MIT */
#include "tests/support/golden_events.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/limits.h"

#define TIME INT64_C(1767225600123)
#define NAME_SIZE_MAX 300

static uint32_t rows_one[] = {1};
static uint32_t rows_edges[] = {127, 128, 255, 256, 65535, 65536};
static uint32_t seats_one[] = {0};
static uint32_t seats_edges[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 199999};
static uint32_t seats_many[SP_SEATS_PER_ORDER_MAX];
static uint32_t holds_edges[] = {1, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
static uint32_t holds_many[SP_HOLDS_PER_EXPIRY_MAX];
static sp_grade_spec grades_one[] = {{{"R", 1}, 0, rows_one, 1}};
static sp_grade_spec grades_two[] = {
    {{"VIP \xc3\xa9", 6}, SP_PRICE_MAX, rows_edges, 6},
    {{"S", 1}, 65536, rows_one, 1},
};
static char long_text[SP_DESCRIPTION_SIZE_MAX];

static sp_event head(sp_event_type type, sp_user_id actor)
{
    return (sp_event){.seq = 1, .time = TIME, .type = type, .actor = actor};
}

static sp_golden started(void)
{
    sp_golden g = {"server_started", head(SP_EVENT_SERVER_STARTED, 0)};
    g.event.server_started.version = SP_TEXT("0.1.0");
    for (unsigned i = 0; i < 16; i++)
        g.event.server_started.epoch.bytes[i] = (uint8_t)(0xf0 + i);
    return g;
}

static sp_golden user(const char *name, sp_user_id id, sp_role role, sp_points points)
{
    sp_golden g = {name, head(SP_EVENT_USER_CREATED, 0)};
    g.event.user_created.user = id;
    g.event.user_created.role = role;
    g.event.user_created.points = points;
    return g;
}

static sp_golden role(void)
{
    sp_golden g = {"role_set", head(SP_EVENT_ROLE_SET, 1)};
    g.event.role_set.user = 70000;
    g.event.role_set.role = SP_ROLE_HOST;
    return g;
}

static sp_golden grant(const char *name, sp_points amount, bool keyed)
{
    sp_golden g = {name, head(SP_EVENT_POINTS_GRANTED, 1)};
    g.event.points_granted.user = 2;
    g.event.points_granted.amount = amount;
    g.event.idempotency.present = keyed;
    if (keyed) {
        memset(g.event.idempotency.key.bytes, 0x11, 16);
        memset(g.event.idempotency.request.bytes, 0x22, 16);
    }
    return g;
}

static sp_golden category(void)
{
    sp_golden g = {"category_created", head(SP_EVENT_CATEGORY_CREATED, 1)};
    g.event.category_created.category = 1;
    g.event.category_created.name = SP_TEXT("\xeb\xae\xa4\xec\xa7\x80\xec\xbb\xac");
    return g;
}

/* Smallest: optional texts absent. */
static sp_golden concert_least(void)
{
    sp_golden g = {"concert_created_least", head(SP_EVENT_CONCERT_CREATED, 3)};
    g.event.concert_created.concert = 1;
    g.event.concert_created.host = 3;
    g.event.concert_created.spec = (sp_concert_spec){
        .category = 1,
        .name = SP_TEXT("x"),
        .age_limit = SP_AGE_ZERO,
        .start_date = 1,
        .end_date = 2,
        .concert_date = 2,
        .cancel_until = 1,
        .max_seats_per_user = 1,
        .hold_seconds = SP_HOLD_SECONDS_MIN,
        .grades = grades_one,
        .grades_count = 1,
    };
    return g;
}

static sp_golden concert_most(void)
{
    sp_golden g = {"concert_created_most", head(SP_EVENT_CONCERT_CREATED, UINT32_MAX)};
    memset(long_text, 'd', sizeof long_text);
    g.event.concert_created.concert = UINT32_MAX;
    g.event.concert_created.host = UINT32_MAX;
    g.event.concert_created.spec = (sp_concert_spec){
        .category = UINT32_MAX,
        .name = {long_text, SP_CONCERT_NAME_SIZE_MAX},
        .description = {long_text, SP_DESCRIPTION_SIZE_MAX},
        .image_url = {long_text, SP_URL_SIZE_MAX},
        .address = {long_text, 0}, /* empty, and not absent */
        .running_time_min = SP_RUNNING_TIME_MIN_MAX,
        .age_limit = SP_AGE_NINETEEN,
        .start_date = SP_TIME_MAX - 1,
        .end_date = SP_TIME_MAX,
        .concert_date = SP_TIME_MAX,
        .cancel_until = SP_TIME_MAX,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = SP_HOLD_SECONDS_MAX,
        .no_orphans = true,
        .grades = grades_two,
        .grades_count = 2,
    };
    return g;
}

static sp_golden order(const char *name, const sp_seat *seats, uint32_t count, bool keyed)
{
    sp_golden g = {name, head(SP_EVENT_ORDER_PAID, 123456)};
    g.event.order_paid.order = 1234567;
    g.event.order_paid.concert = 1000;
    g.event.order_paid.buyer = 123456;
    g.event.order_paid.amount = 150000;
    g.event.order_paid.seats = seats;
    g.event.order_paid.seats_count = count;
    g.event.idempotency.present = keyed;
    for (unsigned i = 0; keyed && i < 16; i++) {
        g.event.idempotency.key.bytes[i] = (uint8_t)i;
        g.event.idempotency.request.bytes[i] = (uint8_t)(0xff - i);
    }
    return g;
}

static sp_golden cancel(const char *name, sp_text reason)
{
    sp_golden g = {name, head(SP_EVENT_ORDER_CANCELLED, 123456)};
    g.event.order_cancelled.order = UINT32_MAX;
    g.event.order_cancelled.amount = SP_POINTS_TOTAL_MAX;
    g.event.order_cancelled.reason = reason;
    return g;
}

static sp_golden erased(const char *name, sp_user_id user_id)
{
    sp_golden g = {name, head(SP_EVENT_USER_ERASED, user_id)};
    g.event.user_erased.user = user_id;
    return g;
}

static sp_golden order_of(const char *name, sp_hold_id hold, bool job, bool keyed)
{
    sp_golden g = order(name, seats_edges, 2, keyed);
    g.event.order_paid.hold = hold;
    g.event.order_paid.job.present = job;
    for (unsigned i = 0; job && i < 16; i++)
        g.event.order_paid.job.id.bytes[i] = (uint8_t)(0xa0 + i);
    return g;
}

static sp_golden hold(const char *name, sp_hold_id id, sp_points amount, sp_time_ms expires_at,
                      const sp_seat *seats, uint32_t count, bool keyed)
{
    sp_golden g = {name, head(SP_EVENT_HOLD_TAKEN, 123456)};
    g.event.hold_taken.hold = id;
    g.event.hold_taken.concert = 1000;
    g.event.hold_taken.user = 123456;
    g.event.hold_taken.amount = amount;
    g.event.hold_taken.expires_at = expires_at;
    g.event.hold_taken.seats = seats;
    g.event.hold_taken.seats_count = count;
    g.event.idempotency.present = keyed;
    if (keyed) {
        memset(g.event.idempotency.key.bytes, 0x33, 16);
        memset(g.event.idempotency.request.bytes, 0x44, 16);
    }
    return g;
}

static sp_golden extended(const char *name, sp_hold_id id, sp_seq taken, sp_time_ms expires_at)
{
    sp_golden g = {name, head(SP_EVENT_HOLD_EXTENDED, 123456)};
    g.event.hold_extended.hold = id;
    g.event.hold_extended.taken = taken;
    g.event.hold_extended.expires_at = expires_at;
    return g;
}

static sp_golden released(const char *name, sp_hold_id id)
{
    sp_golden g = {name, head(SP_EVENT_HOLD_RELEASED, 123456)};
    g.event.hold_released.hold = id;
    return g;
}

static sp_golden expired(const char *name, const sp_hold_id *ids, uint32_t count)
{
    sp_golden g = {name, head(SP_EVENT_HOLDS_EXPIRED, 0)};
    g.event.holds_expired.holds = ids;
    g.event.holds_expired.holds_count = count;
    return g;
}

/* As concert_created, but for its name and number. */
static sp_golden edited(const char *name, sp_golden made, bool new_grades)
{
    sp_concert_spec spec = made.event.concert_created.spec;
    sp_concert_id id = made.event.concert_created.concert;
    made.name = name;
    made.event.type = SP_EVENT_CONCERT_EDITED;
    made.event.concert_edited.concert = id;
    made.event.concert_edited.spec = spec;
    if (!new_grades) {
        made.event.concert_edited.spec.grades = NULL;
        made.event.concert_edited.spec.grades_count = 0;
    }
    return made;
}

static sp_golden paused(const char *name, sp_concert_id id)
{
    sp_golden g = {name, head(SP_EVENT_CONCERT_PAUSED, 3)};
    g.event.concert_paused.concert = id;
    return g;
}

static sp_golden resumed(const char *name, sp_concert_id id)
{
    sp_golden g = {name, head(SP_EVENT_CONCERT_RESUMED, 3)};
    g.event.concert_resumed.concert = id;
    return g;
}

static sp_golden concert_cancelled(const char *name, sp_concert_id id, uint32_t orders_count,
                                   sp_points amount, uint32_t seats_held_count)
{
    sp_golden g = {name, head(SP_EVENT_CONCERT_CANCELLED, 3)};
    g.event.concert_cancelled.concert = id;
    g.event.concert_cancelled.orders_count = orders_count;
    g.event.concert_cancelled.amount = amount;
    g.event.concert_cancelled.seats_held_count = seats_held_count;
    return g;
}

const sp_golden *sp_golden_events(uint32_t *count)
{
    static sp_golden all[48];
    static uint32_t made;
    if (made == 0) {
        for (uint32_t i = 0; i < SP_SEATS_PER_ORDER_MAX; i++)
            seats_many[i] = 100000 + 7 * i;
        for (uint32_t i = 0; i < SP_HOLDS_PER_EXPIRY_MAX; i++)
            holds_many[i] = UINT32_MAX - 3 * i;
        all[made++] = started();
        all[made++] = user("user_created", 1, SP_ROLE_USER, 0);
        all[made++] = user("user_created_most", UINT32_MAX, SP_ROLE_ADMIN, SP_POINTS_TOTAL_MAX);
        all[made++] = role();
        all[made++] = grant("points_granted", 1, false);
        all[made++] = grant("points_granted_keyed", SP_GRANT_MAX, true);
        all[made++] = category();
        all[made++] = concert_least();
        all[made++] = concert_most();
        all[made++] = order("order_paid_one", seats_one, 1, false);
        all[made++] = order("order_paid_one_keyed", seats_one, 1, true);
        all[made++] = order("order_paid_edges", seats_edges, 9, false);
        all[made++] = order("order_paid_most", seats_many, SP_SEATS_PER_ORDER_MAX, true);
        all[made++] = cancel("order_cancelled", (sp_text){NULL, 0});
        all[made++] = cancel("order_cancelled_reason", SP_TEXT("\"too ill\""));
        all[made++] = erased("user_erased", 128);
        all[made++] = erased("user_erased_most", UINT32_MAX);
        all[made++] = order_of("order_paid_hold", 5, false, false);
        all[made++] = order_of("order_paid_job", 0, true, false);
        all[made++] = order_of("order_paid_hold_job_keyed", UINT32_MAX, true, true);
        all[made++] = hold("hold_taken", 1, 0, TIME + 300000, seats_one, 1, false);
        all[made++] = hold("hold_taken_most", UINT32_MAX, SP_POINTS_TOTAL_MAX, SP_TIME_MAX,
                           seats_many, SP_SEATS_PER_ORDER_MAX, true);
        all[made++] = extended("hold_extended", 1, 1234567, TIME + 600000);
        all[made++] = extended("hold_extended_most", UINT32_MAX, INT64_MAX, SP_TIME_MAX);
        all[made++] = released("hold_released", 1);
        all[made++] = released("hold_released_most", UINT32_MAX);
        all[made++] = expired("holds_expired", holds_edges, 8);
        all[made++] = expired("holds_expired_most", holds_many, SP_HOLDS_PER_EXPIRY_MAX);
        all[made++] = edited("concert_edited", concert_least(), false);
        all[made++] = edited("concert_edited_grades", concert_least(), true);
        all[made++] = edited("concert_edited_most", concert_most(), true);
        all[made++] = paused("concert_paused", 1);
        all[made++] = paused("concert_paused_most", UINT32_MAX);
        all[made++] = resumed("concert_resumed", 1);
        all[made++] = resumed("concert_resumed_most", UINT32_MAX);
        all[made++] = concert_cancelled("concert_cancelled", 1, 0, 0, 0);
        all[made++] = concert_cancelled("concert_cancelled_some", 1000, 50000, 7500000000, 300);
        all[made++] = concert_cancelled("concert_cancelled_most", UINT32_MAX, SP_ORDERS_MAX,
                                        SP_POINTS_TOTAL_MAX, SP_SEATS_PER_CONCERT_MAX);
        SP_ASSERT_CMP(made, <=, sizeof all / sizeof all[0]);
    }
    *count = made;
    return all;
}

static void path_of(char out[NAME_SIZE_MAX], const char *name)
{
    const char *source = getenv("SP_SOURCE_DIR");
    snprintf(out, NAME_SIZE_MAX, "%s/tests/storage/golden/%s.hex", source != NULL ? source : ".",
             name);
}

unsigned char *sp_golden_read(const char *name, size_t *size)
{
    char path[NAME_SIZE_MAX];
    path_of(path, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    unsigned char *bytes = malloc(1u << 20);
    SP_ASSERT(bytes != NULL);
    unsigned byte;
    *size = 0;
    while (*size < 1u << 20 && fscanf(file, "%2x", &byte) == 1)
        bytes[(*size)++] = (unsigned char)byte;
    fclose(file);
    return bytes;
}

void sp_golden_write(const char *name, const unsigned char *bytes, size_t size)
{
    char path[NAME_SIZE_MAX];
    path_of(path, name);
    FILE *file = fopen(path, "w");
    SP_ASSERT(file != NULL);
    for (size_t i = 0; i < size; i++)
        fprintf(file, "%02x%s", bytes[i], i % 32 == 31 || i + 1 == size ? "\n" : "");
    SP_ASSERT(fclose(file) == 0);
}
