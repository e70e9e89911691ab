/* SPDX-License-Identifier: MIT */
#include "engine/job_index.h"

#define SEGMENT_BITS 16u
#define CELLS_BITS (SEGMENT_BITS + 1)
#define CELLS_MASK ((1u << CELLS_BITS) - 1)

/* The bits of a job's id at this place, as a number. */
static uint64_t bits_of(const sp_hash128 *job, size_t at)
{
    uint64_t bits;
    memcpy(&bits, job->bytes + at, sizeof bits);
    return bits;
}

uint64_t sp_job_print(const sp_hash128 *job)
{
    uint64_t print = bits_of(job, 0) & ((UINT64_C(1) << 48) - 1);
    return print ? print : 1;
}

/* From other bits than the print, so that the two tell more together. */
static uint32_t home_of(const sp_hash128 *job)
{
    return (uint32_t)(bits_of(job, 8) >> 16) & CELLS_MASK;
}

static size_t segment_at(uint32_t segment)
{
    return (size_t)segment << CELLS_BITS;
}

size_t sp_job_index_bytes(uint32_t orders_max)
{
    return ((size_t)(orders_max >> SEGMENT_BITS) + 1) * sizeof(sp_order_id) << CELLS_BITS;
}

/* There is always a free cell: twice as many as orders. */
void sp_job_index_add(sp_order_id *cells, const sp_hash128 *job, sp_order_id order)
{
    sp_order_id *segment = cells + segment_at(order >> SEGMENT_BITS);
    uint32_t cell = home_of(job);

    while (segment[cell])
        cell = (cell + 1) & CELLS_MASK;
    segment[cell] = order;
}

sp_order_id sp_job_index_next(const sp_order_id *cells, uint32_t orders_count,
                              const sp_hash128 *job, sp_job_cursor *cursor)
{
    if (cursor->segment == 0)
        *cursor = (sp_job_cursor){(orders_count >> SEGMENT_BITS) + 1, home_of(job)};
    while (cursor->segment > 0) {
        sp_order_id order = cells[segment_at(cursor->segment - 1) + cursor->cell];
        if (order) {
            cursor->cell = (cursor->cell + 1) & CELLS_MASK;
            return order;
        }
        cursor->cell = home_of(job);
        cursor->segment--;
    }
    return 0;
}
