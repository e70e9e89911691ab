/* SPDX-License-Identifier: MIT */
#include "engine/views.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "engine/bitmap.h"
#include "engine/fault.h"
#include "engine/memory.h"
#include "engine/state_private.h"

/* A category's name is two words; it is written once, before the count that
 * makes it visible is stored with release, so it needs no atomics. */
typedef struct view_row {
    _Atomic(const sp_concert_card *) card; /* as all that follows, changes under version */
    _Atomic uint64_t version;              /* odd while the words change */
    _Atomic uint64_t seq;
    _Atomic uint64_t own_seq; /* of what changed the concert itself */
    _Atomic uint32_t sale;
} view_row;

/* 64 seats, and the seq that last changed one of them: what an order changes, side
 * by side. */
typedef struct view_word {
    _Atomic uint64_t sold, held, seq;
} view_word;

_Static_assert(sizeof(view_word) == 3 * sizeof(uint64_t), "lock-free words");

struct sp_views {
    view_row *rows; /* by concert id; [0] is not used */
    sp_text *names; /* by category id; likewise */
    view_word *words;
    _Atomic uint64_t *seat_seqs; /* 64 a word */
    uint32_t concerts_max, categories_max;
    uint64_t words_max;
    sp_search *search; /* NULL: nobody searches */
    _Alignas(64) _Atomic uint64_t seq;
    _Atomic uint32_t concerts_count, categories_count;
};

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

static uint64_t word_load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
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

const sp_search *sp_views_search(const sp_views *views)
{
    return views->search;
}

sp_search_entry sp_views_search_entry(const sp_views *views, const sp_concert_card *card)
{
    return (sp_search_entry){
        .concert = card->id,
        .category = card->spec.category,
        .name = card->spec.name,
        .category_name = sp_views_category(views, card->spec.category),
    };
}

sp_seq sp_views_concert_seq(const sp_views *views, sp_concert_id concert)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return 0;
    return atomic_load_explicit(&views->rows[concert].seq, memory_order_acquire);
}

sp_seq sp_views_concert_own_seq(const sp_views *views, sp_concert_id concert)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return 0;
    return atomic_load_explicit(&views->rows[concert].own_seq, memory_order_acquire);
}

sp_sale sp_views_sale(const sp_views *views, sp_concert_id concert)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return SP_SALE_OPEN;
    return (sp_sale)atomic_load_explicit(&views->rows[concert].sale, memory_order_acquire);
}

/* Between a look's two loads of the version: the card that there is now. */
static const sp_concert_card *card_load(const view_row *row)
{
    return atomic_load_explicit(&row->card, memory_order_acquire);
}

/* The last seq at which the concert had this card's layout, if it has another by now;
 * else 0. */
static sp_seq seq_before_layout(const view_row *row, const sp_concert_card *card)
{
    const sp_concert_card *later = card_load(row);

    if (later->layout_seq == card->layout_seq)
        return 0;
    while (later->older->layout_seq != card->layout_seq)
        later = later->older;
    return later->layout_seq - 1;
}

static void words_load(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                       uint64_t *held)
{
    const view_word *words = &views->words[card->first_word];
    uint32_t words_count = sp_words_of_seats(card->seats_count);

    for (uint32_t i = 0; i < words_count; i++) {
        sold[i] = word_load(&words[i].sold);
        held[i] = word_load(&words[i].held);
    }
}

static void now_load(const view_row *row, sp_concert_now *out)
{
    out->card = card_load(row);
    out->seq = atomic_load_explicit(&row->seq, memory_order_acquire);
    out->own_seq = atomic_load_explicit(&row->own_seq, memory_order_acquire);
    out->sale = (sp_sale)atomic_load_explicit(&row->sale, memory_order_acquire);
}

/* One look: false if anything changed meanwhile. The second load of version
 * may be relaxed: the acquires before it keep it behind them, and if one of
 * them read a new word, the odd version happened before this load. */
static bool concert_try(const sp_views *views, const view_row *row, sp_concert_now *out,
                        uint64_t *sold, uint64_t *held)
{
    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2)
        return false;
    now_load(row, out);
    words_load(views, out->card, sold, held);
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

