/* SPDX-License-Identifier: MIT
 *
 * The event log as the sequencer sees it, as an interface: LMDB in the
 * program (storage/log.h), memory with faults in the simulator.
 *
 * A batch is what is appended since the last commit. Nothing of a batch is
 * durable before commit returned 0, and then all of it is. After any failure
 * but `taken` the log is broken for good: every later call fails, and the
 * sequencer stops (memory is ahead of the log).
 *
 * One thread, the sequencer's, calls all of these.
 */
#ifndef SP_ENGINE_LOG_H
#define SP_ENGINE_LOG_H

#include "engine/event.h"
#include "engine/profile.h"

typedef enum sp_log_status {
    SP_LOG_OK = 0,
    SP_LOG_TAKEN = 1,   /* profile_add: the e-mail is in use; nothing was done */
    SP_LOG_FAILED = -1, /* see errno-like text from storage; fail-stop */
} sp_log_status;

typedef enum sp_log_space {
    SP_SPACE_PLENTY = 0,
    SP_SPACE_LOW = 1,  /* under 256 MiB: only cancels, roles and starts go on */
    SP_SPACE_NONE = 2, /* under 64 MiB: only the record of a start does */
} sp_log_space;

typedef struct sp_log sp_log;
struct sp_log {
    /* Adds an event to the batch; event->seq follows the last one. Copies
     * what it needs. */
    sp_log_status (*append)(sp_log *self, const sp_event *event);
    /* Adds a profile to the batch unless its e-mail (folded) is in use,
     * by a profile of this batch or an older one. Called before the append of
     * its event. */
    sp_log_status (*profile_add)(sp_log *self, const sp_profile *profile);
    /* Makes the batch durable as one transaction stamped with this time; 0
     * events is a no-op. Blocks for the disk. */
    sp_log_status (*commit)(sp_log *self, sp_time_ms time);
    /* What the disk has left, sampled now and then by the implementation;
     * cheap. */
    sp_log_space (*space)(sp_log *self);
};

#endif
