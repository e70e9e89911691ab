/* SPDX-License-Identifier: MIT */
#include "engine/search.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/memory.h"

#define BLOCK_WORDS SP_SEARCH_BLOCK_WORDS
#define BLOCK_CONCERTS (BLOCK_WORDS * 64u)

/* A bit's line of 512 concerts. */
typedef struct slice {
    _Atomic uint64_t words[BLOCK_WORDS];
} slice;

_Static_assert(sizeof(slice) == 64, "a slice of a block is a cache line");

typedef struct block {
    slice slices[SP_SEARCH_BITS];
} block;

struct sp_search {
    block *blocks;
    uint32_t concerts_max;
    sp_fold fold;
};

typedef struct signature {
    uint64_t words[SP_SEARCH_BITS / 64];
} signature;

/* What sets bits, and how many. A single character must do with its own bits, so it
 * has more of them than a pair, which comes with two characters. */
typedef enum gram_kind { GRAM_CHARACTER = 1, GRAM_PAIR, GRAM_CATEGORY } gram_kind;
#define CHARACTER_BITS 3u
#define PAIR_BITS 2u
#define CATEGORY_BITS 3u

#define ENTRY_CHARACTERS_MAX \
    (SP_FOLD_MAX(SP_CONCERT_NAME_SIZE_MAX) + 1u + SP_FOLD_MAX(SP_CATEGORY_NAME_SIZE_MAX))

static size_t blocks_bytes(uint32_t concerts_max)
{
    return ((size_t)concerts_max / BLOCK_CONCERTS + 1) * sizeof(block);
}

sp_search *sp_search_create(uint32_t concerts_max, sp_fold fold)
{
    sp_search *search = malloc(sizeof(*search));
    if (!search)
        return NULL;
    *search = (sp_search){sp_memory_reserve(blocks_bytes(concerts_max)), concerts_max, fold};
    if (!search->blocks) {
        free(search);
        return NULL;
    }
    return search;
}

void sp_search_destroy(sp_search *search)
{
    if (!search)
        return;
    sp_memory_release(search->blocks, blocks_bytes(search->concerts_max));
    free(search);
}

/* The mixing of SplitMix64 (engine-wide there is no seed: whoever picks names that
 * collide makes false candidates, which are looked at and left out). */
static uint64_t gram_hash(gram_kind kind, uint32_t a, uint32_t b)
{
    uint64_t x = (uint64_t)kind << 58 ^ (uint64_t)a << 29 ^ b;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint32_t hash_bit(uint64_t hash, uint32_t i)
{
    return (uint32_t)(hash >> (i * 16)) % SP_SEARCH_BITS;
}

static void signature_add(signature *s, uint64_t hash, uint32_t bits_count)
{
    for (uint32_t i = 0; i < bits_count; i++)
        s->words[hash_bit(hash, i) / 64] |= UINT64_C(1) << hash_bit(hash, i) % 64;
}

/* Whether characters i and i + 1 stand in one form of one text. */
static bool is_pair(const uint32_t *characters, uint32_t count, uint32_t i)
{
    return i + 1 < count && characters[i] != SP_FOLD_BREAK && characters[i + 1] != SP_FOLD_BREAK;
}

static void signature_add_text(signature *s, const uint32_t *characters, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (characters[i] == SP_FOLD_BREAK)
            continue;
        signature_add(s, gram_hash(GRAM_CHARACTER, characters[i], 0), CHARACTER_BITS);
        if (is_pair(characters, count, i))
            signature_add(s, gram_hash(GRAM_PAIR, characters[i], characters[i + 1]), PAIR_BITS);
    }
}

/* Both texts, a break between them. */
static uint32_t fold_entry(const sp_search *search, const sp_search_entry *entry,
                           uint32_t characters[ENTRY_CHARACTERS_MAX])
{
    SP_ASSERT_CMP(entry->name.size, <=, SP_CONCERT_NAME_SIZE_MAX);
    SP_ASSERT_CMP(entry->category_name.size, <=, SP_CATEGORY_NAME_SIZE_MAX);
    uint32_t count = search->fold(entry->name, characters);
    characters[count++] = SP_FOLD_BREAK;
    return count + search->fold(entry->category_name, characters + count);
}

