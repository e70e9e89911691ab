/* SPDX-License-Identifier: MIT
 *
 * Random worlds: limits, times, commands and queries, biased to where engines
 * break: bitmaps of 63, 64, 65 seats, the last millisecond of a window or of a hold,
 * the last free point, a key used again, tables about to be full.
 *
 * Commands keep the decoder's contract (engine/command.h), so a refusal is
 * the engine's and not the shape's. What exists is looked up in a reference,
 * never in the engine under test. Single-threaded; allocates nothing.
 */
#ifndef SP_TESTS_SUPPORT_GENERATE_H
#define SP_TESTS_SUPPORT_GENERATE_H

#include "tests/support/random.h"
#include "tests/support/reference.h"

#define SP_GENERATED_GRADES_MAX 6u
#define SP_GENERATED_ROWS_MAX 48u
#define SP_GENERATED_TEXT_SIZE_MAX 1000u

/* A command and everything that it borrows. Points into itself: stays where
 * it was made. */
typedef struct sp_generated {
    sp_command command;
    sp_concert_spec spec;
    sp_concert_patch patch;
    sp_grade_spec grades[SP_GENERATED_GRADES_MAX];
    uint32_t row_sizes[SP_GENERATED_ROWS_MAX];
    sp_profile profile;
    uint32_t text_size;
    char text[SP_GENERATED_TEXT_SIZE_MAX];
} sp_generated;

/* A world's start: some day in 2026. */
#define SP_GENERATE_TIME_START INT64_C(1772000000000)

/* Limits of a small world; in one of three worlds one table is tight. */
void sp_generate_limits(sp_random *random, sp_limits *limits);

/* The next time, >= now: mostly the same, sometimes on the edge of a window
 * or of a key's life, seldom a day later. */
sp_time_ms sp_generate_time(sp_random *random, const sp_reference *reference, sp_time_ms now);

/* A command of any type, never a query. */
void sp_generate_command(sp_random *random, const sp_reference *reference, sp_time_ms now,
                         sp_generated *out);
/* An edit of this concert by this user, be there such or not yet. */
void sp_generate_edit_by(sp_random *random, const sp_reference *reference, sp_time_ms now,
                         sp_concert_id concert, sp_user_id actor, sp_generated *out);
void sp_generate_query(sp_random *random, const sp_reference *reference, sp_command *query);

#endif
