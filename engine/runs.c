/* SPDX-License-Identifier: MIT */
#include "engine/runs.h"

#include "engine/assert.h"

static void load(sp_runs *runs, uint32_t word)
{
    runs->word = word;
    runs->free = ~(runs->sold[word] | runs->held[word]);
    if (word == runs->last_word)
        runs->free &= runs->last_mask;
}

/* The walk ends with the row before rows_end. */
static void end_with(sp_runs *runs, uint32_t rows_end)
{
    sp_seat last = runs->card->row_first_seat[rows_end] - 1;
    runs->rows_end = rows_end;
    runs->last_word = last / 64u;
    runs->last_mask = ~UINT64_C(0) >> (63u - last % 64u);
}

/* What lies before the seat has been walked. */
static void skip_to(sp_runs *runs, sp_seat seat)
{
    uint32_t word = seat / 64u;
    if (word > runs->last_word) {
        runs->free = 0;
        runs->word = runs->last_word;
        return;
    }
    load(runs, word);
    runs->free &= ~UINT64_C(0) << (seat % 64u);
}

void sp_runs_begin(sp_runs *runs, const sp_concert_card *card, const uint64_t *sold,
                   const uint64_t *held, uint32_t first_row, uint32_t rows_count)
{
    SP_ASSERT_CMP(rows_count, >=, 1);
    SP_ASSERT_CMP(first_row, <, card->rows_count);
    SP_ASSERT_CMP(rows_count, <=, card->rows_count - first_row);

    *runs = (sp_runs){.card = card, .sold = sold, .held = held, .row = first_row};
    end_with(runs, first_row + rows_count);
    skip_to(runs, card->row_first_seat[first_row]);
}

void sp_runs_end_with_row(sp_runs *runs)
{
    end_with(runs, runs->row + 1);
    if (runs->word > runs->last_word) { /* the run ended with the row, and the row with a word */
        runs->word = runs->last_word;
        runs->free = 0;
    } else if (runs->word == runs->last_word) {
        runs->free &= runs->last_mask;
    }
}

/* Bits that begin `seats_min` set ones within the word: each step doubles how
 * many are known to be set from a bit on. The lowest of them begins a run. */
static uint64_t starts_within(uint64_t free, uint32_t seats_min)
{
    if (seats_min > 64)
        return 0;
    for (uint32_t known = 1; known < seats_min;) {
        uint32_t step = known < seats_min - known ? known : seats_min - known;
        free &= free >> step;
        known += step;
    }
    return free;
}

/* The bit that begins the run up to the word's end, whose length only the next
 * words tell; none if the last seat is taken. */
static uint64_t start_at_end(uint64_t free)
{
    if (!(free >> 63))
        return 0;
    if (free == ~UINT64_C(0))
        return 1;
    return UINT64_C(1) << (64 - __builtin_clzll(~free));
}

/* The next seat that may begin a run that is long enough, rows not regarded. */
static bool find_start(sp_runs *runs, uint32_t seats_min, sp_seat *first)
{
    for (;;) {
        while (runs->free == 0) {
            if (runs->word == runs->last_word)
                return false;
            load(runs, runs->word + 1);
        }
        uint64_t starts = starts_within(runs->free, seats_min) | start_at_end(runs->free);
        if (starts) {
            *first = runs->word * 64u + (uint32_t)__builtin_ctzll(starts);
            return true;
        }
        runs->free = 0;
    }
}

/* Moves on to the row of the seat: doubles the step, then halves what it
 * stepped over. */
static void find_row(sp_runs *runs, sp_seat seat)
{
    const sp_seat *first_seat = runs->card->row_first_seat;
    uint32_t low = runs->row, high = low + 1;
    while (high < runs->rows_end && first_seat[high] <= seat) {
        uint32_t step = 2 * (high - low);
        low = high;
        high = step < runs->rows_end - high ? high + step : runs->rows_end;
    }
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (first_seat[middle] <= seat)
            low = middle;
        else
            high = middle;
    }
    runs->row = low;
}

static uint32_t row_size(const sp_runs *runs, uint32_t row)
{
    const sp_seat *first_seat = runs->card->row_first_seat + row;
    return first_seat[1] - first_seat[0];
}

/* Past the rows that are too short to have such a run. */
static void skip_short_rows(sp_runs *runs, uint32_t seats_min)
{
    uint32_t row = runs->row;
    while (row < runs->rows_end && row_size(runs, row) < seats_min)
        row++;
    skip_to(runs, runs->card->row_first_seat[row]);
    runs->row = row < runs->rows_end ? row : row - 1;
}

/* Behind the last free seat from `first` on, which is free and in the word of
 * the walk; at most row_end. */
static sp_seat run_end(const sp_runs *runs, sp_seat first, sp_seat row_end)
{
    uint32_t word = runs->word;
    uint64_t taken = ~runs->free & (~UINT64_C(0) << (first % 64u));
    while (taken == 0) {
        word++;
        if (word * 64u >= row_end)
            return row_end;
        taken = runs->sold[word] | runs->held[word];
    }
    sp_seat end = word * 64u + (uint32_t)__builtin_ctzll(taken);
    return end < row_end ? end : row_end;
}

bool sp_runs_next(sp_runs *runs, uint32_t seats_min, sp_run *out)
{
    SP_ASSERT_CMP(seats_min, >=, 1);

    sp_seat first;
    while (find_start(runs, seats_min, &first)) {
        find_row(runs, first);
        if (row_size(runs, runs->row) < seats_min) {
            skip_short_rows(runs, seats_min);
            continue;
        }
        sp_seat end = run_end(runs, first, runs->card->row_first_seat[runs->row + 1]);
        skip_to(runs, end);
        if (end - first >= seats_min) {
            *out = (sp_run){runs->row, first, end - first};
            return true;
        }
    }
    return false;
}
