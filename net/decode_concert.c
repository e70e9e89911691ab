/* SPDX-License-Identifier: MIT
 *
 * What a host states of a concert: all of it, or what is to change.
 *
 * In an edit null stands for what a concert has that was made without the field (as in
 * RFC 7396), where one may be.
 */
#include "net/decode_concert.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/text_rules.h"

#define COUNT (SP_PATCH_GRADES + 1)

static const sp_decode_member members[COUNT] = {
    [SP_PATCH_CATEGORY] = {"categoryId", true},
    [SP_PATCH_NAME] = {"name", true},
    [SP_PATCH_DESCRIPTION] = {"description", false},
    [SP_PATCH_IMAGE_URL] = {"imageUrl", false},
    [SP_PATCH_ADDRESS] = {"address", true},
    [SP_PATCH_RUNNING_TIME] = {"runningTime", true},
    [SP_PATCH_AGE_LIMIT] = {"ageLimit", true},
    [SP_PATCH_START_DATE] = {"startDate", true},
    [SP_PATCH_END_DATE] = {"endDate", true},
    [SP_PATCH_CONCERT_DATE] = {"concertDate", true},
    [SP_PATCH_CANCEL_UNTIL] = {"cancelUntil", false},
    [SP_PATCH_MAX_SEATS] = {"maxSeatsPerUser", false},
    [SP_PATCH_HOLD_SECONDS] = {"holdSeconds", false},
    [SP_PATCH_NO_ORPHANS] = {"noOrphans", false},
    [SP_PATCH_GRADES] = {"grades", true},
};

/* The fields of a body as they were found, each NULL if it is not there; and the block
 * that they go to. */
typedef struct fields {
    sp_decode *decode;
    const sp_json_node *found[COUNT];
    sp_concert_block block;
} fields;

/* The head is freed with all that is in the block. Its spec is the caller's to set. A
 * text is never longer decoded than in the body. */
static void *block_create(sp_concert_block *block, size_t head_size, uint32_t nodes_count,
                          uint32_t body_size)
{
    size_t size = head_size + SP_GRADES_PER_CONCERT_MAX * sizeof(sp_grade_spec) +
                  nodes_count * sizeof(uint32_t) + body_size;
    char *head = calloc(1, size);
    SP_ASSERT(head);
    *block = (sp_concert_block){.grades = (sp_grade_spec *)(head + head_size)};
    block->row_sizes = (uint32_t *)(block->grades + SP_GRADES_PER_CONCERT_MAX);
    block->texts = (char *)(block->row_sizes + nodes_count);
    return head;
}
_Static_assert(sizeof(sp_concert_spec) % _Alignof(sp_grade_spec) == 0, "grades lie behind it");
_Static_assert(sizeof(sp_concert_patch) % _Alignof(sp_grade_spec) == 0, "likewise");

sp_text sp_concert_carve_text(sp_concert_block *block, sp_text text)
{
    char *copy = block->texts;
    if (text.size > 0)
        memcpy(copy, text.bytes, text.size);
    block->texts += text.size;
    return (sp_text){copy, text.size};
}

bool sp_decode_concert_line(sp_decode *decode, sp_concert_block *block, const sp_json_node *node,
                            const sp_field_path *path, uint32_t size_max, sp_text *out)
{
    sp_text text;
    if (!sp_decode_text(decode, node, path, (sp_decode_text_rule){size_max, false, false}, &text))
        return false;
    *out = sp_concert_carve_text(block, text);
    return true;
}

