/* SPDX-License-Identifier: MIT */
#include "net/field_errors.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/assert.h"

/* Appends what fits; a UTF-8 character is taken whole or not at all. */
static size_t append(char *out, size_t size, const char *bytes, size_t count)
{
    size_t room = SP_FIELD_PATH_SIZE_MAX - size;
    if (count > room) {
        count = room;
        while (count > 0 && ((unsigned char)bytes[count] & 0xC0) == 0x80)
            count--;
    }
    if (count > 0)
        memcpy(out + size, bytes, count);
    return size + count;
}

static size_t print_path(char *out, size_t size, const sp_field_path *path)
{
    char index[16];
    if (!path)
        return size;
    size = print_path(out, size, path->parent);
    if (path->name.bytes) {
        if (size > 0)
            size = append(out, size, ".", 1);
        return append(out, size, path->name.bytes, path->name.size);
    }
    int length = snprintf(index, sizeof index, "[%u]", path->index);
    return append(out, size, index, (size_t)length);
}

void sp_field_errors_add(sp_field_errors *errors, const sp_field_path *path, const char *code,
                         const char *detail)
{
    if (errors->count == SP_FIELD_ERRORS_MAX)
        return;
    sp_field_error *error = &errors->items[errors->count++];
    error->field[print_path(error->field, 0, path)] = '\0';
    error->code = code;
    error->detail = detail;
}

sp_field_errors *sp_field_errors_copy(const sp_field_errors *errors)
{
    size_t size = offsetof(sp_field_errors, items) + errors->count * sizeof errors->items[0];
    sp_field_errors *copy = malloc(size);
    SP_ASSERT(copy);
    memcpy(copy, errors, size);
    return copy;
}
