/* SPDX-License-Identifier: MIT
 *
 * The part of the toy application (transport_toy.h) that sends hops.
 */
#ifndef SP_TESTS_SUPPORT_TOY_HOPS_H
#define SP_TESTS_SUPPORT_TOY_HOPS_H

#include "tests/support/transport_toy.h"

/* ex becomes ready when a hop has been at this many loops, one after the other,
 * and is home again. */
void toy_hops_travel(sp_exchange *ex, toy_counts *counts, unsigned steps);
/* As many hops, of which each goes to this many loops; nobody waits for them. */
void toy_hops_shout(sp_loop *loop, toy_counts *counts, unsigned count, unsigned steps);
/* The next loop is to call errand(its loop, n). */
void toy_hops_errand(sp_loop *loop, toy_counts *counts, void (*errand)(sp_loop *loop, unsigned n),
                     unsigned n);

#endif
