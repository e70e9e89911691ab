/* SPDX-License-Identifier: MIT
 *
 * Numbers of 1 to 8 bytes, the highest first: in tokens of our own making. Pure.
 */
#ifndef SP_NET_BIG_ENDIAN_H
#define SP_NET_BIG_ENDIAN_H

#include <stdint.h>

/* What does not fit is cut off. */
static inline void sp_big_endian_put(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> 8 * (size - 1 - i));
}

static inline uint64_t sp_big_endian_get(const uint8_t *at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

#endif
