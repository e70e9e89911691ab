/* SPDX-License-Identifier: MIT */
#include "storage/codec.h"

#include <stdlib.h>

#include "engine/limits.h"
#include "storage/packing.h"
#include "storage/reader.h"

enum {
    VERSION = 1,
    HEAD_FIELDS = 5, /* version, type, time, actor, idempotency */
    HASH_SIZE = sizeof(sp_hash128),
    ORDER_EXTRA_FIELDS = 2, /* hold, job */
};

/* How many fields of its own each type has, behind the head; an order may have
 * ORDER_EXTRA_FIELDS more. */
static uint32_t fields_of(sp_event_type type)
{
    switch (type) {
    case SP_EVENT_SERVER_STARTED:
        return 2;
    case SP_EVENT_USER_CREATED:
        return 3;
    case SP_EVENT_ROLE_SET:
        return 2;
    case SP_EVENT_POINTS_GRANTED:
        return 2;
    case SP_EVENT_CATEGORY_CREATED:
        return 2;
    case SP_EVENT_CONCERT_CREATED:
        return 17;
    case SP_EVENT_ORDER_PAID:
        return 5;
    case SP_EVENT_ORDER_CANCELLED:
        return 3;
    case SP_EVENT_USER_ERASED:
        return 1;
    case SP_EVENT_HOLD_TAKEN:
        return 6;
    case SP_EVENT_HOLD_EXTENDED:
        return 3;
    case SP_EVENT_HOLD_RELEASED:
        return 1;
    case SP_EVENT_HOLDS_EXPIRED:
        return 1;
    case SP_EVENT_CONCERT_EDITED:
        return 16;
    case SP_EVENT_CONCERT_PAUSED:
    case SP_EVENT_CONCERT_RESUMED:
        return 1;
    case SP_EVENT_CONCERT_CANCELLED:
        return 4;
    }
    return 0;
}

static bool has_extra(const sp_event *event)
{
    return event->type == SP_EVENT_ORDER_PAID &&
           (event->order_paid.hold != 0 || event->order_paid.job.present);
}

/* 5 bytes head a text, 9 a number, 5 a row. */
_Static_assert(SP_CONCERT_NAME_SIZE_MAX + SP_DESCRIPTION_SIZE_MAX + SP_URL_SIZE_MAX +
                       SP_ADDRESS_SIZE_MAX +
                       SP_GRADES_PER_CONCERT_MAX * (SP_GRADE_NAME_SIZE_MAX + 5 + 9 + 5 + 1) +
                       SP_ROWS_PER_CONCERT_MAX * 5 + 40 * 9 <
                   SP_EVENT_SIZE_MAX,
               "the largest concert fits");
_Static_assert(SP_SEATS_PER_ORDER_MAX * 5 + 200 < SP_EVENT_SIZE_MAX, "the largest order fits");
_Static_assert(SP_HOLDS_PER_EXPIRY_MAX * 5 + 200 < SP_EVENT_SIZE_MAX, "the largest expiry fits");

/* ---- encode ---- */

static void encode_spec(sp_packing *out, const sp_concert_spec *spec)
{
    sp_packing_uint(out, spec->category);
    sp_packing_text(out, spec->name);
    sp_packing_text_or_nil(out, spec->description);
    sp_packing_text_or_nil(out, spec->image_url);
    sp_packing_text_or_nil(out, spec->address);
    sp_packing_uint(out, spec->running_time_min);
    sp_packing_uint(out, spec->age_limit);
    sp_packing_count(out, spec->start_date);
    sp_packing_count(out, spec->end_date);
    sp_packing_count(out, spec->concert_date);
    sp_packing_count(out, spec->cancel_until);
    sp_packing_uint(out, spec->max_seats_per_user);
    sp_packing_uint(out, spec->hold_seconds);
    sp_packing_bool(out, spec->no_orphans);
    sp_packing_array(out, spec->grades_count);
    for (uint32_t g = 0; g < spec->grades_count; g++) {
        const sp_grade_spec *grade = &spec->grades[g];
        sp_packing_array(out, 3);
        sp_packing_text(out, grade->name);
        sp_packing_count(out, grade->price);
        sp_packing_array(out, grade->rows_count);
        for (uint32_t r = 0; r < grade->rows_count; r++)
            sp_packing_uint(out, grade->row_sizes[r]);
    }
}

/* Seats, or ids of holds. */
static void encode_list(sp_packing *out, const uint32_t *items, uint32_t count)
{
    sp_packing_array(out, count);
    for (uint32_t i = 0; i < count; i++)
        sp_packing_uint(out, items[i]);
}

