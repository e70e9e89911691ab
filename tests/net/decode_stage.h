/* SPDX-License-Identifier: MIT
 *
 * What tests of decoding act on: a reader, and the errors that were noted.
 * For one test program: all of it is static.
 */
#ifndef SP_TESTS_NET_DECODE_STAGE_H
#define SP_TESTS_NET_DECODE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/decode.h"

static sp_json_reader *reader;
static sp_field_errors errors;
static sp_decode decode;

static inline const sp_json_node *read_text(const char *json)
{
    const char *why = NULL;
    sp_field_errors_clear(&errors);
    const sp_json_node *root = sp_json_read(reader, (sp_text){json, (uint32_t)strlen(json)}, &why);
    if (!root)
        fail_msg("%s: %s", why, json);
    return root;
}

/* The errors as `field:code field:code …`. */
static inline const char *noted(void)
{
    static char text[8192];
    text[0] = '\0';
    for (uint32_t i = 0; i < errors.count; i++) {
        size_t at = strlen(text);
        snprintf(text + at, sizeof text - at, "%s%s:%s", i ? " " : "", errors.items[i].field,
                 errors.items[i].code);
        assert_non_null(errors.items[i].detail);
    }
    return text;
}

static inline void expect_noted(const char *given, const char *wanted)
{
    if (strcmp(noted(), wanted) != 0)
        fail_msg("%s\n  noted  %s\n  wanted %s", given, noted(), wanted);
}

static inline int set_up(void **state)
{
    (void)state;
    reader = sp_json_reader_create();
    decode = (sp_decode){reader, &errors};
    return reader ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    sp_json_reader_destroy(reader);
    return 0;
}

#endif
