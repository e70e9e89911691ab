/* SPDX-License-Identifier: MIT
 *
 * What the sequencer counts, as its own files see it: written by its thread alone,
 * read by anyone through sp_sequencer_stats_of and sp_sequencer_figures_of. Private
 * to engine/.
 */
#ifndef SP_ENGINE_SEQUENCER_STATS_H
#define SP_ENGINE_SEQUENCER_STATS_H

#include "engine/sequencer.h"
#include "engine/untold.h"

/* All zero at first. */
typedef struct sp_sequencer_counters {
    sp_counter batches, commands, events, cycle_ns_max, batch_commands_high;
    sp_tally commit_time, batch_size;
    /* As they stand on the disk (sp_engine_figures). */
    sp_counter seq, users, orders, orders_cancelled, sold_seats, held_seats, holds_live;
    _Atomic int64_t points_total;
} sp_sequencer_counters;

/* A batch is durable: counts it, and its figures are those of now. Empty: nothing. */
void sp_sequencer_count_batch(sp_sequencer_counters *counters, const sp_untold *batch);
void sp_sequencer_count_figures(sp_sequencer_counters *counters, const sp_engine_figures *figures);
void sp_sequencer_counters_read(const sp_sequencer_counters *counters, sp_sequencer_stats *out);
void sp_sequencer_figures_read(const sp_sequencer_counters *counters, sp_engine_figures *out);

#endif
