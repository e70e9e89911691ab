/* SPDX-License-Identifier: MIT
 *
 * What came back, counted: accepted, refused by status and by code, and what
 * was no answer at all, by kind. One thread; no allocation.
 */
#ifndef SP_BENCH_LOAD_COUNTS_H
#define SP_BENCH_LOAD_COUNTS_H

#include "bench/load_request.h"

#define SP_BENCH_LOAD_STATUS_MAX 599u
#define SP_BENCH_LOAD_CODES_MAX 64u

typedef enum sp_bench_load_error {
    SP_BENCH_LOAD_CONNECT = 0, /* a connection could not be made */
    SP_BENCH_LOAD_CLOSED,      /* closed by the other side with requests on it */
    SP_BENCH_LOAD_TIMEOUT,     /* no answer in time; the connection was given up */
    SP_BENCH_LOAD_MALFORMED_ANSWER,
    SP_BENCH_LOAD_ERRORS_COUNT,
} sp_bench_load_error;

/* `connect`, `closed`, `timeout`, `malformed`. */
const char *sp_bench_load_error_name(sp_bench_load_error error);

typedef struct sp_bench_load_code {
    uint64_t count;
    uint32_t size;
    char name[44]; /* NUL-terminated */
} sp_bench_load_code;

typedef struct sp_bench_load_counts {
    uint64_t accepted, refused;
    uint64_t statuses[SP_BENCH_LOAD_STATUS_MAX + 1]; /* by HTTP status */
    /* In the order in which they first came; from the last one on, all that
     * found no more room are counted there as `other`. */
    sp_bench_load_code codes[SP_BENCH_LOAD_CODES_MAX];
    uint32_t codes_count;
} sp_bench_load_counts;

/* All zero at first. */
/* A code is a word (letters, digits, `_`, `-`): protocols see to that. */
void sp_bench_load_counts_add(sp_bench_load_counts *counts, const sp_bench_load_answer *answer);
/* 0 for a code that never came. */
uint64_t sp_bench_load_counts_code(const sp_bench_load_counts *counts, const char *code);

#endif
