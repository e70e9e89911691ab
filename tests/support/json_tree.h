/* SPDX-License-Identifier: MIT
 *
 * Trees of net/json_read.h held against each other, and written out as JSON:
 * for the tests and the fuzzer of msgpack.
 */
#ifndef SP_TESTS_SUPPORT_JSON_TREE_H
#define SP_TESTS_SUPPORT_JSON_TREE_H

#include "net/json_read.h"
#include "net/out.h"

/* Where the two trees differ first: the index of a node; or -1 if they don't.
 * Each is the last one of its reader. */
int64_t sp_json_tree_difference(const sp_json_reader *one, const sp_json_node *one_root,
                                const sp_json_reader *other, const sp_json_node *other_root);

/* Appends the tree as JSON. A HUGE number is some huge number, and an
 * OTHER_NUMBER some other: which one, a tree does not know. */
void sp_json_tree_print(const sp_json_reader *reader, const sp_json_node *root, sp_out *out);

#endif
