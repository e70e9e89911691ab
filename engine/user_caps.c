/* SPDX-License-Identifier: MIT */
#include "engine/user_caps.h"

/* The first place of a concert that has one. */
static uint32_t *place_at(sp_user_caps *caps, sp_concert_id concert)
{
    uint32_t *place = caps->places;
    while (*place >> SP_CAPS_COUNT_BITS != concert)
        place++;
    return place;
}

/* All places have been used: what is in the table stays there; what is new
 * takes a freed place if there is one. */
static void add_behind(sp_user_caps *caps, sp_caps *table, sp_user_id user, sp_concert_id concert,
                       uint32_t count)
{
    if (sp_user_caps_place(caps, 0) && !sp_caps_count(table, user, concert))
        *place_at(caps, 0) = concert << SP_CAPS_COUNT_BITS | count;
    else
        sp_caps_add(table, user, concert, count);
}

void sp_user_caps_add_more(sp_user_caps *caps, sp_caps *table, sp_user_id user,
                           sp_concert_id concert, uint32_t count)
{
    uint32_t place = sp_user_caps_place(caps, concert);
    if (!place) {
        add_behind(caps, table, user, concert, count);
        return;
    }
    SP_ASSERT_CMP((place & SP_CAPS_COUNT_MAX) + count, <=, SP_CAPS_COUNT_MAX);
    *place_at(caps, concert) += count;
}

/* Frees a place: to the last used one's entry while there are unused places,
 * with a mark once there are none. */
static void place_free(sp_user_caps *caps, uint32_t *place)
{
    if (sp_user_caps_full(caps)) {
        *place = SP_USER_CAPS_FREED;
        return;
    }
    uint32_t *last = &caps->places[sp_user_caps_used_count(caps) - 1u];
    *place = *last;
    *last = 0;
}

void sp_user_caps_subtract(sp_user_caps *caps, sp_caps *table, sp_user_id user,
                           sp_concert_id concert, uint32_t count)
{
    if (!sp_user_caps_place(caps, concert)) {
        sp_caps_subtract(table, user, concert, count);
        return;
    }
    uint32_t *place = place_at(caps, concert);
    SP_ASSERT_CMP(*place & SP_CAPS_COUNT_MAX, >=, count);
    if ((*place & SP_CAPS_COUNT_MAX) == count)
        place_free(caps, place);
    else
        *place -= count;
}