static signature signature_of(const sp_search *search, const sp_search_entry *entry)
{
    uint32_t characters[ENTRY_CHARACTERS_MAX];
    uint32_t count = fold_entry(search, entry, characters);
    signature s = {{0}};

    signature_add_text(&s, characters, count);
    signature_add(&s, gram_hash(GRAM_CATEGORY, entry->category, 0), CATEGORY_BITS);
    return s;
}

static _Atomic uint64_t *word_of(const sp_search *search, uint32_t bit, sp_concert_id concert)
{
    SP_ASSERT_CMP(concert, <=, search->concerts_max);
    return &search->blocks[concert / BLOCK_CONCERTS]
                .slices[bit]
                .words[concert % BLOCK_CONCERTS / 64];
}

/* The writer reads what it wrote itself: relaxed. Release: pairs with the acquire in
 * form_read. */
static void word_change(_Atomic uint64_t *word, uint64_t clear, uint64_t set)
{
    uint64_t was = atomic_load_explicit(word, memory_order_relaxed);
    uint64_t is = (was & ~clear) | set;
    if (is != was)
        atomic_store_explicit(word, is, memory_order_release);
}

void sp_search_put(sp_search *search, const sp_search_entry *entry)
{
    signature s = signature_of(search, entry);
    uint64_t mask = UINT64_C(1) << entry->concert % 64;

    for (uint32_t i = 0; i < SP_SEARCH_BITS / 64; i++)
        for (uint64_t left = s.words[i]; left; left &= left - 1) {
            uint32_t bit = i * 64 + (uint32_t)__builtin_ctzll(left);
            word_change(word_of(search, bit, entry->concert), 0, mask);
        }
}

void sp_search_drop_stale(sp_search *search, const sp_search_entry *entry)
{
    signature s = signature_of(search, entry);
    uint64_t mask = UINT64_C(1) << entry->concert % 64;

    for (uint32_t bit = 0; bit < SP_SEARCH_BITS; bit++)
        if (!(s.words[bit / 64] >> bit % 64 & 1))
            word_change(word_of(search, bit, entry->concert), mask, 0);
}

/* As many as there is room for: fewer ask for less, which is never wrong. */
static void form_add(sp_search_form *form, uint64_t hash, uint32_t bits_count)
{
    for (uint32_t i = 0; i < bits_count && form->bits_count < SP_SEARCH_FORM_BITS_MAX; i++)
        form->bits[form->bits_count++] = (uint16_t)hash_bit(hash, i);
}

/* What tells most comes first, so that most blocks are left after few lines: pairs
 * are rarer than characters, and these than categories. */
static void form_fill(sp_search_form *form, const sp_search_query *query)
{
    const uint32_t *characters = query->characters + form->first;

    for (uint32_t i = 0; i + 1 < form->count; i++)
        form_add(form, gram_hash(GRAM_PAIR, characters[i], characters[i + 1]), PAIR_BITS);
    for (uint32_t i = 0; i < form->count; i++)
        form_add(form, gram_hash(GRAM_CHARACTER, characters[i], 0), CHARACTER_BITS);
    if (query->category != 0)
        form_add(form, gram_hash(GRAM_CATEGORY, query->category, 0), CATEGORY_BITS);
}

void sp_search_ask(const sp_search *search, sp_text text, sp_category_id category,
                   sp_search_query *query)
{
    SP_ASSERT_CMP(text.size, <=, SP_SEARCH_TEXT_SIZE_MAX);
    uint32_t count = text.size > 0 ? search->fold(text, query->characters) : 0;

    query->category = category;
    query->forms_count = 0;
    query->block = UINT32_MAX;
    for (uint32_t first = 0, end; first < count; first = end + 1) {
        for (end = first; end < count && query->characters[end] != SP_FOLD_BREAK;)
            end++;
        SP_ASSERT_CMP(query->forms_count, <, SP_FOLD_FORMS_MAX);
        sp_search_form *form = &query->forms[query->forms_count++];
        *form = (sp_search_form){.first = first, .count = end - first};
        form_fill(form, query);
    }
    if (count == 0) { /* the category alone, or nothing: then all are candidates */
        query->forms[0] = (sp_search_form){.count = 0};
        form_fill(&query->forms[0], query);
    }
}

