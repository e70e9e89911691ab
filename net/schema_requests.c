/* SPDX-License-Identifier: MIT
 *
 * What bodies of requests have: net/decode*.c takes them, and nothing else.
 */
#include <stddef.h>

#include "engine/profile.h"
#include "net/schema_fields.h"
#include "net/text_rules.h"

/* Something on both sides of one `@`, and no spaces. */
#define PATTERN_EMAIL "^[^@\\s]+@[^@\\s]+$"
/* As sp_url_check has it, but for the parts of the host. */
#define PATTERN_URL "^[Hh][Tt][Tt][Pp][Ss]?://[^\\x00-\\x20\"<>\\\\^`{|}\\x7f-\\uffff]+$"

/* The same, or empty. */
#define PATTERN_URL_OR_NONE "^([Hh][Tt][Tt][Pp][Ss]?://[^\\x00-\\x20\"<>\\\\^`{|}\\x7f-\\uffff]+)?$"

/* A line or paragraphs of at most so many bytes. */
#define TEXT(key, most, ...) \
    SP_KEY(key, TEXT, .min = 1, .max = (most), .in_bytes = true, __VA_ARGS__)

#define NEW_PASSWORD(key)                                                                   \
    SP_KEY(key, TEXT, .min = SP_PASSWORD_CHARACTERS_MIN, .max = SP_PASSWORD_CHARACTERS_MAX, \
           .example = "\"correct horse battery staple\"",                                   \
           .about = "Counted in composed characters (NFC). Any character but U+0000.")
#define NICKNAME(...)                                                                            \
    SP_KEY("nickname", TEXT, .min = 1, .max = SP_NICKNAME_CHARACTERS_MAX, .example = "\"Mina\"", \
           .about = "One line, not blank.", __VA_ARGS__)
#define SEATS                                                                                \
    SP_KEY("seats", INTEGER, .many = true, .unique = true, .count_min = 1,                   \
           .count_max = SP_SEATS_PER_ORDER_MAX, .max = INT32_MAX, .example = "[0,1]",        \
           .about = "Indexes of seats in the concert, from 0, grade after grade, row after " \
                    "row.")
#define AMOUNT                                                                                   \
    SP_KEY("amount", INTEGER, .max = SP_POINTS_TOTAL_MAX, .optional = true, .example = "300000", \
           .about = "What the client takes for the price. If it is not, nothing is sold.")
#define GRADE_NAME(text)                                  \
    TEXT("name", SP_GRADE_NAME_SIZE_MAX, .example = text, \
         .about = "One line, not blank; no two grades of a concert have one name.")
#define PRICE(text) \
    SP_KEY("price", INTEGER, .max = SP_PRICE_MAX, .example = text, .about = "Points a seat.")

/* The time of the example's concert, from the opening of sales on. */
#define TIME(key, text, ...) SP_KEY(key, TIME_GIVEN, .example = text, __VA_ARGS__)

static const sp_schema_field sign_up_keys[] = {
    TEXT("email", SP_EMAIL_SIZE_MAX, .pattern = PATTERN_EMAIL, .example = "\"mina@example.org\"",
         .about = "One `@` with something on both sides, no spaces. In use by one user."),
    NEW_PASSWORD("password"),
    NICKNAME(),
    SP_KEYS_END,
};

static const sp_schema_field login_keys[] = {
    TEXT("email", SP_EMAIL_SIZE_MAX, .example = "\"mina@example.org\""),
    TEXT("password", SP_PASSWORD_TYPED_SIZE_MAX, .example = "\"correct horse battery staple\""),
    SP_KEYS_END,
};

static const sp_schema_field refresh_token_keys[] = {
    SP_KEY("refreshToken", TEXT,
           .example = "\"AQAAAAcAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"",
           .about = "As it was handed out last."),
    SP_KEYS_END,
};

static const sp_schema_field password_change_keys[] = {
    TEXT("oldPassword", SP_PASSWORD_TYPED_SIZE_MAX, .example = "\"tr0ub4dor and three\""),
    NEW_PASSWORD("newPassword"),
    SP_KEYS_END,
};

static const sp_schema_field profile_edit_keys[] = {
    NICKNAME(.optional = true),
    TEXT("profileImageUrl", SP_URL_SIZE_MAX, .optional = true, .nullable = true,
         .pattern = PATTERN_URL, .example = "\"https://img.example.org/mina.jpg\"",
         .about = "An http or https link without user information. null takes the picture "
                  "away."),
    SP_KEYS_END,
};

static const sp_schema_field role_change_keys[] = {
    SP_KEY("role", CHOICE, .choices = sp_schema_roles, .example = "\"HOST\""),
    SP_KEYS_END,
};

