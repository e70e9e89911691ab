/* SPDX-License-Identifier: MIT
 *
 * A history (tests/support/history.h) that goes on with holds: they are taken,
 * extended, bought, released, and end by themselves as its time goes on; some
 * orders come from jobs, some requests have keys. All decided by the engine, and
 * the same for every run.
 */
#ifndef SP_TESTS_SUPPORT_HOLD_HISTORY_H
#define SP_TESTS_SUPPORT_HOLD_HISTORY_H

#include "tests/support/log_file.h"
#include "tests/support/random.h"

typedef struct sp_hold_history {
    sp_history *base; /* borrowed; not to be used by others from now on */
    sp_random random;
    sp_command command;
    sp_refusal refusal;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_id expired[SP_HOLDS_PER_EXPIRY_MAX];
} sp_hold_history;

void sp_hold_history_init(sp_hold_history *history, sp_history *base, uint64_t seed);
/* Makes the next event and applies it, as sp_history_next. Until there is a concert
 * on sale it is the base's; holds that are due at base->time come first. */
void sp_hold_history_next(sp_hold_history *history, sp_event *event);

/* sp_log_file_fill with a history of holds: each batch is up to 20 s behind the one
 * before. */
void sp_hold_history_fill(sp_log_file *file, uint64_t seed, uint32_t events_count,
                          uint32_t batch_size);

#endif
