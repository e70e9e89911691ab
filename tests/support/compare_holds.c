/* SPDX-License-Identifier: MIT
 *
 * Holds: each row, who is due and when.
 */
#include "tests/support/compare_private.h"

#include <stdlib.h>

#include "engine/assert.h"

static const char *compare_view(const sp_reference_hold *hold, const sp_hold_view *view)
{
    sp_hold_id id = hold->id;
    EQUAL("hold's id", id, id, view->id);
    EQUAL("hold's concert", id, hold->concert, view->concert);
    EQUAL("hold's user", id, hold->user, view->user);
    EQUAL("hold's amount", id, hold->amount, view->amount);
    EQUAL("hold's created_at", id, hold->created_at, view->created_at);
    EQUAL("hold's expires_at", id, hold->deadline, view->expires_at);
    EQUAL("hold's seq", id, hold->seq, view->seq);
    EQUAL("hold's seats_count", id, hold->seats_count, view->seats_count);
    for (uint32_t i = 0; i < hold->seats_count; i++)
        EQUAL("hold's seat", id, hold->seats[i], view->seats[i]);
    return NULL;
}

/* hold: NULL = it was never taken. */
static const char *compare_hold(const sp_reference_hold *hold, sp_hold_id id, const sp_state *state)
{
    bool lives = hold != NULL && hold->status == SP_REFERENCE_LIVES;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_hold_view view;
    EQUAL("hold lives", id, lives, sp_state_hold(state, id, seats, &view));
    return lives ? compare_view(hold, &view) : NULL;
}

const char *sp_compare_hold_view(const sp_reference *r, sp_hold_id id, const sp_hold_view *view)
{
    return compare_view(sp_reference_hold_of(r, id), view);
}

const char *sp_compare_hold(const sp_reference *r, sp_hold_id id, const sp_state *state)
{
    return compare_hold(sp_reference_hold_of(r, id), id, state);
}

/* At the end of time all that live are due; before the next deadline none is. */
static const char *compare_due(const sp_reference *r, const sp_state *state, sp_time_ms now,
                               uint32_t count_max)
{
    static sp_hold_id actual[SP_HOLDS_PER_EXPIRY_MAX];
    sp_hold_id *expected = malloc((r->holds_count + 1u) * sizeof *expected);
    SP_ASSERT(expected != NULL);
    uint32_t count = sp_reference_due(r, now, expected);
    uint32_t actual_count = sp_state_holds_due(state, now, actual, count_max);
    bool same = actual_count == (count < count_max ? count : count_max) &&
                memcmp(expected, actual, actual_count * sizeof *expected) == 0;
    free(expected);
    return same ? NULL
                : sp_compare_failed("of %u holds due at %" PRId64
                                    " the first %u are not these %u in their order",
                                    count, now, count_max, actual_count);
}

const char *sp_compare_holds(const sp_reference *r, const sp_state *state)
{
    sp_time_ms next = sp_state_next_deadline(state);
    sp_time_ms expected = 0;
    for (uint32_t i = 0; i < r->holds_count; i++) {
        const sp_reference_hold *hold = &r->holds[i];
        PASS_ON(compare_hold(hold, hold->id, state));
        if (hold->status == SP_REFERENCE_LIVES && (expected == 0 || hold->deadline < expected))
            expected = hold->deadline;
    }
    PASS_ON(compare_hold(NULL, 0, state));
    PASS_ON(compare_hold(NULL, sp_state_newest_hold(state) + 1, state));
    EQUAL("next deadline", 0, expected, next);
    PASS_ON(compare_due(r, state, next, SP_HOLDS_PER_EXPIRY_MAX));
    PASS_ON(compare_due(r, state, next - 1, SP_HOLDS_PER_EXPIRY_MAX));
    PASS_ON(compare_due(r, state, SP_TIME_MAX, SP_HOLDS_PER_EXPIRY_MAX));
    PASS_ON(compare_due(r, state, SP_TIME_MAX, 1));
    return compare_due(r, state, SP_TIME_MAX, 1 + r->holds_count % 7);
}
