/* SPDX-License-Identifier: MIT */
#include "engine/utf8.h"

/* Bytes of the sequence that starts here, or 0 if none may: RFC 3629's table
 * of first bytes and the range that each leaves to the second. */
static uint32_t sequence_size(const uint8_t *at, uint32_t left)
{
    uint8_t first = at[0], low = 0x80, high = 0xbf;
    uint32_t size;

    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first == 0xe0)
        low = 0xa0; /* else overlong */
    else if (first == 0xed)
        high = 0x9f; /* else a surrogate */
    else if (first == 0xf0)
        low = 0x90; /* else overlong */
    else if (first == 0xf4)
        high = 0x8f; /* else over U+10FFFF */
    if (size > left || at[1] < low || at[1] > high)
        return 0;
    for (uint32_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool sp_utf8_valid(sp_text text)
{
    const uint8_t *bytes = (const uint8_t *)text.bytes;

    for (uint32_t at = 0; at < text.size;) {
        uint32_t size = sequence_size(bytes + at, text.size - at);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}
