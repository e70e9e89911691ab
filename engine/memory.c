/* SPDX-License-Identifier: MIT */
#include "engine/memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* From here on a table asks for huge pages: tables of this size are read at
 * random, and with 4 KiB pages each read would miss the TLB as well as the
 * cache. Smaller ones (tests, the simulator) should not clear 2 MiB to use a
 * line of it. */
#define HUGE_FROM_BYTES (UINT64_C(16) << 20)
#define HUGE_PAGE_BYTES (UINT64_C(2) << 20)

/* What is mapped for a reservation: whole huge pages, or the end of a table
 * that is not could not have one. */
static size_t mapped_bytes(size_t bytes)
{
    if (bytes == 0)
        return 1;
    if (bytes < HUGE_FROM_BYTES)
        return bytes;
    return (bytes + HUGE_PAGE_BYTES - 1) & ~(size_t)(HUGE_PAGE_BYTES - 1);
}

static void *map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
}

/* Kernels put a mapping on any page, and only a whole aligned 2 MiB can be a
 * huge one: so one huge page more is mapped, and what sticks out given back. */
static void *map_aligned(size_t bytes)
{
    char *base = map(bytes + HUGE_PAGE_BYTES);
    if (!base)
        return NULL;
    size_t head = -(uintptr_t)base & (HUGE_PAGE_BYTES - 1);
    if (head)
        munmap(base, head);
    munmap(base + head + bytes, HUGE_PAGE_BYTES - head);
    return base + head;
}

void *sp_memory_reserve(size_t bytes)
{
    size_t mapped = mapped_bytes(bytes);
    if (bytes < HUGE_FROM_BYTES)
        return map(mapped);
    void *base = map_aligned(mapped);
    /* Advice only: a kernel without huge pages says no, and that is fine. */
    if (base)
        (void)madvise(base, mapped, MADV_HUGEPAGE);
    return base;
}

void sp_memory_release(void *base, size_t bytes)
{
    if (base)
        munmap(base, mapped_bytes(bytes));
}

/* The pointers have many types; as bytes they are all alike (POSIX), and
 * copying bytes breaks no aliasing rule. */
static void pointer_set(const sp_reservation *reservation, void *base)
{
    memcpy(reservation->pointer, &base, sizeof(base));
}

static void *pointer_get(const sp_reservation *reservation)
{
    void *base;
    memcpy(&base, reservation->pointer, sizeof(base));
    return base;
}

int sp_memory_reserve_all(const sp_reservation *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        pointer_set(&list[i], NULL);
    for (size_t i = 0; i < count; i++) {
        void *base = sp_memory_reserve(list[i].bytes);
        if (!base) {
            sp_memory_release_all(list, count);
            return -1;
        }
        pointer_set(&list[i], base);
    }
    return 0;
}

void sp_memory_release_all(const sp_reservation *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sp_memory_release(pointer_get(&list[i]), list[i].bytes);
        pointer_set(&list[i], NULL);
    }
}
