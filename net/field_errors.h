/* SPDX-License-Identifier: MIT
 *
 * What is wrong with the fields of a request: the `errors` of a
 * validation_failed problem, all of them at once. Filled while a request is
 * decoded (one a loop), then copied into the memory of the exchange if there
 * are any. Plain memory; never allocates but in sp_field_errors_copy.
 */
#ifndef SP_NET_FIELD_ERRORS_H
#define SP_NET_FIELD_ERRORS_H

#include <stddef.h>

#include "engine/values.h"

#define SP_FIELD_ERRORS_MAX 64u
#define SP_FIELD_PATH_SIZE_MAX 95u

typedef struct sp_field_error {
    char field[SP_FIELD_PATH_SIZE_MAX + 1]; /* `grades[1].price`, UTF-8 */
    const char *code;                       /* static: required, type, range, … */
    const char *detail;                     /* static */
} sp_field_error;

typedef struct sp_field_errors {
    const char *detail; /* of the whole: why a body can't be parsed; static or NULL */
    uint32_t count;     /* those beyond SP_FIELD_ERRORS_MAX are counted out */
    sp_field_error items[SP_FIELD_ERRORS_MAX];
} sp_field_errors;

/* Where a value stands: a chain that lives on the decoders' stack and is only
 * written out when there is an error. */
typedef struct sp_field_path {
    const struct sp_field_path *parent; /* NULL at the top */
    sp_text name;                       /* absent: this is [index] */
    uint32_t index;
} sp_field_path;

static inline void sp_field_errors_clear(sp_field_errors *errors)
{
    errors->count = 0;
    errors->detail = NULL;
}

/* A path or a name longer than the maximum is cut at a whole character. */
void sp_field_errors_add(sp_field_errors *errors, const sp_field_path *path, const char *code,
                         const char *detail);

/* A malloc'ed copy of just the errors that there are. */
sp_field_errors *sp_field_errors_copy(const sp_field_errors *errors);

#endif
