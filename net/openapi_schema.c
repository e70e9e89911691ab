/* SPDX-License-Identifier: MIT
 *
 * Schemas (JSON Schema 2020-12, as OpenAPI 3.1 has it) of fields, shapes and
 * problems. All objects are closed.
 */
#include <stdio.h>

#include "net/openapi_private.h"

#define REF_SIZE_MAX 128u
/* How an id and a time may be given as a number. */
static const sp_schema_field id_number = {.kind = SP_VALUE_INTEGER, .min = 1, .max = UINT32_MAX};
static const sp_schema_field time_number = {
    .kind = SP_VALUE_INTEGER,
    .min = 1,
    .max = SP_TIME_MAX / 1000,
    .about = "Unix seconds.",
};

static const sp_schema_field problem_detail = SP_KEY("detail", TEXT, .min = 1, .example = "\"\"");
static const sp_schema_field problem_request =
    SP_KEY("requestId", TEXT, .pattern = SP_PATTERN_REQUEST_ID, .about = "As in X-Request-Id.");

void sp_openapi_put_ref(sp_json_writer *json, const char *name)
{
    char ref[REF_SIZE_MAX];
    int size = snprintf(ref, sizeof ref, "#/components/schemas/%s", name);
    SP_ASSERT_CMP((size_t)size, <, sizeof ref);
    sp_json_object(json);
    sp_json_put_string(json, "$ref", ref);
    sp_json_object_end(json);
}

static const char *type_of(const sp_schema_field *field)
{
    switch (field->kind) {
    case SP_VALUE_ID:
    case SP_VALUE_TIME:
    case SP_VALUE_TEXT:
    case SP_VALUE_CHOICE:
        return "string";
    case SP_VALUE_INTEGER:
        return "integer";
    case SP_VALUE_SECONDS:
        return "number";
    case SP_VALUE_BOOLEAN:
    case SP_VALUE_TRUE:
    case SP_VALUE_FALSE:
        return "boolean";
    case SP_VALUE_COUNTS:
        return "object";
    default:
        return NULL; /* a choice of schemas */
    }
}

static void put_type(sp_json_writer *json, const sp_schema_field *field)
{
    sp_json_key(json, "type");
    if (!field->nullable || field->many) {
        sp_json_string(json, type_of(field));
        return;
    }
    SP_ASSERT(field->kind != SP_VALUE_CHOICE); /* null would have to be among them */
    sp_json_array(json);
    sp_json_string(json, type_of(field));
    sp_json_string(json, "null");
    sp_json_array_end(json);
}

static void put_text_members(sp_json_writer *json, const sp_schema_field *field)
{
    if (field->min > 0)
        sp_json_put_integer(json, "minLength", field->min);
    if (field->max > 0)
        sp_json_put_integer(json, "maxLength", field->max);
    if (field->pattern)
        sp_json_put_string(json, "pattern", field->pattern);
}

static void put_choices(sp_json_writer *json, const char *const *choices)
{
    if (!choices[1]) {
        sp_json_put_string(json, "const", choices[0]);
        return;
    }
    sp_json_key(json, "enum");
    sp_json_array(json);
    for (; *choices; choices++)
        sp_json_string(json, *choices);
    sp_json_array_end(json);
}

static void put_counts_members(sp_json_writer *json, const sp_schema_field *field)
{
    sp_json_key(json, "propertyNames");
    sp_json_object(json);
    sp_json_put_string(json, "pattern", field->pattern);
    sp_json_object_end(json);
    sp_json_key(json, "additionalProperties");
    sp_openapi_put_field(json, &(sp_schema_field)SP_KEY_COUNT(NULL, .about = NULL));
}

static void put_null(sp_json_writer *json)
{
    sp_json_object(json);
    sp_json_put_string(json, "type", "null");
    sp_json_object_end(json);
}

static void put_one_of(sp_json_writer *json, const char *pattern, const char *format,
                       const sp_schema_field *number, bool nullable)
{
    sp_json_key(json, "oneOf");
    sp_json_array(json);
    sp_json_object(json);
    sp_json_put_string(json, "type", "string");
    sp_json_put_string(json, pattern ? "pattern" : "format", pattern ? pattern : format);
    sp_json_object_end(json);
    sp_openapi_put_field(json, number);
    if (nullable)
        put_null(json);
    sp_json_array_end(json);
}

static void put_shape_ref(sp_json_writer *json, const sp_schema_field *field)
{
    const char *name = sp_schema_row_of(field->shape)->name;
    char ref[REF_SIZE_MAX];
    if (field->nullable && !field->many) {
        sp_json_key(json, "oneOf");
        sp_json_array(json);
        sp_openapi_put_ref(json, name);
        put_null(json);
        sp_json_array_end(json);
        return;
    }
    snprintf(ref, sizeof ref, "#/components/schemas/%s", name);
    sp_json_put_string(json, "$ref", ref);
}

