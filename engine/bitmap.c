/* SPDX-License-Identifier: MIT */
#include "engine/bitmap.h"

#include <stddef.h>

bool sp_bitmap_any_of_groups(const uint64_t *sold, const uint64_t *held, const sp_seat *seats,
                             uint32_t count)
{
    for (uint32_t at = 0; at < count;) {
        sp_seat_group group = sp_seat_group_of(seats + at, count - at);
        if ((sold[group.word] | held[group.word]) & group.mask)
            return true;
        at += group.seats_count;
    }
    return false;
}

void sp_bitmap_set_groups(uint64_t *words, const sp_seat *seats, uint32_t count)
{
    for (uint32_t at = 0; at < count;) {
        sp_seat_group group = sp_seat_group_of(seats + at, count - at);
        SP_ASSERT_CMP(words[group.word] & group.mask, ==, 0);
        words[group.word] |= group.mask;
        at += group.seats_count;
    }
}

void sp_bitmap_clear_groups(uint64_t *words, const sp_seat *seats, uint32_t count)
{
    for (uint32_t at = 0; at < count;) {
        sp_seat_group group = sp_seat_group_of(seats + at, count - at);
        SP_ASSERT_CMP(words[group.word] & group.mask, ==, group.mask);
        words[group.word] &= ~group.mask;
        at += group.seats_count;
    }
}

/* Walks the words that [first, first + count) touches; `other` may be NULL.
 * The first and the last word are masked to the range. */
static uint32_t count_range(const uint64_t *words, const uint64_t *other, sp_seat first,
                            uint32_t count)
{
    if (count == 0)
        return 0;

    uint32_t last = first + (count - 1); /* a seat: can't overflow */
    uint32_t total = 0;
    for (uint32_t word = first / 64u; word <= last / 64u; word++) {
        uint64_t bits = words[word] | (other ? other[word] : 0);
        if (word == first / 64u)
            bits &= ~UINT64_C(0) << (first % 64u);
        if (word == last / 64u)
            bits &= ~UINT64_C(0) >> (63u - last % 64u);
        total += (uint32_t)__builtin_popcountll(bits);
    }
    return total;
}

uint32_t sp_bitmap_count(const uint64_t *words, sp_seat first, uint32_t count)
{
    return count_range(words, NULL, first, count);
}

uint32_t sp_bitmap_count_either(const uint64_t *sold, const uint64_t *held, sp_seat first,
                                uint32_t count)
{
    return count_range(sold, held, first, count);
}
