/* SPDX-License-Identifier: MIT
 *
 * Single events read back from LMDB (engine/event_reader.h): seldom, when somebody
 * asks again for what he was told long ago.
 *
 * The caller was told of the event, so it is durable, and unlike a profile it never
 * changes: there is no flush to wait for.
 */
#ifndef SP_STORAGE_EVENTS_H
#define SP_STORAGE_EVENTS_H

#include "engine/event_reader.h"
#include "storage/env.h"

/* Any thread, also at the same time: each call is one read transaction, over
 * before it returns, and a decoder of its own: a malloc of some 90 KiB, of which
 * it touches as much as the event has seats. May block for the disk. */
typedef struct sp_events {
    sp_event_reader reader;
    sp_env *env;
} sp_events;

/* env: borrowed, outlives the reader. */
void sp_events_init(sp_events *events, sp_env *env);

#endif
