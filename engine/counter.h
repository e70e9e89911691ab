/* SPDX-License-Identifier: MIT
 *
 * A number that one thread counts and any thread reads: a figure, on which
 * nothing hangs.
 *
 * One writer, so it needs no locked instruction: a load, an add, a store, all
 * relaxed. A reader sees some value that it has had, never half of one; two
 * counters that are read together may be a moment apart. Engine, loops and
 * sequencer count with these; nothing is allocated and nobody waits.
 */
#ifndef SP_ENGINE_COUNTER_H
#define SP_ENGINE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t sp_counter;

/* Any thread. */
static inline uint64_t sp_counter_get(const sp_counter *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The rest: its one writer. */
static inline void sp_counter_set(sp_counter *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline void sp_counter_add(sp_counter *counter, uint64_t more)
{
    sp_counter_set(counter, sp_counter_get(counter) + more);
}

/* It is the greatest value there was. */
static inline void sp_counter_raise(sp_counter *counter, uint64_t value)
{
    if (value > sp_counter_get(counter))
        sp_counter_set(counter, value);
}

#endif
