/* SPDX-License-Identifier: MIT
 *
 * A JSON text (RFC 8259) as a tree of nodes, read with yajl and held to what
 * yajl lets pass: overlong and surrogate UTF-8, lone surrogate escapes (which
 * it replaces silently), vertical tab and form feed between tokens, and
 * unbounded depth are refused here.
 *
 * One reader a loop, used for one text at a time: the next read ends the life
 * of the tree before it. It reads msgpack too, into the same tree
 * (net/msgpack_read.h). Texts without escapes point into the input, others
 * into the reader. After the first few requests a read allocates nothing: the
 * parser lives in the reader's own arena, nodes and texts in buffers that are
 * kept (a text of n bytes makes at most n/2+2 nodes and n bytes of texts).
 *
 * Why yajl: parsing the 56 bytes of an order with two seats, best of many runs
 * on one shared core, Debian 12's versions, and what each takes by its
 * strictest options:
 *
 *              ns  mallocs  takes
 *   this file  320     0    nothing of the below
 *   cJSON      330    13    bad UTF-8, control characters, leading zeros, NUL
 *   yajl       390     6    bad UTF-8, lone surrogates, \v and \f, any depth
 *   json-c     970    19    bad UTF-8, lone surrogates, NaN, control characters
 *   jansson   1070    16    depth to 2048; refuses the whole body for one large
 *                           integer, so that no field could be named
 *
 * Numbers stay exact: a plain integer (`0`, `12`, `-7`) is INTEGER if it fits
 * in 64 bits and HUGE otherwise; `1.0`, `1e2` and `-0` are OTHER_NUMBER, which
 * no field of the interface takes.
 */
#ifndef SP_NET_JSON_READ_H
#define SP_NET_JSON_READ_H

#include <stddef.h>

#include "engine/values.h"

#define SP_JSON_DEPTH_MAX 8u

typedef enum sp_json_type {
    SP_JSON_NULL = 1,
    SP_JSON_BOOLEAN,
    SP_JSON_INTEGER,
    SP_JSON_HUGE,
    SP_JSON_OTHER_NUMBER,
    SP_JSON_STRING,
    SP_JSON_ARRAY,
    SP_JSON_OBJECT,
} sp_json_type;

/* Nodes refer to each other by index into the reader's array; 0 is the root,
 * which is nobody's child, so 0 also means none. */
typedef struct sp_json_node {
    sp_json_type type;
    uint32_t next;  /* the following sibling */
    uint32_t first; /* array, object: the first child */
    uint32_t count; /* array, object: how many children */
    sp_text key;    /* in an object; else absent */
    union {
        sp_text text; /* string: decoded, may hold any character */
        int64_t integer;
        bool boolean;
    };
} sp_json_node;

typedef struct sp_json_reader sp_json_reader;

/* NULL if out of memory. */
sp_json_reader *sp_json_reader_create(void);
void sp_json_reader_destroy(sp_json_reader *reader);

/* The root, or NULL with *why (static) if the text is not a JSON text. The
 * text must stay until the tree is no longer used. */
const sp_json_node *sp_json_read(sp_json_reader *reader, sp_text text, const char **why);

/* A child by its index in the node; NULL for 0 (none). */
const sp_json_node *sp_json_node_at(const sp_json_reader *reader, uint32_t index);

/* Nodes of the last text: an upper bound for what is decoded from it. */
uint32_t sp_json_nodes_count(const sp_json_reader *reader);

/* Overwrites the texts that the reader has decoded (a password among them). */
void sp_json_reader_wipe(sp_json_reader *reader);

#endif
