/* SPDX-License-Identifier: MIT
 *
 * A tally: how often a value was about how great. A histogram of fixed buckets,
 * each twice as wide as the one before, with the exact sum and the greatest
 * value. For answer times, commit times, batch sizes.
 *
 * Bucket k counts what is at most unit << k and in no bucket before it; the last
 * one counts the rest. The unit is the caller's, always the same for one tally:
 * SP_TALLY_TIMES has values in nanoseconds and bounds from 1 µs to 16.8 s,
 * SP_TALLY_SIZES has numbers of things and bounds from 1 to 16.8 million. A
 * bucket is found by counting leading zeros, so an add is some ten instructions
 * and touches two cache lines; doubling bounds name a quantile to within a
 * factor of two, at worst, which is what a dashboard needs.
 *
 * One writer, relaxed (engine/counter.h): a copy that is made meanwhile may miss
 * a value in its sum that it has in its buckets. Its count is the sum of its
 * buckets, so those two always agree.
 */
#ifndef SP_ENGINE_TALLY_H
#define SP_ENGINE_TALLY_H

#include "engine/counter.h"

#define SP_TALLY_BUCKETS 26u
#define SP_TALLY_TIMES UINT64_C(1000)
#define SP_TALLY_SIZES UINT64_C(1)

/* All zero at first. */
typedef struct sp_tally {
    sp_counter sum, max;
    sp_counter counts[SP_TALLY_BUCKETS];
} sp_tally;

/* A copy, as of about now; copies of several tallies can be added up. */
typedef struct sp_tally_figures {
    uint64_t sum, max, count;
    uint64_t counts[SP_TALLY_BUCKETS];
} sp_tally_figures;

/* The bucket that a value belongs to. */
static inline uint32_t sp_tally_bucket(uint64_t unit, uint64_t value)
{
    if (value <= unit)
        return 0;
    uint32_t k = 64 - (uint32_t)__builtin_clzll((value - 1) / unit);
    return k < SP_TALLY_BUCKETS - 1 ? k : SP_TALLY_BUCKETS - 1;
}

/* The greatest value of a bucket but the last, which has none. */
static inline uint64_t sp_tally_bound(uint64_t unit, uint32_t bucket)
{
    return unit << bucket;
}

/* Its one writer. Never allocates or waits. */
static inline void sp_tally_add(sp_tally *tally, uint64_t unit, uint64_t value)
{
    sp_counter_add(&tally->counts[sp_tally_bucket(unit, value)], 1);
    sp_counter_add(&tally->sum, value);
    sp_counter_raise(&tally->max, value);
}

/* Any thread: adds what is in the tally to *out (all zero, for a copy). */
void sp_tally_read(const sp_tally *tally, sp_tally_figures *out);

/* The value that so many of a thousand are not above: the bound of its bucket,
 * or the greatest value if that is less. 0 if there are none. permille: 1 … 1000. */
uint64_t sp_tally_quantile(const sp_tally_figures *figures, uint64_t unit, uint32_t permille);

#endif
