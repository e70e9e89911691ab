/* SPDX-License-Identifier: MIT
 *
 * Fuzzes the way that a hostile log takes into the engine: decode, then admit
 * and apply, on an empty and on a small prepared state. What decodes must
 * encode to the same bytes; what is admitted must apply. The corpus is the
 * golden bytes of every event type.
 */
#include "storage/codec.h"

#include <stddef.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/engine.h"
#include "tests/support/hold_history.h"

#define PREPARED 160u /* a start, users, a category, a concert, some holds and orders */
#define ITEMS_MAX (PREPARED * 10u)

/* Small tables, so that making a state is cheap: it is made for each input
 * that decodes. */
static const sp_limits small = {
    .users_max = 128,
    .categories_max = 4,
    .concerts_max = 4,
    .seats_max = 400000,
    .grades_max = 64,
    .rows_max = 20000,
    .orders_max = 64,
    .order_seats_max = 1024,
    .grants_max = 128,
    .holds_max = 64,
    .idempotency_keys_max = 64,
    .text_bytes_max = 1u << 20,
};

static sp_decoder *decoder;
static sp_event prepared[PREPARED];
static sp_history history;
static sp_hold_history hold_history;

/* Seats, or ids of holds. */
static const uint32_t *keep(const uint32_t *items, uint32_t count)
{
    static uint32_t kept[ITEMS_MAX], kept_count;
    uint32_t *to = &kept[kept_count];
    SP_ASSERT_CMP(count, <=, ITEMS_MAX - kept_count);
    memcpy(to, items, count * sizeof *items);
    kept_count += count;
    return to;
}

/* The history's events, kept: they borrow only from the history and from static
 * texts, but for their lists. */
static void prepare(void)
{
    decoder = sp_decoder_create();
    SP_ASSERT(decoder != NULL);
    sp_history_init(&history);
    sp_hold_history_init(&hold_history, &history, 1);
    for (uint32_t i = 0; i < PREPARED; i++) {
        sp_event *event = &prepared[i];
        sp_hold_history_next(&hold_history, event);
        if (event->type == SP_EVENT_ORDER_PAID)
            event->order_paid.seats = keep(event->order_paid.seats, event->order_paid.seats_count);
        if (event->type == SP_EVENT_HOLD_TAKEN)
            event->hold_taken.seats = keep(event->hold_taken.seats, event->hold_taken.seats_count);
        if (i > PREPARED - 20 && i < PREPARED - 6)
            history.time += 30000; /* some end by themselves */
        if (event->type == SP_EVENT_HOLDS_EXPIRED)
            event->holds_expired.holds =
                keep(event->holds_expired.holds, event->holds_expired.holds_count);
    }
}

/* Whatever was let in, the first concert can be cancelled, and everything is given back. */
static void cancel_concert(sp_state *state)
{
    static sp_refusal refusal;
    sp_command command = {.type = SP_COMMAND_CONCERT_CANCEL, .concert_cancel = {.concert = 1}};
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;
    if (sp_decide(state, &command, sp_state_time(state), &event, seats, &replay, &outcome,
                  &refusal) != SP_DECISION_EVENT)
        return;
    if (sp_admit(state, &event) != NULL) /* a hold is overdue */
        return;
    sp_apply(state, &event);
    SP_ASSERT_CMP(sp_state_sold_count(state, 1), ==, 0);
    SP_ASSERT_CMP(sp_state_held_count(state, 1), ==, 0);
}

static void try_on(uint32_t prepared_count, const sp_event *event)
{
    sp_state *state = sp_state_create(&small);
    SP_ASSERT(state != NULL);
    for (uint32_t i = 0; i < prepared_count; i++) {
        SP_ASSERT(sp_admit(state, &prepared[i]) == NULL);
        sp_apply(state, &prepared[i]);
    }
    sp_event next = *event;
    next.seq = sp_state_seq(state) + 1;
    if (sp_admit(state, &next) == NULL) {
        uint8_t digest[SP_DIGEST_SIZE];
        sp_apply(state, &next);
        SP_ASSERT_CMP(sp_state_seq(state), ==, next.seq);
        cancel_concert(state);
        sp_digest(state, digest);
    }
    sp_state_destroy(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static unsigned char again[SP_EVENT_SIZE_MAX];
    sp_event event;
    if (decoder == NULL)
        prepare();
    if (sp_codec_decode(decoder, 1, bytes, size, &event) != NULL)
        return 0;
    SP_ASSERT_CMP(sp_codec_encode(&event, again), ==, size);
    SP_ASSERT(memcmp(again, bytes, size) == 0);
    try_on(0, &event);
    try_on(PREPARED, &event);
    return 0;
}