static void put_problem_members(sp_json_writer *json, const sp_outcome_set *set, int status);

/* All but the description, into an open object. */
static void put_value_members(sp_json_writer *json, const sp_schema_field *field)
{
    if (type_of(field))
        put_type(json, field);
    switch (field->kind) {
    case SP_VALUE_ID:
        sp_json_put_string(json, "pattern", SP_PATTERN_ID);
        break;
    case SP_VALUE_ID_GIVEN:
        put_one_of(json, SP_PATTERN_ID, NULL, &id_number, field->nullable);
        break;
    case SP_VALUE_TIME:
        sp_json_put_string(json, "format", "date-time");
        sp_json_put_string(json, "pattern", SP_PATTERN_TIME);
        break;
    case SP_VALUE_TIME_GIVEN:
        put_one_of(json, NULL, "date-time", &time_number, field->nullable);
        break;
    case SP_VALUE_INTEGER:
        sp_json_put_integer(json, "minimum", field->min);
        sp_json_put_integer(json, "maximum", field->max);
        break;
    case SP_VALUE_SECONDS:
        sp_json_put_integer(json, "minimum", 0);
        break;
    case SP_VALUE_BOOLEAN:
        break;
    case SP_VALUE_TRUE:
    case SP_VALUE_FALSE:
        sp_json_key(json, "const");
        sp_json_boolean(json, field->kind == SP_VALUE_TRUE);
        break;
    case SP_VALUE_TEXT:
        put_text_members(json, field);
        break;
    case SP_VALUE_CHOICE:
        put_choices(json, field->choices);
        break;
    case SP_VALUE_SHAPE:
        put_shape_ref(json, field);
        break;
    case SP_VALUE_COUNTS:
        put_counts_members(json, field);
        break;
    case SP_VALUE_REFUSALS: {
        sp_outcome_set set = sp_openapi_job_outcomes();
        put_problem_members(json, &set, 0);
        break;
    }
    }
}

static void put_array_members(sp_json_writer *json, const sp_schema_field *field)
{
    SP_ASSERT(!field->nullable);
    sp_json_put_string(json, "type", "array");
    sp_json_key(json, "items");
    sp_json_object(json);
    put_value_members(json, field);
    sp_json_object_end(json);
    if (field->count_min > 0)
        sp_json_put_integer(json, "minItems", field->count_min);
    if (field->count_max > 0)
        sp_json_put_integer(json, "maxItems", field->count_max);
    if (field->unique) {
        sp_json_key(json, "uniqueItems");
        sp_json_boolean(json, true);
    }
}

static void put_words(sp_json_writer *json, const sp_schema_field *field)
{
    char bytes[64];
    const char *texts[] = {field->about, NULL};
    if (field->in_bytes) {
        snprintf(bytes, sizeof bytes, "At most %u bytes of UTF-8.", (unsigned)field->max);
        texts[1] = bytes;
    }
    sp_openapi_put_texts(json, "description", texts, 2);
}

void sp_openapi_put_field(sp_json_writer *json, const sp_schema_field *field)
{
    sp_json_object(json);
    if (field->many)
        put_array_members(json, field);
    else
        put_value_members(json, field);
    put_words(json, field);
    if (field->fallback) {
        sp_json_key(json, "default");
        sp_out_string(sp_json_raw(json), field->fallback);
    }
    sp_json_object_end(json);
}

static void put_properties(sp_json_writer *json, const sp_schema_field *fields)
{
    for (; fields && fields->name; fields++) {
        sp_json_key(json, fields->name);
        sp_openapi_put_field(json, fields);
    }
}

static void put_required(sp_json_writer *json, const sp_schema_field *fields)
{
    for (; fields && fields->name; fields++)
        if (!fields->optional)
            sp_json_string(json, fields->name);
}

static void put_object_members(sp_json_writer *json, const sp_schema_shape *shape)
{
    sp_json_put_string(json, "type", "object");
    sp_json_key(json, "properties");
    sp_json_object(json);
    put_properties(json, shape->fields);
    sp_json_object_end(json);
    sp_json_key(json, "required");
    sp_json_array(json);
    put_required(json, shape->fields);
    sp_json_array_end(json);
    if (shape->some)
        sp_json_put_integer(json, "minProperties", 1);
    sp_json_key(json, "additionalProperties");
    sp_json_boolean(json, shape->open);
}

static void put_variants(sp_json_writer *json, const sp_schema *variants)
{
    sp_json_key(json, "oneOf");
    sp_json_array(json);
    for (; *variants != SP_SCHEMA_UNNAMED; variants++)
        sp_openapi_put_ref(json, sp_schema_row_of(*variants)->name);
    sp_json_array_end(json);
}

