/* SPDX-License-Identifier: MIT
 *
 * All figures of the server, gathered at about one moment: what /metrics
 * (net/metrics_text.h) and /v1/admin/stats (net/stats_json.h) tell.
 *
 * They come from counters of the loops, from the sequencer's, from the views,
 * from the kernel, and, through the functions in sp_figures_sources, from what
 * the program wires. None of them reads the state; the ones that follow from
 * events count only what is durable (engine/sequencer.h, engine/views.h). No
 * figure names or numbers a person.
 */
#ifndef SP_NET_FIGURES_H
#define SP_NET_FIGURES_H

#include "engine/figures.h"
#include "engine/sequencer.h"
#include "net/logger.h"
#include "net/metrics.h"
#include "net/process.h"

typedef struct sp_storage_figures {
    uint64_t log_bytes;       /* of the log's file, with the room that it keeps ahead */
    uint64_t disk_free_bytes; /* of its file system, for this user */
} sp_storage_figures;

/* What there is to ask; all of it may be absent (NULL), and then those figures
 * are. The functions are called on libuv's pool threads, any number of them at
 * once; they may block a little (a stat), and return false for not yet. */
typedef struct sp_figures_sources {
    const char *version;       /* static; NULL: unnamed */
    const sp_metrics *metrics; /* borrowed, as all below: outlive the loops */
    const sp_queue *queue;
    uint32_t queue_capacity; /* commands that can be under way at once */
    const sp_views *views;
    const sp_logger *logger;
    void *context; /* of the functions */
    bool (*sequencer)(void *context, sp_sequencer_stats *out);
    /* The state's own sums, as the sequencer publishes them. */
    bool (*engine)(void *context, sp_engine_figures *out);
    bool (*storage)(void *context, sp_storage_figures *out);
    /* How many pushed streams are open now. */
    bool (*streams)(void *context, uint64_t *out);
} sp_figures_sources;

typedef struct sp_figures {
    sp_time_ms now; /* the engine's clock; 0: it does not serve yet */
    const char *version;
    bool serving; /* ready for all; while it is not, only what is there is told */
    sp_metrics_figures *http;
    sp_process_figures process;
    bool has_queue;
    uint32_t queue_depth, queue_capacity;
    bool has_views; /* the three behind it */
    sp_seq seq;
    uint32_t concerts_count, categories_count;
    bool has_logger;
    uint64_t log_dropped, access_dropped; /* lines */
    bool has_sequencer, has_engine, has_storage, has_streams;
    sp_sequencer_stats sequencer;
    sp_engine_figures engine;
    sp_storage_figures storage;
    uint64_t streams;
} sp_figures;

/* Any thread that may block for /proc and the sources. now: 0 unless it serves.
 * false: out of memory. */
bool sp_figures_gather(const sp_figures_sources *sources, sp_time_ms now, sp_figures *out);
void sp_figures_close(sp_figures *figures);

#endif
