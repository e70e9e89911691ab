/* SPDX-License-Identifier: MIT
 *
 * Random documents, each as JSON and as msgpack at once. For one test program:
 * all of it is static.
 */
#ifndef SP_TESTS_NET_MSGPACK_DOCUMENT_H
#define SP_TESTS_NET_MSGPACK_DOCUMENT_H

#include <msgpack.h>

#include "net/json_escape.h"
#include "net/json_read.h"
#include "net/out.h"
#include "tests/support/random.h"

static sp_random dice;

/* One random document as JSON and as msgpack, in any of the forms that the
 * latter has for a thing. */
typedef struct document {
    sp_out json;
    msgpack_sbuffer packed;
    msgpack_packer packer;
    bool is_plain; /* no number that an answer could not have */
} document;

/* A length or count behind its first byte, which is that of the format's
 * shortest form with a length of its own, of 2^size_min bytes. */
static void put_length(document *d, uint8_t first, unsigned size_min, uint32_t length)
{
    unsigned size = size_min;
    while (size < 2 && (length >> (8u << size) || sp_random_once_in(&dice, 2)))
        size++;
    char bytes[5] = {(char)(first + size - size_min)};
    for (unsigned i = 0; i < 1u << size; i++)
        bytes[1 + i] = (char)(length >> 8 * ((1u << size) - 1 - i));
    msgpack_sbuffer_write(&d->packed, bytes, 1 + (1u << size));
}

static void put_string(document *d)
{
    static const char *const pieces[] = {
        "a", "seats", "\"", "\\", "\n", "\x7f", "\xe2\x82\xac", "\xf0\x9f\x8e\xab", "/"};
    char text[70000];
    uint32_t size = 0;
    uint32_t size_wanted = (uint32_t)sp_random_below(&dice, 40);
    if (sp_random_once_in(&dice, 20))
        size_wanted = (uint32_t)sp_random_edge(&dice, 0, 300);
    if (sp_random_once_in(&dice, 3000))
        size_wanted = 65530 + (uint32_t)sp_random_below(&dice, 20);
    while (size < size_wanted) {
        const char *piece = pieces[sp_random_below(&dice, sizeof pieces / sizeof pieces[0])];
        if (sp_random_once_in(&dice, 30)) {
            text[size++] = '\0';
            continue;
        }
        memcpy(text + size, piece, strlen(piece));
        size += (uint32_t)strlen(piece);
    }
    sp_out_string(&d->json, "\"");
    sp_out_end(&d->json, sp_json_escape(sp_out_reserve(&d->json, SP_JSON_ESCAPE_ROOM(size)),
                                        (sp_text){text, size}));
    sp_out_string(&d->json, "\"");
    if (sp_random_once_in(&dice, 3))
        put_length(d, 0xd9, 0, size);
    else
        msgpack_pack_str(&d->packer, size);
    msgpack_pack_str_body(&d->packer, text, size);
}

static void put_integer(document *d)
{
    int64_t value = sp_random_edge(&dice, 0, INT64_MAX);
    if (sp_random_once_in(&dice, 2))
        value = -value - 1;
    sp_out_decimal(&d->json, value);
    if (sp_random_once_in(&dice, 2))
        msgpack_pack_int64(&d->packer, value);
    else if (value >= 0 && sp_random_once_in(&dice, 2))
        msgpack_pack_fix_uint64(&d->packer, (uint64_t)value);
    else if (value == (int32_t)value)
        msgpack_pack_fix_int32(&d->packer, (int32_t)value);
    else
        msgpack_pack_fix_int64(&d->packer, value);
}

static void put_other_number(document *d)
{
    d->is_plain = false;
    switch (sp_random_below(&dice, 3)) {
    case 0:
        sp_out_string(&d->json, "18446744073709551614");
        msgpack_pack_uint64(&d->packer, UINT64_MAX - 1);
        break;
    case 1:
        sp_out_string(&d->json, "1.5");
        msgpack_pack_float(&d->packer, 1.5f);
        break;
    default:
        sp_out_string(&d->json, "1e2");
        msgpack_pack_double(&d->packer, 1e2);
        break;
    }
}

static void put_value(document *d, unsigned depth);

static void put_children(document *d, unsigned depth, bool is_map)
{
    uint32_t count = (uint32_t)sp_random_below(&dice, sp_random_once_in(&dice, 10) ? 20 : 5);
    if (sp_random_once_in(&dice, 3))
        put_length(d, is_map ? 0xde : 0xdc, 1, count);
    else if (is_map)
        msgpack_pack_map(&d->packer, count);
    else
        msgpack_pack_array(&d->packer, count);
    sp_out_string(&d->json, is_map ? "{" : "[");
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            sp_out_string(&d->json, ", ");
        if (is_map) {
            put_string(d);
            sp_out_string(&d->json, ":");
        }
        put_value(d, depth + 1);
    }
    sp_out_string(&d->json, is_map ? "}" : "]");
}

static void put_value(document *d, unsigned depth)
{
    bool value;
    switch (sp_random_below(&dice, depth == SP_JSON_DEPTH_MAX ? 6 : 10)) {
    case 0:
        sp_out_string(&d->json, "null");
        msgpack_pack_nil(&d->packer);
        break;
    case 1:
        value = sp_random_once_in(&dice, 2);
        sp_out_string(&d->json, value ? "true" : "false");
        value ? msgpack_pack_true(&d->packer) : msgpack_pack_false(&d->packer);
        break;
    case 2:
        if (sp_random_once_in(&dice, 4))
            put_other_number(d);
        else
            put_integer(d);
        break;
    case 3:
        put_integer(d);
        break;
    case 4:
    case 5:
        put_string(d);
        break;
    default:
        put_children(d, depth, sp_random_once_in(&dice, 2));
        break;
    }
}

static void make(document *d, uint64_t seed)
{
    sp_random_seed(&dice, seed);
    sp_out_init(&d->json);
    msgpack_sbuffer_init(&d->packed);
    msgpack_packer_init(&d->packer, &d->packed, msgpack_sbuffer_write);
    d->is_plain = true;
    put_value(d, 0);
}

static void drop(document *d)
{
    sp_out_close(&d->json);
    msgpack_sbuffer_destroy(&d->packed);
}

#endif
