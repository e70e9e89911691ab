/* SPDX-License-Identifier: MIT
 *
 * Answers that are problems. Most routes share most of them, so those that more
 * than one has are components, named by their codes; their names stay when rows
 * are added.
 */
#include <stdio.h>

#include "net/openapi_private.h"

/* All problems of one status that a route can answer. */
typedef struct refusal {
    sp_outcome_set set;
    int status;
    bool limited; /* with the headers of the rate limit */
} refusal;

/* false: it has none of this status. */
static bool find_refusal(const sp_outcome_set *set, int status, bool limited, refusal *out)
{
    bool found = false;
    *out = (refusal){.status = status, .limited = limited};
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++) {
        if (!sp_outcome_set_has(set, number) || sp_outcome_row_of(number)->http_status != status)
            continue;
        sp_outcome_set_add(&out->set, number);
        found = true;
    }
    return found;
}

static bool find_refusal_of_route(const sp_route *route, int status, refusal *out)
{
    sp_outcome_set set = sp_route_outcomes(route);
    return find_refusal(&set, status, sp_outcome_set_has(&set, SP_RATE_LIMITED), out);
}

static bool is_same(const refusal *a, const refusal *b)
{
    return a->status == b->status && a->limited == b->limited &&
           memcmp(&a->set, &b->set, sizeof a->set) == 0;
}

/* So many of the first rows of the table have it. */
static uint32_t count_uses(const refusal *r, uint32_t rows_count)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows_count; i++) {
        refusal other;
        count += find_refusal_of_route(&sp_routes[i], r->status, &other) && is_same(r, &other);
    }
    return count;
}

/* `seat_taken.orphan_seat`: its codes; its limit too, if it has one. */
static void print_name(sp_out *out, const refusal *r)
{
    bool first = true;
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++) {
        if (!sp_outcome_set_has(&r->set, number))
            continue;
        sp_out_string(out, first ? "" : ".");
        sp_out_string(out, sp_outcome_row_of(number)->code);
        first = false;
    }
    if (r->limited)
        sp_out_string(out, "-limited");
}

/* A line a code. */
static void put_problem_words(sp_json_writer *json, const refusal *r)
{
    sp_out words;
    sp_out_init(&words);
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++) {
        const sp_outcome_row *row =
            sp_outcome_set_has(&r->set, number) ? sp_outcome_row_of(number) : NULL;
        if (!row)
            continue;
        if (words.size > 0)
            sp_out_string(&words, "\n");
        sp_out_string(&words, "* `");
        sp_out_string(&words, row->code);
        sp_out_string(&words, "`: ");
        sp_out_string(&words, row->title);
    }
    sp_json_put_text(json, "description", (sp_text){words.bytes, (uint32_t)words.size});
    sp_out_close(&words);
}

/* All codes of a status may be tried again, or none. */
static bool is_retryable(const refusal *r)
{
    bool some = false, all = true;
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++)
        if (sp_outcome_set_has(&r->set, number)) {
            some |= sp_outcome_row_of(number)->retryable;
            all &= sp_outcome_row_of(number)->retryable;
        }
    SP_ASSERT(some == all);
    return all;
}

static void put_problem_headers(sp_json_writer *json, const refusal *r)
{
    sp_openapi_begin_headers(json, r->limited);
    if (r->status == 401)
        sp_openapi_put_header(json, SP_OPENAPI_WWW_AUTHENTICATE);
    if (is_retryable(r))
        sp_openapi_put_header(json, SP_OPENAPI_RETRY_AFTER);
}

static void begin_problem_content(sp_json_writer *json)
{
    sp_json_key(json, "content");
    sp_json_object(json);
    sp_json_key(json, "application/problem+json");
    sp_json_object(json);
    sp_json_key(json, "schema");
}

static void end_problem_content(sp_json_writer *json)
{
    sp_json_object_end(json);
    sp_json_object_end(json);
}

static void put_value(sp_json_writer *json, const refusal *r)
{
    sp_json_object(json);
    put_problem_words(json, r);
    put_problem_headers(json, r);
    sp_json_object_end(json);
    begin_problem_content(json);
    sp_openapi_put_problem_choice(json, &r->set, r->status);
    end_problem_content(json);
    sp_json_object_end(json);
}

static void put_ref(sp_json_writer *json, const refusal *r)
{
    sp_out ref;
    sp_out_init(&ref);
    sp_out_string(&ref, "#/components/responses/");
    print_name(&ref, r);
    sp_json_object(json);
    sp_json_put_text(json, "$ref", (sp_text){ref.bytes, (uint32_t)ref.size});
    sp_json_object_end(json);
    sp_out_close(&ref);
}

