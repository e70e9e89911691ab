/* SPDX-License-Identifier: MIT */
#include "engine/caps.h"

#include "engine/assert.h"
#include "engine/limits.h"

_Static_assert(SP_MAX_SEATS_PER_USER_MAX <= SP_CAPS_COUNT_MAX, "a count fits");

/* Entries a line on average: above it, the table grows by a line. Four of
 * seven keeps nine chains of ten to one line, at some 17 bytes an entry, spill
 * included. */
#define ENTRIES_PER_LINE 4u
#define LINES_FIRST 16u

static uint32_t lines_max_of(uint32_t entries_max)
{
    return entries_max / ENTRIES_PER_LINE + LINES_FIRST;
}

static uint32_t spill_max_of(uint32_t entries_max)
{
    return entries_max / SP_CAPS_PER_LINE + 1;
}

size_t sp_caps_lines_bytes(uint32_t entries_max)
{
    return (size_t)lines_max_of(entries_max) * sizeof(sp_caps_line);
}

size_t sp_caps_spill_bytes(uint32_t entries_max)
{
    return (size_t)spill_max_of(entries_max) * sizeof(sp_caps_line);
}

void sp_caps_init(sp_caps *caps, uint32_t entries_max)
{
    caps->mask = LINES_FIRST - 1;
    caps->lines_count = LINES_FIRST;
    caps->lines_max = lines_max_of(entries_max);
    caps->spill_count = 0;
    caps->spill_max = spill_max_of(entries_max);
    caps->spill_free = 0;
    caps->entries_count = 0;
}

static sp_caps_line *next_line(const sp_caps *caps, const sp_caps_line *line)
{
    return line->next ? &caps->spill[line->next - 1] : NULL;
}

static uint64_t key_of(sp_caps_entry entry)
{
    return entry & ~(uint64_t)SP_CAPS_COUNT_MAX;
}

static uint32_t count_of(sp_caps_entry entry)
{
    return (uint32_t)entry & SP_CAPS_COUNT_MAX;
}

/* The entry of a key, or the empty one where it would go, or NULL: the chain
 * is full, and *last is its last line. */
static sp_caps_entry *entry_of(const sp_caps *caps, uint64_t key, sp_caps_line **last)
{
    sp_caps_line *line = &caps->lines[sp_caps_line_of(caps, key)];
    for (; line; line = next_line(caps, line)) {
        for (uint32_t i = 0; i < SP_CAPS_PER_LINE; i++)
            if (key_of(line->entries[i]) == key || line->entries[i] == 0)
                return &line->entries[i];
        *last = line;
    }
    return NULL;
}

/* The entry of a key; NULL if there is none. */
static sp_caps_entry *find(const sp_caps *caps, uint64_t key)
{
    sp_caps_line *last;
    sp_caps_entry *entry = entry_of(caps, key, &last);
    return entry && *entry ? entry : NULL;
}

static uint32_t spill_take(sp_caps *caps)
{
    uint32_t index = caps->spill_free;
    if (index) {
        caps->spill_free = caps->spill[index - 1].next;
    } else {
        SP_ASSERT_CMP(caps->spill_count, <, caps->spill_max);
        index = ++caps->spill_count;
    }
    caps->spill[index - 1] = (sp_caps_line){0};
    return index;
}

static void spill_give(sp_caps *caps, uint32_t index)
{
    caps->spill[index - 1].next = caps->spill_free;
    caps->spill_free = index;
}

/* The first entry of a fresh spill line behind a full one. */
static sp_caps_entry *spill_begin(sp_caps *caps, sp_caps_line *full)
{
    full->next = spill_take(caps);
    return next_line(caps, full)->entries;
}

/* Puts an entry that is not there at the end of its chain. */
static void put(sp_caps *caps, sp_caps_entry entry)
{
    sp_caps_line *last;
    sp_caps_entry *empty = entry_of(caps, key_of(entry), &last);
    if (!empty)
        empty = spill_begin(caps, last);
    *empty = entry;
}

