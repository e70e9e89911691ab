/* SPDX-License-Identifier: MIT */
#include "net/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/negotiate.h"

static sp_text text_of(const char *string)
{
    return (sp_text){string, string ? (uint32_t)strlen(string) : 0};
}

static sp_route_match match(sp_method method, const char *path)
{
    return sp_router_match(method, text_of(path));
}

static void finds_routes(void **state)
{
    static const struct {
        sp_method method;
        const char *path, *pattern;
        uint32_t id;
    } cases[] = {
        {SP_METHOD_POST, "/v1/orders", "/v1/orders", 0},
        {SP_METHOD_GET, "/v1/orders/7", "/v1/orders/{id}", 7},
        {SP_METHOD_HEAD, "/v1/orders/7", "/v1/orders/{id}", 7},
        {SP_METHOD_POST, "/v1/orders/4294967295/cancel", "/v1/orders/{id}/cancel", UINT32_MAX},
        {SP_METHOD_GET, "/v1/concerts/12/seats", "/v1/concerts/{id}/seats", 12},
        {SP_METHOD_POST, "/v1/concerts/12/holds", "/v1/concerts/{id}/holds", 12},
        {SP_METHOD_DELETE, "/v1/holds/7", "/v1/holds/{id}", 7},
        {SP_METHOD_POST, "/v1/holds/7/extend", "/v1/holds/{id}/extend", 7},
        {SP_METHOD_GET, "/v1/users/me", "/v1/users/me", 0},
        {SP_METHOD_GET, "/v1/users/me/ledger", "/v1/users/me/ledger", 0},
        {SP_METHOD_GET, "/v1/concerts/12/orders", "/v1/concerts/{id}/orders", 12},
        {SP_METHOD_PUT, "/v1/users/3/role", "/v1/users/{id}/role", 3},
        {SP_METHOD_GET, "/livez", "/livez", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_route_match found = match(cases[i].method, cases[i].path);
        assert_non_null(found.route);
        assert_string_equal(found.route->pattern, cases[i].pattern);
        assert_int_equal(found.params[0], cases[i].id);
    }
}

/* The table read plainly, row by row: what the index must agree with. */
static bool is_matched(const char *pattern, const char *path, uint32_t ids[2])
{
    for (; *pattern; pattern++) {
        if (*pattern != '{') {
            if (*path++ != *pattern)
                return false;
            continue;
        }
        size_t size = strcspn(path, "/");
        if (size == 0)
            return false;
        *ids = 0;
        (void)sp_decode_id_text((sp_text){path, (uint32_t)size}, ids++);
        path += size;
        pattern = strchr(pattern, '}');
    }
    return *path == '\0';
}

static void compare_with_the_table(sp_method method, const char *path)
{
    sp_route_match wanted = {0};
    sp_method row_method = method == SP_METHOD_HEAD ? SP_METHOD_GET : method;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        uint32_t ids[2] = {0};
        if (!is_matched(sp_routes[i].pattern, path, ids))
            continue;
        wanted.allowed |= 1u << sp_routes[i].method;
        if (sp_routes[i].method == row_method && !wanted.route) {
            wanted.route = &sp_routes[i];
            memcpy(wanted.params, ids, sizeof ids);
        }
    }
    if (wanted.allowed & 1u << SP_METHOD_GET)
        wanted.allowed |= 1u << SP_METHOD_HEAD;
    /* In memory of its size: a path has no end but that. */
    uint32_t size = (uint32_t)strlen(path);
    char *copy = malloc(size + !size);
    assert_non_null(copy);
    memcpy(copy, path, size);
    sp_route_match found = sp_router_match(method, (sp_text){copy, size});
    free(copy);
    if (found.route != wanted.route || found.allowed != wanted.allowed ||
        memcmp(found.params, wanted.params, sizeof found.params) != 0)
        fail_msg("%d %s", method, path);
}

/* A pattern as a path with this in the place of its ids. */
static void make_path(char *out, const char *pattern, const char *id)
{
    for (; *pattern; pattern++) {
        if (*pattern == '{') {
            out = stpcpy(out, id);
            pattern = strchr(pattern, '}');
        } else {
            *out++ = *pattern;
        }
    }
    *out = '\0';
}

