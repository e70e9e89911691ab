/* SPDX-License-Identifier: MIT */
#include "tools/serve_figures.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "tools/version.h"

/* Pool threads, as below. */
static bool sequencer_figures(void *context, sp_sequencer_stats *out)
{
    const sp_serve_figures *self = context;
    if (!atomic_load_explicit(self->serving, memory_order_acquire))
        return false;
    sp_sequencer_stats_of(self->runtime->sequencer, out);
    return true;
}

static bool engine_figures(void *context, sp_engine_figures *out)
{
    const sp_serve_figures *self = context;
    if (!atomic_load_explicit(self->serving, memory_order_acquire))
        return false;
    sp_sequencer_figures_of(self->runtime->sequencer, out);
    return true;
}

static bool streams_figures(void *context, uint64_t *out)
{
    const sp_serve_figures *self = context;
    if (!atomic_load_explicit(self->serving, memory_order_acquire))
        return false;
    *out = sp_server_streams(*self->server);
    return true;
}

/* Its size alone: never opened here (closing it would drop LMDB's locks). */
static bool storage_figures(void *context, sp_storage_figures *out)
{
    const sp_serve_figures *self = context;
    char path[4096];
    struct stat file;
    struct statvfs disk;
    int size = snprintf(path, sizeof path, "%s/data.mdb", self->runtime->dir);
    if (size < 0 || (size_t)size >= sizeof path || stat(path, &file) != 0 ||
        statvfs(self->runtime->dir, &disk) != 0)
        return false;
    out->log_bytes = (uint64_t)file.st_size;
    out->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    return true;
}

void sp_serve_figures_init(sp_serve_figures *figures, const sp_runtime *runtime,
                           sp_server *const *server, const atomic_bool *serving)
{
    *figures = (sp_serve_figures){
        .sources = {.version = SP_VERSION,
                    .queue = runtime->queue,
                    .views = runtime->views,
                    .context = figures,
                    .sequencer = sequencer_figures,
                    .engine = engine_figures,
                    .storage = storage_figures,
                    .streams = streams_figures},
        .runtime = runtime,
        .server = server,
        .serving = serving,
    };
}
