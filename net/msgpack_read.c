/* SPDX-License-Identifier: MIT */
#include "net/msgpack_read.h"

#include "engine/utf8.h"
#include "net/json_tree.h"

typedef struct input {
    sp_json_reader *reader;
    const uint8_t *at, *end;
    uint32_t left[SP_JSON_DEPTH_MAX]; /* of each open level: items or members to come */
} input;

static bool fail(input *in, const char *why)
{
    in->reader->why = why;
    return false;
}

static size_t bytes_left(const input *in)
{
    return (size_t)(in->end - in->at);
}

static bool skip(input *in, size_t size)
{
    if (size > bytes_left(in))
        return fail(in, "the body ends in the middle of a value");
    in->at += size;
    return true;
}

/* A big-endian number of 1, 2, 4 or 8 bytes. */
static bool take_number(input *in, size_t size, uint64_t *number)
{
    if (!skip(in, size))
        return false;
    *number = 0;
    for (const uint8_t *at = in->at - size; at < in->at; at++)
        *number = *number << 8 | *at;
    return true;
}

/* A length or count of so many bytes; 0: it is in the first byte already. */
static bool take_length(input *in, size_t size, uint64_t *length)
{
    return size == 0 || take_number(in, size, length);
}

static bool add_integer(input *in, int64_t value)
{
    sp_json_tree_add(in->reader, SP_JSON_INTEGER)->integer = value;
    return true;
}

static bool add_unsigned(input *in, size_t size)
{
    uint64_t number;
    if (!take_number(in, size, &number))
        return false;
    if (number <= INT64_MAX)
        return add_integer(in, (int64_t)number);
    sp_json_tree_add(in->reader, SP_JSON_HUGE);
    return true;
}

static bool add_signed(input *in, size_t size)
{
    uint64_t number;
    if (!take_number(in, size, &number))
        return false;
    unsigned unused = 64 - 8 * (unsigned)size;
    return add_integer(in, (int64_t)(number << unused) >> unused);
}

static bool add_float(input *in, size_t size)
{
    if (!skip(in, size))
        return false;
    sp_json_tree_add(in->reader, SP_JSON_OTHER_NUMBER);
    return true;
}

static bool add_plain(input *in, sp_json_type type, bool value)
{
    sp_json_tree_add(in->reader, type)->boolean = value;
    return true;
}

static bool take_text(input *in, size_t length_size, uint64_t length, sp_text *text)
{
    if (!take_length(in, length_size, &length) || !skip(in, length))
        return false;
    *text = (sp_text){(const char *)in->at - length, (uint32_t)length};
    return sp_utf8_valid(*text) || fail(in, "a string of the body is not UTF-8");
}

static bool add_text(input *in, size_t length_size, uint64_t length)
{
    sp_text text;
    if (!take_text(in, length_size, length, &text))
        return false;
    sp_json_tree_add(in->reader, SP_JSON_STRING)->text = text;
    return true;
}

/* What is to come takes at least a byte a value: a count that there can not be
 * is refused before anything is done about it. */
static bool open_level(input *in, sp_json_type type, size_t count_size, uint64_t count)
{
    size_t size_min = type == SP_JSON_OBJECT ? 2 : 1;
    if (!take_length(in, count_size, &count))
        return false;
    if (count > bytes_left(in) / size_min)
        return fail(in, "the body ends in the middle of a value");
    if (!sp_json_tree_open(in->reader, type))
        return false;
    in->left[in->reader->depth - 1] = (uint32_t)count;
    return true;
}

/* A value whose first byte, which says no more than its kind, is taken. */
static bool add_long(input *in, uint8_t first)
{
    switch (first) {
    case 0xc0:
        return add_plain(in, SP_JSON_NULL, false);
    case 0xc2:
    case 0xc3:
        return add_plain(in, SP_JSON_BOOLEAN, first == 0xc3);
    case 0xca:
    case 0xcb:
        return add_float(in, first == 0xca ? 4 : 8);
    case 0xcc:
    case 0xcd:
    case 0xce:
    case 0xcf:
        return add_unsigned(in, (size_t)1 << (first - 0xcc));
    case 0xd0:
    case 0xd1:
    case 0xd2:
    case 0xd3:
        return add_signed(in, (size_t)1 << (first - 0xd0));
    case 0xd9:
    case 0xda:
    case 0xdb:
        return add_text(in, (size_t)1 << (first - 0xd9), 0);
    case 0xdc:
    case 0xdd:
        return open_level(in, SP_JSON_ARRAY, first == 0xdc ? 2 : 4, 0);
    case 0xde:
    case 0xdf:
        return open_level(in, SP_JSON_OBJECT, first == 0xde ? 2 : 4, 0);
    case 0xc1:
        return fail(in, "the body is not msgpack");
    default:
        return fail(in, "binary and extension values are not taken");
    }
}

static bool add_value(input *in)
{
    if (!skip(in, 1))
        return false;
    uint8_t first = in->at[-1];
    if (first < 0x80)
        return add_integer(in, first);
    if (first < 0x90)
        return open_level(in, SP_JSON_OBJECT, 0, first & 0x0f);
    if (first < 0xa0)
        return open_level(in, SP_JSON_ARRAY, 0, first & 0x0f);
    if (first < 0xc0)
        return add_text(in, 0, first & 0x1f);
    if (first >= 0xe0)
        return add_integer(in, (int8_t)first);
    return add_long(in, first);
}

static bool take_key(input *in)
{
    if (!skip(in, 1))
        return false;
    uint8_t first = in->at[-1];
    if (first >= 0xa0 && first < 0xc0)
        return take_text(in, 0, first & 0x1f, &in->reader->key);
    if (first >= 0xd9 && first <= 0xdb)
        return take_text(in, (size_t)1 << (first - 0xd9), 0, &in->reader->key);
    return fail(in, "a key of the body is not a string");
}

/* Closes what is whole; false: so is the value. */
static bool has_more(input *in)
{
    sp_json_reader *reader = in->reader;
    while (reader->depth > 0 && in->left[reader->depth - 1] == 0)
        sp_json_tree_close(reader);
    return reader->depth > 0;
}

static bool add_child(input *in)
{
    const sp_json_reader *reader = in->reader;
    uint32_t level = reader->depth - 1;
    bool is_member = reader->nodes[reader->levels[level].node].type == SP_JSON_OBJECT;
    in->left[level]--;
    return (!is_member || take_key(in)) && add_value(in);
}

const sp_json_node *sp_msgpack_read(sp_json_reader *reader, sp_text bytes, const char **why)
{
    if (bytes.size == 0) {
        *why = "the body is empty";
        return NULL;
    }
    sp_json_tree_begin(reader, bytes, NULL, bytes.size, 0);
    input in = {.reader = reader, .at = (const uint8_t *)bytes.bytes};
    in.end = in.at + bytes.size;
    bool ok = add_value(&in);
    while (ok && has_more(&in))
        ok = add_child(&in);
    if (ok && bytes_left(&in) > 0)
        ok = fail(&in, "the body goes on behind its value");
    *why = reader->why;
    return ok ? &reader->nodes[0] : NULL;
}
