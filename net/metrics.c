/* SPDX-License-Identifier: MIT */
#include "net/metrics.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/assert.h"

/* Two cache lines: some processors fetch them in pairs. */
#define APART 128u

struct sp_metrics {
    int64_t started_at_ms, started_boot_ms;
    uint32_t loops_count, routes_count;
    sp_metrics_loop *loops[SP_METRICS_LOOPS_MAX];
};

#define CHECK_NUMBER(number, id, code, status, retryable, title)                  \
    _Static_assert((number) < SP_METRICS_OUTCOMES, "each outcome has a counter"); \
    _Static_assert((status) >= 200 && (status) < 512, "sp_status_of looks at nine bits");
SP_OUTCOMES(CHECK_NUMBER)
#undef CHECK_NUMBER

const char *sp_throttle_name(sp_throttle throttle)
{
    static const char *const names[SP_THROTTLES_COUNT] = {
#define NAME(id, name) [SP_THROTTLE_##id] = name,
        SP_THROTTLES(NAME)
#undef NAME
    };
    return names[throttle];
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static sp_metrics_loop *create_loop(uint32_t routes_count)
{
    size_t size = sizeof(sp_metrics_loop) + routes_count * sizeof(sp_metrics_route);
    size = (size + APART - 1) / APART * APART;
    sp_metrics_loop *loop = aligned_alloc(APART, size);
    if (loop == NULL)
        return NULL;
    memset(loop, 0, size);
    loop->routes_count = routes_count;
    return loop;
}

sp_metrics *sp_metrics_create(uint32_t loops_count, uint32_t routes_count)
{
    SP_ASSERT_CMP(loops_count, <=, SP_METRICS_LOOPS_MAX);
    SP_ASSERT_CMP(routes_count, >=, 1);
    sp_metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL)
        return NULL;
    metrics->started_at_ms = clock_ms(CLOCK_REALTIME);
    metrics->started_boot_ms = clock_ms(CLOCK_BOOTTIME);
    metrics->loops_count = loops_count;
    metrics->routes_count = routes_count;
    for (uint32_t i = 0; i < loops_count; i++) {
        metrics->loops[i] = create_loop(routes_count);
        if (metrics->loops[i] == NULL) {
            sp_metrics_destroy(metrics);
            return NULL;
        }
    }
    return metrics;
}

void sp_metrics_destroy(sp_metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (uint32_t i = 0; i < metrics->loops_count; i++)
        free(metrics->loops[i]);
    free(metrics);
}

sp_metrics_loop *sp_metrics_of_loop(sp_metrics *metrics, uint32_t loop)
{
    SP_ASSERT_CMP(loop, <, metrics->loops_count);
    return metrics->loops[loop];
}

static void add_all(const sp_counter *counters, uint32_t count, uint64_t *sums)
{
    for (uint32_t i = 0; i < count; i++)
        sums[i] += sp_counter_get(&counters[i]);
}

static void add_route(const sp_metrics_route *route, sp_metrics_route_figures *out)
{
    sp_tally_read(&route->time, &out->time);
    add_all(route->statuses, SP_STATUSES_COUNT, out->statuses);
    out->count = 0;
    for (uint32_t i = 0; i < SP_STATUSES_COUNT; i++)
        out->count += out->statuses[i];
}

static void add_loop(const sp_metrics_loop *loop, uint32_t index, sp_metrics_figures *out)
{
    out->loops[index].turns = sp_counter_get(&loop->turns);
    out->loops[index].busy_ns = sp_counter_get(&loop->busy_ns);
    out->loops[index].turn_ns_max = sp_counter_get(&loop->turn_ns_max);
    out->sent_bytes += sp_counter_get(&loop->sent_bytes);
    out->turned_away += sp_counter_get(&loop->turned_away);
    out->left += sp_counter_get(&loop->left);
    uint64_t high = sp_counter_get(&loop->queue_high);
    out->queue_high = high > out->queue_high ? high : out->queue_high;
    /* Closed before accepted: one that comes and goes between the two looks is
     * then one too many for a moment, and never one too few, below zero. */
    uint64_t closed = sp_counter_get(&loop->closed);
    uint64_t accepted = sp_counter_get(&loop->accepted);
    out->accepted += accepted;
    out->open += accepted > closed ? accepted - closed : 0;
    add_all(loop->throttled, SP_THROTTLES_COUNT, out->throttled);
    add_all(loop->rejections, SP_METRICS_OUTCOMES, out->rejections);
    for (uint32_t i = 0; i < out->routes_count; i++)
        add_route(&loop->routes[i], &out->routes[i]);
}

sp_metrics_figures *sp_metrics_read(const sp_metrics *metrics)
{
    sp_metrics_figures *out =
        calloc(1, sizeof *out + metrics->routes_count * sizeof(sp_metrics_route_figures));
    if (out == NULL)
        return NULL;
    out->started_at_ms = metrics->started_at_ms;
    out->uptime_ms = (uint64_t)(clock_ms(CLOCK_BOOTTIME) - metrics->started_boot_ms);
    out->loops_count = metrics->loops_count;
    out->routes_count = metrics->routes_count;
    for (uint32_t i = 0; i < metrics->loops_count; i++)
        add_loop(metrics->loops[i], i, out);
    return out;
}
