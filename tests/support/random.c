/* SPDX-License-Identifier: MIT */
#include "tests/support/random.h"

#include <string.h>

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

void sp_random_seed(sp_random *random, uint64_t seed)
{
    /* splitmix spreads neighbouring seeds apart and never leaves all zero. */
    for (unsigned i = 0; i < 4; i++)
        random->words[i] = splitmix(&seed);
}

uint64_t sp_random_next(sp_random *random)
{
    uint64_t *s = random->words;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t sp_random_below(sp_random *random, uint64_t count)
{
    /* The bias of the remainder is below 2^-32 for the counts of tests. */
    return sp_random_next(random) % count;
}

bool sp_random_once_in(sp_random *random, uint64_t count)
{
    return sp_random_below(random, count) == 0;
}

int64_t sp_random_edge(sp_random *random, int64_t min, int64_t max)
{
    uint64_t width = (uint64_t)max - (uint64_t)min;
    if (width == 0)
        return min;
    switch (sp_random_below(random, 8)) {
    case 0:
        return min;
    case 1:
        return min + 1;
    case 2:
        return max;
    case 3:
        return max - 1;
    default:
        break;
    }
    /* First how many bits, then which number: 7 is as likely as 7 billion. */
    unsigned bits = 1 + (unsigned)sp_random_below(random, 64 - (unsigned)__builtin_clzll(width));
    uint64_t offset = sp_random_next(random) >> (64 - bits);
    return min + (int64_t)(offset > width ? offset % (width + 1) : offset);
}

void sp_random_fill(sp_random *random, void *bytes, uint32_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        uint64_t word = sp_random_next(random);
        uint32_t part = size < sizeof word ? size : (uint32_t)sizeof word;
        memcpy(at, &word, part);
        at += part;
        size -= part;
    }
}
