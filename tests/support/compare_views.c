/* SPDX-License-Identifier: MIT
 *
 * What the views show, and what they say has changed since: whoever holds the map of
 * some seq and puts the changes since then into it has the map of now.
 */
#include "tests/support/compare_private.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "tests/support/maps.h"

static uint32_t free_count(const sp_reference_concert *concert)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < concert->seats_count; i++)
        count += sp_reference_is_free(&concert->seats[i]);
    return count;
}

static sp_seat_state state_of(const sp_reference_seat *seat)
{
    return seat->order != 0 ? SP_SEAT_SOLD : seat->hold != 0 ? SP_SEAT_HELD : SP_SEAT_FREE;
}

/* All of it in one look. */
static const char *compare_concert_now(const sp_reference_concert *concert, sp_concert_id id,
                                       const sp_views *views)
{
    static uint64_t sold[SP_SEATS_PER_CONCERT_MAX / 64 + 1],
        held[SP_SEATS_PER_CONCERT_MAX / 64 + 1];
    sp_concert_now now;
    EQUAL("the concert is shown", id, 1, sp_views_concert(views, id, &now, sold, held));
    EQUAL("shown as of", id, concert->seq, now.seq);
    EQUAL("shown card", id, 1, now.card == sp_views_card(views, id));
    EQUAL("shown sale", id, concert->sale, now.sale);
    return sp_compare_words(concert, id, sold, held);
}

const char *sp_compare_views(const sp_reference *r, const sp_views *views)
{
    uint64_t sold[SP_SEATS_PER_CONCERT_MAX / 64 + 1], held[SP_SEATS_PER_CONCERT_MAX / 64 + 1];
    EQUAL("views' seq", 0, r->seq, sp_views_seq(views));
    EQUAL("views' concerts", 0, r->concerts_count, sp_views_concerts_count(views));
    EQUAL("views' categories", 0, r->categories_count, sp_views_categories_count(views));
    for (sp_concert_id id = 1; id <= r->concerts_count; id++) {
        const sp_reference_concert *concert = &r->concerts[id - 1];
        const sp_concert_card *card = sp_views_card(views, id);
        PASS_ON(sp_compare_card(r, id, card));
        EQUAL("views' sale", id, concert->sale, sp_views_sale(views, id));
        sp_seq own_seq = sp_views_concert_own_seq(views, id);
        EQUAL("views' concert's own seq is one of its, and none before", id, 1,
              own_seq >= concert->own_seq && own_seq <= concert->seq);
        EQUAL("views' concert's seq", id, concert->seq, sp_views_concert_seq(views, id));
        EQUAL("seat map's seq", id, concert->seq, sp_views_seats(views, card, sold, held));
        PASS_ON(sp_compare_words(concert, id, sold, held));
        sp_seat_counts counts = sp_seats_count(sold, held, 0, concert->seats_count);
        EQUAL("seat map's sold", id, sp_compare_sold_count(concert), counts.sold);
        EQUAL("seat map's held", id, sp_compare_held_count(concert), counts.held);
        EQUAL("seat map's free", id, free_count(concert), counts.free);
        PASS_ON(compare_concert_now(concert, id, views));
    }
    for (sp_category_id id = 1; id <= r->categories_count; id++) {
        sp_text name = {r->categories[id - 1].name, r->categories[id - 1].size};
        EQUAL("views' category", id, 1, sp_text_equal(name, sp_views_category(views, id)));
    }
    return NULL;
}

const char *sp_compare_own_seqs(const sp_reference *r, const sp_views *views)
{
    for (sp_concert_id id = 1; id <= r->concerts_count; id++)
        EQUAL("views' concert's own seq", id, r->concerts[id - 1].own_seq,
              sp_views_concert_own_seq(views, id));
    return NULL;
}

const char *sp_compare_since(const sp_reference *r, sp_concert_id id, sp_seq after,
                             const sp_views *views)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    sp_seat_now *changed = malloc(concert->seats_count * sizeof *changed);
    uint32_t count, i = 0;
    SP_ASSERT(changed != NULL);
    sp_seq seq = sp_views_seats_since(views, sp_views_card(views, id), after, changed, &count);
    const char *wrong = seq != concert->seq ? "changes are as of another seq" : NULL;
    for (sp_seat seat = 0; wrong == NULL && seat < concert->seats_count; seat++) {
        if (concert->seats[seat].seq <= after)
            continue;
        if (i == count || changed[i].seat != seat ||
            changed[i].state != state_of(&concert->seats[seat]))
            wrong = sp_compare_failed("concert %u: since seq %" PRIu64
                                      " seat %u has changed, and is not told, or as another",
                                      id, after, seat);
        i++;
    }
    if (wrong == NULL && i != count)
        wrong = sp_compare_failed("concert %u: since seq %" PRIu64 " %u seats are told, %u changed",
                                  id, after, count, i);
    free(changed);
    return wrong;
}

