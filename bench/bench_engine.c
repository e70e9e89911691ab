/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench engine`: how fast the core sells and refuses. No queue, no
 * log, no socket: each order is decided and applied. The headline is single
 * seats of random users at random concerts, run twice on fresh states: one by
 * one, and with sp_prefetch_commands over batches as the sequencer does it; both must
 * give one digest. Then a matrix of what the headline could hide: one concert
 * or a thousand, few users or many, one seat an order or four; and refusals
 * at a concert that is sold out.
 *
 * Given any of --users, --concerts, --seats, --orders, --seats-per-order, only
 * that workload runs.
 */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "bench/sales.h"
#include "tools/options.h"

#define BATCH 64u
/* The kernel's share comes from a clock of ticks: too coarse for less. */
#define SHARE_FROM_SECONDS 0.2
/* A matrix row of few orders is repeated on fresh states until it has these. */
#define ROW_ORDERS 2000000u

typedef struct run {
    sp_bench_stopwatch watch;
    uint64_t orders_count, refused_count;
    uint8_t digest[SP_DIGEST_SIZE];
    sp_state_usage usage;
} run;

static sp_refusal refusal; /* large, and the same for all */

/* Decides (and applies) in batches; returns how many were refused. */
static uint64_t sell(sp_state *state, const sp_bench_sales *sales, const sp_bench_sale *plan,
                     bool prefetch)
{
    static sp_command commands[BATCH];
    const sp_command *batch[BATCH];
    uint64_t refused_count = 0;
    memset(commands, 0, sizeof commands);
    for (uint32_t i = 0; i < BATCH; i++)
        batch[i] = &commands[i];
    for (uint32_t at = 0; at < sales->orders_count; at += BATCH) {
        uint32_t left = sales->orders_count - at;
        uint32_t count = left < BATCH ? left : BATCH;
        for (uint32_t i = 0; i < count; i++)
            sp_bench_sale_command(sales, &plan[at + i], &commands[i]);
        if (prefetch)
            sp_prefetch_commands(state, batch, count);
        for (uint32_t i = 0; i < count; i++)
            refused_count += sp_bench_decide_apply(state, &commands[i], NULL, NULL, &refusal) !=
                             SP_DECISION_EVENT;
    }
    return refused_count;
}

static bool run_once(const sp_bench_sales *sales, const sp_bench_sale *plan, bool prefetch,
                     run *out)
{
    sp_state *state = sp_bench_sales_state(sales);
    if (state == NULL)
        return false;
    sp_bench_sales_stage(sales, state, NULL, NULL);
    sp_bench_stopwatch_start(&out->watch);
    out->refused_count += sell(state, sales, plan, prefetch);
    sp_bench_stopwatch_stop(&out->watch);
    out->orders_count += sales->orders_count;
    sp_state_usage_of(state, &out->usage);
    sp_digest(state, out->digest);
    sp_state_destroy(state);
    return true;
}

static void print_run(sp_bench_figures *figures, const run *done)
{
    char digest[2 * SP_DIGEST_SIZE + 1];
    double count = (double)done->orders_count, seconds = done->watch.seconds;
    double own_seconds = seconds - done->watch.kernel_seconds;
    sp_bench_figures_number(figures, "orders_per_s", "orders/s", count / seconds, 0);
    sp_bench_figures_number(figures, "ns_per_order", "ns/order", seconds * 1e9 / count, 1);
    if (seconds >= SHARE_FROM_SECONDS && own_seconds > 0) {
        sp_bench_figures_number(figures, "first_touch_ns", "ns first touch",
                                done->watch.kernel_seconds * 1e9 / count, 1);
        sp_bench_figures_number(figures, "orders_per_s_without", "orders/s without",
                                count / own_seconds, 0);
    }
    if (done->refused_count > 0)
        sp_bench_figures_number(figures, "refused", "refused", (double)done->refused_count, 0);
    sp_bench_hex(done->digest, SP_DIGEST_SIZE, digest);
    if (!figures->json) /* the whole of it is for programs */
        digest[16] = '\0';
    sp_bench_figures_text(figures, "digest", digest);
    sp_bench_figures_row_end(figures);
    sp_bench_figures_hash(figures, done->digest, SP_DIGEST_SIZE);
}

static double per(uint64_t bytes, uint64_t count)
{
    return (double)bytes / (double)count;
}

static void print_usage(sp_bench_figures *figures, const sp_bench_sales *sales, const run *done)
{
    const sp_state_usage *usage = &done->usage;
    uint64_t seats_count = (uint64_t)sales->concerts_count * sales->seats_count;
    sp_bench_figures_row(figures, "memory");
    sp_bench_figures_number(figures, "bytes_per_order", "bytes/order",
                            per(usage->orders_bytes, sales->orders_count), 1);
    sp_bench_figures_number(figures, "bytes_per_seat", "bytes/seat",
                            per(usage->seats_bytes, seats_count), 1);
    sp_bench_figures_number(figures, "bytes_per_user", "bytes/user",
                            per(usage->users_bytes, sales->users_count), 1);
    sp_bench_figures_number(figures, "caps_bytes_per_user", "bytes/user of caps",
                            per(usage->caps_bytes, sales->users_count), 1);
    sp_bench_figures_number(figures, "orders_per_user", "orders each",
                            per(sales->orders_count, sales->users_count), 1);
    sp_bench_figures_row_end(figures);
}

/* One workload both ways, and what it costs in memory. */
static int bench_both(sp_bench_figures *figures, const sp_bench_sales *sales)
{
    run plain = {0}, prefetched = {0};
    sp_bench_sale *plan = sp_bench_sales_plan(sales);
    bool ran = plan != NULL && run_once(sales, plan, false, &plain) &&
               run_once(sales, plan, true, &prefetched);
    free(plan);
    if (!ran)
        return SP_EXIT_FAILED;
    sp_bench_figures_row(figures, "one by one");
    print_run(figures, &plain);
    sp_bench_figures_row(figures, "prefetched by 64");
    print_run(figures, &prefetched);
    print_usage(figures, sales, &plain);
    if (memcmp(plain.digest, prefetched.digest, SP_DIGEST_SIZE) == 0)
        return SP_EXIT_OK;
    fputs("stagepick bench: the two runs came to different states\n", stderr);
    return SP_EXIT_FAILED;
}

static bool bench_row(sp_bench_figures *figures, const sp_bench_sales *sales)
{
    run done = {0};
    sp_bench_sale *plan = sp_bench_sales_plan(sales);
    bool good = plan != NULL;
    uint64_t orders_wanted = figures->tiny ? sales->orders_count : ROW_ORDERS;
    while (good && done.orders_count < orders_wanted)
        good = run_once(sales, plan, true, &done);
    free(plan);
    if (!good)
        return false;
    sp_bench_figures_row(figures, "%u seat%s, %u concert%s, %u users", sales->seats_per_order,
                         sales->seats_per_order > 1 ? "s" : "", sales->concerts_count,
                         sales->concerts_count > 1 ? "s" : "", sales->users_count);
    print_run(figures, &done);
    return true;
}

static bool bench_matrix(sp_bench_figures *figures)
{
    static const uint32_t seats_per_order[] = {1, 4};
    static const uint32_t full_concerts[] = {1, 1000}, full_users[] = {1000, 1000000};
    static const uint32_t tiny_concerts[] = {1, 10}, tiny_users[] = {100, 1000};
    const uint32_t *concerts = figures->tiny ? tiny_concerts : full_concerts;
    const uint32_t *users = figures->tiny ? tiny_users : full_users;
    for (int s = 0; s < 2; s++)
        for (int c = 0; c < 2; c++)
            for (int u = 0; u < 2; u++) {
                sp_bench_sales sales = {
                    .users_count = users[u],
                    .concerts_count = concerts[c],
                    .seats_count = figures->tiny ? 1000
                                   : c > 0       ? 10000
                                                 : SP_SEATS_PER_CONCERT_MAX,
                    .seats_per_order = seats_per_order[s],
                };
                uint64_t most = sp_bench_sales_orders_max(&sales);
                uint32_t wanted = ROW_ORDERS / seats_per_order[s];
                sales.orders_count = most < wanted ? (uint32_t)most : wanted;
                if (!bench_row(figures, &sales))
                    return false;
            }
    return true;
}

/* Everybody wants seats of a concert that has none left: what a drop does to
 * the sequencer from its first minute on. */
static bool bench_refusals(sp_bench_figures *figures, uint32_t seats_per_order)
{
    uint32_t wanted = figures->tiny ? 5000 : ROW_ORDERS;
    sp_bench_sales sales = {.users_count = figures->tiny ? 1000 : 1000000,
                            .concerts_count = 1,
                            .seats_count = 1000,
                            .orders_count = 1000 / seats_per_order,
                            .seats_per_order = seats_per_order};
    run done = {.orders_count = wanted};
    sp_bench_random random = {UINT64_C(0x5851f42d4c957f2d)};
    sp_state *state = sp_bench_sales_state(&sales);
    sp_bench_sale *plan = sp_bench_sales_plan(&sales);
    sp_bench_sale *wishes = malloc(wanted * sizeof *wishes);
    bool good = state != NULL && plan != NULL && wishes != NULL;
    if (good) {
        sp_bench_sales_stage(&sales, state, NULL, NULL);
        sell(state, &sales, plan, false);
        for (uint32_t i = 0; i < wanted; i++)
            wishes[i] = (sp_bench_sale){
                .user = sp_bench_random_below(&random, sales.users_count) + 1,
                .concert = 1,
                .first_seat = sp_bench_random_below(&random, 1001 - seats_per_order)};
        sales.orders_count = wanted;
        sp_bench_stopwatch_start(&done.watch);
        done.refused_count = sell(state, &sales, wishes, true);
        sp_bench_stopwatch_stop(&done.watch);
        sp_digest(state, done.digest);
        sp_bench_figures_row(figures, "sold out, %u seat%s", seats_per_order,
                             seats_per_order > 1 ? "s" : "");
        print_run(figures, &done);
        good = done.refused_count == wanted;
        if (!good)
            fputs("stagepick bench: a seat that was sold was sold again\n", stderr);
    }
    free(wishes);
    free(plan);
    sp_state_destroy(state);
    return good;
}

enum { USERS, CONCERTS, SEATS, ORDERS, SEATS_PER_ORDER, TINY, JSON, OPTIONS_COUNT };

/* The numbers given on the command line; -1: one of them is no number; else
 * how many there were. */
static int read_numbers(const sp_option *options, sp_bench_sales *sales)
{
    uint32_t *const fields[] = {&sales->users_count, &sales->concerts_count, &sales->seats_count,
                                &sales->orders_count, &sales->seats_per_order};
    static const uint64_t most[] = {UINT32_MAX - 1, 1000000, SP_SEATS_PER_CONCERT_MAX,
                                    UINT32_MAX - 1, SP_SEATS_PER_ORDER_MAX};
    int given = 0;
    for (int i = USERS; i <= SEATS_PER_ORDER; i++) {
        uint64_t number;
        if (options[i].count == 0)
            continue;
        if (!sp_option_number(&options[i], 1, most[i], &number))
            return -1;
        *fields[i] = (uint32_t)number;
        given++;
    }
    return given;
}

static int bench(const sp_bench_sales *sales, bool one_workload, bool json, bool tiny)
{
    char title[160];
    sp_bench_figures figures;
    snprintf(title, sizeof title,
             "decide + apply, no log, no socket\n%u users, %u concerts x %u seats, %u orders of "
             "%u seat%s, random users and concerts",
             sales->users_count, sales->concerts_count, sales->seats_count, sales->orders_count,
             sales->seats_per_order, sales->seats_per_order > 1 ? "s" : "");
    if (!sp_bench_figures_begin(&figures, "engine", title, json, tiny))
        return SP_EXIT_FAILED;
    int code = bench_both(&figures, sales);
    if (code == SP_EXIT_OK && !one_workload &&
        !(bench_matrix(&figures) && bench_refusals(&figures, 1) && bench_refusals(&figures, 4)))
        code = SP_EXIT_FAILED;
    sp_bench_figures_end(&figures, true);
    return code;
}

int sp_bench_engine(int argc, char **argv)
{
    const char *texts[OPTIONS_COUNT] = {NULL};
    sp_option options[OPTIONS_COUNT] = {
        [USERS] = {"users", "N", "users who order (1000000)", &texts[USERS], 1, 0},
        [CONCERTS] = {"concerts", "N", "concerts on sale (1000)", &texts[CONCERTS], 1, 0},
        [SEATS] = {"seats", "N", "seats a concert (10000)", &texts[SEATS], 1, 0},
        [ORDERS] = {"orders", "N", "orders to decide and apply (5000000)", &texts[ORDERS], 1, 0},
        [SEATS_PER_ORDER] = {"seats-per-order", "N", "seats an order (1)", &texts[SEATS_PER_ORDER],
                             1, 0},
        [TINY] = {"tiny", NULL, "a run for tests: small numbers", &texts[TINY], 1, 0},
        [JSON] = {"json", NULL, "print a JSON object a line", &texts[JSON], 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench engine [OPTION]...\n"
                                  "Sells seats to random users at random concerts.",
                                  options, OPTIONS_COUNT, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    bool tiny = options[TINY].count > 0;
    sp_bench_sales sales = {1000000, 1000, 10000, 5000000, 1};
    if (tiny)
        sales = (sp_bench_sales){1000, 10, 1000, 5000, 1};
    int given = read_numbers(options, &sales);
    if (given < 0)
        return SP_EXIT_USAGE;
    uint64_t seats_count = (uint64_t)sales.concerts_count * sales.seats_count;
    uint64_t orders_max = sp_bench_sales_orders_max(&sales);
    if (options[ORDERS].count == 0 && sales.orders_count > orders_max)
        sales.orders_count = (uint32_t)orders_max;
    if (seats_count > UINT32_MAX || sales.orders_count == 0 || sales.orders_count > orders_max) {
        fputs("stagepick bench engine: there must be no more orders than seats for them\n", stderr);
        return SP_EXIT_USAGE;
    }
    return bench(&sales, given > 0, options[JSON].count > 0, tiny);
}
