/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "engine/assert.h"
#include "net/decode.h"
#include "net/text_rules.h"

/* Everything that a spec borrows lies in one block behind it: grades, row
 * sizes and texts are carved from it in that order. */
typedef struct block {
    sp_concert_spec *spec;
    sp_grade_spec *grades;
    uint32_t *row_sizes;
    uint32_t rows_count; /* carved so far */
    char *texts;
    uint32_t seats_count; /* over all grades */
} block;

enum {
    CATEGORY,
    NAME,
    DESCRIPTION,
    IMAGE_URL,
    ADDRESS,
    RUNNING_TIME,
    AGE_LIMIT,
    START_DATE,
    END_DATE,
    CONCERT_DATE,
    MAX_SEATS,
    HOLD_SECONDS,
    CANCEL_UNTIL,
    NO_ORPHANS,
    GRADES,
    COUNT
};

static const sp_decode_member members[COUNT] = {
    [CATEGORY] = {"categoryId", true},
    [NAME] = {"name", true},
    [DESCRIPTION] = {"description", false},
    [IMAGE_URL] = {"imageUrl", false},
    [ADDRESS] = {"address", true},
    [RUNNING_TIME] = {"runningTime", true},
    [AGE_LIMIT] = {"ageLimit", true},
    [START_DATE] = {"startDate", true},
    [END_DATE] = {"endDate", true},
    [CONCERT_DATE] = {"concertDate", true},
    [MAX_SEATS] = {"maxSeatsPerUser", false},
    [HOLD_SECONDS] = {"holdSeconds", false},
    [CANCEL_UNTIL] = {"cancelUntil", false},
    [NO_ORPHANS] = {"noOrphans", false},
    [GRADES] = {"grades", true},
};

static block block_create(uint32_t grades_count, uint32_t nodes_count, uint32_t texts_size)
{
    size_t size = sizeof(sp_concert_spec) + grades_count * sizeof(sp_grade_spec) +
                  nodes_count * sizeof(uint32_t) + texts_size;
    block b = {0};
    b.spec = calloc(1, size);
    SP_ASSERT(b.spec);
    b.grades = (sp_grade_spec *)(b.spec + 1);
    b.row_sizes = (uint32_t *)(b.grades + grades_count);
    b.texts = (char *)(b.row_sizes + nodes_count);
    return b;
}

/* A text moves into the block: the reader's own copy dies with the next body. */
static sp_text carve_text(block *b, sp_text text)
{
    char *copy = b->texts;
    if (text.size > 0)
        memcpy(copy, text.bytes, text.size);
    b->texts += text.size;
    return (sp_text){copy, text.size};
}

static bool decode_line(sp_decode *decode, block *b, const sp_json_node *node,
                        const sp_field_path *path, uint32_t size_max, sp_text *out)
{
    sp_text text;
    if (!sp_decode_text(decode, node, path, (sp_decode_text_rule){size_max, false, false}, &text))
        return false;
    *out = carve_text(b, text);
    return true;
}

static bool decode_texts(sp_decode *decode, block *b, const sp_json_node *const *found)
{
    sp_concert_spec *spec = b->spec;
    sp_text text;
    const char *code;
    bool ok = decode_line(decode, b, found[NAME], SP_FIELD("name"), SP_CONCERT_NAME_SIZE_MAX,
                          &spec->name);
    ok = decode_line(decode, b, found[ADDRESS], SP_FIELD("address"), SP_ADDRESS_SIZE_MAX,
                     &spec->address) &&
         ok;
    spec->description = (sp_text){b->texts, 0};
    if (found[DESCRIPTION]) {
        sp_decode_text_rule rule = {SP_DESCRIPTION_SIZE_MAX, true, true};
        if (sp_decode_text(decode, found[DESCRIPTION], SP_FIELD("description"), rule, &text))
            spec->description = carve_text(b, text);
        else
            ok = false;
    }
    if (found[IMAGE_URL]) {
        if (!sp_decode_string(decode, found[IMAGE_URL], SP_FIELD("imageUrl"), &text))
            return false;
        const char *bad = sp_url_check(text, &code);
        if (bad)
            return sp_decode_fail(decode, SP_FIELD("imageUrl"), code, bad);
        spec->image_url = carve_text(b, text);
    }
    return ok;
}

