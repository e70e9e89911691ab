/* SPDX-License-Identifier: MIT
 *
 * Caps: how many seats a user has at a concert, for maxSeatsPerUser. Looked up
 * by every order, changed by every order and cancel, never walked.
 *
 * A linear-hashing table (W. Litwin, "Linear Hashing: a new tool for file and
 * table addressing", VLDB 1980) over reserved memory. A bucket is one cache
 * line of seven entries and a link to a spill line, so a lookup costs one
 * line, seldom two. The table grows a line at a time, with the entries: there
 * is never a pause to rehash, and what is not needed yet is not touched (a
 * plain open-addressing table of 10 million entries would touch a page for
 * each of the first 40,000).
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
#define SP_CAPS_COUNT_BITS 10u
#define SP_CAPS_CONCERT_BITS 22u
/* The largest concert id that an entry has room for: also the most concerts
 * that a state can be created for. */
#define SP_CAPS_CONCERT_MAX ((1u << SP_CAPS_CONCERT_BITS) - 1u)
#define SP_CAPS_COUNT_MAX ((1u << SP_CAPS_COUNT_BITS) - 1u)

/* user << 32 | concert << 10 | count; 0 = empty. */
typedef uint64_t sp_caps_entry;

typedef struct sp_caps_line {
    sp_caps_entry entries[SP_CAPS_PER_LINE]; /* packed from the front */
    uint32_t next;                           /* spill line, from 1; 0 = none */
    uint32_t unused;
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

/* 0 if he has none. */
uint32_t sp_caps_count(const sp_caps *caps, sp_user_id user, sp_concert_id concert);
/* concert <= SP_CAPS_CONCERT_MAX; the sum stays within SP_CAPS_COUNT_MAX:
 * maxSeatsPerUser is at most 1,000. */
void sp_caps_add(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count);
/* He has at least so many. */
void sp_caps_subtract(sp_caps *caps, sp_user_id user, sp_concert_id concert, uint32_t count);

uint64_t sp_caps_bytes(const sp_caps *caps);

/* An entry without its count. */
static inline uint64_t sp_caps_key(sp_user_id user, sp_concert_id concert)
{
    return (uint64_t)user << 32 | (uint64_t)concert << SP_CAPS_COUNT_BITS;
}

/* The line that a key belongs to, as the table stands. Ids are given out by
 * the engine, so nobody can choose keys that collide; a fixed mixer will do. */
static inline uint32_t sp_caps_line_of(const sp_caps *caps, uint64_t key)
{
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    uint32_t line = (uint32_t)hash & caps->mask;
    return line < caps->lines_count ? line : line & (caps->mask >> 1);
}

/* The first line that a lookup will read. */
static inline sp_caps_line *sp_caps_line_at(const sp_caps *caps, sp_user_id user,
                                            sp_concert_id concert)
{
    return &caps->lines[sp_caps_line_of(caps, sp_caps_key(user, concert))];
}

#endif
