/* SPDX-License-Identifier: MIT
 *
 * What must hold of any state, whatever events made it: checked naively from
 * what the state shows, with no second engine to compare.
 */
#ifndef SP_TESTS_SUPPORT_INVARIANTS_H
#define SP_TESTS_SUPPORT_INVARIANTS_H

#include "engine/state.h"

/* No seat is in two live orders; the bitmaps are exactly the seats of the
 * live orders; nobody's count of seats is off; balances sum up to what was
 * granted. NULL, or a sentence about the first that does not hold. */
const char *sp_invariants_check(const sp_state *state);

#endif
