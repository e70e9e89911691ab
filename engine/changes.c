/* SPDX-License-Identifier: MIT */
#include "engine/changes.h"

#include "engine/memory.h"
#include "engine/state_private.h"

#define HEAD_WORDS 5u

bool sp_changes_init(sp_changes *changes, uint32_t count_max)
{
    *changes = (sp_changes){
        .capacity = (size_t)count_max * (HEAD_WORDS + SP_SEATS_PER_ORDER_MAX),
    };
    changes->words = sp_memory_reserve(changes->capacity * sizeof(uint32_t));
    return changes->words != NULL;
}

void sp_changes_close(sp_changes *changes)
{
    sp_memory_release(changes->words, changes->capacity * sizeof(uint32_t));
    *changes = (sp_changes){0};
}

/* The head of an entry; returns where its seats go. */
static sp_seat *entry(sp_changes *changes, sp_seq seq, sp_concert_id concert, sp_change_kind kind,
                      uint32_t seats_count)
{
    SP_ASSERT_CMP(changes->size + HEAD_WORDS + seats_count, <=, changes->capacity);
    uint32_t *words = changes->words + changes->size;
    words[0] = (uint32_t)seq;
    words[1] = (uint32_t)(seq >> 32);
    words[2] = concert;
    words[3] = kind;
    words[4] = seats_count;
    changes->size += HEAD_WORDS + seats_count;
    return words + HEAD_WORDS;
}

static void add(sp_changes *changes, sp_seq seq, sp_concert_id concert, sp_change_kind kind,
                const sp_seat *seats, uint32_t seats_count)
{
    memcpy(entry(changes, seq, concert, kind, seats_count), seats, seats_count * sizeof(*seats));
}

static void add_hold_freed(sp_changes *changes, const sp_state *state, sp_seq seq, sp_hold_id id)
{
    const sp_hold_row *hold = sp_holds_living(&state->holds, id);
    SP_ASSERT(hold);
    sp_seat *seats = entry(changes, seq, hold->concert, SP_CHANGE_HELD_FREED, hold->seats_count);
    sp_holds_seats(&state->holds, hold, sp_concert_first_seat(&state->concerts[hold->concert]),
                   seats);
}

/* Of the concert itself. */
static void add_concert(sp_changes *changes, sp_seq seq, sp_concert_id concert, sp_change_kind kind)
{
    entry(changes, seq, concert, kind, 0);
}

#define CARD_WORDS 2u
_Static_assert(sizeof(const sp_concert_card *) <= CARD_WORDS * sizeof(uint32_t), "an address");

void sp_changes_add_applied(sp_changes *changes, const sp_state *state, const sp_event *event)
{
    if (event->type != SP_EVENT_CONCERT_EDITED)
        return;
    sp_concert_id concert = event->concert_edited.concert;
    const sp_concert_card *card = sp_state_concert(state, concert);
    memcpy(entry(changes, event->seq, concert, SP_CHANGE_EDITED, CARD_WORDS), &card, sizeof card);
}

void sp_changes_add(sp_changes *changes, const sp_state *state, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_ORDER_PAID:
        add(changes, event->seq, event->order_paid.concert,
            event->order_paid.hold ? SP_CHANGE_HELD_SOLD : SP_CHANGE_SOLD, event->order_paid.seats,
            event->order_paid.seats_count);
        break;
    case SP_EVENT_ORDER_CANCELLED: {
        const sp_order_row *order = sp_state_order_row(state, event->order_cancelled.order);
        SP_ASSERT(order);
        add(changes, event->seq, order->concert, SP_CHANGE_SOLD_FREED,
            sp_state_order_seats(state, order), order->seats_count);
        break;
    }
    case SP_EVENT_HOLD_TAKEN:
        add(changes, event->seq, event->hold_taken.concert, SP_CHANGE_HELD, event->hold_taken.seats,
            event->hold_taken.seats_count);
        break;
    case SP_EVENT_HOLD_RELEASED:
        add_hold_freed(changes, state, event->seq, event->hold_released.hold);
        break;
    case SP_EVENT_HOLDS_EXPIRED:
        for (uint32_t i = 0; i < event->holds_expired.holds_count; i++)
            add_hold_freed(changes, state, event->seq, event->holds_expired.holds[i]);
        break;
    case SP_EVENT_CONCERT_PAUSED:
        add_concert(changes, event->seq, event->concert_paused.concert, SP_CHANGE_PAUSED);
        break;
    case SP_EVENT_CONCERT_RESUMED:
        add_concert(changes, event->seq, event->concert_resumed.concert, SP_CHANGE_RESUMED);
        break;
    case SP_EVENT_CONCERT_CANCELLED:
        add_concert(changes, event->seq, event->concert_cancelled.concert, SP_CHANGE_CANCELLED);
        break;
    case SP_EVENT_CONCERT_EDITED: /* its card is still to be made */
    case SP_EVENT_HOLD_EXTENDED:  /* nothing to a seat */
    case SP_EVENT_SERVER_STARTED:
    case SP_EVENT_USER_CREATED:
    case SP_EVENT_ROLE_SET:
    case SP_EVENT_POINTS_GRANTED:
    case SP_EVENT_USER_ERASED:
    case SP_EVENT_CATEGORY_CREATED:
    case SP_EVENT_CONCERT_CREATED:
        break;
    }
}

bool sp_changes_next(const sp_changes *changes, size_t *at, sp_change *out)
{
    if (*at == changes->size)
        return false;
    const uint32_t *words = changes->words + *at;
    *out = (sp_change){
        .seq = (sp_seq)words[1] << 32 | words[0],
        .concert = words[2],
        .kind = (sp_change_kind)words[3],
        .seats = words + HEAD_WORDS,
        .seats_count = words[4],
    };
    *at += HEAD_WORDS + words[4];
    if (out->kind == SP_CHANGE_EDITED) {
        memcpy(&out->card, out->seats, sizeof out->card);
        out->seats = NULL;
        out->seats_count = 0;
    }
    return true;
}
