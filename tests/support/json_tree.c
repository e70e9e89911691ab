/* SPDX-License-Identifier: MIT */
#include "tests/support/json_tree.h"

#include "net/json_escape.h"

static const sp_json_node *node_at(const sp_json_reader *reader, const sp_json_node *root,
                                   uint32_t index)
{
    return index == 0 ? root : sp_json_node_at(reader, index);
}

static bool is_same_value(const sp_json_node *one, const sp_json_node *other)
{
    switch (one->type) {
    case SP_JSON_BOOLEAN:
        return one->boolean == other->boolean;
    case SP_JSON_INTEGER:
        return one->integer == other->integer;
    case SP_JSON_STRING:
        return sp_text_equal(one->text, other->text);
    default:
        return true;
    }
}

static bool is_same(const sp_json_node *one, const sp_json_node *other)
{
    if (one->type != other->type || one->next != other->next || one->first != other->first ||
        one->count != other->count || (one->key.bytes == NULL) != (other->key.bytes == NULL))
        return false;
    if (one->key.bytes && !sp_text_equal(one->key, other->key))
        return false;
    return is_same_value(one, other);
}

int64_t sp_json_tree_difference(const sp_json_reader *one, const sp_json_node *one_root,
                                const sp_json_reader *other, const sp_json_node *other_root)
{
    uint32_t count = sp_json_nodes_count(one);
    for (uint32_t i = 0; i < count; i++)
        if (i >= sp_json_nodes_count(other) ||
            !is_same(node_at(one, one_root, i), node_at(other, other_root, i)))
            return i;
    return sp_json_nodes_count(other) == count ? -1 : (int64_t)count;
}

static void print_text(sp_text text, sp_out *out)
{
    sp_out_string(out, "\"");
    sp_out_end(out, sp_json_escape(sp_out_reserve(out, SP_JSON_ESCAPE_ROOM(text.size)), text));
    sp_out_string(out, "\"");
}

static void print_children(const sp_json_reader *reader, const sp_json_node *node, sp_out *out)
{
    for (const sp_json_node *child = sp_json_node_at(reader, node->first); child;
         child = sp_json_node_at(reader, child->next)) {
        if (child->key.bytes) {
            print_text(child->key, out);
            sp_out_string(out, ":");
        }
        sp_json_tree_print(reader, child, out);
        if (child->next)
            sp_out_string(out, ",");
    }
}

/* No deeper than a tree is: SP_JSON_DEPTH_MAX. */
void sp_json_tree_print(const sp_json_reader *reader, const sp_json_node *root, sp_out *out)
{
    switch (root->type) {
    case SP_JSON_NULL:
        sp_out_string(out, "null");
        break;
    case SP_JSON_BOOLEAN:
        sp_out_string(out, root->boolean ? "true" : "false");
        break;
    case SP_JSON_INTEGER:
        sp_out_decimal(out, root->integer);
        break;
    case SP_JSON_HUGE:
        sp_out_string(out, "18446744073709551615");
        break;
    case SP_JSON_OTHER_NUMBER:
        sp_out_string(out, "0.5");
        break;
    case SP_JSON_STRING:
        print_text(root->text, out);
        break;
    case SP_JSON_ARRAY:
    case SP_JSON_OBJECT:
        sp_out_string(out, root->type == SP_JSON_ARRAY ? "[" : "{");
        print_children(reader, root, out);
        sp_out_string(out, root->type == SP_JSON_ARRAY ? "]" : "}");
        break;
    }
}
