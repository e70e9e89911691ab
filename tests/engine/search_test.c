/* SPDX-License-Identifier: MIT
 *
 * The search against the plainest one that there could be: it folds every name and
 * looks. Names of random characters from small alphabets of several scripts, so that
 * parts are shared; edits; and the index alone, bit for bit, against one that never
 * saw the older names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "engine/search.h"
#include "tests/support/random.h"

#define CONCERTS_MAX 1500u /* three blocks */
#define CATEGORIES 5u
#define SEED 20260101u

static sp_random seeded(uint64_t seed)
{
    sp_random random;
    sp_random_seed(&random, seed);
    return random;
}

static uint32_t below(sp_random *random, uint32_t count)
{
    return (uint32_t)sp_random_below(random, count);
}

/* A folding as simple as may be: characters of any bytes, capitals made small; with a
 * hyphen in it a text has a second form without. Of `!` alone nothing is left. */
static uint32_t toy_fold(sp_text text, uint32_t *out)
{
    uint32_t count = 0, hyphens = 0;
    for (uint32_t i = 0; i < text.size;) {
        unsigned char lead = (unsigned char)text.bytes[i];
        uint32_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, c = 0;
        for (uint32_t j = 0; j < size; j++)
            c = c << 8 | (unsigned char)text.bytes[i + j];
        i += size;
        hyphens += c == '-';
        if (c != '!')
            out[count++] = c >= 'A' && c <= 'Z' ? c + 32 : c;
    }
    if (hyphens == 0 || hyphens == count)
        return count;
    uint32_t whole = count;
    out[count++] = SP_FOLD_BREAK;
    for (uint32_t i = 0; i < whole; i++)
        if (out[i] != '-')
            out[count++] = out[i];
    return count;
}

typedef struct concert {
    char name[SP_CONCERT_NAME_SIZE_MAX];
    uint32_t name_size;
    sp_category_id category;
} concert;

static concert concerts[CONCERTS_MAX + 1];
static const sp_text categories[CATEGORIES + 1] = {{NULL, 0},      {"Musical", 7},
                                                   {"Konzert", 7}, {"\xec\x97\xb0\xea\xb7\xb9", 6},
                                                   {"a-b", 3},     {"%_", 2}};

static sp_search_entry entry_of(sp_concert_id id)
{
    const concert *c = &concerts[id];
    return (sp_search_entry){id, c->category, {c->name, c->name_size}, categories[c->category]};
}

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static void name_random(sp_random *random, concert *c, uint32_t characters_max)
{
    static const char *const alphabets[][8] = {
        {"a", "B", "b", " ", "-", "c", "%", "'"},
        {"가", "나", "다", " ", "ㅋ", "A", "라", "마"},
        {"東", "京", "か", "ナ", "!", "-", "1", "2"},
        {"🎻", "é", "ß", "Ж", "\\", "\"", "x", "-"},
    };
    uint32_t count = 1 + below(random, characters_max);
    const char *const *alphabet = alphabets[below(random, 4)];
    c->name_size = 0;
    for (uint32_t i = 0; i < count; i++) {
        const char *character = alphabet[below(random, 8)];
        memcpy(c->name + c->name_size, character, strlen(character));
        c->name_size += (uint32_t)strlen(character);
    }
    c->category = 1 + below(random, CATEGORIES);
}

/* A part of some name or category, or of neither. */
static sp_text part_random(sp_random *random, uint32_t count)
{
    static char buffer[SP_SEARCH_TEXT_SIZE_MAX];
    sp_text whole = categories[1 + below(random, CATEGORIES)];
    if (below(random, 8) != 0) {
        const concert *c = &concerts[1 + below(random, count)];
        whole = (sp_text){c->name, c->name_size};
    }
    uint32_t first = below(random, whole.size), end;
    while (first > 0 && ((unsigned char)whole.bytes[first] & 0xC0) == 0x80)
        first--;
    end = first + 1 + below(random, whole.size - first);
    while (end < whole.size && ((unsigned char)whole.bytes[end] & 0xC0) == 0x80)
        end++;
    memcpy(buffer, whole.bytes + first, end - first);
    if (below(random, 10) == 0 && end - first < sizeof buffer)
        buffer[end++ - first] = '~'; /* of no name */
    return (sp_text){buffer, end - first};
}

