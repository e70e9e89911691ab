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

static sp_concert_id concert_of(uint32_t seats)
{
    return seats >> SP_CAPS_COUNT_BITS;
}

static uint32_t count_of(uint32_t seats)
{
    return seats & SP_CAPS_COUNT_MAX;
}

uint32_t sp_caps_count_behind(const sp_caps *caps, const sp_caps_line *line, sp_user_id user,
                              sp_concert_id concert)
{
    for (line = next_line(caps, line); line; line = next_line(caps, line)) {
        uint32_t count = sp_caps_count_in(line, user, concert);
        if (count)
            return count;
    }
    return 0;
}

/* Where an entry is, or where its chain ends. */
typedef struct place {
    sp_caps_line *line;
    uint32_t index; /* in the line; SP_CAPS_PER_LINE = there is no such entry,
                     * and line is the last of its chain */
} place;

/* The count is asked for first, since most often it is 0: only then is it
 * worth a branch each to know where. */
static place find(const sp_caps *caps, sp_user_id user, sp_concert_id concert)
{
    sp_caps_line *line = sp_caps_line_of(caps, user, concert);
    while (!sp_caps_count_in(line, user, concert)) {
        if (!line->next)
            return (place){line, SP_CAPS_PER_LINE};
        line = next_line(caps, line);
    }
    uint32_t index = 0;
    while (line->users[index] != user || concert_of(line->seats[index]) != concert)
        index++;
    return (place){line, index};
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

/* Appends an entry to the chain that ends with this line. */
static inline void append(sp_caps *caps, sp_caps_line *last, sp_user_id user, uint32_t seats)
{
    if (last->entries_count == SP_CAPS_PER_LINE) {
        last->next = spill_take(caps);
        last = next_line(caps, last);
    }
    uint32_t index = last->entries_count++;
    last->users[index] = user;
    last->seats[index] = seats;
}

/* Deals out the entries of a line, which are not in the table, to where they
 * belong as it stands. */
static void deal_out(sp_caps *caps, const sp_caps_line *from)
{
    for (uint32_t i = 0; i < from->entries_count; i++) {
        sp_caps_line *last = sp_caps_line_of(caps, from->users[i], concert_of(from->seats[i]));
        while (last->next)
            last = next_line(caps, last);
        append(caps, last, from->users[i], from->seats[i]);
    }
}

/* Splits walk the table in order, each touching a line of either end of it.
 * They are asked for so many splits ahead: some dozens of orders. */
#define SPLITS_AHEAD 8u

/* The line that the growth by line `fresh` deals out. */
static sp_caps_line *split_source(const sp_caps *caps, uint32_t fresh)
{
    uint32_t mask = fresh > caps->mask ? caps->mask * 2 + 1 : caps->mask;
    return &caps->lines[fresh & (mask >> 1)];
}

static void split_prefetch(const sp_caps *caps, uint32_t fresh)
{
    if (fresh < caps->lines_max) {
        __builtin_prefetch(split_source(caps, fresh), 1);
        __builtin_prefetch(&caps->lines[fresh], 1);
    }
}

/* Grows by one line: the entries of the line that it splits off are dealt out
 * again between the two. Each spill line is freed before its entries are put,
 * so a split never needs more of them than there were. */
static void split(sp_caps *caps)
{
    uint32_t fresh = caps->lines_count;
    sp_caps_line *old = split_source(caps, fresh);
    split_prefetch(caps, fresh + SPLITS_AHEAD);
    if (fresh > caps->mask)
        caps->mask = caps->mask * 2 + 1;
    caps->lines_count++;

    sp_caps_line moving = *old;
    *old = (sp_caps_line){0};
    deal_out(caps, &moving);
    while (moving.next) {
        uint32_t index = moving.next;
        moving = caps->spill[index - 1];
        spill_give(caps, index);
        deal_out(caps, &moving);
    }
}

/* Fills the hole with the last entry of its chain, which keeps all lines but
 * the last full; an empty spill line goes back. */
static void take_out(sp_caps *caps, place hole)
{
    sp_caps_line *before = NULL;
    sp_caps_line *last = sp_caps_line_of(caps, hole.line->users[hole.index],
                                         concert_of(hole.line->seats[hole.index]));
    while (last->next) {
        before = last;
        last = next_line(caps, last);
    }
    SP_ASSERT_CMP(last->entries_count, >=, 1);
    uint32_t end = --last->entries_count;

    hole.line->users[hole.index] = last->users[end];
    hole.line->seats[hole.index] = last->seats[end];
    last->users[end] = 0;
    last->seats[end] = 0;
    if (end == 0 && before) {
        spill_give(caps, before->next);
        before->next = 0;
    }
    caps->entries_count--;
}

void sp_caps_add(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count)
{
    SP_ASSERT_CMP(concert, <=, SP_CAPS_CONCERT_MAX);
    SP_ASSERT_CMP(count, <=, SP_CAPS_COUNT_MAX);
    if (count == 0)
        return;
    place at = find(caps, user, concert);
    if (at.index < SP_CAPS_PER_LINE) {
        SP_ASSERT_CMP(count_of(at.line->seats[at.index]) + count, <=, SP_CAPS_COUNT_MAX);
        at.line->seats[at.index] += count;
        return;
    }
    append(caps, at.line, user, concert << SP_CAPS_COUNT_BITS | count);
    caps->entries_count++;
    if (caps->entries_count > (uint64_t)caps->lines_count * ENTRIES_PER_LINE &&
        caps->lines_count < caps->lines_max)
        split(caps);
}

void sp_caps_subtract(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count)
{
    place at = find(caps, user, concert);

    SP_ASSERT_CMP(at.index, <, SP_CAPS_PER_LINE);
    uint32_t *seats = &at.line->seats[at.index];
    SP_ASSERT_CMP(count_of(*seats), >=, count);
    if (count_of(*seats) == count)
        take_out(caps, at);
    else
        *seats -= count;
}

uint64_t sp_caps_bytes(const sp_caps *caps)
{
    return ((uint64_t)caps->lines_count + caps->spill_count) * sizeof(sp_caps_line);
}
