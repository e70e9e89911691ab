/* SPDX-License-Identifier: MIT
 *
 * The rules that a concert's spec must meet on any installation, in one place
 * for decide (a refusal names the field) and admit (the log may be hostile),
 * so that what one lets through the other does too.
 */
#ifndef SP_ENGINE_SPEC_H
#define SP_ENGINE_SPEC_H

#include "engine/values.h"

/* What a spec takes from the tables. */
typedef struct sp_spec_size {
    uint32_t seats_count, rows_count, grades_count;
    uint64_t card_bytes; /* of the text arena, for a new concert */
} sp_spec_size;

typedef struct sp_spec_fault {
    const char *field;  /* as clients name it; static */
    const char *detail; /* static */
} sp_spec_fault;

/* When a host states no cancel_until: so long before the end, but not before
 * the start. Any dates, also bad ones: those are found by the check. */
sp_time_ms sp_spec_cancel_until_default(sp_time_ms start_date, sp_time_ms end_date);

/* Shape, ranges, UTF-8, dates (cancel_until resolved). Trusts no pointer that
 * is NULL and no count. true: *size is filled; false: *fault is. Does not look
 * at the category. */
bool sp_spec_check(const sp_concert_spec *spec, sp_spec_size *size, sp_spec_fault *fault);

/* The spec that an edit makes of a concert's: what the patch states, and the rest as it
 * was. A cancel_until that nobody stated follows the dates as before. */
sp_concert_spec sp_spec_patched(const sp_concert_spec *spec, const sp_concert_patch *patch);

/* Are these the same grades: names, prices and rows? */
bool sp_spec_grades_equal(const sp_concert_spec *a, const sp_concert_spec *b);

/* A text that is there, with 1 … size_max bytes of UTF-8. */
bool sp_text_fits(sp_text text, uint32_t size_max);
/* A text that may be absent or empty. */
bool sp_text_fits_or_absent(sp_text text, uint32_t size_max);

#endif
