/* SPDX-License-Identifier: MIT
 *
 * The inside of a JSON string (RFC 8259, 7). Pure; any thread.
 */
#ifndef SP_NET_JSON_ESCAPE_H
#define SP_NET_JSON_ESCAPE_H

#include "engine/values.h"

/* A byte becomes at most so many: \u001f. */
#define SP_JSON_ESCAPED_SIZE_MAX 6u

/* Room that a text needs: its bytes are stored eight at a time. */
#define SP_JSON_ESCAPE_ROOM(size) (SP_JSON_ESCAPED_SIZE_MAX * (size_t)(size) + 8)

/* Writes text (UTF-8, not absent) at `at`, where there is that much room, and
 * returns the end. Only what must be is escaped: quotes, backslashes and
 * control characters. */
char *sp_json_escape(char *at, sp_text text);

#endif
