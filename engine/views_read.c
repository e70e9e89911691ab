/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <string.h>

#include "engine/bitmap.h"
#include "engine/views_private.h"

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

static bool has_layout(const view_row *row, const sp_concert_card *card)
{
    return card_load(row)->layout_seq == card->layout_seq;
}

/* The last seq at which the concert had this card's layout, which it has no more. No
 * layout comes back and cards never change, so this needs no look. O(log edits). */
static sp_seq seq_before_layout(const view_row *row, const sp_concert_card *card)
{
    const sp_concert_card *later = card_load(row);

    while (later->older->layout_seq != card->layout_seq) {
        bool is_later = later->jump && later->jump->layout_seq > card->layout_seq;
        later = is_later ? later->jump : later->older;
    }
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

/* A look at the seats of this very card, whose layout the concert has. */
static bool seats_try(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held, sp_seq *seq)
{
    const view_row *row = &views->rows[card->id];

    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2 || !has_layout(row, card))
        return false;
    *seq = atomic_load_explicit(&row->seq, memory_order_acquire);
    words_load(views, card, sold, held);
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

sp_seq sp_views_seats(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held)
{
    const view_row *row = &views->rows[card->id];
    size_t bytes = sp_words_of_seats(card->seats_count) * sizeof(uint64_t);
    sp_seq seq;

    for (uint32_t tries = 1; has_layout(row, card); tries++) {
        if (seats_try(views, card, sold, held, &seq))
            return seq;
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    }
    memset(sold, 0, bytes);
    memset(held, 0, bytes);
    return seq_before_layout(row, card);
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

/* One look, as seats_try. */
static bool since_try(const sp_views *views, const sp_concert_card *card, sp_seq after,
                      sp_seat_now *out, uint32_t *count, sp_seq *seq)
{
    const view_row *row = &views->rows[card->id];

    uint64_t version = atomic_load_explicit(&row->version, memory_order_acquire);
    if (version % 2 || !has_layout(row, card))
        return false;
    *seq = atomic_load_explicit(&row->seq, memory_order_acquire);
    *count = words_since(views, card, after, out);
    return atomic_load_explicit(&row->version, memory_order_relaxed) == version;
}

sp_seq sp_views_seats_since(const sp_views *views, const sp_concert_card *card, sp_seq after,
                            sp_seat_now *out, uint32_t *count)
{
    const view_row *row = &views->rows[card->id];
    sp_seq seq;

    for (uint32_t tries = 1; has_layout(row, card); tries++) {
        if (since_try(views, card, after, out, count, &seq))
            return seq;
        if (tries % TRIES_BEFORE_YIELD == 0)
            sched_yield();
    }
    *count = 0;
    return seq_before_layout(row, card);
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
