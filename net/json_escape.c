/* SPDX-License-Identifier: MIT */
#include "net/json_escape.h"

#include <endian.h>

#define ONES UINT64_C(0x0101010101010101)

/* 0: the byte stands for itself; 'u': \u and four digits; else the letter
 * behind the backslash. Bytes of 0x80 and more are parts of characters. */
static const char escapes[256] = {
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', 'b',         't',           'n', 'u',
    'f', 'r', 'u', 'u', 'u', 'u', 'u', 'u', 'u',         'u',           'u', 'u',
    'u', 'u', 'u', 'u', 'u', 'u', 'u', 'u', ['"'] = '"', ['\\'] = '\\',
};

/* Is any of eight bytes less than `limit` (at most 128)? A borrow can make
 * a byte above a true one look so, never one in eight that are not (Bit
 * Twiddling Hacks, "Determine if a word has a byte less than n"). */
static inline uint64_t any_less(uint64_t bytes, uint64_t limit)
{
    return (bytes - ONES * limit) & ~bytes & ONES * 0x80;
}

static inline bool all_plain(uint64_t bytes)
{
    return (any_less(bytes, 0x20) | any_less(bytes ^ ONES * '"', 1) |
            any_less(bytes ^ ONES * '\\', 1)) == 0;
}

static char *put_escape(char *at, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    *at++ = '\\';
    *at++ = escapes[byte];
    if (escapes[byte] != 'u')
        return at;
    memcpy(at, "00", 2);
    at[2] = digits[byte >> 4];
    at[3] = digits[byte & 15];
    return at + 4;
}

/* A last word of 1 to 7 bytes, with blanks above them; never a byte beyond the
 * text. */
static inline uint64_t load_short(const char *from, size_t size)
{
    uint64_t bytes;
    if (size >= 4) {
        uint32_t low, high; /* they overlap */
        memcpy(&low, from, sizeof low);
        memcpy(&high, from + size - sizeof high, sizeof high);
        bytes = le32toh(low) | (uint64_t)le32toh(high) << 8 * (size - sizeof high);
    } else { /* first, middle, last: the same one or two for less than three */
        bytes = (uint64_t)(unsigned char)from[0] |
                (uint64_t)(unsigned char)from[size / 2] << 8 * (size / 2) |
                (uint64_t)(unsigned char)from[size - 1] << 8 * (size - 1);
    }
    return bytes | ONES * ' ' << 8 * size;
}

static inline void store(char *at, uint64_t bytes)
{
    bytes = htole64(bytes);
    memcpy(at, &bytes, sizeof bytes);
}

static inline uint64_t load(const char *from)
{
    uint64_t bytes;
    memcpy(&bytes, from, sizeof bytes);
    return le64toh(bytes);
}

/* Most texts need no escape: eight bytes at a time until one does. */
char *sp_json_escape(char *at, sp_text text)
{
    const char *from = text.bytes, *end = text.bytes + text.size;
    for (;;) {
        uint64_t bytes;
        for (; end - from >= 8; from += 8, at += 8) {
            if (!all_plain(bytes = load(from)))
                break;
            store(at, bytes);
        }
        size_t left = (size_t)(end - from);
        if (left > 0 && left < 8 && all_plain(bytes = load_short(from, left))) {
            store(at, bytes);
            return at + left;
        }
        while (from < end && escapes[(unsigned char)*from] == 0)
            *at++ = *from++;
        if (from == end)
            return at;
        at = put_escape(at, (unsigned char)*from++);
    }
}
