/* SPDX-License-Identifier: MIT */
#include "net/http_bytes.h"

/* clang-format off */
#define T SP_HTTP_TCHAR
#define U SP_HTTP_TARGET_BYTE
#define H SP_HTTP_HOST_BYTE
#define D (SP_HTTP_DIGIT | SP_HTTP_HEX)
#define X SP_HTTP_HEX
const uint8_t sp_http_byte_sorts[256] = {
    ['!'] = T|U|H, ['"'] = U,     ['#'] = T,     ['$'] = T|U|H, ['%'] = T|U,     ['&'] = T|U|H,
    ['\''] = T|U|H, ['('] = U|H,  [')'] = U|H,   ['*'] = T|U|H, ['+'] = T|U|H,   [','] = U|H,
    ['-'] = T|U|H, ['.'] = T|U|H, ['/'] = U,
    ['0'] = T|U|H|D, ['1'] = T|U|H|D, ['2'] = T|U|H|D, ['3'] = T|U|H|D, ['4'] = T|U|H|D,
    ['5'] = T|U|H|D, ['6'] = T|U|H|D, ['7'] = T|U|H|D, ['8'] = T|U|H|D, ['9'] = T|U|H|D,
    [':'] = U, [';'] = U|H, ['<'] = U, ['='] = U|H, ['>'] = U, ['?'] = U, ['@'] = U,
    ['A'] = T|U|H|X, ['B'] = T|U|H|X, ['C'] = T|U|H|X, ['D'] = T|U|H|X, ['E'] = T|U|H|X,
    ['F'] = T|U|H|X, ['G'] = T|U|H, ['H'] = T|U|H, ['I'] = T|U|H, ['J'] = T|U|H, ['K'] = T|U|H,
    ['L'] = T|U|H, ['M'] = T|U|H, ['N'] = T|U|H, ['O'] = T|U|H, ['P'] = T|U|H, ['Q'] = T|U|H,
    ['R'] = T|U|H, ['S'] = T|U|H, ['T'] = T|U|H, ['U'] = T|U|H, ['V'] = T|U|H, ['W'] = T|U|H,
    ['X'] = T|U|H, ['Y'] = T|U|H, ['Z'] = T|U|H,
    ['['] = U, ['\\'] = U, [']'] = U, ['^'] = T|U, ['_'] = T|U|H, ['`'] = T|U,
    ['a'] = T|U|H|X, ['b'] = T|U|H|X, ['c'] = T|U|H|X, ['d'] = T|U|H|X, ['e'] = T|U|H|X,
    ['f'] = T|U|H|X, ['g'] = T|U|H, ['h'] = T|U|H, ['i'] = T|U|H, ['j'] = T|U|H, ['k'] = T|U|H,
    ['l'] = T|U|H, ['m'] = T|U|H, ['n'] = T|U|H, ['o'] = T|U|H, ['p'] = T|U|H, ['q'] = T|U|H,
    ['r'] = T|U|H, ['s'] = T|U|H, ['t'] = T|U|H, ['u'] = T|U|H, ['v'] = T|U|H, ['w'] = T|U|H,
    ['x'] = T|U|H, ['y'] = T|U|H, ['z'] = T|U|H,
    ['{'] = U, ['|'] = T|U, ['}'] = U, ['~'] = T|U|H,
};
/* clang-format on */

/* Sixteen bytes at a time, by the compiler's vectors: they become what the
 * processor has, and plain words where it has none. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

size_t sp_http_count_line_bytes(const char *bytes, size_t size)
{
    size_t at = 0;
    for (; size - at >= sizeof(bytes16); at += sizeof(bytes16)) {
        bytes16 c;
        memcpy(&c, bytes + at, sizeof c);
        words2 bad = (words2)(((c < ' ') & (c != '\t')) | (c == 0x7f));
        if ((bad[0] | bad[1]) == 0)
            continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        return at +
               (size_t)(bad[0] != 0 ? __builtin_ctzll(bad[0]) : 64 + __builtin_ctzll(bad[1])) / 8;
#else
        break; /* the loop below finds which */
#endif
    }
    while (at < size && sp_http_is_line_byte((unsigned char)bytes[at]))
        at++;
    return at;
}
