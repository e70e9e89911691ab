/* SPDX-License-Identifier: MIT */
#include "engine/cards.h"

/* A card's block, in this order, so that each part is aligned; what an edit leaves as
 * it was is the older card's, and takes nothing:
 *
 *   sp_concert_card · sp_card_grade × grades · sp_grade_spec × grades ·
 *   row_first_seat × (rows + 1) · row sizes × rows · the texts' bytes
 */
static uint64_t layout_bytes(const sp_concert_spec *spec, uint32_t rows_count)
{
    uint64_t bytes = spec->grades_count * (sizeof(sp_card_grade) + sizeof(sp_grade_spec)) +
                     (2 * (uint64_t)rows_count + 1) * sizeof(uint32_t);

    for (uint32_t i = 0; i < spec->grades_count; i++)
        bytes += spec->grades[i].name.size;
    return bytes;
}

/* Absent and empty are told apart. */
static bool text_is_same(sp_text a, sp_text b)
{
    return (a.bytes == NULL) == (b.bytes == NULL) && sp_text_equal(a, b);
}

static uint64_t text_bytes(const sp_concert_card *older, sp_text text, sp_text older_text)
{
    return older && text_is_same(text, older_text) ? 0 : text.size;
}

uint64_t sp_card_bytes(const sp_concert_spec *spec, uint32_t rows_count,
                       const sp_concert_card *older)
{
    const sp_concert_spec *old = older ? &older->spec : spec;
    uint64_t bytes = sizeof(sp_concert_card);

    if (spec->grades_count)
        bytes += layout_bytes(spec, rows_count);
    bytes += text_bytes(older, spec->name, old->name);
    bytes += text_bytes(older, spec->description, old->description);
    bytes += text_bytes(older, spec->image_url, old->image_url);
    bytes += text_bytes(older, spec->address, old->address);
    return sp_align8(bytes);
}

static uint32_t rows_of(const sp_concert_spec *spec)
{
    uint32_t rows_count = 0;
    for (uint32_t i = 0; i < spec->grades_count; i++)
        rows_count += spec->grades[i].rows_count;
    return rows_count;
}

/* Moves *end on by the text's size. */
static sp_text text_copy(char **end, sp_text text)
{
    if (!text.bytes)
        return (sp_text){NULL, 0};
    sp_text copy = {*end, text.size};
    if (text.size)
        memcpy(*end, text.bytes, text.size);
    *end += text.size;
    return copy;
}

static sp_text text_keep(char **end, const sp_concert_card *older, sp_text text, sp_text older_text)
{
    return older && text_is_same(text, older_text) ? older_text : text_copy(end, text);
}

sp_text sp_arena_text(sp_arena *arena, sp_text text)
{
    char *end = sp_arena_take(arena, text.size);
    return text_copy(&end, text);
}

/* Lays out the grades behind the card; returns where the texts go. */
static char *layout_make(sp_concert_card *card, const sp_concert_spec *spec)
{
    uint32_t rows_count = rows_of(spec);
    sp_card_grade *grades = (sp_card_grade *)(card + 1);
    sp_grade_spec *grade_specs = (sp_grade_spec *)(grades + spec->grades_count);
    uint32_t *row_first_seat = (uint32_t *)(grade_specs + spec->grades_count);
    uint32_t *row_sizes = row_first_seat + rows_count + 1;
    char *end = (char *)(row_sizes + rows_count);
    uint32_t row = 0, seat = 0;

    for (uint32_t i = 0; i < spec->grades_count; i++) {
        const sp_grade_spec *from = &spec->grades[i];
        sp_text name = text_copy(&end, from->name);
        grade_specs[i] = (sp_grade_spec){name, from->price, row_sizes + row, from->rows_count};
        grades[i] = (sp_card_grade){.name = name,
                                    .price = from->price,
                                    .first_seat = seat,
                                    .first_row = row,
                                    .rows_count = from->rows_count};
        for (uint32_t j = 0; j < from->rows_count; j++, row++) {
            row_sizes[row] = from->row_sizes[j];
            row_first_seat[row] = seat;
            seat += from->row_sizes[j];
        }
        grades[i].seats_count = seat - grades[i].first_seat;
    }
    row_first_seat[row] = seat;
    card->spec.grades = grade_specs;
    card->grades = grades;
    card->row_first_seat = row_first_seat;
    card->rows_count = rows_count;
    card->seats_count = seat;
    return end;
}

sp_concert_card *sp_card_make(sp_arena *arena, const sp_concert_spec *spec,
                              const sp_concert_card *older)
{
    uint64_t bytes = sp_card_bytes(spec, rows_of(spec), older);
    char *block = sp_arena_take(arena, bytes);
    sp_concert_card *card = (sp_concert_card *)block;
    const sp_concert_spec *old = older ? &older->spec : spec;
    char *end = (char *)(card + 1);

    if (older)
        *card = *older;
    const sp_grade_spec *older_grades = card->spec.grades;
    card->spec = *spec;
    if (spec->grades_count) {
        end = layout_make(card, spec);
    } else {
        SP_ASSERT(older);
        card->spec.grades = older_grades;
        card->spec.grades_count = older->spec.grades_count;
    }
    card->spec.name = text_keep(&end, older, spec->name, old->name);
    card->spec.description = text_keep(&end, older, spec->description, old->description);
    card->spec.image_url = text_keep(&end, older, spec->image_url, old->image_url);
    card->spec.address = text_keep(&end, older, spec->address, old->address);
    SP_ASSERT_CMP(end, <=, block + bytes);
    return card;
}

/* The last of a grade's rows that begins at or before the seat (no row is
 * empty). Rows of a hall are mostly of one length, so arithmetic finds it;
 * where they are not, by halving. */
static uint32_t row_find(const sp_concert_card *card, const sp_card_grade *grade, sp_seat seat)
{
    const sp_seat *first_seat = card->row_first_seat;
    uint32_t low = grade->first_row, high = low + grade->rows_count;
    uint32_t guess = low + (seat - grade->first_seat) / (first_seat[low + 1] - first_seat[low]);

    if (guess < high && first_seat[guess] <= seat && seat < first_seat[guess + 1])
        return guess;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (first_seat[middle] <= seat)
            low = middle;
        else
            high = middle;
    }
    return low;
}

sp_seat_place sp_card_place(const sp_concert_card *card, sp_seat seat)
{
    SP_ASSERT_CMP(seat, <, card->seats_count);

    const sp_card_grade *grade = card->grades;
    while (seat - grade->first_seat >= grade->seats_count)
        grade++;
    uint32_t row = row_find(card, grade, seat);
    return (sp_seat_place){grade, row - grade->first_row + 1, seat - card->row_first_seat[row] + 1};
}
