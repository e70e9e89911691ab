/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "engine/bitmap.h"
#include "engine/fault.h"
#include "engine/memory.h"
#include "engine/state_private.h"
#include "engine/views_private.h"

#define TABLES_COUNT 4u

static void tables_of(sp_views *views, sp_reservation list[TABLES_COUNT])
{
    size_t words_max = (size_t)views->words_max;

    list[0] = (sp_reservation){&views->rows, ((size_t)views->concerts_max + 1) * sizeof(view_row)};
    list[1] =
        (sp_reservation){&views->names, ((size_t)views->categories_max + 1) * sizeof(sp_text)};
    list[2] = (sp_reservation){&views->words, words_max * sizeof(view_word)};
    list[3] = (sp_reservation){&views->seat_seqs, words_max * 64 * sizeof(*views->seat_seqs)};
}

sp_views *sp_views_create(const sp_limits *limits, sp_fold fold)
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
    if (fold)
        views->search = sp_search_create(limits->concerts_max, fold);
    if (fold && !views->search) {
        sp_views_destroy(views);
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
    sp_search_destroy(views->search);
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

/* Release: pairs with the acquire of the word in sp_views_seats, likewise of a seq. */
static void word_store(_Atomic uint64_t *word, uint64_t bits)
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

/* Before a card is seen: it is found by its texts. */
static void search_put(sp_views *views, const sp_concert_card *card)
{
    sp_search_entry entry = sp_views_search_entry(views, card);
    if (views->search)
        sp_search_put(views->search, &entry);
}

/* When it has taken another's place: no more by that one's. */
static void search_drop_stale(sp_views *views, const sp_concert_card *card)
{
    sp_search_entry entry = sp_views_search_entry(views, card);
    if (views->search)
        sp_search_drop_stale(views->search, &entry);
}

/* A new concert: no reader knows it before its count, so its words (zero, or
 * what recovery found) need no version. */
static void concert_publish(sp_views *views, const sp_concert_card *card)
{
    SP_ASSERT_CMP(card->id, <=, views->concerts_max);
    search_put(views, card);
    atomic_store_explicit(&views->rows[card->id].card, card, memory_order_release);
    /* Pairs with the acquire in sp_views_concerts_count. */
    atomic_store_explicit(&views->concerts_count, card->id, memory_order_release);
}

static void seat_seqs_publish(sp_views *views, const sp_state *state, const sp_concert_card *card)
{
    for (sp_seat seat = 0; seat < card->seats_count; seat++) {
        _Atomic uint64_t *last = &views->words[card->first_word + seat / 64].seq;
        sp_seq seq = sp_state_seat_seq(state, card->id, seat);
        if (seq == 0)
            continue; /* untouched memory stays so */
        word_store(&views->seat_seqs[(uint64_t)card->first_word * 64 + seat], seq);
        if (seq > word_load(last))
            word_store(last, seq);
    }
}

void sp_views_publish_all(sp_views *views, const sp_state *state)
{
    for (uint32_t id = 1; id <= sp_state_categories_count(state); id++)
        category_publish(views, state, id);
    for (uint32_t id = 1; id <= sp_state_concerts_count(state); id++) {
        const sp_concert_card *card = sp_state_concert(state, id);
        change_begin(&views->rows[id]);
        for (uint32_t i = 0; i < sp_words_of_seats(card->seats_count); i++) {
            view_word *word = &views->words[card->first_word + i];
            word_store(&word->sold, sp_state_sold_words(state, id)[i]);
            word_store(&word->held, sp_state_held_words(state, id)[i]);
        }
        seat_seqs_publish(views, state, card);
        atomic_store_explicit(&views->rows[id].sale, sp_state_sale(state, id),
                              memory_order_release);
        atomic_store_explicit(&views->rows[id].own_seq, sp_state_concert_own_seq(state, id),
                              memory_order_release);
        change_end(&views->rows[id], sp_state_concert_seq(state, id));
        concert_publish(views, card);
    }
    sp_views_publish_seq(views, sp_state_seq(state));
}

static void bits_change(view_word *word, uint64_t mask, sp_change_kind kind)
{
    uint64_t sold = atomic_load_explicit(&word->sold, memory_order_relaxed);
    uint64_t held = atomic_load_explicit(&word->held, memory_order_relaxed);

    switch (kind) {
    case SP_CHANGE_SOLD:
        word_store(&word->sold, sold | mask);
        return;
    case SP_CHANGE_HELD:
        word_store(&word->held, held | mask);
        return;
    case SP_CHANGE_HELD_SOLD:
        word_store(&word->held, held & ~mask);
        word_store(&word->sold, sold | mask);
        return;
    case SP_CHANGE_SOLD_FREED:
        word_store(&word->sold, sold & ~mask);
        return;
    case SP_CHANGE_HELD_FREED:
        word_store(&word->held, held & ~mask);
        return;
    case SP_CHANGE_EDITED:
    case SP_CHANGE_PAUSED:
    case SP_CHANGE_RESUMED:
    case SP_CHANGE_CANCELLED:
        break;
    }
    sp_assert_failed(__FILE__, __LINE__, "the change is of a known kind", kind, 0);
}

/* The change's own bits on the views' words. Copying the state's words would be
 * wrong: the state is at the end of the batch already, or of the next, and a map
 * would show seats of an event later than its seq. */
static void seats_change(sp_views *views, uint32_t first_word, const sp_change *change)
{
    for (uint32_t at = 0; at < change->seats_count;) {
        sp_seat_group group = sp_seat_group_of(change->seats + at, change->seats_count - at);
        view_word *word = &views->words[first_word + group.word];
        bits_change(word, group.mask, change->kind);
        if (!(change->kind == SP_CHANGE_HELD_FREED && SP_FAULT(FREED_SEATS_UNTOLD)))
            word_store(&word->seq, change->seq);
        at += group.seats_count;
    }
    for (uint32_t i = 0; i < change->seats_count; i++)
        word_store(&views->seat_seqs[(uint64_t)first_word * 64 + change->seats[i]], change->seq);
}

/* Every seat that is sold or held is free: what the views show of the moment before is
 * what the state was then. */
static void seats_free(sp_views *views, const sp_concert_card *card, sp_seq seq)
{
    for (uint32_t i = 0; i < sp_words_of_seats(card->seats_count); i++) {
        view_word *word = &views->words[card->first_word + i];
        _Atomic uint64_t *seqs = &views->seat_seqs[((uint64_t)card->first_word + i) * 64];
        uint64_t bits = word_load(&word->sold) | word_load(&word->held);
        if (bits == 0)
            continue;
        word_store(&word->sold, 0);
        word_store(&word->held, 0);
        word_store(&word->seq, seq);
        for (; bits; bits &= bits - 1)
            word_store(&seqs[__builtin_ctzll(bits)], seq);
    }
}

/* The concert itself changes, under its version; what is searched beside it, so that no
 * reader of its seats waits for that. */
static void concert_change(sp_views *views, const sp_change *change)
{
    view_row *row = &views->rows[change->concert];
    sp_sale sale = change->kind == SP_CHANGE_PAUSED      ? SP_SALE_PAUSED
                   : change->kind == SP_CHANGE_CANCELLED ? SP_SALE_CANCELLED
                                                         : SP_SALE_OPEN;

    if (change->kind == SP_CHANGE_EDITED)
        search_put(views, change->card);
    change_begin(row);
    atomic_store_explicit(&row->own_seq, change->seq, memory_order_release);
    if (change->kind != SP_CHANGE_EDITED)
        atomic_store_explicit(&row->sale, sale, memory_order_release);
    else if (!(SP_FAULT(STALE_LAYOUT) && change->card->layout_seq == change->seq))
        atomic_store_explicit(&row->card, change->card, memory_order_release);
    if (change->kind == SP_CHANGE_CANCELLED)
        seats_free(views, atomic_load_explicit(&row->card, memory_order_relaxed), change->seq);
    change_end(row, change->seq);
    if (change->kind == SP_CHANGE_EDITED)
        search_drop_stale(views, change->card);
}

static bool is_changing(const view_row *row)
{
    return atomic_load_explicit(&row->version, memory_order_relaxed) % 2 != 0;
}

/* Several changes of one event, [begin, end): a reader sees all of it at a concert or
 * nothing, since what it sees has its seq. */
static void event_publish(sp_views *views, const sp_state *state, const sp_changes *changes,
                          size_t begin, size_t end)
{
    sp_change change;

    for (size_t at = begin; at < end && sp_changes_next(changes, &at, &change);)
        if (!is_changing(&views->rows[change.concert]))
            change_begin(&views->rows[change.concert]);
    for (size_t at = begin; at < end && sp_changes_next(changes, &at, &change);)
        seats_change(views, state->concerts[change.concert].first_word, &change);
    for (size_t at = begin; at < end && sp_changes_next(changes, &at, &change);)
        if (is_changing(&views->rows[change.concert]))
            change_end(&views->rows[change.concert], change.seq);
}

/* The usual event: one change, of one concert. */
static void change_publish(sp_views *views, const sp_state *state, const sp_change *change)
{
    view_row *row = &views->rows[change->concert];

    if (change->seats_count == 0) {
        concert_change(views, change);
        return;
    }
    change_begin(row);
    seats_change(views, state->concerts[change->concert].first_word, change);
    change_end(row, change->seq);
}

/* Seats lie anywhere: their lines are asked for so many changes ahead. */
#define PUBLISH_AHEAD 16u

static void prefetch_change(const sp_views *views, const sp_state *state, const sp_change *change)
{
    uint32_t first_word = state->concerts[change->concert].first_word;

    if (change->seats_count == 0)
        return;
    __builtin_prefetch(&views->words[first_word + change->seats[0] / 64], 1);
    __builtin_prefetch(&views->seat_seqs[(uint64_t)first_word * 64 + change->seats[0]], 1);
}

void sp_views_publish_changes(sp_views *views, const sp_state *state, const sp_changes *changes)
{
    size_t ahead = 0, at = 0;
    uint32_t lead = 0;
    sp_change change, next;

    while (at < changes->size) {
        for (; lead < PUBLISH_AHEAD && sp_changes_next(changes, &ahead, &next); lead++)
            prefetch_change(views, state, &next);
        size_t begin = at, end;
        sp_changes_next(changes, &at, &change);
        uint32_t count = 1;
        for (end = at; sp_changes_next(changes, &at, &next) && next.seq == change.seq; count++)
            end = at;
        at = end;
        if (count == 1)
            change_publish(views, state, &change);
        else
            event_publish(views, state, changes, begin, end);
        lead = lead > count ? lead - count : 0;
        if (lead == 0)
            ahead = at;
    }
}

void sp_views_publish_event(sp_views *views, const sp_state *state, const sp_event *event)
{
    switch (event->type) {
    case SP_EVENT_CATEGORY_CREATED:
        category_publish(views, state, event->category_created.category);
        break;
    case SP_EVENT_CONCERT_CREATED: {
        view_row *row = &views->rows[event->concert_created.concert];
        const sp_concert_card *card = sp_state_concert(state, event->concert_created.concert);
        atomic_store_explicit(&row->seq, event->seq, memory_order_release);
        atomic_store_explicit(&row->own_seq, event->seq, memory_order_release);
        /* As it was then: the state's may be of an edit which is not durable yet. */
        concert_publish(views, SP_FAULT(EDIT_SHOWN_EARLY) ? card : card->created);
        break;
    }
    case SP_EVENT_CONCERT_EDITED: /* what these do stands in the changes */
    case SP_EVENT_CONCERT_PAUSED:
    case SP_EVENT_CONCERT_RESUMED:
    case SP_EVENT_CONCERT_CANCELLED:
    case SP_EVENT_ORDER_PAID:
    case SP_EVENT_ORDER_CANCELLED:
    case SP_EVENT_HOLD_TAKEN:
    case SP_EVENT_HOLD_EXTENDED:
    case SP_EVENT_HOLD_RELEASED:
    case SP_EVENT_HOLDS_EXPIRED:
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
