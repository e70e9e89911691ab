/* SPDX-License-Identifier: MIT
 *
 * Search: which concerts have a text in their name or their category's, and
 * which are of a category. The index proposes candidates, newest first; whoever
 * asks then looks at each one's card and asks whether it is one indeed. A
 * candidate may be false, a concert that is left out never matches.
 *
 * A signature file (C. Faloutsos, S. Christodoulakis, "Signature files", ACM TOIS
 * 2(4), 1984), cut into bit slices as BitFunnel does (B. Goodwin et al., SIGIR
 * 2017). A concert's signature has 2,048 bits; each character of its folded texts
 * sets three of them, each pair of neighbours two, its category's id three. A
 * query's bits are chosen alike, and its candidates are the concerts that have all
 * of them. Any substring can be asked for, one character too; nothing is parsed
 * into words, so every script is served.
 *
 *   block 0: 512 concerts         block 1 …
 *   ┌───────────────────────────┐
 *   │ slice 0:    a line of 64 B│   slice b of a block: bit i is set if concert
 *   │ slice 1:    a line        │   512 * block + i has bit b in its signature
 *   │ …                         │
 *   │ slice 2047: a line        │   a query ANDs its bits' lines, from the newest
 *   └───────────────────────────┘   block down, until the page is full
 *
 * What chose these numbers (`bench search`): a name of 20 to 40 characters sets a
 * twentieth of the bits, so a query of one character has 1 false candidate in
 * 10,000 concerts, a longer one next to none, and its third or fourth line ends
 * the look at a block (of half the bits, 1 in 200, and nothing gained but memory).
 * At 100,000 concerts that takes 3 to 17 us where a scan of all names takes 400 to
 * 1,600. 256 bytes a concert, whatever its name; a block is 128 KiB,
 * in which both writing a concert and asking stay within a few pages. Reserved
 * once, touched block by block, nothing moves, nothing is allocated.
 *
 * Memory orders. One writer; readers are any threads and take no lock. Words are
 * stored with release and loaded with acquire. A new concert's bits are set before
 * the count that makes it visible is stored with release (engine/views.h), and
 * readers ask below a count that they loaded with acquire. An edit is: sp_search_put
 * with the new texts, then the card is swapped (release), then
 * sp_search_drop_stale. So a concert is left out only for a bit that was found
 * clear, and the card of that moment did not have it: new bits were stored before
 * the card that has them, and old ones are cleared behind the card that has them
 * no more. Who found one clear (acquire) also sees the card of that time or a later
 * one, so nobody sees an edit in the search and then not in the card; who was told
 * of an edit finds its bits.
 */
#ifndef SP_ENGINE_SEARCH_H
#define SP_ENGINE_SEARCH_H

#include "engine/limits.h"

/* Signature bits, and bytes that a concert takes. */
#define SP_SEARCH_BITS 2048u
#define SP_SEARCH_BYTES_PER_CONCERT (SP_SEARCH_BITS / 8u)
/* A searched text has at most so many bytes of UTF-8. */
#define SP_SEARCH_TEXT_SIZE_MAX 200u

/* How texts are made comparable: case, width and the like folded away. Writes the
 * code points to out, which has room for SP_FOLD_MAX(text.size), and returns their
 * count; 0 of what is not UTF-8, or has nothing in it that counts. A text that can be
 * read in several ways has several forms, one behind the other with SP_FOLD_BREAK
 * between; no form is empty or has a break in it. Pure; any thread; does not block
 * or allocate. Implemented in net/fold.h: the engine knows no Unicode. */
typedef uint32_t (*sp_fold)(sp_text text, uint32_t *out);
#define SP_FOLD_BREAK UINT32_MAX
#define SP_FOLD_FORMS_MAX 2u
/* No character folds to more than six code points a byte of it. */
#define SP_FOLD_MAX(size) ((size)*6u * SP_FOLD_FORMS_MAX + 1u)

typedef struct sp_search sp_search;

/* For concerts 1 … concerts_max. NULL if the address space can't be had. */
sp_search *sp_search_create(uint32_t concerts_max, sp_fold fold);
void sp_search_destroy(sp_search *search);

/* What of a concert is searched: its name, its category and that one's name, each
 * text of at most its limit's size. Nothing spans both texts. */
typedef struct sp_search_entry {
    sp_concert_id concert; /* 1 … concerts_max */
    sp_category_id category;
    sp_text name, category_name;
} sp_search_entry;

/* Writer: the concert is found by this entry too, beside what it was found by
 * before. Some 100 words, in one block. */
void sp_search_put(sp_search *search, const sp_search_entry *entry);
/* Writer, once the card with this entry is the one that is seen: the concert is found
 * by this entry alone. Looks at every slice of its block: some microseconds. */
void sp_search_drop_stale(sp_search *search, const sp_search_entry *entry);

/* A query: 10 KB, for a reader's stack. Its members are search.c's own. */
#define SP_SEARCH_FORM_BITS_MAX 64u
#define SP_SEARCH_BLOCK_WORDS 8u
typedef struct sp_search_form {
    uint32_t first, count; /* in characters */
    uint32_t bits_count;
    uint16_t bits[SP_SEARCH_FORM_BITS_MAX];
} sp_search_form;

typedef struct sp_search_query {
    sp_category_id category;
    uint32_t forms_count; /* 0: any text */
    uint32_t block;       /* whose candidates are in words */
    uint64_t words[SP_SEARCH_BLOCK_WORDS];
    sp_search_form forms[SP_FOLD_FORMS_MAX];
    uint32_t characters[SP_FOLD_MAX(SP_SEARCH_TEXT_SIZE_MAX)];
} sp_search_query;

/* text: at most SP_SEARCH_TEXT_SIZE_MAX bytes; absent, or one that folds to nothing,
 * asks for no text. category 0: any. */
void sp_search_ask(const sp_search *search, sp_text text, sp_category_id category,
                   sp_search_query *query);
/* Whether the query asks for a text, so that sp_search_finds has to fold. */
static inline bool sp_search_asks_text(const sp_search_query *query)
{
    return query->forms_count > 0;
}
/* The newest candidate below `below`, or 0. below: at most the number of concerts, as
 * loaded with acquire before the first look, and 1. Descending from call to call: the
 * candidates of a block are found once, as they are then. Costs a line of memory for
 * most of a query's first four bits and 512 concerts that are none. */
sp_concert_id sp_search_next(const sp_search *search, sp_search_query *query, sp_concert_id below);
/* Whether an entry, as its card has it now, is what the query asks for. */
bool sp_search_finds(const sp_search *search, const sp_search_query *query,
                     const sp_search_entry *entry);

#endif
