/* SPDX-License-Identifier: MIT
 *
 * Assertions: broken invariants only, never bad input. They stay on in every
 * build; a failed one prints both operands and aborts, because going on would
 * risk writing a lie into the log.
 */
#ifndef SP_ENGINE_ASSERT_H
#define SP_ENGINE_ASSERT_H

#include <stdint.h>

/* Prints `file:line: assertion failed: text (a=…, b=…)` to stderr, aborts. */
_Noreturn void sp_assert_failed(const char *file, int line, const char *text, int64_t left,
                                int64_t right);

#define SP_ASSERT(cond)                                        \
    do {                                                       \
        if (__builtin_expect(!(cond), 0))                      \
            sp_assert_failed(__FILE__, __LINE__, #cond, 0, 0); \
    } while (0)

/* Binary form: SP_ASSERT_CMP(a, <=, b) prints the values of a and b. */
#define SP_ASSERT_CMP(a, op, b)                                                                  \
    do {                                                                                         \
        if (__builtin_expect(!((a)op(b)), 0))                                                    \
            sp_assert_failed(__FILE__, __LINE__, #a " " #op " " #b, (int64_t)(a), (int64_t)(b)); \
    } while (0)

#endif
