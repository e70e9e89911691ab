/* SPDX-License-Identifier: MIT
 *
 * Commands that change what stands beside the events, sessions and profiles,
 * and make no event (engine/command.h). What they ask for is judged by the
 * state and by the log's side records, and written into the log's batch.
 *
 * The sequencer's thread.
 */
#ifndef SP_ENGINE_SIDE_COMMANDS_H
#define SP_ENGINE_SIDE_COMMANDS_H

#include "engine/command.h"
#include "engine/log.h"
#include "engine/state.h"

/* What a side command came to. */
typedef struct sp_side_change {
    sp_outcome outcome;
    /* Something was written into the batch: the answer, be it a refusal, may
     * not be told before that is durable. */
    bool changed;
    /* The user that the command is about is who it was about: not so if a
     * log-out has ended nothing. */
    bool is_known;
} sp_side_change;

/* Judges one and writes what it changes, if the log's space is at most
 * `space_max` (else storage_full). SP_LOG_FAILED: the log is broken, *out means
 * nothing. Reads and writes through `log`, whose calls may block. */
sp_log_status sp_side_command(const sp_state *state, sp_log *log, const sp_command *command,
                              sp_log_space space_max, sp_time_ms now, sp_side_change *out);

/* The side of user_erased, in the batch of its event: the profile, with its
 * e-mail, and all sessions go. */
sp_log_status sp_side_erase(sp_log *log, sp_user_id user);

#endif
