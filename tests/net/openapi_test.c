/* SPDX-License-Identifier: MIT
 *
 * The document of the interface against the tables that it is made of. What it
 * says is compared with what the server does by tests/e2e/openapi.test.mjs.
 */
#include "net/openapi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <yajl/yajl_tree.h>

#include "net/route_outcomes.h"
#include "net/schema_fields.h"
#include "net/status.h"

static yajl_val document;

static int read_document(void **state)
{
    char why[256] = "";
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_openapi_write("1.2.3", &out);
    sp_out_bytes(&out, "", 1);
    document = yajl_tree_parse(out.bytes, why, sizeof why);
    if (document == NULL)
        fprintf(stderr, "not JSON: %s\n", why);
    sp_out_close(&out);
    return document ? 0 : -1;
}

static int free_document(void **state)
{
    (void)state;
    yajl_tree_free(document);
    return 0;
}

/* ---- looking about ---- */

static yajl_val member(yajl_val object, const char *key)
{
    if (!YAJL_IS_OBJECT(object))
        return NULL;
    for (size_t i = 0; i < object->u.object.len; i++)
        if (strcmp(object->u.object.keys[i], key) == 0)
            return object->u.object.values[i];
    return NULL;
}

static yajl_val need(yajl_val object, const char *key)
{
    yajl_val found = member(object, key);
    if (!found)
        fail_msg("there is no %s", key);
    return found;
}

static const char *text(yajl_val object, const char *key)
{
    const char *found = YAJL_GET_STRING(need(object, key));
    assert_non_null(found);
    return found;
}

/* `#/a/b`; NULL: it leads nowhere. No name of ours needs escaping. */
static yajl_val resolve(const char *ref)
{
    char path[512];
    yajl_val at = document;
    assert_memory_equal(ref, "#/", 2);
    snprintf(path, sizeof path, "%s", ref + 2);
    for (char *rest = path, *name; at && (name = strsep(&rest, "/"));)
        at = member(at, name);
    return at;
}

static yajl_val follow(yajl_val value)
{
    yajl_val ref = member(value, "$ref");
    return ref ? resolve(YAJL_GET_STRING(ref)) : value;
}

static yajl_val operation_of(const sp_route *route)
{
    static const char *const names[] = {
        [SP_METHOD_GET] = "get",     [SP_METHOD_POST] = "post",     [SP_METHOD_PUT] = "put",
        [SP_METHOD_PATCH] = "patch", [SP_METHOD_DELETE] = "delete",
    };
    return need(need(need(document, "paths"), route->pattern), names[route->method]);
}

/* ---- rows ---- */

/* What is missing in a row, or NULL. */
static const char *fault_of(const sp_route *route)
{
    if (!route->operation || !route->operation[0])
        return "no operation";
    if (!route->summary || !route->summary[0])
        return "no summary";
    if (route->tag <= SP_TAG_NONE || route->tag >= SP_TAGS_END)
        return "no tag";
    if (!route->outcomes)
        return "does not say which codes are its own, or that none is";
    if (route->request != SP_SCHEMA_UNNAMED && !sp_schema_shape_of(route->request))
        return "nobody knows the fields of its request";
    if (route->response == SP_SCHEMA_UNNAMED)
        return "no response";
    if (route->response != SP_SCHEMA_EMPTY && !sp_schema_shape_of(route->response))
        return "nobody knows the fields of its response";
    if (route->also != 0 && route->also != 204 && route->also != 304)
        return "answers something else without a body";
    return NULL;
}

static void every_row_says_what_the_document_needs(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        if (sp_routes[i].page)
            continue;
        const char *fault = fault_of(&sp_routes[i]);
        if (fault)
            fail_msg("%d %s: %s", sp_routes[i].method, sp_routes[i].pattern, fault);
        for (uint32_t k = 0; k < i && !sp_routes[k].page; k++)
            assert_string_not_equal(sp_routes[i].operation, sp_routes[k].operation);
    }
}

