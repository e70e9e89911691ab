/* SPDX-License-Identifier: MIT
 *
 * Reads msgpack records strictly: straight down, each value of the kind and
 * range that the record's layout has at its place, each in its shortest form.
 * Nothing is allocated and nothing is recursive, whatever the bytes say.
 *
 * Written by hand, though msgpack-c is there (and writes, storage/packing.h;
 * and is this reader's oracle in tests). Its unpacker believes an array's
 * stated length and allocates for it, gigabytes for five hostile bytes; it
 * takes any form of a number and does not say which it was; and its state
 * machine, fed with callbacks that avoid both, took 150 ns for an order where
 * this takes 25, with replay to reach millions of events a second.
 *
 * The first mismatch sets `wrong`; from then on every read gives a zero value
 * (sp_text with NULL), so that a record is read down and asked once at its
 * end. Texts borrow from the bytes.
 */
#ifndef SP_STORAGE_READER_H
#define SP_STORAGE_READER_H

#include <stddef.h>

#include "engine/values.h"

typedef struct sp_reader {
    const uint8_t *at, *end;
    const char *wrong; /* NULL while all is well; static */
} sp_reader;

static inline void sp_reader_init(sp_reader *in, const void *bytes, size_t size)
{
    in->at = bytes;
    in->end = in->at + size;
    in->wrong = NULL;
}

/* Sets `wrong` unless something was wrong before; what is left is skipped. */
void sp_reader_fail(sp_reader *in, const char *what);

/* The rest of a number whose first byte is no small one; see sp_reader_uint. */
uint64_t sp_reader_long_uint(sp_reader *in);

/* min … max. */
static inline uint64_t sp_reader_uint(sp_reader *in, uint64_t min, uint64_t max)
{
    uint64_t number;
    if (in->at < in->end && *in->at < 0x80)
        number = *in->at++;
    else
        number = sp_reader_long_uint(in);
    if (number < min || number > max) {
        sp_reader_fail(in, "a number is out of range");
        return 0;
    }
    return number;
}

bool sp_reader_bool(sp_reader *in);
/* Is the next value nil? Takes it if so. */
bool sp_reader_nil(sp_reader *in);
/* How many items follow; never more than count_max. */
uint32_t sp_reader_array(sp_reader *in, uint32_t count_min, uint32_t count_max);
/* A str of at most size_max bytes. UTF-8 is not checked. */
sp_text sp_reader_text(sp_reader *in, uint32_t size_max);
/* The same, or nil: absent. */
sp_text sp_reader_text_or_nil(sp_reader *in, uint32_t size_max);
/* A bin of exactly so many bytes (at most 255), copied out. */
void sp_reader_bin(sp_reader *in, void *out, uint32_t size);
/* At the end: NULL if all was well and nothing is left over, else what is
 * wrong. */
const char *sp_reader_end(sp_reader *in);

#endif
