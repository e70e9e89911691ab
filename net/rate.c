/* SPDX-License-Identifier: MIT
 *
 * Sets of four entries, a cache line each, found by the low bits of the key.
 *
 *   entry.key    the whole key
 *   entry.word   the key's high 16 bits (its tag) and the 48 low bits of the
 *                theoretical arrival time, in microseconds:
 *
 *                 63      48 47                                   0
 *                +----------+--------------------------------------+
 *                |   tag    |  arrival time modulo 2^48 (8.9 years) |
 *                +----------+--------------------------------------+
 *
 * An entry is a key's if both say so. Every decision is one compare-and-swap of
 * one word, which holds all that the decision rests on: so no access has to be
 * ordered with another, and all of them are relaxed. What can go wrong:
 *
 *   - An entry changes hands (word first, then key) while another thread is
 *     about to take a token from it for its old key: the tag is another, the
 *     swap fails, and that thread looks again. Two keys of one set share a tag
 *     in one of 65,536 cases; then, in that moment, a token is taken from the
 *     wrong one.
 *   - Two threads bring one key in at once, or find the word changed and the key
 *     not yet: the key has two entries, or two keys have halves of one, which
 *     then is nobody's. The first entry that matches counts; what is left over
 *     is forgotten like any other. Such a key is limited less for a moment.
 */
#include "net/rate.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "engine/assert.h"

#define WAYS 4u
#define TIME_BITS 48u
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
/* No bucket takes longer to fill (12 days). An arrival time further ahead is
 * one of years ago, seen across the wrap. */
#define CAPACITY_US_MAX (UINT64_C(1) << 40)
/* Clocks that were read once an iteration may differ by as much between loops. */
#define SLACK_US UINT64_C(10000000)
#define KEY_BYTES_MAX 512u

typedef struct entry {
    _Atomic uint64_t key;
    _Atomic uint64_t word;
} entry;

_Static_assert(sizeof(entry) * WAYS == 64, "a set is a cache line");

struct sp_rate_table {
    unsigned char hash_key[crypto_shorthash_KEYBYTES];
    uint64_t sets_mask;
    entry *entries;
};

sp_rate_table *sp_rate_table_create(uint32_t entries)
{
    SP_ASSERT(entries >= WAYS && (entries & (entries - 1)) == 0);
    sp_rate_table *table = malloc(sizeof *table);
    if (table == NULL || sodium_init() < 0)
        goto failed;
    size_t size = (size_t)entries * sizeof(entry);
    table->entries = aligned_alloc(64, size);
    if (table->entries == NULL)
        goto failed;
    /* All zero: a full bucket of a key that is nobody's. */
    memset(table->entries, 0, size);
    table->sets_mask = entries / WAYS - 1;
    crypto_shorthash_keygen(table->hash_key);
    return table;
failed:
    free(table);
    return NULL;
}

void sp_rate_table_destroy(sp_rate_table *table)
{
    if (table == NULL)
        return;
    free(table->entries);
    free(table);
}

uint64_t sp_rate_key(const sp_rate_table *table, sp_rate_kind kind, const void *bytes, size_t size)
{
    unsigned char text[1 + KEY_BYTES_MAX];
    uint64_t key;
    SP_ASSERT_CMP(size, <=, KEY_BYTES_MAX);
    text[0] = (unsigned char)kind;
    memcpy(text + 1, bytes, size);
    crypto_shorthash((unsigned char *)&key, text, 1 + size, table->hash_key);
    return key;
}
_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "a hash is a key");

static uint64_t word_of(uint64_t key, uint64_t arrival_us)
{
    return (key & ~TIME_MASK) | (arrival_us & TIME_MASK);
}

/* How long until the bucket is full again. */
static uint64_t left_us_of(uint64_t word, uint64_t now_us)
{
    uint64_t ahead_us = (word - now_us) & TIME_MASK;
    return ahead_us <= CAPACITY_US_MAX + SLACK_US ? ahead_us : 0;
}

static entry *set_of(const sp_rate_table *table, uint64_t key)
{
    return &table->entries[(key & table->sets_mask) * WAYS];
}

/* NULL: it has none. Relaxed: see above. */
static entry *find(entry *set, uint64_t key, uint64_t *word)
{
    for (unsigned i = 0; i < WAYS; i++) {
        if (atomic_load_explicit(&set[i].key, memory_order_relaxed) != key)
            continue;
        *word = atomic_load_explicit(&set[i].word, memory_order_relaxed);
        if (((*word ^ key) & ~TIME_MASK) == 0)
            return &set[i];
    }
    return NULL;
}

static bool swap(entry *e, uint64_t from, uint64_t to)
{
    return atomic_compare_exchange_strong_explicit(&e->word, &from, to, memory_order_relaxed,
                                                   memory_order_relaxed);
}

/* Puts the key in the place of that whose bucket is nearest to full: what is
 * forgotten with it is least. false: someone else was faster. */
