/* SPDX-License-Identifier: MIT
 *
 * How the tree of net/json_read.h grows: what its two grammars, JSON
 * (json_read.c) and msgpack (msgpack_read.c), share. Private to them; on the
 * thread of the reader's loop.
 *
 * Nodes are added in the order of the text, each behind its parent and before
 * the parent's next child: whoever goes through the array from 0 on goes
 * through the tree from the top (msgpack_write.c does).
 */
#ifndef SP_NET_JSON_TREE_H
#define SP_NET_JSON_TREE_H

#include "engine/assert.h"
#include "net/json_arena.h"
#include "net/json_read.h"

/* An array or object that is still open while the text is read. */
typedef struct sp_json_level {
    uint32_t node;
    uint32_t last; /* its last child so far; 0 = none */
} sp_json_level;

struct sp_json_reader {
    sp_json_arena arena;
    sp_json_node *nodes;
    uint32_t nodes_count, nodes_capacity;
    char *texts; /* decoded strings that are not in the input as they are */
    uint32_t texts_size, texts_capacity;
    sp_text input;
    sp_json_level levels[SP_JSON_DEPTH_MAX];
    uint32_t depth;
    sp_text key; /* of the member whose value comes next */
    const char *why;
};

/* Ends the tree before and begins one over this text: `why` is what it is
 * refused with unless something else is said. Room for so many nodes and bytes
 * of decoded strings, by malloc if the reader has not had so much before. */
void sp_json_tree_begin(sp_json_reader *reader, sp_text input, const char *why, uint32_t nodes_max,
                        uint32_t texts_size_max);

/* Appends a node, linked behind the last child of the open level. */
static inline sp_json_node *sp_json_tree_add(sp_json_reader *reader, sp_json_type type)
{
    SP_ASSERT_CMP(reader->nodes_count, <, reader->nodes_capacity);
    uint32_t index = reader->nodes_count++;
    sp_json_node *node = &reader->nodes[index];
    memset(node, 0, sizeof *node);
    node->type = type;
    node->key = reader->key;
    reader->key = (sp_text){NULL, 0};
    if (reader->depth > 0) {
        sp_json_level *open = &reader->levels[reader->depth - 1];
        sp_json_node *parent = &reader->nodes[open->node];
        if (open->last)
            reader->nodes[open->last].next = index;
        else
            parent->first = index;
        parent->count++;
        open->last = index;
    }
    return node;
}

/* An array or object, whose children come next. false: too deep. */
static inline bool sp_json_tree_open(sp_json_reader *reader, sp_json_type type)
{
    if (reader->depth == SP_JSON_DEPTH_MAX) {
        reader->why = "the body is nested too deeply";
        return false;
    }
    sp_json_tree_add(reader, type);
    reader->levels[reader->depth++] = (sp_json_level){reader->nodes_count - 1, 0};
    return true;
}

static inline void sp_json_tree_close(sp_json_reader *reader)
{
    SP_ASSERT_CMP(reader->depth, >, 0);
    reader->depth--;
}

#endif
