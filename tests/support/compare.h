/* SPDX-License-Identifier: MIT
 *
 * Compares the engine with the reference: decisions, answers, state. Each
 * function returns NULL if all is equal, else a sentence with both operands,
 * in a buffer that the next failed comparison overwrites. Single-threaded.
 */
#ifndef SP_TESTS_SUPPORT_COMPARE_H
#define SP_TESTS_SUPPORT_COMPARE_H

#include "engine/views.h"
#include "tests/support/reference.h"

/* printf into that buffer. */
const char *sp_compare_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Every field of both events, texts and seats by content. */
const char *sp_compare_event(const sp_event *expected, const sp_event *actual);
/* The fields that go with the outcome. */
const char *sp_compare_refusal(sp_outcome outcome, const sp_refusal *expected,
                               const sp_refusal *actual);
/* What sp_decide gave against what the reference says. */
const char *sp_compare_decision(const sp_reference_answer *expected, sp_decision decision,
                                sp_outcome outcome, const sp_refusal *refusal,
                                const sp_event *event, const sp_replay *replay);
/* The success that an event shows, right after the reference applied it. */
const char *sp_compare_success(const sp_reference *reference, const sp_event *event,
                               const sp_result *result);
/* The success that a key's first use showed. */
const char *sp_compare_replay(const sp_reference *reference, const sp_replay *replay,
                              const sp_result *result);
const char *sp_compare_query(const sp_reference *reference, const sp_command *query,
                             const sp_result *result);

const char *sp_compare_user(const sp_reference *reference, sp_user_id user, const sp_state *state);
const char *sp_compare_order(const sp_reference *reference, sp_order_id order,
                             const sp_state *state);
/* Also of ids that were never taken, or of holds that have ended: then neither knows. */
const char *sp_compare_hold(const sp_reference *reference, sp_hold_id hold, const sp_state *state);
/* All holds ever, who is due next and in which order. */
const char *sp_compare_holds(const sp_reference *reference, const sp_state *state);
/* Bitmaps bit by bit, counts, seqs, every user's seats. */
const char *sp_compare_concert(const sp_reference *reference, sp_concert_id concert,
                               const sp_state *state);
/* A concert's card as it is now, and as it was made: geometry, labels, texts, dates. */
const char *sp_compare_card(const sp_reference *reference, sp_concert_id concert,
                            const sp_concert_card *card);
/* Sums and counts of the whole. */
const char *sp_compare_totals(const sp_reference *reference, const sp_state *state);
/* What an event has touched. */
const char *sp_compare_touched(const sp_reference *reference, const sp_event *event,
                               const sp_state *state);
/* Everything there is. */
const char *sp_compare_all(const sp_reference *reference, const sp_state *state);
/* What the views show of a concert, of all. */
const char *sp_compare_views(const sp_reference *reference, const sp_views *views);
/* The seq of what last changed each concert itself: known where nothing was restarted. */
const char *sp_compare_own_seqs(const sp_reference *reference, const sp_views *views);
/* The seats of a concert that have changed behind this seq, as the views tell them;
 * they show what the reference has. */
const char *sp_compare_since(const sp_reference *reference, sp_concert_id concert, sp_seq after,
                             const sp_views *views);

#endif
