/* SPDX-License-Identifier: MIT
 *
 * Writes msgpack into a fixed buffer: msgpack-c's packer with a write callback
 * of ours, so that nothing is allocated. What does not fit is a broken
 * invariant: whoever packs knows the greatest size of his record.
 */
#ifndef SP_STORAGE_PACKING_H
#define SP_STORAGE_PACKING_H

#include <msgpack.h>

#include "engine/assert.h"
#include "engine/values.h"

typedef struct sp_packing {
    char *bytes;
    size_t size, capacity;
} sp_packing;

static inline int sp_packing_write(void *data, const char *bytes, size_t size)
{
    sp_packing *packing = data;
    SP_ASSERT_CMP(size, <=, packing->capacity - packing->size);
    memcpy(packing->bytes + packing->size, bytes, size);
    packing->size += size;
    return 0;
}

static inline void sp_packing_init(sp_packing *packing, void *bytes, size_t capacity)
{
    packing->bytes = bytes;
    packing->size = 0;
    packing->capacity = capacity;
}

/* Made anew for each value: the compiler sees where it writes to and needs no
 * call through the pointer. */
static inline msgpack_packer sp_packing_packer(sp_packing *packing)
{
    return (msgpack_packer){packing, sp_packing_write};
}

static inline void sp_packing_array(sp_packing *packing, uint32_t count)
{
    msgpack_packer packer = sp_packing_packer(packing);
    msgpack_pack_array(&packer, count);
}

static inline void sp_packing_uint(sp_packing *packing, uint64_t number)
{
    msgpack_packer packer = sp_packing_packer(packing);
    msgpack_pack_uint64(&packer, number);
}

/* For the signed types whose values are never negative in a record. */
static inline void sp_packing_count(sp_packing *packing, int64_t number)
{
    SP_ASSERT_CMP(number, >=, 0);
    sp_packing_uint(packing, (uint64_t)number);
}

static inline void sp_packing_bool(sp_packing *packing, bool value)
{
    msgpack_packer packer = sp_packing_packer(packing);
    if (value)
        msgpack_pack_true(&packer);
    else
        msgpack_pack_false(&packer);
}

static inline void sp_packing_nil(sp_packing *packing)
{
    msgpack_packer packer = sp_packing_packer(packing);
    msgpack_pack_nil(&packer);
}

static inline void sp_packing_text(sp_packing *packing, sp_text text)
{
    SP_ASSERT(text.bytes != NULL);
    msgpack_packer packer = sp_packing_packer(packing);
    msgpack_pack_str(&packer, text.size);
    sp_packing_write(packing, text.bytes, text.size);
}

static inline void sp_packing_text_or_nil(sp_packing *packing, sp_text text)
{
    if (text.bytes == NULL)
        sp_packing_nil(packing);
    else
        sp_packing_text(packing, text);
}

static inline void sp_packing_bin(sp_packing *packing, const void *bytes, uint32_t size)
{
    msgpack_packer packer = sp_packing_packer(packing);
    msgpack_pack_bin(&packer, size);
    sp_packing_write(packing, bytes, size);
}

#endif
