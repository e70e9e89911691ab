/* SPDX-License-Identifier: MIT */
#include "engine/spec.h"

#include <stddef.h>

#include "engine/cards.h"
#include "engine/limits.h"
#include "engine/utf8.h"

bool sp_text_fits_or_absent(sp_text text, uint32_t size_max)
{
    if (text.size == 0)
        return true;
    return text.bytes && text.size <= size_max && sp_utf8_valid(text);
}

bool sp_text_fits(sp_text text, uint32_t size_max)
{
    return text.size > 0 && sp_text_fits_or_absent(text, size_max);
}

sp_time_ms sp_spec_cancel_until_default(sp_time_ms start_date, sp_time_ms end_date)
{
    if (end_date <= SP_CANCEL_BEFORE_END_MS)
        return start_date;
    sp_time_ms before_end = end_date - SP_CANCEL_BEFORE_END_MS;
    return before_end > start_date ? before_end : start_date;
}

static bool fault_of(sp_spec_fault *fault, const char *field, const char *detail)
{
    *fault = (sp_spec_fault){field, detail};
    return false;
}

static bool texts_check(const sp_concert_spec *spec, sp_spec_fault *fault)
{
    if (!sp_text_fits(spec->name, SP_CONCERT_NAME_SIZE_MAX))
        return fault_of(fault, "name", "must be 1 to 200 bytes of UTF-8");
    if (!sp_text_fits_or_absent(spec->description, SP_DESCRIPTION_SIZE_MAX))
        return fault_of(fault, "description", "must be at most 8000 bytes of UTF-8");
    if (!sp_text_fits_or_absent(spec->image_url, SP_URL_SIZE_MAX))
        return fault_of(fault, "imageUrl", "must be at most 1000 bytes of UTF-8");
    if (!sp_text_fits_or_absent(spec->address, SP_ADDRESS_SIZE_MAX))
        return fault_of(fault, "address", "must be at most 500 bytes of UTF-8");
    return true;
}

static bool numbers_check(const sp_concert_spec *spec, sp_spec_fault *fault)
{
    if (spec->running_time_min > SP_RUNNING_TIME_MIN_MAX)
        return fault_of(fault, "runningTime", "must be at most 6000 minutes");
    if ((int)spec->age_limit < SP_AGE_ZERO || (int)spec->age_limit > SP_AGE_NINETEEN)
        return fault_of(fault, "ageLimit", "must be a known age limit");
    if (spec->max_seats_per_user < 1 || spec->max_seats_per_user > SP_MAX_SEATS_PER_USER_MAX)
        return fault_of(fault, "maxSeatsPerUser", "must be 1 to 1000");
    if (spec->hold_seconds < SP_HOLD_SECONDS_MIN || spec->hold_seconds > SP_HOLD_SECONDS_MAX)
        return fault_of(fault, "holdSeconds", "must be 10 to 7200");
    return true;
}

static bool time_in_range(sp_time_ms time)
{
    return time > 0 && time <= SP_TIME_MAX;
}

static bool dates_check(const sp_concert_spec *spec, sp_spec_fault *fault)
{
    if (!time_in_range(spec->start_date))
        return fault_of(fault, "startDate", "must be between 1970 and 9999");
    if (!time_in_range(spec->end_date))
        return fault_of(fault, "endDate", "must be between 1970 and 9999");
    if (!time_in_range(spec->concert_date))
        return fault_of(fault, "concertDate", "must be between 1970 and 9999");
    if (spec->start_date >= spec->end_date)
        return fault_of(fault, "endDate", "must be after startDate");
    if (spec->end_date > spec->concert_date)
        return fault_of(fault, "concertDate", "must not be before endDate");
    if (spec->cancel_until <= 0 || spec->cancel_until > spec->end_date)
        return fault_of(fault, "cancelUntil", "must not be after endDate");
    return true;
}

/* One grade; adds what it takes to *size. The sums can't overflow: each is
 * checked against its limit before the next addition. */
static bool grade_check(const sp_grade_spec *grade, sp_spec_size *size, sp_spec_fault *fault)
{
    if (!sp_text_fits(grade->name, SP_GRADE_NAME_SIZE_MAX))
        return fault_of(fault, "grades", "a grade's name must be 1 to 40 bytes of UTF-8");
    if (grade->price < 0 || grade->price > SP_PRICE_MAX)
        return fault_of(fault, "grades", "a price must be 0 to 1000000000");
    if (grade->rows_count == 0 || !grade->row_sizes)
        return fault_of(fault, "grades", "a grade must have a row");
    if (grade->rows_count > SP_ROWS_PER_CONCERT_MAX - size->rows_count)
        return fault_of(fault, "grades", "there must be at most 20000 rows");
    size->rows_count += grade->rows_count;
    for (uint32_t i = 0; i < grade->rows_count; i++) {
        if (grade->row_sizes[i] == 0)
            return fault_of(fault, "grades", "a row must have a seat");
        if (grade->row_sizes[i] > SP_SEATS_PER_CONCERT_MAX - size->seats_count)
            return fault_of(fault, "grades", "there must be at most 200000 seats");
        size->seats_count += grade->row_sizes[i];
    }
    return true;
}

