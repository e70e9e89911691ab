/* SPDX-License-Identifier: MIT
 *
 * Categories and the index of their names. Two names are one when they differ
 * in ASCII case alone; other scripts are compared byte by byte, since folding
 * them depends on a version of Unicode and the log must replay the same
 * forever.
 *
 * The index is open addressing with linear probing over at least twice as
 * many cells as categories; nothing is ever removed.
 */
#ifndef SP_ENGINE_CATEGORIES_H
#define SP_ENGINE_CATEGORIES_H

#include <stddef.h>

#include "engine/values.h"

typedef struct sp_categories {
    sp_text *names;  /* by id; [0] is not used */
    uint32_t *cells; /* ids; 0 = empty */
    uint32_t mask;   /* cells, a power of two, less 1 */
    uint32_t count;
} sp_categories;

size_t sp_categories_names_bytes(uint32_t categories_max);
size_t sp_categories_cells_bytes(uint32_t categories_max);
/* names and cells are set already, reserved as above. */
void sp_categories_init(sp_categories *categories, uint32_t categories_max);

/* The category of this name, or 0. */
sp_category_id sp_categories_find(const sp_categories *categories, sp_text name);
/* Adds one that is not there; the name's bytes stay. Returns its id. */
sp_category_id sp_categories_add(sp_categories *categories, sp_text name);

#endif
