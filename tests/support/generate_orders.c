/* SPDX-License-Identifier: MIT
 *
 * Orders and holds.
 */
#include "engine/assert.h"
#include "tests/support/generate_private.h"

static bool wanted(const sp_reference_concert *concert, uint32_t seat, bool free_only)
{
    return !free_only ||
           (seat < concert->seats_count && sp_reference_is_free(&concert->seats[seat]));
}

/* Ascending seats from a random place on, in steps; mostly free ones, since
 * a small hall is soon full; at times some that are taken or that are none.
 * Returns how many. */
static uint32_t any_seats(sp_random *random, const sp_reference_concert *concert, sp_seat *seats)
{
    bool free_only = !sp_random_once_in(random, 6);
    uint32_t count_max =
        1 + (uint32_t)sp_random_below(random, sp_random_once_in(random, 8) ? 100 : 4);
    uint32_t step = 1 + (uint32_t)sp_random_below(random, sp_random_once_in(random, 3) ? 40 : 2);
    uint32_t end = concert->seats_count + (sp_random_once_in(random, 20) ? 2 : 0);
    uint32_t seat = (uint32_t)sp_random_edge(random, 0, end - 1);
    uint32_t count = 0;
    for (; seat < end && count < count_max; seat += step)
        if (wanted(concert, seat, free_only))
            seats[count++] = seat;
    if (count == 0)
        seats[count++] = (uint32_t)sp_random_edge(
            random, 0, sp_random_once_in(random, 20) ? UINT32_MAX : concert->seats_count - 1);
    return count;
}

static sp_points seats_price(const sp_reference_concert *concert, const sp_command *c)
{
    sp_points amount = 0;
    for (uint32_t i = 0; i < c->order_create.seats_count; i++)
        if (c->order_create.seats[i] < concert->seats_count)
            amount += concert->seats[c->order_create.seats[i]].price;
    return amount;
}

/* Mostly the right amount, or none. */
static sp_points any_amount(sp_random *random, sp_points right)
{
    switch (sp_random_below(random, 24)) {
    case 0:
        return right + 1;
    case 1:
        return right > 0 ? right - 1 : 1;
    case 2:
        return sp_random_edge(random, 0, SP_POINTS_TOTAL_MAX);
    default:
        return sp_random_once_in(random, 2) ? right : SP_AMOUNT_UNSTATED;
    }
}

bool sp_generate_on_sale(const sp_reference_concert *concert, sp_time_ms now)
{
    return concert->sale == SP_SALE_OPEN && concert->start_date <= now && now < concert->end_date;
}

/* Mostly one that is on sale; 0 = one that there is not. */
static sp_concert_id any_concert(sp_random *random, const sp_reference *r, sp_time_ms now)
{
    if (r->concerts_count == 0 || sp_random_once_in(random, 60))
        return 0;
    uint32_t index = (uint32_t)sp_random_below(random, r->concerts_count);
    for (uint32_t i = 0; i < r->concerts_count && !sp_random_once_in(random, 40); i++) {
        if (sp_generate_on_sale(&r->concerts[index], now))
            break;
        index = (index + 1) % r->concerts_count;
    }
    return index + 1;
}

/* ---- Holds ---- */

/* Mostly a living one and its user; also those that have ended, others', and ids
 * that are none or at whose place another hold may stand. */
sp_hold_id sp_generate_hold(sp_random *random, const sp_reference *r, sp_command *c)
{
    c->actor = sp_generate_user(random, r);
    if (r->holds_count == 0 || sp_random_once_in(random, 20)) {
        sp_hold_id newest = r->holds_count > 0 ? r->holds[r->holds_count - 1].id : 0;
        const sp_hold_id unknown[] = {newest + 1, newest + 2, newest + 2 * r->limits.holds_max, 1,
                                      UINT32_MAX};
        return ONE_OF(random, unknown);
    }
    uint32_t recent = r->holds_count < 12 || sp_random_once_in(random, 4) ? r->holds_count : 12;
    uint32_t index = r->holds_count - 1 - (uint32_t)sp_random_below(random, recent);
    while (index > 0 && r->holds[index].status != SP_REFERENCE_LIVES &&
           !sp_random_once_in(random, 8))
        index--;
    if (!sp_random_once_in(random, 8))
        c->actor = r->holds[index].user;
    return r->holds[index].id;
}

/* A grade's name, or one that is nearly one. */
static sp_text any_grade(sp_random *random, const sp_reference_concert *concert, sp_generated *out)
{
    const sp_reference_grade *grade =
        &concert->grades[sp_random_below(random, concert->grades_count)];
    char *begin = out->text + out->text_size;
    SP_ASSERT_CMP(out->text_size + grade->size + 1u, <=, sizeof out->text);
    memcpy(begin, grade->name, grade->size);
    begin[grade->size] = 'x';
    uint32_t size = grade->size;
    if (sp_random_once_in(random, 12))
        size = sp_random_once_in(random, 2) ? size + 1 : (uint32_t)sp_random_below(random, size);
    out->text_size += size;
    return (sp_text){begin, size};
}

