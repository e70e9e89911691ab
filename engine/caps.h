/* SPDX-License-Identifier: MIT
 *
 * Caps: how many seats a user has at a concert, for maxSeatsPerUser, where that
 * does not stand in his own row (engine/user_caps.h). Looked up by the orders of
 * people who have been at many concerts, never walked.
 *
 * A linear-hashing table (W. Litwin, "Linear Hashing: a new tool for file and
 * table addressing", VLDB 1980) over reserved memory. A bucket is one cache
 * line of seven entries and a link to a spill line, so a lookup costs one
 * line, seldom two. The table grows a line at a time, with the entries: there
 * is never a pause to rehash, and what is not needed yet is not touched (a
 * plain open-addressing table of 10 million entries would touch a page for
 * each of the first 40,000).
 *
 * All entries of a line are compared, wherever the one looked for may be: a
 * few vector instructions, since users stand beside users. Which entry would
 * end a search is a coin's throw, and a branch guessed wrong costs more than
 * all the comparisons.
 *
 * An entry is user, concert and count in 64 bits. One whose count falls to 0
 * is removed, so that there are never more entries than seats taken; that is
 * what bounds the reservation. All lines of a chain but its last are full, so
 * spill lines are at most a seventh of the entries. Lines once grown stay:
 * memory follows the high-water mark.
 */
#ifndef SP_ENGINE_CAPS_H
#define SP_ENGINE_CAPS_H

#include <stddef.h>

#include "engine/values.h"

#define SP_CAPS_PER_LINE 7u
#define SP_CAPS_LANES 8u
#define SP_CAPS_COUNT_BITS 10u
#define SP_CAPS_CONCERT_BITS 22u
/* The largest concert id that an entry has room for: also the most concerts
 * that a state can be created for. */
#define SP_CAPS_CONCERT_MAX ((1u << SP_CAPS_CONCERT_BITS) - 1u)
#define SP_CAPS_COUNT_MAX ((1u << SP_CAPS_COUNT_BITS) - 1u)

/* Entries are packed from the front, zeros behind them. The last lane is no
 * entry but the line's own two numbers; a comparison of all lanes may include
 * it, since entries_count is below any concert << SP_CAPS_COUNT_BITS. */
typedef struct sp_caps_line {
    union {
        uint32_t users[SP_CAPS_LANES];
        struct {
            uint32_t users_only[SP_CAPS_PER_LINE];
            uint32_t next; /* spill line, from 1; 0 = none */
        };
    };
    union {
        uint32_t seats[SP_CAPS_LANES]; /* concert << SP_CAPS_COUNT_BITS | count */
        struct {
            uint32_t seats_only[SP_CAPS_PER_LINE];
            uint32_t entries_count;
        };
    };
} sp_caps_line;

_Static_assert(sizeof(sp_caps_line) == 64, "a bucket is one cache line");
_Static_assert(SP_CAPS_CONCERT_BITS + SP_CAPS_COUNT_BITS == 32, "beside the user");

typedef struct sp_caps {
    sp_caps_line *lines, *spill;
    uint32_t mask; /* the power of two >= lines_count, less 1 */
    uint32_t lines_count, lines_max;
    uint32_t spill_count, spill_max; /* ever used */
    uint32_t spill_free;             /* given back: linked by next; 0 = none */
    uint64_t entries_count;
} sp_caps;

/* Bytes to reserve for at most so many entries. */
size_t sp_caps_lines_bytes(uint32_t entries_max);
size_t sp_caps_spill_bytes(uint32_t entries_max);
/* lines and spill are set already, reserved as above. */
void sp_caps_init(sp_caps *caps, uint32_t entries_max);

/* concert <= SP_CAPS_CONCERT_MAX; the sum stays within SP_CAPS_COUNT_MAX:
 * maxSeatsPerUser is at most 1,000. */
void sp_caps_add(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count);
/* He has at least so many. */
void sp_caps_subtract(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count);

uint64_t sp_caps_bytes(const sp_caps *caps);

/* The line that a pair belongs to, as the table stands. Ids are given out by
 * the engine, so nobody can choose pairs that collide; a fixed mixer will do. */
static inline sp_caps_line *sp_caps_line_of(const sp_caps *caps, sp_user_id user,
                                            sp_concert_id concert)
{
    uint64_t hash = (uint64_t)user << 32 | (uint64_t)concert << SP_CAPS_COUNT_BITS;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    uint32_t line = (uint32_t)hash & caps->mask;
    /* A line that is not there yet: the one that will be split into it. A shift
     * and no branch, since nobody could guess which it is. */
    return &caps->lines[line & caps->mask >> (line >= caps->lines_count)];
}

/* The count of a pair in this line alone, 0 if it is not there. concert >= 1. */
static inline uint32_t sp_caps_count_in(const sp_caps_line *line, sp_user_id user,
                                        sp_concert_id concert)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < SP_CAPS_LANES; i++) {
        bool same = (line->users[i] == user) & (line->seats[i] >> SP_CAPS_COUNT_BITS == concert);
        found |= same ? line->seats[i] : 0;
    }
    return found & SP_CAPS_COUNT_MAX;
}

/* The count of a pair in the lines behind this one. */
uint32_t sp_caps_count_behind(const sp_caps *caps, const sp_caps_line *line, sp_user_id user,
                              sp_concert_id concert);

/* 0 if he has none. */
static inline uint32_t sp_caps_count(const sp_caps *caps, sp_user_id user, sp_concert_id concert)
{
    const sp_caps_line *line = sp_caps_line_of(caps, user, concert);
    uint32_t count = sp_caps_count_in(line, user, concert);
    return count || !line->next ? count : sp_caps_count_behind(caps, line, user, concert);
}

#endif
