/* SPDX-License-Identifier: MIT
 *
 * Examples, put together from those of the fields: so none has a field too many
 * or too few.
 */
#include <stdio.h>

#include "net/openapi_private.h"

#define TYPE_SIZE_MAX 128u

/* Of the kinds that need none of their own. */
static void put_usual(sp_json_writer *json, const sp_schema_field *field)
{
    switch (field->kind) {
    case SP_VALUE_ID:
    case SP_VALUE_ID_GIVEN:
        sp_json_string(json, "1");
        break;
    case SP_VALUE_TIME:
    case SP_VALUE_TIME_GIVEN:
        sp_json_string(json, "2030-06-01T09:00:00.000Z");
        break;
    case SP_VALUE_INTEGER:
        sp_json_integer(json, field->min > 0 ? field->min : 0);
        break;
    case SP_VALUE_SECONDS:
        sp_json_integer(json, 0);
        break;
    case SP_VALUE_BOOLEAN:
    case SP_VALUE_FALSE:
        sp_json_boolean(json, false);
        break;
    case SP_VALUE_TRUE:
        sp_json_boolean(json, true);
        break;
    case SP_VALUE_CHOICE:
        sp_json_string(json, field->choices[0]);
        break;
    case SP_VALUE_SHAPE:
        sp_openapi_put_example(json, field->shape);
        break;
    case SP_VALUE_REFUSALS:
        sp_openapi_put_problem_example(json, SP_SEAT_TAKEN);
        break;
    case SP_VALUE_TEXT:
    case SP_VALUE_COUNTS:
        SP_ASSERT(!"a field of this kind has an example of its own");
    }
}

/* One item; of a shape with variants one of each. */
static void put_items(sp_json_writer *json, const sp_schema_field *field)
{
    const sp_schema_shape *shape =
        field->kind == SP_VALUE_SHAPE ? sp_schema_shape_of(field->shape) : NULL;
    sp_json_array(json);
    if (shape && shape->variants)
        for (const sp_schema *one = shape->variants; *one != SP_SCHEMA_UNNAMED; one++)
            sp_openapi_put_example(json, *one);
    else
        put_usual(json, field);
    sp_json_array_end(json);
}

void sp_openapi_put_field_example(sp_json_writer *json, const sp_schema_field *field)
{
    if (field->example)
        sp_out_string(sp_json_raw(json), field->example);
    else if (field->many)
        put_items(json, field);
    else
        put_usual(json, field);
}

static void put_members(sp_json_writer *json, const sp_schema_field *fields)
{
    for (; fields && fields->name; fields++) {
        sp_json_key(json, fields->name);
        sp_openapi_put_field_example(json, fields);
    }
}

/* `event: …`, `id: …`, `data: …` and an empty line. */
static void print_event(sp_out *text, sp_json_writer *json, const sp_schema_shape *shape)
{
    for (const sp_schema_field *field = shape->fields; field->name; field++) {
        sp_out value;
        sp_out_init(&value);
        sp_json_begin(json, &value);
        sp_openapi_put_field_example(json, field);
        sp_json_end(json);
        /* Names and ids stand without the quotes that make them JSON. */
        size_t quotes = field->kind == SP_VALUE_SHAPE ? 0 : 1;
        sp_out_string(text, field->name);
        sp_out_string(text, ": ");
        sp_out_bytes(text, value.bytes + quotes, value.size - 2 * quotes);
        sp_out_string(text, "\n");
        sp_out_close(&value);
    }
    sp_out_string(text, "\n");
}

static void put_events(sp_json_writer *json, const sp_schema_shape *shape)
{
    sp_out text;
    sp_json_writer *inner = sp_json_writer_create();
    SP_ASSERT(inner);
    sp_out_init(&text);
    for (const sp_schema *one = shape->variants; *one != SP_SCHEMA_UNNAMED; one++)
        print_event(&text, inner, sp_schema_shape_of(*one));
    sp_json_text(json, (sp_text){text.bytes, (uint32_t)text.size});
    sp_out_close(&text);
    sp_json_writer_destroy(inner);
}

void sp_openapi_put_example(sp_json_writer *json, sp_schema schema)
{
    const sp_schema_shape *shape = sp_schema_shape_of(schema);
    SP_ASSERT(shape);
    if (shape->events) {
        put_events(json, shape);
    } else if (shape->variants) {
        sp_openapi_put_example(json, shape->variants[0]);
    } else if (shape->text_type) {
        sp_json_string(json, shape->text_example);
    } else {
        sp_json_object(json);
        put_members(json, shape->fields);
        sp_json_object_end(json);
    }
}

void sp_openapi_put_problem_example(sp_json_writer *json, sp_outcome outcome)
{
    const sp_outcome_row *row = sp_outcome_row_of(outcome);
    char type[TYPE_SIZE_MAX];
    snprintf(type, sizeof type, "urn:stagepick:%s", row->code);
    sp_json_object(json);
    sp_json_put_string(json, "type", type);
    sp_json_put_string(json, "title", row->title);
    sp_json_put_integer(json, "status", row->http_status);
    sp_json_put_string(json, "detail", row->title);
    sp_json_put_string(json, "code", row->code);
    sp_json_put_string(json, "requestId", "00c0ffee00c0ffee");
    put_members(json, sp_schema_problem_fields(outcome));
    sp_json_object_end(json);
}
