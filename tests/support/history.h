/* SPDX-License-Identifier: MIT
 *
 * A plain, valid history of events, as long as wanted: a start, a host,
 * buyers, a category, concerts, then orders of one seat each (every eighth is
 * cancelled by the next event). For logs to test and to measure; applied to a
 * state as it goes, so that its digest is known.
 */
#ifndef SP_TESTS_SUPPORT_HISTORY_H
#define SP_TESTS_SUPPORT_HISTORY_H

#include "engine/engine.h"

#define SP_HISTORY_BUYERS 100u
#define SP_HISTORY_ROWS 100u
#define SP_HISTORY_ROW_SIZE 1000u

typedef struct sp_history {
    sp_state *state;
    sp_time_ms time;                   /* of the next events; the caller may raise it */
    bool keyed;                        /* orders carry an idempotency key; give each batch of
                      * 64 × buyers orders a day of its own */
    bool cancels;                      /* default true */
    uint32_t orders_count, seats_used; /* of the concert on sale */
    bool cancel_next;
    sp_seat seat;
    uint32_t rows[SP_HISTORY_ROWS];
    sp_grade_spec grade;
} sp_history;

void sp_history_init(sp_history *history);
void sp_history_close(sp_history *history);
/* Makes the next event, admits and applies it (asserted). It borrows from the
 * history until the next call. */
void sp_history_next(sp_history *history, sp_event *event);
/* The profile of a user that the history made. */
void sp_history_profile(sp_user_id user, sp_time_ms time, sp_profile *out);

#endif
