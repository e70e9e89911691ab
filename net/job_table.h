/* SPDX-License-Identifier: MIT
 *
 * The jobs whose home is one loop (net/job_id.h): those that wait for the
 * sequencer, and those that are done, with what their users are told, for a while.
 *
 * Bounds, a loop: SP_JOBS_COUNT_MAX rows of 80 bytes (20 MiB, touched as used) and
 * SP_JOBS_BYTES_MAX of texts. One that is done is kept for SP_JOBS_KEEP_MS, or until
 * room is needed: then the oldest go first (those whose time is over leave with the
 * next jobs, and are shown to nobody meanwhile). One that waits never goes. Nothing is
 * lost by that but what a refused job was refused for: an order is found in the
 * engine by the same id, for good.
 *
 * Frequencies: one add, one done and a find or two a job; up to 100,000 jobs a
 * second in a drop. So: rows by index, chained from cells by a hash with a secret
 * (a client who chooses his keys chooses his ids), the done ones in a list by age.
 *
 * Owned by its loop; touched by no other thread. Texts alone may be held elsewhere.
 */
#ifndef SP_NET_JOB_TABLE_H
#define SP_NET_JOB_TABLE_H

#include <stddef.h>

#include "engine/event.h"

#define SP_JOBS_KEEP_MS INT64_C(600000)
#define SP_JOBS_COUNT_MAX (1u << 18)
#define SP_JOBS_BYTES_MAX (96u << 20)

/* What a job's user is told at the end: one JSON text, the same to all who ask.
 * Holders on several loops share it: immutable, but for their count. */
typedef struct sp_job_text {
    _Atomic uint32_t holders_count;
    uint32_t size;
    char bytes[];
} sp_job_text;

/* A copy, held by the caller. Out of memory aborts (as sp_out). */
sp_job_text *sp_job_text_create(sp_text text);
sp_job_text *sp_job_text_hold(sp_job_text *text);
/* By each holder once; the last frees it. NULL is fine. */
void sp_job_text_release(sp_job_text *text);

typedef struct sp_job_row {
    sp_hash128 id;
    sp_user_id user;
    uint32_t next;         /* in its cell, or among the free; 0 = the last */
    uint32_t older, newer; /* among the done */
    bool succeeded;        /* of one that is done */
    sp_job_text *text;     /* held; NULL = it waits */
    union {
        uint64_t position; /* waits: where it was pushed (sp_queue_push_at) */
        sp_time_ms done_at;
    };
    /* Who waits for its end: net/job_watch.h. None of one that is done. */
    struct sp_job_watch *watches;
    /* Of the request that it came with: the problem says it. */
    uint64_t request_id;
    char *request_name; /* the client's own id; malloc'ed, mostly NULL; gone when done */
} sp_job_row;

typedef struct sp_job_table sp_job_table;

/* count_max, bytes_max: as above, but in tests. NULL if out of memory. */
sp_job_table *sp_job_table_create(uint32_t count_max, size_t bytes_max);
/* With all rows. NULL is fine. */
void sp_job_table_destroy(sp_job_table *table);

/* NULL = unknown, or done too long ago. Valid until the next add or done. */
sp_job_row *sp_job_table_find(sp_job_table *table, const sp_hash128 *id, sp_time_ms now);
/* A row that waits, of an id that is not there; its position and the fields
 * behind that are the caller's to set (they are 0). NULL = all rows wait. */
sp_job_row *sp_job_table_add(sp_job_table *table, const sp_hash128 *id, sp_user_id user,
                             sp_time_ms now);
/* Back to waiting: it was done, and is to run again. */
void sp_job_table_again(sp_job_table *table, sp_job_row *row);
/* It waits no more. text: held by the row from now on. The row may be gone when this
 * returns, if there is no room for it. */
void sp_job_table_done(sp_job_table *table, sp_job_row *row, sp_job_text *text, bool succeeded,
                       sp_time_ms now);
/* Forgets one that waits and that nobody watches. */
void sp_job_table_remove(sp_job_table *table, sp_job_row *row);

static inline bool sp_job_row_waits(const sp_job_row *row)
{
    return row->text == NULL;
}

/* A row that waits keeps its index, 1 … count_max. */
uint32_t sp_job_table_index(const sp_job_table *table, const sp_job_row *row);
sp_job_row *sp_job_table_at(sp_job_table *table, uint32_t index);

uint32_t sp_job_table_count(const sp_job_table *table); /* waiting and done */
size_t sp_job_table_bytes(const sp_job_table *table);   /* of texts */

#endif