static void best_available(sp_random *random, const sp_reference_concert *concert,
                           sp_generated *out)
{
    sp_command *c = &out->command;
    c->hold_take.best_count = 1 + (uint32_t)sp_random_below(random, 4);
    if (sp_random_once_in(random, 4))
        c->hold_take.best_count = (uint32_t)sp_random_edge(random, 1, SP_SEATS_PER_ORDER_MAX);
    c->hold_take.allow_split = sp_random_once_in(random, 2);
    if (sp_random_once_in(random, 2))
        c->hold_take.grade = any_grade(random, concert, out);
}

void sp_generate_hold_take(sp_random *random, const sp_reference *r, sp_time_ms now,
                           sp_generated *out)
{
    sp_command *c = &out->command;
    sp_concert_id id = any_concert(random, r, now);
    c->hold_take.concert = id != 0 ? id : r->concerts_count + 1;
    c->hold_take.seats_count = 1;
    if (id == 0)
        return;
    if (sp_random_once_in(random, 2))
        best_available(random, &r->concerts[id - 1], out);
    else
        c->hold_take.seats_count = any_seats(random, &r->concerts[id - 1], c->hold_take.seats);
}

/* ---- Orders ---- */

/* One order in some comes from a job, whose id is random; few hashes, so that many
 * begin at one place of an index. Seldom one that is there, of whomever. */
static sp_job any_job(sp_random *random, const sp_reference *r)
{
    sp_job job = {.present = sp_random_once_in(random, 3)};
    if (!job.present)
        return job;
    sp_random_fill(random, &job.id, sizeof job.id);
    memset(job.id.bytes + 8, (int)sp_random_below(random, 3), 8);
    if (r->orders_count > 0 && sp_random_once_in(random, 10)) {
        const sp_reference_order *order = &r->orders[sp_random_below(random, r->orders_count)];
        if (order->job.present)
            job = order->job;
    }
    return job;
}

static void order_of_hold(sp_random *random, const sp_reference *r, sp_command *c)
{
    c->order_create.hold = sp_generate_hold(random, r, c);
    const sp_reference_hold *hold = sp_reference_hold_of(r, c->order_create.hold);
    c->order_create.amount = any_amount(random, hold != NULL ? hold->amount : 0);
}

void sp_generate_order_create(sp_random *random, const sp_reference *r, sp_time_ms now,
                              sp_command *c)
{
    c->order_create.concert = r->concerts_count + 1;
    c->order_create.seats_count = 1;
    c->order_create.seats[0] = 0;
    c->order_create.amount = SP_AMOUNT_UNSTATED;
    c->order_create.job = any_job(random, r);
    if (sp_random_once_in(random, 3)) {
        order_of_hold(random, r, c);
        return;
    }
    sp_concert_id id = any_concert(random, r, now);
    if (id == 0)
        return;
    const sp_reference_concert *concert = &r->concerts[id - 1];
    c->order_create.concert = id;
    if (sp_random_once_in(random, 6))
        c->actor = concert->host; /* buys at his own concert */
    c->order_create.seats_count = any_seats(random, concert, c->order_create.seats);
    c->order_create.amount = any_amount(random, seats_price(concert, c));
}

void sp_generate_order_cancel(sp_random *random, const sp_reference *r, sp_generated *out)
{
    sp_command *c = &out->command;
    uint32_t newest = r->orders_count;
    c->order_cancel.order = (sp_order_id)sp_random_edge(random, 0, (int64_t)newest + 1);
    /* Mostly one of the last, which is more likely live. */
    if (newest > 0 && !sp_random_once_in(random, 3))
        c->order_cancel.order =
            newest - (uint32_t)sp_random_below(random, newest < 20 ? newest : 20);
    /* … or the next older one that is live. */
    while (c->order_cancel.order > 1 && c->order_cancel.order <= newest &&
           r->orders[c->order_cancel.order - 1].cancelled_at != 0 && !sp_random_once_in(random, 10))
        c->order_cancel.order--;
    if (c->order_cancel.order >= 1 && c->order_cancel.order <= newest &&
        !sp_random_once_in(random, 4))
        c->actor = r->orders[c->order_cancel.order - 1].user;
    else if (sp_random_once_in(random, 2))
        c->actor = sp_generate_user_of_role(random, r, SP_ROLE_ADMIN);
    c->order_cancel.reason = (sp_text){NULL, 0};
    if (sp_random_once_in(random, 3))
        c->order_cancel.reason = sp_generate_text(random, out, SP_REASON_SIZE_MAX);
    else if (sp_random_once_in(random, 8))
        c->order_cancel.reason = (sp_text){out->text, 0};
}
