/* SPDX-License-Identifier: MIT */
#include "engine/views.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "engine/bitmap.h"
#include "engine/memory.h"
#include "engine/state_private.h"

/* A category's name is two words; it is written once, before the count that
 * makes it visible is stored with release, so it needs no atomics. The same
 * goes for a card pointer, but edits will replace those: atomic. */
typedef struct view_row {
    _Atomic(const sp_concert_card *) card;
    _Atomic uint64_t version; /* odd while the words change */
    _Atomic uint64_t seq;     /* changes with the words, under version */
} view_row;

typedef _Atomic uint64_t view_word;

_Static_assert(sizeof(view_word) == sizeof(uint64_t), "a lock-free word");

struct sp_views {
    view_row *rows; /* by concert id; [0] is not used */
    sp_text *names; /* by category id; likewise */
    view_word *sold, *held;
    uint32_t concerts_max, categories_max;
    uint64_t words_max;
    _Alignas(64) _Atomic uint64_t seq;
    _Atomic uint32_t concerts_count, categories_count;
};

#define TABLES_COUNT 4u

static void tables_of(sp_views *views, sp_reservation list[TABLES_COUNT])
{
    size_t words_bytes = (size_t)views->words_max * sizeof(view_word);

    list[0] = (sp_reservation){&views->rows, ((size_t)views->concerts_max + 1) * sizeof(view_row)};
    list[1] =
        (sp_reservation){&views->names, ((size_t)views->categories_max + 1) * sizeof(sp_text)};
    list[2] = (sp_reservation){&views->sold, words_bytes};
    list[3] = (sp_reservation){&views->held, words_bytes};
}

sp_views *sp_views_create(const sp_limits *limits)
{
    sp_reservation tables[TABLES_COUNT];
    sp_views *views = aligned_alloc(64, sizeof(*views)); /* its size is a multiple of 64 */
    if (!views)
        return NULL;

    memset(views, 0, sizeof(*views));
    views->concerts_max = limits->concerts_max;
    views->categories_max = limits->categories_max;
    views->words_max = sp_words_max(limits);
    tables_of(views, tables);
    if (sp_memory_reserve_all(tables, TABLES_COUNT) != 0) {
        free(views);
        return NULL;
    }
    return views;
}

void sp_views_destroy(sp_views *views)
{
    sp_reservation tables[TABLES_COUNT];

    if (!views)
        return;
    tables_of(views, tables);
    sp_memory_release_all(tables, TABLES_COUNT);
    free(views);
}

/* The writer reads what it wrote itself: relaxed. The odd version needs no
 * release of its own: it is ordered before every word by their release. */
static void change_begin(view_row *row)
{
    uint64_t version = atomic_load_explicit(&row->version, memory_order_relaxed);
    SP_ASSERT_CMP(version % 2, ==, 0);
    atomic_store_explicit(&row->version, version + 1, memory_order_relaxed);
}

/* Pairs with the acquire of version in sp_views_seats. seq is released like a
 * word: a reader that sees it before the end sees the odd version too. */
static void change_end(view_row *row, sp_seq seq)
{
    uint64_t version = atomic_load_explicit(&row->version, memory_order_relaxed);
    atomic_store_explicit(&row->seq, seq, memory_order_release);
    atomic_store_explicit(&row->version, version + 1, memory_order_release);
}

/* Release: pairs with the acquire of the word in sp_views_seats. */
static void word_store(view_word *word, uint64_t bits)
{
    atomic_store_explicit(word, bits, memory_order_release);
}

static void category_publish(sp_views *views, const sp_state *state, sp_category_id category)
{
    SP_ASSERT_CMP(category, <=, views->categories_max);
    views->names[category] = sp_state_category(state, category);
    /* Pairs with the acquire in sp_views_categories_count. */
    atomic_store_explicit(&views->categories_count, category, memory_order_release);
}

/* A new concert: no reader knows it before its count, so its words (zero, or
 * what recovery found) need no version. */
static void concert_publish(sp_views *views, const sp_state *state, sp_concert_id concert)
{
    SP_ASSERT_CMP(concert, <=, views->concerts_max);
    atomic_store_explicit(&views->rows[concert].card, sp_state_concert(state, concert),
                          memory_order_release);
    /* Pairs with the acquire in sp_views_concerts_count. */
    atomic_store_explicit(&views->concerts_count, concert, memory_order_release);
}

void sp_views_publish_all(sp_views *views, const sp_state *state)
{
    for (uint32_t id = 1; id <= sp_state_categories_count(state); id++)
        category_publish(views, state, id);
    for (uint32_t id = 1; id <= sp_state_concerts_count(state); id++) {
        const sp_concert_card *card = sp_state_concert(state, id);
        change_begin(&views->rows[id]);
        for (uint32_t i = 0; i < sp_words_of_seats(card->seats_count); i++) {
            word_store(&views->sold[card->first_word + i], sp_state_sold_words(state, id)[i]);
            word_store(&views->held[card->first_word + i], sp_state_held_words(state, id)[i]);
        }
        change_end(&views->rows[id], sp_state_concert_seq(state, id));
        concert_publish(views, state, id);
    }
    sp_views_publish_seq(views, sp_state_seq(state));
}