static void put_all(sp_caps *caps, const sp_caps_line *from)
{
    for (uint32_t i = 0; i < SP_CAPS_PER_LINE && from->entries[i]; i++)
        put(caps, from->entries[i]);
}

/* The line that the growth by line `fresh` deals out. */
static sp_caps_line *split_source(const sp_caps *caps, uint32_t fresh)
{
    uint32_t mask = fresh > caps->mask ? caps->mask * 2 + 1 : caps->mask;
    return &caps->lines[fresh & (mask >> 1)];
}

/* Grows by one line: the entries of the line that it splits off are dealt out
 * again between the two. Each spill line is freed before its entries are put,
 * so a split never needs more of them than there were. */
static void split(sp_caps *caps)
{
    uint32_t fresh = caps->lines_count;
    sp_caps_line *old = split_source(caps, fresh);
    if (fresh > caps->mask)
        caps->mask = caps->mask * 2 + 1;
    caps->lines_count++;

    sp_caps_line moving = *old;
    *old = (sp_caps_line){0};
    put_all(caps, &moving);
    while (moving.next) {
        uint32_t index = moving.next;
        moving = caps->spill[index - 1];
        spill_give(caps, index);
        put_all(caps, &moving);
    }
    /* The next split comes some entries later: its line is here by then. (A
     * load, since a prefetch may be dropped; nobody waits for it.) */
    (void)*(const volatile uint32_t *)&split_source(caps, fresh + 1)->next;
}

/* Fills the hole with the last entry of its chain, which keeps all lines but
 * the last full; an empty spill line goes back. */
static void take_out(sp_caps *caps, sp_caps_entry *hole)
{
    sp_caps_line *before = NULL;
    sp_caps_line *last = &caps->lines[sp_caps_line_of(caps, key_of(*hole))];
    while (last->next) {
        before = last;
        last = next_line(caps, last);
    }
    uint32_t end = SP_CAPS_PER_LINE - 1;
    while (last->entries[end] == 0) /* the hole's chain is not empty */
        end--;

    *hole = last->entries[end];
    last->entries[end] = 0;
    if (end == 0 && before) {
        spill_give(caps, before->next);
        before->next = 0;
    }
    caps->entries_count--;
}

uint32_t sp_caps_count(const sp_caps *caps, sp_user_id user, sp_concert_id concert)
{
    const sp_caps_entry *entry = find(caps, sp_caps_key(user, concert));
    return entry ? count_of(*entry) : 0;
}

void sp_caps_add(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count)
{
    uint64_t key = sp_caps_key(user, concert);

    SP_ASSERT_CMP(concert, <=, SP_CAPS_CONCERT_MAX);
    SP_ASSERT_CMP(count, <=, SP_CAPS_COUNT_MAX);
    if (count == 0)
        return;
    sp_caps_line *last;
    sp_caps_entry *entry = entry_of(caps, key, &last);
    if (entry && *entry) {
        SP_ASSERT_CMP(count_of(*entry) + count, <=, SP_CAPS_COUNT_MAX);
        *entry += count;
        return;
    }
    if (!entry)
        entry = spill_begin(caps, last);
    *entry = key | count;
    caps->entries_count++;
    if (caps->entries_count > (uint64_t)caps->lines_count * ENTRIES_PER_LINE &&
        caps->lines_count < caps->lines_max)
        split(caps);
}

void sp_caps_subtract(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count)
{
    sp_caps_entry *entry = find(caps, sp_caps_key(user, concert));

    SP_ASSERT(entry);
    SP_ASSERT_CMP(count_of(*entry), >=, count);
    if (count_of(*entry) == count)
        take_out(caps, entry);
    else
        *entry -= count;
}

uint64_t sp_caps_bytes(const sp_caps *caps)
{
    return ((uint64_t)caps->lines_count + caps->spill_count) * sizeof(sp_caps_line);
}
