/* SPDX-License-Identifier: MIT */
#include "bench/load_body.h"

#include <stdio.h>
#include <string.h>

#include "engine/assert.h"

#define NAME_SIZE_MAX 40u
#define DIGITS_MAX 18u /* surely no overflow */

/* What stands behind `"name":`; absent if that is nowhere. */
static sp_text behind(sp_text body, const char *name)
{
    char key[NAME_SIZE_MAX + 4];
    int size = snprintf(key, sizeof key, "\"%s\":", name);
    SP_ASSERT(size > 0 && (size_t)size < sizeof key);
    const char *at = body.size > 0 ? memmem(body.bytes, body.size, key, (size_t)size) : NULL;
    if (at == NULL)
        return (sp_text){NULL, 0};
    at += size;
    return (sp_text){at, body.size - (uint32_t)(at - body.bytes)};
}

sp_text sp_bench_load_body_text(sp_text body, const char *name)
{
    sp_text rest = behind(body, name);
    if (rest.size == 0 || rest.bytes[0] != '"')
        return (sp_text){NULL, 0};
    const char *end = memchr(rest.bytes + 1, '"', rest.size - 1);
    if (end == NULL)
        return (sp_text){NULL, 0};
    return (sp_text){rest.bytes + 1, (uint32_t)(end - rest.bytes - 1)};
}

uint64_t sp_bench_load_body_number(sp_text body, const char *name)
{
    sp_text rest = behind(body, name);
    uint64_t number = 0;
    uint32_t at = rest.size > 0 && rest.bytes[0] == '"';
    for (uint32_t first = at; at < rest.size && at - first < DIGITS_MAX; at++) {
        if (rest.bytes[at] < '0' || rest.bytes[at] > '9')
            break;
        number = number * 10 + (uint64_t)(rest.bytes[at] - '0');
    }
    return number;
}

bool sp_bench_load_body_is_true(sp_text body, const char *name)
{
    sp_text rest = behind(body, name);
    return rest.size >= 4 && memcmp(rest.bytes, "true", 4) == 0;
}
