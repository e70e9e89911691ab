/* SPDX-License-Identifier: MIT
 *
 * The text arena: cards, names and their texts, bumped off reserved memory and
 * never given back (a concert is never forgotten). Sizes are checked by decide
 * and admit with sp_arena_fits, so that taking can't fail.
 */
#ifndef SP_ENGINE_ARENA_H
#define SP_ENGINE_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/assert.h"

typedef struct sp_arena {
    char *base;
    uint64_t used_bytes, bytes_max;
} sp_arena;

static inline uint64_t sp_align8(uint64_t bytes)
{
    return (bytes + 7u) & ~UINT64_C(7);
}

static inline bool sp_arena_fits(const sp_arena *arena, uint64_t bytes)
{
    uint64_t free_bytes = arena->bytes_max - arena->used_bytes;
    return bytes <= free_bytes && sp_align8(bytes) <= free_bytes;
}

/* Aligned to 8. The bytes are zero. */
static inline void *sp_arena_take(sp_arena *arena, uint64_t bytes)
{
    SP_ASSERT(sp_arena_fits(arena, bytes));
    void *taken = arena->base + arena->used_bytes;
    arena->used_bytes += sp_align8(bytes);
    return taken;
}

#endif
