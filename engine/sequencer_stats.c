/* SPDX-License-Identifier: MIT */
#include "engine/sequencer_stats.h"

void sp_sequencer_count_figures(sp_sequencer_counters *counters, const sp_engine_figures *figures)
{
    sp_counter_set(&counters->seq, figures->seq);
    sp_counter_set(&counters->users, figures->users);
    sp_counter_set(&counters->orders, figures->orders);
    sp_counter_set(&counters->orders_cancelled, figures->orders_cancelled);
    sp_counter_set(&counters->sold_seats, figures->sold_seats);
    sp_counter_set(&counters->held_seats, figures->held_seats);
    sp_counter_set(&counters->holds_live, figures->holds_live);
    atomic_store_explicit(&counters->points_total, figures->points_total, memory_order_relaxed);
}

void sp_sequencer_count_batch(sp_sequencer_counters *counters, const sp_untold *batch)
{
    if (sp_untold_is_empty(batch))
        return;
    sp_counter_add(&counters->batches, 1);
    sp_counter_add(&counters->commands, batch->commands_count);
    sp_counter_add(&counters->events, batch->events_count);
    sp_tally_add(&counters->batch_size, SP_TALLY_SIZES, batch->commands_count);
    if (batch->events_count > 0)
        sp_sequencer_count_figures(counters, &batch->figures);
}

void sp_sequencer_counters_read(const sp_sequencer_counters *counters, sp_sequencer_stats *out)
{
    *out = (sp_sequencer_stats){
        .batches = sp_counter_get(&counters->batches),
        .commands = sp_counter_get(&counters->commands),
        .events = sp_counter_get(&counters->events),
        .cycle_ns_max = sp_counter_get(&counters->cycle_ns_max),
        .batch_commands_high = (uint32_t)sp_counter_get(&counters->batch_commands_high),
    };
    sp_tally_read(&counters->commit_time, &out->commit_time);
    sp_tally_read(&counters->batch_size, &out->batch_size);
    out->commit_ns_total = out->commit_time.sum;
    out->commit_ns_max = out->commit_time.max;
}

void sp_sequencer_figures_read(const sp_sequencer_counters *counters, sp_engine_figures *out)
{
    *out = (sp_engine_figures){
        .seq = sp_counter_get(&counters->seq),
        .users = sp_counter_get(&counters->users),
        .orders = sp_counter_get(&counters->orders),
        .orders_cancelled = sp_counter_get(&counters->orders_cancelled),
        .sold_seats = sp_counter_get(&counters->sold_seats),
        .held_seats = sp_counter_get(&counters->held_seats),
        .holds_live = sp_counter_get(&counters->holds_live),
        .points_total = atomic_load_explicit(&counters->points_total, memory_order_relaxed),
    };
}
