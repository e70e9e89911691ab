/* SPDX-License-Identifier: MIT
 *
 * Seat maps as watchers keep them: of some seq, brought up to date by what the views
 * say has changed since. Single-threaded; allocates; compare.h says what failing is.
 */
#ifndef SP_TESTS_SUPPORT_MAPS_H
#define SP_TESTS_SUPPORT_MAPS_H

#include "engine/views.h"
#include "tests/support/reference.h"

#define SP_MAPS_MAX 16u

typedef struct sp_map {
    sp_concert_id concert;
    sp_seq seq;
    sp_seq layout_seq;
    const sp_concert_card *card; /* as the views had it then: it may be an older one. NULL:
                                  * not known any more */
    uint8_t *states;             /* sp_seat_state, one a seat */
} sp_map;

typedef struct sp_maps {
    sp_map kept[SP_MAPS_MAX];
    uint32_t count; /* ever kept: the oldest gives way */
} sp_maps;

void sp_maps_init(sp_maps *maps);
void sp_maps_close(sp_maps *maps);
/* Keeps the map that the reference has now, and the views show. */
void sp_maps_keep(sp_maps *maps, const sp_reference *reference, sp_concert_id concert,
                  const sp_views *views);
/* The views are others from now on: their cards are gone, the maps are not. */
void sp_maps_forget_cards(sp_maps *maps);
/* Brings all that are kept up to date from the views, which show what the reference
 * has, and compares. NULL, or what differs. */
const char *sp_maps_check(sp_maps *maps, const sp_reference *reference, const sp_views *views);

#endif
