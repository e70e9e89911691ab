/* SPDX-License-Identifier: MIT
 *
 * Reads single events back from the log, for what the state does not keep: what a
 * hold was when it was taken. From any thread, in short read transactions that are
 * closed before it returns. Implemented in storage, faked by tests.
 */
#ifndef SP_ENGINE_EVENT_READER_H
#define SP_ENGINE_EVENT_READER_H

#include "engine/event.h"

typedef struct sp_event_reader sp_event_reader;
struct sp_event_reader {
    /* The hold_taken of this seq into *out, its seats into `seats` (room for
     * SP_SEATS_PER_ORDER_MAX), which it borrows; of a hold_extended the one that
     * it names. The caller was told of the event, so it is durable. 1 = found,
     * 0 = there is no such event there, < 0 = storage failed. Blocks for the
     * disk. */
    int (*hold_taken)(sp_event_reader *self, sp_seq seq, sp_event *out, sp_seat *seats);
};

#endif
