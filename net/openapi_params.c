/* SPDX-License-Identifier: MIT
 *
 * Parameters: of the path, of the query, and those headers that a route reads.
 * Tokens and tickets are no parameters here but ways to say who asks.
 */
#include <stddef.h>

#include "net/openapi_private.h"

static const sp_schema_field path_id = SP_KEY("id", ID);
static const sp_schema_field path_job =
    SP_KEY("job", TEXT, .pattern = SP_PATTERN_JOB,
           .example = "\"0123456789abcdef0123456789abcdef\"", .about = "A job's id.");

static const sp_schema_field query[] = {
    [SP_PARAM_LIMIT] =
        SP_KEY("limit", INTEGER, .optional = true, .min = 1, .max = SP_LIST_LIMIT_MAX,
               .fallback = "20", .about = "At most so many items.", .example = "20"),
    [SP_PARAM_CURSOR] = SP_KEY("cursor", ID, .optional = true,
                               .about = "The nextCursor of the page before.", .example = "\"17\""),
    [SP_PARAM_Q] = SP_KEY("q", TEXT, .optional = true, .min = 1, .max = SP_SEARCH_TEXT_SIZE_MAX,
                          .in_bytes = true, .example = "\"night\"",
                          .about = "Any part of a concert's or its category's name, in any script; "
                                   "case, width and composition of characters do not matter."),
    [SP_PARAM_CATEGORY] =
        SP_KEY("category", ID, .optional = true, .about = "Only of this category."),
    [SP_PARAM_USER] =
        SP_KEY("user", ID, .optional = true, .about = "Whose; another's for an ADMIN alone."),
    /* No parameter of its own: it makes the cursor one of a ledger. */
    [SP_PARAM_BALANCE] =
        SP_KEY("cursor", TEXT, .optional = true, .pattern = SP_PATTERN_LEDGER_CURSOR,
               .about = "The nextCursor of the page before.", .example = "\"17.500000\""),
};
#define QUERY_COUNT (sizeof query / sizeof query[0])
_Static_assert(SP_LIST_LIMIT_DEFAULT == 20, "as the fallback says");

static const sp_schema_field idempotency_key =
    SP_KEY("Idempotency-Key", TEXT, .optional = true, .min = 1, .max = SP_KEY_SIZE_MAX,
           .pattern = "^[!-~]*$", .example = "\"4e1c9e1a-7f0e-4a52-a3f5-5f1c0f0a9c11\"",
           .about = "Makes the request safe to repeat, within 24 hours.");
static const sp_schema_field if_none_match =
    SP_KEY("If-None-Match", TEXT, .optional = true, .example = "\"\\\"1-42\\\"\"",
           .about = "An entity tag, to be told 304 if that is still the one.");
static const sp_schema_field last_event_id =
    SP_KEY("Last-Event-ID", TEXT, .optional = true, .max = SP_LAST_EVENT_ID_SIZE_MAX,
           .example = "\"42\"", .about = "The id of the last event seen, to go on behind it.");

static void put_parameter(sp_json_writer *json, const char *place, const sp_schema_field *field)
{
    sp_schema_field bare = *field;
    bare.about = NULL;
    sp_json_object(json);
    sp_json_put_string(json, "name", field->name);
    sp_json_put_string(json, "in", place);
    if (field->about)
        sp_json_put_string(json, "description", field->about);
    sp_json_key(json, "required");
    sp_json_boolean(json, !field->optional);
    sp_json_key(json, "schema");
    sp_openapi_put_field(json, &bare);
    sp_json_key(json, "example");
    sp_openapi_put_field_example(json, field);
    sp_json_object_end(json);
}

static void put_path(sp_json_writer *json, const sp_route *route)
{
    if (strstr(route->pattern, "{id}"))
        put_parameter(json, "path", &path_id);
    if (strstr(route->pattern, "{job}"))
        put_parameter(json, "path", &path_job);
}

static void put_query(sp_json_writer *json, const sp_route *route)
{
    unsigned params = route->params & ~(1u << SP_PARAM_TICKET);
    if (params & 1u << SP_PARAM_BALANCE)
        params &= ~(1u << SP_PARAM_CURSOR);
    for (unsigned param = 0; params >> param; param++) {
        if (!(params & 1u << param))
            continue;
        SP_ASSERT_CMP(param, <, QUERY_COUNT);
        SP_ASSERT(query[param].name);
        put_parameter(json, "query", &query[param]);
    }
}

static void put_headers(sp_json_writer *json, const sp_route *route)
{
    if (route->keyed)
        put_parameter(json, "header", &idempotency_key);
    if (route->also == 304)
        put_parameter(json, "header", &if_none_match);
    if (route->streams)
        put_parameter(json, "header", &last_event_id);
}

void sp_openapi_put_parameters(sp_json_writer *json, const sp_route *route)
{
    bool has_query = route->params & ~(1u << SP_PARAM_TICKET);
    if (!strchr(route->pattern, '{') && !has_query && !route->keyed && route->also != 304 &&
        !route->streams)
        return;
    sp_json_key(json, "parameters");
    sp_json_array(json);
    put_path(json, route);
    put_query(json, route);
    put_headers(json, route);
    sp_json_array_end(json);
}