static void encode_order(sp_packing *out, const sp_event *event)
{
    sp_packing_uint(out, event->order_paid.order);
    sp_packing_uint(out, event->order_paid.concert);
    sp_packing_uint(out, event->order_paid.buyer);
    sp_packing_count(out, event->order_paid.amount);
    encode_list(out, event->order_paid.seats, event->order_paid.seats_count);
    if (!has_extra(event))
        return;
    sp_packing_uint(out, event->order_paid.hold);
    if (event->order_paid.job.present)
        sp_packing_bin(out, event->order_paid.job.id.bytes, HASH_SIZE);
    else
        sp_packing_nil(out);
}

static void encode_hold_taken(sp_packing *out, const sp_event *event)
{
    sp_packing_uint(out, event->hold_taken.hold);
    sp_packing_uint(out, event->hold_taken.concert);
    sp_packing_uint(out, event->hold_taken.user);
    sp_packing_count(out, event->hold_taken.amount);
    sp_packing_count(out, event->hold_taken.expires_at);
    encode_list(out, event->hold_taken.seats, event->hold_taken.seats_count);
}

static void encode_fields(sp_packing *out, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_SERVER_STARTED:
        sp_packing_text(out, event->server_started.version);
        sp_packing_bin(out, event->server_started.epoch.bytes, HASH_SIZE);
        return;
    case SP_EVENT_USER_CREATED:
        sp_packing_uint(out, event->user_created.user);
        sp_packing_uint(out, event->user_created.role);
        sp_packing_count(out, event->user_created.points);
        return;
    case SP_EVENT_ROLE_SET:
        sp_packing_uint(out, event->role_set.user);
        sp_packing_uint(out, event->role_set.role);
        return;
    case SP_EVENT_POINTS_GRANTED:
        sp_packing_uint(out, event->points_granted.user);
        sp_packing_count(out, event->points_granted.amount);
        return;
    case SP_EVENT_CATEGORY_CREATED:
        sp_packing_uint(out, event->category_created.category);
        sp_packing_text(out, event->category_created.name);
        return;
    case SP_EVENT_CONCERT_CREATED:
        sp_packing_uint(out, event->concert_created.concert);
        sp_packing_uint(out, event->concert_created.host);
        encode_spec(out, &event->concert_created.spec);
        return;
    case SP_EVENT_ORDER_PAID:
        encode_order(out, event);
        return;
    case SP_EVENT_ORDER_CANCELLED:
        sp_packing_uint(out, event->order_cancelled.order);
        sp_packing_count(out, event->order_cancelled.amount);
        sp_packing_text_or_nil(out, event->order_cancelled.reason);
        return;
    case SP_EVENT_USER_ERASED:
        sp_packing_uint(out, event->user_erased.user);
        return;
    case SP_EVENT_HOLD_TAKEN:
        encode_hold_taken(out, event);
        return;
    case SP_EVENT_HOLD_EXTENDED:
        sp_packing_uint(out, event->hold_extended.hold);
        sp_packing_uint(out, event->hold_extended.taken);
        sp_packing_count(out, event->hold_extended.expires_at);
        return;
    case SP_EVENT_HOLD_RELEASED:
        sp_packing_uint(out, event->hold_released.hold);
        return;
    case SP_EVENT_HOLDS_EXPIRED:
        encode_list(out, event->holds_expired.holds, event->holds_expired.holds_count);
        return;
    case SP_EVENT_CONCERT_EDITED:
        sp_packing_uint(out, event->concert_edited.concert);
        encode_spec(out, &event->concert_edited.spec);
        return;
    case SP_EVENT_CONCERT_PAUSED:
        sp_packing_uint(out, event->concert_paused.concert);
        return;
    case SP_EVENT_CONCERT_RESUMED:
        sp_packing_uint(out, event->concert_resumed.concert);
        return;
    case SP_EVENT_CONCERT_CANCELLED:
        sp_packing_uint(out, event->concert_cancelled.concert);
        sp_packing_uint(out, event->concert_cancelled.orders_count);
        sp_packing_count(out, event->concert_cancelled.amount);
        sp_packing_uint(out, event->concert_cancelled.seats_held_count);
        return;
    }
    SP_ASSERT_CMP(event->type, ==, 0);
}

static void encode_idempotency(sp_packing *out, const sp_idempotency *idempotency)
{
    if (!idempotency->present) {
        sp_packing_nil(out);
        return;
    }
    uint8_t both[2 * HASH_SIZE];
    memcpy(both, idempotency->key.bytes, HASH_SIZE);
    memcpy(both + HASH_SIZE, idempotency->request.bytes, HASH_SIZE);
    sp_packing_bin(out, both, sizeof both);
}

