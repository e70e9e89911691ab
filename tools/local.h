/* SPDX-License-Identifier: MIT
 *
 * Commands that the program itself gives (server_start, the first ADMIN, the
 * demo, `user add`): the same way as everyone's, through the queue and the
 * sequencer, but waited for. One thread, before the sequencer has one.
 */
#ifndef SP_TOOLS_LOCAL_H
#define SP_TOOLS_LOCAL_H

#include "engine/sequencer.h"

#define SP_LOCAL_COMMANDS_MAX 32u

typedef struct sp_local {
    sp_sequencer *sequencer; /* borrowed; has no thread yet */
    sp_queue *queue;
    sp_mailbox mailbox;
    sp_slots slots;
} sp_local;

/* false if out of memory. */
bool sp_local_init(sp_local *local, sp_sequencer *sequencer, sp_queue *queue);
void sp_local_close(sp_local *local);

/* Gives one command and waits until its outcome is durable. The result is good
 * until the next call. */
const sp_result *sp_local_give(sp_local *local, const sp_command *command);

/* Gives commands as one batch: either all that succeed are durable at once, or,
 * if the program dies meanwhile, none is. Returns the first refusal, or SP_OK.
 * count <= SP_LOCAL_COMMANDS_MAX, and the queue holds so many. */
sp_outcome sp_local_give_all(sp_local *local, const sp_command *commands, uint32_t count);

#endif
