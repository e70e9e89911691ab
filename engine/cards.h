/* SPDX-License-Identifier: MIT
 *
 * Making of cards (engine/state.h): a concert's texts and geometry, copied
 * into one block of the text arena and never changed afterwards.
 */
#ifndef SP_ENGINE_CARDS_H
#define SP_ENGINE_CARDS_H

#include "engine/arena.h"
#include "engine/state.h"

/* Bytes of the arena that the card of a checked spec takes. `older`: the card that it
 * takes the place of, or NULL; then the spec may be without grades: they stay. */
uint64_t sp_card_bytes(const sp_concert_spec *spec, uint32_t rows_count,
                       const sp_concert_card *older);

/* The card of a checked spec. What it has in common with an older one is shared, and
 * what stands beside the spec is copied from there; of a new concert id, host, times and
 * first_word are the caller's to fill, of a new layout first_word, of any seq and older,
 * before anyone sees it.
 * The arena has room. */
sp_concert_card *sp_card_make(sp_arena *arena, const sp_concert_spec *spec,
                              const sp_concert_card *older);

/* A copy of a text in the arena; absent stays absent, empty stays empty. */
sp_text sp_arena_text(sp_arena *arena, sp_text text);

#endif