static bool decode_u32(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                       uint32_t min, uint32_t max, uint32_t *out)
{
    int64_t value;
    if (!sp_decode_integer(decode, node, path, min, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool decode_numbers(sp_decode *decode, sp_concert_spec *spec,
                           const sp_json_node *const *found)
{
    static const char *const ages[] = {"ZERO", "SEVEN", "FIFTEEN", "NINETEEN"};
    uint32_t age = 0;
    spec->max_seats_per_user = 10;
    spec->hold_seconds = 300;
    bool ok = sp_decode_id(decode, found[CATEGORY], SP_FIELD("categoryId"), &spec->category);
    ok = decode_u32(decode, found[RUNNING_TIME], SP_FIELD("runningTime"), 1,
                    SP_RUNNING_TIME_MIN_MAX, &spec->running_time_min) &&
         ok;
    ok = sp_decode_choice(decode, found[AGE_LIMIT], SP_FIELD("ageLimit"), ages, 4, &age) && ok;
    spec->age_limit = (sp_age_limit)(SP_AGE_ZERO + age);
    if (found[MAX_SEATS])
        ok = decode_u32(decode, found[MAX_SEATS], SP_FIELD("maxSeatsPerUser"), 1,
                        SP_MAX_SEATS_PER_USER_MAX, &spec->max_seats_per_user) &&
             ok;
    if (found[HOLD_SECONDS])
        ok = decode_u32(decode, found[HOLD_SECONDS], SP_FIELD("holdSeconds"), SP_HOLD_SECONDS_MIN,
                        SP_HOLD_SECONDS_MAX, &spec->hold_seconds) &&
             ok;
    if (found[NO_ORPHANS])
        ok = sp_decode_boolean(decode, found[NO_ORPHANS], SP_FIELD("noOrphans"),
                               &spec->no_orphans) &&
             ok;
    return ok;
}

static bool decode_dates(sp_decode *decode, sp_concert_spec *spec, const sp_json_node *const *found)
{
    bool start =
        sp_decode_time(decode, found[START_DATE], SP_FIELD("startDate"), &spec->start_date);
    bool end = sp_decode_time(decode, found[END_DATE], SP_FIELD("endDate"), &spec->end_date);
    bool concert =
        sp_decode_time(decode, found[CONCERT_DATE], SP_FIELD("concertDate"), &spec->concert_date);
    bool ok = start && end && concert;
    if (found[CANCEL_UNTIL])
        ok = sp_decode_time(decode, found[CANCEL_UNTIL], SP_FIELD("cancelUntil"),
                            &spec->cancel_until) &&
             ok;
    if (start && end && spec->start_date >= spec->end_date)
        ok = sp_decode_fail(decode, SP_FIELD("endDate"), "range", "must be after startDate");
    if (end && concert && spec->end_date > spec->concert_date)
        ok = sp_decode_fail(decode, SP_FIELD("concertDate"), "range", "must not be before endDate");
    return ok;
}

/* One row, given directly (seats) or as an item of rows. */
static bool decode_row(sp_decode *decode, block *b, const sp_json_node *node,
                       const sp_field_path *path, sp_grade_spec *grade)
{
    uint32_t seats;
    if (!decode_u32(decode, node, path, 1, SP_SEATS_PER_CONCERT_MAX, &seats))
        return false;
    b->row_sizes[b->rows_count++] = seats;
    grade->rows_count++;
    /* At most 20,000 rows of 200,000: fits, and is checked once at the end. */
    b->seats_count += seats > UINT32_MAX - b->seats_count ? UINT32_MAX - b->seats_count : seats;
    return true;
}

static bool decode_rows(sp_decode *decode, block *b, const sp_json_node *node,
                        const sp_field_path *path, sp_grade_spec *grade)
{
    bool ok = true;
    uint32_t index = 0;
    if (!sp_decode_array(decode, node, path, 1, SP_ROWS_PER_CONCERT_MAX, "1 to 20000 rows"))
        return false;
    for (const sp_json_node *child = sp_json_node_at(decode->reader, node->first); child;
         child = sp_json_node_at(decode->reader, child->next)) {
        sp_field_path item = {path, {NULL, 0}, index++};
        ok = decode_row(decode, b, child, &item, grade) && ok;
    }
    return ok;
}

static bool decode_grade(sp_decode *decode, block *b, const sp_json_node *node,
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
    ok = decode_line(decode, b, found[GRADE_NAME], &(sp_field_path){path, SP_TEXT("name"), 0},
                     SP_GRADE_NAME_SIZE_MAX, &grade->name) &&
         ok;
    ok = sp_decode_integer(decode, found[PRICE], &(sp_field_path){path, SP_TEXT("price"), 0}, 0,
                           SP_PRICE_MAX, &grade->price) &&
         ok;
    sp_field_path rows_path = {path, SP_TEXT("rows"), 0};
    sp_field_path seats_path = {path, SP_TEXT("seats"), 0};
    grade->row_sizes = b->row_sizes + b->rows_count;
    if (found[ROWS] && found[SEATS])
        return sp_decode_fail(decode, &seats_path, "unknown", "either rows or seats, not both");
    if (!found[ROWS] && !found[SEATS])
        return sp_decode_fail(decode, &rows_path, "required", "either rows or seats");
    if (found[ROWS])
        return decode_rows(decode, b, found[ROWS], &rows_path, grade) && ok;
    return decode_row(decode, b, found[SEATS], &seats_path, grade) && ok;
}

static bool check_grade_name(sp_decode *decode, const block *b, uint32_t index,
                             const sp_field_path *path)
{
    const sp_grade_spec *grade = &b->grades[index];
    for (uint32_t i = 0; i < index; i++)
        if (grade->name.size > 0 && sp_text_equal(b->grades[i].name, grade->name))
            return sp_decode_fail(decode, &(sp_field_path){path, SP_TEXT("name"), 0}, "duplicate",
                                  "two grades have one name");
    return true;
}

static bool decode_grades(sp_decode *decode, block *b, const sp_json_node *node)
{
    const sp_field_path *path = SP_FIELD("grades");
    bool ok = true;
    uint32_t index = 0;
    if (!sp_decode_array(decode, node, path, 1, SP_GRADES_PER_CONCERT_MAX, "1 to 64 grades"))
        return false;
    for (const sp_json_node *child = sp_json_node_at(decode->reader, node->first); child;
         child = sp_json_node_at(decode->reader, child->next)) {
        sp_field_path item = {path, {NULL, 0}, index};
        ok = decode_grade(decode, b, child, &item, &b->grades[index]) && ok;
        ok = check_grade_name(decode, b, index, &item) && ok;
        index++;
    }
    if (b->rows_count > SP_ROWS_PER_CONCERT_MAX)
        ok = sp_decode_fail(decode, path, "range", "at most 20000 rows in a concert");
    if (b->seats_count > SP_SEATS_PER_CONCERT_MAX)
        ok = sp_decode_fail(decode, path, "range", "at most 200000 seats in a concert");
    b->spec->grades = b->grades;
    b->spec->grades_count = index;
    return ok;
}

bool sp_decode_concert(sp_decode *decode, const sp_json_node *root, uint32_t body_size,
                       sp_concert_spec **out)
{
    const sp_json_node *found[COUNT];
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    /* A text is never longer decoded than in the body. */
    block b =
        block_create(SP_GRADES_PER_CONCERT_MAX, sp_json_nodes_count(decode->reader), body_size);
    ok = decode_texts(decode, &b, found) && ok;
    ok = decode_numbers(decode, b.spec, found) && ok;
    ok = decode_dates(decode, b.spec, found) && ok;
    ok = decode_grades(decode, &b, found[GRADES]) && ok;
    *out = ok ? b.spec : NULL;
    if (!ok)
        free(b.spec);
    return ok;
}

bool sp_decode_category(sp_decode *decode, const sp_json_node *root, sp_text *name)
{
    static const sp_decode_member category_members[] = {{"name", true}};
    const sp_json_node *found[1];
    bool ok = sp_decode_object(decode, root, NULL, category_members, 1, found);
    return sp_decode_text(decode, found[0], SP_FIELD("name"),
                          (sp_decode_text_rule){SP_CATEGORY_NAME_SIZE_MAX, false, false}, name) &&
           ok;
}
