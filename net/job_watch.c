/* SPDX-License-Identifier: MIT */
#include "net/job_watch.h"

#include <stddef.h>
#include <stdlib.h>

#include "engine/assert.h"

sp_job_watch *sp_job_watch_create(sp_loop *here, sp_loop *home,
                                  void (*on_told)(sp_job_watch *watch))
{
    sp_job_watch *watch = calloc(1, sizeof *watch);
    SP_ASSERT(watch);
    watch->here = here;
    watch->home = home;
    watch->on_told = on_told;
    return watch;
}

static sp_job_watch *of_told(sp_hop *hop)
{
    return (sp_job_watch *)((char *)hop - offsetof(sp_job_watch, told_hop));
}

static sp_job_watch *of_leave(sp_hop *hop)
{
    return (sp_job_watch *)((char *)hop - offsetof(sp_job_watch, leave_hop));
}

static void destroy(sp_job_watch *watch)
{
    SP_ASSERT(!watch->pulse.next);
    SP_ASSERT(!watch->linked);
    sp_job_text_release(watch->text);
    free(watch);
}

/* --- home --- */

void sp_job_watch_link(sp_job_watch *watch, sp_job_row *row)
{
    SP_ASSERT(sp_job_row_waits(row));
    watch->linked = true;
    watch->row = row;
    watch->prev = NULL;
    watch->next = row->watches;
    if (row->watches)
        row->watches->prev = watch;
    row->watches = watch;
}

static void unlink_watch(sp_job_watch *watch)
{
    if (!watch->linked)
        return;
    *(watch->prev ? &watch->prev->next : &watch->row->watches) = watch->next;
    if (watch->next)
        watch->next->prev = watch->prev;
    watch->linked = false;
}

/* --- here --- */

static void told(sp_job_watch *watch)
{
    watch->is_told = true;
    if (!watch->has_left)
        watch->on_told(watch);
}

static void on_told_hop(sp_hop *hop)
{
    told(of_told(hop));
}

static void on_left(sp_hop *hop)
{
    destroy(of_leave(hop));
}

static void on_leave(sp_hop *hop)
{
    unlink_watch(of_leave(hop));
    hop->run = on_left;
    sp_hop_send(hop, hop->from);
}

void sp_job_watch_leave(sp_job_watch *watch, bool registered)
{
    watch->has_left = true;
    if (watch->home == watch->here)
        unlink_watch(watch);
    if (!registered || watch->is_told || watch->home == watch->here) {
        destroy(watch);
        return;
    }
    watch->leave_hop = (sp_hop){.from = watch->here, .run = on_leave};
    sp_hop_send(&watch->leave_hop, watch->home);
}

/* Home again: the text is written before the hop releases it. */
void sp_job_watches_tell(sp_job_row *row, sp_job_text *text)
{
    while (row->watches) {
        sp_job_watch *watch = row->watches;
        unlink_watch(watch);
        watch->text = sp_job_text_hold(text);
        if (watch->home == watch->here) {
            told(watch);
            continue;
        }
        watch->told_hop = (sp_hop){.from = watch->home, .run = on_told_hop};
        sp_hop_send(&watch->told_hop, watch->here);
    }
}
