/* SPDX-License-Identifier: MIT
 *
 * Reserved memory: address space taken once and touched page by page as it
 * fills. Untouched pages cost nothing and read as zero.
 */
#ifndef SP_ENGINE_MEMORY_H
#define SP_ENGINE_MEMORY_H

#include <stddef.h>

/* Zeros, aligned to a page, or from 16 MiB on to a huge page of 2 MiB; NULL if
 * the address space can't be had. 0 bytes are taken as 1. Give it back with the
 * same number. */
void *sp_memory_reserve(size_t bytes);
/* base may be NULL. */
void sp_memory_release(void *base, size_t bytes);

/* A list of reservations that stand or fall together. */
typedef struct sp_reservation {
    void *pointer; /* the address of a pointer of any object type, which gets
                    * the address of the memory, or NULL */
    size_t bytes;
} sp_reservation;

/* All or none: 0, or -1 with every pointer NULL. */
int sp_memory_reserve_all(const sp_reservation *list, size_t count);
void sp_memory_release_all(const sp_reservation *list, size_t count);

#endif
