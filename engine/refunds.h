/* SPDX-License-Identifier: MIT
 *
 * What a concert that is cancelled owes: an entry for each of its paid orders, as they
 * come, and one for its host; sorted by user, so that each user's can be added up.
 *
 * There may be 200,000, in one event that everybody waits for: hence a radix sort, in
 * memory of the state's, some 10 ns an entry. (The C library's qsort allocates, and takes
 * ten times as long.)
 *
 * Private to engine/. Owned by the state's thread.
 */
#ifndef SP_ENGINE_REFUNDS_H
#define SP_ENGINE_REFUNDS_H

#include "engine/limits.h"
#include "engine/values.h"

typedef struct sp_refund_due {
    sp_points amount; /* below 0 = he owes it */
    sp_user_id user;
} sp_refund_due;

/* An order has a seat at least; and the host. */
#define SP_REFUND_DUES_MAX (SP_SEATS_PER_CONCERT_MAX + 1u)

/* Ascending by user, those of one user in the order that they were in. `spare` has room
 * for as many. */
void sp_refund_dues_sort(sp_refund_due *dues, sp_refund_due *spare, uint32_t count);

/* Adds up those of one user, which stand together; returns how many are left. */
uint32_t sp_refund_dues_merge(sp_refund_due *dues, uint32_t count);

#endif
