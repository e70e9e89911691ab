/* SPDX-License-Identifier: MIT */
#include "tests/support/generate_private.h"

static void concert_dates(sp_random *random, sp_time_ms now, sp_concert_spec *spec)
{
    const int64_t lengths[] = {1,           2,           SP_HOLD_SECONDS_MIN * SECOND_MS + 1,
                               HOUR_MS,     3 * HOUR_MS, 3 * HOUR_MS + 1,
                               4 * HOUR_MS, DAY_MS,      5 * DAY_MS,
                               30 * DAY_MS, 30 * DAY_MS};
    const int64_t starts[] = {-HOUR_MS, -1, 0, 0, 0, 1, 5, HOUR_MS};
    spec->start_date = now + ONE_OF(random, starts);
    spec->end_date = spec->start_date + ONE_OF(random, lengths);
    spec->concert_date = spec->end_date + (int64_t)sp_random_below(random, 2) * DAY_MS;
    const sp_time_ms until[] = {
        0, 0, 0, 1, spec->start_date, spec->end_date, now, spec->end_date + 1};
    spec->cancel_until = ONE_OF(random, until);
    if (sp_random_once_in(random, 40))
        spec->end_date = spec->start_date;
    if (sp_random_once_in(random, 40))
        spec->concert_date = spec->end_date - 1;
}

/* So many seats, cut into grades and rows at random. */
static void concert_seats(sp_random *random, sp_generated *out)
{
    static const uint32_t sizes[] = {1,   2,   7,   62,  63,  64,  65, 66,
                                     100, 127, 128, 129, 191, 192, 193};
    static const sp_points prices[] = {
        0, 1, 100, 100, 15000, 15000, 99999, SP_PRICE_MAX - 1, SP_PRICE_MAX};
    sp_concert_spec *spec = &out->spec;
    uint32_t left = ONE_OF(random, sizes), rows = 0;
    spec->grades = out->grades;
    spec->grades_count = 0;
    while (left > 0) {
        bool last_grade = spec->grades_count == SP_GENERATED_GRADES_MAX - 1;
        sp_grade_spec *grade = &out->grades[spec->grades_count++];
        *grade = (sp_grade_spec){.name = sp_generate_text(random, out, SP_GRADE_NAME_SIZE_MAX),
                                 .price = ONE_OF(random, prices),
                                 .row_sizes = &out->row_sizes[rows]};
        uint32_t rows_wanted = 1 + (uint32_t)sp_random_below(random, 4);
        while (left > 0 && (grade->rows_count < rows_wanted || last_grade)) {
            bool last_row = rows == SP_GENERATED_ROWS_MAX - 1;
            uint32_t seats = last_row ? left : (uint32_t)sp_random_edge(random, 1, left);
            out->row_sizes[rows++] = seats;
            grade->rows_count++;
            left -= seats;
        }
    }
}

void sp_generate_concert_create(sp_random *random, const sp_reference *r, sp_time_ms now,
                                sp_generated *out)
{
    static const uint32_t seats_per_user[] = {1, 2, 4, 10, 10, 100, 100, SP_MAX_SEATS_PER_USER_MAX};
    sp_concert_spec *spec = &out->spec;
    memset(spec, 0, sizeof *spec);
    spec->category = r->categories_count + 1;
    if (r->categories_count > 0 && !sp_random_once_in(random, 20))
        spec->category = (sp_category_id)(1 + sp_random_below(random, r->categories_count));
    spec->name = sp_generate_text(random, out, 60);
    spec->description = sp_generate_text(random, out, 200);
    spec->image_url = SP_TEXT("https://pictures.example/1.jpg");
    spec->address = sp_generate_text(random, out, 60);
    spec->running_time_min = (uint32_t)sp_random_edge(random, 1, SP_RUNNING_TIME_MIN_MAX);
    spec->age_limit = (sp_age_limit)(SP_AGE_ZERO + (int)sp_random_below(random, 4));
    spec->max_seats_per_user = ONE_OF(random, seats_per_user);
    /* Mostly short, so that many end. */
    spec->hold_seconds = (uint32_t)sp_random_edge(
        random, SP_HOLD_SECONDS_MIN, sp_random_once_in(random, 3) ? SP_HOLD_SECONDS_MAX : 30);
    spec->no_orphans = sp_random_once_in(random, 2);
    concert_dates(random, now, spec);
    concert_seats(random, out);
    out->command.concert_create.spec = spec;
}
