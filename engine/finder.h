/* SPDX-License-Identifier: MIT
 *
 * Seats found for people: the best that are left (`bestAvailable`), and the
 * rule of `noOrphans` concerts, that nobody strands a single seat.
 *
 * Words: a seat is free if it is neither sold nor held. A run is a maximal
 * range of free neighbours in one row; rows never cross grades. An orphan is a
 * run of one seat that a taking leaves where there was a longer run before:
 * what was alone already is nobody's fault.
 *
 * Pure functions of the card and the concert's words, for the thread that owns
 * the state: deterministic, so that the same state gives everyone the same
 * seats; no allocation, no clock. The cost is about a pass over the words
 * (engine/runs.h), or less: the search ends with the first row that can't be
 * beaten. The dearest is a concert where many places are left and each strands
 * a seat (four wanted, and rows of five): all its runs are looked at for a
 * better one, some 10 ns each.
 */
#ifndef SP_ENGINE_FINDER_H
#define SP_ENGINE_FINDER_H

#include "engine/state.h"

#define SP_GRADE_ANY UINT32_MAX
/* Seats that sp_find_orphans names at most. */
#define SP_ORPHANS_MAX SP_SEATS_PER_ORDER_MAX

/* The best `count` (1 … SP_SEATS_PER_ORDER_MAX) free seats, ascending in out.
 * grade: index into card->grades, or SP_GRADE_ANY. sold, held: the concert's
 * words; held may be sold.
 *
 * They are neighbours in one row, chosen by, in this order: no orphan rather
 * than one (so one is stranded only if nothing else is left in the grade, or
 * the concert), the better grade (lower index), the better row (lower), the
 * place nearest to the row's centre, the lower seat.
 *
 * allow_split: if no run holds them, whole runs are taken, the longest first
 * (equal ones: better grade, row, lower seat), until one holds those that
 * remain, which are placed as above among what is left. All or none.
 *
 * false: no place for them. *largest_run is then, and only then, set: seats of
 * the longest run; 0: none is free. Three passes at most. */
bool sp_find_best(const sp_concert_card *card, const uint64_t *sold, const uint64_t *held,
                  uint32_t grade, uint32_t count, bool allow_split, sp_seat *out,
                  uint32_t *largest_run);

/* Whether an order or hold of these seats (ascending, all free, count as
 * above) strands seats that it need not: how many, 0 = allowed. The first
 * SP_ORPHANS_MAX of them, ascending, are in out.
 *
 * Each row that is touched is judged alone, as it was before. With K seats
 * taken in it, its orphans count only if K neighbours could be had there
 * without one: if it has a run of K, or of K + 2 or more. */
uint32_t sp_find_orphans(const sp_concert_card *card, const uint64_t *sold, const uint64_t *held,
                         const sp_seat *seats, uint32_t count, sp_seat *out);

#endif