/* A stream is text, and what that text says is a list of events. */
static void put_events_members(sp_json_writer *json, const sp_schema_shape *shape)
{
    sp_json_put_string(json, "type", "string");
    sp_json_put_string(json, "contentMediaType", "text/event-stream");
    sp_json_key(json, "contentSchema");
    sp_json_object(json);
    sp_json_put_string(json, "type", "array");
    sp_json_key(json, "items");
    sp_json_object(json);
    put_variants(json, shape->variants);
    sp_json_object_end(json);
    sp_json_object_end(json);
}

void sp_openapi_put_shape(sp_json_writer *json, sp_schema schema)
{
    const sp_schema_shape *shape = sp_schema_shape_of(schema);
    SP_ASSERT(shape);
    sp_json_object(json);
    sp_json_put_string(json, "description", sp_schema_row_of(schema)->meaning);
    if (shape->events)
        put_events_members(json, shape);
    else if (shape->variants)
        put_variants(json, shape->variants);
    else if (shape->text_type)
        sp_json_put_string(json, "type", "string");
    else
        put_object_members(json, shape);
    sp_json_object_end(json);
}

static void put_const(sp_json_writer *json, const char *key, const char *value)
{
    const char *const only[] = {value, NULL};
    sp_json_key(json, key);
    sp_openapi_put_field(json, &(sp_schema_field){.kind = SP_VALUE_CHOICE, .choices = only});
}

void sp_openapi_put_problem(sp_json_writer *json, sp_outcome outcome)
{
    const sp_outcome_row *row = sp_outcome_row_of(outcome);
    const sp_schema_field *own = sp_schema_problem_fields(outcome);
    char type[REF_SIZE_MAX];
    snprintf(type, sizeof type, "urn:stagepick:%s", row->code);
    sp_json_object(json);
    sp_json_put_string(json, "description", row->title);
    sp_json_put_string(json, "type", "object");
    sp_json_key(json, "properties");
    sp_json_object(json);
    put_const(json, "type", type);
    put_const(json, "title", row->title);
    sp_json_key(json, "status");
    sp_json_object(json);
    sp_json_put_integer(json, "const", row->http_status);
    sp_json_object_end(json);
    put_properties(json, (sp_schema_field[]){problem_detail, SP_KEYS_END});
    put_const(json, "code", row->code);
    put_properties(json, (sp_schema_field[]){problem_request, SP_KEYS_END});
    put_properties(json, own);
    sp_json_object_end(json);
    sp_json_key(json, "required");
    sp_json_array(json);
    static const char *const all[] = {"type", "title", "status", "detail", "code", "requestId"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sp_json_string(json, all[i]);
    put_required(json, own);
    sp_json_array_end(json);
    sp_json_key(json, "additionalProperties");
    sp_json_boolean(json, false);
    sp_json_key(json, "examples");
    sp_json_array(json);
    sp_openapi_put_problem_example(json, outcome);
    sp_json_array_end(json);
    sp_json_object_end(json);
}

/* Is it of the set, and of the status that is asked for? */
static bool is_chosen(const sp_outcome_set *set, int status, unsigned number)
{
    return sp_outcome_set_has(set, number) &&
           (status == 0 || sp_outcome_row_of(number)->http_status == status);
}

static void put_problem_members(sp_json_writer *json, const sp_outcome_set *set, int status)
{
    sp_json_put_string(json, "type", "object");
    sp_json_key(json, "oneOf");
    sp_json_array(json);
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++)
        if (is_chosen(set, status, number))
            sp_openapi_put_ref(json, sp_outcome_row_of(number)->code);
    sp_json_array_end(json);
    /* Schemas of problems are named by their codes, so no mapping is needed. */
    sp_json_key(json, "discriminator");
    sp_json_object(json);
    sp_json_put_string(json, "propertyName", "code");
    sp_json_object_end(json);
}

void sp_openapi_put_problem_choice(sp_json_writer *json, const sp_outcome_set *set, int status)
{
    unsigned count = 0, last = 0;
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++)
        if (is_chosen(set, status, number)) {
            last = number;
            count++;
        }
    SP_ASSERT_CMP(count, >, 0);
    if (count == 1) {
        sp_openapi_put_ref(json, sp_outcome_row_of(last)->code);
        return;
    }
    sp_json_object(json);
    put_problem_members(json, set, status);
    sp_json_object_end(json);
}

static void unite(sp_outcome_set *set, sp_outcome_set more)
{
    for (size_t i = 0; i < sizeof set->words / sizeof set->words[0]; i++)
        set->words[i] |= more.words[i];
}

sp_outcome_set sp_openapi_job_outcomes(void)
{
    sp_outcome_set all = {0};
    for (uint32_t i = 0; i < sp_routes_count; i++)
        unite(&all, sp_route_job_outcomes(&sp_routes[i]));
    return all;
}

sp_outcome_set sp_openapi_all_outcomes(void)
{
    sp_outcome_set all = sp_openapi_job_outcomes();
    for (uint32_t i = 0; i < sp_routes_count; i++)
        unite(&all, sp_route_outcomes(&sp_routes[i]));
    return all;
}
