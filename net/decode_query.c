/* SPDX-License-Identifier: MIT */
#include "net/decode.h"

#define PART_SIZE_MAX 32u

static const char *const names[SP_PARAMS] = {
    [SP_PARAM_LIMIT] = "limit",
    [SP_PARAM_CURSOR] = "cursor",
    [SP_PARAM_CATEGORY] = "category",
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Undoes percent-encoding. What is too long for any name or value that there
 * is, badly encoded or not visible ASCII comes out absent: none matches it. */
static sp_text unescape(const char *at, const char *end, char *buffer)
{
    uint32_t size = 0;
    for (; at < end; at++) {
        char c = *at;
        if (c == '%') {
            int high = end - at > 2 ? hex_digit(at[1]) : -1;
            int low = high >= 0 ? hex_digit(at[2]) : -1;
            if (low < 0)
                return (sp_text){NULL, 0};
            c = (char)(high << 4 | low);
            at += 2;
        }
        if (size == PART_SIZE_MAX || c <= ' ' || c > '~')
            return (sp_text){NULL, 0};
        buffer[size++] = c;
    }
    return (sp_text){buffer, size};
}

static uint32_t name_index(sp_text name)
{
    for (uint32_t i = 0; i < SP_PARAMS; i++)
        if (name.bytes && name.size == strlen(names[i]) &&
            memcmp(name.bytes, names[i], name.size) == 0)
            return i;
    return SP_PARAMS;
}

static bool decode_value(sp_decode *decode, uint32_t index, sp_text value, int64_t *out)
{
    sp_field_path path = {NULL, {names[index], (uint32_t)strlen(names[index])}, 0};
    uint32_t number;
    if (!value.bytes || !sp_decode_id_text(value, &number))
        return sp_decode_fail(decode, &path, index == SP_PARAM_LIMIT ? "range" : "format",
                              index == SP_PARAM_LIMIT ? "a number from 1 to 100"
                                                      : "a decimal number from 1");
    if (index == SP_PARAM_LIMIT && number > SP_LIST_LIMIT_MAX)
        return sp_decode_fail(decode, &path, "range", "a number from 1 to 100");
    *out = number;
    return true;
}

/* The name as it came, for the error, unless it could not stand in JSON. */
static bool refuse_name(sp_decode *decode, const char *at, const char *end)
{
    sp_text name = {at, (uint32_t)(end - at)};
    for (const char *byte = at; byte < end; byte++)
        if (*byte <= ' ' || *byte > '~')
            name = SP_TEXT("?");
    return sp_decode_fail(decode, &(sp_field_path){NULL, name, 0}, "unknown",
                          "there is no such parameter here");
}

bool sp_decode_query(sp_decode *decode, sp_text query, unsigned allowed, int64_t values[SP_PARAMS])
{
    char name_buffer[PART_SIZE_MAX], value_buffer[PART_SIZE_MAX];
    unsigned seen = 0;
    bool ok = true;
    memset(values, 0, SP_PARAMS * sizeof *values);
    values[SP_PARAM_LIMIT] = SP_LIST_LIMIT_DEFAULT;
    if (query.size == 0)
        return true;
    const char *at = query.bytes, *end = query.bytes + query.size;
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop ? stop : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals ? equals : stop;
        uint32_t index = name_index(unescape(at, name_end, name_buffer));
        if (at == stop) {
            /* An empty part, as in `a=1&&b=2`, says nothing. */
        } else if (index == SP_PARAMS || !(allowed & 1u << index)) {
            ok = refuse_name(decode, at, name_end);
        } else if (seen & 1u << index) {
            sp_field_path path = {NULL, {names[index], (uint32_t)strlen(names[index])}, 0};
            ok = sp_decode_fail(decode, &path, "duplicate", "the parameter is there twice");
        } else {
            sp_text value = equals ? unescape(equals + 1, stop, value_buffer) : (sp_text){NULL, 0};
            seen |= 1u << index;
            ok = decode_value(decode, index, value, &values[index]) && ok;
        }
        at = stop + 1;
    }
    return ok;
}
