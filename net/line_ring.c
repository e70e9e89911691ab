/* SPDX-License-Identifier: MIT */
#include "net/line_ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"

/* turn: the position whose producer may write the cell, or that and 1 when its
 * consumer may read it. Stored with release, loaded with acquire: whoever sees
 * it sees the line, or that the line was read. */
typedef struct cell {
    _Atomic uint64_t turn;
    uint32_t size;
    char bytes[];
} cell;

struct sp_line_ring {
    char *cells;
    uint64_t mask;
    size_t stride;
    uint32_t line_size_max;
    uint64_t head; /* the consumer's own */
    /* Apart from what is only read: every producer writes these. */
    _Alignas(64) _Atomic uint64_t tail; /* relaxed: only shares out positions */
    _Atomic uint64_t dropped;           /* relaxed: a figure */
};

static cell *cell_at(const sp_line_ring *ring, uint64_t position)
{
    return (cell *)(void *)(ring->cells + (position & ring->mask) * ring->stride);
}

sp_line_ring *sp_line_ring_create(uint32_t lines_max, uint32_t line_size_max)
{
    SP_ASSERT(lines_max >= 2 && (lines_max & (lines_max - 1)) == 0);
    sp_line_ring *ring = aligned_alloc(64, sizeof *ring);
    if (ring == NULL)
        return NULL;
    memset(ring, 0, sizeof *ring);
    ring->mask = lines_max - 1;
    ring->line_size_max = line_size_max;
    ring->stride = (sizeof(cell) + line_size_max + 63) / 64 * 64;
    ring->cells = aligned_alloc(64, ring->stride * lines_max);
    if (ring->cells == NULL) {
        free(ring);
        return NULL;
    }
    for (uint64_t i = 0; i < lines_max; i++)
        atomic_init(&cell_at(ring, i)->turn, i);
    return ring;
}
_Static_assert(sizeof(struct sp_line_ring) % 64 == 0, "aligned_alloc takes multiples");

void sp_line_ring_destroy(sp_line_ring *ring)
{
    if (ring == NULL)
        return;
    free(ring->cells);
    free(ring);
}

static bool drop(sp_line_ring *ring)
{
    atomic_fetch_add_explicit(&ring->dropped, 1, memory_order_relaxed);
    return false;
}

bool sp_line_ring_put(sp_line_ring *ring, const char *bytes, size_t size)
{
    if (size > ring->line_size_max)
        return drop(ring);
    uint64_t at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    cell *c;
    for (;;) {
        c = cell_at(ring, at);
        int64_t ahead = (int64_t)(atomic_load_explicit(&c->turn, memory_order_acquire) - at);
        if (ahead < 0)
            return drop(ring); /* the line of a round ago is still there */
        if (ahead > 0) {
            at = atomic_load_explicit(&ring->tail, memory_order_relaxed);
            continue; /* another producer has it already */
        }
        if (atomic_compare_exchange_weak_explicit(&ring->tail, &at, at + 1, memory_order_relaxed,
                                                  memory_order_relaxed))
            break;
    }
    c->size = (uint32_t)size;
    memcpy(c->bytes, bytes, size);
    atomic_store_explicit(&c->turn, at + 1, memory_order_release);
    return true;
}

bool sp_line_ring_is_empty(const sp_line_ring *ring)
{
    const cell *c = cell_at(ring, ring->head);
    return atomic_load_explicit(&c->turn, memory_order_acquire) != ring->head + 1;
}

size_t sp_line_ring_take(sp_line_ring *ring, char *out, size_t size_max)
{
    size_t size = 0;
    while (!sp_line_ring_is_empty(ring)) {
        cell *c = cell_at(ring, ring->head);
        if (c->size > size_max - size)
            break;
        memcpy(out + size, c->bytes, c->size);
        size += c->size;
        atomic_store_explicit(&c->turn, ring->head + ring->mask + 1, memory_order_release);
        ring->head++;
    }
    return size;
}

uint64_t sp_line_ring_dropped(const sp_line_ring *ring)
{
    return atomic_load_explicit(&ring->dropped, memory_order_relaxed);
}
