/* SPDX-License-Identifier: MIT
 *
 * Little-endian numbers at any address.
 */
#ifndef SP_STORAGE_BYTES_H
#define SP_STORAGE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void sp_bytes_put64(void *to, uint64_t number)
{
    number = htole64(number);
    memcpy(to, &number, sizeof number);
}

static inline uint64_t sp_bytes_get64(const void *from)
{
    uint64_t number;
    memcpy(&number, from, sizeof number);
    return le64toh(number);
}

static inline void sp_bytes_put32(void *to, uint32_t number)
{
    number = htole32(number);
    memcpy(to, &number, sizeof number);
}

static inline uint32_t sp_bytes_get32(const void *from)
{
    uint32_t number;
    memcpy(&number, from, sizeof number);
    return le32toh(number);
}

#endif
