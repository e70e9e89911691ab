/* SPDX-License-Identifier: MIT */
#include "engine/refunds.h"

/* By its lowest digit, then the next …: each pass leaves those of one digit as they were.
 * An even number of passes, so that the last one ends where the first began. */
#define DIGIT_BITS_MAX 11u

static void pass(const sp_refund_due *from, sp_refund_due *to, uint32_t count, uint32_t shift,
                 uint32_t bits)
{
    uint32_t places[1u << DIGIT_BITS_MAX] = {0};
    uint32_t mask = (1u << bits) - 1u, place = 0;

    for (uint32_t i = 0; i < count; i++)
        places[from[i].user >> shift & mask]++;
    for (uint32_t digit = 0; digit <= mask; digit++) {
        uint32_t digit_count = places[digit];
        places[digit] = place;
        place += digit_count;
    }
    for (uint32_t i = 0; i < count; i++)
        to[places[from[i].user >> shift & mask]++] = from[i];
}

void sp_refund_dues_sort(sp_refund_due *dues, sp_refund_due *spare, uint32_t count)
{
    sp_user_id highest = 0;

    for (uint32_t i = 0; i < count; i++)
        highest |= dues[i].user;
    /* Two digits of 11 bits are enough for 4 million users. */
    uint32_t bits = highest >> (2 * DIGIT_BITS_MAX) ? 8u : DIGIT_BITS_MAX;
    for (uint32_t shift = 0; shift < 32u && highest >> shift; shift += 2 * bits) {
        pass(dues, spare, count, shift, bits);
        pass(spare, dues, count, shift + bits, bits);
    }
}

uint32_t sp_refund_dues_merge(sp_refund_due *dues, uint32_t count)
{
    uint32_t merged = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (merged && dues[merged - 1].user == dues[i].user)
            dues[merged - 1].amount += dues[i].amount;
        else
            dues[merged++] = dues[i];
    }
    return merged;
}
