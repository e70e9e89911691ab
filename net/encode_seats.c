/* SPDX-License-Identifier: MIT
 *
 * Seats with their labels: those of orders and holds, those that are taken, and
 * those that would be left alone. Written by the stretch, as in encode_order.c.
 */
#include "net/encode_seats.h"

#include "engine/assert.h"
#include "net/digits.h"
#include "net/encode.h"
#include "net/json_escape.h"

/* More than the literals and numbers of one seat; names come on top. */
#define SEAT_ROOM 160u

/* Room that a label `VIP 3-12` needs without its quotes. */
static size_t label_room(const sp_card_grade *grade)
{
    return SP_JSON_ESCAPE_ROOM(grade->name.size) + 2 * SP_DIGITS_SIZE_MAX + 2;
}

static char *put_label(char *at, sp_seat_place place)
{
    at = sp_json_escape(at, place.grade->name);
    *at++ = ' ';
    at = sp_digits_put(at, place.row);
    *at++ = '-';
    return sp_digits_put(at, place.number);
}

void sp_encode_conflict(sp_json_writer *json, const sp_seat_conflict *conflict,
                        const sp_concert_card *card)
{
    sp_seat_place place = sp_card_place(card, conflict->seat);
    sp_out *out = sp_json_raw(json);
    size_t room = SEAT_ROOM + label_room(place.grade);
    char *at = sp_out_reserve(out, room);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT("{\"seat\":"));
    at = sp_digits_put(at, conflict->seat);
    at = sp_text_put(at, SP_TEXT(",\"label\":\""));
    at = put_label(at, place);
    if (conflict->state == SP_SEAT_SOLD)
        at = sp_text_put(at, SP_TEXT("\",\"state\":\"sold\",\"seq\":"));
    else
        at = sp_text_put(at, SP_TEXT("\",\"state\":\"held\",\"seq\":"));
    at = sp_digits_put(at, conflict->seq);
    *at++ = '}';
    SP_ASSERT_CMP((size_t)(at - begin), <=, room);
    sp_out_end(out, at);
}

void sp_encode_orphan(sp_json_writer *json, sp_seat seat, const sp_concert_card *card)
{
    sp_seat_place place = sp_card_place(card, seat);
    sp_out *out = sp_json_raw(json);
    size_t room = SEAT_ROOM + label_room(place.grade);
    char *at = sp_out_reserve(out, room);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT("{\"seat\":"));
    at = sp_digits_put(at, seat);
    at = sp_text_put(at, SP_TEXT(",\"label\":\""));
    at = put_label(at, place);
    at = sp_text_put(at, SP_TEXT("\"}"));
    SP_ASSERT_CMP((size_t)(at - begin), <=, room);
    sp_out_end(out, at);
}

/* With a comma before it. */
static void put_seat(sp_out *out, const sp_concert_card *card, sp_seat seat)
{
    sp_seat_place place = sp_card_place(card, seat);
    sp_text name = place.grade->name;
    size_t room = SEAT_ROOM + label_room(place.grade) + SP_JSON_ESCAPE_ROOM(name.size);
    char *at = sp_out_reserve(out, room);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT(",{\"seat\":"));
    at = sp_digits_put(at, seat);
    at = sp_text_put(at, SP_TEXT(",\"label\":\""));
    at = put_label(at, place);
    at = sp_text_put(at, SP_TEXT("\",\"grade\":\""));
    at = sp_json_escape(at, name);
    at = sp_text_put(at, SP_TEXT("\",\"price\":"));
    at = sp_digits_put_signed(at, place.grade->price);
    *at++ = '}';
    SP_ASSERT_CMP((size_t)(at - begin), <=, room);
    sp_out_end(out, at);
}

void sp_encode_seats(sp_out *out, const sp_concert_card *card, const sp_seat *seats, uint32_t count)
{
    SP_ASSERT_CMP(count, >, 0);
    size_t begin = out->size;
    for (uint32_t i = 0; i < count; i++)
        put_seat(out, card, seats[i]);
    out->bytes[begin] = '['; /* over the first comma */
    sp_out_end(out, sp_text_put(sp_out_reserve(out, 1), SP_TEXT("]")));
}
