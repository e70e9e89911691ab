/* SPDX-License-Identifier: MIT
 *
 * Commands that the program itself gives (server_start, the first ADMIN, the
 * demo, `user add`): the same way as everyone's, through the queue and the
 * sequencer, but waited for. One thread, before the sequencer has one.
 */
#ifndef SP_TOOLS_LOCAL_H
#define SP_TOOLS_LOCAL_H

#include "engine/sequencer.h"

/* Of one batch; what the sequencer takes at once (tools/runtime.c) is no less. */
#define SP_LOCAL_COMMANDS_MAX 8192u

typedef struct sp_local {
    sp_sequencer *sequencer; /* borrowed; has no thread yet */
    sp_queue *queue;
    sp_mailbox mailbox;
    sp_slots slots;          /* 2.7 kB each, touched as they are used */
    sp_slot *first, *newest; /* of the batch that is being written */
    uint32_t count;
} sp_local;

/* false if out of memory. */
bool sp_local_init(sp_local *local, sp_sequencer *sequencer, sp_queue *queue);
/* Once the sequencer has its thread, or at the end; twice does no harm. */
void sp_local_close(sp_local *local);

/* Gives one command and waits until its outcome is durable. The result is good
 * until the next call. */
const sp_result *sp_local_give(sp_local *local, const sp_command *command);

/* A batch: the next command of it, cleared and to be filled in; what it borrows must
 * stay until sp_local_commit. At most SP_LOCAL_COMMANDS_MAX, and no more than the
 * queue holds. */
sp_command *sp_local_add(sp_local *local);

/* Gives what was added, and waits until it is durable. Whatever happens to the
 * program meanwhile, the log has all of it or nothing: it is one transaction, or this
 * aborts. The first refusal, or SP_OK; those that were not refused stand. */
sp_outcome sp_local_commit(sp_local *local);

#endif
