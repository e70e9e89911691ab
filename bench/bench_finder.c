/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench finder`: what it costs to find the best seats that are left,
 * in a hall of 50,000 (1,250 rows of 40, two grades), from empty to full. Taken
 * seats lie where random single buyers took them (the worst for whoever looks
 * for neighbours), or where groups of one to six did. Then the worst cases that
 * are known, in a concert as large as may be.
 *
 * Each call looks at another of eight maps of its kind, all warm in the cache:
 * what a server pays beside, for words that lie in memory, is left out.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "engine/assert.h"
#include "engine/bitmap.h"
#include "engine/cards.h"
#include "engine/finder.h"
#include "tools/options.h"

#define RUNS (figures->tiny ? 3u : 15u)
#define MAPS_COUNT 8u
#define WORDS_MAX ((SP_SEATS_PER_CONCERT_MAX + 63u) / 64u)
#define GROUP_MAX 6u

typedef struct map {
    uint64_t sold[WORDS_MAX], held[WORDS_MAX];
} map;

typedef struct finder {
    uint32_t row_sizes[SP_ROWS_PER_CONCERT_MAX];
    void *block; /* the card's */
    const sp_concert_card *card;
    map maps[MAPS_COUNT];
    /* What is asked for. */
    uint32_t seats_count, calls_count;
    bool allow_split;
    uint64_t sum;
} finder;

static void find_all(void *context)
{
    finder *f = context;
    for (uint32_t i = 0; i < f->calls_count; i++) {
        const map *m = &f->maps[i % MAPS_COUNT];
        sp_seat seats[SP_SEATS_PER_ORDER_MAX];
        uint32_t largest_run = 0;
        bool found = sp_find_best(f->card, m->sold, m->held, SP_GRADE_ANY, f->seats_count,
                                  f->allow_split, seats, &largest_run);
        f->sum = f->sum * 31 + (found ? seats[0] + seats[f->seats_count - 1] : largest_run);
    }
}

static void judge_all(void *context)
{
    finder *f = context;
    for (uint32_t i = 0; i < f->calls_count; i++) {
        const map *m = &f->maps[i % MAPS_COUNT];
        sp_seat orphans[SP_ORPHANS_MAX], seats[] = {0, 0};
        seats[0] = i * 40 % f->card->seats_count + i % 2; /* the first of a row, or not */
        seats[1] = seats[0] + 1;
        f->sum = f->sum * 31 + sp_find_orphans(f->card, m->sold, m->held, seats, 2, orphans);
    }
}

/* All free again. false: out of memory. */
static bool make_hall(finder *f, uint32_t rows_count, uint32_t row_size)
{
    const uint32_t better = rows_count / 5;
    const sp_grade_spec grades[] = {{SP_TEXT("VIP"), 100, f->row_sizes, better},
                                    {SP_TEXT("R"), 10, f->row_sizes, rows_count - better}};
    const sp_concert_spec spec = {.name = SP_TEXT("hall"), .grades = grades, .grades_count = 2};
    for (uint32_t i = 0; i < rows_count; i++)
        f->row_sizes[i] = row_size;
    sp_arena arena = {.bytes_max = sp_card_bytes(&spec, rows_count, NULL)};
    free(f->block);
    f->block = arena.base = calloc(1, arena.bytes_max);
    if (arena.base == NULL)
        return false;
    f->card = sp_card_make(&arena, &spec, NULL);
    memset(f->maps, 0, sizeof f->maps);
    return true;
}

static bool is_taken(const map *m, sp_seat seat)
{
    return sp_bitmap_has(m->sold, seat) || sp_bitmap_has(m->held, seat);
}

/* One in eight is held. */
static void take(map *m, sp_seat seat, sp_bench_random *random)
{
    sp_bitmap_set(sp_bench_random_below(random, 8) == 0 ? m->held : m->sold, &seat, 1);
}

/* Groups of one to `group_max` come until so many seats are taken: each to a
 * random free seat and those beside it that are free, in its row. */
static void fill_map(const sp_concert_card *card, map *m, uint32_t taken_count, uint32_t group_max,
                     sp_bench_random *random)
{
    while (taken_count > 0) {
        sp_seat seat = sp_bench_random_below(random, card->seats_count);
        uint32_t left = 1 + sp_bench_random_below(random, group_max);
        uint32_t row_size = card->row_first_seat[1];
        sp_seat row_end = seat - seat % row_size + row_size;
        for (; left > 0 && taken_count > 0 && seat < row_end && !is_taken(m, seat); left--) {
            take(m, seat++, random);
            taken_count--;
        }
    }
}

static void fill(finder *f, uint32_t percent, uint32_t group_max)
{
    memset(f->maps, 0, sizeof f->maps);
    for (uint32_t i = 0; i < MAPS_COUNT; i++) {
        sp_bench_random random = {100 * percent + 10 * group_max + i + 1};
        uint32_t taken_count = (uint32_t)((uint64_t)f->card->seats_count * percent / 100);
        fill_map(f->card, &f->maps[i], taken_count, group_max, &random);
    }
}

/* In every map alike: a seat in `period` is taken. */
static void fill_evenly(finder *f, uint32_t period)
{
    for (uint32_t i = 0; i < MAPS_COUNT; i++)
        for (sp_seat seat = period - 1; seat < f->card->seats_count; seat += period)
            f->maps[i].sold[seat / 64u] |= UINT64_C(1) << (seat % 64u);
}

static double call_ns(sp_bench_figures *figures, finder *f, uint32_t seats_count, bool allow_split)
{
    f->seats_count = seats_count;
    f->allow_split = allow_split;
    double median_ns = sp_bench_pace_of(find_all, f, f->calls_count, RUNS).median_ns;
    sp_bench_figures_hash(figures, &f->sum, sizeof f->sum);
    return median_ns;
}

static void bench_map(sp_bench_figures *figures, finder *f, const char *label)
{
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "ns_of_2", "ns (2)", call_ns(figures, f, 2, false), 0);
    sp_bench_figures_number(figures, "ns_of_4", "ns (4)", call_ns(figures, f, 4, false), 0);
    sp_bench_figures_number(figures, "ns_of_2_split", "ns (2 split)", call_ns(figures, f, 2, true),
                            0);
    sp_bench_figures_number(figures, "ns_of_4_split", "ns (4 split)", call_ns(figures, f, 4, true),
                            0);
    sp_bench_figures_row_end(figures);
}

static void bench_one(sp_bench_figures *figures, finder *f, const char *label, uint32_t seats_count,
                      bool allow_split)
{
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "ns", "ns", call_ns(figures, f, seats_count, allow_split), 0);
    sp_bench_figures_row_end(figures);
}

static void bench_filled(sp_bench_figures *figures, finder *f)
{
    static const uint32_t percents[] = {50, 90, 99};
    bench_map(figures, f, "empty");
    for (uint32_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        char label[64];
        fill(f, percents[i], 1);
        snprintf(label, sizeof label, "%u %% taken, single seats", percents[i]);
        bench_map(figures, f, label);
        fill(f, percents[i], GROUP_MAX);
        snprintf(label, sizeof label, "%u %% taken, groups", percents[i]);
        bench_map(figures, f, label);
    }
    fill(f, 100, 1);
    bench_map(figures, f, "full");
}

static void bench_orphans(sp_bench_figures *figures, finder *f)
{
    memset(f->maps, 0, sizeof f->maps);
    double median_ns = sp_bench_pace_of(judge_all, f, f->calls_count, RUNS).median_ns;
    sp_bench_figures_row(figures, "orphan rule, two seats");
    sp_bench_figures_number(figures, "ns", "ns", median_ns, 0);
    sp_bench_figures_row_end(figures);
    sp_bench_figures_hash(figures, &f->sum, sizeof f->sum);
}

/* Nothing ends these searches early. The last two find only places with an
 * orphan, and so look at every run for a better one. */
static bool bench_worst(sp_bench_figures *figures, finder *f)
{
    const uint32_t tens_count = SP_ROWS_PER_CONCERT_MAX;
    if (!make_hall(f, tens_count, SP_SEATS_PER_CONCERT_MAX / tens_count))
        return false;
    f->calls_count = figures->tiny ? 2 * MAPS_COUNT : 512;
    bench_one(figures, f, "200,000 seats: 11 in rows of 10", 11, false);
    fill_evenly(f, 2);
    bench_one(figures, f, "200,000 seats: 2, every second free", 2, false);
    bench_one(figures, f, "200,000 seats: 100 split, same", 100, true);
    fill_evenly(f, 1);
    bench_one(figures, f, "200,000 seats: 2, full", 2, false);
    memset(f->maps, 0, sizeof f->maps);
    bench_one(figures, f, "200,000 seats: 9 in rows of 10", 9, false);
    if (!make_hall(f, 5000, 40))
        return false;
    fill_evenly(f, 4);
    bench_one(figures, f, "200,000 seats: 2 in threes", 2, false);
    return true;
}

static bool bench_all(sp_bench_figures *figures, finder *f)
{
    f->calls_count = figures->tiny ? 4 * MAPS_COUNT : 4096;
    if (!make_hall(f, 1250, 40))
        return false;
    bench_filled(figures, f);
    bench_orphans(figures, f);
    return bench_worst(figures, f);
}

int sp_bench_finder(int argc, char **argv)
{
    const char *tiny[1], *json[1];
    sp_option options[] = {
        {"tiny", NULL, "a run for tests: small numbers", tiny, 1, 0},
        {"json", NULL, "print a JSON object a line", json, 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench finder [OPTION]...\n"
                                  "Looks for the best seats that are left.",
                                  options, 2, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    static finder f; /* large */
    sp_bench_figures figures;
    if (!sp_bench_figures_begin(&figures, "finder",
                                "the best 2 or 4 seats of 50,000, by how many are taken; warm maps",
                                options[1].count > 0, options[0].count > 0))
        return SP_EXIT_FAILED;
    memset(&f, 0, sizeof f);
    bool good = bench_all(&figures, &f);
    if (!good)
        fputs("stagepick bench: out of memory\n", stderr);
    sp_bench_figures_end(&figures, good);
    free(f.block);
    return good ? SP_EXIT_OK : SP_EXIT_FAILED;
}
