/* SPDX-License-Identifier: MIT
 *
 * Seat maps, concerts in turn: `map` asks for the whole map, `map-304` whether
 * the one it has is still good. For that each concert's map is read once
 * before (a prime), and again whenever an answer brings another tag.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/load_workload.h"

#define TAG_SIZE_MAX 64u

typedef struct tag {
    uint32_t size;
    char bytes[TAG_SIZE_MAX];
} tag;

typedef struct maps {
    sp_bench_load_range concerts;
    tag *tags; /* by concert; NULL: `map` */
} maps;

static void *open_map(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    maps *m = calloc(1, sizeof *m);
    if (m == NULL)
        snprintf(why, why_size, "out of memory");
    else
        m->concerts = stage->concerts;
    return m;
}

/* A server that names no tags (the plain floor) is asked with one of a usual
 * size all the time, so that the request costs it the same. */
static const tag unnamed = {9, "\"1-10000\""};

static void *open_map_304(const sp_bench_load_stage *stage, char *why, size_t why_size)
{
    maps *m = open_map(stage, why, why_size);
    if (m == NULL)
        return NULL;
    m->tags = malloc(stage->concerts.count * sizeof *m->tags);
    if (m->tags == NULL) {
        snprintf(why, why_size, "out of memory");
        free(m);
        return NULL;
    }
    for (uint32_t i = 0; i < stage->concerts.count; i++)
        m->tags[i] = unnamed;
    return m;
}

static void close_map(void *workload)
{
    maps *m = workload;
    if (m != NULL)
        free(m->tags);
    free(m);
}

static uint64_t capacity(const void *workload)
{
    (void)workload;
    return UINT64_MAX;
}

static void ask(const maps *m, uint32_t concert_index, sp_bench_load_request *out)
{
    out->kind = SP_BENCH_LOAD_MAP;
    out->concert = m->concerts.first + concert_index;
    out->mark = concert_index;
    out->etag = (sp_text){NULL, 0};
}

static void next(void *workload, uint64_t index, sp_bench_load_request *out)
{
    const maps *m = workload;
    uint32_t concert_index = (uint32_t)(index % m->concerts.count);
    ask(m, concert_index, out);
    if (m->tags != NULL)
        out->etag = (sp_text){m->tags[concert_index].bytes, m->tags[concert_index].size};
}

static uint32_t primes_count(const void *workload)
{
    return ((const maps *)workload)->concerts.count;
}

static void prime(void *workload, uint32_t index, sp_bench_load_request *out)
{
    ask(workload, index, out);
}

static void answered(void *workload, uint32_t mark, const sp_bench_load_answer *answer)
{
    maps *m = workload;
    if (answer->status != 200 || answer->etag.size == 0 || answer->etag.size > TAG_SIZE_MAX)
        return;
    m->tags[mark].size = answer->etag.size;
    memcpy(m->tags[mark].bytes, answer->etag.bytes, answer->etag.size);
}

const sp_bench_load_workload sp_bench_load_map = {
    .name = "map",
    .help = "GET a whole seat map, concerts in turn",
    .kind = SP_BENCH_LOAD_MAP,
    .open = open_map,
    .close = close_map,
    .capacity = capacity,
    .next = next,
};

const sp_bench_load_workload sp_bench_load_map_304 = {
    .name = "map-304",
    .help = "GET a seat map that has not changed since",
    .kind = SP_BENCH_LOAD_MAP,
    .open = open_map_304,
    .close = close_map,
    .capacity = capacity,
    .next = next,
    .primes_count = primes_count,
    .prime = prime,
    .answered = answered,
};
