/* SPDX-License-Identifier: MIT
 *
 * Which bytes may stand where in a head, and how to run over many of them:
 * every byte of every request passes here. Pure functions of bytes.
 */
#ifndef SP_NET_HTTP_BYTES_H
#define SP_NET_HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Sorts of bytes: a mask each in sp_http_byte_sorts. */
#define SP_HTTP_TCHAR 1u       /* of a token (RFC 9110, 5.6.2) */
#define SP_HTTP_TARGET_BYTE 2u /* visible ASCII but '#': a fragment never travels */
#define SP_HTTP_HOST_BYTE 4u   /* unreserved or sub-delims of RFC 3986 */
#define SP_HTTP_DIGIT 8u
#define SP_HTTP_HEX 16u

extern const uint8_t sp_http_byte_sorts[256];

static inline bool sp_http_is(char c, uint8_t sort)
{
    return (sp_http_byte_sorts[(unsigned char)c] & sort) != 0;
}

/* How many bytes at the start are of this sort. */
static inline uint32_t sp_http_count(const char *bytes, uint32_t size, uint8_t sort)
{
    uint32_t n = 0;
    while (n < size && sp_http_is(bytes[n], sort))
        n++;
    return n;
}

/* May this byte stand inside a line: HTAB, SP, VCHAR, obs-text? */
static inline bool sp_http_is_line_byte(unsigned char c)
{
    return c == '\t' || (c >= ' ' && c != 0x7f);
}

/* How many bytes at the start may stand inside a line. */
size_t sp_http_count_line_bytes(const char *bytes, size_t size);

#endif
