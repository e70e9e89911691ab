/* SPDX-License-Identifier: MIT */
#include "bench/load_workload.h"

#include <string.h>

static const sp_bench_load_workload *const workloads[] = {
    &sp_bench_load_spread,         &sp_bench_load_hot,   &sp_bench_load_map,
    &sp_bench_load_map_304,        &sp_bench_load_livez, &sp_bench_load_hold_then_order,
    &sp_bench_load_best_available, &sp_bench_load_queue, &sp_bench_load_map_watch,
    &sp_bench_load_drop,
};
#define WORKLOADS_COUNT (sizeof workloads / sizeof workloads[0])

const sp_bench_load_workload *sp_bench_load_workload_at(uint32_t index)
{
    return index < WORKLOADS_COUNT ? workloads[index] : NULL;
}

const sp_bench_load_workload *sp_bench_load_workload_of_name(const char *name)
{
    for (size_t i = 0; i < WORKLOADS_COUNT; i++)
        if (strcmp(workloads[i]->name, name) == 0)
            return workloads[i];
    return NULL;
}
