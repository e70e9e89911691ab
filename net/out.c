/* SPDX-License-Identifier: MIT */
#include "net/out.h"

#include <stdlib.h>

#include "engine/assert.h"

/* Most answers (an order, a problem) fit without growing. */
#define CAPACITY_MIN 2048u
/* Far above any limit: more than this is a bug, not a big answer. */
#define CAPACITY_MAX ((size_t)1 << 32)

void sp_out_init(sp_out *out)
{
    *out = (sp_out){0};
}

void sp_out_close(sp_out *out)
{
    free(out->bytes);
    *out = (sp_out){0};
}

/* Kept out of reserve, so that the usual call stays a compare and an add. */
static void grow(sp_out *out, size_t more)
{
    SP_ASSERT_CMP(more, <=, CAPACITY_MAX - out->size);
    size_t capacity = out->capacity < CAPACITY_MIN ? CAPACITY_MIN : out->capacity;
    while (capacity - out->size < more)
        capacity *= 2;
    char *bytes = realloc(out->bytes, capacity);
    SP_ASSERT(bytes != NULL);
    out->bytes = bytes;
    out->capacity = capacity;
}

char *sp_out_reserve(sp_out *out, size_t more)
{
    if (out->capacity - out->size < more || out->bytes == NULL)
        grow(out, more);
    return out->bytes + out->size;
}

void sp_out_bytes(sp_out *out, const void *bytes, size_t size)
{
    if (size == 0)
        return; /* an absent text has no address to copy from */
    memcpy(sp_out_reserve(out, size), bytes, size);
    out->size += size;
}

void sp_out_text(sp_out *out, sp_text text)
{
    sp_out_bytes(out, text.bytes, text.size);
}

void sp_out_string(sp_out *out, const char *string)
{
    sp_out_bytes(out, string, strlen(string));
}

void sp_out_decimal(sp_out *out, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    /* Through unsigned, so that the smallest number has a magnitude too. */
    uint64_t magnitude = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    } while (magnitude > 0);
    if (value < 0)
        sp_out_bytes(out, "-", 1);
    sp_out_bytes(out, digits + at, sizeof digits - at);
}
