/* SPDX-License-Identifier: MIT
 *
 * Seat bitmaps: one bit a seat and state, 64 seats a word, bit i of word w is
 * seat 64 w + i. An order's seats ascend, so they are taken group by group:
 * all that share a word are tested and set by one operation on it. Most orders
 * are one group: people sit together.
 *
 * Pure functions over words that belong to somebody else.
 */
#ifndef SP_ENGINE_BITMAP_H
#define SP_ENGINE_BITMAP_H

#include "engine/assert.h"
#include "engine/values.h"

/* The seats of an order that share one word. */
typedef struct sp_seat_group {
    uint32_t word;
    uint32_t seats_count;
    uint64_t mask;
} sp_seat_group;

/* The group that seats[0] begins; seats ascend strictly, count >= 1. */
static inline sp_seat_group sp_seat_group_of(const sp_seat *seats, uint32_t count)
{
    sp_seat_group group = {seats[0] / 64u, 0, 0};
    do {
        group.mask |= UINT64_C(1) << (seats[group.seats_count] % 64u);
        group.seats_count++;
    } while (group.seats_count < count && seats[group.seats_count] / 64u == group.word);
    return group;
}

static inline bool sp_bitmap_has(const uint64_t *words, sp_seat seat)
{
    return (words[seat / 64u] >> (seat % 64u)) & 1u;
}

/* Several seats, group by group. */
bool sp_bitmap_any_of_groups(const uint64_t *sold, const uint64_t *held, const sp_seat *seats,
                             uint32_t count);
void sp_bitmap_set_groups(uint64_t *words, const sp_seat *seats, uint32_t count);
void sp_bitmap_clear_groups(uint64_t *words, const sp_seat *seats, uint32_t count);

/* One seat is what most orders have: it goes without loops and calls. */

/* Is any of these seats set in either map? */
static inline bool sp_bitmap_any(const uint64_t *sold, const uint64_t *held, const sp_seat *seats,
                                 uint32_t count)
{
    if (count != 1)
        return sp_bitmap_any_of_groups(sold, held, seats, count);
    uint32_t word = seats[0] / 64u;
    return ((sold[word] | held[word]) >> (seats[0] % 64u)) & 1u;
}

/* Sets seats that are all clear; a set one is a broken invariant. */
static inline void sp_bitmap_set(uint64_t *words, const sp_seat *seats, uint32_t count)
{
    if (count != 1) {
        sp_bitmap_set_groups(words, seats, count);
        return;
    }
    uint64_t *word = &words[seats[0] / 64u], mask = UINT64_C(1) << (seats[0] % 64u);
    SP_ASSERT_CMP(*word & mask, ==, 0);
    *word |= mask;
}

/* Clears seats that are all set; a clear one is a broken invariant. */
static inline void sp_bitmap_clear(uint64_t *words, const sp_seat *seats, uint32_t count)
{
    if (count != 1) {
        sp_bitmap_clear_groups(words, seats, count);
        return;
    }
    uint64_t *word = &words[seats[0] / 64u], mask = UINT64_C(1) << (seats[0] % 64u);
    SP_ASSERT_CMP(*word & mask, ==, mask);
    *word &= ~mask;
}

/* Set bits among the seats [first, first + count). */
uint32_t sp_bitmap_count(const uint64_t *words, sp_seat first, uint32_t count);
/* The same of seats set in either map. */
uint32_t sp_bitmap_count_either(const uint64_t *sold, const uint64_t *held, sp_seat first,
                                uint32_t count);

#endif
