/* SPDX-License-Identifier: MIT */
#include "net/base64url.h"

/* The six bits of a character and one more; 0: it is none. */
/* clang-format off */
static const uint8_t values[256] = {
    ['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
    25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, 52,
    ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
    ['-'] = 63, ['_'] = 64,
};
/* clang-format on */

/* Any bit beyond the six: this was none. */
#define BAD (~UINT32_C(63))

static uint32_t value_of(char c)
{
    return values[(unsigned char)c] - UINT32_C(1);
}

/* Two or three characters behind the last four. */
static bool decode_rest(const char *text, size_t text_size, uint8_t *out)
{
    if (text_size == 0)
        return true;
    if (text_size == 1)
        return false;
    uint32_t a = value_of(text[0]), b = value_of(text[1]);
    uint32_t c = text_size == 3 ? value_of(text[2]) : 0;
    uint32_t bits = a << 18 | b << 12 | c << 6;
    out[0] = (uint8_t)(bits >> 16);
    if (text_size == 2)
        return ((a | b) & BAD) == 0 && (bits & 0xffff) == 0;
    out[1] = (uint8_t)(bits >> 8);
    return ((a | b | c) & BAD) == 0 && (bits & 0xff) == 0;
}

bool sp_base64url_decode(const char *text, size_t text_size, uint8_t *out)
{
    uint32_t seen = 0;
    size_t at = 0;
    for (; text_size - at >= 4; at += 4, out += 3) {
        uint32_t a = value_of(text[at]), b = value_of(text[at + 1]);
        uint32_t c = value_of(text[at + 2]), d = value_of(text[at + 3]);
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        seen |= a | b | c | d;
        out[0] = (uint8_t)(bits >> 16);
        out[1] = (uint8_t)(bits >> 8);
        out[2] = (uint8_t)bits;
    }
    return (seen & BAD) == 0 && decode_rest(text + at, text_size - at, out);
}
