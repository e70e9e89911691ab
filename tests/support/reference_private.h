/* SPDX-License-Identifier: MIT
 *
 * What the files of the reference engine (reference*.c) share, and nobody else.
 */
#ifndef SP_TESTS_SUPPORT_REFERENCE_PRIVATE_H
#define SP_TESTS_SUPPORT_REFERENCE_PRIVATE_H

#include <stdlib.h>

#include "engine/assert.h"
#include "tests/support/reference.h"

/* Room for one more element: grows a little at a time, which is naive enough
 * and lets the sanitizers see every index out of range. */
#define SP_REFERENCE_GROW(array, count)                                      \
    do {                                                                     \
        (array) = realloc((array), ((size_t)(count) + 1) * sizeof *(array)); \
        SP_ASSERT((array) != NULL);                                          \
    } while (0)

/* Whose the seats are from now on: an order's, a hold's, or nobody's (0, 0). */
void sp_reference_seats_set(sp_reference *r, sp_concert_id concert, const sp_seat *seats,
                            uint32_t count, sp_order_id order, sp_hold_id hold, sp_seq seq);

/* Take in what an event does to a concert; NULL, or what about it can't be. */
const char *sp_reference_concert_create(sp_reference *r, const sp_event *e);
const char *sp_reference_concert_edit(sp_reference *r, const sp_event *e);
const char *sp_reference_concert_pause(sp_reference *r, const sp_event *e);
const char *sp_reference_concert_resume(sp_reference *r, const sp_event *e);
const char *sp_reference_concert_cancel(sp_reference *r, const sp_event *e);
void sp_reference_concert_close(sp_reference_concert *concert);

/* Take in what an event does to holds; NULL, or what about it can't be. */
const char *sp_reference_hold_take(sp_reference *r, const sp_event *e);
const char *sp_reference_hold_extend(sp_reference *r, const sp_event *e);
const char *sp_reference_hold_release(sp_reference *r, const sp_event *e);
const char *sp_reference_hold_buy(sp_reference *r, const sp_event *e); /* order_paid */
const char *sp_reference_holds_expire(sp_reference *r, const sp_event *e);
/* All of a concert's that live end with it. */
void sp_reference_holds_cancel(sp_reference *r, sp_concert_id concert, sp_seq seq);
uint32_t sp_reference_held_count(const sp_reference *r, sp_concert_id concert); /* seats */
/* What is overdue ends before anything else happens at that time. */
const char *sp_reference_check_overdue(const sp_reference *r, const sp_event *e);

/* Deciding: SP_OK with the event's fields filled, or what it is refused with. */
sp_outcome sp_reference_decide_order(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                     sp_reference_answer *a);
sp_outcome sp_reference_decide_bought(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                      sp_reference_answer *a); /* an order of a hold */
sp_outcome sp_reference_decide_cancel(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                      sp_reference_answer *a);
sp_outcome sp_reference_decide_take(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                    sp_reference_answer *a);
sp_outcome sp_reference_decide_extend(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                      sp_reference_answer *a);
sp_outcome sp_reference_decide_release(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                       sp_reference_answer *a);

sp_outcome sp_reference_decide_create(const sp_reference *r, const sp_command *c,
                                      sp_reference_answer *a); /* a concert */
sp_outcome sp_reference_decide_edit(const sp_reference *r, const sp_command *c, sp_time_ms now,
                                    sp_reference_answer *a);
/* Pausing, resuming, cancelling. */
sp_outcome sp_reference_decide_sale(const sp_reference *r, const sp_command *c,
                                    sp_reference_answer *a);

/* What they are made of: SP_OK or the refusal, with its details. */
sp_outcome sp_reference_limit(sp_reference_answer *a, const char *name);
/* May anything be taken or bought: not cancelled, not paused, within the window? */
sp_outcome sp_reference_sale(const sp_reference_concert *concert, sp_time_ms now,
                             sp_reference_answer *a);
/* Of seats: those that there are not (outcome seat_unknown), those that are taken
 * (seat_taken). */
sp_outcome sp_reference_conflict(sp_reference_answer *a, const sp_reference_concert *concert,
                                 const sp_seat *seats, uint32_t count, sp_outcome outcome);
sp_outcome sp_reference_seat_limit(const sp_reference *r, const sp_command *c, sp_concert_id id,
                                   uint32_t count, sp_reference_answer *a);
sp_outcome sp_reference_orphans(sp_reference_answer *a, const sp_reference_concert *concert,
                                const sp_seat *seats, uint32_t count);
/* The actor's hold; only if OK is it his and not over. */
sp_outcome sp_reference_own_hold(const sp_reference *r, const sp_command *c, sp_hold_id id,
                                 sp_time_ms now, const sp_reference_hold **found);
bool sp_reference_can_move(const sp_reference *r, sp_user_id from, sp_user_id to, sp_points amount);
/* A balance, credit or debt, stays within what all points may be. */
bool sp_reference_balance_fits(sp_points balance);
sp_points sp_reference_price(const sp_reference_concert *concert, const sp_seat *seats,
                             uint32_t count);

#endif
