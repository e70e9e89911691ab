/* SPDX-License-Identifier: MIT */
#include "net/out.h"

#include <stdlib.h>

#include "net/digits.h"

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

void sp_out_grow(sp_out *out, size_t more)
{
    SP_ASSERT_CMP(more, <, CAPACITY_MAX - out->size);
    size_t capacity = out->capacity < CAPACITY_MIN ? CAPACITY_MIN : out->capacity;
    while (capacity - out->size <= more)
        capacity *= 2;
    char *bytes = realloc(out->bytes, capacity);
    SP_ASSERT(bytes != NULL);
    out->bytes = bytes;
    out->capacity = capacity;
}

void sp_out_absorb(sp_out *out)
{
    const sp_text *behind = out->behind;
    out->behind = NULL;
    if (behind)
        sp_out_text(out, *behind);
}

void sp_out_decimal(sp_out *out, int64_t value)
{
    sp_out_end(out, sp_digits_put_signed(sp_out_reserve(out, SP_DIGITS_SIZE_MAX), value));
}
