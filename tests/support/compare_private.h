/* SPDX-License-Identifier: MIT
 *
 * What the files of the comparison (compare_*.c) share, and nobody else.
 */
#ifndef SP_TESTS_SUPPORT_COMPARE_PRIVATE_H
#define SP_TESTS_SUPPORT_COMPARE_PRIVATE_H

#include <inttypes.h>

#include "tests/support/compare.h"

#define EQUAL(what, id, expected, actual)                                                      \
    do {                                                                                       \
        int64_t left_ = (int64_t)(expected), right_ = (int64_t)(actual);                       \
        if (left_ != right_)                                                                   \
            return sp_compare_failed("%s (of %" PRId64 "): expected %" PRId64 ", is %" PRId64, \
                                     (what), (int64_t)(id), left_, right_);                    \
    } while (0)

#define PASS_ON(call)                 \
    do {                              \
        const char *failed_ = (call); \
        if (failed_ != NULL)          \
            return failed_;           \
    } while (0)

const char *sp_compare_user_view(const sp_reference *r, sp_user_id user, const sp_user_view *view);
/* `cancelled`: as it is after its cancel; else as it was when it was paid. */
const char *sp_compare_order_view(const sp_reference *r, sp_order_id id, bool cancelled, sp_seq seq,
                                  const sp_order_view *view);
const char *sp_compare_order_now(const sp_reference *r, sp_order_id id, const sp_order_view *view);
const char *sp_compare_hold_view(const sp_reference *r, sp_hold_id id, const sp_hold_view *view);
const char *sp_compare_concert_totals(const sp_reference *r, sp_concert_id id,
                                      const sp_concert_totals *actual);
/* The bits of a concert's words against its seats; beyond the last seat there must be
 * none. */
const char *sp_compare_words(const sp_reference_concert *concert, sp_concert_id id,
                             const uint64_t *sold, const uint64_t *held);
uint32_t sp_compare_sold_count(const sp_reference_concert *concert);
uint32_t sp_compare_held_count(const sp_reference_concert *concert);

#endif
