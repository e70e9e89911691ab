/* SPDX-License-Identifier: MIT
 *
 * Numbers as text without stdio: every answer has a dozen of them. Pure; any
 * thread. Each `put` writes at `at` and returns where the next byte goes. Bytes
 * are stored eight at a time, so sp_digits_put needs room for the longest
 * number, whatever the value.
 */
#ifndef SP_NET_DIGITS_H
#define SP_NET_DIGITS_H

#include <stdint.h>
#include <string.h>

/* 18446744073709551615 and -9223372036854775808. */
#define SP_DIGITS_SIZE_MAX 20u

/* "00" to "99", one behind the other. */
extern const char sp_digits_pairs[200];

/* Decimal, no leading zeros; 1 to SP_DIGITS_SIZE_MAX bytes. */
char *sp_digits_put(char *at, uint64_t value);
char *sp_digits_put_signed(char *at, int64_t value);

/* Exactly 16 lowercase hexadecimal digits. */
char *sp_digits_put_hex(char *at, uint64_t value);

/* Exactly two digits; value < 100. */
static inline char *sp_digits_put_pair(char *at, uint32_t value)
{
    memcpy(at, sp_digits_pairs + 2 * value, 2);
    return at + 2;
}

#endif
