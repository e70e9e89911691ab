/* SPDX-License-Identifier: MIT
 *
 * /docs and its files through the application: what browsers are told of them, and
 * that the table of routes and what there is are one.
 */
#include "tests/net/app_stage.h"

#include "net/pages.h"

static const char page_policy[] =
    "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'\r\n";
static const char no_page_policy[] =
    "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n";

static void assert_has(const fake_answer *answer, const char *line)
{
    if (!strstr(answer->head, line))
        fail_msg("no %s in %s", line, answer->head);
}

static void every_row_has_its_page(void **state)
{
    uint32_t rows_count = 0;
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++) {
        const sp_route *route = &sp_routes[i];
        if (!route->page) {
            assert_null(sp_pages_find(route->pattern));
            continue;
        }
        rows_count++;
        const sp_page *page = sp_pages_find(route->pattern);
        assert_non_null(page);
        assert_true(route->plain && route->who == SP_WHO_ANYONE && !route->start);
        assert_int_equal(route->ops, SP_OPS_NOT);
        /* It is something, or a way to something. */
        assert_int_equal(page->body.size > 0, page->location.bytes == NULL);
    }
    assert_int_equal(rows_count, 7);
    assert_null(sp_pages_find("/docs/other"));
}

static void check_page(const char *path, const char *type, const char *policy)
{
    char line[SP_PAGE_TAG_SIZE + 128];
    const sp_page *page = sp_pages_find(path);
    size_t size = page->body.size;
    fake_answer answer = ASK(SP_METHOD_GET, path, .accept = "text/html");
    assert_int_equal(answer.status, 200);
    snprintf(line, sizeof line, "\r\nContent-Type: %s\r\n", type);
    assert_has(&answer, line);
    snprintf(line, sizeof line, "\r\nContent-Length: %zu\r\n", size);
    assert_has(&answer, line);
    assert_has(&answer, policy);
    assert_has(&answer, "\r\nX-Content-Type-Options: nosniff\r\n");
    assert_has(&answer, "\r\nReferrer-Policy: no-referrer\r\n");
    assert_has(&answer, "\r\nCache-Control: no-cache\r\n");
    assert_int_equal(answer.body_size, size);
    assert_memory_equal(answer.body, page->body.bytes, size);
    free(answer.head);

    snprintf(line, sizeof line, "%.*s", (int)SP_PAGE_TAG_SIZE, page->tag);
    answer = ASK(SP_METHOD_GET, path, .if_none_match = line);
    assert_int_equal(answer.status, 304);
    assert_int_equal(answer.body_size, 0);
    snprintf(line, sizeof line, "\r\nETag: %.*s\r\n", (int)SP_PAGE_TAG_SIZE, page->tag);
    assert_has(&answer, line);
    assert_has(&answer, policy);
    free(answer.head);

    answer = ASK(SP_METHOD_GET, path, .if_none_match = "\"another\"");
    assert_int_equal(answer.status, 200);
    free(answer.head);
    answer = ASK(SP_METHOD_HEAD, path);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_size, 0);
    assert_has(&answer, line);
    free(answer.head);
}

static void pages_say_what_they_are(void **state)
{
    (void)state;
    check_page("/docs", "text/html; charset=utf-8", page_policy);
    check_page("/docs/docs.js", "text/javascript; charset=utf-8", no_page_policy);
    check_page("/docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", no_page_policy);
    check_page("/docs/swagger-ui.css", "text/css; charset=utf-8", no_page_policy);
    check_page("/docs/favicon.png", "image/png", no_page_policy);
    check_page("/docs/swagger-ui-bundle.js.LICENSE.txt", "text/plain; charset=utf-8",
               no_page_policy);
}

/* Two files of one tag would be taken for each other after an upgrade. */
static void tags_tell_files_apart(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sp_routes_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (sp_routes[i].page && sp_routes[k].page)
                assert_memory_not_equal(sp_pages_find(sp_routes[i].pattern)->tag,
                                        sp_pages_find(sp_routes[k].pattern)->tag, SP_PAGE_TAG_SIZE);
}

static void a_slash_too_many_leads_to_the_page(void **state)
{
    (void)state;
    fake_answer answer = ASK(SP_METHOD_GET, "/docs/");
    assert_int_equal(answer.status, 308);
    assert_has(&answer, "\r\nLocation: /docs\r\n");
    assert_int_equal(answer.body_size, 0);
    free(answer.head);
    expect_code(ASK(SP_METHOD_GET, "/docs/other.js"), 404, "route_unknown");
    expect_code(ASK(SP_METHOD_POST, "/docs"), 405, "method_not_allowed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_page),
        cmocka_unit_test(pages_say_what_they_are),
        cmocka_unit_test(tags_tell_files_apart),
        cmocka_unit_test(a_slash_too_many_leads_to_the_page),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
