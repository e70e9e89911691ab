/* SPDX-License-Identifier: MIT
 *
 * Answers: by status, with their headers (net/answer.c writes these) and bodies.
 */
#include <stdio.h>

#include "net/app.h"
#include "net/openapi_private.h"

static const char *const cache_controls[] = {"no-store", "no-cache", NULL};
static const char *const trues[] = {"true", NULL};

typedef enum header {
    REQUEST_ID,
    CACHE_CONTROL,
    LOCATION,
    ETAG,
    VARY,
    REPLAYED,
    LIMIT,
    REMAINING,
    RESET,
    RETRY_AFTER,
    WWW_AUTHENTICATE,
    HEADERS_COUNT
} header;

/* What is optional is there or not by what the request or the installation is. */
static const sp_schema_field headers[HEADERS_COUNT] = {
    [REQUEST_ID] = SP_KEY("X-Request-Id", TEXT, .pattern = SP_PATTERN_REQUEST_ID,
                          .example = "\"00c0ffee00c0ffee\"",
                          .about = "The client's own, if he sent a good one; else ours."),
    [CACHE_CONTROL] = SP_KEY("Cache-Control", CHOICE, .choices = cache_controls,
                             .about = "`no-store` wherever a token was sent."),
    [LOCATION] = SP_KEY("Location", TEXT, .pattern = "^/v1/", .example = "\"/v1/orders/1\"",
                        .about = "Where it is to be found."),
    [ETAG] = SP_KEY("ETag", TEXT, .pattern = "^\"[!#-~]+\"$", .example = "\"\\\"1-42\\\"\"",
                    .about = "Send it as If-None-Match."),
    [VARY] = SP_KEY("Vary", TEXT, .pattern = "Accept", .example = "\"Accept\"",
                    .about = "There are two forms."),
    [REPLAYED] = SP_KEY("Idempotency-Replayed", CHOICE, .choices = trues, .optional = true,
                        .about = "There if this was done before, with this Idempotency-Key."),
    [LIMIT] = SP_KEY("RateLimit-Limit", INTEGER, .min = 1, .max = SP_WRITES_PER_S_MAX,
                     .optional = true, .example = "50",
                     .about = "Writes a second. There if they are limited and were counted."),
    [REMAINING] = SP_KEY("RateLimit-Remaining", INTEGER, .max = SP_WRITES_PER_S_MAX,
                         .optional = true, .example = "49"),
    [RESET] = SP_KEY("RateLimit-Reset", INTEGER, .max = SP_POINTS_TOTAL_MAX, .optional = true,
                     .example = "1", .about = "Seconds until it is full again."),
    [RETRY_AFTER] = SP_KEY("Retry-After", INTEGER, .min = 1, .max = SP_POINTS_TOTAL_MAX,
                           .example = "1", .about = "Try again after so many seconds."),
    [WWW_AUTHENTICATE] = SP_KEY("WWW-Authenticate", TEXT, .pattern = "^Bearer",
                                .example = "\"Bearer error=\\\"invalid_token\\\"\""),
};

void sp_openapi_put_headers(sp_json_writer *json)
{
    sp_json_object(json);
    for (unsigned i = 0; i < HEADERS_COUNT; i++) {
        sp_schema_field bare = headers[i];
        bare.about = NULL;
        sp_json_key(json, headers[i].name);
        sp_json_object(json);
        if (headers[i].about)
            sp_json_put_string(json, "description", headers[i].about);
        sp_json_key(json, "required");
        sp_json_boolean(json, !headers[i].optional);
        sp_json_key(json, "schema");
        sp_openapi_put_field(json, &bare);
        sp_json_key(json, "example");
        sp_openapi_put_field_example(json, &headers[i]);
        sp_json_object_end(json);
    }
    sp_json_object_end(json);
}

static void put_header(sp_json_writer *json, header which)
{
    char ref[64];
    snprintf(ref, sizeof ref, "#/components/headers/%s", headers[which].name);
    sp_json_key(json, headers[which].name);
    sp_json_object(json);
    sp_json_put_string(json, "$ref", ref);
    sp_json_object_end(json);
}

