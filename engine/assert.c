/* SPDX-License-Identifier: MIT */
#include "engine/assert.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void sp_assert_failed(const char *file, int line, const char *text, int64_t left, int64_t right)
{
    fprintf(stderr, "%s:%d: assertion failed: %s (a=%" PRId64 ", b=%" PRId64 ")\n", file, line,
            text, left, right);
    fflush(stderr);
    abort();
}
