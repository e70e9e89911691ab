/* SPDX-License-Identifier: MIT
 *
 * Who buys what in the demo: orders and holds of a crowd of buyers, chosen by a
 * fixed sequence of random numbers, so that every demo has the same.
 */
#ifndef SP_TOOLS_DEMO_SALES_H
#define SP_TOOLS_DEMO_SALES_H

#include "tools/demo_concerts.h"
#include "tools/local.h"

#define SP_DEMO_CROWD_COUNT 1200u

typedef struct sp_demo_sales {
    sp_local *local;  /* borrowed: where the commands are added */
    sp_user_id user;  /* who comes first where a concert says user_buys */
    sp_user_id crowd; /* the first of SP_DEMO_CROWD_COUNT ids */
    uint64_t random;
    uint32_t buyer;                             /* in the crowd: who bought last */
    uint32_t seats_counts[SP_DEMO_CROWD_COUNT]; /* of each, at this concert */
} sp_demo_sales;

void sp_demo_sales_init(sp_demo_sales *sales, sp_local *local, sp_user_id user, sp_user_id crowd);

/* The orders and holds of one concert on sale. Nobody takes more than it allows, and
 * nothing that no_orphans refuses. */
void sp_demo_sell(sp_demo_sales *sales, sp_concert_id id, const sp_demo_concert *concert);

/* One order of neighbours, for the sum that they cost. */
void sp_demo_order(sp_local *local, sp_user_id buyer, sp_concert_id concert, sp_seat first_seat,
                   uint32_t seats_count);

#endif
