/* SPDX-License-Identifier: MIT */
#include "net/hop.h"

#include "engine/assert.h"
#include "net/loop.h"

/* Acquire and release, on every change: who finds it 0 has seen all that was
 * done by those who were counted. */
static void count_out(sp_loop *loop, uint64_t count)
{
    sp_loop_shared *shared = loop->shared;
    uint64_t before = atomic_fetch_sub_explicit(&shared->alive, count, memory_order_acq_rel);
    SP_ASSERT_CMP(before, >=, count);
    if (before > count)
        return;
    for (uint32_t i = 0; i < shared->config.loops_count; i++)
        sp_loop_wake(shared->loops[i]);
}

static void count_in(sp_loop *loop)
{
    uint64_t before = atomic_fetch_add_explicit(&loop->shared->alive, 1, memory_order_acq_rel);
    SP_ASSERT_CMP(before, >, 0); /* else others may have ended */
}

static bool is_busy(const sp_loop *loop)
{
    return !loop->stopping || loop->conns_count > 0 || loop->exchanges_live > 0 ||
           loop->slots_out > 0;
}

static void count_loop(sp_loop *loop)
{
    bool busy = is_busy(loop);
    if (busy == loop->is_alive)
        return;
    loop->is_alive = busy;
    if (busy)
        count_in(loop);
    else
        count_out(loop, 1);
}

void sp_hop_send(sp_hop *hop, sp_loop *to)
{
    SP_ASSERT(hop->run != NULL);
    count_in(to);
    hop->at = to;
    sp_hop *head = atomic_load_explicit(&to->hops, memory_order_relaxed);
    do {
        hop->next = head;
        /* Release: the hop's content goes with it. Relaxed when it fails, since
         * nothing of the newer head is read. */
    } while (!atomic_compare_exchange_weak_explicit(&to->hops, &head, hop, memory_order_release,
                                                    memory_order_relaxed));
    if (head == NULL)
        sp_loop_wake(to);
}

static sp_hop *take_all(sp_loop *loop)
{
    /* Acquire: pairs with the release of send, of each that pushed (they form
     * one release sequence). */
    sp_hop *hop = atomic_exchange_explicit(&loop->hops, NULL, memory_order_acquire);
    sp_hop *oldest_first = NULL;
    while (hop != NULL) {
        sp_hop *next = hop->next;
        hop->next = oldest_first;
        oldest_first = hop;
        hop = next;
    }
    return oldest_first;
}

void sp_hops_run(sp_loop *loop)
{
    uint64_t count = 0;
    /* Relaxed: the wake-up came behind the push. Most wake-ups are for
     * completions, and should not pay for an exchange. */
    if (atomic_load_explicit(&loop->hops, memory_order_relaxed) == NULL)
        return;
    for (sp_hop *hop = take_all(loop); hop != NULL; count++) {
        sp_hop *next = hop->next; /* run may send it on, or free it */
        hop->run(hop);
        hop = next;
    }
    count_loop(loop);
    count_out(loop, count);
}

bool sp_hops_over(sp_loop *loop)
{
    count_loop(loop);
    return atomic_load_explicit(&loop->shared->alive, memory_order_acquire) == 0;
}