/* Begins an answer, and its headers with those that all have. */
static void begin_answer(sp_json_writer *json, int status)
{
    char number[12];
    snprintf(number, sizeof number, "%d", status);
    sp_json_key(json, number);
    sp_json_object(json);
}

static void begin_headers(sp_json_writer *json, bool limited)
{
    sp_json_key(json, "headers");
    sp_json_object(json);
    put_header(json, REQUEST_ID);
    put_header(json, CACHE_CONTROL);
    if (limited) {
        put_header(json, LIMIT);
        put_header(json, REMAINING);
        put_header(json, RESET);
    }
}

/* Every variant has an example of its own, by its name. */
static void put_examples(sp_json_writer *json, sp_schema schema)
{
    const sp_schema_shape *shape = sp_schema_shape_of(schema);
    if (!shape->variants || shape->events) {
        sp_json_key(json, "example");
        sp_openapi_put_example(json, schema);
        return;
    }
    sp_json_key(json, "examples");
    sp_json_object(json);
    for (const sp_schema *one = shape->variants; *one != SP_SCHEMA_UNNAMED; one++) {
        const sp_schema_row *row = sp_schema_row_of(*one);
        sp_json_key(json, row->name);
        sp_json_object(json);
        sp_json_put_string(json, "summary", row->meaning);
        sp_json_key(json, "value");
        sp_openapi_put_example(json, *one);
        sp_json_object_end(json);
    }
    sp_json_object_end(json);
}

static void put_media(sp_json_writer *json, const char *type, sp_schema schema, bool has_examples)
{
    sp_json_key(json, type);
    sp_json_object(json);
    sp_json_key(json, "schema");
    sp_openapi_put_ref(json, sp_schema_row_of(schema)->name);
    if (has_examples)
        put_examples(json, schema);
    sp_json_object_end(json);
}

void sp_openapi_put_content(sp_json_writer *json, sp_schema schema, bool msgpack)
{
    const sp_schema_shape *shape = sp_schema_shape_of(schema);
    const char *type = shape->text_type ? shape->text_type : "application/json";
    sp_json_key(json, "content");
    sp_json_object(json);
    put_media(json, shape->events ? "text/event-stream" : type, schema, true);
    if (msgpack) /* the same value in other bytes: an example would be the same too */
        put_media(json, "application/msgpack", schema, false);
    sp_json_object_end(json);
}

static bool is_empty(const sp_route *route)
{
    return route->response == SP_SCHEMA_EMPTY;
}

static int success_of(const sp_route *route)
{
    return route->status ? route->status : is_empty(route) ? 204 : 200;
}

static void put_success(sp_json_writer *json, const sp_route *route, bool limited)
{
    int status = success_of(route);
    begin_answer(json, status);
    sp_json_put_string(json, "description", sp_schema_row_of(route->response)->meaning);
    begin_headers(json, limited);
    if (status == 201 || status == 202)
        put_header(json, LOCATION);
    if (route->also == 304)
        put_header(json, ETAG);
    if (route->msgpack)
        put_header(json, VARY);
    if (route->keyed)
        put_header(json, REPLAYED);
    sp_json_object_end(json);
    if (!is_empty(route))
        sp_openapi_put_content(json, route->response, route->msgpack);
    sp_json_object_end(json);
}

static void put_also(sp_json_writer *json, const sp_route *route, bool limited)
{
    if (route->also == 0)
        return;
    begin_answer(json, route->also);
    sp_json_put_string(json, "description",
                       route->also == 304 ? "It is what If-None-Match says."
                                          : "There is nothing more to come.");
    begin_headers(json, limited);
    if (route->also == 304)
        put_header(json, ETAG);
    if (route->msgpack)
        put_header(json, VARY);
    sp_json_object_end(json);
    sp_json_object_end(json);
}

static bool has_status(const sp_outcome_set *set, int status)
{
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++)
        if (sp_outcome_set_has(set, number) && sp_outcome_row_of(number)->http_status == status)
            return true;
    return false;
}

