/* SPDX-License-Identifier: MIT
 *
 * Any bytes into the msgpack reader. What it takes msgpack-c takes as well;
 * written as JSON and read again it is the same tree; and so it is written as
 * msgpack, if it has no number that an answer could not have. And it is decoded
 * as an order: like JSON, so that trees which only msgpack makes are seen too.
 */
#include "net/msgpack_read.h"

#include <msgpack.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "net/decode.h"
#include "net/msgpack_write.h"
#include "tests/support/json_tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static sp_json_reader *first, *second;
static sp_field_errors errors;
static sp_out out;

/* No length that it is told is a lie: ours was asked before. */
static void check_oracle(const char *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    size_t end = 0;
    msgpack_unpacked_init(&unpacked);
    msgpack_unpack_return result = msgpack_unpack_next(&unpacked, bytes, size, &end);
    SP_ASSERT_CMP(result, ==, MSGPACK_UNPACK_SUCCESS);
    SP_ASSERT_CMP(end, ==, size);
    msgpack_unpacked_destroy(&unpacked);
}

static void check_json(const sp_json_node *root)
{
    const char *why;
    sp_out_clear(&out);
    sp_json_tree_print(first, root, &out);
    const sp_json_node *again =
        sp_json_read(second, (sp_text){out.bytes, (uint32_t)out.size}, &why);
    SP_ASSERT(again);
    SP_ASSERT_CMP(sp_json_tree_difference(first, root, second, again), ==, -1);
}

static bool is_plain(const sp_json_node *root)
{
    for (uint32_t i = 0; i < sp_json_nodes_count(first); i++) {
        const sp_json_node *node = i == 0 ? root : sp_json_node_at(first, i);
        if (node->type == SP_JSON_HUGE || node->type == SP_JSON_OTHER_NUMBER)
            return false;
    }
    return true;
}

static void check_packed(const sp_json_node *root, size_t size)
{
    const char *why;
    sp_out_clear(&out);
    sp_msgpack_write(first, &out);
    SP_ASSERT_CMP(out.size, <=, size); /* the shortest form of each */
    const sp_json_node *again =
        sp_msgpack_read(second, (sp_text){out.bytes, (uint32_t)out.size}, &why);
    SP_ASSERT(again);
    SP_ASSERT_CMP(sp_json_tree_difference(first, root, second, again), ==, -1);
}

static void check_order(const sp_json_node *root)
{
    sp_command command = {0};
    sp_decode decode = {first, &errors};
    sp_field_errors_clear(&errors);
    bool taken = sp_decode_order(&decode, root, &command);
    SP_ASSERT_CMP(taken, ==, (errors.count == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *why = NULL;
    if (!first) {
        first = sp_json_reader_create();
        second = sp_json_reader_create();
        sp_out_init(&out);
    }
    if (size > 64 * 1024)
        return 0;
    const sp_json_node *root =
        sp_msgpack_read(first, (sp_text){(const char *)bytes, (uint32_t)size}, &why);
    SP_ASSERT((root == NULL) == (why != NULL));
    if (!root)
        return 0;
    check_oracle((const char *)bytes, size);
    check_json(root);
    if (is_plain(root))
        check_packed(root, size);
    check_order(root);
    return 0;
}
