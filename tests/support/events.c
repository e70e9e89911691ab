/* SPDX-License-Identifier: MIT */
#include "tests/support/events.h"

#include <stdlib.h>

#include "engine/assert.h"

/* First how much, then the same walk again with memory. */

typedef struct arena {
    char *memory; /* NULL while it is only measured */
    size_t used;
} arena;

static void *keep(arena *a, const void *bytes, size_t size)
{
    void *at = a->memory != NULL ? a->memory + a->used : NULL;
    if (at != NULL && size > 0)
        memcpy(at, bytes, size);
    a->used += (size + 7) & ~(size_t)7; /* the next stays aligned */
    return at;
}

static void keep_text(arena *a, sp_text *text)
{
    if (text->bytes == NULL)
        return;
    /* Exactly sized, so that one byte too far is another's, not ours. */
    char *bytes = keep(a, text->bytes, text->size);
    if (bytes != NULL)
        text->bytes = bytes;
}

static void keep_spec(arena *a, sp_concert_spec *spec)
{
    keep_text(a, &spec->name);
    keep_text(a, &spec->description);
    keep_text(a, &spec->image_url);
    keep_text(a, &spec->address);
    sp_grade_spec *grades = keep(a, spec->grades, spec->grades_count * sizeof *grades);
    for (uint32_t i = 0; i < spec->grades_count; i++) {
        sp_grade_spec grade = spec->grades[i];
        keep_text(a, &grade.name);
        uint32_t *rows = keep(a, grade.row_sizes, grade.rows_count * sizeof *rows);
        if (grades == NULL)
            continue;
        grade.row_sizes = rows;
        grades[i] = grade;
    }
    if (grades != NULL)
        spec->grades = grades;
}

static sp_event *keep_event(arena *a, const sp_event *event)
{
    sp_event measured = *event;
    sp_event *copy = keep(a, event, sizeof *event);
    sp_event *e = copy != NULL ? copy : &measured;
    switch (e->type) {
    case SP_EVENT_SERVER_STARTED:
        keep_text(a, &e->server_started.version);
        break;
    case SP_EVENT_CATEGORY_CREATED:
        keep_text(a, &e->category_created.name);
        break;
    case SP_EVENT_CONCERT_CREATED:
        keep_spec(a, &e->concert_created.spec);
        break;
    case SP_EVENT_CONCERT_EDITED:
        keep_spec(a, &e->concert_edited.spec);
        break;
    case SP_EVENT_ORDER_PAID: {
        const sp_seat *seats =
            keep(a, e->order_paid.seats, e->order_paid.seats_count * sizeof *seats);
        if (copy != NULL)
            e->order_paid.seats = seats;
        break;
    }
    case SP_EVENT_ORDER_CANCELLED:
        keep_text(a, &e->order_cancelled.reason);
        break;
    case SP_EVENT_HOLD_TAKEN: {
        const sp_seat *seats =
            keep(a, e->hold_taken.seats, e->hold_taken.seats_count * sizeof *seats);
        if (copy != NULL)
            e->hold_taken.seats = seats;
        break;
    }
    case SP_EVENT_HOLDS_EXPIRED: {
        const sp_hold_id *holds =
            keep(a, e->holds_expired.holds, e->holds_expired.holds_count * sizeof *holds);
        if (copy != NULL)
            e->holds_expired.holds = holds;
        break;
    }
    default: /* has numbers alone */
        break;
    }
    return copy;
}

sp_event *sp_event_copy(const sp_event *event)
{
    arena measure = {NULL, 0};
    keep_event(&measure, event);
    arena real = {malloc(measure.used), 0};
    SP_ASSERT(real.memory != NULL);
    return keep_event(&real, event);
}

void sp_event_free(sp_event *copy)
{
    free(copy); /* the event comes first in its memory */
}
