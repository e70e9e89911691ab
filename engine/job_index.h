/* SPDX-License-Identifier: MIT
 *
 * Which order a job became: an index over the orders, by the job's id, so that a
 * client who comes back after a crash finds his order by the id that he was
 * given, however many he has made since. An order's row keeps 48 bits of its job's
 * id (its print); the index leads to it.
 *
 * A segment for each 65,536 orders, of twice as many cells: an order's id stands
 * in the first free cell from where its job's hash points to. So nothing is ever
 * moved or grown, only segments in which there are jobs are touched (8 bytes an
 * order), and a lookup is a probe a segment: 305 at 20 million orders, some 30 us.
 * Lookups come after a crash or minutes after the job; orders come all the time.
 *
 * Job ids are random or hashes, but a client learns his own: he could choose some
 * that point to one cell only by having orders of them. Prints may agree by
 * chance once in 2^48, or by somebody's design among his own orders: then he is
 * shown another order of his own.
 *
 * Owned by the state. Follows from the events (and so is not in the digest).
 */
#ifndef SP_ENGINE_JOB_INDEX_H
#define SP_ENGINE_JOB_INDEX_H

#include <stddef.h>

#include "engine/event.h"

/* 48 bits of a job's id, never 0 (0 = the order came from no job). */
uint64_t sp_job_print(const sp_hash128 *job);

/* Bytes to reserve for so many orders; the table is zeroed. */
size_t sp_job_index_bytes(uint32_t orders_max);

/* The order, which is above all before, came from this job. */
void sp_job_index_add(sp_order_id *cells, const sp_hash128 *job, sp_order_id order);

/* Walks the orders whose jobs may be this one: the newest segment first, and in a
 * segment those of one job from the oldest to the newest. Begin with
 * *cursor = 0; returns 0 at the end, and begins anew behind that. orders_count: so
 * many there are. */
typedef struct sp_job_cursor {
    uint32_t segment; /* + 1; 0 = at the beginning */
    uint32_t cell;
} sp_job_cursor;
sp_order_id sp_job_index_next(const sp_order_id *cells, uint32_t orders_count,
                              const sp_hash128 *job, sp_job_cursor *cursor);

#endif
