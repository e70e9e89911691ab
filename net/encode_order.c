/* SPDX-License-Identifier: MIT */
#include "net/encode.h"

#include "engine/assert.h"

static uint32_t put_decimal(char *out, uint32_t value)
{
    char digits[10];
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    for (uint32_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

void sp_encode_label(sp_json_writer *json, const sp_concert_card *card, sp_seat seat)
{
    char text[SP_GRADE_NAME_SIZE_MAX + 22]; /* two numbers, a space, a dash */
    sp_seat_place place = sp_card_place(card, seat);
    uint32_t size = place.grade->name.size;
    SP_ASSERT_CMP(size, <=, SP_GRADE_NAME_SIZE_MAX);
    memcpy(text, place.grade->name.bytes, size);
    text[size++] = ' ';
    size += put_decimal(text + size, place.row);
    text[size++] = '-';
    size += put_decimal(text + size, place.number);
    sp_json_text(json, (sp_text){text, size});
}

static void put_seat(sp_json_writer *json, const sp_concert_card *card, sp_seat seat)
{
    sp_seat_place place = sp_card_place(card, seat);
    sp_json_object(json);
    sp_json_put_integer(json, "seat", seat);
    sp_json_key(json, "label");
    sp_encode_label(json, card, seat);
    sp_json_put_text(json, "grade", place.grade->name);
    sp_json_put_integer(json, "price", place.grade->price);
    sp_json_object_end(json);
}

void sp_encode_order(sp_json_writer *json, const sp_order_view *order, const sp_concert_card *card)
{
    SP_ASSERT(card);
    SP_ASSERT_CMP(card->id, ==, order->concert);
    sp_json_object(json);
    sp_json_put_id(json, "id", order->id);
    sp_json_put_id(json, "concertId", order->concert);
    sp_json_put_text(json, "concertName", card->spec.name);
    sp_json_put_time(json, "concertDate", card->spec.concert_date);
    sp_json_put_string(json, "status", order->status == SP_ORDER_PAYMENT ? "PAYMENT" : "CANCEL");
    sp_json_put_integer(json, "amount", order->amount);
    sp_json_key(json, "seats");
    sp_json_array(json);
    for (uint32_t i = 0; i < order->seats_count; i++)
        put_seat(json, card, order->seats[i]);
    sp_json_array_end(json);
    sp_json_put_time(json, "createdAt", order->created_at);
    sp_json_put_time(json, "cancelledAt", order->cancelled_at);
    sp_json_put_integer(json, "seq", (int64_t)order->seq);
    sp_json_object_end(json);
}
