/* SPDX-License-Identifier: MIT
 *
 * Hostile events on the engine's stage (tests/engine/stage.h): what is fine, to be
 * bent, and how it is judged.
 */
#ifndef SP_TESTS_ENGINE_ADMIT_H
#define SP_TESTS_ENGINE_ADMIT_H

#include "tests/engine/stage.h"

/* Refused, with these words in the reason, and unchanged by asking. */
static inline void refuses(const struct stage *stage, const sp_event *event, const char *words)
{
    uint8_t before[SP_DIGEST_SIZE], after[SP_DIGEST_SIZE];

    sp_digest(stage->state, before);
    const char *wrong = sp_admit(stage->state, event);
    sp_digest(stage->state, after);
    assert_memory_equal(before, after, SP_DIGEST_SIZE);
    if (!wrong)
        fail_msg("admitted, want: %s", words);
    if (!strstr(wrong, words))
        fail_msg("refused with '%s', want: %s", wrong, words);
}

static inline void admits(const struct stage *stage, const sp_event *event)
{
    const char *wrong = sp_admit(stage->state, event);
    if (wrong)
        fail_msg("refused with '%s'", wrong);
}

static inline sp_event event_make(const struct stage *stage, sp_event_type type, sp_user_id actor)
{
    sp_event event;
    memset(&event, 0, sizeof(event));
    event.seq = sp_state_seq(stage->state) + 1;
    event.time = stage->now;
    event.type = type;
    event.actor = actor;
    return event;
}

static inline sp_event paid(const struct stage *stage, sp_user_id buyer, const sp_seat *seats,
                            size_t count, sp_points amount)
{
    sp_event event = event_make(stage, SP_EVENT_ORDER_PAID, buyer);
    event.order_paid.order = sp_state_orders_count(stage->state) + 1;
    event.order_paid.concert = 1;
    event.order_paid.buyer = buyer;
    event.order_paid.amount = amount;
    event.order_paid.seats = seats;
    event.order_paid.seats_count = (uint32_t)count;
    return event;
}

#endif