/* The form that begins at *at, and where the next begins. */
static uint32_t form_next(const uint32_t *characters, uint32_t count, uint32_t *at)
{
    uint32_t begin = *at, end = begin;
    while (end < count && characters[end] != SP_FOLD_BREAK)
        end++;
    *at = end + 1;
    return end - begin;
}

static bool text_has(sp_text text, sp_text part)
{
    uint32_t whole[SP_FOLD_MAX(SP_CONCERT_NAME_SIZE_MAX)], asked[SP_FOLD_MAX(300)];
    uint32_t whole_count = toy_fold(text, whole), asked_count = toy_fold(part, asked);
    for (uint32_t at = 0; at < asked_count;) {
        const uint32_t *form = asked + at;
        uint32_t size = form_next(asked, asked_count, &at);
        for (uint32_t i = 0; i + size <= whole_count; i++)
            if (memcmp(whole + i, form, size * sizeof *form) == 0)
                return true;
    }
    return asked_count == 0;
}

static bool is_wanted(sp_concert_id id, sp_text part, sp_category_id category)
{
    const concert *c = &concerts[id];
    if (category != 0 && c->category != category)
        return false;
    return text_has((sp_text){c->name, c->name_size}, part) ||
           text_has(categories[c->category], part);
}

typedef struct tally {
    uint64_t looks, hits, concerts; /* candidates; those that were some; all there were */
} tally;

/* Every concert below `end`, by the search and by looking at all. */
static void compare(const sp_search *search, sp_text part, sp_category_id category,
                    sp_concert_id end, tally *t)
{
    sp_search_query query;
    sp_search_ask(search, part, category, &query);
    sp_concert_id last = end;
    for (sp_concert_id id = end; (id = sp_search_next(search, &query, id)) > 0;) {
        assert_in_range(id, 1, last - 1);
        sp_search_entry entry = entry_of(id);
        t->looks++;
        if (!sp_search_finds(search, &query, &entry))
            continue;
        t->hits++;
        while (--last > id)
            if (is_wanted(last, part, category))
                fail_msg("%.*s (%u) does not find %u: %.*s", (int)part.size, part.bytes, category,
                         last, (int)concerts[last].name_size, concerts[last].name);
        if (!is_wanted(id, part, category))
            fail_msg("%.*s (%u) finds %u: %.*s", (int)part.size, part.bytes, category, id,
                     (int)concerts[id].name_size, concerts[id].name);
    }
    while (--last > 0)
        if (is_wanted(last, part, category))
            fail_msg("%.*s (%u) does not find %u: %.*s", (int)part.size, part.bytes, category, last,
                     (int)concerts[last].name_size, concerts[last].name);
    t->concerts += end - 1;
}

static void fill(sp_search *search, sp_random *random, uint32_t count, uint32_t characters_max)
{
    for (sp_concert_id id = 1; id <= count; id++) {
        name_random(random, &concerts[id], characters_max);
        sp_search_entry entry = entry_of(id);
        sp_search_put(search, &entry);
    }
}

static void compare_random(const sp_search *search, sp_random *random, uint32_t count, tally *t)
{
    sp_text part = part_random(random, count);
    sp_category_id category =
        below(random, 3) == 0 ? below(random, CATEGORIES + 2) : 0; /* one that is not there, too */
    compare(search, part, category, 1 + below(random, count + 1), t);
}

