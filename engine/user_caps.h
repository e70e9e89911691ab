/* SPDX-License-Identifier: MIT
 *
 * A user's caps: how many seats he has at each concert. The first eight
 * concerts stand in his own row, which every order of his reads anyway; only
 * what does not fit there goes to the table of all (engine/caps.h). Most people
 * have tickets for fewer than eight concerts, so most orders never look at the
 * table, and the random line and the growth that it costs are saved.
 *
 * Once all eight places have been used, the table is asked as well, for good:
 * a place that comes free keeps a mark, and is used again.
 *
 * Owned by the state; reads are pure.
 */
#ifndef SP_ENGINE_USER_CAPS_H
#define SP_ENGINE_USER_CAPS_H

#include "engine/assert.h"
#include "engine/caps.h"

#define SP_USER_CAPS_PLACES 8u
/* A place that was used and is free again: of concert 0, which there is not. */
#define SP_USER_CAPS_FREED 1u

/* Zeroed to begin with. */
typedef struct sp_user_caps {
    /* concert << SP_CAPS_COUNT_BITS | count; 0 = never used, and so are all
     * behind it. */
    uint32_t places[SP_USER_CAPS_PLACES];
} sp_user_caps;

_Static_assert(SP_USER_CAPS_FREED <= SP_CAPS_COUNT_MAX, "a freed place has no concert");

/* May there be entries of his in the table? */
static inline bool sp_user_caps_full(const sp_user_caps *caps)
{
    return caps->places[SP_USER_CAPS_PLACES - 1] != 0;
}

/* His place for a concert, as it stands; 0 if there is none. All places are
 * compared, since that is a few vector instructions and no guess about where to
 * stop. Concert 0 finds whether a place was freed. */
static inline uint32_t sp_user_caps_place(const sp_user_caps *caps, sp_concert_id concert)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < SP_USER_CAPS_PLACES; i++)
        found |= caps->places[i] >> SP_CAPS_COUNT_BITS == concert ? caps->places[i] : 0;
    return found;
}

/* 0 if he has none. concert >= 1. */
static inline uint32_t sp_user_caps_count(const sp_user_caps *caps, const sp_caps *table,
                                          sp_user_id user, sp_concert_id concert)
{
    uint32_t found = sp_user_caps_place(caps, concert);
    if (found || !sp_user_caps_full(caps))
        return found & SP_CAPS_COUNT_MAX;
    return sp_caps_count(table, user, concert);
}

/* What sp_user_caps_add does seldom: his place for the concert is there, or no
 * place is unused. */
void sp_user_caps_add_more(sp_user_caps *caps, sp_caps *table, sp_user_id user,
                           sp_concert_id concert, uint32_t count);

/* How many places have been used. */
static inline uint32_t sp_user_caps_used_count(const sp_user_caps *caps)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SP_USER_CAPS_PLACES; i++)
        count += caps->places[i] != 0;
    return count;
}

/* As sp_caps_add and sp_caps_subtract. */
static inline void sp_user_caps_add(sp_user_caps *caps, sp_caps *table, sp_user_id user,
                                    sp_concert_id concert, uint32_t count)
{
    SP_ASSERT_CMP(concert - 1u, <, SP_CAPS_CONCERT_MAX);
    SP_ASSERT_CMP(count - 1u, <, SP_CAPS_COUNT_MAX);
    uint32_t used_count = sp_user_caps_used_count(caps);
    if (used_count < SP_USER_CAPS_PLACES && !sp_user_caps_place(caps, concert))
        caps->places[used_count] = concert << SP_CAPS_COUNT_BITS | count;
    else
        sp_user_caps_add_more(caps, table, user, concert, count);
}

void sp_user_caps_subtract(sp_user_caps *caps, sp_caps *table, sp_user_id user,
                           sp_concert_id concert, uint32_t count);

#endif