static void the_index_is_the_table(void **state)
{
    static const char *const ids[] = {"7", "me", "0", "4294967295", "4294967296", "x", ""};
    static const char others[] = "/ax1{";
    char path[128], changed[160];
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        for (size_t k = 0; k < sizeof ids / sizeof ids[0]; k++) {
            make_path(path, sp_routes[i].pattern, ids[k]);
            size_t size = strlen(path);
            for (sp_method method = SP_METHOD_GET; method <= SP_METHOD_OPTIONS; method++) {
                compare_with_the_table(method, path);
                for (size_t at = 0; at <= size; at++) {
                    snprintf(changed, sizeof changed, "%.*s", (int)at, path);
                    compare_with_the_table(method, changed);
                    for (size_t o = 0; o < sizeof others - 1; o++) {
                        snprintf(changed, sizeof changed, "%.*s%c%s", (int)at, path, others[o],
                                 path + at + (at < size));
                        compare_with_the_table(method, changed);
                        snprintf(changed, sizeof changed, "%.*s%c%s", (int)at, path, others[o],
                                 path + at);
                        compare_with_the_table(method, changed);
                    }
                }
            }
        }
    }
}

static void unknown_paths_have_no_methods(void **state)
{
    static const char *const paths[] = {
        "/",
        "/v1",
        "/v1/",
        "/v1/order",
        "/v1/orders/",
        "/v1/orders//cancel",
        "//v1/orders",
        "/v1/orders/7/",
        "/v1/orders/7/cancel/",
        "/v1/orders/7/refund",
        "/V1/orders",
        "/v1/Orders",
        "/v1/ordersx",
        "/livez/",
        "/v1/users/me/role/x",
        "/v1/%6frders",
        "/v2/orders",
    };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        sp_route_match found = match(SP_METHOD_GET, paths[i]);
        if (found.route || found.allowed)
            fail_msg("%s was found", paths[i]);
    }
}

static void bad_ids_are_nobodys(void **state)
{
    static const char *const paths[] = {
        "/v1/orders/0",           "/v1/orders/07",  "/v1/orders/x",
        "/v1/orders/-1",          "/v1/orders/1.0", "/v1/orders/4294967296",
        "/v1/orders/99999999999", "/v1/orders/%31", "/v1/orders/+1",
    };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        sp_route_match found = match(SP_METHOD_GET, paths[i]);
        assert_non_null(found.route);
        assert_string_equal(found.route->pattern, "/v1/orders/{id}");
        assert_int_equal(found.params[0], 0);
    }
}

static void check_allow(sp_method method, const char *path, const char *wanted)
{
    char allow[SP_ALLOW_SIZE_MAX + 1] = {0};
    sp_route_match found = match(method, path);
    assert_null(found.route);
    allow[sp_router_allow(found.allowed, allow)] = '\0';
    assert_string_equal(allow, wanted);
}

static void other_methods_learn_what_is_allowed(void **state)
{
    (void)state;
    check_allow(SP_METHOD_DELETE, "/v1/orders", "GET, HEAD, POST, OPTIONS");
    check_allow(SP_METHOD_GET, "/v1/orders/1/cancel", "POST, OPTIONS");
    check_allow(SP_METHOD_OPTIONS, "/v1/users/1/role", "PUT, OPTIONS");
    check_allow(SP_METHOD_POST, "/v1/holds/1", "GET, HEAD, DELETE, OPTIONS");
    check_allow(SP_METHOD_POST, "/readyz", "GET, HEAD, OPTIONS");
    check_allow(SP_METHOD_PUT, "/v1/concerts/x", "GET, HEAD, PATCH, DELETE, OPTIONS");
}

static void fail_row(const sp_route *route, const char *why)
{
    fail_msg("%d %s: %s", route->method, route->pattern, why);
}

/* What begin() relies on, for every row. */
static void the_table_is_consistent(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        assert_non_null(route->answer);
        assert_true(route->method != SP_METHOD_HEAD && route->method != SP_METHOD_OPTIONS);
        assert_true(route->who >= SP_WHO_ANYONE && route->who <= SP_WHO_ADMIN);
        assert_int_equal(route->body != SP_BODY_NONE, route->decode != NULL);
        /* An id in a path goes to the engine or to a view, where 0 is unknown:
         * so it needs a start, or an answer that looks. */
        if (strchr(route->pattern, '{') && !route->start)
            assert_int_equal(route->method, SP_METHOD_GET);
        /* A list that the sequencer makes has to be given back. */
        bool is_page = route->params & 1u << SP_PARAM_LIMIT && route->start;
        if (route->lists != is_page || (is_page && route->method != SP_METHOD_GET))
            fail_row(route, "keeps its list, or gives back what is none");
        for (uint32_t k = 0; k < i; k++)
            assert_false(route->method == sp_routes[k].method &&
                         strcmp(route->pattern, sp_routes[k].pattern) == 0);
    }
}

