/* SPDX-License-Identifier: MIT
 *
 * What is on in the demo: a table of concerts, one of every kind that a visitor may
 * want to see. Fixed texts and layouts; dates follow from when the demo is made, so
 * that it stays true for some weeks.
 */
#ifndef SP_TOOLS_DEMO_CONCERTS_H
#define SP_TOOLS_DEMO_CONCERTS_H

#include "engine/values.h"

#define SP_DEMO_GRADES_MAX 4u
#define SP_DEMO_ROWS_MAX 64u /* of a grade */
#define SP_DEMO_CONCERTS_COUNT 12u

/* Rows that widen away from the stage. */
typedef struct sp_demo_grade {
    const char *name;
    sp_points price;
    uint32_t rows_count; /* 1 … SP_DEMO_ROWS_MAX */
    uint32_t first_row_size, row_growth;
    uint32_t sold_percent; /* about; 100 = all; from 80 on only ones and twos are left */
} sp_demo_grade;

typedef struct sp_demo_concert {
    const char *name, *description, *address;
    const char *category; /* one of sp_demo_categories */
    uint32_t host;        /* 0 or 1: which of the demo's two */
    uint32_t running_time_min;
    sp_age_limit age_limit;
    int32_t opens_in_days; /* 0 and below: it is on sale */
    uint32_t concert_in_days;
    uint32_t max_seats_per_user;
    bool no_orphans;
    bool user_buys; /* the first order is that of the USER whose log-in is printed */
    uint32_t holds_count;
    sp_sale sale; /* what becomes of it once seats were sold */
    uint32_t grades_count;
    sp_demo_grade grades[SP_DEMO_GRADES_MAX];
} sp_demo_concert;

extern const char *const sp_demo_categories[];
extern const uint32_t sp_demo_categories_count;
/* Their ids are 1 and up, in this order. The README's session buys in the first. */
extern const sp_demo_concert sp_demo_concerts[SP_DEMO_CONCERTS_COUNT];

/* What a spec borrows. */
typedef struct sp_demo_layout {
    sp_grade_spec grades[SP_DEMO_GRADES_MAX];
    uint32_t row_sizes[SP_DEMO_GRADES_MAX][SP_DEMO_ROWS_MAX];
} sp_demo_layout;

/* The spec of a concert for a demo made at `now`; the category's id is its place in
 * the list, from 1. */
void sp_demo_concert_spec(const sp_demo_concert *concert, sp_time_ms now, sp_demo_layout *layout,
                          sp_concert_spec *out);

#endif
