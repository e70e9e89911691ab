/* SPDX-License-Identifier: MIT */
#include "net/text_rules.h"

#include <sodium.h>
#include <strings.h>
#include <utf8proc.h>

#include "engine/limits.h"
#include "engine/profile.h"
#include "engine/utf8.h"

/* Decodes the code point at the start of valid UTF-8; its length in bytes. */
static unsigned decode(const char *at, uint32_t *out)
{
    unsigned char lead = (unsigned char)at[0];
    unsigned length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (unsigned i = 1; i < length; i++)
        point = point << 6 | ((unsigned char)at[i] & 0x3Fu);
    *out = point;
    return length;
}

size_t sp_utf8_count(sp_text text)
{
    size_t count = 0;
    for (uint32_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.bytes[i] & 0xC0) != 0x80;
    return count;
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0);
}

/* Spaces, and what a reader can't tell from nothing. */
static bool is_space(uint32_t point)
{
    return point == 0x20 || point == 0xA0 || point == 0x1680 ||
           (point >= 0x2000 && point <= 0x200F) || (point >= 0x2028 && point <= 0x202F) ||
           point == 0x205F || point == 0x3000 || point == 0xFEFF;
}

static const char *refuse(const char **code, const char *why, const char *detail)
{
    *code = why;
    return detail;
}

/* Turns the reading direction of what follows: a name could look like
 * another's (Unicode TR 36). */
static bool is_direction(uint32_t point)
{
    return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

bool sp_text_is_blank(sp_text text)
{
    for (uint32_t i = 0; i < text.size;) {
        uint32_t point;
        i += decode(text.bytes + i, &point);
        if (!is_space(point) && !is_control(point))
            return false;
    }
    return true;
}

const char *sp_text_check(sp_text text, sp_text_kind kind, size_t size_max, const char **code)
{
    if (text.size > size_max)
        return refuse(code, "too_long", "the text is too long");
    if (!sp_utf8_valid(text))
        return refuse(code, "format", "the text is not UTF-8");
    for (uint32_t i = 0; i < text.size;) {
        uint32_t point;
        unsigned length = decode(text.bytes + i, &point);
        bool kept = kind == SP_TEXT_PARAGRAPHS && (point == '\n' || point == '\t');
        if (is_control(point) && !kept)
            return refuse(code, "format", "control characters are not allowed");
        if (is_direction(point) && kind == SP_TEXT_LINE)
            return refuse(code, "format",
                          "characters that turn the reading direction are not allowed");
        i += length;
    }
    return NULL;
}

const char *sp_email_check(sp_text email, const char **code)
{
    const char *bad = sp_text_check(email, SP_TEXT_LINE, SP_EMAIL_SIZE_MAX, code);
    if (bad)
        return bad;
    uint32_t at_count = 0, at_index = 0;
    for (uint32_t i = 0; i < email.size;) {
        uint32_t point;
        unsigned length = decode(email.bytes + i, &point);
        if (is_space(point))
            return refuse(code, "format", "an e-mail address has no spaces");
        if (point == '@') {
            at_count++;
            at_index = i;
        }
        i += length;
    }
    if (at_count != 1 || at_index == 0 || at_index + 1 == email.size)
        return refuse(code, "format", "not an e-mail address");
    return NULL;
}

const char *sp_nickname_check(sp_text nickname, const char **code)
{
    const char *bad = sp_text_check(nickname, SP_TEXT_LINE, SP_NICKNAME_SIZE_MAX, code);
    if (!bad && sp_text_is_blank(nickname))
        bad = refuse(code, "required", "must not be blank");
    if (!bad && sp_utf8_count(nickname) > SP_NICKNAME_CHARACTERS_MAX)
        bad = refuse(code, "too_long", "at most 30 characters");
    return bad;
}

/* A space of any script (general category Zs) is a space. */
static utf8proc_int32_t map_space(utf8proc_int32_t point, void *context)
{
    (void)context;
    return utf8proc_category(point) == UTF8PROC_CATEGORY_ZS ? ' ' : point;
}

uint32_t sp_password_prepare(sp_text typed, char out[SP_PASSWORD_SIZE_MAX])
{
    /* A character decomposes into at most four, and one that does has two bytes
     * or more. One place is left for the end that reencode writes. */
    enum { POINTS_MAX = SP_PASSWORD_TYPED_SIZE_MAX * 2 };
    const utf8proc_option_t nfc = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
    utf8proc_int32_t points[POINTS_MAX + 1];
    uint32_t size = 0;
    if (typed.size == 0 || typed.size > SP_PASSWORD_TYPED_SIZE_MAX || !sp_utf8_valid(typed) ||
        memchr(typed.bytes, 0, typed.size))
        return 0;
    utf8proc_ssize_t count =
        utf8proc_decompose_custom((const utf8proc_uint8_t *)typed.bytes, typed.size, points,
                                  POINTS_MAX, nfc, map_space, NULL);
    if (count > 0 && count <= POINTS_MAX) {
        utf8proc_ssize_t encoded = utf8proc_reencode(points, count, nfc);
        if (encoded > 0 && encoded <= (utf8proc_ssize_t)SP_PASSWORD_SIZE_MAX) {
            size = (uint32_t)encoded;
            memcpy(out, points, size);
        }
    }
    sodium_memzero(points, sizeof points);
    return size;
}

const char *sp_password_check(sp_text typed, const char **code)
{
    char prepared[SP_PASSWORD_SIZE_MAX];
    if (!sp_utf8_valid(typed))
        return refuse(code, "format", "the text is not UTF-8");
    if (typed.size > 0 && memchr(typed.bytes, 0, typed.size))
        return refuse(code, "format", "U+0000 is not allowed");
    uint32_t size = sp_password_prepare(typed, prepared);
    size_t count = sp_utf8_count((sp_text){prepared, size});
    sodium_memzero(prepared, sizeof prepared);
    if ((size == 0 && typed.size > 0) || count > SP_PASSWORD_CHARACTERS_MAX)
        return refuse(code, "too_long", "at most 128 characters");
    if (count < SP_PASSWORD_CHARACTERS_MIN)
        return refuse(code, "too_short", "at least 8 characters");
    return NULL;
}

const char *sp_url_check(sp_text url, const char **code)
{
    if (url.size > SP_URL_SIZE_MAX)
        return refuse(code, "too_long", "the link is too long");
    uint32_t host = 0;
    if (url.size > 8 && strncasecmp(url.bytes, "https://", 8) == 0)
        host = 8;
    else if (url.size > 7 && strncasecmp(url.bytes, "http://", 7) == 0)
        host = 7;
    else
        return refuse(code, "format", "must be an http or https link");
    bool in_authority = true;
    for (uint32_t i = 0; i < url.size; i++) {
        char c = url.bytes[i];
        /* The bytes that RFC 3986 leaves out, and what could break out of an
         * attribute or a style sheet where a page shows the image. */
        if (c <= 0x20 || c >= 0x7F || strchr("\"<>\\^`{|}", c))
            return refuse(code, "format", "a link is visible ASCII without \" < > \\ ^ ` { | }");
        if (i >= host && (c == '/' || c == '?' || c == '#')) {
            if (i == host)
                return refuse(code, "format", "the link has no host");
            in_authority = false;
        }
        if (i >= host && in_authority && c == '@')
            return refuse(code, "format", "user information is not allowed in a link");
    }
    return NULL;
}
