/* SPDX-License-Identifier: MIT
 *
 * The options of `bench load`, checked together.
 */
#ifndef SP_BENCH_LOAD_OPTIONS_H
#define SP_BENCH_LOAD_OPTIONS_H

#include <sys/socket.h>

#include "bench/load_protocol.h"
#include "bench/load_workload.h"

/* Texts borrow from the command line. */
typedef struct sp_bench_load_options {
    const char *to; /* HOST:PORT, as typed */
    struct sockaddr_storage address;
    const sp_bench_load_protocol *protocol;
    const sp_bench_load_workload *workload;
    uint32_t connections_count, depth;
    uint64_t rate;
    uint32_t warmup_s, run_s, timeout_s;
    uint64_t requests_count; /* 0 = run_s counts */
    const char *dir;         /* NULL: none named */
    sp_bench_load_stage stage;
    uint64_t from;
    const char *script;
    const char *histogram_path; /* NULL = none */
    bool keyed, check, json;
    uint32_t watchers_count, server_pid; /* 0: none named */
} sp_bench_load_options;

/* Resolves the host (may block). SP_EXIT_OK, SP_EXIT_USAGE after a line on
 * stderr, or -1 after --help. */
int sp_bench_load_options_parse(int argc, char **argv, sp_bench_load_options *out);

#endif
