/* SPDX-License-Identifier: MIT */
#include "engine/cards.h"

/* A card's block, in this order, so that each part is aligned:
 *
 *   sp_concert_card · sp_card_grade × grades · sp_grade_spec × grades ·
 *   row_first_seat × (rows + 1) · row sizes × rows · the texts' bytes
 */
uint64_t sp_card_bytes(const sp_concert_spec *spec, uint32_t rows_count)
{
    uint64_t bytes = sizeof(sp_concert_card) +
                     spec->grades_count * (sizeof(sp_card_grade) + sizeof(sp_grade_spec)) +
                     (2 * (uint64_t)rows_count + 1) * sizeof(uint32_t);

    bytes += (uint64_t)spec->name.size + spec->description.size + spec->image_url.size +
             spec->address.size;
    for (uint32_t i = 0; i < spec->grades_count; i++)
        bytes += spec->grades[i].name.size;
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

sp_text sp_arena_text(sp_arena *arena, sp_text text)
{
    char *end = sp_arena_take(arena, text.size);
    return text_copy(&end, text);
}

sp_concert_card *sp_card_make(sp_arena *arena, const sp_concert_spec *spec)
{
    uint32_t rows_count = rows_of(spec);
    uint64_t bytes = sp_card_bytes(spec, rows_count);
    char *block = sp_arena_take(arena, bytes);

    sp_concert_card *card = (sp_concert_card *)block;
    sp_card_grade *grades = (sp_card_grade *)(card + 1);
    sp_grade_spec *grade_specs = (sp_grade_spec *)(grades + spec->grades_count);
    uint32_t *row_first_seat = (uint32_t *)(grade_specs + spec->grades_count);
    uint32_t *row_sizes = row_first_seat + rows_count + 1;
    char *end = (char *)(row_sizes + rows_count);

    card->spec = *spec;
    card->spec.name = text_copy(&end, spec->name);
    card->spec.description = text_copy(&end, spec->description);
    card->spec.image_url = text_copy(&end, spec->image_url);
    card->spec.address = text_copy(&end, spec->address);
    card->spec.grades = grade_specs;
    card->grades = grades;
    card->row_first_seat = row_first_seat;
    card->rows_count = rows_count;

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
    card->seats_count = seat;
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
