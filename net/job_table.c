/* SPDX-License-Identifier: MIT */
#include "net/job_table.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/assert.h"
#include "net/job_id.h"

/* So many that are too old leave with each add or done: more than come, and few
 * enough not to be felt. */
#define SWEEP_MAX 8u

struct sp_job_table {
    sp_job_row *rows; /* from 1; mmap'ed, touched as used */
    uint32_t *cells;  /* index of the first row, or 0 */
    uint32_t cells_mask, count_max, count, fresh, free;
    size_t bytes, bytes_max;
    uint32_t oldest, newest; /* done */
    unsigned char secret[crypto_shorthash_KEYBYTES];
};

_Static_assert(sizeof(sp_job_row) == 80, "as the header says");

sp_job_text *sp_job_text_create(sp_text text)
{
    sp_job_text *copy = malloc(sizeof *copy + text.size);
    SP_ASSERT(copy);
    atomic_init(&copy->holders_count, 1);
    copy->size = text.size;
    memcpy(copy->bytes, text.bytes, text.size);
    return copy;
}

/* Relaxed: who holds it already is known to live, and hands it over by a hop. */
sp_job_text *sp_job_text_hold(sp_job_text *text)
{
    atomic_fetch_add_explicit(&text->holders_count, 1, memory_order_relaxed);
    return text;
}

/* Release and acquire, all on the one word: whoever frees it comes behind all
 * reads of the others. */
void sp_job_text_release(sp_job_text *text)
{
    if (text && atomic_fetch_sub_explicit(&text->holders_count, 1, memory_order_acq_rel) == 1)
        free(text);
}

static void *map(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static size_t rows_size(const sp_job_table *table)
{
    return ((size_t)table->count_max + 1) * sizeof *table->rows;
}

static size_t cells_size(const sp_job_table *table)
{
    return ((size_t)table->cells_mask + 1) * sizeof *table->cells;
}

sp_job_table *sp_job_table_create(uint32_t count_max, size_t bytes_max)
{
    sp_job_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->count_max = count_max;
    table->bytes_max = bytes_max;
    table->fresh = 1;
    while (table->cells_mask + 1 < count_max)
        table->cells_mask = table->cells_mask * 2 + 1;
    crypto_shorthash_keygen(table->secret);
    table->rows = map(rows_size(table));
    table->cells = map(cells_size(table));
    if (!table->rows || !table->cells) {
        sp_job_table_destroy(table);
        return NULL;
    }
    return table;
}

void sp_job_table_destroy(sp_job_table *table)
{
    if (!table)
        return;
    for (uint32_t i = 1; table->rows && i < table->fresh; i++) {
        sp_job_text_release(table->rows[i].text);
        free(table->rows[i].request_name);
    }
    if (table->rows)
        munmap(table->rows, rows_size(table));
    if (table->cells)
        munmap(table->cells, cells_size(table));
    free(table);
}

uint32_t sp_job_table_index(const sp_job_table *table, const sp_job_row *row)
{
    return (uint32_t)(row - table->rows);
}

sp_job_row *sp_job_table_at(sp_job_table *table, uint32_t index)
{
    SP_ASSERT_CMP(index, >, 0);
    SP_ASSERT_CMP(index, <, table->fresh);
    return &table->rows[index];
}

static uint32_t *cell_of(sp_job_table *table, const sp_hash128 *id)
{
    uint64_t hash;
    crypto_shorthash((unsigned char *)&hash, id->bytes, sizeof id->bytes, table->secret);
    return &table->cells[(uint32_t)hash & table->cells_mask];
}

static void leave_done(sp_job_table *table, sp_job_row *row)
{
    *(row->older ? &table->rows[row->older].newer : &table->oldest) = row->newer;
    *(row->newer ? &table->rows[row->newer].older : &table->newest) = row->older;
    table->bytes -= row->text->size;
    sp_job_text_release(row->text);
    row->text = NULL;
}

static void forget(sp_job_table *table, sp_job_row *row)
{
    uint32_t index = sp_job_table_index(table, row);
    uint32_t *link = cell_of(table, &row->id);
    SP_ASSERT(!row->watches);
    if (row->text)
        leave_done(table, row);
    while (*link != index)
        link = &table->rows[*link].next;
    *link = row->next;
    free(row->request_name);
    *row = (sp_job_row){.next = table->free};
    table->free = index;
    table->count--;
}

static bool is_old(const sp_job_row *row, sp_time_ms now)
{
    return now - row->done_at >= SP_JOBS_KEEP_MS;
}

static void sweep(sp_job_table *table, sp_time_ms now)
{
    for (uint32_t i = 0; i < SWEEP_MAX && table->oldest; i++) {
        if (!is_old(&table->rows[table->oldest], now))
            return;
        forget(table, &table->rows[table->oldest]);
    }
}

sp_job_row *sp_job_table_find(sp_job_table *table, const sp_hash128 *id, sp_time_ms now)
{
    for (uint32_t i = *cell_of(table, id); i != 0; i = table->rows[i].next) {
        sp_job_row *row = &table->rows[i];
        if (!sp_job_id_equal(&row->id, id))
            continue;
        if (sp_job_row_waits(row) || !is_old(row, now))
            return row;
        forget(table, row);
        return NULL;
    }
    return NULL;
}

static uint32_t take_index(sp_job_table *table)
{
    if (table->count == table->count_max && table->oldest)
        forget(table, &table->rows[table->oldest]);
    if (table->count == table->count_max)
        return 0;
    table->count++;
    uint32_t index = table->free;
    if (!index)
        return table->fresh++;
    table->free = table->rows[index].next;
    return index;
}

sp_job_row *sp_job_table_add(sp_job_table *table, const sp_hash128 *id, sp_user_id user,
                             sp_time_ms now)
{
    sweep(table, now);
    uint32_t index = take_index(table);
    if (!index)
        return NULL;
    uint32_t *cell = cell_of(table, id);
    table->rows[index] = (sp_job_row){.id = *id, .user = user, .next = *cell};
    *cell = index;
    return &table->rows[index];
}

void sp_job_table_again(sp_job_table *table, sp_job_row *row)
{
    SP_ASSERT(!sp_job_row_waits(row));
    leave_done(table, row);
    row->position = 0;
}

void sp_job_table_done(sp_job_table *table, sp_job_row *row, sp_job_text *text, bool succeeded,
                       sp_time_ms now)
{
    uint32_t index = sp_job_table_index(table, row);
    SP_ASSERT(sp_job_row_waits(row));
    SP_ASSERT(!row->watches);
    sweep(table, now);
    free(row->request_name);
    row->request_name = NULL;
    row->text = text;
    row->succeeded = succeeded;
    row->done_at = now;
    row->newer = 0;
    row->older = table->newest;
    *(table->newest ? &table->rows[table->newest].newer : &table->oldest) = index;
    table->newest = index;
    table->bytes += text->size;
    while (table->bytes > table->bytes_max)
        forget(table, &table->rows[table->oldest]);
}

void sp_job_table_remove(sp_job_table *table, sp_job_row *row)
{
    SP_ASSERT(sp_job_row_waits(row));
    forget(table, row);
}

uint32_t sp_job_table_count(const sp_job_table *table)
{
    return table->count;
}

size_t sp_job_table_bytes(const sp_job_table *table)
{
    return table->bytes;
}
