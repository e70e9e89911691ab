/* SPDX-License-Identifier: MIT
 *
 * Lists of concerts that are searched, and where their pages end: what is asked for
 * is found in tests/e2e/api_search.test.mjs.
 */
#include "net/fold.h"
#include "tests/net/app_stage.h"
#include "tests/support/random.h"

#define MADE 600u /* more than two pages look at */

static fake_answer list(const char *query, unsigned long cursor)
{
    char target[256];
    int size = snprintf(target, sizeof target, "/v1/concerts?%s", query);
    if (cursor > 0)
        snprintf(target + size, sizeof target - (size_t)size, "&cursor=%lu", cursor);
    return ask((given){.method = SP_METHOD_GET, .target = target});
}

static void make_concert(const char *name)
{
    char body[sizeof concert_body + SP_CONCERT_NAME_SIZE_MAX];
    const char *behind = strstr(concert_body, "Fest") + strlen("Fest");
    snprintf(body, sizeof body, "%.*s%s%s", (int)(behind - 4 - concert_body), concert_body, name,
             behind);
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = body, .token = admin_token), 201, NULL);
}

static void texts_and_categories_are_found(void **state)
{
    (void)state;
    stage_people_and_concert();
    expect(
        ASK(SP_METHOD_POST, "/v1/categories", .body = "{\"name\":\"Jazz\"}", .token = admin_token),
        201, NULL);
    expect(list("q=FEST", 0), 200, "{\"items\":[{\"id\":\"1\"");
    expect(list("q=roc", 0), 200, "{\"items\":[{\"id\":\"1\"");
    expect(list("q=fest&category=1", 0), 200, "{\"items\":[{\"id\":\"1\"");
    expect(list("q=fest&category=2", 0), 200, "{\"items\":[],\"nextCursor\":null}");
    expect(list("q=fast", 0), 200, "{\"items\":[],\"nextCursor\":null}");
    expect(list("q=fest", 1), 200, "{\"items\":[],\"nextCursor\":null}");
    expect(list("q=fest", 4294967295), 200, "{\"items\":[{\"id\":\"1\"");
    expect_code(list("q=", 0), 422, "validation_failed");
    expect(list("category=4294967295", 0), 200, "{\"items\":[],\"nextCursor\":null}");
}

/* Two letters of the name that never stand in it side by side, though its bits say so. */
static void find_false_text(const char *name, char text[3])
{
    sp_search *search = sp_search_create(1, sp_fold_text);
    sp_search_query query;
    const sp_search_entry entry = {1, 1, text_of(name), SP_TEXT("Rock")};
    bool found = false;
    assert_non_null(search);
    sp_search_put(search, &entry);
    for (uint32_t i = 0; i < 26 * 26 && !found; i++) {
        snprintf(text, 3, "%c%c", 'a' + i / 26, 'a' + i % 26);
        sp_search_ask(search, text_of(text), 0, &query);
        found = sp_search_next(search, &query, 2) == 1 && !sp_search_finds(search, &query, &entry);
    }
    sp_search_destroy(search);
    assert_true(found);
}

/* A name of 200 random letters sets so many bits that it is proposed for texts that are
 * not in it: of such concerts a page looks at a bounded number, and its cursor leads on. */
static void pages_end_early_when_looks_are_in_vain(void **state)
{
    char name[SP_CONCERT_NAME_SIZE_MAX + 1], text[3], query[16];
    sp_random random;
    (void)state;
    sp_random_seed(&random, 1);
    for (uint32_t i = 0; i < sizeof name - 1; i++)
        name[i] = (char)('a' + sp_random_below(&random, 26));
    name[sizeof name - 1] = '\0';
    find_false_text(name, text);
    make_concert(text);
    for (uint32_t i = 0; i < MADE; i++)
        make_concert(name);
    snprintf(query, sizeof query, "q=%s", text);
    uint32_t pages_count = 0;
    unsigned long cursor = 0;
    do {
        fake_answer page = list(query, cursor);
        const char *next = strstr(page.body, "\"nextCursor\":\"");
        assert_int_equal(page.status, 200);
        unsigned long below = next ? strtoul(next + strlen("\"nextCursor\":\""), NULL, 10) : 0;
        assert_int_equal(strstr(page.body, "{\"items\":[],") != NULL, below != 0);
        if (cursor > 0 && below > 0)
            assert_true(below < cursor);
        if (below == 0)
            assert_non_null(strstr(page.body, "{\"items\":[{\"id\":\"2\""));
        cursor = below;
        free(page.head);
        pages_count++;
    } while (cursor > 0);
    assert_int_equal(pages_count, 3);
}

/* The same concerts: as many as a page has, and no cursor behind the last. */
static void a_full_page_knows_whether_there_is_more(void **state)
{
    (void)state;
    fake_answer page = list("limit=1&q=fest", 0);
    assert_non_null(strstr(page.body, "{\"items\":[{\"id\":\"1\""));
    assert_non_null(strstr(page.body, "\"nextCursor\":null"));
    free(page.head);
    make_concert("Fest two");
    page = list("limit=1&q=fest", 0);
    assert_non_null(strstr(page.body, "\"name\":\"Fest two\""));
    const char *next = strstr(page.body, "\"nextCursor\":\"");
    assert_non_null(next);
    unsigned long cursor = strtoul(next + strlen("\"nextCursor\":\""), NULL, 10);
    free(page.head);
    make_concert("Fest three");
    page = list("limit=1&q=fest", cursor);
    assert_non_null(strstr(page.body, "{\"items\":[{\"id\":\"1\""));
    assert_non_null(strstr(page.body, "\"nextCursor\":null"));
    free(page.head);
}

/* In this order: each builds on the state before it. */
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_and_categories_are_found),
        cmocka_unit_test(pages_end_early_when_looks_are_in_vain),
        cmocka_unit_test(a_full_page_knows_whether_there_is_more),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
