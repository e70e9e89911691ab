/* SPDX-License-Identifier: MIT */
#include <endian.h>

#include "engine/assert.h"
#include "net/encode.h"

static const char *status_of(const sp_concert_spec *spec, sp_time_ms now)
{
    if (now < spec->start_date)
        return "UPCOMING";
    return now < spec->end_date ? "ON_SALE" : "CLOSED";
}

/* The fields of a grade that do not change, into an open object. */
static void put_grade(sp_json_writer *json, const sp_concert_card *card, const sp_card_grade *grade)
{
    const sp_seat *row = card->row_first_seat + grade->first_row;
    sp_json_put_text(json, "name", grade->name);
    sp_json_put_integer(json, "price", grade->price);
    sp_json_put_integer(json, "firstSeat", grade->first_seat);
    sp_json_key(json, "rows");
    sp_json_array(json);
    for (uint32_t i = 0; i < grade->rows_count; i++)
        sp_json_integer(json, row[i + 1] - row[i]);
    sp_json_array_end(json);
}

static void put_grades_with_counts(sp_json_writer *json, const sp_concert_at *at)
{
    sp_json_key(json, "grades");
    sp_json_array(json);
    for (uint32_t i = 0; i < at->card->spec.grades_count; i++) {
        const sp_card_grade *grade = &at->card->grades[i];
        sp_seat_counts counts =
            sp_seats_count(at->sold, at->held, grade->first_seat, grade->seats_count);
        sp_json_object(json);
        put_grade(json, at->card, grade);
        sp_json_put_integer(json, "free", counts.free);
        sp_json_put_integer(json, "held", counts.held);
        sp_json_put_integer(json, "sold", counts.sold);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
}

void sp_encode_category(sp_json_writer *json, sp_category_id category, sp_text name)
{
    sp_json_object(json);
    sp_json_put_id(json, "id", category);
    sp_json_put_text(json, "name", name);
    sp_json_object_end(json);
}

void sp_encode_concert(sp_json_writer *json, const sp_concert_at *at)
{
    const sp_concert_spec *spec = &at->card->spec;
    sp_json_object(json);
    sp_json_put_id(json, "id", at->card->id);
    sp_json_put_integer(json, "seq", (int64_t)at->seq);
    sp_json_put_string(json, "status", status_of(spec, at->now));
    sp_json_key(json, "category");
    sp_encode_category(json, spec->category, at->category_name);
    sp_json_put_id(json, "hostId", at->card->host);
    sp_json_put_text(json, "name", spec->name);
    sp_json_put_text(json, "description",
                     spec->description.bytes ? spec->description : SP_TEXT(""));
    /* No picture is null; the engine may keep absent and empty alike. */
    sp_json_put_text(json, "imageUrl", spec->image_url.size ? spec->image_url : (sp_text){NULL, 0});
    sp_json_put_text(json, "address", spec->address.bytes ? spec->address : SP_TEXT(""));
    sp_json_put_integer(json, "runningTime", spec->running_time_min);
    sp_json_put_string(json, "ageLimit", sp_age_limit_name(spec->age_limit));
    sp_json_put_time(json, "startDate", spec->start_date);
    sp_json_put_time(json, "endDate", spec->end_date);
    sp_json_put_time(json, "concertDate", spec->concert_date);
    sp_json_put_time(json, "cancelUntil", spec->cancel_until);
    sp_json_put_integer(json, "maxSeatsPerUser", spec->max_seats_per_user);
    sp_json_put_integer(json, "holdSeconds", spec->hold_seconds);
    sp_json_key(json, "noOrphans");
    sp_json_boolean(json, spec->no_orphans);
    put_grades_with_counts(json, at);
    sp_json_put_time(json, "now", at->now);
    sp_json_put_time(json, "createdAt", at->card->created_at);
    sp_json_object_end(json);
}

/* Eight bits to eight bytes of 0 or 1: bit i of the low byte to byte i. The
 * byte is copied into all eight, one bit is kept in each, and adding 0x7F
 * carries it, wherever it was, to the top of its byte (and no further). */
static uint64_t spread(uint64_t bits)
{
    uint64_t kept = (bits & 0xFF) * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    return (kept + UINT64_C(0x7F7F7F7F7F7F7F7F)) >> 7 & UINT64_C(0x0101010101010101);
}

void sp_expand_seats(const uint64_t *sold, const uint64_t *held, uint32_t seats_count, char *out)
{
    for (uint32_t seat = 0; seat < seats_count; seat += 8) {
        uint64_t sold_bits = sold[seat / 64] >> seat % 64;
        uint64_t held_bits = held[seat / 64] >> seat % 64 & ~sold_bits;
        /* No byte overflows: a seat is one of the three. */
        uint64_t characters = UINT64_C(0x0101010101010101) * '.' + spread(sold_bits) * ('x' - '.') +
                              spread(held_bits) * ('h' - '.');
        characters = htole64(characters);
        memcpy(out + seat, &characters, sizeof characters);
    }
}

void sp_encode_seat_map(sp_json_writer *json, const sp_concert_card *card, sp_seq seq,
                        const uint64_t *sold, const uint64_t *held)
{
    sp_json_object(json);
    sp_json_put_id(json, "concertId", card->id);
    sp_json_put_integer(json, "seq", (int64_t)seq);
    sp_json_key(json, "grades");
    sp_json_array(json);
    for (uint32_t i = 0; i < card->spec.grades_count; i++) {
        sp_json_object(json);
        put_grade(json, card, &card->grades[i]);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
    sp_json_key(json, "status");
    /* The characters need no escaping: past the generator, straight out. */
    sp_out *out = sp_json_raw(json);
    sp_out_bytes(out, "\"", 1);
    sp_expand_seats(sold, held, card->seats_count, sp_out_reserve(out, card->seats_count + 8));
    out->size += card->seats_count;
    sp_out_bytes(out, "\"", 1);
    sp_json_object_end(json);
}