static bool bring_in(entry *set, uint64_t key, uint64_t arrival_us, uint64_t now_us)
{
    entry *victim = NULL;
    uint64_t victim_word = 0, left_us_min = UINT64_MAX;
    for (unsigned i = 0; i < WAYS; i++) {
        uint64_t word = atomic_load_explicit(&set[i].word, memory_order_relaxed);
        uint64_t left_us = left_us_of(word, now_us);
        if (left_us < left_us_min) {
            victim = &set[i];
            victim_word = word;
            left_us_min = left_us;
        }
    }
    if (!swap(victim, victim_word, word_of(key, arrival_us)))
        return false;
    atomic_store_explicit(&victim->key, key, memory_order_relaxed);
    return true;
}

static uint64_t capacity_us(const sp_rate_rule *rule)
{
    uint64_t capacity = (uint64_t)rule->burst * rule->interval_us;
    SP_ASSERT(capacity > 0 && capacity <= CAPACITY_US_MAX);
    return capacity;
}

static uint32_t seconds_up(uint64_t us)
{
    return (uint32_t)((us + 999999) / 1000000);
}

/* left_us: before a token is taken. */
static sp_rate_verdict judge(const sp_rate_rule *rule, uint64_t left_us)
{
    uint64_t capacity = capacity_us(rule);
    sp_rate_verdict verdict = {.limit = rule->burst};
    uint64_t after_us = left_us + rule->interval_us;
    if (after_us > capacity) {
        verdict.reset_s = seconds_up(left_us);
        verdict.retry_after_s = seconds_up(after_us - capacity);
        return verdict;
    }
    uint64_t free_us = capacity - after_us;
    verdict.allowed = true;
    /* The usual capacity is a second: a short division costs half. */
    verdict.remaining = free_us <= UINT32_MAX ? (uint32_t)free_us / rule->interval_us
                                              : (uint32_t)(free_us / rule->interval_us);
    verdict.reset_s = seconds_up(after_us);
    return verdict;
}

sp_rate_verdict sp_rate_take(sp_rate_table *table, uint64_t key, const sp_rate_rule *rule,
                             uint64_t now_us)
{
    entry *set = set_of(table, key);
    for (;;) { /* a swap fails only where another thread's has not */
        uint64_t word = 0, left_us = 0;
        entry *e = find(set, key, &word);
        if (e != NULL)
            left_us = left_us_of(word, now_us);
        sp_rate_verdict verdict = judge(rule, left_us);
        uint64_t arrival_us = now_us + left_us + rule->interval_us;
        if (!verdict.allowed || (e != NULL ? swap(e, word, word_of(key, arrival_us))
                                           : bring_in(set, key, arrival_us, now_us)))
            return verdict;
    }
}

sp_rate_verdict sp_rate_look(sp_rate_table *table, uint64_t key, const sp_rate_rule *rule,
                             uint64_t now_us)
{
    uint64_t word;
    entry *e = find(set_of(table, key), key, &word);
    return judge(rule, e != NULL ? left_us_of(word, now_us) : 0);
}

void sp_rate_give_back(sp_rate_table *table, uint64_t key, const sp_rate_rule *rule)
{
    uint64_t word;
    entry *set = set_of(table, key), *e;
    /* An arrival time that has passed meanwhile stays one that has passed. */
    while ((e = find(set, key, &word)) != NULL)
        if (swap(e, word, word_of(key, word - rule->interval_us)))
            return;
}

/* ---- by number ---- */

/* A word of no tag each: an arrival time, zero (long ago) at first. */
struct sp_rate_row {
    uint32_t count;
    _Atomic uint64_t *words;
};

static size_t row_size(uint32_t count)
{
    return (size_t)count * sizeof(_Atomic uint64_t);
}

sp_rate_row *sp_rate_row_create(uint32_t count)
{
    sp_rate_row *row = malloc(sizeof *row);
    if (row == NULL)
        return NULL;
    row->count = count;
    row->words = mmap(NULL, row_size(count), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (row->words == MAP_FAILED) {
        free(row);
        return NULL;
    }
    return row;
}

void sp_rate_row_destroy(sp_rate_row *row)
{
    if (row == NULL)
        return;
    munmap(row->words, row_size(row->count));
    free(row);
}

uint32_t sp_rate_row_count(const sp_rate_row *row)
{
    return row->count;
}

/* Relaxed: the word holds all that the decision rests on. */
sp_rate_verdict sp_rate_row_take(sp_rate_row *row, uint32_t number, const sp_rate_rule *rule,
                                 uint64_t now_us)
{
    SP_ASSERT_CMP(number, <, row->count);
    _Atomic uint64_t *word = &row->words[number];
    uint64_t found = atomic_load_explicit(word, memory_order_relaxed);
    for (;;) { /* a swap fails only where another thread's has not */
        uint64_t left_us = left_us_of(found, now_us);
        sp_rate_verdict verdict = judge(rule, left_us);
        uint64_t arrival_us = (now_us + left_us + rule->interval_us) & TIME_MASK;
        if (!verdict.allowed ||
            atomic_compare_exchange_weak_explicit(word, &found, arrival_us, memory_order_relaxed,
                                                  memory_order_relaxed))
            return verdict;
    }
}
