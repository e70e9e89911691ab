/* SPDX-License-Identifier: MIT
 *
 * The event log as the sequencer sees it, as an interface: LMDB in the
 * program (storage/log.h), memory with faults in the simulator.
 *
 * A batch is what is appended since the last commit. It is durable, all of it,
 * once the commit of a later batch or a settle has returned 0: a crash before
 * that leaves all of it or nothing. So a server under load pays one flush a
 * batch and not two: the flush that makes batch N + 1 safe to point to is the
 * one that makes the pointer to N safe. Nobody is told anything of a batch that
 * is committed and not durable.
 *
 * After any failure but `taken` the log is broken for good: every later call
 * fails, and the sequencer stops (memory is ahead of the log). What was
 * committed and not yet durable may then be in the log or not.
 *
 * One thread, the sequencer's, calls all of these.
 */
#ifndef SP_ENGINE_LOG_H
#define SP_ENGINE_LOG_H

#include "engine/event.h"
#include "engine/profile.h"
#include "engine/session.h"

typedef enum sp_log_status {
    SP_LOG_OK = 0,
    SP_LOG_TAKEN = 1,   /* profile_add: the e-mail is in use; nothing was done */
    SP_LOG_NONE = 2,    /* profile_get, session_get: there is none */
    SP_LOG_FAILED = -1, /* see errno-like text from storage; fail-stop */
} sp_log_status;

typedef enum sp_log_space {
    SP_SPACE_PLENTY = 0,
    SP_SPACE_LOW = 1,  /* under 256 MiB: only what gives back goes on (cancels, holds
                        * that end, roles, sessions, passwords, erasures), and
                        * starts */
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
    /* Side records, in the batch with the events: a batch may have side records
     * and no event. Reading sees what this batch has written. profile_put
     * replaces a profile that is there (its e-mail stays); profile_erase takes
     * it away, with its e-mail; both fail on one that is not there. */
    sp_log_status (*profile_get)(sp_log *self, sp_user_id user, sp_profile *out);
    sp_log_status (*profile_put)(sp_log *self, const sp_profile *profile);
    sp_log_status (*profile_erase)(sp_log *self, sp_user_id user);
    /* session_add: a new family; ends others of the user where they have expired
     * by its rotated_at or are over SP_SESSIONS_PER_USER_MAX, and some expired
     * ones of other users in passing, so that none stays for good.
     * session_put replaces one that is there. sessions_end: one of the user's
     * families (none such: OK), or with id 0 all but the one with the sid `keep`
     * (0 = all). */
    sp_log_status (*session_get)(sp_log *self, sp_user_id user, sp_session_id id, sp_session *out);
    sp_log_status (*session_add)(sp_log *self, const sp_session *session);
    sp_log_status (*session_put)(sp_log *self, const sp_session *session);
    sp_log_status (*sessions_end)(sp_log *self, sp_user_id user, sp_session_id id, sp_sid keep);
    /* Ends the batch as one transaction stamped with this time, and makes all
     * batches before it durable; without events and side records it is a no-op.
     * Blocks for the disk. */
    sp_log_status (*commit)(sp_log *self, sp_time_ms time);
    /* Makes the last committed batch durable too; a no-op if it is. Called
     * between batches. Blocks for the disk. */
    sp_log_status (*settle)(sp_log *self);
    /* What the disk has left, sampled now and then by the implementation;
     * cheap. */
    sp_log_space (*space)(sp_log *self);
};

#endif