bool sp_decode_u32(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                   uint32_t min, uint32_t max, uint32_t *out)
{
    int64_t value;
    if (!sp_decode_integer(decode, node, path, min, max, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

/* Each of these decodes one field, which is there. */

static bool decode_description(fields *f)
{
    sp_text text;
    if (!sp_decode_text(f->decode, f->found[SP_PATCH_DESCRIPTION], SP_FIELD("description"),
                        (sp_decode_text_rule){SP_DESCRIPTION_SIZE_MAX, true, true}, &text))
        return false;
    f->block.spec->description = sp_concert_carve_text(&f->block, text);
    return true;
}

/* An empty one is none. */
static bool decode_image_url(fields *f)
{
    const char *code;
    sp_text text;
    if (!sp_decode_string(f->decode, f->found[SP_PATCH_IMAGE_URL], SP_FIELD("imageUrl"), &text))
        return false;
    const char *bad = text.size > 0 ? sp_url_check(text, &code) : NULL;
    if (bad)
        return sp_decode_fail(f->decode, SP_FIELD("imageUrl"), code, bad);
    if (text.size > 0)
        f->block.spec->image_url = sp_concert_carve_text(&f->block, text);
    return true;
}

static bool decode_age_limit(fields *f)
{
    static const char *const ages[] = {"ZERO", "SEVEN", "FIFTEEN", "NINETEEN"};
    uint32_t age;
    if (!sp_decode_choice(f->decode, f->found[SP_PATCH_AGE_LIMIT], SP_FIELD("ageLimit"), ages, 4,
                          &age))
        return false;
    f->block.spec->age_limit = (sp_age_limit)(SP_AGE_ZERO + age);
    return true;
}

/* Evaluates only if the field is there: what is missing was noted, or may be. */
#define IF_THERE(field, decoded) (!f->found[field] || (decoded))

static bool decode_texts(fields *f)
{
    sp_concert_spec *spec = f->block.spec;
    bool ok =
        IF_THERE(SP_PATCH_NAME,
                 sp_decode_concert_line(f->decode, &f->block, f->found[SP_PATCH_NAME],
                                        SP_FIELD("name"), SP_CONCERT_NAME_SIZE_MAX, &spec->name));
    ok = IF_THERE(SP_PATCH_ADDRESS,
                  sp_decode_concert_line(f->decode, &f->block, f->found[SP_PATCH_ADDRESS],
                                         SP_FIELD("address"), SP_ADDRESS_SIZE_MAX,
                                         &spec->address)) &&
         ok;
    ok = IF_THERE(SP_PATCH_DESCRIPTION, decode_description(f)) && ok;
    return IF_THERE(SP_PATCH_IMAGE_URL, decode_image_url(f)) && ok;
}

static bool decode_numbers(fields *f)
{
    sp_concert_spec *spec = f->block.spec;
    const sp_json_node *const *found = f->found;
    bool ok = IF_THERE(SP_PATCH_CATEGORY, sp_decode_id(f->decode, found[SP_PATCH_CATEGORY],
                                                       SP_FIELD("categoryId"), &spec->category));
    ok = IF_THERE(SP_PATCH_RUNNING_TIME,
                  sp_decode_u32(f->decode, found[SP_PATCH_RUNNING_TIME], SP_FIELD("runningTime"), 1,
                                SP_RUNNING_TIME_MIN_MAX, &spec->running_time_min)) &&
         ok;
    ok = IF_THERE(SP_PATCH_AGE_LIMIT, decode_age_limit(f)) && ok;
    ok = IF_THERE(SP_PATCH_MAX_SEATS,
                  sp_decode_u32(f->decode, found[SP_PATCH_MAX_SEATS], SP_FIELD("maxSeatsPerUser"),
                                1, SP_MAX_SEATS_PER_USER_MAX, &spec->max_seats_per_user)) &&
         ok;
    ok = IF_THERE(SP_PATCH_HOLD_SECONDS,
                  sp_decode_u32(f->decode, found[SP_PATCH_HOLD_SECONDS], SP_FIELD("holdSeconds"),
                                SP_HOLD_SECONDS_MIN, SP_HOLD_SECONDS_MAX, &spec->hold_seconds)) &&
         ok;
    return IF_THERE(SP_PATCH_NO_ORPHANS,
                    sp_decode_boolean(f->decode, found[SP_PATCH_NO_ORPHANS], SP_FIELD("noOrphans"),
                                      &spec->no_orphans)) &&
           ok;
}

/* start < end <= concert, and until <= end: as far as they are there and can be read (0:
 * not so). Without an end there must be room for one. What an edit leaves as it is only
 * the engine knows. */
static bool check_dates(const fields *f)
{
    const sp_concert_spec *spec = f->block.spec;
    sp_time_ms start = spec->start_date, end = spec->end_date, concert = spec->concert_date;
    sp_time_ms until = spec->cancel_until;
    bool ok = true;
    if (start && end && start >= end)
        ok = sp_decode_fail(f->decode, SP_FIELD("endDate"), "range", "must be after startDate");
    if (end && concert && end > concert)
        ok = sp_decode_fail(f->decode, SP_FIELD("concertDate"), "range",
                            "must not be before endDate");
    if (end && until > end)
        ok = sp_decode_fail(f->decode, SP_FIELD("cancelUntil"), "range",
                            "must not be after endDate");
    if (f->found[SP_PATCH_END_DATE])
        return ok;
    if (start && concert && start >= concert)
        ok = sp_decode_fail(f->decode, SP_FIELD("concertDate"), "range", "must be after startDate");
    if (concert && until > concert)
        ok = sp_decode_fail(f->decode, SP_FIELD("cancelUntil"), "range",
                            "must not be after concertDate");
    return ok;
}

static bool decode_dates(fields *f)
{
    sp_concert_spec *spec = f->block.spec;
    const sp_json_node *const *found = f->found;
    bool ok =
        IF_THERE(SP_PATCH_START_DATE, sp_decode_time(f->decode, found[SP_PATCH_START_DATE],
                                                     SP_FIELD("startDate"), &spec->start_date));
    ok = IF_THERE(SP_PATCH_END_DATE, sp_decode_time(f->decode, found[SP_PATCH_END_DATE],
                                                    SP_FIELD("endDate"), &spec->end_date)) &&
         ok;
    ok = IF_THERE(SP_PATCH_CONCERT_DATE,
                  sp_decode_time(f->decode, found[SP_PATCH_CONCERT_DATE], SP_FIELD("concertDate"),
                                 &spec->concert_date)) &&
         ok;
    ok = IF_THERE(SP_PATCH_CANCEL_UNTIL,
                  sp_decode_time(f->decode, found[SP_PATCH_CANCEL_UNTIL], SP_FIELD("cancelUntil"),
                                 &spec->cancel_until)) &&
         ok;
    return check_dates(f) && ok;
}

/* What a concert has of which nobody has stated it. */
static void put_defaults(fields *f)
{
    f->block.spec->description = (sp_text){f->block.texts, 0};
    f->block.spec->max_seats_per_user = 10;
    f->block.spec->hold_seconds = 300;
}

static bool decode_fields(fields *f)
{
    put_defaults(f);
    bool ok = decode_texts(f);
    ok = decode_numbers(f) && ok;
    ok = decode_dates(f) && ok;
    return IF_THERE(SP_PATCH_GRADES,
                    sp_decode_grades(f->decode, &f->block, f->found[SP_PATCH_GRADES])) &&
           ok;
}

bool sp_decode_concert(sp_decode *decode, const sp_json_node *root, uint32_t body_size,
                       sp_concert_spec **out)
{
    fields f = {.decode = decode};
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, f.found);
    *out = block_create(&f.block, sizeof **out, sp_json_nodes_count(decode->reader), body_size);
    f.block.spec = *out;
    ok = decode_fields(&f) && ok;
    if (!ok) {
        free(*out);
        *out = NULL;
    }
    return ok;
}

/* Which fields an edit states: those that are there, and those that are null and may
 * be. */
static bool note_stated(const fields *f, const sp_json_node *root, uint32_t *stated)
{
    bool ok = true;
    for (uint32_t i = 0; i < COUNT; i++) {
        sp_text name = {members[i].name, (uint32_t)strlen(members[i].name)};
        bool is_null = !f->found[i] && sp_decode_has_null(f->decode, root, name);
        if (f->found[i] || is_null)
            *stated |= 1u << i;
        if (is_null && members[i].required)
            ok = sp_decode_fail(f->decode, &(sp_field_path){NULL, name, 0}, "type",
                                "can be changed, but not taken away");
    }
    return ok;
}

bool sp_decode_concert_edit(sp_decode *decode, const sp_json_node *root, uint32_t body_size,
                            sp_concert_patch **out)
{
    fields f = {.decode = decode};
    sp_decode_member optional[COUNT];
    for (uint32_t i = 0; i < COUNT; i++)
        optional[i] = (sp_decode_member){members[i].name, false};
    bool ok = sp_decode_object(decode, root, NULL, optional, COUNT, f.found);
    *out = block_create(&f.block, sizeof **out, sp_json_nodes_count(decode->reader), body_size);
    f.block.spec = &(*out)->spec;
    ok = note_stated(&f, root, &(*out)->fields) && ok;
    ok = decode_fields(&f) && ok;
    if (ok && (*out)->fields == 0)
        ok = sp_decode_fail(decode, NULL, "required", "must state a field that is to change");
    if (!ok) {
        free(*out);
        *out = NULL;
    }
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
