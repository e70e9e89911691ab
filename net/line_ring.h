/* SPDX-License-Identifier: MIT
 *
 * Lines on their way from threads that may not wait (loops) to the one that
 * writes them: a bounded ring of cells of one size, many producers, one
 * consumer. The algorithm and its honest progress are those of engine/queue.h
 * (D. Vyukov's bounded queue): a producer claims a position by compare-and-swap,
 * copies its line, and shows it by the cell's turn.
 *
 * Cells have one size because a claim must be one step; a line takes two to
 * four hundred bytes, so what is lost is memory that is bounded anyway.
 *
 * Full: the line is dropped and counted. Nobody ever waits for a disk or a
 * terminal in order to log.
 */
#ifndef SP_NET_LINE_RING_H
#define SP_NET_LINE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sp_line_ring sp_line_ring;

/* lines_max: a power of two, >= 2. NULL if out of memory. */
sp_line_ring *sp_line_ring_create(uint32_t lines_max, uint32_t line_size_max);
void sp_line_ring_destroy(sp_line_ring *ring);

/* Any thread: copies a line with its end. false = it was dropped (no room, or
 * longer than line_size_max) and counted. Never waits. */
bool sp_line_ring_put(sp_line_ring *ring, const char *bytes, size_t size);

/* Consumer: copies whole lines to `out` while they fit; returns the bytes. */
size_t sp_line_ring_take(sp_line_ring *ring, char *out, size_t size_max);
/* Consumer: is there nothing to take? */
bool sp_line_ring_is_empty(const sp_line_ring *ring);

/* Any thread: how many lines were dropped so far. */
uint64_t sp_line_ring_dropped(const sp_line_ring *ring);

#endif