size_t sp_codec_encode(const sp_event *event, void *bytes)
{
    sp_packing out;
    sp_packing_init(&out, bytes, SP_EVENT_SIZE_MAX);
    sp_packing_array(&out, HEAD_FIELDS + fields_of(event->type) +
                               (has_extra(event) ? ORDER_EXTRA_FIELDS : 0u));
    sp_packing_uint(&out, VERSION);
    sp_packing_uint(&out, event->type);
    sp_packing_count(&out, event->time);
    sp_packing_uint(&out, event->actor);
    encode_idempotency(&out, &event->idempotency);
    encode_fields(&out, event);
    return out.size;
}

/* ---- decode ---- */

/* Seats and ids of holds lent to events that stay good beside each other: behind
 * some dozens of the usual orders there is still room for the longest list, and
 * what they use stays in the cache. */
#define ITEMS_MAX 2048u
#define LIST_MAX SP_HOLDS_PER_EXPIRY_MAX
_Static_assert(SP_SEATS_PER_ORDER_MAX <= LIST_MAX && LIST_MAX <= ITEMS_MAX / 2,
               "any event fits beside some others");
_Static_assert(sizeof(sp_seat) == sizeof(uint32_t) && sizeof(sp_hold_id) == sizeof(uint32_t),
               "both are items");

struct sp_decoder {
    uint32_t items_used;
    bool concert_used; /* grades and rows have room for one concert */
    uint32_t items[ITEMS_MAX];
    sp_grade_spec grades[SP_GRADES_PER_CONCERT_MAX];
    uint32_t rows[SP_ROWS_PER_CONCERT_MAX];
};

sp_decoder *sp_decoder_create(void)
{
    sp_decoder *decoder = malloc(sizeof(sp_decoder));
    if (decoder != NULL) {
        decoder->items_used = 0;
        decoder->concert_used = false;
    }
    return decoder;
}

void sp_decoder_destroy(sp_decoder *decoder)
{
    free(decoder);
}

bool sp_decoder_has_room(const sp_decoder *decoder)
{
    return decoder->items_used <= ITEMS_MAX - LIST_MAX && !decoder->concert_used;
}

static uint32_t read_id(sp_reader *in, uint32_t min)
{
    return (uint32_t)sp_reader_uint(in, min, UINT32_MAX);
}

static int64_t read_signed(sp_reader *in, int64_t min, int64_t max)
{
    return (int64_t)sp_reader_uint(in, (uint64_t)min, (uint64_t)max);
}

static sp_time_ms read_time(sp_reader *in)
{
    return read_signed(in, 1, SP_TIME_MAX);
}

static sp_role read_role(sp_reader *in)
{
    return (sp_role)sp_reader_uint(in, SP_ROLE_USER, SP_ROLE_ADMIN);
}

/* grades_min: 0 where they may stay as they were. */
static void decode_grades(sp_decoder *decoder, sp_reader *in, uint32_t grades_min,
                          sp_concert_spec *spec)
{
    uint32_t rows_used = 0;
    decoder->concert_used = true;
    spec->grades_count = sp_reader_array(in, grades_min, SP_GRADES_PER_CONCERT_MAX);
    spec->grades = decoder->grades;
    for (uint32_t g = 0; g < spec->grades_count && in->wrong == NULL; g++) {
        sp_grade_spec *grade = &decoder->grades[g];
        sp_reader_array(in, 3, 3);
        grade->name = sp_reader_text(in, SP_GRADE_NAME_SIZE_MAX);
        grade->price = read_signed(in, 0, SP_PRICE_MAX);
        grade->rows_count = sp_reader_array(in, 1, SP_ROWS_PER_CONCERT_MAX - rows_used);
        grade->row_sizes = &decoder->rows[rows_used];
        for (uint32_t r = 0; r < grade->rows_count; r++)
            decoder->rows[rows_used++] = (uint32_t)sp_reader_uint(in, 1, SP_SEATS_PER_CONCERT_MAX);
    }
}