/* Tries before the reader lets others run: the writer may have been suspended
 * in the middle of a change, on this very core. */
#define TRIES_BEFORE_YIELD 64u

bool sp_views_concert(const sp_views *views, sp_concert_id concert, sp_concert_now *out,
                      uint64_t *sold, uint64_t *held)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return false;
    const view_row *row = &views->rows[concert];
    for (uint32_t tries = 1; !concert_try(views, row, out, sold, held); tries++)
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    return true;
}

/* A look at the seats of this very card. */
static bool seats_try(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held, sp_seq *seq)
{
    const view_row *row = &views->rows[card->id];
    size_t bytes = sp_words_of_seats(card->seats_count) * sizeof(uint64_t);

    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2)
        return false;
    *seq = seq_before_layout(row, card);
    if (*seq) {
        memset(sold, 0, bytes);
        memset(held, 0, bytes);
    } else {
        *seq = atomic_load_explicit(&row->seq, memory_order_acquire);
        words_load(views, card, sold, held);
    }
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

sp_seq sp_views_seats(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held)
{
    sp_seq seq;

    for (uint32_t tries = 1; !seats_try(views, card, sold, held, &seq); tries++)
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    return seq;
}

/* Those of a word that changed behind `after`, appended to out. */
static uint32_t word_since(const sp_views *views, const sp_concert_card *card, uint32_t word_index,
                           sp_seq after, sp_seat_now *out)
{
    const view_word *word = &views->words[card->first_word + word_index];
    const _Atomic uint64_t *seqs =
        &views->seat_seqs[((uint64_t)card->first_word + word_index) * 64];
    uint64_t sold = word_load(&word->sold), held = word_load(&word->held);
    uint32_t left = card->seats_count - word_index * 64, count = 0;

    for (uint32_t i = 0; i < 64 && i < left; i++) {
        if (word_load(&seqs[i]) <= after)
            continue;
        sp_seat_state state = sold >> i & 1   ? SP_SEAT_SOLD
                              : held >> i & 1 ? SP_SEAT_HELD
                                              : SP_SEAT_FREE;
        out[count++] = (sp_seat_now){word_index * 64 + i, state};
    }
    return count;
}

/* Never more than there are seats, also between two changes. */
static uint32_t words_since(const sp_views *views, const sp_concert_card *card, sp_seq after,
                            sp_seat_now *out)
{
    uint32_t words_count = sp_words_of_seats(card->seats_count), count = 0;

    for (uint32_t i = 0; i < words_count; i++)
        if (word_load(&views->words[card->first_word + i].seq) > after)
            count += word_since(views, card, i, after, out + count);
    return count;
}

/* One look, as concert_try. */
static bool since_try(const sp_views *views, const sp_concert_card *card, sp_seq after,
                      sp_seat_now *out, uint32_t *count, sp_seq *seq)
{
    const view_row *row = &views->rows[card->id];

    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2)
        return false;
    *count = 0;
    *seq = seq_before_layout(row, card);
    if (*seq == 0) {
        *seq = atomic_load_explicit(&row->seq, memory_order_acquire);
        *count = words_since(views, card, after, out);
    }
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

sp_seq sp_views_seats_since(const sp_views *views, const sp_concert_card *card, sp_seq after,
                            sp_seat_now *out, uint32_t *count)
{
    sp_seq seq;

    for (uint32_t tries = 1; !since_try(views, card, after, out, count, &seq); tries++)
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    return seq;
}

static bool concert_since_try(const sp_views *views, const view_row *row, sp_seq after,
                              sp_concert_now *now, sp_seat_now *out, uint32_t *count)
{
    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2)
        return false;
    now_load(row, now);
    *count = after < now->card->layout_seq ? 0 : words_since(views, now->card, after, out);
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

bool sp_views_concert_since(const sp_views *views, sp_concert_id concert, sp_seq after,
                            sp_concert_now *now, sp_seat_now *out, uint32_t *count)
{
    if (concert - 1u >= sp_views_concerts_count(views))
        return false;
    const view_row *row = &views->rows[concert];
    for (uint32_t tries = 1; !concert_since_try(views, row, after, now, out, count); tries++)
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    return true;
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
