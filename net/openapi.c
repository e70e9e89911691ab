/* SPDX-License-Identifier: MIT */
#include "net/openapi.h"

#include <sodium.h>

#include "net/openapi_private.h"

static void put_info(sp_json_writer *json, const char *version)
{
    sp_json_object(json);
    sp_json_put_string(json, "title", "Stage Pick");
    sp_json_put_string(json, "summary", "Numbered seats, sold in high-demand drops.");
    sp_json_put_string(json, "description", sp_openapi_about);
    sp_json_put_string(json, "version", version);
    sp_json_key(json, "license");
    sp_json_object(json);
    sp_json_put_string(json, "name", "MIT");
    sp_json_put_string(json, "identifier", "MIT");
    sp_json_object_end(json);
    sp_json_object_end(json);
}

static void put_servers(sp_json_writer *json)
{
    sp_json_array(json);
    sp_json_object(json);
    sp_json_put_string(json, "url", "/");
    sp_json_put_string(json, "description", "Where this document came from.");
    sp_json_object_end(json);
    sp_json_array_end(json);
}

static const struct {
    const char *name, *about;
} tags[SP_TAGS_END] = {
#define TAG(id, name, about) [SP_TAG_##id] = {name, about},
    SP_TAGS(TAG)
#undef TAG
};

static void put_tags(sp_json_writer *json)
{
    sp_json_array(json);
    for (unsigned tag = SP_TAG_NONE + 1; tag < SP_TAGS_END; tag++) {
        sp_json_object(json);
        sp_json_put_string(json, "name", tags[tag].name);
        sp_json_put_string(json, "description", tags[tag].about);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
}

static const char *role_words(sp_who who)
{
    if (who == SP_WHO_ADMIN)
        return "Needs the role ADMIN.";
    return who == SP_WHO_HOST ? "Needs the role HOST or ADMIN." : NULL;
}

/* One of these is enough; none is needed where the list is empty. */
static void put_security(sp_json_writer *json, const sp_route *route)
{
    static const char *const schemes[] = {"bearer", "ticket"};
    unsigned count = route->who < SP_WHO_USER ? 0 : route->ticket ? 2 : 1;
    sp_json_array(json);
    for (unsigned i = 0; i < count; i++) {
        sp_json_object(json);
        sp_json_key(json, schemes[i]);
        sp_json_array(json);
        sp_json_array_end(json);
        sp_json_object_end(json);
    }
    sp_json_array_end(json);
}

static void put_request(sp_json_writer *json, const sp_route *route)
{
    if (route->body == SP_BODY_NONE)
        return;
    sp_json_key(json, "requestBody");
    sp_json_object(json);
    sp_json_put_string(json, "description", sp_schema_row_of(route->request)->meaning);
    sp_json_key(json, "required");
    sp_json_boolean(json, route->body == SP_BODY_JSON);
    sp_openapi_put_content(json, route->request, route->msgpack);
    sp_json_object_end(json);
}

static void put_operation(sp_json_writer *json, const sp_route *route)
{
    const char *words[] = {route->about, role_words(route->who)};
    sp_json_object(json);
    sp_json_put_string(json, "operationId", route->operation);
    sp_json_put_string(json, "summary", route->summary);
    sp_openapi_put_texts(json, "description", words, 2);
    sp_json_key(json, "tags");
    sp_json_array(json);
    sp_json_string(json, tags[route->tag].name);
    sp_json_array_end(json);
    sp_json_key(json, "security");
    put_security(json, route);
    sp_openapi_put_parameters(json, route);
    put_request(json, route);
    sp_json_key(json, "responses");
    sp_openapi_put_answers(json, route);
    sp_json_object_end(json);
}

static bool is_first_of_path(const sp_route *route)
{
    for (const sp_route *before = sp_routes; before < route; before++)
        if (strcmp(before->pattern, route->pattern) == 0)
            return false;
    return true;
}

static void put_path(sp_json_writer *json, const char *pattern)
{
    static const char *const names[] = {
        [SP_METHOD_GET] = "get",     [SP_METHOD_POST] = "post",     [SP_METHOD_PUT] = "put",
        [SP_METHOD_PATCH] = "patch", [SP_METHOD_DELETE] = "delete",
    };
    sp_json_key(json, pattern);
    sp_json_object(json);
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (strcmp(sp_routes[i].pattern, pattern) == 0) {
            sp_json_key(json, names[sp_routes[i].method]);
            put_operation(json, &sp_routes[i]);
        }
    sp_json_object_end(json);
}

static void put_paths(sp_json_writer *json)
{
    sp_json_object(json);
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (!sp_routes[i].page && is_first_of_path(&sp_routes[i]))
            put_path(json, sp_routes[i].pattern);
    sp_json_object_end(json);
}

static void put_schemas(sp_json_writer *json)
{
    sp_outcome_set outcomes = sp_openapi_all_outcomes();
    sp_json_object(json);
    for (unsigned schema = SP_SCHEMA_EMPTY + 1; schema < SP_PARTS_END; schema++) {
        if (schema == SP_SCHEMAS_END)
            continue;
        sp_json_key(json, sp_schema_row_of(schema)->name);
        sp_openapi_put_shape(json, schema);
    }
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++)
        if (sp_outcome_set_has(&outcomes, number)) {
            sp_json_key(json, sp_outcome_row_of(number)->code);
            sp_openapi_put_problem(json, number);
        }
    sp_json_object_end(json);
}
_Static_assert(SP_SCHEMA_EMPTY == SP_SCHEMA_UNNAMED + 1, "what has no body is first");