static void decode_spec(sp_decoder *decoder, sp_reader *in, uint32_t grades_min,
                        sp_concert_spec *spec)
{
    spec->category = read_id(in, 1);
    spec->name = sp_reader_text(in, SP_CONCERT_NAME_SIZE_MAX);
    spec->description = sp_reader_text_or_nil(in, SP_DESCRIPTION_SIZE_MAX);
    spec->image_url = sp_reader_text_or_nil(in, SP_URL_SIZE_MAX);
    spec->address = sp_reader_text_or_nil(in, SP_ADDRESS_SIZE_MAX);
    spec->running_time_min = (uint32_t)sp_reader_uint(in, 0, SP_RUNNING_TIME_MIN_MAX);
    spec->age_limit = (sp_age_limit)sp_reader_uint(in, SP_AGE_ZERO, SP_AGE_NINETEEN);
    spec->start_date = read_time(in);
    spec->end_date = read_time(in);
    spec->concert_date = read_time(in);
    spec->cancel_until = read_time(in);
    spec->max_seats_per_user = (uint32_t)sp_reader_uint(in, 1, SP_MAX_SEATS_PER_USER_MAX);
    spec->hold_seconds = (uint32_t)sp_reader_uint(in, SP_HOLD_SECONDS_MIN, SP_HOLD_SECONDS_MAX);
    spec->no_orphans = sp_reader_bool(in);
    decode_grades(decoder, in, grades_min, spec);
}

/* 1 … count_max items, each item_min … item_max, lent by the decoder; returns how
 * many. */
static inline uint32_t decode_list(sp_decoder *decoder, sp_reader *in, uint32_t count_max,
                                   uint32_t item_min, uint32_t item_max, const uint32_t **out)
{
    uint32_t count = sp_reader_array(in, 1, count_max);
    SP_ASSERT_CMP(count, <=, ITEMS_MAX - decoder->items_used);
    uint32_t *items = &decoder->items[decoder->items_used];
    for (uint32_t i = 0; i < count; i++)
        items[i] = (uint32_t)sp_reader_uint(in, item_min, item_max);
    decoder->items_used += count;
    *out = items;
    return count;
}

static uint32_t decode_seats(sp_decoder *decoder, sp_reader *in, const sp_seat **out)
{
    return decode_list(decoder, in, SP_SEATS_PER_ORDER_MAX, 0, SP_SEATS_PER_CONCERT_MAX - 1, out);
}

/* The hold and the job of an order that has one of them at least. */
static void decode_order_extra(sp_reader *in, sp_event *out)
{
    out->order_paid.hold = read_id(in, 0);
    out->order_paid.job.present = !sp_reader_nil(in);
    if (out->order_paid.job.present)
        sp_reader_bin(in, out->order_paid.job.id.bytes, HASH_SIZE);
    else if (out->order_paid.hold == 0)
        sp_reader_fail(in, "it has neither the hold nor the job that it has fields for");
}

static void decode_order(sp_decoder *decoder, sp_reader *in, bool extra, sp_event *out)
{
    out->order_paid.order = read_id(in, 1);
    out->order_paid.concert = read_id(in, 1);
    out->order_paid.buyer = read_id(in, 1);
    out->order_paid.amount = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
    out->order_paid.seats_count = decode_seats(decoder, in, &out->order_paid.seats);
    out->order_paid.hold = 0;
    out->order_paid.job.present = false;
    if (extra)
        decode_order_extra(in, out);
}

static void decode_hold_taken(sp_decoder *decoder, sp_reader *in, sp_event *out)
{
    out->hold_taken.hold = read_id(in, 1);
    out->hold_taken.concert = read_id(in, 1);
    out->hold_taken.user = read_id(in, 1);
    out->hold_taken.amount = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
    out->hold_taken.expires_at = read_time(in);
    out->hold_taken.seats_count = decode_seats(decoder, in, &out->hold_taken.seats);
}

