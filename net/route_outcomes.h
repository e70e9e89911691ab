/* SPDX-License-Identifier: MIT
 *
 * Which codes a route can answer: its own, which stand in its row, and those that
 * follow from what else the row says (who may ask, what body it takes, whether it
 * reaches the engine). The document of the interface shows just these; an answer
 * with another code is a fault of one of the two, and the end-to-end tests look
 * for it.
 *
 * Pure; any thread.
 */
#ifndef SP_NET_ROUTE_OUTCOMES_H
#define SP_NET_ROUTE_OUTCOMES_H

#include "net/router.h"

#define SP_OUTCOME_NUMBERS 128u

/* Of codes, by number. */
typedef struct sp_outcome_set {
    uint64_t words[SP_OUTCOME_NUMBERS / 64];
} sp_outcome_set;

static inline void sp_outcome_set_add(sp_outcome_set *set, sp_outcome outcome)
{
    set->words[outcome / 64] |= UINT64_C(1) << outcome % 64;
}

static inline bool sp_outcome_set_has(const sp_outcome_set *set, sp_outcome outcome)
{
    return set->words[outcome / 64] >> outcome % 64 & 1;
}

/* All that the route can answer but its successes. */
sp_outcome_set sp_route_outcomes(const sp_route *route);

/* Of a route that answers with a job: what the job can end in. Of any other
 * it is empty. */
sp_outcome_set sp_route_job_outcomes(const sp_route *route);

/* Before any route is found: of what is no request, and of what no row takes. */
sp_outcome_set sp_unrouted_outcomes(void);

#endif
