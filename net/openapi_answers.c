/* SPDX-License-Identifier: MIT
 *
 * Answers of a route that are no problems: by status, with headers and bodies.
 */
#include "net/openapi_private.h"

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
    sp_openapi_begin_answer(json, status);
    sp_json_put_string(json, "description", sp_schema_row_of(route->response)->meaning);
    sp_openapi_begin_headers(json, limited);
    if (status == 201 || status == 202)
        sp_openapi_put_header(json, SP_OPENAPI_LOCATION);
    if (route->also == 304)
        sp_openapi_put_header(json, SP_OPENAPI_ETAG);
    if (route->msgpack)
        sp_openapi_put_header(json, SP_OPENAPI_VARY);
    if (route->keyed)
        sp_openapi_put_header(json, SP_OPENAPI_REPLAYED);
    sp_json_object_end(json);
    if (!is_empty(route))
        sp_openapi_put_content(json, route->response, route->msgpack);
    sp_json_object_end(json);
}

static void put_also(sp_json_writer *json, const sp_route *route, bool limited)
{
    if (route->also == 0)
        return;
    sp_openapi_begin_answer(json, route->also);
    sp_json_put_string(json, "description",
                       route->also == 304 ? "It is what If-None-Match says."
                                          : "There is nothing more to come.");
    sp_openapi_begin_headers(json, limited);
    if (route->also == 304)
        sp_openapi_put_header(json, SP_OPENAPI_ETAG);
    if (route->msgpack)
        sp_openapi_put_header(json, SP_OPENAPI_VARY);
    sp_json_object_end(json);
    sp_json_object_end(json);
}

void sp_openapi_put_answers(sp_json_writer *json, const sp_route *route)
{
    sp_outcome_set set = sp_route_outcomes(route);
    bool limited = sp_outcome_set_has(&set, SP_RATE_LIMITED);
    sp_json_object(json);
    put_success(json, route, limited);
    put_also(json, route, limited);
    sp_openapi_put_refusals(json, &set, limited);
    sp_json_object_end(json);
}
