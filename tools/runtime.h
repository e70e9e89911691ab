/* SPDX-License-Identifier: MIT
 *
 * Everything behind the HTTP server, wired: data directory, log, state, views,
 * queue, sequencer. Used by `serve` and by `user add`; what goes wrong is
 * printed to stderr (once there is a logger: logged) and comes back as the
 * program's exit code.
 *
 *   sp_runtime_open     takes the directory, has a child process begin to look
 *                       at the log, reserves the tables; no threads may exist
 *                       yet
 *   sp_runtime_recover  waits for the child's word, opens and replays the log,
 *                       makes the sequencer, records server_started
 *   sp_runtime_start    gives the sequencer its thread; sp_local_give no more
 *   sp_runtime_stop     waits for it to drain
 *   sp_runtime_close    at any stage
 */
#ifndef SP_TOOLS_RUNTIME_H
#define SP_TOOLS_RUNTIME_H

#include <pthread.h>

#include "engine/sequencer.h"
#include "net/logger.h"
#include "storage/check.h"
#include "storage/clock.h"
#include "storage/datadir.h"
#include "storage/events.h"
#include "storage/log.h"
#include "storage/profiles.h"
#include "storage/wait.h"
#include "tools/local.h"

typedef struct sp_runtime {
    const char *dir;
    sp_logger *logger; /* borrowed; NULL (at first): plain lines to stderr */
    sp_datadir datadir;
    sp_log_precheck check;
    sp_env *env; /* and with it profiles and events: from sp_runtime_recover on */
    sp_event_log *log;
    sp_profiles profiles;
    sp_events events;
    sp_system_clock clock;
    sp_futex_wait wait;
    sp_state *state;
    sp_views *views;
    sp_queue *queue;
    sp_sequencer *sequencer;
    sp_local local;
    pthread_t thread;
    bool has_thread;
} sp_runtime;

/* queue_capacity: a power of two. Returns an exit code; on any but 0 call
 * close all the same. */
int sp_runtime_open(sp_runtime *runtime, const char *dir, uint32_t queue_capacity);

typedef struct sp_recover_options {
    bool accept_clock_ahead; /* serve a log that is ahead of the wall clock */
    /* Every now and then while the log is checked and replayed. May be NULL. */
    void (*on_progress)(void);
    void (*on_failed)(void *context); /* the sequencer's */
    void *on_failed_context;
} sp_recover_options;

int sp_runtime_recover(sp_runtime *runtime, const sp_recover_options *options);
int sp_runtime_start(sp_runtime *runtime);
/* 0, or 1 after saying why the sequencer failed. */
int sp_runtime_stop(sp_runtime *runtime);
void sp_runtime_close(sp_runtime *runtime);

#endif
