/* SPDX-License-Identifier: MIT */
#include "net/msgpack_write.h"

#include <msgpack.h>

#include "engine/assert.h"
#include "net/json_tree.h"

static int on_write(void *out, const char *bytes, size_t size)
{
    sp_out_bytes(out, bytes, size);
    return 0;
}

static void put_text(msgpack_packer *packer, sp_text text)
{
    msgpack_pack_str(packer, text.size);
    msgpack_pack_str_body(packer, text.bytes, text.size);
}

/* Of an array or map the front alone: its children are the next nodes. */
static void put_node(msgpack_packer *packer, const sp_json_node *node)
{
    if (node->key.bytes)
        put_text(packer, node->key);
    switch (node->type) {
    case SP_JSON_NULL:
        msgpack_pack_nil(packer);
        return;
    case SP_JSON_BOOLEAN:
        if (node->boolean)
            msgpack_pack_true(packer);
        else
            msgpack_pack_false(packer);
        return;
    case SP_JSON_INTEGER:
        msgpack_pack_int64(packer, node->integer);
        return;
    case SP_JSON_STRING:
        put_text(packer, node->text);
        return;
    case SP_JSON_ARRAY:
        msgpack_pack_array(packer, node->count);
        return;
    case SP_JSON_OBJECT:
        msgpack_pack_map(packer, node->count);
        return;
    case SP_JSON_HUGE:
    case SP_JSON_OTHER_NUMBER:
        break;
    }
    SP_ASSERT_CMP(node->type, ==, SP_JSON_INTEGER);
}

/* The nodes lie in the order that msgpack has: see net/json_tree.h. */
void sp_msgpack_write(const sp_json_reader *reader, sp_out *out)
{
    msgpack_packer packer = {out, on_write};
    SP_ASSERT_CMP(reader->nodes_count, >, 0);
    for (uint32_t i = 0; i < reader->nodes_count; i++)
        put_node(&packer, &reader->nodes[i]);
}
