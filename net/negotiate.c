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

static sp_media_kind kind_of(sp_text type)
{
    if (is(type, "application/json"))
        return SP_MEDIA_JSON;
    if (is(type, "application/msgpack") || is(type, "application/vnd.msgpack"))
        return SP_MEDIA_MSGPACK;
    return SP_MEDIA_UNKNOWN;
}

sp_media_kind sp_media_kind_of(sp_text content_type)
{
    sp_text rest = content_type, part;
    if (sp_text_equal(content_type, SP_TEXT("application/json")))
        return SP_MEDIA_JSON; /* nearly always */
    if (!next_part(&rest, ';', &part))
        return SP_MEDIA_UNKNOWN;
    sp_media_kind kind = kind_of(part);
    while (next_part(&rest, ';', &part)) {
        bool is_utf8 = is(part, "charset=utf-8") || is(part, "charset=\"utf-8\"");
        if (part.size > 0 && (kind != SP_MEDIA_JSON || !is_utf8))
            return SP_MEDIA_UNKNOWN;
    }
    return kind;
}

bool sp_coding_is_identity(sp_text content_encoding)
{
    sp_text rest = content_encoding, coding;
    while (next_part(&rest, ',', &coding))
        if (coding.size > 0 && !is(coding, "identity"))
            return false;
    return true;
}

/* Weights are thousandths. */
#define WEIGHT_MAX 1000u

/* The weight that a parameter `q=0.25` gives. WEIGHT_MAX: it is another
 * parameter, or a weight that can't be read. */
static unsigned weight_in(sp_text part)
{
    unsigned weight = 0, unit = WEIGHT_MAX;
    if (part.size < 3 || (part.bytes[0] != 'q' && part.bytes[0] != 'Q') || part.bytes[1] != '=')
        return WEIGHT_MAX;
    for (uint32_t i = 2; i < part.size; i++) {
        char c = part.bytes[i];
        if (i == 3 ? c != '.' : c < '0' || c > '9')
            return WEIGHT_MAX;
        if (i == 3)
            continue;
        weight += (unsigned)(c - '0') * unit;
        unit /= 10; /* finer than a thousandth is nothing */
    }
    return weight < WEIGHT_MAX ? weight : WEIGHT_MAX;
}

/* 3 for the type itself, 2 for its kind, 1 for anything, 0: no match. */
static int specificity(sp_text range, const char *type)
{
    if (is(range, type))
        return 3;
    if (is(range, *type == 't' ? "text/*" : "application/*"))
        return 2;
    return is(range, "*/*") ? 1 : 0;
}

/* 0: it is excluded, or not named. Of ranges that fit as well as each other the
 * greatest weight counts. */
static unsigned weight_of(sp_text accept, const char *type)
{
    sp_text rest = accept, item, range, parameter;
    int best = 0;
    unsigned weight = 0;
    while (next_part(&rest, ',', &item)) {
        unsigned stated = WEIGHT_MAX;
        next_part(&item, ';', &range);
        while (next_part(&item, ';', &parameter))
            stated = weight_in(parameter) < stated ? weight_in(parameter) : stated;
        if (kind_of(range) == SP_MEDIA_MSGPACK)
            range = SP_TEXT("application/msgpack"); /* by whichever of its names */
        int match = specificity(range, type);
        if (match > best || (match == best && match > 0 && stated > weight)) {
            best = match;
            weight = stated;
        }
    }
    return weight;
}

static bool says_nothing(sp_text accept)
{
    return !accept.bytes || trim(accept).size == 0;
}

bool sp_accept_allows_json(sp_text accept)
{
    return says_nothing(accept) || weight_of(accept, "application/json") > 0 ||
           weight_of(accept, "application/problem+json") > 0;
}

bool sp_accept_allows_events(sp_text accept)
{
    return says_nothing(accept) || weight_of(accept, "text/event-stream") > 0;
}

sp_media_kind sp_accept_choose(sp_text accept)
{
    /* What nearly every client sends, if any. */
    if (says_nothing(accept) || sp_text_equal(accept, SP_TEXT("*/*")) ||
        sp_text_equal(accept, SP_TEXT("application/json")))
        return SP_MEDIA_JSON;
    unsigned json = weight_of(accept, "application/json");
    if (weight_of(accept, "application/msgpack") > json)
        return SP_MEDIA_MSGPACK;
    return sp_accept_allows_json(accept) ? SP_MEDIA_JSON : SP_MEDIA_UNKNOWN;
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

size_t sp_etag_print(sp_concert_id concert, sp_seq seq, sp_media_kind kind,
                     char out[SP_ETAG_SIZE_MAX])
{
    char *at = out;
    *at++ = '"';
    at = sp_digits_put(at, concert);
    *at++ = '-';
    at = sp_digits_put(at, seq);
    if (kind == SP_MEDIA_MSGPACK) {
        memcpy(at, "-msgpack", 8);
        at += 8;
    }
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