static void a_row_that_says_too_little_is_found(void **state)
{
    (void)state;
    sp_route whole = sp_routes[0], bad;
    assert_null(fault_of(&whole));
    bad = whole, bad.operation = NULL;
    assert_string_equal(fault_of(&bad), "no operation");
    bad = whole, bad.summary = "";
    assert_string_equal(fault_of(&bad), "no summary");
    bad = whole, bad.tag = SP_TAG_NONE;
    assert_string_equal(fault_of(&bad), "no tag");
    bad = whole, bad.outcomes = NULL;
    assert_non_null(fault_of(&bad));
    bad = whole, bad.response = SP_SCHEMA_UNNAMED;
    assert_string_equal(fault_of(&bad), "no response");
    bad = whole, bad.also = 302;
    assert_non_null(fault_of(&bad));
}

static void every_row_is_in_the_document(void **state)
{
    uint32_t count = 0, pages_count = 0;
    (void)state;
    yajl_val paths = need(document, "paths");
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        if (sp_routes[i].page) { /* for people: no part of the interface */
            assert_null(member(paths, sp_routes[i].pattern));
            pages_count++;
            continue;
        }
        yajl_val operation = operation_of(&sp_routes[i]);
        assert_string_equal(text(operation, "operationId"), sp_routes[i].operation);
        assert_string_equal(text(operation, "summary"), sp_routes[i].summary);
        assert_int_equal(member(operation, "requestBody") != NULL,
                         sp_routes[i].body != SP_BODY_NONE);
        assert_int_equal(need(operation, "security")->u.array.len > 0,
                         sp_routes[i].who >= SP_WHO_USER);
    }
    for (size_t i = 0; i < paths->u.object.len; i++)
        count += (uint32_t)paths->u.object.values[i]->u.object.len;
    assert_int_equal(count + pages_count, sp_routes_count);
}

/* ---- codes ---- */