/* ---- Maps that somebody has kept ---- */

void sp_maps_init(sp_maps *maps)
{
    *maps = (sp_maps){.count = 0};
}

void sp_maps_close(sp_maps *maps)
{
    for (uint32_t i = 0; i < SP_MAPS_MAX; i++)
        free(maps->kept[i].states);
}

void sp_maps_keep(sp_maps *maps, const sp_reference *r, sp_concert_id id, const sp_views *views)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    sp_map *map = &maps->kept[maps->count++ % SP_MAPS_MAX];
    map->concert = id;
    map->seq = r->seq;
    map->card = sp_views_card(views, id);
    map->layout_seq = concert->layout_seq;
    map->states = realloc(map->states, concert->seats_count);
    SP_ASSERT(map->states != NULL);
    for (sp_seat seat = 0; seat < concert->seats_count; seat++)
        map->states[seat] = (uint8_t)state_of(&concert->seats[seat]);
}

void sp_maps_forget_cards(sp_maps *maps)
{
    for (uint32_t i = 0; i < SP_MAPS_MAX; i++)
        maps->kept[i].card = NULL;
}

/* Seats that are no more: whoever asks with their card is told of the last moment of that
 * layout, when every seat was free. */
static const char *compare_older_layout(const sp_map *map, const sp_views *views)
{
    const sp_concert_card *next = sp_views_card(views, map->concert);
    uint64_t sold[SP_SEATS_PER_CONCERT_MAX / 64 + 1], held[SP_SEATS_PER_CONCERT_MAX / 64 + 1];
    uint32_t seats_count = map->card->seats_count, count;
    sp_seat_now *changed = malloc(seats_count * sizeof *changed);
    SP_ASSERT(changed != NULL);
    while (next->older->layout_seq != map->card->layout_seq)
        next = next->older;
    sp_seq seq = sp_views_seats_since(views, map->card, map->seq, changed, &count);
    free(changed);
    EQUAL("an older layout's seq", map->concert, next->layout_seq - 1, seq);
    EQUAL("an older layout's changes", map->concert, 0, count);
    EQUAL("an older layout's map's seq", map->concert, next->layout_seq - 1,
          sp_views_seats(views, map->card, sold, held));
    EQUAL("an older layout's free seats", map->concert, seats_count,
          sp_seats_count(sold, held, 0, seats_count).free);
    return NULL;
}

static void start_anew(sp_map *map, const sp_reference_concert *concert)
{
    map->card = NULL;
    map->layout_seq = map->seq = concert->layout_seq;
    map->states = realloc(map->states, concert->seats_count);
    SP_ASSERT(map->states != NULL);
    memset(map->states, SP_SEAT_FREE, concert->seats_count);
}

/* With the card that it was kept with: of an older layout, of older words, or of now. */
static const char *bring_up_to_date(sp_map *map, const sp_reference *r, const sp_views *views)
{
    const sp_reference_concert *concert = &r->concerts[map->concert - 1];
    if (map->layout_seq != concert->layout_seq) {
        if (map->card != NULL)
            PASS_ON(compare_older_layout(map, views));
        start_anew(map, concert);
    }
    if (map->card == NULL)
        map->card = sp_views_card(views, map->concert);
    sp_seat_now *changed = malloc(concert->seats_count * sizeof *changed);
    uint32_t count;
    SP_ASSERT(changed != NULL);
    map->seq = sp_views_seats_since(views, map->card, map->seq, changed, &count);
    for (uint32_t i = 0; i < count; i++)
        map->states[changed[i].seat] = (uint8_t)changed[i].state;
    free(changed);
    for (sp_seat seat = 0; seat < concert->seats_count; seat++)
        EQUAL("a kept map's seat", seat, state_of(&concert->seats[seat]), map->states[seat]);
    return NULL;
}

const char *sp_maps_check(sp_maps *maps, const sp_reference *r, const sp_views *views)
{
    for (uint32_t i = 0; i < SP_MAPS_MAX && i < maps->count; i++)
        PASS_ON(bring_up_to_date(&maps->kept[i], r, views));
    return NULL;
}
