/* SPDX-License-Identifier: MIT
 *
 * The reading half of server-sent events (HTML Living Standard, 9.2.6) for the load
 * generator: as much as our server sends. Lines end with LF; one data line an event,
 * and it stands last. Pure.
 */
#ifndef SP_BENCH_LOAD_EVENTS_H
#define SP_BENCH_LOAD_EVENTS_H

#include "engine/values.h"

#define SP_BENCH_LOAD_EVENT_NAME_MAX 15u

typedef struct sp_bench_load_event {
    char name[SP_BENCH_LOAD_EVENT_NAME_MAX + 1];
    uint64_t id;  /* 0: none, or no number */
    sp_text data; /* its beginning, as much as fits the line buffer; good for the call */
} sp_bench_load_event;

/* One stream; zeroed but for line and line_capacity. */
typedef struct sp_bench_load_events {
    char *line; /* the owner's: what is kept of a line, at least 32 bytes */
    uint32_t line_capacity, line_size;
    sp_bench_load_event event; /* in the making */
    bool has_data;
} sp_bench_load_events;

/* Reads on; on_event for each event that has data, as it ends. */
void sp_bench_load_events_read(sp_bench_load_events *events, const char *bytes, size_t size,
                               void (*on_event)(void *context, const sp_bench_load_event *event),
                               void *context);

#endif
