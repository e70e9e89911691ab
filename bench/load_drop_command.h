/* SPDX-License-Identifier: MIT
 *
 * `bench load --workload drop`: runs it (load_drop.h), compares with the log, and
 * tells. Blocks.
 */
#ifndef SP_BENCH_LOAD_DROP_COMMAND_H
#define SP_BENCH_LOAD_DROP_COMMAND_H

#include "bench/load_options.h"

/* wire: of sp_bench_load_http; watch: what the workload's side opened. Exit code, as
 * of the other workloads; what a reader of the figures must know is on stderr. */
int sp_bench_load_drop_command(const sp_bench_load_options *options, const void *wire, void *watch);

#endif
