/* SPDX-License-Identifier: MIT
 *
 * Holds, written by the stretch, as in encode_order.c.
 */
#include "engine/assert.h"
#include "net/digits.h"
#include "net/encode.h"
#include "net/encode_seats.h"

/* More than the literals and numbers of each stretch. */
#define STRETCH_ROOM 160u

static void put_front(sp_out *out, const sp_hold_view *hold)
{
    char *at = sp_out_reserve(out, STRETCH_ROOM);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT("{\"holdId\":\""));
    at = sp_digits_put(at, hold->id);
    at = sp_text_put(at, SP_TEXT("\",\"concertId\":\""));
    at = sp_digits_put(at, hold->concert);
    at = sp_text_put(at, SP_TEXT("\",\"seats\":"));
    SP_ASSERT_CMP((size_t)(at - begin), <=, STRETCH_ROOM);
    sp_out_end(out, at);
}

static void put_back(sp_json_writer *json, sp_out *out, const sp_hold_view *hold)
{
    char *at = sp_out_reserve(out, STRETCH_ROOM);
    const char *begin = at;
    at = sp_text_put(at, SP_TEXT(",\"amount\":"));
    at = sp_digits_put_signed(at, hold->amount);
    at = sp_text_put(at, SP_TEXT(",\"expiresAt\":"));
    at = sp_json_put_time_at(json, at, hold->expires_at);
    at = sp_text_put(at, SP_TEXT(",\"seq\":"));
    at = sp_digits_put(at, hold->seq);
    *at++ = '}';
    SP_ASSERT_CMP((size_t)(at - begin), <=, STRETCH_ROOM);
    sp_out_end(out, at);
}

void sp_encode_hold(sp_json_writer *json, const sp_hold_view *hold, const sp_concert_card *card)
{
    SP_ASSERT(card);
    SP_ASSERT_CMP(card->id, ==, hold->concert);
    sp_out *out = sp_json_raw(json);
    put_front(out, hold);
    sp_encode_seats(out, card, hold->seats, hold->seats_count);
    put_back(json, out, hold);
}
