/* SPDX-License-Identifier: MIT
 *
 * Halls for the tests that look for seats: a card, the words that are to be
 * searched, and beside them the same as an array, a bool a seat, for naive
 * code to look at. Words are as long as the hall and no longer, so that the
 * address sanitizer sees who reads on.
 */
#ifndef SP_TESTS_ENGINE_HALL_H
#define SP_TESTS_ENGINE_HALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/bitmap.h"
#include "engine/cards.h"
#include "tests/support/random.h"
#include "tests/support/rerun.h"

#define HALL_GRADES_MAX 4u

struct hall {
    const sp_concert_card *card;
    uint64_t *sold, *held;
    bool *is_free;
    uint32_t *row_of; /* by seat */
    void *block;      /* the card's */
};

/* Rows one after the other, grades_rows[i] of them in grade i. All seats free. */
static inline struct hall hall_make(const uint32_t *row_sizes, const uint32_t *grades_rows,
                                    uint32_t grades_count)
{
    sp_grade_spec grades[HALL_GRADES_MAX];
    sp_concert_spec spec = {
        .name = SP_TEXT("hall"), .grades = grades, .grades_count = grades_count};
    uint32_t rows_count = 0;
    for (uint32_t i = 0; i < grades_count; i++) {
        grades[i] = (sp_grade_spec){SP_TEXT("grade"), 1, row_sizes + rows_count, grades_rows[i]};
        rows_count += grades_rows[i];
    }
    sp_arena arena = {.bytes_max = sp_card_bytes(&spec, rows_count, NULL)};
    struct hall hall = {.block = calloc(1, arena.bytes_max)};
    arena.base = hall.block;
    hall.card = sp_card_make(&arena, &spec, NULL);
    uint32_t words_count = sp_words_of_seats(hall.card->seats_count);
    hall.sold = calloc(words_count, sizeof *hall.sold);
    hall.held = calloc(words_count, sizeof *hall.held);
    hall.is_free = calloc(hall.card->seats_count, sizeof *hall.is_free);
    hall.row_of = calloc(hall.card->seats_count, sizeof *hall.row_of);
    for (uint32_t row = 0; row < rows_count; row++)
        for (sp_seat seat = hall.card->row_first_seat[row];
             seat < hall.card->row_first_seat[row + 1]; seat++) {
            hall.row_of[seat] = row;
            hall.is_free[seat] = true;
        }
    return hall;
}

static inline void hall_close(struct hall *hall)
{
    free(hall->row_of);
    free(hall->is_free);
    free(hall->held);
    free(hall->sold);
    free(hall->block);
}

/* Sold, held or, by number, both: they count alike. */
static inline void hall_take(struct hall *hall, sp_seat seat, uint64_t number)
{
    uint64_t bit = UINT64_C(1) << (seat % 64u);
    if (number % 3 != 0)
        hall->sold[seat / 64u] |= bit;
    if (number % 3 != 1)
        hall->held[seat / 64u] |= bit;
    hall->is_free[seat] = false;
}

static inline void hall_take_all(struct hall *hall)
{
    for (sp_seat seat = 0; seat < hall->card->seats_count; seat++)
        if (hall->is_free[seat])
            hall_take(hall, seat, seat);
}

static inline void hall_free(struct hall *hall, sp_seat seat)
{
    hall->sold[seat / 64u] &= ~(UINT64_C(1) << (seat % 64u));
    hall->held[seat / 64u] &= ~(UINT64_C(1) << (seat % 64u));
    hall->is_free[seat] = true;
}

/* One to four grades of rows that are all tiny, all alike, mixed, or longer
 * than words. */
