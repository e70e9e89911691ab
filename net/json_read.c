/* SPDX-License-Identifier: MIT */
#include "net/json_read.h"

#include <sodium.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "engine/assert.h"
#include "engine/utf8.h"
#include "net/json_tree.h"

/* yajl hands out a pointer into the input unless a string had escapes: then
 * it lies in a buffer that the next string overwrites. */
static sp_text keep(sp_json_reader *r, const unsigned char *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    if (text >= r->input.bytes && text <= r->input.bytes + r->input.size)
        return (sp_text){text, (uint32_t)size};
    SP_ASSERT_CMP(size, <=, r->texts_capacity - r->texts_size);
    char *kept = r->texts + r->texts_size;
    if (size > 0)
        memcpy(kept, text, size);
    r->texts_size += (uint32_t)size;
    return (sp_text){kept, (uint32_t)size};
}

static int on_null(void *context)
{
    sp_json_tree_add(context, SP_JSON_NULL);
    return 1;
}

static int on_boolean(void *context, int value)
{
    sp_json_tree_add(context, SP_JSON_BOOLEAN)->boolean = value != 0;
    return 1;
}

static int on_number(void *context, const char *digits, size_t size)
{
    bool negative = digits[0] == '-';
    size_t i = negative;
    int64_t value = 0;
    bool fits = true;
    for (; i < size; i++) {
        int digit = digits[i] - '0';
        if (digit < 0 || digit > 9)
            break;
        /* Counted downwards: the range of int64_t is larger below 0. */
        fits = fits && !__builtin_mul_overflow(value, 10, &value) &&
               !__builtin_sub_overflow(value, digit, &value);
    }
    if (i < size || (negative && value == 0 && fits)) {
        sp_json_tree_add(context, SP_JSON_OTHER_NUMBER);
        return 1;
    }
    if (fits && !negative)
        fits = !__builtin_sub_overflow(0, value, &value);
    sp_json_tree_add(context, fits ? SP_JSON_INTEGER : SP_JSON_HUGE)->integer = fits ? value : 0;
    return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t size)
{
    sp_text text = keep(context, bytes, size);
    sp_json_tree_add(context, SP_JSON_STRING)->text = text;
    return 1;
}

static int on_key(void *context, const unsigned char *bytes, size_t size)
{
    sp_json_reader *r = context;
    r->key = keep(r, bytes, size);
    return 1;
}

static int on_object(void *context)
{
    return sp_json_tree_open(context, SP_JSON_OBJECT);
}
static int on_array(void *context)
{
    return sp_json_tree_open(context, SP_JSON_ARRAY);
}

static int on_end(void *context)
{
    sp_json_tree_close(context);
    return 1;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_object,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_end,
};

/* The code unit of four hex digits, or -1. */
static int32_t code_unit(const char *at, const char *end)
{
    int32_t unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Every \uD800…\uDBFF must be followed by \uDC00…\uDFFF and the other way
 * round. `at` is behind a backslash and a `u`; returns where to go on, or
 * NULL. A malformed escape is left to yajl. */
static const char *pass_unicode_escape(const char *at, const char *end)
{
    int32_t unit = code_unit(at, end);
    if (unit < 0xD800 || unit > 0xDFFF)
        return at;
    if (unit > 0xDBFF || end - at < 6 || at[4] != '\\' || at[5] != 'u')
        return NULL;
    int32_t low = code_unit(at + 6, end);
    return low >= 0xDC00 && low <= 0xDFFF ? at + 10 : NULL;
}

/* What yajl would let pass or change in silence. A backslash can stand only
 * inside a string, and a control character nowhere but as white space, so one
 * walk over the raw text is enough. */
static const char *check_raw(sp_text text)
{
    const char *at = text.bytes, *end = at + text.size;
    if (!sp_utf8_valid(text))
        return "the body is not UTF-8";
    while (at < end) {
        char c = *at++;
        if (c == '\v' || c == '\f')
            return "the body is not JSON";
        if (c != '\\' || at == end)
            continue;
        if (*at++ != 'u')
            continue;
        at = pass_unicode_escape(at, end);
        if (!at)
            return "the body has half a surrogate pair";
    }
    return NULL;
}

sp_json_reader *sp_json_reader_create(void)
{
    sp_json_reader *reader = calloc(1, sizeof *reader);
    return reader;
}

void sp_json_reader_destroy(sp_json_reader *reader)
{
    if (!reader)
        return;
    free(reader->nodes);
    free(reader->texts);
    free(reader);
}

const sp_json_node *sp_json_read(sp_json_reader *reader, sp_text text, const char **why)
{
    if (text.size == 0) {
        *why = "the body is empty";
        return NULL;
    }
    *why = check_raw(text);
    if (*why)
        return NULL;
    /* A value takes at least one byte and a separator. */
    sp_json_tree_begin(reader, text, "the body is not JSON", text.size / 2 + 2, text.size);
    sp_json_arena_reset(&reader->arena);
    yajl_alloc_funcs funcs = sp_json_arena_funcs(&reader->arena);
    yajl_handle parser = yajl_alloc(&callbacks, &funcs, reader);
    SP_ASSERT(parser);
    yajl_status status = yajl_parse(parser, (const unsigned char *)text.bytes, text.size);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    if (status != yajl_status_ok) {
        *why = reader->why;
        return NULL;
    }
    SP_ASSERT_CMP(reader->nodes_count, >, 0);
    return &reader->nodes[0];
}

const sp_json_node *sp_json_node_at(const sp_json_reader *reader, uint32_t index)
{
    SP_ASSERT_CMP(index, <, reader->nodes_count);
    return index ? &reader->nodes[index] : NULL;
}

uint32_t sp_json_nodes_count(const sp_json_reader *reader)
{
    return reader->nodes_count;
}

void sp_json_reader_wipe(sp_json_reader *reader)
{
    if (reader->texts)
        sodium_memzero(reader->texts, reader->texts_capacity);
    sodium_memzero(&reader->arena, sizeof reader->arena);
}
