/* SPDX-License-Identifier: MIT
 *
 * Queue, slots and mailboxes: order, bounds, wake-ups, and many producers at
 * once (the program to run under SAN=thread).
 */
#include "engine/queue.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "storage/wait.h"

#define PRODUCERS 3
#define PUSHES 20000

static uint32_t wakes_count;

static void count_wake(sp_mailbox *mailbox)
{
    (void)mailbox;
    wakes_count++;
}

static void no_sleep(sp_wait *wait, int64_t timeout_ms)
{
    (void)wait;
    (void)timeout_ms;
    fail_msg("slept with something in the queue");
}

static void count_wait_wake(sp_wait *wait)
{
    (void)wait;
    wakes_count++;
}

static void queue_is_bounded_and_ordered(void **unused)
{
    (void)unused;
    sp_wait wait = {.sleep = no_sleep, .wake = count_wait_wake};
    sp_queue *queue = sp_queue_create(4, &wait);
    sp_slot *slots = calloc(6, sizeof *slots), *popped[8];
    /* Many laps, so that turns wrap round the ring. */
    for (int lap = 0; lap < 1000; lap++) {
        for (int i = 0; i < 4; i++)
            assert_true(sp_queue_push(queue, &slots[i]));
        assert_false(sp_queue_push(queue, &slots[4]));
        assert_int_equal(sp_queue_depth(queue), 4);
        assert_int_equal(sp_queue_pop(queue, popped, 3), 3);
        assert_true(sp_queue_push(queue, &slots[5]));
        assert_int_equal(sp_queue_pop(queue, popped + 3, 5), 2);
        for (int i = 0; i < 4; i++)
            assert_ptr_equal(popped[i], &slots[i]);
        assert_ptr_equal(popped[4], &slots[5]);
        assert_int_equal(sp_queue_pop(queue, popped, 8), 0);
    }
    assert_true(sp_queue_push(queue, &slots[0]));
    sp_queue_wait(queue, -1); /* returns: no_sleep would fail */
    wakes_count = 0;
    sp_queue_notify(queue); /* nobody is parked: no wake-up */
    assert_int_equal(wakes_count, 0);
    free(slots);
    sp_queue_destroy(queue);
}

/* A position and the count of what was popped tell who is first in the line. */
static void positions_are_dense(void **unused)
{
    (void)unused;
    sp_wait wait = {.sleep = no_sleep, .wake = count_wait_wake};
    sp_queue *queue = sp_queue_create(4, &wait);
    sp_slot slots[5] = {{0}}, *popped[4];
    uint64_t position = 77, next = 0;
    for (int lap = 0; lap < 100; lap++) {
        for (int i = 0; i < 4; i++) {
            assert_true(sp_queue_push_at(queue, &slots[i], &position));
            assert_int_equal(position, next++);
            assert_int_equal(position - sp_queue_popped(queue) + 1, i + 1);
        }
        assert_false(sp_queue_push_at(queue, &slots[4], &position));
        assert_int_equal(position, next - 1); /* left alone */
        assert_int_equal(sp_queue_pop(queue, popped, 1), 1);
        assert_int_equal(sp_queue_popped(queue), next - 3);
        assert_int_equal(sp_queue_pop(queue, popped, 4), 3);
        assert_int_equal(sp_queue_popped(queue), next);
    }
    sp_queue_destroy(queue);
}

static void mailbox_keeps_order_and_wakes_once(void **unused)
{
    (void)unused;
    sp_mailbox mailbox;
    sp_slot *s = calloc(5, sizeof *s);
    sp_mailbox_init(&mailbox, count_wake);
    wakes_count = 0;
    assert_null(sp_mailbox_take_all(&mailbox));
    s[1].next = &s[0]; /* newest first: 1, 0 */
    sp_mailbox_put_chain(&mailbox, &s[1], &s[0]);
    s[4].next = &s[3];
    s[3].next = &s[2];
    sp_mailbox_put_chain(&mailbox, &s[4], &s[2]);
    assert_int_equal(wakes_count, 1);
    sp_slot *slot = sp_mailbox_take_all(&mailbox);
    for (int i = 0; i < 5; i++, slot = slot->next)
        assert_ptr_equal(slot, &s[i]);
    assert_null(slot);
    assert_null(sp_mailbox_take_all(&mailbox));
    sp_mailbox_put_chain(&mailbox, &s[0], &s[0]);
    assert_int_equal(wakes_count, 2);
    free(s);
}

static void slots_are_bounded(void **unused)
{
    (void)unused;
    sp_mailbox mailbox;
    sp_slots slots;
    sp_mailbox_init(&mailbox, count_wake);
    assert_true(sp_slots_init(&slots, 3, &mailbox));
    sp_slot *a = sp_slots_take(&slots), *b = sp_slots_take(&slots), *c = sp_slots_take(&slots);
    assert_true(a != NULL && b != NULL && c != NULL && a != b && b != c && a != c);
    assert_null(sp_slots_take(&slots));
    sp_slots_give(&slots, b);
    assert_ptr_equal(sp_slots_take(&slots), b);
    assert_ptr_equal(b->mailbox, &mailbox);
    sp_slots_give(&slots, a);
    sp_slots_give(&slots, b);
    sp_slots_give(&slots, c);
    sp_slots_close(&slots);
}

/* Several producers, one sleeping consumer: everything arrives once, each
 * producer's pushes in order, and no wake-up is lost (a lost one hangs). */
typedef struct producer {
    sp_queue *queue;
    sp_slot *slots;
    pthread_t thread;
} producer;

static void *produce(void *context)
{
    producer *p = context;
    for (uint32_t i = 0; i < PUSHES; i++) {
        while (!sp_queue_push(p->queue, &p->slots[i]))
            sp_queue_notify(p->queue);
        if (i % 7 == 0 || i == PUSHES - 1)
            sp_queue_notify(p->queue);
    }
    return NULL;
}

static void many_producers_lose_nothing(void **unused)
{
    (void)unused;
    sp_futex_wait wait;
    sp_futex_wait_init(&wait);
    sp_queue *queue = sp_queue_create(64, &wait.wait);
    producer producers[PRODUCERS];
    uint32_t next[PRODUCERS] = {0};
    for (int p = 0; p < PRODUCERS; p++) {
        producers[p] = (producer){.queue = queue, .slots = calloc(PUSHES, sizeof(sp_slot))};
        for (uint32_t i = 0; i < PUSHES; i++) {
            producers[p].slots[i].owner_generation = i;
            producers[p].slots[i].owner = &next[p];
        }
        assert_int_equal(pthread_create(&producers[p].thread, NULL, produce, &producers[p]), 0);
    }
    for (uint32_t got = 0; got < PRODUCERS * PUSHES;) {
        sp_slot *slots[16];
        uint32_t count = sp_queue_pop(queue, slots, 16);
        if (count == 0)
            sp_queue_wait(queue, -1);
        for (uint32_t i = 0; i < count; i++)
            assert_int_equal(slots[i]->owner_generation, (*(uint32_t *)slots[i]->owner)++);
        got += count;
    }
    for (int p = 0; p < PRODUCERS; p++) {
        pthread_join(producers[p].thread, NULL);
        assert_int_equal(next[p], PUSHES);
        free(producers[p].slots);
    }
    sp_queue_destroy(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queue_is_bounded_and_ordered),       cmocka_unit_test(positions_are_dense),
        cmocka_unit_test(mailbox_keeps_order_and_wakes_once), cmocka_unit_test(slots_are_bounded),
        cmocka_unit_test(many_producers_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
