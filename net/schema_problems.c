/* SPDX-License-Identifier: MIT
 *
 * What problems have beside the members of all (net/problem.c writes them).
 */
#include <stddef.h>

#include "net/field_errors.h"
#include "net/schema_fields.h"

#define POINTS(key, ...) \
    SP_KEY(key, INTEGER, .min = -SP_POINTS_TOTAL_MAX, .max = SP_POINTS_TOTAL_MAX, __VA_ARGS__)
#define COUNT(key, most, text) SP_KEY(key, INTEGER, .max = (most), .about = text)
#define SEAT SP_KEY("seat", INTEGER, .max = SP_SEATS_PER_CONCERT_MAX, .about = "Its index.")
#define LABEL SP_KEY("label", TEXT, .pattern = " [0-9]+-[0-9]+$", .example = "\"VIP 1-1\"")
#define SEATS(part) \
    SP_KEY_SHAPE("seats", part, .many = true, .count_min = 1, .count_max = SP_SEATS_PER_ORDER_MAX)

static const char *const error_codes[] = {"required", "unknown", "duplicate", "type",
                                          "range",    "format",  "too_short", "too_long",
                                          "conflict", "invalid", NULL};
static const char *const states[] = {"held", "sold", NULL};

static const sp_schema_field field_error_keys[] = {
    SP_KEY("field", TEXT, .max = SP_FIELD_PATH_SIZE_MAX, .example = "\"grades[1].price\"",
           .about = "A field's path in the body, a parameter or a header; empty: the body."),
    SP_KEY("code", CHOICE, .choices = error_codes, .example = "\"range\""),
    SP_KEY("detail", TEXT, .min = 1, .example = "\"the number is out of range\""),
    SP_KEYS_END,
};

static const sp_schema_field seat_conflict_keys[] = {
    SEAT,
    LABEL,
    SP_KEY("state", CHOICE, .choices = states, .example = "\"sold\""),
    SP_KEY_SEQ(.about = "Of the event that took it."),
    SP_KEYS_END,
};

static const sp_schema_field lonely_seat_keys[] = {
    SEAT,
    LABEL,
    SP_KEYS_END,
};

const sp_schema_shape sp_schema_problems[SP_PARTS_END] = {
    [SP_SCHEMA_FIELD_ERROR] = {.fields = field_error_keys},
    [SP_SCHEMA_SEAT_CONFLICT] = {.fields = seat_conflict_keys},
    [SP_SCHEMA_LONELY_SEAT] = {.fields = lonely_seat_keys},
};

static const sp_schema_field validation_failed_keys[] = {
    SP_KEY_SHAPE("errors", FIELD_ERROR, .many = true, .count_min = 1,
                 .count_max = SP_FIELD_ERRORS_MAX),
    SP_KEYS_END,
};

static const sp_schema_field seat_taken_keys[] = {
    SEATS(SEAT_CONFLICT),
    SP_KEYS_END,
};

static const sp_schema_field seat_unknown_keys[] = {
    SP_KEY("seats", INTEGER, .many = true, .count_min = 1, .count_max = SP_SEATS_PER_ORDER_MAX,
           .max = INT32_MAX, .example = "[4000]"),
    SP_KEYS_END,
};

static const sp_schema_field orphan_seat_keys[] = {
    SEATS(LONELY_SEAT),
    SP_KEYS_END,
};

static const sp_schema_field sales_not_open_keys[] = {
    SP_KEY("opensAt", TIME),
    SP_KEYS_END,
};

static const sp_schema_field amount_mismatch_keys[] = {
    SP_KEY_COUNT("amount", .example = "300000", .about = "The price of these seats."),
    SP_KEYS_END,
};

static const sp_schema_field insufficient_points_keys[] = {
    POINTS("points", .about = "The balance."),
    SP_KEYS_END,
};

static const sp_schema_field seat_limit_keys[] = {
    COUNT("max", SP_MAX_SEATS_PER_USER_MAX, "Of this concert."),
    COUNT("have", SP_MAX_SEATS_PER_USER_MAX, "Held and bought."),
    SP_KEYS_END,
};

static const sp_schema_field no_adjacent_seats_keys[] = {
    COUNT("largestRun", SP_SEATS_PER_CONCERT_MAX, "So many neighbours can be had."),
    SP_KEYS_END,
};

static const sp_schema_field cancel_closed_keys[] = {
    SP_KEY("cancelUntil", TIME),
    SP_KEYS_END,
};

static const sp_schema_field limit_reached_keys[] = {
    SP_KEY("limit", TEXT, .min = 1, .example = "\"orders\"",
           .about = "Which of this installation's."),
    SP_KEYS_END,
};

static const sp_schema_field *const fields[] = {
    [SP_VALIDATION_FAILED] = validation_failed_keys,
    [SP_SEAT_TAKEN] = seat_taken_keys,
    [SP_SEAT_UNKNOWN] = seat_unknown_keys,
    [SP_ORPHAN_SEAT] = orphan_seat_keys,
    [SP_SALES_NOT_OPEN] = sales_not_open_keys,
    [SP_AMOUNT_MISMATCH] = amount_mismatch_keys,
    [SP_INSUFFICIENT_POINTS] = insufficient_points_keys,
    [SP_SEAT_LIMIT] = seat_limit_keys,
    [SP_NO_ADJACENT_SEATS] = no_adjacent_seats_keys,
    [SP_CANCEL_CLOSED] = cancel_closed_keys,
    [SP_LIMIT_REACHED] = limit_reached_keys,
};

const sp_schema_field *sp_schema_problem_fields(sp_outcome outcome)
{
    return (size_t)outcome < sizeof fields / sizeof fields[0] ? fields[outcome] : NULL;
}
