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
    size->card_bytes = sp_card_bytes(spec, size->rows_count);
    return true;
}
