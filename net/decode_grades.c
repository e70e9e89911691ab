/* SPDX-License-Identifier: MIT
 *
 * A concert's grades: names, prices, rows.
 */
#include "net/decode_concert.h"

/* One row, given directly (seats) or as an item of rows. */
static bool decode_row(sp_decode *decode, sp_concert_block *block, const sp_json_node *node,
                       const sp_field_path *path, sp_grade_spec *grade)
{
    uint32_t seats;
    if (!sp_decode_u32(decode, node, path, 1, SP_SEATS_PER_CONCERT_MAX, &seats))
        return false;
    block->row_sizes[block->rows_count++] = seats;
    grade->rows_count++;
    /* At most 20,000 rows of 200,000: fits, and is checked once at the end. */
    block->seats_count +=
        seats > UINT32_MAX - block->seats_count ? UINT32_MAX - block->seats_count : seats;
    return true;
}

static bool decode_rows(sp_decode *decode, sp_concert_block *block, const sp_json_node *node,
                        const sp_field_path *path, sp_grade_spec *grade)
{
    bool ok = true;
    uint32_t index = 0;
    if (!sp_decode_array(decode, node, path, 1, SP_ROWS_PER_CONCERT_MAX, "1 to 20000 rows"))
        return false;
    for (const sp_json_node *child = sp_json_node_at(decode->reader, node->first); child;
         child = sp_json_node_at(decode->reader, child->next)) {
        sp_field_path item = {path, {NULL, 0}, index++};
        ok = decode_row(decode, block, child, &item, grade) && ok;
    }
    return ok;
}

static bool decode_grade(sp_decode *decode, sp_concert_block *block, const sp_json_node *node,
                         const sp_field_path *path, sp_grade_spec *grade)
{
    enum { GRADE_NAME, PRICE, ROWS, SEATS, GRADE_COUNT };
    static const sp_decode_member grade_members[GRADE_COUNT] = {
        [GRADE_NAME] = {"name", true},
        [PRICE] = {"price", true},
        [ROWS] = {"rows", false},
        [SEATS] = {"seats", false},
    };
    const sp_json_node *found[GRADE_COUNT];
    bool ok = sp_decode_object(decode, node, path, grade_members, GRADE_COUNT, found);
    if (node->type != SP_JSON_OBJECT)
        return false;
    ok = sp_decode_concert_line(decode, block, found[GRADE_NAME],
                                &(sp_field_path){path, SP_TEXT("name"), 0}, SP_GRADE_NAME_SIZE_MAX,
                                &grade->name) &&
         ok;
    ok = sp_decode_integer(decode, found[PRICE], &(sp_field_path){path, SP_TEXT("price"), 0}, 0,
                           SP_PRICE_MAX, &grade->price) &&
         ok;
    sp_field_path rows_path = {path, SP_TEXT("rows"), 0};
    sp_field_path seats_path = {path, SP_TEXT("seats"), 0};
    grade->row_sizes = block->row_sizes + block->rows_count;
    if (found[ROWS] && found[SEATS])
        return sp_decode_fail(decode, &seats_path, "unknown", "either rows or seats, not both");
    if (!found[ROWS] && !found[SEATS])
        return sp_decode_fail(decode, &rows_path, "required", "either rows or seats");
    if (found[ROWS])
        return decode_rows(decode, block, found[ROWS], &rows_path, grade) && ok;
    return decode_row(decode, block, found[SEATS], &seats_path, grade) && ok;
}

static bool check_grade_name(sp_decode *decode, const sp_concert_block *block, uint32_t index,
                             const sp_field_path *path)
{
    const sp_grade_spec *grade = &block->grades[index];
    for (uint32_t i = 0; i < index; i++)
        if (grade->name.size > 0 && sp_text_equal(block->grades[i].name, grade->name))
            return sp_decode_fail(decode, &(sp_field_path){path, SP_TEXT("name"), 0}, "duplicate",
                                  "two grades have one name");
    return true;
}

bool sp_decode_grades(sp_decode *decode, sp_concert_block *block, const sp_json_node *node)
{
    const sp_field_path *path = SP_FIELD("grades");
    bool ok = true;
    uint32_t index = 0;
    if (!sp_decode_array(decode, node, path, 1, SP_GRADES_PER_CONCERT_MAX, "1 to 64 grades"))
        return false;
    for (const sp_json_node *child = sp_json_node_at(decode->reader, node->first); child;
         child = sp_json_node_at(decode->reader, child->next)) {
        sp_field_path item = {path, {NULL, 0}, index};
        ok = decode_grade(decode, block, child, &item, &block->grades[index]) && ok;
        ok = check_grade_name(decode, block, index, &item) && ok;
        index++;
    }
    if (block->rows_count > SP_ROWS_PER_CONCERT_MAX)
        ok = sp_decode_fail(decode, path, "range", "at most 20000 rows in a concert");
    if (block->seats_count > SP_SEATS_PER_CONCERT_MAX)
        ok = sp_decode_fail(decode, path, "range", "at most 200000 seats in a concert");
    block->spec->grades = block->grades;
    block->spec->grades_count = index;
    return ok;
}