/* Whoever may make a fact by POST may make it once: all but those who have no
 * name yet under which a key could be kept. */
static void every_post_of_somebody_is_keyed(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        bool wanted = route->method == SP_METHOD_POST && route->who >= SP_WHO_USER;
        if (route->keyed != wanted)
            fail_row(route, wanted ? "takes no key" : "takes a key");
        /* What changes something is somebody's, but for sign-up and auth. */
        bool is_reader = route->method == SP_METHOD_GET;
        if (!is_reader && route->who < SP_WHO_USER && strcmp(route->pattern, "/v1/users") != 0 &&
            strncmp(route->pattern, "/v1/auth/", 9) != 0)
            fail_row(route, "anyone may write");
        if (route->who == SP_WHO_SIGN_UP)
            assert_string_equal(route->pattern, "/v1/users");
    }
}

/* A role is judged by the engine, as it is now: so who asks for what needs one has
 * to reach the engine. */
static void roles_are_judged_by_the_engine(void **state)
{
    uint32_t rows_count = 0;
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        if (sp_routes[i].who < SP_WHO_HOST)
            continue;
        rows_count++;
        if (!sp_routes[i].start)
            fail_row(&sp_routes[i], "needs a role and is answered by the loop");
    }
    assert_true(rows_count >= 5);
}

static void paths_are_of_one_form(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        const char *p = route->pattern;
        if (strcmp(p, "/livez") == 0 || strcmp(p, "/readyz") == 0 || strcmp(p, "/metrics") == 0 ||
            strcmp(p, "/openapi.json") == 0 || route->page)
            continue;
        if (strncmp(p, "/v1/", 4) != 0)
            fail_row(route, "outside of /v1");
        if (p[strlen(p) - 1] == '/' || strstr(p, "//") || strpbrk(p, "?# "))
            fail_row(route, "not a path");
        for (const char *at = p; (at = strchr(at, '{')) != NULL; at++) {
            size_t size = strncmp(at, "{job}", 5) == 0 ? 5 : 4;
            if (at[-1] != '/' || (size == 4 && strncmp(at, "{id}", 4) != 0) ||
                (at[size] != '/' && at[size] != '\0'))
                fail_row(route, "an id is a whole segment");
        }
    }
}

/* Which bodies travel is said in every row, by names that there are. */
static void every_row_names_its_bodies(void **state)
{
    uint32_t uses[SP_SCHEMAS_END] = {0};
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        if ((route->body != SP_BODY_NONE) != (route->request != SP_SCHEMA_UNNAMED))
            fail_row(route, "a body and no name of it, or a name and no body");
        if (route->request == SP_SCHEMA_EMPTY ||
            (route->response == SP_SCHEMA_UNNAMED) != route->page)
            fail_row(route, "does not say what it answers");
        assert_true(route->request < SP_SCHEMAS_END && route->response < SP_SCHEMAS_END);
        uses[route->request]++;
        uses[route->response]++;
    }
    for (sp_schema schema = SP_SCHEMA_UNNAMED + 1; schema < SP_SCHEMAS_END; schema++) {
        const sp_schema_row *row = sp_schema_row_of(schema);
        if (uses[schema] == 0)
            fail_msg("nobody has a %s", row->name);
        assert_true(row->meaning[0] != '\0' && row->home[0] != '\0');
        assert_true(row->name[0] >= 'A' && row->name[0] <= 'Z');
        assert_int_equal(strspn(row->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
                         strlen(row->name));
        for (sp_schema other = SP_SCHEMA_UNNAMED + 1; other < schema; other++)
            assert_string_not_equal(sp_schema_row_of(other)->name, row->name);
    }
}

