/* SPDX-License-Identifier: MIT
 *
 * A msgpack value (github.com/msgpack/msgpack, spec.md) as the same tree that
 * net/json_read.h makes of JSON, so that every decoder, range check and error
 * serves both. Taken is what JSON can say as well:
 *
 *   nil, booleans
 *   integers of any form   INTEGER if they fit in 64 signed bits, else HUGE
 *   floats                 OTHER_NUMBER, which no field takes
 *   str                    valid UTF-8; points into the input
 *   arrays, maps           keys are str; two equal ones are refused where those
 *                          of JSON are (net/decode.h)
 *
 * Refused: bin, ext (a timestamp is one), the byte c1 that nothing begins with,
 * whatever is cut off, and anything behind the one value. Any length of the
 * format's may state a length; the shortest need not be used.
 *
 * By hand and not with msgpack-c, for the reasons of storage/reader.h: that
 * one's unpacker allocates for whatever length it is told. Here a stated length
 * is held against the bytes that are there, and nothing is recursive; memory is
 * bounded by the size of the text (a node a byte), and kept. msgpack-c is the
 * oracle in the tests. It takes 65 ns for the order of two seats for which JSON's
 * reader takes 320 (net/json_read.h).
 */
#ifndef SP_NET_MSGPACK_READ_H
#define SP_NET_MSGPACK_READ_H

#include "net/json_read.h"

/* The root, or NULL with *why (static) if the bytes are not one such value. The
 * bytes must stay until the tree is no longer used. Ends the life of the
 * reader's tree before it. */
const sp_json_node *sp_msgpack_read(sp_json_reader *reader, sp_text bytes, const char **why);

#endif