/* extra: an order that has ORDER_EXTRA_FIELDS more. */
static void decode_fields(sp_decoder *decoder, sp_reader *in, bool extra, sp_event *out)
{
    switch (out->type) {
    case SP_EVENT_SERVER_STARTED:
        out->server_started.version = sp_reader_text(in, SP_VERSION_SIZE_MAX);
        sp_reader_bin(in, out->server_started.epoch.bytes, HASH_SIZE);
        return;
    case SP_EVENT_USER_CREATED:
        out->user_created.user = read_id(in, 1);
        out->user_created.role = read_role(in);
        out->user_created.points = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
        return;
    case SP_EVENT_ROLE_SET:
        out->role_set.user = read_id(in, 1);
        out->role_set.role = read_role(in);
        return;
    case SP_EVENT_POINTS_GRANTED:
        out->points_granted.user = read_id(in, 1);
        out->points_granted.amount = read_signed(in, 1, SP_GRANT_MAX);
        return;
    case SP_EVENT_CATEGORY_CREATED:
        out->category_created.category = read_id(in, 1);
        out->category_created.name = sp_reader_text(in, SP_CATEGORY_NAME_SIZE_MAX);
        return;
    case SP_EVENT_CONCERT_CREATED:
        out->concert_created.concert = read_id(in, 1);
        out->concert_created.host = read_id(in, 1);
        decode_spec(decoder, in, 1, &out->concert_created.spec);
        return;
    case SP_EVENT_ORDER_PAID:
        decode_order(decoder, in, extra, out);
        return;
    case SP_EVENT_ORDER_CANCELLED:
        out->order_cancelled.order = read_id(in, 1);
        out->order_cancelled.amount = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
        out->order_cancelled.reason = sp_reader_text_or_nil(in, SP_REASON_SIZE_MAX);
        return;
    case SP_EVENT_USER_ERASED:
        out->user_erased.user = read_id(in, 1);
        return;
    case SP_EVENT_HOLD_TAKEN:
        decode_hold_taken(decoder, in, out);
        return;
    case SP_EVENT_HOLD_EXTENDED:
        out->hold_extended.hold = read_id(in, 1);
        out->hold_extended.taken = sp_reader_uint(in, 1, INT64_MAX);
        out->hold_extended.expires_at = read_time(in);
        return;
    case SP_EVENT_HOLD_RELEASED:
        out->hold_released.hold = read_id(in, 1);
        return;
    case SP_EVENT_HOLDS_EXPIRED:
        out->holds_expired.holds_count = decode_list(decoder, in, SP_HOLDS_PER_EXPIRY_MAX, 1,
                                                     UINT32_MAX, &out->holds_expired.holds);
        return;
    case SP_EVENT_CONCERT_EDITED:
        out->concert_edited.concert = read_id(in, 1);
        decode_spec(decoder, in, 0, &out->concert_edited.spec);
        return;
    case SP_EVENT_CONCERT_PAUSED:
        out->concert_paused.concert = read_id(in, 1);
        return;
    case SP_EVENT_CONCERT_RESUMED:
        out->concert_resumed.concert = read_id(in, 1);
        return;
    case SP_EVENT_CONCERT_CANCELLED:
        out->concert_cancelled.concert = read_id(in, 1);
        out->concert_cancelled.orders_count = (uint32_t)sp_reader_uint(in, 0, SP_ORDERS_MAX);
        out->concert_cancelled.amount = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
        out->concert_cancelled.seats_held_count =
            (uint32_t)sp_reader_uint(in, 0, SP_SEATS_PER_CONCERT_MAX);
        return;
    }
}

static void decode_idempotency(sp_reader *in, sp_idempotency *out)
{
    out->present = !sp_reader_nil(in);
    if (!out->present)
        return;
    uint8_t both[2 * HASH_SIZE];
    sp_reader_bin(in, both, sizeof both);
    memcpy(out->key.bytes, both, HASH_SIZE);
    memcpy(out->request.bytes, both + HASH_SIZE, HASH_SIZE);
}

const char *sp_codec_decode(sp_decoder *decoder, sp_seq seq, const void *bytes, size_t size,
                            sp_event *out)
{
    decoder->items_used = 0;
    decoder->concert_used = false;
    return sp_codec_decode_more(decoder, seq, bytes, size, out);
}

const char *sp_codec_decode_more(sp_decoder *decoder, sp_seq seq, const void *bytes, size_t size,
                                 sp_event *out)
{
    sp_reader in;
    SP_ASSERT(sp_decoder_has_room(decoder));
    if (size > SP_EVENT_SIZE_MAX)
        return "no event is so large";
    sp_reader_init(&in, bytes, size);
    uint32_t fields = sp_reader_array(&in, HEAD_FIELDS, UINT32_MAX);
    uint64_t version = sp_reader_uint(&in, 0, UINT64_MAX);
    uint64_t type = sp_reader_uint(&in, 0, UINT32_MAX);
    if (in.wrong != NULL)
        return in.wrong;
    if (version != VERSION)
        return "its version is not known to this program";
    if (fields_of((sp_event_type)type) == 0)
        return "its type is not known to this program";
    uint32_t usual = HEAD_FIELDS + fields_of((sp_event_type)type);
    bool extra = type == SP_EVENT_ORDER_PAID && fields == usual + ORDER_EXTRA_FIELDS;
    if (fields != usual && !extra)
        return "it has too many or too few fields";

    out->seq = seq;
    out->type = (sp_event_type)type;
    out->time = read_time(&in);
    out->actor = read_id(&in, 0);
    decode_idempotency(&in, &out->idempotency);
    decode_fields(decoder, &in, extra, out);
    return sp_reader_end(&in);
}
