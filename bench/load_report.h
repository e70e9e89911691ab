/* SPDX-License-Identifier: MIT
 *
 * What a run of the load generator tells: columns for people, or one JSON
 * object.
 */
#ifndef SP_BENCH_LOAD_REPORT_H
#define SP_BENCH_LOAD_REPORT_H

#include "bench/load_check.h"
#include "bench/load_client.h"
#include "bench/load_options.h"

typedef struct sp_bench_load_report {
    const sp_bench_load_options *options;
    const sp_bench_load_outcome *outcome;
    const sp_bench_load_check *check; /* NULL: not asked for */
    const void *side;                 /* of the workload's side, or NULL */
} sp_bench_load_report;

/* Both to stdout. The JSON aborts if out of memory. */
void sp_bench_load_report_text(const sp_bench_load_report *report);
void sp_bench_load_report_json(const sp_bench_load_report *report);

/* Members, and lines, for a side's report and the drop's. */
void sp_bench_load_report_put_latency(sp_json_writer *json, const char *key,
                                      const sp_bench_histogram *latency);
void sp_bench_load_report_put_refused(sp_json_writer *json, const char *key,
                                      const sp_bench_load_counts *counts);
void sp_bench_load_report_put_double(sp_json_writer *json, const char *key, double value,
                                     int decimals);
void sp_bench_load_report_put_check(sp_json_writer *json, const sp_bench_load_check *check);
void sp_bench_load_report_print_latency(const char *name, const sp_bench_histogram *latency);
/* when: words behind each. */
void sp_bench_load_report_print_refused(const sp_bench_load_counts *counts, const char *when);
void sp_bench_load_report_print_check(const sp_bench_load_check *check);

/* Refusals that do not belong to the workload, of the whole run: a warm-up that
 * was refused did not warm the server up. */
uint64_t sp_bench_load_report_unexpected(const sp_bench_load_report *report);

#endif