static const sp_schema_field grant_keys[] = {
    SP_KEY("amount", INTEGER, .min = 1, .max = SP_GRANT_MAX, .example = "500000"),
    SP_KEYS_END,
};

static const sp_schema_field new_category_keys[] = {
    TEXT("name", SP_CATEGORY_NAME_SIZE_MAX, .example = "\"Rock\"", .about = "One line, not blank."),
    SP_KEYS_END,
};

/* Of a new concert, or (`edit`) of an edit, where all may be missing: what is not
 * stated stays, and null stands for what it is if it is missing in a new one. */
#define CONCERT_KEYS(edit)                                                                         \
    SP_KEY("categoryId", ID_GIVEN, .optional = (edit)),                                            \
        TEXT("name", SP_CONCERT_NAME_SIZE_MAX, .optional = (edit),                                 \
             .example = "\"Midsummer Night\"", .about = "One line, not blank."),                   \
        SP_KEY("description", TEXT, .max = SP_DESCRIPTION_SIZE_MAX, .in_bytes = true,              \
               .optional = true, .nullable = (edit),                                               \
               .example = "\"Two sets under the open sky.\"", .fallback = (edit) ? NULL : "\"\""), \
        SP_KEY("imageUrl", TEXT, .max = SP_URL_SIZE_MAX, .in_bytes = true, .optional = true,       \
               .nullable = (edit), .pattern = PATTERN_URL_OR_NONE,                                 \
               .example = "\"https://img.example.org/midsummer.jpg\"",                             \
               .about = (edit) ? "An http or https link without user information. null or an "     \
                                 "empty text takes the picture away."                              \
                               : "An http or https link without user information; empty: none."),  \
        TEXT("address", SP_ADDRESS_SIZE_MAX, .optional = (edit),                                   \
             .example = "\"1 Lakeside Road, Seoul\"", .about = "One line, not blank."),            \
        SP_KEY("runningTime", INTEGER, .min = 1, .max = SP_RUNNING_TIME_MIN_MAX,                   \
               .optional = (edit), .example = "120", .about = "In minutes."),                      \
        SP_KEY("ageLimit", CHOICE, .choices = sp_schema_ages, .optional = (edit),                  \
               .about = "Shown, not enforced."),                                                   \
        TIME("startDate", "\"2030-06-01T09:00:00Z\"", .optional = (edit), .about = "Sales open."), \
        TIME("endDate", "\"2030-06-20T09:00:00Z\"", .optional = (edit),                            \
             .about = "Sales close: after startDate."),                                            \
        TIME("concertDate", "\"2030-06-21T10:00:00Z\"", .optional = (edit),                        \
             .about = "Not before endDate."),                                                      \
        SP_KEY("maxSeatsPerUser", INTEGER, .min = 1, .max = SP_MAX_SEATS_PER_USER_MAX,             \
               .optional = true, .nullable = (edit), .example = "4",                               \
               .fallback = (edit) ? NULL : "10"),                                                  \
        SP_KEY("holdSeconds", INTEGER, .min = SP_HOLD_SECONDS_MIN, .max = SP_HOLD_SECONDS_MAX,     \
               .optional = true, .nullable = (edit), .example = "300",                             \
               .fallback = (edit) ? NULL : "300"),                                                 \
        TIME("cancelUntil", "\"2030-06-19T09:00:00Z\"", .optional = true, .nullable = (edit),      \
             .about = (edit) ? "Buyers may cancel until then: not after endDate. null: three "     \
                               "hours before endDate, but not before startDate. If that is "       \
                               "what it was, it follows the dates."                                \
                             : "Buyers may cancel until then: not after endDate. If it is "        \
                               "missing, three hours before endDate, but not before startDate."),  \
        SP_KEY("noOrphans", BOOLEAN, .optional = true, .nullable = (edit),                         \
               .fallback = (edit) ? NULL : "false",                                                \
               .about = "Refuse what leaves a single seat alone, where that can be avoided."),     \
        SP_KEY_SHAPE("grades", NEW_GRADE, .many = true, .count_min = 1,                            \
                     .count_max = SP_GRADES_PER_CONCERT_MAX, .optional = (edit),                   \
                     .about = (edit) ? "At most 200000 seats and 20000 rows in all. Fixed once a " \
                                       "seat was held or sold."                                    \
                                     : "At most 200000 seats and 20000 rows in all."),             \
                                                                                                   \
        SP_KEYS_END

static const sp_schema_field new_concert_keys[] = {CONCERT_KEYS(false)};
static const sp_schema_field concert_edit_keys[] = {CONCERT_KEYS(true)};

