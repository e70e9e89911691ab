/* SPDX-License-Identifier: MIT */
#include "net/decode.h"

static bool decode_best(sp_decode *decode, const sp_json_node *node, sp_command *out)
{
    enum { GRADE, SEATS_COUNT, ALLOW_SPLIT, COUNT };
    static const sp_decode_member members[COUNT] = {
        [GRADE] = {"grade", false},
        [SEATS_COUNT] = {"count", true},
        [ALLOW_SPLIT] = {"allowSplit", false},
    };
    const sp_field_path *path = SP_FIELD("bestAvailable");
    const sp_field_path grade_path = {path, SP_TEXT("grade"), 0};
    const sp_field_path count_path = {path, SP_TEXT("count"), 0};
    const sp_field_path split_path = {path, SP_TEXT("allowSplit"), 0};
    const sp_json_node *found[COUNT];
    int64_t count = 0;
    bool ok = sp_decode_object(decode, node, path, members, COUNT, found);
    if (found[GRADE])
        ok = sp_decode_text(decode, found[GRADE], &grade_path,
                            (sp_decode_text_rule){SP_GRADE_NAME_SIZE_MAX, false, false},
                            &out->hold_take.grade) &&
             ok;
    ok = sp_decode_integer(decode, found[SEATS_COUNT], &count_path, 1, SP_SEATS_PER_ORDER_MAX,
                           &count) &&
         ok;
    if (found[ALLOW_SPLIT])
        ok = sp_decode_boolean(decode, found[ALLOW_SPLIT], &split_path,
                               &out->hold_take.allow_split) &&
             ok;
    out->hold_take.best_count = (uint32_t)count;
    return ok;
}

bool sp_decode_hold(sp_decode *decode, const sp_json_node *root, sp_command *out)
{
    enum { SEATS, BEST, COUNT };
    static const sp_decode_member members[COUNT] = {
        [SEATS] = {"seats", false},
        [BEST] = {"bestAvailable", false},
    };
    const sp_json_node *found[COUNT];
    bool ok = sp_decode_object(decode, root, NULL, members, COUNT, found);
    out->type = SP_COMMAND_HOLD_TAKE;
    out->hold_take.best_count = 0;
    out->hold_take.allow_split = false;
    out->hold_take.grade = (sp_text){NULL, 0};
    out->hold_take.seats_count = 0;
    if (found[SEATS])
        ok = sp_decode_seats(decode, found[SEATS], out->hold_take.seats,
                             &out->hold_take.seats_count) &&
             ok;
    if (found[BEST])
        ok = decode_best(decode, found[BEST], out) && ok;
    if (found[SEATS] && found[BEST])
        ok = sp_decode_fail(decode, SP_FIELD("bestAvailable"), "conflict", "not beside seats");
    if (!found[SEATS] && !found[BEST] && root->type == SP_JSON_OBJECT)
        ok = sp_decode_fail(decode, SP_FIELD("seats"), "required",
                            "either seats or bestAvailable is needed");
    return ok;
}

bool sp_decode_nothing(sp_decode *decode, const sp_json_node *root)
{
    static const sp_decode_member none[1];
    const sp_json_node *found[1];
    return !root || sp_decode_object(decode, root, NULL, none, 0, found);
}
