/* SPDX-License-Identifier: MIT
 *
 * The queue in: bounded, many producers (loops), one consumer (sequencer).
 *
 * Algorithm: a ring of cells, each with a turn number (the bounded queue of
 * D. Vyukov, with its consumer side reduced to one thread). A producer claims
 * a position by compare-and-swap on `tail`, writes the cell and releases it by
 * storing its turn; the consumer reads cells in order while their turn has
 * come.
 *
 * Progress, honestly: push never waits and never spins on another thread but
 * for retries of the compare-and-swap, each of which means that another
 * producer went ahead (lock-free among producers). Pop never waits. But the
 * queue as a whole is not lock-free in the strict sense: a producer that is
 * suspended between its claim and its store hides the cells behind its own
 * from the consumer until it goes on. Nothing is lost or reordered by that,
 * and other producers go on until the ring is full. With one loop (the
 * default) there is a single producer and no such gap.
 *
 * Order: pushes of one producer are popped in their order.
 *
 * Memory orders: cell.turn is stored with release after the slot's content
 * and loaded with acquire before it is read: that pair hands the slot over.
 * tail's compare-and-swap is relaxed: it only shares out positions. The
 * consumer's own position (head) is written by it alone, relaxed, once a pop of
 * however many: others only count with it (sp_queue_depth, sp_queue_popped), and
 * what they conclude about a slot they must not act on.
 *
 * Sleeping and waking: both sides exchange `parked` (acquire and release), so
 * their exchanges have one order. If the producer's comes second it reads 1
 * and wakes the consumer; if it comes first, the consumer's reads from it (or
 * from a later one that read from it) and so synchronises with it: its look at
 * the ring after that sees the cell. Either way no wake-up is lost, and a
 * producer makes the system call only when the consumer sleeps.
 */
#ifndef SP_ENGINE_QUEUE_H
#define SP_ENGINE_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "engine/slot.h"
#include "engine/wait.h"

typedef struct sp_queue sp_queue;

/* capacity: a power of two, >= 2. wait: the consumer's. NULL if out of
 * memory. */
sp_queue *sp_queue_create(uint32_t capacity, sp_wait *wait);
void sp_queue_destroy(sp_queue *queue);

/* Any thread. false = full, and the slot is still the caller's. Does not wake
 * the consumer: call sp_queue_notify after a run of pushes. */
bool sp_queue_push(sp_queue *queue, sp_slot *slot);
/* Likewise, and says which push this was, over the queue's life: 0, 1, 2 …
 * Left alone if full. */
bool sp_queue_push_at(sp_queue *queue, sp_slot *slot, uint64_t *position);

/* Any thread: wakes the consumer if it sleeps. */
void sp_queue_notify(sp_queue *queue);

/* Consumer: up to count_max slots in order; returns how many. */
uint32_t sp_queue_pop(sp_queue *queue, sp_slot **slots, uint32_t count_max);

/* Consumer: sleeps until a push was notified, or timeout_ms (< 0: none);
 * returns at once if something is there. */
void sp_queue_wait(sp_queue *queue, int64_t timeout_ms);

/* Any thread: makes the consumer's current or next sp_queue_wait return, even
 * if nothing was pushed. */
void sp_queue_interrupt(sp_queue *queue);

/* Any thread, approximate: how many are waiting now. */
uint32_t sp_queue_depth(const sp_queue *queue);

/* Any thread, approximate (it may lag): how many were ever popped. What was
 * pushed at `position` is number position - popped + 1 in the line, and taken
 * if that is less than 1. */
uint64_t sp_queue_popped(const sp_queue *queue);

#endif
