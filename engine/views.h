/* SPDX-License-Identifier: MIT
 *
 * Views: what loops may read of the state without asking the sequencer.
 * Written by the sequencer alone, after the commit and before the answers are
 * released, so whoever has been told seq S reads at least S here. Readers are
 * any threads; they never block the writer and take no lock.
 *
 * Memory orders. Counts and card pointers are stored with release and loaded
 * with acquire: a reader that sees concert N sees its card whole. A concert's
 * seat words are atomic words under a sequence lock of that concert: the
 * writer makes the version odd, stores words with release, stores the even
 * version with release; a reader loads the version (acquire), the words
 * (acquire) and the version again, and tries again if it was odd or moved.
 * A reader that saw any new word synchronises with the store of that word and
 * so sees the odd version at its second look. No fences: ThreadSanitizer
 * follows it all.
 *
 * What changes a concert itself (an edit, a pause, its cancelling) goes through the
 * changes like its seats, in the order of seqs, and under its version: one look sees
 * card, sale and seats as of one seq.
 */
#ifndef SP_ENGINE_VIEWS_H
#define SP_ENGINE_VIEWS_H

#include "engine/changes.h"
#include "engine/event.h"
#include "engine/search.h"
#include "engine/state.h"

typedef struct sp_views sp_views;

/* fold: what names are searched by; NULL: nobody will search. NULL if the address
 * space can't be had. */
sp_views *sp_views_create(const sp_limits *limits, sp_fold fold);
void sp_views_destroy(sp_views *views);

/* Writer: publishes everything (after recovery, before readers are let in). */
void sp_views_publish_all(sp_views *views, const sp_state *state);
/* Writer: publishes a durable batch: the categories and concerts that its events
 * made, each event in order; then what it did to concerts and seats; then once its
 * seq. */
void sp_views_publish_event(sp_views *views, const sp_state *state, const sp_event *event);
void sp_views_publish_changes(sp_views *views, const sp_state *state, const sp_changes *changes);
void sp_views_publish_seq(sp_views *views, sp_seq seq);

/* Readers. */
sp_seq sp_views_seq(const sp_views *views);
uint32_t sp_views_concerts_count(const sp_views *views);
uint32_t sp_views_categories_count(const sp_views *views);
/* {NULL,0} if there is none; the bytes live as long as the state. */
sp_text sp_views_category(const sp_views *views, sp_category_id category);
/* NULL if there is none; lives as long as the state. */
const sp_concert_card *sp_views_card(const sp_views *views, sp_concert_id concert);
/* To ask below sp_views_concerts_count + 1. What it finds is on its card, or was when it
 * looked (engine/search.h). NULL if the views were made without a fold. */
const sp_search *sp_views_search(const sp_views *views);
/* What of a card is searched. */
sp_search_entry sp_views_search_entry(const sp_views *views, const sp_concert_card *card);
/* seq of the last event that changed this concert: one load, for ETags. */
sp_seq sp_views_concert_seq(const sp_views *views, sp_concert_id concert);
/* seq of the last event that changed the concert itself, beside its seats (made it,
 * edited, paused, resumed or cancelled it). */
sp_seq sp_views_concert_own_seq(const sp_views *views, sp_concert_id concert);
/* What its host lets it do. SP_SALE_OPEN if there is no such concert. */
sp_sale sp_views_sale(const sp_views *views, sp_concert_id concert);
/* Copies the concert's words (sp_words_of_seats of them each) as of one
 * moment and returns the seq of the last event in them. If the concert has a new
 * layout by now: as of the moment before it, when every seat of this card was free. */
sp_seq sp_views_seats(const sp_views *views, const sp_concert_card *card, uint64_t *sold,
                      uint64_t *held);
/* The same, of the card that there is at that moment, with what its host lets it do.
 * sold and held: of SP_SEATS_PER_CONCERT_MAX seats. false: there is no such concert. */
typedef struct sp_concert_now {
    const sp_concert_card *card;
    sp_seq seq;
    sp_seq own_seq; /* as sp_views_concert_own_seq */
    sp_sale sale;
} sp_concert_now;
bool sp_views_concert(const sp_views *views, sp_concert_id concert, sp_concert_now *out,
                      uint64_t *sold, uint64_t *held);
/* The seats that events behind `after` have changed, ascending, as they are now: as of
 * one moment, whose seq is returned (with a new layout by now: of the moment before it,
 * and none). Who has the map of seq `after` and puts these
 * into it has the map of that seq. `out` has room for all the concert's seats. Costs
 * a look at each word of 64 seats, and at each seat of those that changed. */
typedef struct sp_seat_now {
    sp_seat seat;
    sp_seat_state state;
} sp_seat_now;
sp_seq sp_views_seats_since(const sp_views *views, const sp_concert_card *card, sp_seq after,
                            sp_seat_now *out, uint32_t *count);
/* The same of the card that there is at that moment. *count 0 also if `after` is before
 * its layout: then there is no way from there but the whole map. `out` has room for
 * SP_SEATS_PER_CONCERT_MAX. false: there is no such concert. */
bool sp_views_concert_since(const sp_views *views, sp_concert_id concert, sp_seq after,
                            sp_concert_now *now, sp_seat_now *out, uint32_t *count);
/* Sold and held seats among [first, first + count) of copied words. */
typedef struct sp_seat_counts {
    uint32_t free, held, sold;
} sp_seat_counts;
sp_seat_counts sp_seats_count(const uint64_t *sold, const uint64_t *held, sp_seat first,
                              uint32_t count);

#endif
