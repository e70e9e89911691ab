/* SPDX-License-Identifier: MIT */
#include "net/json_arena.h"

#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"

/* Before each piece: its size, so that a piece can grow by moving. 16 bytes
 * keep what follows aligned for anything. */
typedef struct piece {
    alignas(16) size_t size;
} piece;

static bool is_inside(const sp_json_arena *arena, const void *memory)
{
    return (const char *)memory >= arena->bytes &&
           (const char *)memory < arena->bytes + SP_JSON_ARENA_SIZE;
}

static void *allocate(void *context, size_t size)
{
    sp_json_arena *arena = context;
    /* The input is at most a body: yajl's doubling buffers stay far below. */
    SP_ASSERT_CMP(size, <, ((size_t)1 << 30));
    size = (size + 15) & ~(size_t)15;
    piece *head;
    if (size + sizeof(piece) <= SP_JSON_ARENA_SIZE - arena->used) {
        head = (void *)(arena->bytes + arena->used);
        arena->used += size + sizeof(piece);
    } else {
        /* yajl does not look at what it gets. */
        head = malloc(size + sizeof(piece));
        SP_ASSERT(head);
    }
    head->size = size;
    return head + 1;
}

static void release(void *context, void *memory)
{
    sp_json_arena *arena = context;
    if (memory && !is_inside(arena, memory))
        free((piece *)memory - 1);
}

static void *grow(void *context, void *memory, size_t size)
{
    if (!memory)
        return allocate(context, size);
    size_t old_size = ((piece *)memory - 1)->size;
    if (size <= old_size)
        return memory;
    void *moved = allocate(context, size);
    memcpy(moved, memory, old_size);
    release(context, memory);
    return moved;
}

yajl_alloc_funcs sp_json_arena_funcs(sp_json_arena *arena)
{
    return (yajl_alloc_funcs){allocate, grow, release, arena};
}