bool sp_spec_check(const sp_concert_spec *spec, sp_spec_size *size, sp_spec_fault *fault)
{
    *size = (sp_spec_size){0};
    if (!texts_check(spec, fault) || !numbers_check(spec, fault) || !dates_check(spec, fault))
        return false;
    if (!spec->grades || spec->grades_count < 1 || spec->grades_count > SP_GRADES_PER_CONCERT_MAX)
        return fault_of(fault, "grades", "there must be 1 to 64 grades");
    for (uint32_t i = 0; i < spec->grades_count; i++)
        if (!grade_check(&spec->grades[i], size, fault))
            return false;
    size->grades_count = spec->grades_count;
    size->card_bytes = sp_card_bytes(spec, size->rows_count, NULL);
    return true;
}

bool sp_spec_grades_equal(const sp_concert_spec *a, const sp_concert_spec *b)
{
    if (a->grades_count != b->grades_count)
        return false;
    for (uint32_t i = 0; i < a->grades_count; i++) {
        const sp_grade_spec *left = &a->grades[i], *right = &b->grades[i];
        if (!sp_text_equal(left->name, right->name) || left->price != right->price ||
            left->rows_count != right->rows_count ||
            memcmp(left->row_sizes, right->row_sizes,
                   left->rows_count * sizeof(*left->row_sizes)) != 0)
            return false;
    }
    return true;
}

static void patch_texts(sp_concert_spec *spec, const sp_concert_patch *patch)
{
    if (sp_patch_has(patch, SP_PATCH_NAME))
        spec->name = patch->spec.name;
    if (sp_patch_has(patch, SP_PATCH_DESCRIPTION))
        spec->description = patch->spec.description;
    if (sp_patch_has(patch, SP_PATCH_IMAGE_URL))
        spec->image_url = patch->spec.image_url;
    if (sp_patch_has(patch, SP_PATCH_ADDRESS))
        spec->address = patch->spec.address;
}

static void patch_numbers(sp_concert_spec *spec, const sp_concert_patch *patch)
{
    if (sp_patch_has(patch, SP_PATCH_CATEGORY))
        spec->category = patch->spec.category;
    if (sp_patch_has(patch, SP_PATCH_RUNNING_TIME))
        spec->running_time_min = patch->spec.running_time_min;
    if (sp_patch_has(patch, SP_PATCH_AGE_LIMIT))
        spec->age_limit = patch->spec.age_limit;
    if (sp_patch_has(patch, SP_PATCH_MAX_SEATS))
        spec->max_seats_per_user = patch->spec.max_seats_per_user;
    if (sp_patch_has(patch, SP_PATCH_HOLD_SECONDS))
        spec->hold_seconds = patch->spec.hold_seconds;
    if (sp_patch_has(patch, SP_PATCH_NO_ORPHANS))
        spec->no_orphans = patch->spec.no_orphans;
}

/* One that is what the default was is taken for the default. */
static void patch_dates(sp_concert_spec *spec, const sp_concert_patch *patch)
{
    bool follows =
        spec->cancel_until == sp_spec_cancel_until_default(spec->start_date, spec->end_date);

    if (sp_patch_has(patch, SP_PATCH_START_DATE))
        spec->start_date = patch->spec.start_date;
    if (sp_patch_has(patch, SP_PATCH_END_DATE))
        spec->end_date = patch->spec.end_date;
    if (sp_patch_has(patch, SP_PATCH_CONCERT_DATE))
        spec->concert_date = patch->spec.concert_date;
    if (sp_patch_has(patch, SP_PATCH_CANCEL_UNTIL)) {
        spec->cancel_until = patch->spec.cancel_until;
        follows = spec->cancel_until == 0;
    }
    if (follows)
        spec->cancel_until = sp_spec_cancel_until_default(spec->start_date, spec->end_date);
}

sp_concert_spec sp_spec_patched(const sp_concert_spec *spec, const sp_concert_patch *patch)
{
    sp_concert_spec patched = *spec;

    patch_texts(&patched, patch);
    patch_numbers(&patched, patch);
    patch_dates(&patched, patch);
    if (sp_patch_has(patch, SP_PATCH_GRADES)) {
        patched.grades = patch->spec.grades;
        patched.grades_count = patch->spec.grades_count;
    }
    return patched;
}
