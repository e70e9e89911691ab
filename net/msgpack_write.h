/* SPDX-License-Identifier: MIT
 *
 * A tree of net/json_read.h as msgpack, each value in its shortest form; by
 * msgpack-c. What an answer says is written once, as JSON (net/encode.h), and
 * this makes the other form of it: so both say the same, whatever an encoder is
 * changed to, and no JSON answer pays for msgpack.
 */
#ifndef SP_NET_MSGPACK_WRITE_H
#define SP_NET_MSGPACK_WRITE_H

#include "net/json_read.h"
#include "net/out.h"

/* Appends the tree that the reader holds. Its numbers must be INTEGER: no
 * answer has others. */
void sp_msgpack_write(const sp_json_reader *reader, sp_out *out);

#endif
