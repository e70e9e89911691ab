/* SPDX-License-Identifier: MIT */
#include "net/seconds_text.h"

#include "net/digits.h"

#define NS_PER_S UINT64_C(1000000000)
#define FRACTION_DIGITS 9

void sp_seconds_put(sp_out *out, uint64_t ns)
{
    char *at = sp_out_reserve(out, SP_DIGITS_SIZE_MAX + 1 + FRACTION_DIGITS);
    uint64_t fraction = ns % NS_PER_S;
    at = sp_digits_put(at, ns / NS_PER_S);
    if (fraction > 0) {
        *at++ = '.';
        for (int i = FRACTION_DIGITS - 1; i >= 0; i--) {
            at[i] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        at += FRACTION_DIGITS;
        while (at[-1] == '0')
            at--;
    }
    sp_out_end(out, at);
}
