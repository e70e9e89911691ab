/* SPDX-License-Identifier: MIT */
#include "net/json_read.h"

#include <sodium.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "engine/assert.h"
#include "engine/utf8.h"
#include "net/json_arena.h"

/* An array or object that is still open while the text is read. */
typedef struct level {
    uint32_t node;
    uint32_t last; /* its last child so far; 0 = none */
} level;

struct sp_json_reader {
    sp_json_arena arena;
    sp_json_node *nodes;
    uint32_t nodes_count, nodes_capacity;
    char *texts; /* decoded strings that are not in the input as they are */
    uint32_t texts_size, texts_capacity;
    sp_text input;
    level levels[SP_JSON_DEPTH_MAX];
    uint32_t depth;
    sp_text key; /* of the member whose value comes next */
    const char *why;
};

/* Appends a node, linked behind the last child of the open level. */
static sp_json_node *add(sp_json_reader *r, sp_json_type type)
{
    SP_ASSERT_CMP(r->nodes_count, <, r->nodes_capacity);
    uint32_t index = r->nodes_count++;
    sp_json_node *node = &r->nodes[index];
    memset(node, 0, sizeof *node);
    node->type = type;
    node->key = r->key;
    r->key = (sp_text){NULL, 0};
    if (r->depth > 0) {
        level *open = &r->levels[r->depth - 1];
        sp_json_node *parent = &r->nodes[open->node];
        if (open->last)
            r->nodes[open->last].next = index;
        else
            parent->first = index;
        parent->count++;
        open->last = index;
    }
    return node;
}

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
    add(context, SP_JSON_NULL);
    return 1;
}

static int on_boolean(void *context, int value)
{
    add(context, SP_JSON_BOOLEAN)->boolean = value != 0;
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
        add(context, SP_JSON_OTHER_NUMBER);
        return 1;
    }
    if (fits && !negative)
        fits = !__builtin_sub_overflow(0, value, &value);
    add(context, fits ? SP_JSON_INTEGER : SP_JSON_HUGE)->integer = fits ? value : 0;
    return 1;
}

static int on_string(void *context, const unsigned char *bytes, size_t size)
{
    sp_text text = keep(context, bytes, size);
    add(context, SP_JSON_STRING)->text = text;
    return 1;
}

static int on_key(void *context, const unsigned char *bytes, size_t size)
{
    sp_json_reader *r = context;
    r->key = keep(r, bytes, size);
    return 1;
}

static int open_level(sp_json_reader *r, sp_json_type type)
{
    if (r->depth == SP_JSON_DEPTH_MAX) {
        r->why = "the body is nested too deeply";
        return 0;
    }
    add(r, type);
    r->levels[r->depth++] = (level){r->nodes_count - 1, 0};
    return 1;
}

static int on_object(void *context)
{
    return open_level(context, SP_JSON_OBJECT);
}
static int on_array(void *context)
{
    return open_level(context, SP_JSON_ARRAY);
}

static int on_end(void *context)
{
    sp_json_reader *r = context;
    SP_ASSERT_CMP(r->depth, >, 0);
    r->depth--;
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

/* Buffers for the largest tree that a text of this size can make: a value
 * takes at least one byte and a separator. */
static void make_room(sp_json_reader *r, uint32_t size)
{
    uint32_t nodes_needed = size / 2 + 2;
    if (r->nodes_capacity < nodes_needed) {
        free(r->nodes);
        r->nodes_capacity = nodes_needed < 256 ? 256 : nodes_needed;
        r->nodes = malloc(r->nodes_capacity * sizeof *r->nodes);
        SP_ASSERT(r->nodes);
    }
    if (r->texts_capacity < size) {
        free(r->texts);
        r->texts_capacity = size < 1024 ? 1024 : size;
        r->texts = malloc(r->texts_capacity);
        SP_ASSERT(r->texts);
    }
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
    make_room(reader, text.size);
    reader->nodes_count = reader->texts_size = reader->depth = 0;
    reader->key = (sp_text){NULL, 0};
    reader->input = text;
    reader->why = "the body is not JSON";
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