/* Replays the event's own bits on the views' words. Copying the state's words
 * would be wrong: the state is at the end of the batch already, and a map
 * would show seats of an event later than its seq. */
static void seats_publish(sp_views *views, const sp_state *state, sp_order_id order, bool sold,
                          sp_seq seq)
{
    sp_order_view view;
    bool found = sp_state_order(state, order, &view);
    SP_ASSERT(found);
    view_row *row = &views->rows[view.concert];
    view_word *words = &views->sold[sp_state_concert(state, view.concert)->first_word];

    change_begin(row);
    for (uint32_t at = 0; at < view.seats_count;) {
        sp_seat_group group = sp_seat_group_of(view.seats + at, view.seats_count - at);
        uint64_t bits = atomic_load_explicit(&words[group.word], memory_order_relaxed);
        word_store(&words[group.word], sold ? bits | group.mask : bits & ~group.mask);
        at += group.seats_count;
    }
    change_end(row, seq);
}

void sp_views_publish_event(sp_views *views, const sp_state *state, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_CATEGORY_CREATED:
        category_publish(views, state, event->category_created.category);
        break;
    case SP_EVENT_CONCERT_CREATED:
        atomic_store_explicit(&views->rows[event->concert_created.concert].seq, event->seq,
                              memory_order_release);
        concert_publish(views, state, event->concert_created.concert);
        break;
    case SP_EVENT_ORDER_PAID:
        seats_publish(views, state, event->order_paid.order, true, event->seq);
        break;
    case SP_EVENT_ORDER_CANCELLED:
        seats_publish(views, state, event->order_cancelled.order, false, event->seq);
        break;
    case SP_EVENT_SERVER_STARTED: /* nothing that a view shows */
    case SP_EVENT_USER_CREATED:
    case SP_EVENT_ROLE_SET:
    case SP_EVENT_POINTS_GRANTED:
    case SP_EVENT_USER_ERASED:
        break;
    }
}

void sp_views_publish_seq(sp_views *views, sp_seq seq)
{
    /* Pairs with the acquire in sp_views_seq: who sees this seq sees all that
     * was published before. */
    atomic_store_explicit(&views->seq, seq, memory_order_release);
}

sp_seq sp_views_seq(const sp_views *views)
{
    return atomic_load_explicit(&views->seq, memory_order_acquire);
}

uint32_t sp_views_concerts_count(const sp_views *views)
{
    return atomic_load_explicit(&views->concerts_count, memory_order_acquire);
}

uint32_t sp_views_categories_count(const sp_views *views)
{
    return atomic_load_explicit(&views->categories_count, memory_order_acquire);
}

sp_text sp_views_category(const sp_views *views, sp_category_id category)
{
    if (category - 1u >= sp_views_categories_count(views))
        return (sp_text){NULL, 0};
    return views->names[category];
}

const sp_concert_card *sp_views_card(const sp_views *views, sp_concert_id concert)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return NULL;
    return atomic_load_explicit(&views->rows[concert].card, memory_order_acquire);
}

sp_seq sp_views_concert_seq(const sp_views *views, sp_concert_id concert)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return 0;
    return atomic_load_explicit(&views->rows[concert].seq, memory_order_acquire);
}

/* One look: false if the words changed meanwhile. The second load of version
 * may be relaxed: the acquires before it keep it behind them, and if one of
 * them read a new word, the odd version happened before this load. */
static bool seats_try(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held, sp_seq *seq)
{
    const view_row *row = &views->rows[card->id];
    uint32_t words_count = sp_words_of_seats(card->seats_count);

    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2)
        return false;
    *seq = atomic_load_explicit(&row->seq, memory_order_acquire);
    for (uint32_t i = 0; i < words_count; i++)
        sold[i] = atomic_load_explicit(&views->sold[card->first_word + i], memory_order_acquire);
    for (uint32_t i = 0; i < words_count; i++)
        held[i] = atomic_load_explicit(&views->held[card->first_word + i], memory_order_acquire);
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

/* Tries before the reader lets others run: the writer may have been suspended
 * in the middle of a change, on this very core. */
#define TRIES_BEFORE_YIELD 64u

sp_seq sp_views_seats(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held)
{
    sp_seq seq;

    for (uint32_t tries = 1; !seats_try(views, card, sold, held, &seq); tries++)
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    return seq;
}

sp_seat_counts sp_seats_count(const uint64_t *sold, const uint64_t *held, sp_seat first,
                              uint32_t count)
{
    return (sp_seat_counts){
        .free = count - sp_bitmap_count_either(sold, held, first, count),
        .held = sp_bitmap_count(held, first, count),
        .sold = sp_bitmap_count(sold, first, count),
    };
}
