/* SPDX-License-Identifier: MIT
 *
 * What bodies of answers have: net/encode*.c and net/job_text.c write them. A
 * field that may be missing is one that some answers have and others do not;
 * there are hardly any.
 */
#include <stddef.h>

#include "engine/profile.h"
#include "net/decode.h"
#include "net/refresh_token.h"
#include "net/schema_fields.h"
#include "net/token.h"

#define POINTS(key, ...) \
    SP_KEY(key, INTEGER, .min = -SP_POINTS_TOTAL_MAX, .max = SP_POINTS_TOTAL_MAX, __VA_ARGS__)
#define AMOUNT(text) SP_KEY_COUNT("amount", .example = "300000", .about = text)
#define TIME(key, ...) SP_KEY(key, TIME, __VA_ARGS__)
/* A page of a list. */
#define ITEMS(part) SP_KEY_SHAPE("items", part, .many = true, .count_max = SP_LIST_LIMIT_MAX)
#define NEXT_CURSOR                                               \
    SP_KEY("nextCursor", ID, .nullable = true, .example = "null", \
           .about = "Ask for the next page with it; null: there is none.")
#define EMAIL                                                                   \
    SP_KEY("email", TEXT, .min = 3, .max = SP_EMAIL_SIZE_MAX, .nullable = true, \
           .example = "\"mina@example.org\"")
#define NICKNAME                                                                      \
    SP_KEY("nickname", TEXT, .min = 1, .max = SP_NICKNAME_SIZE_MAX, .nullable = true, \
           .example = "\"Mina\"", .about = "null: that person was erased.")
