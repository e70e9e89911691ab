/* SPDX-License-Identifier: MIT */
#include "engine/queue.h"

#include <stdlib.h>

#include "engine/assert.h"

#define CACHE_LINE 64

/* turn == position: free for the producer of that position; == position + 1:
 * filled, for the consumer; after that the consumer adds the capacity. */
typedef struct cell {
    _Atomic uint64_t turn;
    sp_slot *slot;
} cell;

struct sp_queue {
    cell *cells;
    uint64_t mask;
    sp_wait *wait;
    /* Each on a line of its own: producers fight over tail, and the consumer
     * should not pay for that. */
    _Alignas(CACHE_LINE) _Atomic uint64_t tail;
    _Alignas(CACHE_LINE) _Atomic uint64_t head; /* consumer writes; others peek */
    _Alignas(CACHE_LINE) _Atomic uint32_t parked;
};

sp_queue *sp_queue_create(uint32_t capacity, sp_wait *wait)
{
    SP_ASSERT_CMP(capacity, >=, 2);
    SP_ASSERT_CMP(capacity & (capacity - 1), ==, 0);
    sp_queue *queue = aligned_alloc(CACHE_LINE, sizeof *queue);
    if (queue == NULL)
        return NULL;
    queue->cells = calloc(capacity, sizeof *queue->cells);
    if (queue->cells == NULL) {
        free(queue);
        return NULL;
    }
    queue->mask = capacity - 1;
    queue->wait = wait;
    atomic_init(&queue->tail, 0);
    atomic_init(&queue->head, 0);
    atomic_init(&queue->parked, 0);
    for (uint32_t i = 0; i < capacity; i++)
        atomic_init(&queue->cells[i].turn, i);
    return queue;
}

void sp_queue_destroy(sp_queue *queue)
{
    if (queue == NULL)
        return;
    free(queue->cells);
    free(queue);
}

bool sp_queue_push(sp_queue *queue, sp_slot *slot)
{
    uint64_t position;
    return sp_queue_push_at(queue, slot, &position);
}

bool sp_queue_push_at(sp_queue *queue, sp_slot *slot, uint64_t *claimed)
{
    uint64_t position = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    for (;;) {
        cell *c = &queue->cells[position & queue->mask];
        /* Acquire: pairs with the consumer's release of the emptied cell. */
        uint64_t turn = atomic_load_explicit(&c->turn, memory_order_acquire);
        int64_t ahead = (int64_t)(turn - position);
        if (ahead < 0)
            return false; /* the cell still holds a slot of a lap ago */
        if (ahead > 0) {
            position = atomic_load_explicit(&queue->tail, memory_order_relaxed);
            continue;
        }
        if (atomic_compare_exchange_weak_explicit(&queue->tail, &position, position + 1,
                                                  memory_order_relaxed, memory_order_relaxed)) {
            c->slot = slot;
            /* Release: hands the slot's content to the consumer. */
            atomic_store_explicit(&c->turn, position + 1, memory_order_release);
            *claimed = position;
            return true;
        }
    }
}

static bool is_empty(const sp_queue *queue)
{
    uint64_t position = atomic_load_explicit(&queue->head, memory_order_relaxed);
    const cell *c = &queue->cells[position & queue->mask];
    return atomic_load_explicit(&c->turn, memory_order_acquire) != position + 1;
}

/* How many cells ahead the slots are asked for: their lines lie in the cache of
 * the producer's core. */
#define PREFETCH_AHEAD 8u

static void prefetch(const sp_queue *queue, uint64_t position)
{
    const cell *c = &queue->cells[position & queue->mask];
    /* Acquire: only a filled cell has a slot to look at. */
    if (atomic_load_explicit(&c->turn, memory_order_acquire) != position + 1)
        return;
    const sp_slot *slot = c->slot;
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(&slot->command.order_create);
    __builtin_prefetch(&slot->result, 1);
}

uint32_t sp_queue_pop(sp_queue *queue, sp_slot **slots, uint32_t count_max)
{
    uint64_t position = atomic_load_explicit(&queue->head, memory_order_relaxed);
    uint32_t count = 0;
    while (count < count_max) {
        cell *c = &queue->cells[position & queue->mask];
        /* Acquire: pairs with the producer's release of the filled cell. */
        if (atomic_load_explicit(&c->turn, memory_order_acquire) != position + 1)
            break;
        slots[count++] = c->slot;
        prefetch(queue, position + PREFETCH_AHEAD);
        /* Release: our read of the cell is over before it is filled again. */
        atomic_store_explicit(&c->turn, position + queue->mask + 1, memory_order_release);
        position++;
    }
    atomic_store_explicit(&queue->head, position, memory_order_relaxed);
    return count;
}

void sp_queue_notify(sp_queue *queue)
{
    /* See the header: the two exchanges of parked are what pairs. */
    if (atomic_exchange_explicit(&queue->parked, 0, memory_order_acq_rel) == 1)
        queue->wait->wake(queue->wait);
}

void sp_queue_interrupt(sp_queue *queue)
{
    queue->wait->wake(queue->wait);
}

void sp_queue_wait(sp_queue *queue, int64_t timeout_ms)
{
    (void)atomic_exchange_explicit(&queue->parked, 1, memory_order_acq_rel);
    if (is_empty(queue))
        queue->wait->sleep(queue->wait, timeout_ms);
    (void)atomic_exchange_explicit(&queue->parked, 0, memory_order_acq_rel);
}

uint32_t sp_queue_depth(const sp_queue *queue)
{
    uint64_t tail = atomic_load_explicit(&queue->tail, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&queue->head, memory_order_relaxed);
    return tail > head ? (uint32_t)(tail - head) : 0;
}

uint64_t sp_queue_popped(const sp_queue *queue)
{
    return atomic_load_explicit(&queue->head, memory_order_relaxed);
}
