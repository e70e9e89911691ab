/* SPDX-License-Identifier: MIT */
#include "engine/assert.h"
#include "net/encode.h"

const char *sp_concert_status(const sp_concert_spec *spec, sp_sale sale, sp_time_ms now)
{
    if (sale == SP_SALE_CANCELLED)
        return "CANCELLED";
    if (now >= spec->end_date)
        return "CLOSED";
    if (sale == SP_SALE_PAUSED)
        return "PAUSED";
    return now < spec->start_date ? "UPCOMING" : "ON_SALE";
}

static void put_grades_with_counts(sp_json_writer *json, const sp_concert_at *at)
{
    sp_json_key(json, "grades");
    sp_json_array(json);
    for (uint32_t i = 0; i < at->card->spec.grades_count; i++) {
        const sp_card_grade *grade = &at->card->grades[i];
        sp_seat_counts counts =
            sp_seats_count(at->sold, at->held, grade->first_seat, grade->seats_count);
        sp_json_object(json);
        sp_encode_grade(json, at->card, grade);
        sp_json_put_integer(json, "free", counts.free);
        sp_json_put_integer(json, "held", counts.held);
        sp_json_put_integer(json, "sold", counts.sold);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
}

void sp_encode_category(sp_json_writer *json, sp_category_id category, sp_text name)
{
    sp_json_object(json);
    sp_json_put_id(json, "id", category);
    sp_json_put_text(json, "name", name);
    sp_json_object_end(json);
}

void sp_encode_concert(sp_json_writer *json, const sp_concert_at *at)
{
    const sp_concert_spec *spec = &at->card->spec;
    sp_json_object(json);
    sp_json_put_id(json, "id", at->card->id);
    sp_json_put_integer(json, "seq", (int64_t)at->seq);
    sp_json_put_string(json, "status", sp_concert_status(spec, at->sale, at->now));
    sp_json_key(json, "category");
    sp_encode_category(json, spec->category, at->category_name);
    sp_json_put_id(json, "hostId", at->card->host);
    sp_json_put_text(json, "name", spec->name);
    sp_json_put_text(json, "description",
                     spec->description.bytes ? spec->description : SP_TEXT(""));
    /* No picture is null; the engine may keep absent and empty alike. */
    sp_json_put_text(json, "imageUrl", spec->image_url.size ? spec->image_url : (sp_text){NULL, 0});
    sp_json_put_text(json, "address", spec->address.bytes ? spec->address : SP_TEXT(""));
    sp_json_put_integer(json, "runningTime", spec->running_time_min);
    sp_json_put_string(json, "ageLimit", sp_age_limit_name(spec->age_limit));
    sp_json_put_time(json, "startDate", spec->start_date);
    sp_json_put_time(json, "endDate", spec->end_date);
    sp_json_put_time(json, "concertDate", spec->concert_date);
    sp_json_put_time(json, "cancelUntil", spec->cancel_until);
    sp_json_put_integer(json, "maxSeatsPerUser", spec->max_seats_per_user);
    sp_json_put_integer(json, "holdSeconds", spec->hold_seconds);
    sp_json_key(json, "noOrphans");
    sp_json_boolean(json, spec->no_orphans);
    put_grades_with_counts(json, at);
    sp_json_put_time(json, "now", at->now);
    sp_json_put_time(json, "createdAt", at->card->created_at);
    sp_json_object_end(json);
}
