/* SPDX-License-Identifier: MIT */
#include <endian.h>

#include "net/digits.h"
#include "net/encode.h"

/* Eight bits to eight bytes of 0 or 1, bit i of the index to byte i, for all
 * 256: built by the compiler. 2 KiB, so that it stays in the first cache. */
#define BIT(bits, i) ((uint64_t)((bits) >> (i)&1) << (8 * (i)))
#define SPREAD(b) \
    (BIT(b, 0) | BIT(b, 1) | BIT(b, 2) | BIT(b, 3) | BIT(b, 4) | BIT(b, 5) | BIT(b, 6) | BIT(b, 7))
#define SPREAD_4(b) SPREAD(b), SPREAD((b) + 1), SPREAD((b) + 2), SPREAD((b) + 3)
#define SPREAD_16(b) SPREAD_4(b), SPREAD_4((b) + 4), SPREAD_4((b) + 8), SPREAD_4((b) + 12)
#define SPREAD_64(b) SPREAD_16(b), SPREAD_16((b) + 16), SPREAD_16((b) + 32), SPREAD_16((b) + 48)
static const uint64_t spread[256] = {SPREAD_64(0), SPREAD_64(64), SPREAD_64(128), SPREAD_64(192)};

/* Eight times a character. */
#define ALL(character) (UINT64_C(0x0101010101010101) * (character))

/* The characters of the eight lowest seats of two words. A seat is one of the
 * three, so no byte overflows. */
static inline void put_8(char *out, uint64_t sold, uint64_t held)
{
    uint64_t characters =
        ALL('.') + spread[sold & 0xff] * ('x' - '.') + spread[held & ~sold & 0xff] * ('h' - '.');
    characters = htole64(characters);
    memcpy(out, &characters, sizeof characters);
}

/* Unrolled by hand: -O2 does not. Inlined, so that no hold costs nothing. */
static inline __attribute__((always_inline)) void put_64(char *out, uint64_t sold, uint64_t held)
{
    put_8(out, sold, held);
    put_8(out + 8, sold >> 8, held >> 8);
    put_8(out + 16, sold >> 16, held >> 16);
    put_8(out + 24, sold >> 24, held >> 24);
    put_8(out + 32, sold >> 32, held >> 32);
    put_8(out + 40, sold >> 40, held >> 40);
    put_8(out + 48, sold >> 48, held >> 48);
    put_8(out + 56, sold >> 56, held >> 56);
}

/* A word of seats. Before the doors and after the last ticket whole words are
 * alike; and most words have no hold. */
static inline void put_word(char *out, uint64_t sold, uint64_t held)
{
    if ((sold | held) == 0)
        memset(out, '.', 64);
    else if (sold == UINT64_MAX)
        memset(out, 'x', 64);
    else if (held == 0)
        put_64(out, sold, 0);
    else
        put_64(out, sold, held);
}

void sp_expand_seats(const uint64_t *sold, const uint64_t *held, uint32_t seats_count, char *out)
{
    uint32_t seat = 0;
    for (; seat + 64 <= seats_count; seat += 64)
        put_word(out + seat, sold[seat / 64], held[seat / 64]);
    for (; seat < seats_count; seat += 8)
        put_8(out + seat, sold[seat / 64] >> seat % 64, held[seat / 64] >> seat % 64);
}

/* How many seats each row has. Rows of a hall are mostly of one length: its
 * text is kept for the next. */
static void put_rows(sp_json_writer *json, const sp_seat *row_first_seat, uint32_t rows_count)
{
    char text[SP_DIGITS_SIZE_MAX + 1] = ","; /* of the last row, with a comma before it */
    size_t text_size = 1;
    uint32_t size = 0;
    sp_out *out = sp_json_raw(json);
    _Static_assert(SP_SEATS_PER_CONCERT_MAX < 10000000, "a row has at most 7 digits");
    char *at = sp_out_reserve(out, rows_count * sizeof(uint64_t) + 2);
    char *begin = at;
    for (uint32_t i = 0; i < rows_count; i++, at += text_size) {
        if (row_first_seat[i + 1] - row_first_seat[i] != size) {
            size = row_first_seat[i + 1] - row_first_seat[i];
            text_size = (size_t)(sp_digits_put(text + 1, size) - text);
        }
        memcpy(at, text, sizeof(uint64_t));
    }
    *begin = '['; /* over the first comma: every grade has a row */
    *at++ = ']';
    sp_out_end(out, at);
}

void sp_encode_grade(sp_json_writer *json, const sp_concert_card *card, const sp_card_grade *grade)
{
    SP_ASSERT_CMP(grade->rows_count, >, 0);
    sp_json_put_text(json, "name", grade->name);
    sp_json_put_integer(json, "price", grade->price);
    sp_json_put_integer(json, "firstSeat", grade->first_seat);
    sp_json_key(json, "rows");
    put_rows(json, card->row_first_seat + grade->first_row, grade->rows_count);
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
        sp_encode_grade(json, card, &card->grades[i]);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
    sp_json_key(json, "status");
    /* The characters need no escaping. They are expanded in place, and up to 7
     * beyond the last, where the quote goes then. */
    sp_out *out = sp_json_raw(json);
    char *at = sp_out_reserve(out, card->seats_count + 10);
    *at++ = '"';
    sp_expand_seats(sold, held, card->seats_count, at);
    at += card->seats_count;
    *at++ = '"';
    sp_out_end(out, at);
    sp_json_object_end(json);
}
