/* SPDX-License-Identifier: MIT
 *
 * Memory for yajl: an arena that hands out and takes back everything at once,
 * with malloc behind it for the rare text that needs more. One a parser;
 * single-threaded; used by json_read.c alone.
 */
#ifndef SP_NET_JSON_ARENA_H
#define SP_NET_JSON_ARENA_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <yajl/yajl_common.h>

#define SP_JSON_ARENA_SIZE 8192u

typedef struct sp_json_arena {
    size_t used;
    alignas(16) char bytes[SP_JSON_ARENA_SIZE];
} sp_json_arena;

/* Forgets what lies in the arena. Whoever used it must have been freed: that
 * gave the malloc'ed pieces back. */
static inline void sp_json_arena_reset(sp_json_arena *arena)
{
    arena->used = 0;
}

/* Allocation functions with this arena as their context. */
yajl_alloc_funcs sp_json_arena_funcs(sp_json_arena *arena);

#endif
