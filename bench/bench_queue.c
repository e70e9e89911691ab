/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench queue`: commands from producer threads through the queue to
 * one consumer, and back by the producers' mailboxes, as loops and sequencer
 * hand them over; the consumer does nothing else. Both sides sleep when they
 * have nothing to do, so with more threads than processors this measures the
 * kernel's wake-ups too, as a server would.
 *
 * Every command carries a number of its producer. The consumer asserts that
 * each producer's come in order without a gap, and both sides sum up what they
 * saw: that is the result hash.
 */
#include "bench/bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "engine/assert.h"
#include "engine/queue.h"
#include "storage/wait.h"
#include "tools/options.h"

#define PRODUCERS_MAX 4u
#define QUEUE_CAPACITY 65536u
/* As many under way as a busy loop has: 64 connections, 32 deep. */
#define SLOTS_COUNT 2048u
/* What a loop pushes before it wakes the sequencer: one turn's requests. */
#define PUSHES_PER_NOTIFY 32u
#define POP_MAX 4096u

typedef struct producer {
    sp_mailbox mailbox; /* first: the consumer's wake finds us */
    sp_futex_wait wait;
    sp_slots slots;
    sp_queue *queue;
    uint32_t index, commands_count;
    uint64_t sum; /* of what came back */
    pthread_t thread;
} producer;

typedef struct consumer {
    producer *producers;
    uint32_t producers_count;
    uint64_t commands_count; /* to come, from all */
    uint64_t pops_count, sum;
    sp_slot *newest[PRODUCERS_MAX], *oldest[PRODUCERS_MAX];
    uint32_t expected[PRODUCERS_MAX];
} consumer;

/* Spreads a producer's number over 64 bits, so that no two wrong ones add up
 * to the right sum. */
static uint64_t mix(uint32_t index, uint32_t number)
{
    return sp_bench_random_at((uint64_t)index << 32 | number, 1);
}

static void on_wake(sp_mailbox *mailbox)
{
    producer *p = (producer *)mailbox;
    p->wait.wait.wake(&p->wait.wait);
}

static uint32_t take_back(producer *p)
{
    uint32_t count = 0;
    for (sp_slot *slot = sp_mailbox_take_all(&p->mailbox); slot != NULL; count++) {
        sp_slot *next = slot->next;
        p->sum += slot->result.seq;
        sp_slots_give(&p->slots, slot);
        slot = next;
    }
    return count;
}

static void *produce(void *context)
{
    producer *p = context;
    uint32_t pushed = 0, back = 0;
    while (back < p->commands_count) {
        uint32_t run = 0;
        while (run < PUSHES_PER_NOTIFY && pushed < p->commands_count) {
            sp_slot *slot = sp_slots_take(&p->slots);
            if (slot == NULL)
                break;
            slot->command.type = SP_COMMAND_ORDER_CANCEL;
            slot->command.actor = p->index;
            slot->command.order_cancel.order = pushed++;
            bool has_room = sp_queue_push(p->queue, slot);
            SP_ASSERT(has_room); /* more than all slots there are */
            run++;
        }
        if (run > 0)
            sp_queue_notify(p->queue);
        uint32_t taken = take_back(p);
        back += taken;
        /* A wake-up before this sleep makes it return at once. */
        if (run == 0 && taken == 0)
            p->wait.wait.sleep(&p->wait.wait, -1);
    }
    return NULL;
}
_Static_assert(PRODUCERS_MAX *SLOTS_COUNT <= QUEUE_CAPACITY, "a push always finds room");

static void consume_one(consumer *c, sp_slot *slot)
{
    uint32_t index = slot->command.actor, number = slot->command.order_cancel.order;
    SP_ASSERT_CMP(index, <, c->producers_count);
    SP_ASSERT_CMP(number, ==, c->expected[index]);
    c->expected[index]++;
    slot->result.seq = mix(index, number);
    c->sum += slot->result.seq;
    slot->next = c->newest[index];
    c->newest[index] = slot;
    if (c->oldest[index] == NULL)
        c->oldest[index] = slot;
}

static void release(consumer *c)
{
    for (uint32_t i = 0; i < c->producers_count; i++) {
        if (c->newest[i] != NULL)
            sp_mailbox_put_chain(&c->producers[i].mailbox, c->newest[i], c->oldest[i]);
        c->newest[i] = c->oldest[i] = NULL;
    }
}

static void consume(consumer *c, sp_queue *queue)
{
    static sp_slot *slots[POP_MAX];
    for (uint64_t done = 0; done < c->commands_count;) {
        uint32_t count = sp_queue_pop(queue, slots, POP_MAX);
        if (count == 0) {
            sp_queue_wait(queue, -1);
            continue;
        }
        for (uint32_t i = 0; i < count; i++)
            consume_one(c, slots[i]);
        release(c);
        c->pops_count++;
        done += count;
    }
}

static bool producer_open(producer *p, uint32_t index, uint32_t commands_count, sp_queue *queue)
{
    *p = (producer){.index = index, .commands_count = commands_count, .queue = queue};
    sp_mailbox_init(&p->mailbox, on_wake);
    sp_futex_wait_init(&p->wait);
    return sp_slots_init(&p->slots, SLOTS_COUNT, &p->mailbox);
}

/* The producers on threads of their own, the consumer here. false if a thread
 * or memory was not to be had. */
static bool run(consumer *c, producer *producers, sp_queue *queue, sp_bench_stopwatch *watch)
{
    sp_bench_stopwatch_start(watch);
    for (uint32_t i = 0; i < c->producers_count; i++) {
        int error = pthread_create(&producers[i].thread, NULL, produce, &producers[i]);
        /* Those that run wait for a consumer that never comes: no way back. */
        SP_ASSERT_CMP(error, ==, 0);
    }
    consume(c, queue);
    for (uint32_t i = 0; i < c->producers_count; i++)
        pthread_join(producers[i].thread, NULL);
    sp_bench_stopwatch_stop(watch);

    uint64_t wanted = 0, back = 0;
    for (uint32_t i = 0; i < c->producers_count; i++) {
        back += producers[i].sum;
        for (uint32_t number = 0; number < producers[i].commands_count; number++)
            wanted += mix(i, number);
    }
    return c->sum == wanted && back == wanted;
}

static bool bench_producers(sp_bench_figures *figures, uint32_t count, uint32_t commands_each)
{
    static producer producers[PRODUCERS_MAX];
    consumer c = {.producers = producers,
                  .producers_count = count,
                  .commands_count = (uint64_t)count * commands_each};
    sp_bench_stopwatch watch = {0};
    sp_futex_wait wait;
    sp_futex_wait_init(&wait);
    sp_queue *queue = sp_queue_create(QUEUE_CAPACITY, &wait.wait);
    bool good = queue != NULL;
    uint32_t opened = 0;
    for (; good && opened < count; opened++)
        good = producer_open(&producers[opened], opened, commands_each, queue);
    if (good) {
        good = run(&c, producers, queue, &watch);
        if (!good)
            fputs("stagepick bench: a command was lost, or came twice\n", stderr);
    } else {
        fputs("stagepick bench: out of memory\n", stderr);
    }
    for (uint32_t i = 0; i < opened; i++)
        sp_slots_close(&producers[i].slots);
    sp_queue_destroy(queue);
    if (!good)
        return false;
    double commands = (double)c.commands_count;
    sp_bench_figures_row(figures, "%u producer%s", count, count > 1 ? "s" : "");
    sp_bench_figures_number(figures, "commands_per_s", "commands/s", commands / watch.seconds, 0);
    sp_bench_figures_number(figures, "ns_per_command", "ns/command", watch.seconds * 1e9 / commands,
                            1);
    sp_bench_figures_number(figures, "commands_per_pop", "a pop", commands / (double)c.pops_count,
                            1);
    sp_bench_figures_row_end(figures);
    sp_bench_figures_hash(figures, &c.sum, sizeof c.sum);
    return true;
}

int sp_bench_queue(int argc, char **argv)
{
    const char *tiny_texts[1], *json_texts[1];
    sp_option options[] = {
        {"tiny", NULL, "a run for tests: small numbers", tiny_texts, 1, 0},
        {"json", NULL, "print a JSON object a line", json_texts, 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench queue [OPTION]...\n"
                                  "Passes commands from 1, 2 and 4 threads to one and back.",
                                  options, 2, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    sp_bench_figures figures;
    bool tiny = options[0].count > 0;
    if (!sp_bench_figures_begin(&figures, "queue",
                                "commands through the queue and back by mailbox, 2048 under way "
                                "a producer",
                                options[1].count > 0, tiny))
        return SP_EXIT_FAILED;
    uint32_t commands_count = tiny ? 20000 : 8000000;
    bool good = true;
    for (uint32_t count = 1; good && count <= PRODUCERS_MAX; count *= 2)
        good = bench_producers(&figures, count, commands_count / count);
    sp_bench_figures_end(&figures, true);
    return good ? SP_EXIT_OK : SP_EXIT_FAILED;
}
