/* SPDX-License-Identifier: MIT
 *
 * Digests of the engine's stage (tests/engine/stage.h), and of variants of it.
 */
#ifndef SP_TESTS_ENGINE_DIGEST_H
#define SP_TESTS_ENGINE_DIGEST_H

#include "tests/engine/stage.h"

static inline void digest(const struct stage *stage, uint8_t out[SP_DIGEST_SIZE])
{
    sp_digest(stage->state, out);
}

/* seen[variant] is none of those before it. */
static inline void differs_from_all(uint8_t (*seen)[SP_DIGEST_SIZE], int variant)
{
    for (int other = 0; other < variant; other++)
        if (memcmp(seen[other], seen[variant], SP_DIGEST_SIZE) == 0)
            fail_msg("variants %d and %d have one digest", other, variant);
}

#endif
