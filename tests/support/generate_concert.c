/* SPDX-License-Identifier: MIT */
#include "engine/assert.h"
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

/* All that a host may state, into out->spec. */
static void concert_spec(sp_random *random, const sp_reference *r, sp_time_ms now,
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
}

void sp_generate_concert_create(sp_random *random, const sp_reference *r, sp_time_ms now,
                                sp_generated *out)
{
    concert_spec(random, r, now, out);
    out->command.concert_create.spec = &out->spec;
}

/* ---- Changing one ---- */

static bool has_orders(const sp_reference *r, sp_concert_id id)
{
    for (uint32_t i = 0; i < r->orders_count; i++)
        if (r->orders[i].concert == id && r->orders[i].cancelled_at == 0)
            return true;
    return false;
}

/* One that is worth to be changed so: resumed if it is paused, cancelled if there is
 * something to refund. */
static bool is_worth(const sp_reference *r, sp_concert_id id, sp_command_type type)
{
    const sp_reference_concert *concert = &r->concerts[id - 1];
    if (type == SP_COMMAND_CONCERT_RESUME)
        return concert->sale == SP_SALE_PAUSED;
    if (type == SP_COMMAND_CONCERT_CANCEL)
        return concert->sale != SP_SALE_CANCELLED && has_orders(r, id);
    return concert->sale == SP_SALE_OPEN;
}

/* Mostly its host, whatever his role is by now, or an ADMIN; also anybody. */
static sp_user_id one_to_change(sp_random *random, const sp_reference *r, sp_user_id host)
{
    if (sp_random_once_in(random, 30))
        return 0;
    if (sp_random_once_in(random, 8))
        return sp_generate_user(random, r);
    return sp_random_once_in(random, 4) ? sp_generate_user_of_role(random, r, SP_ROLE_HOST) : host;
}

sp_concert_id sp_generate_concert_to_change(sp_random *random, const sp_reference *r, sp_command *c)
{
    sp_concert_id id = 0;
    /* Also the newest, and one that is to come: perhaps made by then. */
    if (r->concerts_count == 0 || sp_random_once_in(random, 12)) {
        c->actor = sp_generate_user_of_role(random, r, SP_ROLE_HOST);
        return r->concerts_count + (sp_concert_id)sp_random_below(random, 2);
    }
    for (uint32_t tries = 0; tries < 6; tries++) {
        id = 1 + (sp_concert_id)sp_random_below(random, r->concerts_count);
        if (is_worth(r, id, c->type))
            break;
    }
    c->actor = one_to_change(random, r, r->concerts[id - 1].host);
    return id;
}

static sp_text text_copied(sp_generated *out, sp_text text)
{
    char *begin = out->text + out->text_size;
    SP_ASSERT_CMP(out->text_size + text.size, <=, sizeof out->text);
    memcpy(begin, text.bytes, text.size);
    out->text_size += text.size;
    return (sp_text){begin, text.size};
}

/* Those that it has, or nearly; copied, since the command outlives them. */
static void grades_again(sp_random *random, const sp_reference_concert *concert, sp_generated *out)
{
    const sp_concert_spec *from = &concert->stated->concert_created.spec;
    uint32_t *row = out->row_sizes;
    for (uint32_t g = 0; g < from->grades_count; g++) {
        sp_grade_spec *to = &out->grades[g];
        *to = from->grades[g];
        to->name = text_copied(out, to->name);
        memcpy(row, to->row_sizes, to->rows_count * sizeof *row);
        to->row_sizes = row;
        row += to->rows_count;
    }
    out->patch.spec.grades = out->grades;
    out->patch.spec.grades_count = from->grades_count;
    if (!sp_random_once_in(random, 4))
        return;
    sp_grade_spec *grade = &out->grades[sp_random_below(random, from->grades_count)];
    switch (sp_random_below(random, 3)) {
    case 0:
        grade->price = grade->price == 0 ? 1 : grade->price - 1;
        break;
    case 1:
        grade->name = sp_generate_text(random, out, SP_GRADE_NAME_SIZE_MAX);
        break;
    default: /* a row less, or one that is one larger */
        if (grade->rows_count > 1)
            grade->rows_count--;
        else
            out->row_sizes[grade->row_sizes - out->row_sizes]++;
        break;
    }
}

/* The window closes now or soon, or has; what is held outlives it. */
static void window_move(sp_random *random, const sp_reference_concert *concert, sp_time_ms now,
                        sp_concert_patch *patch)
{
    static const sp_time_ms steps[] = {-1, 0, 1, 2, 5000, HOUR_MS};
    sp_time_ms end = now + ONE_OF(random, steps);
    patch->fields = 1u << SP_PATCH_END_DATE;
    patch->spec.end_date = end > concert->start_date ? end : concert->start_date + 1;
    if (sp_random_once_in(random, 4)) { /* … or opens later */
        patch->fields |= 1u << SP_PATCH_START_DATE;
        patch->spec.start_date = now + 1;
        patch->spec.end_date = now + HOUR_MS;
    }
    if (patch->spec.end_date > concert->concert_date) {
        patch->fields |= 1u << SP_PATCH_CONCERT_DATE;
        patch->spec.concert_date = patch->spec.end_date;
    }
    if (sp_random_once_in(random, 3)) {
        patch->fields |= 1u << SP_PATCH_CANCEL_UNTIL;
        patch->spec.cancel_until = sp_random_once_in(random, 2) ? 0 : patch->spec.end_date;
    }
}

void sp_generate_concert_edit(sp_random *random, const sp_reference *r, sp_time_ms now,
                              sp_generated *out)
{
    sp_command *c = &out->command;
    sp_concert_patch *patch = &out->patch;
    sp_concert_id id = sp_generate_concert_to_change(random, r, c);
    bool is_one = id >= 1 && id <= r->concerts_count;
    c->concert_edit.concert = id;
    c->concert_edit.patch = patch;
    concert_spec(random, r, now, out);
    patch->spec = out->spec;
    patch->fields = (uint32_t)sp_random_below(random, UINT64_C(1) << (SP_PATCH_GRADES + 1)) &
                    (uint32_t)sp_random_below(random, UINT64_C(1) << (SP_PATCH_GRADES + 1));
    if (is_one && sp_random_once_in(random, 4))
        window_move(random, &r->concerts[id - 1], now, patch);
    else if (sp_random_once_in(random, 2)) /* dates that go together */
        patch->fields |= 1u << SP_PATCH_START_DATE | 1u << SP_PATCH_END_DATE |
                         1u << SP_PATCH_CONCERT_DATE | 1u << SP_PATCH_CANCEL_UNTIL;
    if (sp_random_once_in(random, 3))
        patch->fields |= 1u << SP_PATCH_GRADES;
    if (is_one && sp_random_once_in(random, 2))
        grades_again(random, &r->concerts[id - 1], out);
    if (sp_random_once_in(random, 8)) /* a description that is taken away, or emptied */
        patch->spec.description = sp_random_once_in(random, 2) ? (sp_text){NULL, 0} : SP_TEXT("");
}

void sp_generate_edit_by(sp_random *random, const sp_reference *r, sp_time_ms now,
                         sp_concert_id concert, sp_user_id actor, sp_generated *out)
{
    memset(&out->command, 0, sizeof out->command);
    out->text_size = 0;
    out->command.type = SP_COMMAND_CONCERT_EDIT;
    sp_generate_concert_edit(random, r, now, out);
    out->command.concert_edit.concert = concert;
    out->command.actor = actor;
}
