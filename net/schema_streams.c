/* SPDX-License-Identifier: MIT
 *
 * What comes in streams of events: an event's name, its id if it has one, and
 * its data, which is JSON (net/seat_events.c, net/job_stream.c). Comments and
 * `retry:` lines are no events.
 */
#include <stddef.h>

#include "net/schema_fields.h"

#define EVENT(names) SP_KEY("event", CHOICE, .choices = names)
#define SEQ_ID                                                                   \
    SP_KEY("id", TEXT, .pattern = "^(0|[1-9][0-9]{0,15})$", .example = "\"42\"", \
           .about = "Its seq: send it as Last-Event-ID to go on from there.")
#define SEATS(key, text)                                                                      \
    SP_KEY(key, INTEGER, .many = true, .unique = true, .count_max = SP_SEATS_PER_CONCERT_MAX, \
           .max = SP_SEATS_PER_CONCERT_MAX, .example = text)

static const char *const map[] = {"map", NULL};
static const char *const seats[] = {"seats", NULL};
static const char *const reset[] = {"reset", NULL};
static const char *const concert[] = {"concert", NULL};
static const char *const waiting[] = {"waiting", NULL};
static const char *const order_end[] = {"orderEnd", NULL};
static const char *const end_id[] = {"end", NULL};

static const sp_schema_field seat_event_map_keys[] = {
    EVENT(map),
    SEQ_ID,
    SP_KEY_SHAPE("data", SEATS_NOW),
    SP_KEYS_END,
};

static const sp_schema_field seat_event_seats_keys[] = {
    EVENT(seats),
    SEQ_ID,
    SP_KEY_SHAPE("data", SEAT_CHANGES),
    SP_KEYS_END,
};

static const sp_schema_field seat_event_reset_keys[] = {
    EVENT(reset),
    SP_KEY_SHAPE("data", NOTHING),
    SP_KEYS_END,
};

static const sp_schema_field seat_event_concert_keys[] = {
    EVENT(concert),
    SP_KEY_SHAPE("data", CONCERT_NOW),
    SP_KEYS_END,
};

static const sp_schema_field concert_now_keys[] = {
    SP_KEY_SEQ(),
    SP_KEY("status", CHOICE, .choices = sp_schema_concert_statuses, .example = "\"PAUSED\""),
    SP_KEYS_END,
};

static const sp_schema_field seats_now_keys[] = {
    SP_KEY_SEQ(),
    SP_KEY("status", TEXT, .min = 1, .max = SP_SEATS_PER_CONCERT_MAX, .pattern = "^[.hx]*$",
           .example = "\"xxh.\"",
           .about = "A character a seat, by index: `.` free, `h` held, `x` sold."),
    SP_KEYS_END,
};

static const sp_schema_field seat_changes_keys[] = {
    SP_KEY_SEQ(), SEATS("taken", "[2]"), SEATS("held", "[]"), SEATS("freed", "[0,1]"), SP_KEYS_END,
};

static const sp_schema_field job_event_waiting_keys[] = {
    EVENT(waiting),
    SP_KEY_SHAPE("data", JOB_WAITING),
    SP_KEYS_END,
};

static const sp_schema_field job_event_end_keys[] = {
    EVENT(order_end),
    SP_KEY("id", CHOICE, .choices = end_id,
           .about = "Who reconnects with it is answered 204, which "
                    "ends an EventSource."),
    SP_KEY_SHAPE("data", JOB),
    SP_KEYS_END,
};

const sp_schema_shape sp_schema_streams[SP_PARTS_END] = {
    [SP_SCHEMA_SEAT_EVENTS] = {.events = true,
                               .variants =
                                   SP_VARIANTS{SP_SCHEMA_SEAT_EVENT_MAP, SP_SCHEMA_SEAT_EVENT_SEATS,
                                               SP_SCHEMA_SEAT_EVENT_RESET,
                                               SP_SCHEMA_SEAT_EVENT_CONCERT, 0}},
    [SP_SCHEMA_SEAT_EVENT_MAP] = {.fields = seat_event_map_keys},
    [SP_SCHEMA_SEAT_EVENT_SEATS] = {.fields = seat_event_seats_keys},
    [SP_SCHEMA_SEAT_EVENT_RESET] = {.fields = seat_event_reset_keys},
    [SP_SCHEMA_SEAT_EVENT_CONCERT] = {.fields = seat_event_concert_keys},
    [SP_SCHEMA_CONCERT_NOW] = {.fields = concert_now_keys},
    [SP_SCHEMA_SEATS_NOW] = {.fields = seats_now_keys},
    [SP_SCHEMA_SEAT_CHANGES] = {.fields = seat_changes_keys},
    [SP_SCHEMA_JOB_EVENTS] = {.events = true,
                              .variants = SP_VARIANTS{SP_SCHEMA_JOB_EVENT_WAITING,
                                                      SP_SCHEMA_JOB_EVENT_END, 0}},
    [SP_SCHEMA_JOB_EVENT_WAITING] = {.fields = job_event_waiting_keys},
    [SP_SCHEMA_JOB_EVENT_END] = {.fields = job_event_end_keys},
};