static void put_security_schemes(sp_json_writer *json)
{
    sp_json_object(json);
    sp_json_key(json, "bearer");
    sp_json_object(json);
    sp_json_put_string(json, "type", "http");
    sp_json_put_string(json, "scheme", "bearer");
    sp_json_put_string(json, "bearerFormat", "JWT");
    sp_json_put_string(json, "description",
                       "The accessToken of a log-in or a refresh; good for 15 minutes. The role "
                       "that counts is the one that the user has now.");
    sp_json_object_end(json);
    sp_json_key(json, "ticket");
    sp_json_object(json);
    sp_json_put_string(json, "type", "apiKey");
    sp_json_put_string(json, "in", "query");
    sp_json_put_string(json, "name", "ticket");
    sp_json_put_string(json, "description",
                       "Part of a streamUrl: good for the stream of that job, for 15 minutes.");
    sp_json_object_end(json);
    sp_json_object_end(json);
}

static void put_components(sp_json_writer *json)
{
    sp_json_object(json);
    sp_json_key(json, "schemas");
    put_schemas(json);
    sp_json_key(json, "responses");
    sp_openapi_put_shared_refusals(json);
    sp_json_key(json, "headers");
    sp_openapi_put_headers(json);
    sp_json_key(json, "securitySchemes");
    put_security_schemes(json);
    sp_json_object_end(json);
}

void sp_openapi_write(const char *version, sp_out *out)
{
    sp_json_writer *json = sp_json_writer_create();
    SP_ASSERT(json);
    sp_json_begin(json, out);
    sp_json_object(json);
    sp_json_put_string(json, "openapi", "3.1.0");
    sp_json_key(json, "info");
    put_info(json, version);
    sp_json_key(json, "servers");
    put_servers(json);
    sp_json_key(json, "tags");
    put_tags(json);
    sp_json_key(json, "paths");
    put_paths(json);
    sp_json_key(json, "components");
    put_components(json);
    sp_json_key(json, "x-unrouted");
    sp_openapi_put_unrouted(json);
    sp_json_object_end(json);
    sp_json_end(json);
    sp_json_writer_destroy(json);
}

void sp_openapi_init(sp_openapi *openapi, const char *version)
{
    unsigned char hash[16];
    char hex[2 * sizeof hash + 1];
    _Static_assert(SP_OPENAPI_TAG_SIZE == 2 * sizeof hash + 2, "digits and quotes");
    sp_out_init(&openapi->out);
    sp_openapi_write(version, &openapi->out);
    openapi->text = (sp_text){openapi->out.bytes, (uint32_t)openapi->out.size};
    crypto_generichash(hash, sizeof hash, (const unsigned char *)openapi->text.bytes,
                       openapi->text.size, NULL, 0);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    openapi->tag[0] = openapi->tag[SP_OPENAPI_TAG_SIZE - 1] = '"';
    memcpy(openapi->tag + 1, hex, sizeof hex - 1);
}

void sp_openapi_close(sp_openapi *openapi)
{
    sp_out_close(&openapi->out);
}
