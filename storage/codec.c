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
};

/* How many fields of its own each type has, behind the head. */
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
    }
    return 0;
}

/* 5 bytes head a text, 9 a number, 5 a row. */
_Static_assert(SP_CONCERT_NAME_SIZE_MAX + SP_DESCRIPTION_SIZE_MAX + SP_URL_SIZE_MAX +
                       SP_ADDRESS_SIZE_MAX +
                       SP_GRADES_PER_CONCERT_MAX * (SP_GRADE_NAME_SIZE_MAX + 5 + 9 + 5 + 1) +
                       SP_ROWS_PER_CONCERT_MAX * 5 + 40 * 9 <
                   SP_EVENT_SIZE_MAX,
               "the largest concert fits");
_Static_assert(SP_SEATS_PER_ORDER_MAX * 5 + 200 < SP_EVENT_SIZE_MAX, "the largest order fits");

/* ---- encode ---- */

static void encode_concert(sp_packing *out, const sp_event *event)
{
    const sp_concert_spec *spec = &event->concert_created.spec;
    sp_packing_uint(out, event->concert_created.concert);
    sp_packing_uint(out, event->concert_created.host);
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

static void encode_order(sp_packing *out, const sp_event *event)
{
    sp_packing_uint(out, event->order_paid.order);
    sp_packing_uint(out, event->order_paid.concert);
    sp_packing_uint(out, event->order_paid.buyer);
    sp_packing_count(out, event->order_paid.amount);
    sp_packing_array(out, event->order_paid.seats_count);
    for (uint32_t i = 0; i < event->order_paid.seats_count; i++)
        sp_packing_uint(out, event->order_paid.seats[i]);
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
        encode_concert(out, event);
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
    sp_packing_array(&out, HEAD_FIELDS + fields_of(event->type));
    sp_packing_uint(&out, VERSION);
    sp_packing_uint(&out, event->type);
    sp_packing_count(&out, event->time);
    sp_packing_uint(&out, event->actor);
    encode_idempotency(&out, &event->idempotency);
    encode_fields(&out, event);
    return out.size;
}

/* ---- decode ---- */

/* Seats lent to events that stay good beside each other: enough for some dozens
 * of the usual orders, few enough to stay in the cache. */
#define SEATS_MAX 1024u

struct sp_decoder {
    uint32_t seats_used;
    bool concert_used; /* grades and rows have room for one concert */
    sp_seat seats[SEATS_MAX];
    sp_grade_spec grades[SP_GRADES_PER_CONCERT_MAX];
    uint32_t rows[SP_ROWS_PER_CONCERT_MAX];
};

sp_decoder *sp_decoder_create(void)
{
    sp_decoder *decoder = malloc(sizeof(sp_decoder));
    if (decoder != NULL) {
        decoder->seats_used = 0;
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
    return decoder->seats_used <= SEATS_MAX - SP_SEATS_PER_ORDER_MAX && !decoder->concert_used;
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

static void decode_grades(sp_decoder *decoder, sp_reader *in, sp_concert_spec *spec)
{
    uint32_t rows_used = 0;
    decoder->concert_used = true;
    spec->grades_count = sp_reader_array(in, 1, SP_GRADES_PER_CONCERT_MAX);
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

static void decode_concert(sp_decoder *decoder, sp_reader *in, sp_event *out)
{
    sp_concert_spec *spec = &out->concert_created.spec;
    out->concert_created.concert = read_id(in, 1);
    out->concert_created.host = read_id(in, 1);
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
    decode_grades(decoder, in, spec);
}

static void decode_order(sp_decoder *decoder, sp_reader *in, sp_event *out)
{
    out->order_paid.order = read_id(in, 1);
    out->order_paid.concert = read_id(in, 1);
    out->order_paid.buyer = read_id(in, 1);
    out->order_paid.amount = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
    uint32_t count = sp_reader_array(in, 1, SP_SEATS_PER_ORDER_MAX);
    sp_seat *seats = &decoder->seats[decoder->seats_used];
    for (uint32_t i = 0; i < count; i++)
        seats[i] = (sp_seat)sp_reader_uint(in, 0, SP_SEATS_PER_CONCERT_MAX - 1);
    decoder->seats_used += count;
    out->order_paid.seats = seats;
    out->order_paid.seats_count = count;
}

static void decode_fields(sp_decoder *decoder, sp_reader *in, sp_event *out)
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
        decode_concert(decoder, in, out);
        return;
    case SP_EVENT_ORDER_PAID:
        decode_order(decoder, in, out);
        return;
    case SP_EVENT_ORDER_CANCELLED:
        out->order_cancelled.order = read_id(in, 1);
        out->order_cancelled.amount = read_signed(in, 0, SP_POINTS_TOTAL_MAX);
        out->order_cancelled.reason = sp_reader_text_or_nil(in, SP_REASON_SIZE_MAX);
        return;
    case SP_EVENT_USER_ERASED:
        out->user_erased.user = read_id(in, 1);
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
    decoder->seats_used = 0;
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
    if (fields != HEAD_FIELDS + fields_of((sp_event_type)type))
        return "it has too many or too few fields";

    out->seq = seq;
    out->type = (sp_event_type)type;
    out->time = read_time(&in);
    out->actor = read_id(&in, 0);
    decode_idempotency(&in, &out->idempotency);
    decode_fields(decoder, &in, out);
    return sp_reader_end(&in);
}
