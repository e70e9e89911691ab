/* SPDX-License-Identifier: MIT
 *
 * An event as people and tools read it:
 *
 *   {"seq":1,"time":"2026-01-02T03:04:05.678Z","type":"role_set","actor":"7",
 *    "data":{"user":"9","role":"HOST"}}
 *
 * actor is null for the operator, for sign-ups and where time alone acts (holds
 * that expire). data has the event's own fields (engine/event.h) in camelCase: ids
 * as decimal strings, points, prices, seats and seqs as numbers, times as RFC 3339,
 * 128-bit ids as 32 hex digits; a hold, job or text that is absent is null.
 * Idempotency hashes are left out.
 */
#ifndef SP_TOOLS_EVENT_JSON_H
#define SP_TOOLS_EVENT_JSON_H

#include "engine/event.h"
#include "net/json_write.h"

/* Appends one JSON object to `out`. false, and nothing appended, if a text of
 * the event is not UTF-8: JSON can't have it. */
bool sp_event_json_write(sp_json_writer *writer, sp_out *out, const sp_event *event);

#endif
