/* SPDX-License-Identifier: MIT
 *
 * A growing byte buffer for answers. One a loop for encoding, one a connection
 * for what is unsent. Out of memory aborts (the limits bound every use).
 */
#ifndef SP_NET_OUT_H
#define SP_NET_OUT_H

#include <stddef.h>

#include "engine/values.h"

typedef struct sp_out {
    char *bytes;
    size_t size, capacity;
} sp_out;

void sp_out_init(sp_out *out);
void sp_out_close(sp_out *out);
static inline void sp_out_clear(sp_out *out)
{
    out->size = 0;
}
/* At least `more` bytes of room behind size; returns where they begin. */
char *sp_out_reserve(sp_out *out, size_t more);
void sp_out_bytes(sp_out *out, const void *bytes, size_t size);
void sp_out_text(sp_out *out, sp_text text);
void sp_out_string(sp_out *out, const char *string);
void sp_out_decimal(sp_out *out, int64_t value);

#endif
