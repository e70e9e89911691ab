/* SPDX-License-Identifier: MIT */
#include "net/figures.h"

#include <stdlib.h>

static void gather_here(const sp_figures_sources *sources, sp_figures *out)
{
    out->has_queue = sources->queue != NULL;
    if (out->has_queue) {
        out->queue_depth = sp_queue_depth(sources->queue);
        out->queue_capacity = sources->queue_capacity;
    }
    /* While the log replays views are half filled, or not at all. */
    out->has_views = sources->views != NULL && out->serving;
    if (out->has_views) {
        out->seq = sp_views_seq(sources->views);
        out->concerts_count = sp_views_concerts_count(sources->views);
        out->categories_count = sp_views_categories_count(sources->views);
    }
    out->has_logger = sources->logger != NULL;
    if (out->has_logger)
        sp_logger_dropped(sources->logger, &out->log_dropped, &out->access_dropped);
}

static void ask(const sp_figures_sources *sources, sp_figures *out)
{
    void *context = sources->context;
    out->has_sequencer = sources->sequencer != NULL && sources->sequencer(context, &out->sequencer);
    out->has_engine = sources->engine != NULL && sources->engine(context, &out->engine);
    out->has_storage = sources->storage != NULL && sources->storage(context, &out->storage);
    out->has_streams = sources->streams != NULL && sources->streams(context, &out->streams);
}

bool sp_figures_gather(const sp_figures_sources *sources, sp_time_ms now, sp_figures *out)
{
    *out = (sp_figures){
        .now = now,
        .version = sources->version != NULL ? sources->version : "unnamed",
        .serving = now != 0,
    };
    out->http = sp_metrics_read(sources->metrics);
    if (out->http == NULL)
        return false;
    sp_process_read(&out->process);
    gather_here(sources, out);
    ask(sources, out);
    return true;
}

void sp_figures_close(sp_figures *figures)
{
    free(figures->http);
    figures->http = NULL;
}