/* Lines of the next block that are asked for while this one is read: as many as are
 * mostly read of a block. */
#define PREFETCH_BITS 4u

static void form_prefetch(const block *b, const sp_search_form *form)
{
    for (uint32_t i = 0; i < form->bits_count && i < PREFETCH_BITS; i++)
        __builtin_prefetch(&b->slices[form->bits[i]]);
}

/* The concerts of a block that have all bits of a form, added to `words`. */
static void form_read(const block *b, const sp_search_form *form, uint64_t words[BLOCK_WORDS])
{
    uint64_t all[BLOCK_WORDS], any = UINT64_MAX;

    memset(all, 0xff, sizeof(all));
    for (uint32_t i = 0; i < form->bits_count && any; i++) {
        const slice *line = &b->slices[form->bits[i]];
        any = 0;
        /* Acquire: pairs with the release in word_change. */
        for (uint32_t w = 0; w < BLOCK_WORDS; w++)
            any |= all[w] &= atomic_load_explicit(&line->words[w], memory_order_acquire);
    }
    for (uint32_t w = 0; w < BLOCK_WORDS; w++)
        words[w] |= all[w];
}

static void block_read(const sp_search *search, sp_search_query *query, uint32_t index)
{
    uint32_t forms_count = query->forms_count > 0 ? query->forms_count : 1;

    query->block = index;
    memset(query->words, 0, sizeof(query->words));
    for (uint32_t i = 0; i < forms_count; i++) {
        if (index > 0)
            form_prefetch(&search->blocks[index - 1], &query->forms[i]);
        form_read(&search->blocks[index], &query->forms[i], query->words);
    }
}

/* The highest set bit up to `at`, or BLOCK_CONCERTS. */
static uint32_t bit_down_from(const uint64_t words[BLOCK_WORDS], uint32_t at)
{
    uint64_t mask = UINT64_MAX >> (63 - at % 64);

    for (uint32_t w = at / 64 + 1; w-- > 0; mask = UINT64_MAX)
        if (words[w] & mask)
            return w * 64 + 63 - (uint32_t)__builtin_clzll(words[w] & mask);
    return BLOCK_CONCERTS;
}

sp_concert_id sp_search_next(const sp_search *search, sp_search_query *query, sp_concert_id below)
{
    SP_ASSERT_CMP(below, <=, (uint64_t)search->concerts_max + 1);
    if (below <= 1)
        return 0;
    for (sp_concert_id id = below - 1;; id = query->block * BLOCK_CONCERTS - 1) {
        if (query->block != id / BLOCK_CONCERTS)
            block_read(search, query, id / BLOCK_CONCERTS);
        uint32_t bit = bit_down_from(query->words, id % BLOCK_CONCERTS);
        if (bit < BLOCK_CONCERTS) /* of no concert is bit 0: where all are candidates, the end */
            return query->block * BLOCK_CONCERTS + bit;
        if (query->block == 0)
            return 0;
    }
}

static bool contains(const uint32_t *characters, uint32_t count, const uint32_t *part,
                     uint32_t part_count)
{
    for (uint32_t i = 0; i + part_count <= count; i++)
        if (characters[i] == part[0] &&
            memcmp(characters + i, part, part_count * sizeof(*part)) == 0)
            return true;
    return false;
}

bool sp_search_finds(const sp_search *search, const sp_search_query *query,
                     const sp_search_entry *entry)
{
    uint32_t characters[ENTRY_CHARACTERS_MAX];

    if (query->category != 0 && entry->category != query->category)
        return false;
    if (query->forms_count == 0)
        return true;
    uint32_t count = fold_entry(search, entry, characters);
    for (uint32_t i = 0; i < query->forms_count; i++) {
        const sp_search_form *form = &query->forms[i];
        if (contains(characters, count, query->characters + form->first, form->count))
            return true;
    }
    return false;
}