static void media_types(void **state)
{
    static const char *const good[] = {
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json ; charset=\"utf-8\"",
        "application/json;",
    };
    static const char *const bad[] = {
        NULL,
        "",
        "text/plain",
        "application/jsonx",
        "application/json; charset=latin1",
        "application/json, application/json",
        "application/json; v=2",
        "application/problem+json",
        "*/*",
        "application/x-msgpack",
        "application/msgpackx",
        "application/msgpack; charset=utf-8",
        "application/msgpack, application/json",
        "application/vnd.msgpack; v=2",
    };
    static const char *const packed[] = {
        "application/msgpack",
        "Application/MsgPack",
        "application/msgpack ;",
        "application/vnd.msgpack",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (sp_media_kind_of(text_of(good[i])) != SP_MEDIA_JSON)
            fail_msg("refused %s", good[i]);
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++)
        if (sp_media_kind_of(text_of(packed[i])) != SP_MEDIA_MSGPACK)
            fail_msg("refused %s", packed[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_media_kind_of(text_of(bad[i])) != SP_MEDIA_UNKNOWN)
            fail_msg("took %s", bad[i]);
}

static void accept_headers(void **state)
{
    static const char *const good[] = {
        NULL,
        "",
        "*/*",
        "application/json",
        "application/*",
        "APPLICATION/JSON;q=0.001",
        "text/html, */*;q=0.1",
        "application/problem+json",
        "text/html,application/json;q=0.9",
        "text/*;q=0, application/json",
        "*/*;q=0, application/json",
        "application/json;v=\"a,b\"",
        "application/*;q=0, application/json;q=0.5",
    };
    static const char *const bad[] = {
        "text/html",
        "image/*, text/*",
        "application/json;q=0",
        "*/*;q=0",
        "application/*; q=0.0",
        "application/json;q=0.000, application/problem+json;q=0, */*",
        "application/xml",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!sp_accept_allows_json(text_of(good[i])))
            fail_msg("excluded by %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_accept_allows_json(text_of(bad[i])))
            fail_msg("let through by %s", bad[i]);
}

static void accept_of_events(void **state)
{
    static const char *const good[] = {
        NULL,
        "",
        "*/*",
        "text/event-stream",
        "TEXT/Event-Stream",
        "text/*",
        "application/json, text/event-stream;q=0.1",
        "application/*;q=0, */*;q=0.5",
        "text/*;q=0, text/event-stream",
    };
    static const char *const bad[] = {
        "application/json",
        "application/problem+json",
        "application/*",
        "text/event-stream;q=0",
        "text/html",
        "*/*;q=0",
        "text/event-stream;q=0, */*",
        "text/*;q=0, */*",
        "tex/*",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (!sp_accept_allows_events(text_of(good[i])))
            fail_msg("excluded by %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_accept_allows_events(text_of(bad[i])))
            fail_msg("let through by %s", bad[i]);
}

static void accept_of_two_forms(void **state)
{
    static const struct {
        const char *accept;
        sp_media_kind kind;
    } cases[] = {
        {NULL, SP_MEDIA_JSON},
        {"", SP_MEDIA_JSON},
        {"*/*", SP_MEDIA_JSON},
        {"application/*", SP_MEDIA_JSON},
        {"application/json", SP_MEDIA_JSON},
        {"application/json, application/msgpack", SP_MEDIA_JSON},
        {"application/msgpack, */*", SP_MEDIA_JSON},
        {"application/msgpack;q=0.5, application/json;q=0.5", SP_MEDIA_JSON},
        {"application/msgpack;q=0.5, application/json;q=0.501", SP_MEDIA_JSON},
        {"application/msgpack;q=0, */*", SP_MEDIA_JSON},
        {"application/msgpack;q=0, application/json;q=0.001, */*", SP_MEDIA_JSON},
        {"application/vnd.msgpack;q=0, application/json;q=0.001, */*", SP_MEDIA_JSON},
        {"application/problem+json", SP_MEDIA_JSON},
        {"text/html, application/x-msgpack, */*;q=0.1", SP_MEDIA_JSON},
        {"application/msgpack", SP_MEDIA_MSGPACK},
        {"APPLICATION/MSGPACK", SP_MEDIA_MSGPACK},
        {"application/vnd.msgpack", SP_MEDIA_MSGPACK},
        {"application/msgpack, application/problem+json", SP_MEDIA_MSGPACK},
        {"application/msgpack, */*;q=0.999", SP_MEDIA_MSGPACK},
        {"application/json;q=0.9, application/msgpack", SP_MEDIA_MSGPACK},
        {"application/json;q=0.25, application/msgpack;q=0.3", SP_MEDIA_MSGPACK},
        {"application/json;q=0.001, application/vnd.msgpack;q=0.002", SP_MEDIA_MSGPACK},
        {"application/json;q=0, */*", SP_MEDIA_MSGPACK},
        {"application/json;q=0, application/*;q=0.1", SP_MEDIA_MSGPACK},
        {"application/msgpack;q=0.001", SP_MEDIA_MSGPACK},
        {"application/msgpack;q=0", SP_MEDIA_UNKNOWN},
        {"application/x-msgpack", SP_MEDIA_UNKNOWN},
        {"text/html", SP_MEDIA_UNKNOWN},
        {"*/*;q=0", SP_MEDIA_UNKNOWN},
        {"application/json;q=0, application/msgpack;q=0.000", SP_MEDIA_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (sp_accept_choose(text_of(cases[i].accept)) != cases[i].kind)
            fail_msg("%s: wanted %d", cases[i].accept, cases[i].kind);
}

static void entity_tags(void **state)
{
    char tag[SP_ETAG_SIZE_MAX];
    (void)state;
    sp_text etag = {tag, (uint32_t)sp_etag_print(12, 345, SP_MEDIA_MSGPACK, tag)};
    assert_true(sp_text_equal(etag, SP_TEXT("\"12-345-msgpack\"")));
    assert_false(sp_etag_matches(text_of("\"12-345\""), etag));
    assert_true(sp_etag_matches(text_of("\"12-345\", \"12-345-msgpack\""), etag));
    assert_int_equal(sp_etag_print(UINT32_MAX, UINT64_MAX, SP_MEDIA_JSON, tag), 33);
    assert_int_equal(sp_etag_print(UINT32_MAX, UINT64_MAX, SP_MEDIA_MSGPACK, tag), 41);
    etag.size = (uint32_t)sp_etag_print(12, 345, SP_MEDIA_JSON, tag);
    assert_true(sp_text_equal(etag, SP_TEXT("\"12-345\"")));
    assert_false(sp_etag_matches(text_of("\"12-345-msgpack\""), etag));
    assert_true(sp_etag_matches(text_of("\"12-345\""), etag));
    assert_true(sp_etag_matches(text_of("*"), etag));
    assert_true(sp_etag_matches(text_of("W/\"12-345\""), etag));
    assert_true(sp_etag_matches(text_of("\"a,b\", \"12-345\" ,\"c\""), etag));
    assert_false(sp_etag_matches(text_of(NULL), etag));
    assert_false(sp_etag_matches(text_of(""), etag));
    assert_false(sp_etag_matches(text_of("12-345"), etag));
    assert_false(sp_etag_matches(text_of("\"12-346\", \"1-345\""), etag));
    assert_false(sp_etag_matches(text_of("\"x, \"12-345\""), etag));
}

static void bearer(void **state)
{
    (void)state;
    assert_true(sp_text_equal(sp_bearer_token(text_of("Bearer abc")), SP_TEXT("abc")));
    assert_true(sp_text_equal(sp_bearer_token(text_of("bEARER   abc")), SP_TEXT("abc")));
    assert_null(sp_bearer_token(text_of(NULL)).bytes);
    assert_null(sp_bearer_token(text_of("Bearer")).bytes);
    assert_null(sp_bearer_token(text_of("Bearer  ")).bytes);
    assert_null(sp_bearer_token(text_of("Basic YTpi")).bytes);
    assert_null(sp_bearer_token(text_of("Bearerabc")).bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_routes),
        cmocka_unit_test(the_index_is_the_table),
        cmocka_unit_test(unknown_paths_have_no_methods),
        cmocka_unit_test(bad_ids_are_nobodys),
        cmocka_unit_test(other_methods_learn_what_is_allowed),
        cmocka_unit_test(the_table_is_consistent),
        cmocka_unit_test(every_post_of_somebody_is_keyed),
        cmocka_unit_test(paths_are_of_one_form),
        cmocka_unit_test(roles_are_judged_by_the_engine),
        cmocka_unit_test(every_row_names_its_bodies),
        cmocka_unit_test(media_types),
        cmocka_unit_test(accept_headers),
        cmocka_unit_test(accept_of_events),
        cmocka_unit_test(accept_of_two_forms),
        cmocka_unit_test(entity_tags),
        cmocka_unit_test(bearer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
