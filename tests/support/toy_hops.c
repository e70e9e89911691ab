/* SPDX-License-Identifier: MIT */
#include "tests/support/toy_hops.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/hop.h"

/* Every field is written by one thread and read by the next, so that the thread
 * sanitizer sees what a hop hands over. */
struct line {
    unsigned arrived; /* those that a loop has sent to the next in one go */
    unsigned count;
};

typedef struct toy_hop {
    sp_hop hop;
    toy_counts *counts;
    sp_exchange *ex; /* NULL: nobody waits */
    unsigned steps_left, runs;
    uv_thread_t sender;
    void (*errand)(sp_loop *loop, unsigned n);
    unsigned n;
    struct line *line; /* until the first step; its place there is n */
} toy_hop;

static toy_hop *make(sp_loop *loop, toy_counts *counts, void (*run)(sp_hop *hop))
{
    toy_hop *h = calloc(1, sizeof *h);
    SP_ASSERT(h != NULL);
    h->counts = counts;
    h->hop.run = run;
    h->hop.from = loop;
    return h;
}

static void send_on(toy_hop *h, sp_loop *to)
{
    h->sender = uv_thread_self();
    atomic_fetch_add(&h->counts->hops_sent, 1);
    sp_hop_send(&h->hop, to);
}

static void check_order(toy_hop *h)
{
    struct line *line = h->line;
    SP_ASSERT_CMP(line->arrived, ==, h->n);
    h->line = NULL;
    if (++line->arrived == line->count)
        free(line);
}

static void count_run(toy_hop *h)
{
    uv_thread_t self = uv_thread_self();
    bool same = uv_thread_equal(&self, &h->sender) != 0;
    SP_ASSERT(same == (sp_loop_count(h->hop.at) == 1));
    SP_ASSERT(sp_loop_of_index(h->hop.at, sp_loop_index(h->hop.at)) == h->hop.at);
    if (h->line != NULL)
        check_order(h);
    h->runs++;
    atomic_fetch_add(&h->counts->hops_run, 1);
}

static sp_loop *next_of(sp_loop *loop)
{
    return sp_loop_of_index(loop, (sp_loop_index(loop) + 1) % sp_loop_count(loop));
}

static void finish(toy_hop *h)
{
    if (h->ex != NULL && h->ex->gone)
        sp_exchange_abandon(h->ex);
    else if (h->ex != NULL)
        sp_exchange_ready(h->ex);
    free(h);
}

static void on_step(sp_hop *hop)
{
    toy_hop *h = (toy_hop *)hop;
    count_run(h);
    if (h->steps_left > 0)
        h->steps_left--;
    bool home = h->ex == NULL || hop->at == hop->from;
    if (h->steps_left > 0 || !home)
        send_on(h, next_of(hop->at));
    else
        finish(h);
}

void toy_hops_travel(sp_exchange *ex, toy_counts *counts, unsigned steps)
{
    toy_hop *h = make(ex->loop, counts, on_step);
    h->ex = ex;
    h->steps_left = steps;
    send_on(h, next_of(ex->loop));
}

void toy_hops_shout(sp_loop *loop, toy_counts *counts, unsigned count, unsigned steps)
{
    struct line *line = calloc(1, sizeof *line);
    SP_ASSERT(line != NULL);
    line->count = count;
    for (unsigned i = 0; i < count; i++) {
        toy_hop *h = make(loop, counts, on_step);
        h->steps_left = steps;
        h->line = line;
        h->n = i;
        send_on(h, next_of(loop));
    }
}

static void on_errand(sp_hop *hop)
{
    toy_hop *h = (toy_hop *)hop;
    count_run(h);
    h->errand(hop->at, h->n);
    free(h);
}

void toy_hops_errand(sp_loop *loop, toy_counts *counts, void (*errand)(sp_loop *loop, unsigned n),
                     unsigned n)
{
    toy_hop *h = make(loop, counts, on_errand);
    h->errand = errand;
    h->n = n;
    send_on(h, next_of(loop));
}
