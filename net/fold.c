/* SPDX-License-Identifier: MIT */
#include "net/fold.h"

#include <utf8proc.h>

#include "engine/assert.h"

#define OPTIONS \
    (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

/* Characters of three bytes that fold to themselves and, with one another and ASCII,
 * compose to nothing: Hangul syllables, Han, kana, the brackets that names stand in.
 * tests/net/fold_test.c asks utf8proc about each. */
static bool is_plain(uint32_t character)
{
    return (character >= 0xAC00 && character <= 0xD7A3) ||
           (character >= 0x4E00 && character <= 0x9FFF) ||
           (character >= 0x3041 && character <= 0x3096) ||
           (character >= 0x30A1 && character <= 0x30FA) ||
           (character >= 0x3008 && character <= 0x3011);
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* A plain character of three bytes, or 0. */
static uint32_t decode_plain(const char *at, const char *end)
{
    if (end - at < 3 || ((unsigned char)at[0] & 0xF0) != 0xE0 || !is_continuation(at[1]) ||
        !is_continuation(at[2]))
        return 0;
    uint32_t character = ((unsigned char)at[0] & 0x0Fu) << 12 |
                         ((unsigned char)at[1] & 0x3Fu) << 6 | ((unsigned char)at[2] & 0x3Fu);
    return is_plain(character) ? character : 0;
}

/* ASCII and plain characters alone, as most names are. false: there are others. */
static bool fold_plain(sp_text text, uint32_t *out, uint32_t *count)
{
    const char *at = text.bytes, *end = text.bytes + text.size;
    uint32_t size = 0;
    while (at < end) {
        unsigned char byte = (unsigned char)*at;
        if (byte < 0x80) {
            out[size++] = byte >= 'A' && byte <= 'Z' ? byte + 32u : byte;
            at++;
            continue;
        }
        uint32_t character = decode_plain(at, end);
        if (character == 0)
            return false;
        out[size++] = character;
        at += 3;
    }
    *count = size;
    return true;
}

static uint32_t fold_piece(const char *bytes, size_t size, uint32_t *out)
{
    utf8proc_int32_t *points = (utf8proc_int32_t *)out;
    const utf8proc_ssize_t max = (utf8proc_ssize_t)size * 6;
    utf8proc_ssize_t count = utf8proc_decompose((const utf8proc_uint8_t *)bytes,
                                                (utf8proc_ssize_t)size, points, max, OPTIONS);
    if (count <= 0)
        return 0;
    SP_ASSERT_CMP(count, <=, max);
    count = utf8proc_normalize_utf32(points, count, OPTIONS);
    return count > 0 ? (uint32_t)count : 0;
}

/* Jamo that stand alone on a screen: compatibility jamo, whole and of half width. */
static bool is_letter_jamo(utf8proc_int32_t character)
{
    return (character >= 0x3131 && character <= 0x318E) ||
           (character >= 0xFFA1 && character <= 0xFFDC);
}

/* Each such jamo apart from all beside it; 0 if there is none. The text is UTF-8. */
static uint32_t fold_apart(sp_text text, uint32_t *out)
{
    const char *at = text.bytes, *end = text.bytes + text.size, *begin = at;
    uint32_t count = 0;
    while (at < end) {
        utf8proc_int32_t character;
        utf8proc_ssize_t size =
            utf8proc_iterate((const utf8proc_uint8_t *)at, end - at, &character);
        SP_ASSERT_CMP(size, >, 0);
        if (is_letter_jamo(character)) {
            count += fold_piece(begin, (size_t)(at - begin), out + count);
            count += fold_piece(at, (size_t)size, out + count);
            begin = at + size;
        }
        at += size;
    }
    if (begin == text.bytes)
        return 0;
    return count + fold_piece(begin, (size_t)(end - begin), out + count);
}

uint32_t sp_fold_text(sp_text text, uint32_t *out)
{
    uint32_t count;
    if (text.size == 0)
        return 0;
    if (fold_plain(text, out, &count))
        return count;
    count = fold_piece(text.bytes, text.size, out);
    if (count == 0)
        return 0;
    uint32_t *apart = out + count + 1;
    uint32_t apart_count = fold_apart(text, apart);
    if (apart_count == 0 || (apart_count == count && memcmp(apart, out, count * sizeof *out) == 0))
        return count;
    out[count] = SP_FOLD_BREAK;
    return count + 1 + apart_count;
}
