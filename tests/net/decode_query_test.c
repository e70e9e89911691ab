/* SPDX-License-Identifier: MIT */
#include "tests/net/decode_stage.h"

static void queries(void **state)
{
    static const struct {
        const char *query, *noted;
        int64_t limit, cursor;
    } cases[] = {
        {"", "", 20, 0},
        {"limit=1", "", 1, 0},
        {"limit=100&cursor=7", "", 100, 7},
        {"&&limit=5&", "", 5, 0},
        {"%6cimit=%31%30", "", 10, 0},
        {"limit=0", "limit:range", 0, 0},
        {"limit=101", "limit:range", 0, 0},
        {"limit=", "limit:range", 0, 0},
        {"limit", "limit:range", 0, 0},
        {"limit=1&limit=1", "limit:duplicate", 0, 0},
        {"limit=+1", "limit:range", 0, 0},
        {"cursor=00", "cursor:format", 0, 0},
        {"cursor=%", "cursor:format", 0, 0},
        {"cursor=%3", "cursor:format", 0, 0},
        {"cursor=%zz", "cursor:format", 0, 0},
        {"cursor=4294967296", "cursor:format", 0, 0},
        {"cursor=1111111111111111111111111111111111111111111", "cursor:format", 0, 0},
        {"category=1", "category:unknown", 0, 0},
        {"at=5&x=&=1", "at:unknown x:unknown :unknown", 0, 0},
        {"\xff=1", "?:unknown", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t values[SP_PARAMS];
        sp_field_errors_clear(&errors);
        sp_text query = {cases[i].query, (uint32_t)strlen(cases[i].query)};
        bool ok =
            sp_decode_query(&decode, query, 1u << SP_PARAM_LIMIT | 1u << SP_PARAM_CURSOR, values);
        assert_int_equal(ok, cases[i].noted[0] == '\0');
        expect_noted(cases[i].query, cases[i].noted);
        if (ok) {
            assert_int_equal(values[SP_PARAM_LIMIT], cases[i].limit);
            assert_int_equal(values[SP_PARAM_CURSOR], cases[i].cursor);
            assert_int_equal(values[SP_PARAM_CATEGORY], 0);
        }
    }
}

/* The ledger's: a seq and a balance in one spelling, or refused. */
static void ledger_cursors(void **state)
{
    static const struct {
        const char *query;
        int64_t seq, balance; /* seq 0: refused */
    } cases[] = {
        {"cursor=12.500", 12, 500},
        {"cursor=12.-500", 12, -500},
        {"cursor=1.0", 1, 0},
        {"cursor=%31%2E%2d7", 1, -7},
        {"cursor=9007199254740991.-9007199254740991", SP_POINTS_TOTAL_MAX, -SP_POINTS_TOTAL_MAX},
        {"cursor=9007199254740992.0", 0, 0},
        {"cursor=1.9007199254740992", 0, 0},
        {"cursor=1.-9007199254740992", 0, 0},
        {"cursor=10000000000000000.0", 0, 0},
        {"cursor=1.99999999999999999", 0, 0},
        {"cursor=12", 0, 0},
        {"cursor=12.", 0, 0},
        {"cursor=.5", 0, 0},
        {"cursor=0.5", 0, 0},
        {"cursor=012.5", 0, 0},
        {"cursor=12.05", 0, 0},
        {"cursor=12.-0", 0, 0},
        {"cursor=12.--5", 0, 0},
        {"cursor=12.+5", 0, 0},
        {"cursor=-12.5", 0, 0},
        {"cursor=12.5x", 0, 0},
        {"cursor=12.5.", 0, 0},
        {"cursor=12,5", 0, 0},
        {"cursor=12.-", 0, 0},
        {"cursor=", 0, 0},
        {"cursor", 0, 0},
    };
    static const unsigned allowed = 1u << SP_PARAM_CURSOR | 1u << SP_PARAM_BALANCE;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t values[SP_PARAMS];
        /* In memory of its size: a query has no end but that. */
        uint32_t size = (uint32_t)strlen(cases[i].query);
        char *copy = malloc(size);
        assert_non_null(copy);
        memcpy(copy, cases[i].query, size);
        sp_field_errors_clear(&errors);
        bool ok = sp_decode_query(&decode, (sp_text){copy, size}, allowed, values);
        free(copy);
        if (ok != (cases[i].seq != 0))
            fail_msg("%s: %s", cases[i].query, ok ? "taken" : noted());
        if (!ok)
            assert_string_equal(noted(), "cursor:format");
        else
            assert_true(values[SP_PARAM_CURSOR] == cases[i].seq &&
                        values[SP_PARAM_BALANCE] == cases[i].balance);
    }
}