/* `a`, or `b`: what it means. */
static void put_problem_words(sp_json_writer *json, const sp_outcome_set *set, int status)
{
    sp_out words;
    sp_out_init(&words);
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++) {
        const sp_outcome_row *row =
            sp_outcome_set_has(set, number) ? sp_outcome_row_of(number) : NULL;
        if (!row || row->http_status != status)
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

/* All codes of these statuses may be tried again. */
static bool is_retryable(int status)
{
    return status == 408 || status == 429 || status == 503;
}

static void put_problem_headers(sp_json_writer *json, int status, bool limited)
{
    begin_headers(json, limited);
    if (status == 401)
        put_header(json, WWW_AUTHENTICATE);
    if (is_retryable(status))
        put_header(json, RETRY_AFTER);
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

static void put_problem(sp_json_writer *json, const sp_outcome_set *set, int status, bool limited)
{
    begin_answer(json, status);
    put_problem_words(json, set, status);
    put_problem_headers(json, status, limited);
    sp_json_object_end(json);
    begin_problem_content(json);
    sp_openapi_put_problem_choice(json, set, status);
    end_problem_content(json);
    sp_json_object_end(json);
}

static void put_problems(sp_json_writer *json, const sp_outcome_set *set, bool limited)
{
    for (unsigned i = 0; i < SP_STATUSES_COUNT; i++) {
        int status = sp_status_number((sp_status)i);
        if (has_status(set, status))
            put_problem(json, set, status, limited);
    }
}

void sp_openapi_put_answers(sp_json_writer *json, const sp_route *route)
{
    sp_outcome_set set = sp_route_outcomes(route);
    bool limited = sp_outcome_set_has(&set, SP_RATE_LIMITED);
    sp_json_object(json);
    put_success(json, route, limited);
    put_also(json, route, limited);
    put_problems(json, &set, limited);
    sp_json_object_end(json);
}

/* Which methods there are. */
static void put_allow(sp_json_writer *json)
{
    static const sp_schema_field allow = SP_KEY("Allow", TEXT, .pattern = "^[A-Z]+(, [A-Z]+)*$",
                                                .about = "The methods that there are.");
    sp_json_key(json, "Allow");
    sp_json_object(json);
    sp_json_key(json, "required");
    sp_json_boolean(json, true);
    sp_json_key(json, "schema");
    sp_openapi_put_field(json, &allow);
    sp_json_object_end(json);
}

/* What OPTIONS is answered. It has no Cache-Control unless a token was sent. */
static void put_options(sp_json_writer *json)
{
    begin_answer(json, 204);
    sp_json_put_string(json, "description", "To OPTIONS: what the path takes.");
    sp_json_key(json, "headers");
    sp_json_object(json);
    put_header(json, REQUEST_ID);
    put_allow(json);
    sp_json_object_end(json);
    sp_json_object_end(json);
}

/* A code that no operation has is no component. */
static void put_own_problem(sp_json_writer *json, sp_outcome outcome)
{
    const sp_outcome_row *row = sp_outcome_row_of(outcome);
    begin_answer(json, row->http_status);
    sp_json_put_string(json, "description", row->title);
    begin_headers(json, true);
    if (outcome == SP_METHOD_NOT_ALLOWED)
        put_allow(json);
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
    sp_json_put_string(json, "description",
                       "What is answered to OPTIONS, to other methods and to other paths.");
    sp_json_key(json, "responses");
    sp_json_object(json);
    put_options(json);
    for (unsigned i = 0; i < SP_STATUSES_COUNT; i++) {
        int status = sp_status_number((sp_status)i);
        if (status == 404)
            put_own_problem(json, SP_ROUTE_UNKNOWN);
        else if (status == 405)
            put_own_problem(json, SP_METHOD_NOT_ALLOWED);
        else if (has_status(&set, status))
            put_problem(json, &set, status, true);
    }
    sp_json_object_end(json);
    sp_json_object_end(json);
}
