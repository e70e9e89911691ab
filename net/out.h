/* SPDX-License-Identifier: MIT
 *
 * A growing byte buffer for answers. One a loop for encoding, one a connection
 * for what is unsent. Out of memory aborts (the limits bound every use).
 *
 * The way that nearly every call takes, there is room, is inline: answers are
 * written in some dozens of small pieces.
 */
#ifndef SP_NET_OUT_H
#define SP_NET_OUT_H

#include <stddef.h>

#include "engine/assert.h"
#include "engine/values.h"

typedef struct sp_out {
    char *bytes;
    size_t size, capacity;
    /* What comes behind bytes without being copied: constant, there for as long as
     * whoever sends it. Mostly NULL. */
    const sp_text *behind;
} sp_out;

void sp_out_init(sp_out *out);
void sp_out_close(sp_out *out);
static inline void sp_out_clear(sp_out *out)
{
    out->size = 0;
    out->behind = NULL;
}

/* With what comes behind. */
static inline size_t sp_out_size(const sp_out *out)
{
    return out->size + (out->behind ? out->behind->size : 0);
}

/* Copies what comes behind after all, so that more can be appended. */
void sp_out_absorb(sp_out *out);

/* Room for more than `more` bytes, by realloc; reserve calls it when it must. */
void sp_out_grow(sp_out *out, size_t more);

/* At least `more` bytes of room behind size; returns where they begin, never
 * NULL. Whoever has written there ends with sp_out_end. */
static inline char *sp_out_reserve(sp_out *out, size_t more)
{
    /* `<=`, so that a buffer without memory yet grows for 0 bytes too. */
    if (__builtin_expect(out->capacity - out->size <= more, 0))
        sp_out_grow(out, more);
    return out->bytes + out->size;
}

/* What was written into reserved room ends here. */
static inline void sp_out_end(sp_out *out, const char *end)
{
    size_t size = (size_t)(end - out->bytes); /* huge if end is before bytes */
    SP_ASSERT_CMP(size, <=, out->capacity);
    out->size = size;
}

/* Into reserved room: copies a text (a literal's size is known to the compiler)
 * and returns where the next byte goes. */
static inline char *sp_text_put(char *at, sp_text text)
{
    memcpy(at, text.bytes, text.size);
    return at + text.size;
}

static inline void sp_out_bytes(sp_out *out, const void *bytes, size_t size)
{
    if (size == 0)
        return; /* an absent text has no address to copy from */
    memcpy(sp_out_reserve(out, size), bytes, size);
    out->size += size;
}

static inline void sp_out_text(sp_out *out, sp_text text)
{
    sp_out_bytes(out, text.bytes, text.size);
}

static inline void sp_out_string(sp_out *out, const char *string)
{
    sp_out_bytes(out, string, strlen(string));
}

void sp_out_decimal(sp_out *out, int64_t value);

#endif
