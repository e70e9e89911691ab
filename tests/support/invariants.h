/* SPDX-License-Identifier: MIT
 *
 * What must hold of any state, whatever events made it: checked naively from
 * what the state shows, with no second engine to compare.
 */
#ifndef SP_TESTS_SUPPORT_INVARIANTS_H
#define SP_TESTS_SUPPORT_INVARIANTS_H

#include "engine/state.h"

/* No seat is in two live orders or holds; the bitmaps are exactly the seats of the
 * live orders and of the living holds; these end in order, and none at a time that it
 * can't; nobody's count of seats is off; balances sum up to what was granted, a concert's totals
 * to what its orders say; and one that is cancelled has given back everything. NULL, or
 * a sentence about the first that does not hold. At most SP_HOLDS_PER_EXPIRY_MAX
 * holds live. */
const char *sp_invariants_check(const sp_state *state);

#endif
