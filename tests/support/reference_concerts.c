/* SPDX-License-Identifier: MIT
 *
 * Concerts, the naive way: all that is stated of one is copied whole whenever a word of
 * it changes, its seats are laid out one by one, and to cancel is to go through every
 * order and every hold.
 */
#include "tests/support/events.h"
#include "tests/support/reference_private.h"

typedef sp_reference_concert concert;

/* ---- What is stated, and the seats that follow from it ---- */

static void seats_lay_out(concert *c, const sp_concert_spec *spec)
{
    c->rows_count = c->seats_count = 0;
    for (uint32_t g = 0; g < spec->grades_count; g++) {
        c->rows_count += spec->grades[g].rows_count;
        for (uint32_t row = 0; row < spec->grades[g].rows_count; row++)
            for (uint32_t n = 0; n < spec->grades[g].row_sizes[row]; n++) {
                SP_REFERENCE_GROW(c->seats, c->seats_count);
                c->seats[c->seats_count++] = (sp_reference_seat){
                    .price = spec->grades[g].price, .grade = g, .row = row + 1, .number = n + 1};
            }
    }
}

static void grades_name(concert *c, const sp_concert_spec *spec)
{
    c->grades_count = spec->grades_count;
    for (uint32_t g = 0; g < spec->grades_count; g++) {
        SP_REFERENCE_GROW(c->grades, g);
        c->grades[g].size = spec->grades[g].name.size;
        memcpy(c->grades[g].name, spec->grades[g].name.bytes, spec->grades[g].name.size);
    }
}

/* A place that is large enough is kept, of another size it is a new one. */
static void places_take(sp_reference *r, concert *c)
{
    uint32_t words = (c->seats_count + 63) / 64;
    if (words > c->words_count) {
        r->words_used += words;
        c->words_count = words;
    }
    if (c->grades_count > c->prices_count) {
        r->grades_used += c->grades_count;
        c->prices_count = c->grades_count;
    }
}

static void layout_take(sp_reference *r, concert *c, const sp_concert_spec *spec, sp_seq seq)
{
    grades_name(c, spec);
    seats_lay_out(c, spec);
    c->layout_seq = seq;
    places_take(r, c);
}

/* Its own copy of what is stated now; the older one is given back last, since the new
 * may borrow from it. */
static void state_anew(concert *c, const sp_concert_spec *spec)
{
    sp_event event = {.type = SP_EVENT_CONCERT_CREATED, .concert_created = {.spec = *spec}};
    sp_event *older = c->stated;
    if (spec->grades_count == 0) {
        event.concert_created.spec.grades = older->concert_created.spec.grades;
        event.concert_created.spec.grades_count = older->concert_created.spec.grades_count;
    }
    c->stated = sp_event_copy(&event);
    if (older != NULL)
        sp_event_free(older);
    c->start_date = spec->start_date;
    c->end_date = spec->end_date;
    c->concert_date = spec->concert_date;
    c->cancel_until = spec->cancel_until;
    c->max_seats_per_user = spec->max_seats_per_user;
    c->hold_seconds = spec->hold_seconds;
    c->no_orphans = spec->no_orphans;
}

void sp_reference_concert_close(concert *c)
{
    sp_event_free(c->created);
    sp_event_free(c->stated);
    free(c->seats);
    free(c->grades);
}

/* ---- Events ---- */

const char *sp_reference_concert_create(sp_reference *r, const sp_event *e)
{
    const sp_concert_spec *spec = &e->concert_created.spec;
    concert c = {
        .host = e->concert_created.host, .created_at = e->time, .seq = e->seq, .own_seq = e->seq};
    if (e->concert_created.concert != r->concerts_count + 1)
        return "a concert's id is not the next one";
    c.created = sp_event_copy(e);
    state_anew(&c, spec);
    layout_take(r, &c, spec, e->seq);
    SP_REFERENCE_GROW(r->concerts, r->concerts_count);
    r->concerts[r->concerts_count++] = c;
    return NULL;
}

/* The concert that an event is about, which lives; its seqs are the event's. */
static concert *changed(sp_reference *r, sp_concert_id id, const sp_event *e)
{
    if (id < 1 || id > r->concerts_count || r->concerts[id - 1].sale == SP_SALE_CANCELLED)
        return NULL;
    r->concerts[id - 1].seq = r->concerts[id - 1].own_seq = e->seq;
    return &r->concerts[id - 1];
}

const char *sp_reference_concert_edit(sp_reference *r, const sp_event *e)
{
    const sp_concert_spec *spec = &e->concert_edited.spec;
    concert *c = changed(r, e->concert_edited.concert, e);
    if (c == NULL)
        return "an edit of no concert, or of one that is cancelled";
    for (uint32_t i = 0; spec->grades_count != 0 && i < c->seats_count; i++)
        if (c->seats[i].seq != 0)
            return "other grades for a concert whose seats were touched";
    state_anew(c, spec);
    if (spec->grades_count != 0)
        layout_take(r, c, &c->stated->concert_created.spec, e->seq);
    return NULL;
}

const char *sp_reference_concert_pause(sp_reference *r, const sp_event *e)
{
    concert *c = changed(r, e->concert_paused.concert, e);
    if (c == NULL)
        return "a pause of no concert, or of one that is cancelled";
    c->sale = SP_SALE_PAUSED;
    return NULL;
}

const char *sp_reference_concert_resume(sp_reference *r, const sp_event *e)
{
    concert *c = changed(r, e->concert_resumed.concert, e);
    if (c == NULL)
        return "no concert was resumed, or one that is cancelled";
    c->sale = SP_SALE_OPEN;
    return NULL;
}

static void order_refund(sp_reference *r, sp_reference_order *order, const sp_event *e)
{
    order->cancelled_at = e->time;
    order->seq = e->seq;
    r->users[order->user - 1].points += order->amount;
    r->users[r->concerts[order->concert - 1].host - 1].points -= order->amount;
    sp_reference_seats_set(r, order->concert, order->seats, order->seats_count, 0, 0, e->seq);
}

const char *sp_reference_concert_cancel(sp_reference *r, const sp_event *e)
{
    sp_concert_id id = e->concert_cancelled.concert;
    uint32_t held_count = sp_reference_held_count(r, id), orders_count = 0;
    sp_points amount = 0;
    concert *c = changed(r, id, e);
    if (c == NULL)
        return "no concert was cancelled, or one that was already";
    sp_reference_holds_cancel(r, id, e->seq);
    for (uint32_t i = 0; i < r->orders_count; i++) {
        sp_reference_order *order = &r->orders[i];
        if (order->concert != id || order->cancelled_at != 0)
            continue;
        order_refund(r, order, e);
        orders_count++;
        amount += order->amount;
    }
    c->sale = SP_SALE_CANCELLED;
    if (orders_count != e->concert_cancelled.orders_count ||
        amount != e->concert_cancelled.amount ||
        held_count != e->concert_cancelled.seats_held_count)
        return "what a cancelled concert gives back is not what it says";
    return NULL;
}
