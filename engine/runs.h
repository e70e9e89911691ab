/* SPDX-License-Identifier: MIT
 *
 * Runs of free seats: a run is a maximal range of free neighbours in one row
 * (engine/finder.h asks for them). A walk goes over the rows of a concert in
 * ascending order and stops at each run that is long enough.
 *
 * It costs about a pass over the words, 64 seats at a time: a word without a
 * free seat, or without enough of them side by side, is left after a few
 * operations, and rows in between are found by doubling. What it pays for one
 * by one are the runs that it tells and those that reach a word's end.
 *
 * Pure: borrows the card and the words, which must not change meanwhile; on
 * its owner's stack, no allocation.
 */
#ifndef SP_ENGINE_RUNS_H
#define SP_ENGINE_RUNS_H

#include "engine/state.h"

typedef struct sp_run {
    uint32_t row; /* index into the card's row_first_seat */
    sp_seat first;
    uint32_t seats_count;
} sp_run;

typedef struct sp_runs {
    const sp_concert_card *card;
    const uint64_t *sold, *held;
    uint32_t row, rows_end; /* where the walk is, where it ends */
    uint32_t word, last_word;
    uint64_t last_mask; /* the last word's seats that belong to the walk */
    uint64_t free;      /* seats of `word` that are free and not walked yet */
} sp_runs;

/* Of the rows [first_row, first_row + rows_count), rows_count >= 1. A seat is
 * free if it is clear in both maps. */
void sp_runs_begin(sp_runs *runs, const sp_concert_card *card, const uint64_t *sold,
                   const uint64_t *held, uint32_t first_row, uint32_t rows_count);

/* The next run of at least seats_min (>= 1); false: no more. seats_min may
 * differ from call to call. */
bool sp_runs_next(sp_runs *runs, uint32_t seats_min, sp_run *out);

/* Ends the walk with the row of the run that was told last. */
void sp_runs_end_with_row(sp_runs *runs);

#endif