/* Puts the codes of a problem's schema, as numbers, into the set. */
static void gather_code(sp_outcome_set *set, yajl_val schema)
{
    const char *code = text(need(need(follow(schema), "properties"), "code"), "const");
#define PUT(number, id, name, status, retryable, title) \
    if (strcmp(code, name) == 0)                        \
        sp_outcome_set_add(set, SP_##id);
    SP_OUTCOMES(PUT)
#undef PUT
}

static void gather_codes(sp_outcome_set *set, yajl_val schema)
{
    yajl_val choice = member(schema, "oneOf");
    if (!choice)
        gather_code(set, schema);
    for (size_t i = 0; choice && i < choice->u.array.len; i++)
        gather_code(set, choice->u.array.values[i]);
}

/* The codes that a status is said to have. */
static sp_outcome_set codes_of(yajl_val responses, int status)
{
    char number[12];
    sp_outcome_set set = {0};
    snprintf(number, sizeof number, "%d", status);
    yajl_val answer = follow(member(responses, number));
    yajl_val content = answer ? member(answer, "content") : NULL;
    yajl_val problem = content ? member(content, "application/problem+json") : NULL;
    if (problem)
        gather_codes(&set, need(problem, "schema"));
    return set;
}

static void check_codes(const sp_route *route, yajl_val responses)
{
    sp_outcome_set wanted = sp_route_outcomes(route);
    for (unsigned i = 0; i < SP_STATUSES_COUNT; i++) {
        int status = sp_status_number((sp_status)i);
        sp_outcome_set said = codes_of(responses, status);
        for (unsigned number = 1; number < SP_OUTCOME_NUMBERS; number++) {
            bool has = sp_outcome_set_has(&wanted, number) &&
                       sp_outcome_row_of(number)->http_status == status;
            if (has != sp_outcome_set_has(&said, number))
                fail_msg("%s: %d %s", route->operation, status, sp_outcome_row_of(number)->code);
        }
    }
}

static void every_code_of_a_row_is_in_the_document_and_no_other(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (!sp_routes[i].page)
            check_codes(&sp_routes[i], need(operation_of(&sp_routes[i]), "responses"));
}

static const sp_route *row_of(const char *operation)
{
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (!sp_routes[i].page && strcmp(sp_routes[i].operation, operation) == 0)
            return &sp_routes[i];
    fail_msg("there is no %s", operation);
    return NULL;
}

static bool can_answer(const char *operation, sp_outcome outcome)
{
    sp_outcome_set set = sp_route_outcomes(row_of(operation));
    return sp_outcome_set_has(&set, outcome);
}

/* A few by hand, so that the derivation is not only compared with itself. */
static void codes_follow_from_rows(void **state)
{
    (void)state;
    assert_true(can_answer("createOrder", SP_SEAT_TAKEN));
    assert_true(can_answer("createOrder", SP_IDEMPOTENCY_MISMATCH));
    assert_true(can_answer("createOrder", SP_STORAGE_FULL));
    assert_false(can_answer("queueOrder", SP_SEAT_TAKEN));
    assert_false(can_answer("queueOrder", SP_IDEMPOTENCY_MISMATCH));
    assert_true(can_answer("queueOrder", SP_QUEUE_FULL));
    assert_false(can_answer("getOrder", SP_STORAGE_FULL));
    assert_false(can_answer("getOrder", SP_RATE_LIMITED));
    assert_true(can_answer("getJob", SP_RATE_LIMITED));
    assert_false(can_answer("listConcerts", SP_TOKEN_INVALID));
    assert_true(can_answer("listConcerts", SP_VALIDATION_FAILED));
    assert_true(can_answer("signUp", SP_SIGNUP_CLOSED));
    assert_false(can_answer("getLiveness", SP_STARTING));
    assert_true(can_answer("getReadiness", SP_STOPPING));
    assert_false(can_answer("getMetrics", SP_NOT_ACCEPTABLE));
    sp_outcome_set job = sp_route_job_outcomes(row_of("queueOrder"));
    assert_true(sp_outcome_set_has(&job, SP_SEAT_TAKEN));
    assert_true(sp_outcome_set_has(&job, SP_IDEMPOTENCY_MISMATCH));
    assert_true(sp_outcome_set_has(&job, SP_OUTCOME_UNKNOWN));
    assert_false(sp_outcome_set_has(&job, SP_QUEUE_FULL));
}

/* ---- schemas ---- */

static void check_field(const char *shape, const sp_schema_field *fields,
                        const sp_schema_field *field)
{
    for (const sp_schema_field *before = fields; before < field; before++)
        assert_string_not_equal(before->name, field->name);
    bool fine = field->kind >= SP_VALUE_ID && field->kind <= SP_VALUE_REFUSALS &&
                field->max >= field->min && (field->kind != SP_VALUE_INTEGER || field->max > 0) &&
                (field->kind != SP_VALUE_CHOICE || field->choices) &&
                (field->kind != SP_VALUE_SHAPE || sp_schema_shape_of(field->shape)) &&
                (field->kind != SP_VALUE_TEXT || field->example) &&
                (field->count_max == 0 || field->count_max >= field->count_min);
    if (!fine && !(field->kind == SP_VALUE_TEXT && field->max == 0))
        fail_msg("%s.%s", shape, field->name);
}

static void every_schema_has_fields(void **state)
{
    (void)state;
    for (unsigned schema = SP_SCHEMA_EMPTY + 1; schema < SP_PARTS_END; schema++) {
        if (schema == SP_SCHEMAS_END)
            continue;
        const char *name = sp_schema_row_of(schema)->name;
        const sp_schema_shape *shape = sp_schema_shape_of(schema);
        if (!shape)
            fail_msg("nobody knows the fields of %s", name);
        const sp_schema_field *fields = shape ? shape->fields : NULL;
        for (const sp_schema_field *field = fields; field && field->name; field++)
            check_field(name, fields, field);
    }
    for (unsigned number = 0; number < SP_OUTCOME_NUMBERS; number++) {
        const sp_schema_field *fields = sp_schema_problem_fields(number);
        for (const sp_schema_field *field = fields; field && field->name; field++)
            check_field("a problem", fields, field);
    }
}

/* Sees every value of the document. */
static void walk(yajl_val value, void (*see)(yajl_val value, void *context), void *context)
{
    see(value, context);
    for (size_t i = 0; YAJL_IS_OBJECT(value) && i < value->u.object.len; i++)
        walk(value->u.object.values[i], see, context);
    for (size_t i = 0; YAJL_IS_ARRAY(value) && i < value->u.array.len; i++)
        walk(value->u.array.values[i], see, context);
}

static void see_ref(yajl_val value, void *context)
{
    yajl_val ref = member(value, "$ref");
    if (!ref)
        return;
    ++*(uint32_t *)context;
    if (!resolve(YAJL_GET_STRING(ref)))
        fail_msg("leads nowhere: %s", YAJL_GET_STRING(ref));
}

static void every_reference_leads_somewhere(void **state)
{
    uint32_t count = 0;
    (void)state;
    walk(document, see_ref, &count);
    assert_true(count > 500);
    assert_null(resolve("#/components/schemas/Nonsense"));
}

typedef struct search {
    const char *ref;
    bool found;
} search;

static void see_use(yajl_val value, void *context)
{
    search *s = context;
    yajl_val ref = member(value, "$ref");
    const char *to = ref ? YAJL_GET_STRING(ref) : NULL;
    s->found = s->found || (to && strcmp(to, s->ref) == 0);
}

static void every_component_is_used(void **state)
{
    static const char *const kinds[] = {"schemas", "responses", "headers"};
    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        yajl_val kind = need(need(document, "components"), kinds[k]);
        assert_true(kind->u.object.len > 5);
        for (size_t i = 0; i < kind->u.object.len; i++) {
            char ref[512];
            snprintf(ref, sizeof ref, "#/components/%s/%s", kinds[k], kind->u.object.keys[i]);
            search s = {.ref = ref};
            walk(need(document, "paths"), see_use, &s);
            walk(need(document, "components"), see_use, &s);
            if (!s.found)
                fail_msg("nobody uses %s", ref);
        }
    }
}