static inline struct hall hall_make_random(sp_random *random)
{
    enum { ROWS_MAX = 24 };
    static const uint32_t alike[] = {1, 2, 3, 10, 40, 63, 64, 65, 128};
    uint32_t row_sizes[HALL_GRADES_MAX * ROWS_MAX], grades_rows[HALL_GRADES_MAX];
    uint32_t grades_count = 1 + (uint32_t)sp_random_below(random, HALL_GRADES_MAX);
    uint32_t rows_max = 1 + (uint32_t)sp_random_below(random, ROWS_MAX), rows_count = 0;
    uint64_t kind = sp_random_below(random, 4);
    uint32_t size = alike[sp_random_below(random, sizeof alike / sizeof *alike)];
    for (uint32_t i = 0; i < grades_count; i++) {
        grades_rows[i] = 1 + (uint32_t)sp_random_below(random, rows_max);
        for (uint32_t j = 0; j < grades_rows[i]; j++, rows_count++) {
            if (kind == 1)
                size = 1 + (uint32_t)sp_random_below(random, 7);
            else if (kind == 2)
                size = 1 + (uint32_t)sp_random_below(random, 70);
            else if (kind == 3)
                size = 1 + (uint32_t)sp_random_below(random, j % 4 == 0 ? 300 : 90);
            row_sizes[rows_count] = size;
        }
    }
    return hall_make(row_sizes, grades_rows, grades_count);
}

/* Runs of taken and free seats in turn, of random lengths up to these. */
static inline void hall_take_runs(struct hall *hall, sp_random *random, uint64_t taken_max,
                                  uint64_t free_max)
{
    for (sp_seat seat = 0; seat < hall->card->seats_count;) {
        seat += (sp_seat)sp_random_below(random, free_max + 1);
        for (uint64_t i = 1 + sp_random_below(random, taken_max); i > 0; i--, seat++)
            if (seat < hall->card->seats_count)
                hall_take(hall, seat, sp_random_next(random));
    }
}

/* From empty to full, by single seats or by runs. */
static inline void hall_take_random(struct hall *hall, sp_random *random)
{
    static const uint64_t one_in[] = {2, 3, 10, 100};
    uint64_t kind = sp_random_below(random, 8), often = one_in[sp_random_below(random, 4)];
    uint32_t seats_count = hall->card->seats_count;
    if (kind == 0)
        return;
    if (kind <= 2) {
        hall_take_runs(hall, random, 1 + sp_random_below(random, 30),
                       1 + sp_random_below(random, 30));
    } else if (kind == 3) {
        hall_take_runs(hall, random, 2, 1 + sp_random_below(random, 6));
    } else if (kind <= 5) {
        for (sp_seat seat = 0; seat < seats_count; seat++)
            if (sp_random_once_in(random, often))
                hall_take(hall, seat, sp_random_next(random));
    } else {
        hall_take_all(hall);
        for (sp_seat seat = 0; seat < seats_count; seat++)
            if (kind == 6 && sp_random_once_in(random, often))
                hall_free(hall, seat);
    }
}

static inline bool hall_is_free_in_row(const struct hall *hall, const bool *is_free, int64_t seat,
                                       uint32_t row)
{
    return seat >= hall->card->row_first_seat[row] && seat < hall->card->row_first_seat[row + 1] &&
           is_free[seat];
}

/* Is the seat a run of its own? */
static inline bool hall_is_single(const struct hall *hall, const bool *is_free, int64_t seat)
{
    uint32_t row = hall->row_of[seat];
    return is_free[seat] && !hall_is_free_in_row(hall, is_free, seat - 1, row) &&
           !hall_is_free_in_row(hall, is_free, seat + 1, row);
}

static inline uint64_t hall_number_from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 10) : otherwise;
}

/* Random halls, each of a seed of its own: SP_SEED is the first (1), SP_HALLS
 * how many. `check` is called for each with the hall and its random numbers. */
static inline void hall_for_each(uint64_t halls_count,
                                 void (*check)(struct hall *hall, sp_random *random))
{
    uint64_t seed = hall_number_from_env("SP_SEED", 1);
    uint64_t left = hall_number_from_env("SP_HALLS", halls_count);
    for (; left > 0; left--, seed++) {
        sp_random random;
        sp_rerun_set("SP_SEED=%" PRIu64 " SP_HALLS=1 %s", seed, program_invocation_name);
        sp_random_seed(&random, seed);
        struct hall hall = hall_make_random(&random);
        hall_take_random(&hall, &random);
        check(&hall, &random);
        hall_close(&hall);
    }
}

#endif
