/* SPDX-License-Identifier: MIT
 *
 * log dump: events as lines of JSON (tools/event_json.h) on standard output.
 */
#ifndef SP_TOOLS_LOG_DUMP_H
#define SP_TOOLS_LOG_DUMP_H

#include "storage/finding.h"

/* Events from … to (0 = the first, the last), read and written by a child
 * process, which the reader's slices don't wait for: a slow pipe holds up no
 * transaction. A reader that went away (EPIPE) ends it quietly, OK. */
sp_storage_status sp_log_dump(const char *dir, sp_seq from, sp_seq to, sp_finding *finding);

#endif
