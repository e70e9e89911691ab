/* SPDX-License-Identifier: MIT
 *
 * Orders. Most answers of a drop are one, so they are not written token by
 * token: each stretch of known text is copied as a whole, and room is asked for
 * once a stretch. The tests hold the bytes against a parser.
 */
#include "engine/assert.h"
#include "net/digits.h"
#include "net/encode.h"
#include "net/encode_seats.h"
#include "net/json_escape.h"

/* More than the literals and numbers of each stretch; names come on top. */
#define FRONT_ROOM 256u
#define BACK_ROOM 160u

static void put_front(sp_json_writer *json, sp_out *out, const sp_order_view *order,
                      const sp_concert_card *card)
{
    size_t room = FRONT_ROOM + SP_JSON_ESCAPE_ROOM(card->spec.name.size);
    char *at = sp_out_reserve(out, room);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT("{\"id\":\""));
    at = sp_digits_put(at, order->id);
    at = sp_text_put(at, SP_TEXT("\",\"concertId\":\""));
    at = sp_digits_put(at, order->concert);
    at = sp_text_put(at, SP_TEXT("\",\"concertName\":\""));
    at = sp_json_escape(at, card->spec.name);
    at = sp_text_put(at, SP_TEXT("\",\"concertDate\":"));
    at = sp_json_put_time_at(json, at, card->spec.concert_date);
    if (order->status == SP_ORDER_PAYMENT)
        at = sp_text_put(at, SP_TEXT(",\"status\":\"PAYMENT\",\"amount\":"));
    else
        at = sp_text_put(at, SP_TEXT(",\"status\":\"CANCEL\",\"amount\":"));
    at = sp_digits_put_signed(at, order->amount);
    at = sp_text_put(at, SP_TEXT(",\"seats\":"));
    SP_ASSERT_CMP((size_t)(at - begin), <=, room);
    sp_out_end(out, at);
}

static void put_back(sp_json_writer *json, sp_out *out, const sp_order_view *order)
{
    char *at = sp_out_reserve(out, BACK_ROOM);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT(",\"createdAt\":"));
    at = sp_json_put_time_at(json, at, order->created_at);
    at = sp_text_put(at, SP_TEXT(",\"cancelledAt\":"));
    at = sp_json_put_time_at(json, at, order->cancelled_at);
    at = sp_text_put(at, SP_TEXT(",\"seq\":"));
    at = sp_digits_put(at, order->seq);
    SP_ASSERT_CMP((size_t)(at - begin), <=, BACK_ROOM);
    sp_out_end(out, at);
}

/* Without the brace that ends it. */
static void put_order(sp_json_writer *json, sp_out *out, const sp_order_view *order,
                      const sp_concert_card *card)
{
    SP_ASSERT(card);
    SP_ASSERT_CMP(card->id, ==, order->concert);
    put_front(json, out, order, card);
    sp_encode_seats(out, card, order->seats, order->seats_count);
    put_back(json, out, order);
}

void sp_encode_order(sp_json_writer *json, const sp_order_view *order, const sp_concert_card *card)
{
    sp_out *out = sp_json_raw(json);
    put_order(json, out, order, card);
    sp_out_end(out, sp_text_put(sp_out_reserve(out, 1), SP_TEXT("}")));
}

void sp_encode_order_of(sp_json_writer *json, const sp_order_view *order,
                        const sp_concert_card *card, const sp_profile *profile)
{
    sp_out *out = sp_json_raw(json);
    put_order(json, out, order, card);
    size_t room = BACK_ROOM + SP_JSON_ESCAPE_ROOM(SP_NICKNAME_SIZE_MAX);
    char *at = sp_out_reserve(out, room);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT(",\"user\":{\"id\":\""));
    at = sp_digits_put(at, order->user);
    at = sp_text_put(at, SP_TEXT("\",\"nickname\":"));
    if (profile != NULL) {
        *at++ = '"';
        at = sp_json_escape(at, (sp_text){profile->nickname, profile->nickname_size});
        at = sp_text_put(at, SP_TEXT("\"}}"));
    } else {
        at = sp_text_put(at, SP_TEXT("null}}"));
    }
    SP_ASSERT_CMP((size_t)(at - begin), <=, room);
    sp_out_end(out, at);
}
