/* SPDX-License-Identifier: MIT
 *
 * Events whose bytes are kept in tests/storage/golden: one plain and some at
 * the edges of each type. NAME here is NAME.hex there.
 */
#ifndef SP_TESTS_SUPPORT_GOLDEN_EVENTS_H
#define SP_TESTS_SUPPORT_GOLDEN_EVENTS_H

#include "engine/event.h"

typedef struct sp_golden {
    const char *name;
    sp_event event;
} sp_golden;

/* Built once, static. */
const sp_golden *sp_golden_events(uint32_t *count);

/* The kept bytes of NAME, read from the source tree (the working directory or
 * SP_SOURCE_DIR): malloc'ed. NULL if there are none. */
unsigned char *sp_golden_read(const char *name, size_t *size);
/* Only for a reviewed change of the format. */
void sp_golden_write(const char *name, const unsigned char *bytes, size_t size);

#endif