static const sp_schema_field grade_of_rows_keys[] = {
    GRADE_NAME("\"VIP\""),
    PRICE("150000"),
    SP_KEY("rows", INTEGER, .many = true, .count_min = 1, .count_max = SP_ROWS_PER_CONCERT_MAX,
           .min = 1, .max = SP_SEATS_PER_CONCERT_MAX, .example = "[20,22,24]",
           .about = "Seats of each row, the front one first."),
    SP_KEYS_END,
};

static const sp_schema_field grade_of_seats_keys[] = {
    GRADE_NAME("\"R\""),
    PRICE("80000"),
    SP_KEY("seats", INTEGER, .min = 1, .max = SP_SEATS_PER_CONCERT_MAX, .example = "100",
           .about = "Seats of the one row."),
    SP_KEYS_END,
};

static const sp_schema_field order_of_seats_keys[] = {
    SP_KEY("concertId", ID_GIVEN),
    SEATS,
    AMOUNT,
    SP_KEYS_END,
};

static const sp_schema_field order_of_hold_keys[] = {
    SP_KEY("holdId", ID_GIVEN),
    AMOUNT,
    SP_KEYS_END,
};

static const sp_schema_field order_cancel_keys[] = {
    SP_KEY("reason", TEXT, .max = SP_REASON_SIZE_MAX, .in_bytes = true, .optional = true,
           .example = "\"The concert was moved.\"",
           .about = "Needed of an ADMIN for another's order, and after cancelUntil."),
    SP_KEYS_END,
};

static const sp_schema_field hold_of_seats_keys[] = {
    SEATS,
    SP_KEYS_END,
};

static const sp_schema_field hold_of_best_keys[] = {
    SP_KEY_SHAPE("bestAvailable", BEST_AVAILABLE),
    SP_KEYS_END,
};

static const sp_schema_field best_available_keys[] = {
    TEXT("grade", SP_GRADE_NAME_SIZE_MAX, .optional = true, .example = "\"VIP\"",
         .about = "If it is missing, any; the better one first."),
    SP_KEY("count", INTEGER, .min = 1, .max = SP_SEATS_PER_ORDER_MAX, .example = "2"),
    SP_KEY("allowSplit", BOOLEAN, .optional = true, .fallback = "false",
           .about = "Take them from several places, if they can not be had side by "
                    "side."),
    SP_KEYS_END,
};

const sp_schema_shape sp_schema_requests[SP_PARTS_END] = {
    [SP_SCHEMA_SIGN_UP] = {.fields = sign_up_keys},
    [SP_SCHEMA_LOGIN] = {.fields = login_keys},
    [SP_SCHEMA_REFRESH_TOKEN] = {.fields = refresh_token_keys},
    [SP_SCHEMA_PASSWORD_CHANGE] = {.fields = password_change_keys},
    [SP_SCHEMA_PROFILE_EDIT] = {.fields = profile_edit_keys},
    [SP_SCHEMA_ROLE_CHANGE] = {.fields = role_change_keys},
    [SP_SCHEMA_GRANT] = {.fields = grant_keys},
    [SP_SCHEMA_NEW_CATEGORY] = {.fields = new_category_keys},

    [SP_SCHEMA_NEW_CONCERT] = {.fields = new_concert_keys},
    [SP_SCHEMA_CONCERT_EDIT] = {.fields = concert_edit_keys, .some = true},
    [SP_SCHEMA_NEW_GRADE] = {.variants =
                                 SP_VARIANTS{SP_SCHEMA_GRADE_OF_ROWS, SP_SCHEMA_GRADE_OF_SEATS, 0}},
    [SP_SCHEMA_GRADE_OF_ROWS] = {.fields = grade_of_rows_keys},
    [SP_SCHEMA_GRADE_OF_SEATS] = {.fields = grade_of_seats_keys},

    [SP_SCHEMA_NEW_ORDER] = {.variants =
                                 SP_VARIANTS{SP_SCHEMA_ORDER_OF_SEATS, SP_SCHEMA_ORDER_OF_HOLD, 0}},
    [SP_SCHEMA_ORDER_OF_SEATS] = {.fields = order_of_seats_keys},
    [SP_SCHEMA_ORDER_OF_HOLD] = {.fields = order_of_hold_keys},
    [SP_SCHEMA_ORDER_CANCEL] = {.fields = order_cancel_keys},
    [SP_SCHEMA_NEW_HOLD] = {.variants =
                                SP_VARIANTS{SP_SCHEMA_HOLD_OF_SEATS, SP_SCHEMA_HOLD_OF_BEST, 0}},
    [SP_SCHEMA_HOLD_OF_SEATS] = {.fields = hold_of_seats_keys},
    [SP_SCHEMA_HOLD_OF_BEST] = {.fields = hold_of_best_keys},
    [SP_SCHEMA_BEST_AVAILABLE] = {.fields = best_available_keys},
    [SP_SCHEMA_NOTHING] = {.empty = true},
};
