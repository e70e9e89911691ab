/* SPDX-License-Identifier: MIT */
#include "net/negotiate.h"

#include <strings.h>

#include "net/digits.h"

static sp_text trim(sp_text text)
{
    while (text.size > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text.bytes++;
        text.size--;
    }
    while (text.size > 0 && (text.bytes[text.size - 1] == ' ' || text.bytes[text.size - 1] == '\t'))
        text.size--;
    return text;
}

/* Splits off what stands before the next separator, trimmed; separators in
 * quotes do not count. false at the end. */
static bool next_part(sp_text *rest, char separator, sp_text *part)
{
    bool quoted = false;
    uint32_t i = 0;
    if (!rest->bytes)
        return false;
    for (; i < rest->size; i++) {
        char c = rest->bytes[i];
        if (quoted && c == '\\' && i + 1 < rest->size)
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (c == separator && !quoted)
            break;
    }
    *part = trim((sp_text){rest->bytes, i});
    *rest =
        i < rest->size ? (sp_text){rest->bytes + i + 1, rest->size - i - 1} : (sp_text){NULL, 0};
    return true;
}

static bool is(sp_text text, const char *word)
{
    return text.size == strlen(word) && strncasecmp(text.bytes, word, text.size) == 0;
}

bool sp_media_is_json(sp_text content_type)
{
    sp_text rest = content_type, part;
    if (sp_text_equal(content_type, SP_TEXT("application/json")))
        return true; /* nearly always */
    if (!next_part(&rest, ';', &part) || !is(part, "application/json"))
        return false;
    while (next_part(&rest, ';', &part))
        if (part.size > 0 && !is(part, "charset=utf-8") && !is(part, "charset=\"utf-8\""))
            return false;
    return true;
}

bool sp_coding_is_identity(sp_text content_encoding)
{
    sp_text rest = content_encoding, coding;
    while (next_part(&rest, ',', &coding))
        if (coding.size > 0 && !is(coding, "identity"))
            return false;
    return true;
}

/* `q=0`, `q=0.0` and so on; a weight that can't be read is not zero. */
static bool is_zero_weight(sp_text part)
{
    if (part.size < 3 || (part.bytes[0] != 'q' && part.bytes[0] != 'Q') || part.bytes[1] != '=')
        return false;
    for (uint32_t i = 2; i < part.size; i++)
        if (part.bytes[i] != '0' && part.bytes[i] != '.')
            return false;
    return true;
}

/* 3 for the type itself, 2 for application, 1 for anything, 0: no match. */
static int specificity(sp_text range, const char *type)
{
    if (is(range, type))
        return 3;
    if (is(range, "application/*"))
        return 2;
    return is(range, "*/*") ? 1 : 0;
}

static bool allows(sp_text accept, const char *type)
{
    sp_text rest = accept, item, range, parameter;
    int best = 0;
    bool allowed = false;
    while (next_part(&rest, ',', &item)) {
        bool zero = false;
        next_part(&item, ';', &range);
        while (next_part(&item, ';', &parameter))
            zero = zero || is_zero_weight(parameter);
        int match = specificity(range, type);
        if (match > best || (match == best && match > 0 && !zero)) {
            best = match;
            allowed = !zero;
        }
    }
    return allowed;
}

bool sp_accept_allows_json(sp_text accept)
{
    if (!accept.bytes || trim(accept).size == 0)
        return true;
    return allows(accept, "application/json") || allows(accept, "application/problem+json");
}

bool sp_etag_matches(sp_text if_none_match, sp_text etag)
{
    sp_text rest = if_none_match, tag;
    /* What every client sends: the tag that it was given, alone. */
    if (sp_text_equal(if_none_match, etag))
        return true;
    while (next_part(&rest, ',', &tag)) {
        if (tag.size == 1 && tag.bytes[0] == '*')
            return true;
        if (tag.size > 2 && memcmp(tag.bytes, "W/", 2) == 0)
            tag = (sp_text){tag.bytes + 2, tag.size - 2};
        if (sp_text_equal(tag, etag))
            return true;
    }
    return false;
}

size_t sp_etag_print(sp_concert_id concert, sp_seq seq, char out[SP_ETAG_SIZE_MAX])
{
    char *at = out;
    *at++ = '"';
    at = sp_digits_put(at, concert);
    *at++ = '-';
    at = sp_digits_put(at, seq);
    *at++ = '"';
    return (size_t)(at - out);
}

sp_text sp_bearer_token(sp_text authorization)
{
    sp_text none = {NULL, 0};
    if (authorization.size < 8 || strncasecmp(authorization.bytes, "Bearer ", 7) != 0)
        return none;
    sp_text token = trim((sp_text){authorization.bytes + 7, authorization.size - 7});
    return token.size > 0 ? token : none;
}
