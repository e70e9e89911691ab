/* SPDX-License-Identifier: MIT */
#include "engine/tally.h"

#include "engine/assert.h"

_Static_assert(SP_TALLY_TIMES << (SP_TALLY_BUCKETS - 2) > SP_TALLY_TIMES, "bounds fit 64 bits");

void sp_tally_read(const sp_tally *tally, sp_tally_figures *out)
{
    uint64_t max = sp_counter_get(&tally->max);
    out->sum += sp_counter_get(&tally->sum);
    out->max = max > out->max ? max : out->max;
    for (uint32_t i = 0; i < SP_TALLY_BUCKETS; i++) {
        uint64_t count = sp_counter_get(&tally->counts[i]);
        out->counts[i] += count;
        out->count += count;
    }
}

uint64_t sp_tally_quantile(const sp_tally_figures *figures, uint64_t unit, uint32_t permille)
{
    SP_ASSERT_CMP(permille, >=, 1);
    SP_ASSERT_CMP(permille, <=, 1000);
    /* Of 1000, and of 1: the smallest rank that has so many at or below it. */
    uint64_t rank =
        figures->count / 1000 * permille + (figures->count % 1000 * permille + 999) / 1000;
    uint64_t below = 0;
    for (uint32_t i = 0; i + 1 < SP_TALLY_BUCKETS; i++) {
        below += figures->counts[i];
        if (below >= rank && rank > 0) {
            uint64_t bound = sp_tally_bound(unit, i);
            return bound < figures->max ? bound : figures->max;
        }
    }
    return figures->max; /* in the last bucket, or there is nothing */
}
