/* SPDX-License-Identifier: MIT
 *
 * The views' memory, as their writer (views.c) and their readers (views_read.c) see it.
 * Private to these two.
 */
#ifndef SP_ENGINE_VIEWS_PRIVATE_H
#define SP_ENGINE_VIEWS_PRIVATE_H

#include <stdatomic.h>

#include "engine/views.h"

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

/* Pairs with the release of the word's store (views.c). */
static inline uint64_t word_load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_acquire);
}

#endif
