/* SPDX-License-Identifier: MIT
 *
 * How a benchmark prints what it found: rows of named numbers, headline first,
 * then a hash of the result (so that two runs can be seen to have done the
 * same work) and the conditions. For people in columns; with --json one object
 * a line:
 *
 *   {"bench":"queue","row":"2 producers","commands_per_s":9400000,…}
 *   {"bench":"queue","hash":"5f…"}
 *   {"bench":"queue","conditions":{"machine":…,"processors":2,…}}
 *
 * A row is: row, then number or text as often as needed, then row_end. One
 * thread.
 */
#ifndef SP_BENCH_FIGURES_H
#define SP_BENCH_FIGURES_H

#include <sodium.h>

#include "bench/stopwatch.h"
#include "net/json_write.h"

typedef struct sp_bench_figures {
    const char *bench;
    bool json, tiny;
    bool has_values; /* of the row that is open */
    sp_json_writer *writer;
    sp_out out; /* the JSON line that is open */
    crypto_generichash_state hash;
} sp_bench_figures;

/* title: what is measured and what is left out, for people. false (after a
 * line on stderr) if out of memory. */
bool sp_bench_figures_begin(sp_bench_figures *figures, const char *bench, const char *title,
                            bool json, bool tiny);

void sp_bench_figures_row(sp_bench_figures *figures, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* name is JSON's (`orders_per_s`), unit people's (`orders/s`). */
void sp_bench_figures_number(sp_bench_figures *figures, const char *name, const char *unit,
                             double value, int decimals);
void sp_bench_figures_text(sp_bench_figures *figures, const char *name, const char *value);
void sp_bench_figures_row_end(sp_bench_figures *figures);

/* A whole row of a pace: operations a second, and the nanoseconds of one. */
void sp_bench_figures_pace(sp_bench_figures *figures, const char *label, sp_bench_pace pace,
                           uint32_t bytes);

/* Adds to the result hash. */
void sp_bench_figures_hash(sp_bench_figures *figures, const void *bytes, size_t size);

/* Prints hash and conditions; frees. with_hash false: the amount of work
 * depended on the time, so that a hash would say nothing. */
void sp_bench_figures_end(sp_bench_figures *figures, bool with_hash);

/* Lower-case hex of bytes, NUL-terminated: out has 2 * size + 1. */
void sp_bench_hex(const void *bytes, size_t size, char *out);

#endif
