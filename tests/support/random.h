/* SPDX-License-Identifier: MIT
 *
 * Random numbers for tests: xoshiro256** (Blackman and Vigna), seeded through
 * splitmix64. Always from a seed that is printed, never from the time, so
 * that every failure can be run again. One owner, no locks, no allocation.
 */
#ifndef SP_TESTS_SUPPORT_RANDOM_H
#define SP_TESTS_SUPPORT_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sp_random {
    uint64_t words[4];
} sp_random;

void sp_random_seed(sp_random *random, uint64_t seed);
uint64_t sp_random_next(sp_random *random);
/* 0 … count - 1; count >= 1. */
uint64_t sp_random_below(sp_random *random, uint64_t count);
/* True once in `count` on average. */
bool sp_random_once_in(sp_random *random, uint64_t count);
/* min … max, every size of number alike likely, and often just at an end:
 * min, min + 1, max - 1, max. */
int64_t sp_random_edge(sp_random *random, int64_t min, int64_t max);
void sp_random_fill(sp_random *random, void *bytes, uint32_t size);

#endif