#define TOKENS                                                                                \
    SP_KEY("accessToken", TEXT, .min = 1, .max = SP_TOKEN_SIZE_MAX,                           \
           .example = "\"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl\"",                \
           .about = "Send it as `Authorization: Bearer`."),                                   \
        SP_KEY("refreshToken", TEXT, .min = SP_REFRESH_TOKEN_TEXT_SIZE,                       \
               .max = SP_REFRESH_TOKEN_TEXT_SIZE, .pattern = "^[A-Za-z0-9_-]*$",              \
               .example = "\"AQAAAAcAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"", \
               .about = "Good for one refresh within 14 days."),                              \
        SP_KEY("expiresIn", INTEGER, .min = SP_TOKEN_TTL_S, .max = SP_TOKEN_TTL_S,            \
               .example = "900", .about = "Seconds that the access token lives.")
#define GRADE_FIELDS                                                                            \
    SP_KEY("name", TEXT, .min = 1, .max = SP_GRADE_NAME_SIZE_MAX, .example = "\"VIP\""),        \
        SP_KEY("price", INTEGER, .max = SP_PRICE_MAX, .example = "150000"),                     \
        SP_KEY("firstSeat", INTEGER, .max = SP_SEATS_PER_CONCERT_MAX,                           \
               .about = "The index of its first seat."),                                        \
        SP_KEY("rows", INTEGER, .many = true, .count_min = 1,                                   \
               .count_max = SP_ROWS_PER_CONCERT_MAX, .min = 1, .max = SP_SEATS_PER_CONCERT_MAX, \
               .example = "[4]", .about = "Seats of each row, the front one first.")
#define ORDER_FIELDS                                                                 \
    SP_KEY("id", ID), SP_KEY("concertId", ID),                                       \
        SP_KEY("concertName", TEXT, .min = 1, .max = SP_CONCERT_NAME_SIZE_MAX,       \
               .example = "\"Midsummer Night\""),                                    \
        TIME("concertDate"), SP_KEY("status", CHOICE, .choices = order_statuses),    \
        AMOUNT("What was paid; of a cancelled one, paid back."),                     \
        SP_KEY_SHAPE("seats", SEAT, .many = true, .count_min = 1,                    \
                     .count_max = SP_SEATS_PER_ORDER_MAX, .about = "Ascending."),    \
        TIME("createdAt"), TIME("cancelledAt", .nullable = true, .example = "null"), \
        SP_KEY_SEQ(.about = "Of the last event of this order.")
#define JOB_ID                                       \
    SP_KEY("jobId", TEXT, .pattern = SP_PATTERN_JOB, \
           .example = "\"0123456789abcdef0123456789abcdef\"")

static const char *const order_statuses[] = {"PAYMENT", "CANCEL", NULL};
const char *const sp_schema_concert_statuses[] = {"UPCOMING", "ON_SALE",   "PAUSED",
                                                  "CLOSED",   "CANCELLED", NULL};
static const char *const movements[] = {"user_created",    "points_granted",    "order_paid",
                                        "order_cancelled", "concert_cancelled", NULL};
static const char *const health[] = {"live", "ready", NULL};
static const char *const waiting[] = {"waiting", NULL};
static const char *const done[] = {"done", NULL};

static const sp_schema_field health_keys[] = {
    SP_KEY("status", CHOICE, .choices = health),
    SP_KEYS_END,
};

static const sp_schema_field openapi_keys[] = {
    SP_KEY("openapi", TEXT, .pattern = "^3\\.1\\.", .example = "\"3.1.0\""),
    SP_KEYS_END,
};

static const sp_schema_field session_keys[] = {
    TOKENS,
    SP_KEY_SHAPE("user", USER),
    SP_KEYS_END,
};

static const sp_schema_field tokens_keys[] = {
    TOKENS,
    SP_KEYS_END,
};

static const sp_schema_field user_keys[] = {
    SP_KEY("id", ID),
    EMAIL,
    NICKNAME,
    SP_KEY("profileImageUrl", TEXT, .min = 1, .max = SP_PROFILE_IMAGE_URL_SIZE_MAX,
           .nullable = true, .example = "null"),
    SP_KEY("role", CHOICE, .choices = sp_schema_roles),
    POINTS("points", .example = "500000",
           .about = "Below 0 only of a host whose buyers were paid back."),
    TIME("createdAt"),
    SP_KEYS_END,
};

static const sp_schema_field user_list_keys[] = {
    ITEMS(USER),
    NEXT_CURSOR,
    SP_KEYS_END,
};

static const sp_schema_field ledger_keys[] = {
    ITEMS(LEDGER_ITEM),
    SP_KEY("nextCursor", TEXT, .nullable = true, .pattern = SP_PATTERN_LEDGER_CURSOR,
           .example = "\"17.500000\"",
           .about = "Ask for the next page with it; null: there is none."),
    SP_KEYS_END,
};

static const sp_schema_field ledger_item_keys[] = {
    SP_KEY_SEQ(),
    TIME("time"),
    SP_KEY("type", CHOICE, .choices = movements, .example = "\"order_paid\""),
    POINTS("amount", .example = "-300000"),
    POINTS("balance", .example = "200000", .about = "Right after it."),
    SP_KEY("orderId", ID, .nullable = true),
    SP_KEYS_END,
};

static const sp_schema_field category_keys[] = {
    SP_KEY("id", ID),
    SP_KEY("name", TEXT, .min = 1, .max = SP_CATEGORY_NAME_SIZE_MAX, .example = "\"Rock\""),
    SP_KEYS_END,
};

static const sp_schema_field category_list_keys[] = {
    ITEMS(CATEGORY),
    NEXT_CURSOR,
    SP_KEYS_END,
};

static const sp_schema_field concert_keys[] = {
    SP_KEY("id", ID),
    SP_KEY_SEQ(.about = "Of the last event that changed this concert."),
    SP_KEY("status", CHOICE, .choices = sp_schema_concert_statuses, .about = "At `now`."),
    SP_KEY_SHAPE("category", CATEGORY),
    SP_KEY("hostId", ID),
    SP_KEY("name", TEXT, .min = 1, .max = SP_CONCERT_NAME_SIZE_MAX,
           .example = "\"Midsummer Night\""),
    SP_KEY("description", TEXT, .max = SP_DESCRIPTION_SIZE_MAX,
           .example = "\"Two sets under the open sky.\""),
    SP_KEY("imageUrl", TEXT, .min = 1, .max = SP_URL_SIZE_MAX, .nullable = true, .example = "null"),
    SP_KEY("address", TEXT, .max = SP_ADDRESS_SIZE_MAX, .example = "\"1 Lakeside Road, Seoul\""),
    SP_KEY("runningTime", INTEGER, .max = SP_RUNNING_TIME_MIN_MAX, .example = "120",
           .about = "In minutes."),
    SP_KEY("ageLimit", CHOICE, .choices = sp_schema_ages),
    TIME("startDate", .about = "Sales open."),
    TIME("endDate", .example = "\"2030-06-20T09:00:00.000Z\"", .about = "Sales close."),
    TIME("concertDate", .example = "\"2030-06-21T10:00:00.000Z\""),
    TIME("cancelUntil", .example = "\"2030-06-19T09:00:00.000Z\""),
    SP_KEY("maxSeatsPerUser", INTEGER, .min = 1, .max = SP_MAX_SEATS_PER_USER_MAX, .example = "4"),
    SP_KEY("holdSeconds", INTEGER, .min = SP_HOLD_SECONDS_MIN, .max = SP_HOLD_SECONDS_MAX,
           .example = "300"),
    SP_KEY("noOrphans", BOOLEAN),
    SP_KEY_SHAPE("grades", GRADE_NOW, .many = true, .count_min = 1,
                 .count_max = SP_GRADES_PER_CONCERT_MAX),
    TIME("now", .about = "The server's clock, for countdowns."),
    TIME("createdAt"),
    SP_KEYS_END,
};

static const sp_schema_field concert_list_keys[] = {
    ITEMS(CONCERT),
    NEXT_CURSOR,
    SP_KEYS_END,
};

static const sp_schema_field grade_keys[] = {
    GRADE_FIELDS,
    SP_KEYS_END,
};

static const sp_schema_field grade_now_keys[] = {
    GRADE_FIELDS,
    SP_KEY("free", INTEGER, .max = SP_SEATS_PER_CONCERT_MAX, .example = "1"),
    SP_KEY("held", INTEGER, .max = SP_SEATS_PER_CONCERT_MAX, .example = "1"),
    SP_KEY("sold", INTEGER, .max = SP_SEATS_PER_CONCERT_MAX, .example = "2"),
    SP_KEYS_END,
};

static const sp_schema_field seat_map_keys[] = {
    SP_KEY("concertId", ID),
    SP_KEY_SEQ(.about = "Of the last event that changed this concert."),
    SP_KEY_SHAPE("grades", GRADE, .many = true, .count_min = 1,
                 .count_max = SP_GRADES_PER_CONCERT_MAX),
    SP_KEY("status", TEXT, .min = 1, .max = SP_SEATS_PER_CONCERT_MAX, .pattern = "^[.hx]*$",
           .example = "\"xxh.\"",
           .about = "A character a seat, by index: `.` free, `h` held, `x` sold."),
    SP_KEYS_END,
};

static const sp_schema_field order_keys[] = {
    ORDER_FIELDS,
    SP_KEYS_END,
};

static const sp_schema_field order_list_keys[] = {
    ITEMS(ORDER),
    NEXT_CURSOR,
    SP_KEYS_END,
};

static const sp_schema_field seat_keys[] = {
    SP_KEY("seat", INTEGER, .max = SP_SEATS_PER_CONCERT_MAX, .about = "Its index."),
    SP_KEY("label", TEXT, .pattern = " [0-9]+-[0-9]+$", .example = "\"VIP 1-1\"",
           .about = "Grade, row and number, for people."),
    SP_KEY("grade", TEXT, .min = 1, .max = SP_GRADE_NAME_SIZE_MAX, .example = "\"VIP\""),
    SP_KEY("price", INTEGER, .max = SP_PRICE_MAX, .example = "300000"),
    SP_KEYS_END,
};

static const sp_schema_field hold_keys[] = {
    SP_KEY("holdId", ID),
    SP_KEY("concertId", ID),
    SP_KEY_SHAPE("seats", SEAT, .many = true, .count_min = 1, .count_max = SP_SEATS_PER_ORDER_MAX,
                 .about = "Ascending."),
    AMOUNT("Their price, which is fixed."),
    TIME("expiresAt"),
    SP_KEY_SEQ(.about = "Of the last event of this hold."),
    SP_KEYS_END,
};

static const sp_schema_field concert_orders_keys[] = {
    ITEMS(CONCERT_ORDER),
    SP_KEY_SHAPE("totals", CONCERT_TOTALS),
    NEXT_CURSOR,
    SP_KEYS_END,
};

static const sp_schema_field concert_order_keys[] = {
    ORDER_FIELDS,
    SP_KEY_SHAPE("user", BUYER),
    SP_KEYS_END,
};

static const sp_schema_field buyer_keys[] = {
    SP_KEY("id", ID),
    NICKNAME,
    SP_KEYS_END,
};

static const sp_schema_field concert_totals_keys[] = {
    SP_KEY_COUNT("orders", .example = "1", .about = "Ever made."),
    SP_KEY_COUNT("cancelled", .about = "Of these."),
    SP_KEY_COUNT("seats", .example = "1", .about = "Sold now."),
    SP_KEY_COUNT("amount", .example = "300000", .about = "Of all orders."),
    SP_KEY_COUNT("refunded", .about = "Of those cancelled."),
    SP_KEYS_END,
};

static const sp_schema_field job_accepted_keys[] = {
    JOB_ID,
    SP_KEY("streamUrl", TEXT,
           .pattern = "^/v1/jobs/[0-9a-f]{32}/stream\\?ticket=[A-Za-z0-9_-]{36}$",
           .example = "\"/v1/jobs/0123456789abcdef0123456789abcdef/stream"
                      "?ticket=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
           .about = "For EventSource, which sends no headers. Good for 15 minutes."),
    SP_KEYS_END,
};

static const sp_schema_field job_waiting_keys[] = {
    JOB_ID,
    SP_KEY("status", CHOICE, .choices = waiting),
    SP_KEY("position", INTEGER, .min = 1, .max = SP_POINTS_TOTAL_MAX, .example = "17",
           .about = "About so many are decided before it; 1: it is next."),
    SP_KEYS_END,
};

static const sp_schema_field job_succeeded_keys[] = {
    JOB_ID,
    SP_KEY("status", CHOICE, .choices = done),
    SP_KEY("success", TRUE),
    SP_KEY_SHAPE("order", ORDER),
    SP_KEYS_END,
};

static const sp_schema_field job_failed_keys[] = {
    JOB_ID,
    SP_KEY("status", CHOICE, .choices = done),
    SP_KEY("success", FALSE),
    SP_KEY("error", REFUSALS, .about = "What POST /v1/orders would have answered."),
    SP_KEYS_END,
};

const sp_schema_shape sp_schema_answers[SP_PARTS_END] = {
    [SP_SCHEMA_HEALTH] = {.fields = health_keys},
    [SP_SCHEMA_METRICS] = {.text_type = "text/plain",
                           .text_example =
                               "# HELP stagepick_seq Sequence number of the last durable event.\n# "
                               "TYPE stagepick_seq gauge\nstagepick_seq 42\n"},
    [SP_SCHEMA_OPENAPI] = {.fields = openapi_keys, .open = true},

    [SP_SCHEMA_SESSION] = {.fields = session_keys},
    [SP_SCHEMA_TOKENS] = {.fields = tokens_keys},
    [SP_SCHEMA_USER] = {.fields = user_keys},
    [SP_SCHEMA_USER_LIST] = {.fields = user_list_keys},
    [SP_SCHEMA_LEDGER] = {.fields = ledger_keys},
    [SP_SCHEMA_LEDGER_ITEM] = {.fields = ledger_item_keys},

    [SP_SCHEMA_CATEGORY] = {.fields = category_keys},
    [SP_SCHEMA_CATEGORY_LIST] = {.fields = category_list_keys},
    [SP_SCHEMA_CONCERT] = {.fields = concert_keys},
    [SP_SCHEMA_CONCERT_LIST] = {.fields = concert_list_keys},
    [SP_SCHEMA_GRADE] = {.fields = grade_keys},
    [SP_SCHEMA_GRADE_NOW] = {.fields = grade_now_keys},
    [SP_SCHEMA_SEAT_MAP] = {.fields = seat_map_keys},

    [SP_SCHEMA_ORDER] = {.fields = order_keys},
    [SP_SCHEMA_ORDER_LIST] = {.fields = order_list_keys},
    [SP_SCHEMA_SEAT] = {.fields = seat_keys},
    [SP_SCHEMA_HOLD] = {.fields = hold_keys},
    [SP_SCHEMA_CONCERT_ORDERS] = {.fields = concert_orders_keys},
    [SP_SCHEMA_CONCERT_ORDER] = {.fields = concert_order_keys},
    [SP_SCHEMA_BUYER] = {.fields = buyer_keys},
    [SP_SCHEMA_CONCERT_TOTALS] = {.fields = concert_totals_keys},

    [SP_SCHEMA_JOB_ACCEPTED] = {.fields = job_accepted_keys},
    [SP_SCHEMA_JOB] = {.variants = SP_VARIANTS{SP_SCHEMA_JOB_WAITING, SP_SCHEMA_JOB_SUCCEEDED,
                                               SP_SCHEMA_JOB_FAILED, 0}},
    [SP_SCHEMA_JOB_WAITING] = {.fields = job_waiting_keys},
    [SP_SCHEMA_JOB_SUCCEEDED] = {.fields = job_succeeded_keys},
    [SP_SCHEMA_JOB_FAILED] = {.fields = job_failed_keys},
};
