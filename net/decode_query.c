/* SPDX-License-Identifier: MIT */
#include "net/decode.h"

#include "engine/utf8.h"

/* The longest value: a seq and a balance, each of 16 digits, and two signs. */
#define PART_SIZE_MAX 40u

static const char *const names[] = {
    [SP_PARAM_LIMIT] = "limit",
    [SP_PARAM_CURSOR] = "cursor",
    [SP_PARAM_CATEGORY] = "category",
    [SP_PARAM_USER] = "user",
    [SP_PARAM_TICKET] = "ticket", /* the one between them has no name */
    [SP_PARAM_Q] = "q",
};
#define NAMES_COUNT (sizeof names / sizeof names[0])

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

/* Undoes percent-encoding. What is longer than `max`, or badly encoded, comes out
 * absent. */
static sp_text unescape_bytes(const char *at, const char *end, char *buffer, uint32_t max)
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
        if (size == max)
            return (sp_text){NULL, 0};
        buffer[size++] = c;
    }
    return (sp_text){buffer, size};
}

/* Likewise what is too long for any name or number that there is, or not visible
 * ASCII: none matches it. */
static sp_text unescape(const char *at, const char *end, char *buffer)
{
    sp_text text = unescape_bytes(at, end, buffer, PART_SIZE_MAX);
    for (uint32_t i = 0; i < text.size; i++)
        if (text.bytes[i] <= ' ' || text.bytes[i] > '~')
            return (sp_text){NULL, 0};
    return text;
}

/* A text to search for. In its raw form alone a `+` is a space. */
static sp_text unescape_text(const char *at, const char *end, char *buffer)
{
    char raw[3 * SP_SEARCH_TEXT_SIZE_MAX];
    size_t size = (size_t)(end - at);
    if (size > sizeof raw)
        return (sp_text){NULL, 0};
    for (size_t i = 0; i < size; i++)
        raw[i] = at[i] == '+' ? ' ' : at[i];
    sp_text text = unescape_bytes(raw, raw + size, buffer, SP_SEARCH_TEXT_SIZE_MAX);
    return text.size > 0 && sp_utf8_valid(text) ? text : (sp_text){NULL, 0};
}

static uint32_t name_index(sp_text name)
{
    for (uint32_t i = 0; i < NAMES_COUNT; i++)
        if (name.bytes && names[i] && name.size == strlen(names[i]) &&
            memcmp(name.bytes, names[i], name.size) == 0)
            return i;
    return NAMES_COUNT;
}

/* Digits without leading zeros, 0 … 2^53 - 1: what JSON's readers keep exact.
 * Advances *at. */
static bool decode_exact(const char **at, const char *end, int64_t *out)
{
    const char *begin = *at;
    int64_t value = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - begin < 16)
        value = value * 10 + (*(*at)++ - '0');
    *out = value;
    return *at > begin && value <= SP_POINTS_TOTAL_MAX && (*begin != '0' || *at - begin == 1);
}

/* `SEQ.BALANCE`, as a ledger's page hands it out and in no other spelling. */
static bool decode_ledger_cursor(sp_text text, int64_t *seq, int64_t *balance)
{
    const char *at = text.bytes, *end = text.bytes + text.size;
    if (!decode_exact(&at, end, seq) || *seq == 0 || at == end || *at++ != '.')
        return false;
    bool negative = at < end && *at == '-';
    at += negative;
    if (!decode_exact(&at, end, balance) || at != end || (negative && *balance == 0))
        return false;
    *balance = negative ? -*balance : *balance;
    return true;
}

static bool decode_value(sp_decode *decode, uint32_t index, unsigned allowed, sp_text value,
                         int64_t values[SP_PARAMS])
{
    sp_field_path path = {NULL, {names[index], (uint32_t)strlen(names[index])}, 0};
    uint32_t number;
    if (index == SP_PARAM_TICKET)
        return true;
    if (index == SP_PARAM_CURSOR && allowed & 1u << SP_PARAM_BALANCE) {
        bool ok = value.bytes &&
                  decode_ledger_cursor(value, &values[SP_PARAM_CURSOR], &values[SP_PARAM_BALANCE]);
        return ok || sp_decode_fail(decode, &path, "format", "not a cursor of this list");
    }
    if (!value.bytes || !sp_decode_id_text(value, &number))
        return sp_decode_fail(decode, &path, index == SP_PARAM_LIMIT ? "range" : "format",
                              index == SP_PARAM_LIMIT ? "a number from 1 to 100"
                                                      : "a decimal number from 1");
    if (index == SP_PARAM_LIMIT && number > SP_LIST_LIMIT_MAX)
        return sp_decode_fail(decode, &path, "range", "a number from 1 to 100");
    values[index] = number;
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

/* A part between two `&`. */
typedef struct part {
    const char *name, *name_end;
    const char *value; /* NULL: there is no `=` */
    const char *end;
} part;

/* Advances *at behind it; false at the end. */
static bool part_next(const char **at, const char *end, part *out)
{
    if (*at >= end)
        return false;
    const char *stop = memchr(*at, '&', (size_t)(end - *at));
    stop = stop ? stop : end;
    const char *equals = memchr(*at, '=', (size_t)(stop - *at));
    *out = (part){*at, equals ? equals : stop, equals ? equals + 1 : NULL, stop};
    *at = stop + 1;
    return true;
}

static bool check_search_text(sp_decode *decode, const part *p)
{
    char buffer[SP_SEARCH_TEXT_SIZE_MAX];
    if (p->value && unescape_text(p->value, p->end, buffer).bytes)
        return true;
    return sp_decode_fail(decode, SP_FIELD("q"), "format", "1 to 200 bytes of UTF-8 text");
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
    part p;
    while (part_next(&at, end, &p)) {
        uint32_t index = name_index(unescape(p.name, p.name_end, name_buffer));
        if (p.name == p.end) {
            /* An empty part, as in `a=1&&b=2`, says nothing. */
        } else if (index == NAMES_COUNT || !(allowed & 1u << index)) {
            ok = refuse_name(decode, p.name, p.name_end);
        } else if (seen & 1u << index) {
            sp_field_path path = {NULL, {names[index], (uint32_t)strlen(names[index])}, 0};
            ok = sp_decode_fail(decode, &path, "duplicate", "the parameter is there twice");
        } else if (index == SP_PARAM_Q) {
            seen |= 1u << index;
            ok = check_search_text(decode, &p) && ok;
        } else {
            sp_text value = p.value ? unescape(p.value, p.end, value_buffer) : (sp_text){NULL, 0};
            seen |= 1u << index;
            ok = decode_value(decode, index, allowed, value, values) && ok;
        }
    }
    return ok;
}

sp_text sp_query_search_text(sp_text query, char out[SP_SEARCH_TEXT_SIZE_MAX])
{
    char name_buffer[PART_SIZE_MAX];
    if (query.size == 0)
        return (sp_text){NULL, 0};
    const char *at = query.bytes, *end = query.bytes + query.size;
    part p;
    while (part_next(&at, end, &p))
        if (name_index(unescape(p.name, p.name_end, name_buffer)) == SP_PARAM_Q)
            return unescape_text(p.value, p.end, out);
    return (sp_text){NULL, 0};
}
