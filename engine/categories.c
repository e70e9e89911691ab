/* SPDX-License-Identifier: MIT */
#include "engine/categories.h"

static uint64_t cells_count(uint32_t categories_max)
{
    uint64_t cells = 2;
    while (cells < (uint64_t)categories_max * 2)
        cells *= 2;
    return cells;
}

size_t sp_categories_names_bytes(uint32_t categories_max)
{
    return ((size_t)categories_max + 1) * sizeof(sp_text);
}

size_t sp_categories_cells_bytes(uint32_t categories_max)
{
    return (size_t)cells_count(categories_max) * sizeof(uint32_t);
}

void sp_categories_init(sp_categories *categories, uint32_t categories_max)
{
    categories->mask = (uint32_t)(cells_count(categories_max) - 1);
    categories->count = 0;
}

static uint8_t fold(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool equal_folded(sp_text a, sp_text b)
{
    if (a.size != b.size)
        return false;
    for (uint32_t i = 0; i < a.size; i++)
        if (fold(a.bytes[i]) != fold(b.bytes[i]))
            return false;
    return true;
}

/* FNV-1a over the folded bytes: names are short and few. */
static uint32_t hash_folded(sp_text name)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < name.size; i++)
        hash = (hash ^ fold(name.bytes[i])) * 16777619u;
    return hash ^ hash >> 16;
}

/* The cell of the name, or the empty one where it would go. */
static uint32_t *cell_of(const sp_categories *categories, sp_text name)
{
    uint32_t at = hash_folded(name) & categories->mask;
    while (categories->cells[at] && !equal_folded(categories->names[categories->cells[at]], name))
        at = (at + 1) & categories->mask;
    return &categories->cells[at];
}

sp_category_id sp_categories_find(const sp_categories *categories, sp_text name)
{
    return *cell_of(categories, name);
}

sp_category_id sp_categories_add(sp_categories *categories, sp_text name)
{
    sp_category_id id = ++categories->count;
    categories->names[id] = name;
    *cell_of(categories, name) = id;
    return id;
}
