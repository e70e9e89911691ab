/* SPDX-License-Identifier: MIT */
#include "net/json_tree.h"

#include <stdlib.h>

/* Nothing in the buffers outlives a text, so they grow without a copy. */
static void make_room(sp_json_reader *reader, uint32_t nodes_max, uint32_t texts_size_max)
{
    if (reader->nodes_capacity < nodes_max) {
        free(reader->nodes);
        reader->nodes_capacity = nodes_max < 256 ? 256 : nodes_max;
        reader->nodes = malloc(reader->nodes_capacity * sizeof *reader->nodes);
        SP_ASSERT(reader->nodes);
    }
    if (reader->texts_capacity < texts_size_max) {
        free(reader->texts);
        reader->texts_capacity = texts_size_max < 1024 ? 1024 : texts_size_max;
        reader->texts = malloc(reader->texts_capacity);
        SP_ASSERT(reader->texts);
    }
}

void sp_json_tree_begin(sp_json_reader *reader, sp_text input, const char *why, uint32_t nodes_max,
                        uint32_t texts_size_max)
{
    make_room(reader, nodes_max, texts_size_max);
    reader->nodes_count = reader->texts_size = reader->depth = 0;
    reader->key = (sp_text){NULL, 0};
    reader->input = input;
    reader->why = why;
}