static void put_refusal(sp_json_writer *json, const refusal *r)
{
    char number[12];
    snprintf(number, sizeof number, "%d", r->status);
    sp_json_key(json, number);
    if (count_uses(r, sp_routes_count) > 1)
        put_ref(json, r);
    else
        put_value(json, r);
}

void sp_openapi_put_refusals(sp_json_writer *json, const sp_outcome_set *set, bool limited)
{
    for (unsigned i = 0; i < SP_STATUSES_COUNT; i++) {
        refusal r;
        if (find_refusal(set, sp_status_number((sp_status)i), limited, &r))
            put_refusal(json, &r);
    }
}

/* Where the first of those who share it stands. */
static void put_shared_of(sp_json_writer *json, uint32_t row)
{
    for (unsigned i = 0; i < SP_STATUSES_COUNT; i++) {
        refusal r;
        sp_out name;
        if (!find_refusal_of_route(&sp_routes[row], sp_status_number((sp_status)i), &r) ||
            count_uses(&r, row) > 0 || count_uses(&r, sp_routes_count) < 2)
            continue;
        sp_out_init(&name);
        print_name(&name, &r);
        sp_out_bytes(&name, "", 1);
        sp_json_key(json, name.bytes);
        put_value(json, &r);
        sp_out_close(&name);
    }
}

void sp_openapi_put_shared_refusals(sp_json_writer *json)
{
    sp_json_object(json);
    for (uint32_t row = 0; row < sp_routes_count; row++)
        put_shared_of(json, row);
    sp_json_object_end(json);
}

/* Headers that no operation's answer has, or has like this. */
static const sp_schema_field allow =
    SP_KEY("Allow", TEXT, .pattern = "^[A-Z]+(, [A-Z]+)*$", .about = "The methods that there are.");
static const char *const no_store[] = {"no-store", NULL};
static const sp_schema_field cache_of_tokens =
    SP_KEY("Cache-Control", CHOICE, .choices = no_store, .optional = true,
           .about = "There if a token was sent.");

static void put_own_header(sp_json_writer *json, const sp_schema_field *header)
{
    sp_json_key(json, header->name);
    sp_json_object(json);
    sp_json_key(json, "required");
    sp_json_boolean(json, !header->optional);
    sp_json_key(json, "schema");
    sp_openapi_put_field(json, header);
    sp_json_object_end(json);
}

/* What OPTIONS is answered. */
static void put_options(sp_json_writer *json)
{
    sp_openapi_begin_answer(json, 204);
    sp_json_put_string(json, "description", "To OPTIONS: what the path takes.");
    sp_json_key(json, "headers");
    sp_json_object(json);
    sp_openapi_put_header(json, SP_OPENAPI_REQUEST_ID);
    put_own_header(json, &cache_of_tokens);
    put_own_header(json, &allow);
    sp_json_object_end(json);
    sp_json_object_end(json);
}

/* A code that no operation has is no component. */
static void put_own_problem(sp_json_writer *json, sp_outcome outcome)
{
    const sp_outcome_row *row = sp_outcome_row_of(outcome);
    sp_openapi_begin_answer(json, row->http_status);
    sp_json_put_string(json, "description", row->title);
    sp_openapi_begin_headers(json, true);
    if (outcome == SP_METHOD_NOT_ALLOWED)
        put_own_header(json, &allow);
    sp_json_object_end(json);
    begin_problem_content(json);
    sp_openapi_put_problem(json, outcome);
    end_problem_content(json);
    sp_json_object_end(json);
}

void sp_openapi_put_unrouted(sp_json_writer *json)
{
    sp_outcome_set set = sp_unrouted_outcomes();
    sp_json_object(json);
    sp_json_put_string(
        json, "description",
        "What is answered to OPTIONS, to other methods and to other paths. A listener "
        "of --ops-listen has nothing but health and figures: there all other "
        "paths are such.");
    sp_json_key(json, "responses");
    sp_json_object(json);
    put_options(json);
    for (unsigned i = 0; i < SP_STATUSES_COUNT; i++) {
        refusal r;
        int status = sp_status_number((sp_status)i);
        if (status == 404)
            put_own_problem(json, SP_ROUTE_UNKNOWN);
        else if (status == 405)
            put_own_problem(json, SP_METHOD_NOT_ALLOWED);
        else if (find_refusal(&set, status, true, &r))
            put_refusal(json, &r);
    }
    sp_json_object_end(json);
    sp_json_object_end(json);
}