static void finds_what_looking_at_all_finds(void **unused)
{
    (void)unused;
    sp_random random = seeded(SEED);
    tally t = {0};
    sp_search *search = sp_search_create(CONCERTS_MAX, toy_fold);
    assert_non_null(search);
    fill(search, &random, CONCERTS_MAX, 40);
    for (uint32_t i = 0; i < 1000; i++)
        compare_random(search, &random, CONCERTS_MAX, &t);
    assert_true(t.hits > 10000);
    /* Names of alphabets of eight, so texts that are in many and pairs that repeat: still
     * hardly any look is in vain. */
    print_message("%llu concerts below, %llu looks, %llu hits\n", (unsigned long long)t.concerts,
                  (unsigned long long)t.looks, (unsigned long long)t.hits);
    sp_search_destroy(search);
}

/* The figure that the header states: one character, in names as there are, and then a
 * character that is in none of them. */
static void false_candidates_are_rare(void **unused)
{
    (void)unused;
    sp_random random = seeded(SEED);
    sp_search *search = sp_search_create(CONCERTS_MAX, toy_fold);
    tally t = {0};
    assert_non_null(search);
    for (sp_concert_id id = 1; id <= CONCERTS_MAX; id++) {
        concert *c = &concerts[id];
        c->category = 1;
        c->name_size = 0;
        for (uint32_t i = 0, count = 15 + below(&random, 20); i < count; i++)
            c->name[c->name_size++] = (char)('a' + below(&random, 20));
        sp_search_entry entry = entry_of(id);
        sp_search_put(search, &entry);
    }
    for (char c = '0'; c <= '9'; c++) {
        char text[3] = {c, (char)(c + 1), '\0'};
        compare(search, (sp_text){text, 1}, 0, CONCERTS_MAX + 1, &t);
        assert_int_equal(t.hits, 0);
    }
    print_message("%llu false candidates in %llu\n", (unsigned long long)t.looks,
                  (unsigned long long)t.concerts);
    assert_true(t.looks * 1000 < t.concerts);
    tally pairs = {0};
    for (char c = 'a'; c <= 's'; c++)
        for (char d = 'a'; d <= 's'; d++)
            compare(search, (sp_text){(char[]){c, d}, 2}, 0, CONCERTS_MAX + 1, &pairs);
    assert_true((pairs.looks - pairs.hits) * 100 < pairs.concerts);
    sp_search_destroy(search);
}

/* Candidates of every single bit are those of an index that knew the last names
 * alone: nothing stale is left, nothing of others was touched. */
static void expect_same_index(const sp_search *search, const sp_search *fresh, uint32_t count)
{
    for (uint32_t bit = 0; bit < SP_SEARCH_BITS; bit++) {
        sp_search_query a = {.block = UINT32_MAX}, b = {.block = UINT32_MAX};
        a.forms[0].bits_count = b.forms[0].bits_count = 1;
        a.forms[0].bits[0] = b.forms[0].bits[0] = (uint16_t)bit;
        sp_concert_id one = count + 1, other = count + 1;
        do {
            one = sp_search_next(search, &a, one);
            other = sp_search_next(fresh, &b, other);
            if (one != other)
                fail_msg("bit %u: %u and %u", bit, one, other);
        } while (one > 0);
    }
}

static void edits_leave_nothing_behind(void **unused)
{
    (void)unused;
    const uint32_t count = 700;
    sp_random random = seeded(SEED + 1);
    tally t = {0};
    sp_search *search = sp_search_create(CONCERTS_MAX, toy_fold);
    sp_search *fresh = sp_search_create(CONCERTS_MAX, toy_fold);
    assert_non_null(search);
    assert_non_null(fresh);
    fill(search, &random, count, 30);
    for (uint32_t i = 0; i < 600; i++) {
        sp_concert_id id = 1 + below(&random, count);
        concert before = concerts[id];
        name_random(&random, &concerts[id], 30);
        concert after = concerts[id];
        sp_search_entry entry = entry_of(id);
        sp_search_put(search, &entry);
        /* Until the card is swapped both are found. */
        concerts[id] = before;
        compare(search, part_random(&random, count), 0, count + 1, &t);
        concerts[id] = after;
        compare(search, part_random(&random, count), 0, count + 1, &t);
        sp_search_drop_stale(search, &entry);
        compare_random(search, &random, count, &t);
    }
    for (sp_concert_id id = 1; id <= count; id++) {
        sp_search_entry entry = entry_of(id);
        sp_search_put(fresh, &entry);
    }
    expect_same_index(search, fresh, count);
    sp_search_destroy(search);
    sp_search_destroy(fresh);
}

