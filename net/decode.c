/* SPDX-License-Identifier: MIT */
#include "net/decode.h"

#include "engine/assert.h"
#include "net/text_rules.h"
#include "net/time_text.h"

bool sp_decode_fail(sp_decode *decode, const sp_field_path *path, const char *code,
                    const char *detail)
{
    sp_field_errors_add(decode->errors, path, code, detail);
    return false;
}

static uint32_t member_index(sp_text key, const sp_decode_member *members, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (key.size == strlen(members[i].name) &&
            memcmp(key.bytes, members[i].name, key.size) == 0)
            return i;
    return count;
}

bool sp_decode_object(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                      const sp_decode_member *members, uint32_t count, const sp_json_node **found)
{
    bool ok = true;
    memset(found, 0, count * sizeof *found);
    if (node->type != SP_JSON_OBJECT)
        return sp_decode_fail(decode, path, "type", "must be an object");
    for (const sp_json_node *child = sp_json_node_at(decode->reader, node->first); child;
         child = sp_json_node_at(decode->reader, child->next)) {
        sp_field_path child_path = {path, child->key, 0};
        uint32_t i = member_index(child->key, members, count);
        if (i == count)
            ok = sp_decode_fail(decode, &child_path, "unknown", "there is no such field");
        else if (found[i])
            ok = sp_decode_fail(decode, &child_path, "duplicate", "the field is there twice");
        else
            found[i] = child;
    }
    for (uint32_t i = 0; i < count; i++) {
        sp_text name = {members[i].name, (uint32_t)strlen(members[i].name)};
        if (members[i].required && !found[i])
            ok = sp_decode_fail(decode, &(sp_field_path){path, name, 0}, "required",
                                "the field is missing");
        if (!members[i].required && found[i] && found[i]->type == SP_JSON_NULL)
            found[i] = NULL;
    }
    return ok;
}

bool sp_decode_has_null(const sp_decode *decode, const sp_json_node *node, sp_text name)
{
    if (node->type != SP_JSON_OBJECT)
        return false;
    const sp_json_node *child = sp_json_node_at(decode->reader, node->first);
    while (child && !(child->type == SP_JSON_NULL && sp_text_equal(child->key, name)))
        child = sp_json_node_at(decode->reader, child->next);
    return child != NULL;
}

bool sp_decode_integer(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                       int64_t min, int64_t max, int64_t *out)
{
    if (!node)
        return false;
    if (node->type != SP_JSON_INTEGER && node->type != SP_JSON_HUGE)
        return sp_decode_fail(decode, path, "type", "must be a plain integer");
    if (node->type == SP_JSON_HUGE || node->integer < min || node->integer > max)
        return sp_decode_fail(decode, path, "range", "the number is out of range");
    *out = node->integer;
    return true;
}

bool sp_decode_boolean(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                       bool *out)
{
    if (!node)
        return false;
    if (node->type != SP_JSON_BOOLEAN)
        return sp_decode_fail(decode, path, "type", "must be true or false");
    *out = node->boolean;
    return true;
}

bool sp_decode_id_text(sp_text text, uint32_t *out)
{
    uint64_t value = 0;
    if (text.size == 0 || text.size > 10 || text.bytes[0] == '0')
        return false;
    for (uint32_t i = 0; i < text.size; i++) {
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    if (value > UINT32_MAX)
        return false;
    *out = (uint32_t)value;
    return true;
}

bool sp_decode_id(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                  uint32_t *out)
{
    if (!node)
        return false;
    if (node->type == SP_JSON_STRING) {
        if (!sp_decode_id_text(node->text, out))
            return sp_decode_fail(decode, path, "format", "not an id: a decimal number from 1");
        return true;
    }
    if (node->type != SP_JSON_INTEGER && node->type != SP_JSON_HUGE)
        return sp_decode_fail(decode, path, "type", "must be an id: a decimal string");
    int64_t value;
    if (!sp_decode_integer(decode, node, path, 1, UINT32_MAX, &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool sp_decode_time(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                    sp_time_ms *out)
{
    if (!node)
        return false;
    if (node->type == SP_JSON_STRING) {
        if (!sp_time_parse(node->text, out))
            return sp_decode_fail(decode, path, "format", "not a time of RFC 3339 after 1970");
        return true;
    }
    if (node->type != SP_JSON_INTEGER && node->type != SP_JSON_HUGE)
        return sp_decode_fail(decode, path, "type", "must be an RFC 3339 time or Unix seconds");
    int64_t seconds;
    if (!sp_decode_integer(decode, node, path, 1, SP_TIME_MAX / 1000, &seconds))
        return false;
    *out = seconds * 1000;
    return true;
}

bool sp_decode_string(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                      sp_text *out)
{
    if (!node)
        return false;
    if (node->type != SP_JSON_STRING)
        return sp_decode_fail(decode, path, "type", "must be a string");
    *out = node->text;
    return true;
}

bool sp_decode_choice(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                      const char *const *names, uint32_t count, uint32_t *out)
{
    sp_text text;
    if (!sp_decode_string(decode, node, path, &text))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (text.size == strlen(names[i]) && memcmp(text.bytes, names[i], text.size) == 0) {
            *out = i;
            return true;
        }
    return sp_decode_fail(decode, path, "format", "not one of the values that there are");
}

bool sp_decode_array(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                     uint32_t count_min, uint32_t count_max, const char *detail)
{
    if (!node)
        return false;
    if (node->type != SP_JSON_ARRAY)
        return sp_decode_fail(decode, path, "type", "must be an array");
    if (node->count < count_min || node->count > count_max)
        return sp_decode_fail(decode, path, "range", detail);
    return true;
}

bool sp_decode_text(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                    sp_decode_text_rule rule, sp_text *out)
{
    const char *code;
    if (!sp_decode_string(decode, node, path, out))
        return false;
    if (out->size == 0 && !rule.may_be_empty)
        return sp_decode_fail(decode, path, "required", "must not be empty");
    sp_text_kind kind = rule.paragraphs ? SP_TEXT_PARAGRAPHS : SP_TEXT_LINE;
    const char *bad = sp_text_check(*out, kind, rule.size_max, &code);
    if (bad)
        return sp_decode_fail(decode, path, code, bad);
    if (!rule.may_be_empty && sp_text_is_blank(*out))
        return sp_decode_fail(decode, path, "required", "must not be blank");
    return true;
}
