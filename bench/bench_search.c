/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench search`: a page of 20 concerts by a part of their name, by the
 * index and by the plainest rival: all names, folded once and laid out newest first
 * in one text, gone through by the C library's memmem. The index folds the names of
 * its candidates anew each time; neither writes an answer.
 *
 * Then what the index costs: to put a concert into it, to give one another name, at a
 * start (all views published, with a search and without), and in memory.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "bench/names.h"
#include "engine/assert.h"
#include "engine/engine.h"
#include "engine/views.h"
#include "net/fold.h"
#include "net/process.h"
#include "tools/options.h"

#define RUNS (figures->tiny ? 3u : 11u)
#define PAGE 20u
#define TIME INT64_C(1700000000000)
/* In the name of one concert each, among the oldest. */
#define RARE_WORD "첼리스트 모음"
#define RARE_CHARACTER "쟘"

typedef struct catalogue {
    uint32_t concerts_count;
    sp_state *state;
    sp_views *views;
    char *folded; /* each name and category, a line each, newest first */
    size_t folded_size;
    /* What is asked for. */
    sp_text text;
    sp_category_id category;
    uint32_t calls_count;
    char needle[SP_FOLD_MAX(SP_SEARCH_TEXT_SIZE_MAX)];
    size_t needle_size;
    uint64_t found_count, looked_at_count; /* of one call */
} catalogue;

static sp_refusal refusal; /* large, and the same for all */

static void make(catalogue *c, const sp_command *command)
{
    sp_event event;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_replay replay;
    sp_outcome outcome;
    sp_decision decision =
        sp_decide(c->state, command, TIME, &event, seats, &replay, &outcome, &refusal);
    SP_ASSERT_CMP(decision, ==, SP_DECISION_EVENT);
    sp_apply(c->state, &event);
}

static sp_text name_of(uint32_t index, char buffer[SP_BENCH_NAME_SIZE_MAX])
{
    if (index == 7)
        return SP_TEXT("2026 " RARE_WORD " - 서울");
    if (index == 8)
        return SP_TEXT("The " RARE_CHARACTER " Quartet");
    uint32_t size = sp_bench_name(index, buffer);
    return (sp_text){buffer, size};
}

static void make_concerts(catalogue *c)
{
    static const uint32_t row = 1;
    const sp_grade_spec grade = {SP_TEXT("A"), 100, &row, 1};
    sp_concert_spec spec = {
        .start_date = TIME,
        .end_date = TIME + 1,
        .concert_date = TIME + 1,
        .age_limit = SP_AGE_ZERO,
        .max_seats_per_user = 1,
        .hold_seconds = SP_HOLD_SECONDS_MIN,
        .grades = &grade,
        .grades_count = 1,
    };
    sp_command command = {.type = SP_COMMAND_CONCERT_CREATE, .actor = 1};
    command.concert_create.spec = &spec;
    for (uint32_t i = 0; i < c->concerts_count; i++) {
        char buffer[SP_BENCH_NAME_SIZE_MAX];
        spec.name = name_of(i, buffer);
        spec.category = 1 + (uint32_t)(sp_bench_random_at(1, i) % SP_BENCH_CATEGORIES);
        make(c, &command);
    }
}

static bool make_state(catalogue *c)
{
    sp_limits limits = sp_limits_default;
    limits.users_max = limits.orders_max = limits.holds_max = 1;
    limits.concerts_max = limits.grades_max = limits.rows_max = limits.seats_max =
        c->concerts_count;
    c->state = sp_state_create(&limits);
    c->views = sp_views_create(&limits, sp_fold_text);
    if (c->state == NULL || c->views == NULL)
        return false;
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = SP_ROLE_ADMIN;
    make(c, &command);
    for (uint32_t i = 0; i < SP_BENCH_CATEGORIES; i++) {
        command = (sp_command){.type = SP_COMMAND_CATEGORY_CREATE, .actor = 1};
        const char *name = sp_bench_category(i);
        command.category_create.name = (sp_text){name, (uint32_t)strlen(name)};
        make(c, &command);
    }
    make_concerts(c);
    return true;
}

/* UTF-8 of folded characters; of several forms the first. */
static size_t encode(const uint32_t *characters, uint32_t count, char *out)
{
    char *at = out;
    for (uint32_t i = 0; i < count && characters[i] != SP_FOLD_BREAK; i++) {
        uint32_t x = characters[i];
        if (x < 0x80) {
            *at++ = (char)x;
        } else if (x < 0x800) {
            *at++ = (char)(0xC0 | x >> 6);
            *at++ = (char)(0x80 | (x & 0x3F));
        } else {
            SP_ASSERT_CMP(x, <, 0x10000);
            *at++ = (char)(0xE0 | x >> 12);
            *at++ = (char)(0x80 | (x >> 6 & 0x3F));
            *at++ = (char)(0x80 | (x & 0x3F));
        }
    }
    return (size_t)(at - out);
}

static size_t fold_into(sp_text text, char *out)
{
    uint32_t characters[SP_FOLD_MAX(SP_SEARCH_TEXT_SIZE_MAX)];
    uint32_t count = sp_fold_text(text, characters);
    return encode(characters, count, out);
}

static bool make_folded(catalogue *c)
{
    c->folded = malloc((size_t)c->concerts_count * 256);
    if (c->folded == NULL)
        return false;
    for (sp_concert_id id = c->concerts_count; id > 0; id--) {
        const sp_concert_spec *spec = &sp_state_concert(c->state, id)->spec;
        c->folded_size += fold_into(spec->name, c->folded + c->folded_size);
        c->folded[c->folded_size++] = '\t';
        c->folded_size +=
            fold_into(sp_state_category(c->state, spec->category), c->folded + c->folded_size);
        c->folded[c->folded_size++] = '\n';
    }
    return true;
}

/* --- both ways to a page --- */

static void search_once(catalogue *c)
{
    const sp_search *search = sp_views_search(c->views);
    sp_search_query query;
    sp_search_ask(search, c->text, c->category, &query);
    c->found_count = c->looked_at_count = 0;
    for (sp_concert_id id = c->concerts_count + 1;
         c->found_count < PAGE && (id = sp_search_next(search, &query, id)) > 0;) {
        sp_search_entry entry = sp_views_search_entry(c->views, sp_views_card(c->views, id));
        c->found_count += sp_search_finds(search, &query, &entry);
        c->looked_at_count++;
    }
}

static void search_all(void *context)
{
    catalogue *c = context;
    for (uint32_t i = 0; i < c->calls_count; i++)
        search_once(c);
}

static void scan_all(void *context)
{
    catalogue *c = context;
    const char *at = c->folded, *end = c->folded + c->folded_size;
    c->found_count = 0;
    while (c->found_count < PAGE &&
           (at = memmem(at, (size_t)(end - at), c->needle, c->needle_size)) != NULL) {
        c->found_count++;
        at = memchr(at, '\n', (size_t)(end - at));
    }
}

static void bench_text(sp_bench_figures *figures, catalogue *c, const char *label, const char *text)
{
    c->text = (sp_text){text, (uint32_t)strlen(text)};
    c->category = 0;
    c->needle_size = fold_into(c->text, c->needle);
    c->calls_count = figures->tiny ? 4 : 100;
    double scan_us = sp_bench_pace_of(scan_all, c, 1, RUNS).median_ns / 1e3;
    uint64_t scanned_count = c->found_count;
    double search_us = sp_bench_pace_of(search_all, c, c->calls_count, RUNS).median_ns / 1e3;
    SP_ASSERT_CMP(c->found_count, ==, scanned_count);
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "index_us", "us by index", search_us, 2);
    sp_bench_figures_number(figures, "scan_us", "us by scan", scan_us, 2);
    sp_bench_figures_number(figures, "found", "found", (double)c->found_count, 0);
    sp_bench_figures_number(figures, "looked_at", "looked at", (double)c->looked_at_count, 0);
    sp_bench_figures_row_end(figures);
    sp_bench_figures_hash(figures, &c->found_count, sizeof c->found_count);
    sp_bench_figures_hash(figures, &c->looked_at_count, sizeof c->looked_at_count);
}

static void bench_category(sp_bench_figures *figures, catalogue *c, const char *label,
                           const char *text, sp_category_id category)
{
    c->text = (sp_text){text, (uint32_t)strlen(text)};
    c->category = category;
    c->calls_count = figures->tiny ? 4 : 100;
    double search_us = sp_bench_pace_of(search_all, c, c->calls_count, RUNS).median_ns / 1e3;
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "index_us", "us by index", search_us, 2);
    sp_bench_figures_number(figures, "found", "found", (double)c->found_count, 0);
    sp_bench_figures_number(figures, "looked_at", "looked at", (double)c->looked_at_count, 0);
    sp_bench_figures_row_end(figures);
    sp_bench_figures_hash(figures, &c->looked_at_count, sizeof c->looked_at_count);
}

static void bench_texts(sp_bench_figures *figures, catalogue *c)
{
    bench_text(figures, c, "common word, 콘서트", "콘서트");
    bench_text(figures, c, "common word, tour", "tour");
    bench_text(figures, c, "two words, 춘향의 독주회", "춘향의 독주회");
    bench_text(figures, c, "rare word, of the oldest", RARE_WORD);
    bench_text(figures, c, "one common character, 의", "의");
    bench_text(figures, c, "one rare character", RARE_CHARACTER);
    bench_text(figures, c, "no hit, philharmonia", "philharmonia");
    bench_text(figures, c, "no hit, of common letters", "noitarebil");
    bench_text(figures, c, "no hit, one character", "쀍");
    bench_category(figures, c, "no text, one category of ten", "", 3);
    bench_category(figures, c, "콘서트 in one category of ten", "콘서트", 3);
}

/* --- what it costs --- */

static sp_search_entry entry_of(const catalogue *c, sp_concert_id id, sp_concert_id named_as)
{
    sp_search_entry entry = sp_views_search_entry(c->views, sp_views_card(c->views, named_as));
    entry.concert = id;
    return entry;
}

static bool bench_writing(sp_bench_figures *figures, const catalogue *c)
{
    sp_search *search = sp_search_create(c->concerts_count, sp_fold_text);
    sp_bench_stopwatch puts = {0}, renames = {0};
    if (search == NULL)
        return false;
    sp_bench_stopwatch_start(&puts);
    for (sp_concert_id id = 1; id <= c->concerts_count; id++) {
        sp_search_entry entry = entry_of(c, id, id);
        sp_search_put(search, &entry);
    }
    sp_bench_stopwatch_stop(&puts);
    uint32_t renames_count = c->concerts_count < 20000 ? c->concerts_count : 20000;
    sp_bench_stopwatch_start(&renames);
    for (uint32_t i = 0; i < renames_count; i++) {
        sp_concert_id id = 1 + (uint32_t)(sp_bench_random_at(2, i) % c->concerts_count);
        sp_search_entry entry = entry_of(c, id, id % c->concerts_count + 1);
        sp_search_put(search, &entry);
        sp_search_drop_stale(search, &entry);
    }
    sp_bench_stopwatch_stop(&renames);
    sp_search_destroy(search);
    sp_bench_figures_row(figures, "put a concert, first touch included");
    sp_bench_figures_number(figures, "us", "us", puts.seconds * 1e6 / c->concerts_count, 2);
    sp_bench_figures_number(figures, "kernel_us", "us in the kernel",
                            puts.kernel_seconds * 1e6 / c->concerts_count, 2);
    sp_bench_figures_row_end(figures);
    sp_bench_figures_row(figures, "rename a concert at random");
    sp_bench_figures_number(figures, "us", "us", renames.seconds * 1e6 / renames_count, 2);
    sp_bench_figures_row_end(figures);
    return true;
}

static uint64_t resident_bytes(void)
{
    sp_process_figures process;
    sp_process_read(&process);
    return process.resident_bytes;
}

/* Into views of their own: as at a start. */
static bool bench_start(sp_bench_figures *figures, const catalogue *c, const char *label,
                        sp_fold fold)
{
    sp_limits limits = sp_limits_default;
    limits.concerts_max = limits.seats_max = c->concerts_count;
    uint64_t before = resident_bytes();
    sp_views *views = sp_views_create(&limits, fold);
    sp_bench_stopwatch watch = {0};
    if (views == NULL)
        return false;
    sp_bench_stopwatch_start(&watch);
    sp_views_publish_all(views, c->state);
    sp_bench_stopwatch_stop(&watch);
    uint64_t after = resident_bytes();
    sp_views_destroy(views);
    sp_bench_figures_row(figures, "%s", label);
    sp_bench_figures_number(figures, "ms", "ms", watch.seconds * 1e3, 1);
    sp_bench_figures_number(figures, "kernel_ms", "ms in the kernel", watch.kernel_seconds * 1e3,
                            1);
    sp_bench_figures_number(figures, "resident_mib", "MiB",
                            (double)(after - before) / (1024 * 1024), 1);
    sp_bench_figures_row_end(figures);
    return true;
}

static bool bench_size(sp_bench_figures *figures, uint32_t concerts_count)
{
    catalogue c = {.concerts_count = concerts_count};
    bool good = make_state(&c) && make_folded(&c);
    if (good) {
        sp_views_publish_all(c.views, c.state);
        sp_bench_figures_row(figures, "%u concerts", concerts_count);
        sp_bench_figures_number(figures, "folded_bytes", "bytes a name, folded",
                                (double)c.folded_size / concerts_count, 1);
        sp_bench_figures_number(figures, "index_bytes", "bytes of index a concert",
                                SP_SEARCH_BYTES_PER_CONCERT, 0);
        sp_bench_figures_row_end(figures);
        bench_texts(figures, &c);
        good = bench_writing(figures, &c) &&
               bench_start(figures, &c, "views published, without a search", NULL) &&
               bench_start(figures, &c, "views published, with", sp_fold_text);
    }
    free(c.folded);
    sp_views_destroy(c.views);
    sp_state_destroy(c.state);
    return good;
}

static bool bench_all(sp_bench_figures *figures)
{
    return figures->tiny ? bench_size(figures, 700)
                         : bench_size(figures, 100000) && bench_size(figures, 1000000);
}

int sp_bench_search(int argc, char **argv)
{
    const char *tiny[1], *json[1];
    sp_option options[] = {
        {"tiny", NULL, "a run for tests: small numbers", tiny, 1, 0},
        {"json", NULL, "print a JSON object a line", json, 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench search [OPTION]...\n"
                                  "Finds concerts by parts of their names.",
                                  options, 2, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    sp_bench_figures figures;
    if (!sp_bench_figures_begin(&figures, "search",
                                "the first 20 concerts with a text in their name or category's",
                                options[1].count > 0, options[0].count > 0))
        return SP_EXIT_FAILED;
    bool good = bench_all(&figures);
    if (!good)
        fputs("stagepick bench: out of memory\n", stderr);
    sp_bench_figures_end(&figures, good);
    return good ? SP_EXIT_OK : SP_EXIT_FAILED;
}
