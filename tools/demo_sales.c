/* SPDX-License-Identifier: MIT */
#include "tools/demo_sales.h"

#include "engine/assert.h"

/* From here on a grade counts as nearly sold out. */
#define NEARLY_ALL_PERCENT 80u
#define HOLD_SEATS_MAX 3u
/* Prime to the crowd's size: everyone's turn comes before anyone's second. */
#define BUYER_STRIDE 37u

_Static_assert(SP_DEMO_CROWD_COUNT % BUYER_STRIDE != 0, "everyone has a turn");

void sp_demo_sales_init(sp_demo_sales *sales, sp_local *local, sp_user_id user, sp_user_id crowd)
{
    *sales = (sp_demo_sales){
        .local = local,
        .user = user,
        .crowd = crowd,
    };
}

/* 0 … below - 1: a linear congruential generator with Knuth's constants (The Art of
 * Computer Programming, vol. 2, 3.3.4), of which the upper half is good enough. */
static uint32_t roll(sp_demo_sales *sales, uint32_t below)
{
    sales->random = sales->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(sales->random >> 33) % below;
}

/* Whose turn it is of those who may still take so many seats here. */
static sp_user_id next_buyer(sp_demo_sales *sales, const sp_demo_concert *concert,
                             uint32_t seats_count)
{
    for (uint32_t tries = 0; tries < SP_DEMO_CROWD_COUNT; tries++) {
        sales->buyer = (sales->buyer + BUYER_STRIDE) % SP_DEMO_CROWD_COUNT;
        uint32_t *count = &sales->seats_counts[sales->buyer];
        if (*count + seats_count > concert->max_seats_per_user)
            continue;
        *count += seats_count;
        return sales->crowd + sales->buyer;
    }
    SP_ASSERT(!"the crowd is large enough for every concert");
    return 0;
}

void sp_demo_order(sp_local *local, sp_user_id buyer, sp_concert_id concert, sp_seat first_seat,
                   uint32_t seats_count)
{
    sp_command *command = sp_local_add(local);
    command->type = SP_COMMAND_ORDER_CREATE;
    command->actor = buyer;
    command->order_create.concert = concert;
    command->order_create.amount = SP_AMOUNT_UNSTATED;
    command->order_create.seats_count = seats_count;
    for (uint32_t i = 0; i < seats_count; i++)
        command->order_create.seats[i] = first_seat + i;
}

/* How many come together, of so many places in the row. With no_orphans nobody comes
 * alone, and nobody sits so that one place is left at the row's end. */
static uint32_t group_size(sp_demo_sales *sales, const sp_demo_concert *concert, uint32_t places)
{
    uint32_t most = concert->max_seats_per_user < 4 ? concert->max_seats_per_user : 4;
    uint32_t size = concert->no_orphans ? 2 + roll(sales, most - 1) : 1 + roll(sales, most);
    if (size > places)
        return places;
    if (concert->no_orphans && places - size == 1)
        return size > 2 ? size - 1 : places;
    return size;
}

/* Places that nobody has taken. Where nearly all are sold no more than two of them lie
 * together. */
static bool is_left(sp_demo_sales *sales, const sp_demo_grade *grade, uint32_t group,
                    bool is_beside_left)
{
    if (roll(sales, 100) < grade->sold_percent)
        return false;
    return grade->sold_percent < NEARLY_ALL_PERCENT || (group <= 2 && !is_beside_left);
}

static void sell_row(sp_demo_sales *sales, sp_concert_id id, const sp_demo_concert *concert,
                     const sp_demo_grade *grade, sp_seat first, uint32_t size, bool *for_user)
{
    uint32_t group;
    bool left = false;
    for (uint32_t place = 0; place < size; place += group) {
        group = group_size(sales, concert, size - place);
        left = is_left(sales, grade, group, left);
        if (left)
            continue;
        sp_user_id buyer = *for_user ? sales->user : next_buyer(sales, concert, group);
        sp_demo_order(sales->local, buyer, id, first + place, group);
        *for_user = false;
    }
}

/* Whoever is choosing right now: the best that are left at this moment. */
static void hold(sp_demo_sales *sales, sp_concert_id id, const sp_demo_concert *concert)
{
    uint32_t seats_count = 2 + roll(sales, HOLD_SEATS_MAX - 1);
    sp_command *command = sp_local_add(sales->local);
    command->type = SP_COMMAND_HOLD_TAKE;
    command->actor = next_buyer(sales, concert, seats_count);
    command->hold_take.concert = id;
    command->hold_take.best_count = seats_count;
}

void sp_demo_sell(sp_demo_sales *sales, sp_concert_id id, const sp_demo_concert *concert)
{
    sp_seat first = 0;
    bool for_user = concert->user_buys;
    memset(sales->seats_counts, 0, sizeof sales->seats_counts);
    /* Of each its own: to change one concert of the table is to change no other. */
    sales->random = id * UINT64_C(3266489917);
    for (uint32_t g = 0; g < concert->grades_count; g++) {
        const sp_demo_grade *grade = &concert->grades[g];
        for (uint32_t row = 0; row < grade->rows_count; row++) {
            uint32_t size = grade->first_row_size + row * grade->row_growth;
            if (grade->sold_percent > 0)
                sell_row(sales, id, concert, grade, first, size, &for_user);
            first += size;
        }
    }
    for (uint32_t i = 0; i < concert->holds_count; i++)
        hold(sales, id, concert);
}