static void see_object(yajl_val value, void *context)
{
    yajl_val properties = member(value, "properties");
    if (!properties || !YAJL_IS_OBJECT(properties) || !member(value, "required"))
        return;
    ++*(uint32_t *)context;
    yajl_val more = need(value, "additionalProperties");
    if (!YAJL_IS_FALSE(more) && !member(properties, "openapi"))
        fail_msg("an object is open");
}

static void every_object_is_closed(void **state)
{
    uint32_t count = 0;
    (void)state;
    walk(need(need(document, "components"), "schemas"), see_object, &count);
    assert_true(count > 80);
}

static void head_is_whole(void **state)
{
    (void)state;
    assert_string_equal(text(document, "openapi"), "3.1.0");
    yajl_val info = need(document, "info");
    assert_string_equal(text(info, "version"), "1.2.3");
    assert_string_equal(text(need(info, "license"), "identifier"), "MIT");
    assert_int_equal(need(document, "tags")->u.array.len, SP_TAGS_END - 1);
}

static void one_version_has_one_tag(void **state)
{
    sp_openapi a, b, c;
    (void)state;
    sp_openapi_init(&a, "1");
    sp_openapi_init(&b, "1");
    sp_openapi_init(&c, "2");
    assert_memory_equal(a.tag, b.tag, sizeof a.tag);
    assert_memory_not_equal(a.tag, c.tag, sizeof a.tag);
    assert_int_equal(a.tag[0], '"');
    assert_int_equal(a.tag[SP_OPENAPI_TAG_SIZE - 1], '"');
    sp_openapi_close(&a);
    sp_openapi_close(&b);
    sp_openapi_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_says_what_the_document_needs),
        cmocka_unit_test(a_row_that_says_too_little_is_found),
        cmocka_unit_test(every_row_is_in_the_document),
        cmocka_unit_test(every_code_of_a_row_is_in_the_document_and_no_other),
        cmocka_unit_test(codes_follow_from_rows),
        cmocka_unit_test(every_schema_has_fields),
        cmocka_unit_test(every_reference_leads_somewhere),
        cmocka_unit_test(every_component_is_used),
        cmocka_unit_test(every_object_is_closed),
        cmocka_unit_test(head_is_whole),
        cmocka_unit_test(one_version_has_one_tag),
    };
    return cmocka_run_group_tests(tests, read_document, free_document);
}
