/* SPDX-License-Identifier: MIT */
#include "net/digits.h"

#include <endian.h>

const char sp_digits_pairs[200] = {
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899"};

#define DIGITS_8 UINT64_C(100000000)
#define ZEROS UINT64_C(0x3030303030303030)

/* The eight digits of a value under 10^8 as bytes of 0 to 9, the first in the
 * lowest: two halves, then their halves, then theirs, each step dividing all
 * the parts at once by a multiplication (exact for so small parts). */
static inline uint64_t digits_8(uint32_t value)
{
    uint64_t fours = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = fours * 10486 >> 20 & UINT64_C(0x0000007f0000007f);
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = pairs * 103 >> 10 & UINT64_C(0x000f000f000f000f);
    return tens | (pairs - tens * 10) << 8;
}

static inline void store(char *at, uint64_t bytes)
{
    bytes = htole64(bytes);
    memcpy(at, &bytes, sizeof bytes);
}

char *sp_digits_put(char *at, uint64_t value)
{
    if (value < 100) { /* rows, counts, prices: often; and 0 has a digit too */
        unsigned skipped = value < 10;
        memcpy(at, sp_digits_pairs + 2 * value + skipped, 2);
        return at + 2 - skipped;
    }
    if (value >= DIGITS_8) {
        at = sp_digits_put(at, value / DIGITS_8);
        store(at, digits_8((uint32_t)(value % DIGITS_8)) + ZEROS);
        return at + 8;
    }
    uint64_t digits = digits_8((uint32_t)value);
    unsigned zeros = (unsigned)__builtin_ctzll(digits) / 8; /* in front: cut off */
    store(at, (digits + ZEROS) >> 8 * zeros);
    return at + 8 - zeros;
}

char *sp_digits_put_signed(char *at, int64_t value)
{
    if (value >= 0)
        return sp_digits_put(at, (uint64_t)value);
    *at = '-';
    /* Through unsigned, so that the smallest number has a magnitude too. */
    return sp_digits_put(at + 1, UINT64_C(0) - (uint64_t)value);
}

/* Eight nibbles are spread to a byte each; adding 6 carries out of those of 10
 * to 15 and so tells the letters. */
static uint64_t hex_of(uint32_t value)
{
    uint64_t bytes = value;
    bytes = (bytes | bytes << 16) & UINT64_C(0x0000ffff0000ffff);
    bytes = (bytes | bytes << 8) & UINT64_C(0x00ff00ff00ff00ff);
    bytes = (bytes | bytes << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint64_t letters = (bytes + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    return htobe64(bytes + UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10));
}

char *sp_digits_put_hex(char *at, uint64_t value)
{
    uint64_t halves[2] = {hex_of((uint32_t)(value >> 32)), hex_of((uint32_t)value)};
    memcpy(at, halves, sizeof halves);
    return at + sizeof halves;
}
