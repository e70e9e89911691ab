/* SPDX-License-Identifier: MIT
 *
 * Writing requests: bytes are put where there is known to be room, and the
 * place behind them is returned.
 */
#ifndef SP_BENCH_LOAD_TEXT_H
#define SP_BENCH_LOAD_TEXT_H

#include <string.h>

#include "engine/values.h"

#define SP_BENCH_LOAD_DECIMAL_SIZE_MAX 20u

static inline char *sp_bench_load_put(char *at, const char *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}
#define SP_BENCH_LOAD_PUT(at, literal) sp_bench_load_put((at), (literal), sizeof(literal) - 1)

static inline uint32_t sp_bench_load_decimal_size(uint64_t value)
{
    uint32_t size = 1;
    for (; value >= 10; value /= 10)
        size++;
    return size;
}

static inline char *sp_bench_load_put_decimal(char *at, uint64_t value)
{
    uint32_t size = sp_bench_load_decimal_size(value);
    for (uint32_t i = size; i > 0; value /= 10)
        at[--i] = (char)('0' + value % 10);
    return at + size;
}

#endif