/* A text to search for: any UTF-8, once, of 1 to 200 bytes; a `+` is a space unless it
 * was encoded. */
static void search_texts(void **state)
{
    static const struct {
        const char *query, *noted, *text; /* text NULL: absent */
    } cases[] = {
        {"", "", NULL},
        {"limit=5", "", NULL},
        {"q=a", "", "a"},
        {"%71=%41&limit=1", "", "A"},
        {"limit=1&&q=rock+%26+roll%2B%20", "", "rock & roll+ "},
        {"q=%25%27%22%5c%3B", "", "%'\"\\;"},
        {"q=a=b", "", "a=b"},
        {"q=%EB%AE%A4", "", "뮤"},
        {"q=뮤지컬", "", "뮤지컬"},
        {"q=%F0%9F%8E%BB", "", "🎻"},
        {"q=%E3%85%8B", "", "ㅋ"},
        {"q=+", "", " "},
        {"q=", "q:format", NULL},
        {"q", "q:format", NULL},
        {"q=%", "q:format", NULL},
        {"q=%4", "q:format", NULL},
        {"q=%FF", "q:format", NULL},
        {"q=%EB%AE", "q:format", NULL},
        {"q=%ED%A0%80", "q:format", NULL},
        {"q=a&q=a", "q:duplicate", NULL},
        {"Q=a", "Q:unknown", NULL},
        {"q=&limit=0", "q:format limit:range", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t values[SP_PARAMS];
        char buffer[SP_SEARCH_TEXT_SIZE_MAX];
        sp_field_errors_clear(&errors);
        sp_text query = {cases[i].query, (uint32_t)strlen(cases[i].query)};
        bool ok = sp_decode_query(&decode, query, 1u << SP_PARAM_LIMIT | 1u << SP_PARAM_Q, values);
        assert_int_equal(ok, cases[i].noted[0] == '\0');
        expect_noted(cases[i].query, cases[i].noted);
        if (!ok)
            continue;
        sp_text text = sp_query_search_text(query, buffer);
        const char *wanted = cases[i].text;
        if (!wanted ? text.bytes != NULL
                    : text.size != strlen(wanted) || memcmp(text.bytes, wanted, text.size) != 0)
            fail_msg("%s: %.*s", cases[i].query, (int)text.size, text.bytes);
    }
}

static void search_texts_have_a_size(void **state)
{
    (void)state;
    for (uint32_t size = 199; size <= 201; size++)
        for (uint32_t escaped = 0; escaped < 2; escaped++) {
            char query[700] = "q=", buffer[SP_SEARCH_TEXT_SIZE_MAX];
            int64_t values[SP_PARAMS];
            for (uint32_t i = 0; i < size; i++)
                strcat(query, escaped ? "%2B" : "+");
            sp_text text = {query, (uint32_t)strlen(query)};
            sp_field_errors_clear(&errors);
            bool ok = sp_decode_query(&decode, text, 1u << SP_PARAM_Q, values);
            assert_int_equal(ok, size <= 200);
            if (ok)
                assert_int_equal(sp_query_search_text(text, buffer).size, size);
        }
    int64_t values[SP_PARAMS];
    assert_false(
        sp_decode_query(&decode, SP_TEXT("q=a"), 1u << SP_PARAM_LIMIT, values)); /* not there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries),
        cmocka_unit_test(ledger_cursors),
        cmocka_unit_test(search_texts),
        cmocka_unit_test(search_texts_have_a_size),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
