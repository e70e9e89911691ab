/* SPDX-License-Identifier: MIT */
#include "net/token_cache.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "engine/assert.h"

#define WAYS 4u
#define SETS (SP_TOKEN_CACHE_TOKENS / WAYS)

typedef struct entry {
    sp_token_holder holder;
    uint32_t size;
    char text[SP_TOKEN_CACHE_TEXT_SIZE_MAX];
} entry;

#define CACHE_LINE_SIZE 64u

_Static_assert(sizeof(entry) == 4 * CACHE_LINE_SIZE, "an entry is whole cache lines");

/* Marks beside each other and apart from the entries: a set is looked through
 * in half a cache line. A mark is never 0 but where there is no entry. */
struct sp_token_cache {
    uint64_t marks[SETS][WAYS];
    entry entries[SETS][WAYS];
};

_Static_assert((SETS & (SETS - 1)) == 0, "set_of takes bits");

/* Mapped, not allocated: a loop without users pays nothing. */
sp_token_cache *sp_token_cache_create(void)
{
    void *memory = mmap(NULL, sizeof(sp_token_cache), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    (void)madvise(memory, sizeof(sp_token_cache), MADV_HUGEPAGE);
    return memory;
}

void sp_token_cache_destroy(sp_token_cache *cache)
{
    if (cache != NULL)
        munmap(cache, sizeof *cache);
}

static uint64_t word_at(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The first eight characters of the MAC. */
static uint64_t mark_of(sp_text text)
{
    return word_at(text.bytes + text.size - SP_TOKEN_MAC_TEXT_SIZE);
}

/* Six bits of each character are worth something: a multiplication brings
 * those of all eight to the top. */
static uint64_t mix(uint64_t mark)
{
    return mark * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t set_of(uint64_t mark)
{
    return mix(mark) >> 32 & (SETS - 1);
}

/* Without a branch on what is compared. In words, the last of which may
 * overlap the one before. */
static bool is_equal_secretly(const char *a, const char *b, size_t size)
{
    uint64_t difference = word_at(a + size - 8) ^ word_at(b + size - 8);
    for (size_t at = 0; at + 8 <= size; at += 8)
        difference |= word_at(a + at) ^ word_at(b + at);
    /* The compiler must not find out that it could stop early. */
    __asm__("" : "+r"(difference));
    return difference == 0;
}

/* Sets fill from their first way on, and few have more than one entry. */
void sp_token_cache_prefetch(const sp_token_cache *cache, sp_text text)
{
    SP_ASSERT_CMP(text.size, >=, SP_TOKEN_MAC_TEXT_SIZE);
    uint64_t set = set_of(mark_of(text));
    const char *likeliest = (const char *)&cache->entries[set][0];
    __builtin_prefetch(cache->marks[set]);
    for (size_t at = 0; at < sizeof(entry); at += CACHE_LINE_SIZE)
        __builtin_prefetch(likeliest + at);
}

const sp_token_holder *sp_token_cache_find(const sp_token_cache *cache, sp_text text)
{
    SP_ASSERT_CMP(text.size, >=, SP_TOKEN_MAC_TEXT_SIZE);
    uint64_t mark = mark_of(text);
    uint64_t set = set_of(mark);
    for (uint32_t way = 0; way < WAYS; way++) {
        const entry *e = &cache->entries[set][way];
        if (cache->marks[set][way] == mark && e->size == text.size &&
            is_equal_secretly(e->text, text.bytes, text.size))
            return &e->holder;
    }
    return NULL;
}

/* In a full set one as good as drawn by lot: to look for the one that expires
 * first would touch a cache line of each. */
static uint32_t way_to_fill(const sp_token_cache *cache, uint64_t set, uint64_t mark)
{
    for (uint32_t way = 0; way < WAYS; way++)
        if (cache->marks[set][way] == 0)
            return way;
    return (uint32_t)(mix(mark) >> 62) % WAYS;
}

void sp_token_cache_add(sp_token_cache *cache, sp_text text, sp_token_holder holder)
{
    SP_ASSERT_CMP(text.size, >=, SP_TOKEN_MAC_TEXT_SIZE);
    if (text.size > SP_TOKEN_CACHE_TEXT_SIZE_MAX)
        return;
    uint64_t mark = mark_of(text);
    uint64_t set = set_of(mark);
    uint32_t way = way_to_fill(cache, set, mark);
    entry *e = &cache->entries[set][way];
    cache->marks[set][way] = mark;
    e->holder = holder;
    e->size = text.size;
    memcpy(e->text, text.bytes, text.size);
}

/* Without its mark nobody finds an entry. */
void sp_token_cache_clear(sp_token_cache *cache)
{
    memset(cache->marks, 0, sizeof cache->marks);
}