static void nothing_is_asked_for(void **unused)
{
    (void)unused;
    sp_random random = seeded(SEED + 2);
    sp_search *search = sp_search_create(CONCERTS_MAX, toy_fold);
    sp_search_query query;
    assert_non_null(search);
    fill(search, &random, 600, 20);
    static const sp_text texts[] = {{NULL, 0}, {"", 0}, {"!", 1}};
    for (uint32_t i = 0; i < 3; i++) {
        sp_search_ask(search, texts[i], 0, &query);
        assert_false(sp_search_asks_text(&query));
        sp_concert_id id = 601;
        for (sp_concert_id wanted = 600; wanted > 0; wanted--) {
            id = sp_search_next(search, &query, id);
            sp_search_entry entry = entry_of(id);
            assert_int_equal(id, wanted);
            assert_true(sp_search_finds(search, &query, &entry));
        }
        assert_int_equal(sp_search_next(search, &query, id), 0);
        assert_int_equal(sp_search_next(search, &query, 0), 0);
    }
    sp_search_destroy(search);
}

/* Neither text ends where the other begins. */
static void nothing_spans_two_texts(void **unused)
{
    (void)unused;
    sp_search *search = sp_search_create(CONCERTS_MAX, toy_fold);
    sp_search_query query;
    assert_non_null(search);
    const sp_search_entry entry = {1, 1, text_of("co-op xy"), text_of("zw")};
    sp_search_put(search, &entry);
    static const struct {
        const char *text;
        bool found;
    } cases[] = {{"xy", true},   {"zw", true},     {"yz", false},      {"xyzw", false},
                 {"coop", true}, {"CO-OP", true},  {"coop xy", true},  {"xycoop", false},
                 {"o-o", true},  {"xy co", false}, {"co-op-xy", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sp_search_ask(search, text_of(cases[i].text), 0, &query);
        bool found =
            sp_search_next(search, &query, 2) == 1 && sp_search_finds(search, &query, &entry);
        if (found != cases[i].found)
            fail_msg("%s is %sfound", cases[i].text, found ? "" : "not ");
    }
    sp_search_destroy(search);
}

/* A text of 200 characters has more bits than a query keeps: it still finds. */
static void long_texts_are_found(void **unused)
{
    (void)unused;
    sp_random random = seeded(SEED + 3);
    sp_search *search = sp_search_create(CONCERTS_MAX, toy_fold);
    sp_search_query query;
    char name[SP_CONCERT_NAME_SIZE_MAX];
    assert_non_null(search);
    for (uint32_t i = 0; i < sizeof name; i++)
        name[i] = (char)('"' + below(&random, 90));
    const sp_search_entry entry = {7, 2, {name, sizeof name}, text_of("x")};
    sp_search_put(search, &entry);
    sp_search_ask(search, entry.name, 2, &query);
    assert_int_equal(sp_search_next(search, &query, 100), 7);
    assert_true(sp_search_finds(search, &query, &entry));
    sp_search_destroy(search);
}

/* Two threads, as views and loops are. The writer makes concerts and renames one over
 * and over; a reader who knows what a card says must find it, unless it changed while
 * he looked. */
#define RENAMES 30000u
#define RENAMED 3u

typedef struct card {
    sp_text name;
} card;

typedef struct stand {
    sp_search *search;
    _Atomic(const card *) renamed;
    _Atomic uint32_t count;
    _Atomic bool started, done;
    uint32_t looks, lost_renamed, lost_new;
} stand;

static sp_search_entry stand_entry(sp_concert_id id, sp_text name)
{
    return (sp_search_entry){id, 1, name, categories[1]};
}

static uint32_t stand_name(sp_concert_id id, char out[16])
{
    return (uint32_t)snprintf(out, 16, "no %u.", id);
}

static bool is_found(const sp_search *search, sp_text text, sp_concert_id id, uint32_t count)
{
    sp_search_query query;
    sp_search_ask(search, text, 0, &query);
    for (sp_concert_id at = count + 1; (at = sp_search_next(search, &query, at)) > 0;)
        if (at == id)
            return true;
    return false;
}

static void *look(void *argument)
{
    stand *s = argument;
    char name[16];
    do {
        uint32_t count = atomic_load_explicit(&s->count, memory_order_acquire);
        const card *before = atomic_load_explicit(&s->renamed, memory_order_acquire);
        bool found = is_found(s->search, before->name, RENAMED, count);
        const card *after = atomic_load_explicit(&s->renamed, memory_order_acquire);
        s->lost_renamed += !found && before == after;
        s->lost_new += !is_found(s->search, (sp_text){name, stand_name(count, name)}, count, count);
        s->looks++;
        atomic_store(&s->started, true);
    } while (!atomic_load(&s->done));
    return NULL;
}

static void stand_put(stand *s, sp_concert_id id)
{
    char name[16];
    sp_search_entry entry = stand_entry(id, (sp_text){name, stand_name(id, name)});
    sp_search_put(s->search, &entry);
    atomic_store_explicit(&s->count, id, memory_order_release);
}

/* As card_publish in engine/views.c. Each rename has a card of its own, so a reader who
 * sees the same one twice saw no other between. */
static void stand_rename(stand *s, const card *next)
{
    sp_search_entry entry = stand_entry(RENAMED, next->name);
    sp_search_put(s->search, &entry);
    atomic_store_explicit(&s->renamed, next, memory_order_release);
    sp_search_drop_stale(s->search, &entry);
}

static void readers_lose_nothing_while_it_is_written(void **unused)
{
    (void)unused;
    static stand s;
    static const char *const names[] = {"alpha", "omega", "sigma", "gamma"};
    card *many = calloc(RENAMES, sizeof *many);
    pthread_t thread;
    assert_non_null(many);
    s.search = sp_search_create(CONCERTS_MAX, toy_fold);
    assert_non_null(s.search);
    for (sp_concert_id id = 1; id <= RENAMED + 1; id++) /* the newest has its first name */
        stand_put(&s, id);
    for (uint32_t i = 0; i < RENAMES; i++) /* a card of its own each: none comes back */
        many[i] = (card){text_of(names[i % 4])};
    stand_rename(&s, &many[0]);
    assert_int_equal(pthread_create(&thread, NULL, look, &s), 0);
    while (!atomic_load(&s.started))
        sched_yield();
    for (uint32_t i = 1; i < RENAMES; i++) {
        stand_rename(&s, &many[i]);
        if (i % (RENAMES / 1000) == 0)
            stand_put(&s, s.count + 1);
    }
    atomic_store(&s.done, true);
    pthread_join(thread, NULL);
    print_message("%u looks\n", s.looks);
    assert_int_equal(s.lost_renamed, 0);
    assert_int_equal(s.lost_new, 0);
    sp_search_destroy(s.search);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_looking_at_all_finds),
        cmocka_unit_test(false_candidates_are_rare),
        cmocka_unit_test(edits_leave_nothing_behind),
        cmocka_unit_test(nothing_is_asked_for),
        cmocka_unit_test(nothing_spans_two_texts),
        cmocka_unit_test(long_texts_are_found),
        cmocka_unit_test(readers_lose_nothing_while_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
