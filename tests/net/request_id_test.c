/* SPDX-License-Identifier: MIT
 *
 * X-Request-Id and traceparent: what is valid, what is kept of it.
 */
#include "net/request_id.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define ID64 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._"

static sp_text text(const char *string)
{
    return (sp_text){string, string ? (uint32_t)strlen(string) : 0};
}

static void ids(void **state)
{
    static const char *const good[] = {"a", "-", "req-1", "A.b_C-9", ID64};
    static const char *const bad[] = {"",         ID64 "x", "a b",  "a\tb", "a,b",
                                      "a:b",      "a\"b",   "a\\b", "a/b",  "<a>",
                                      "\303\244", "a\nb",   "a%0a", "a;b",  "a\x7f"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(sp_request_id_is_sane(text(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_request_id_is_sane(text(bad[i])))
            fail_msg("taken: %s", bad[i]);
    assert_false(sp_request_id_is_sane((sp_text){"a\0b", 3}));
    assert_false(sp_request_id_is_sane(text(NULL)));
}

static void traces(void **state)
{
    static const struct {
        const char *text;
        bool sampled;
    } good[] = {
        {"00-" TRACE "-" PARENT "-00", false},
        {"00-" TRACE "-" PARENT "-01", true},
        {"00-" TRACE "-" PARENT "-fe", false},
        {"00-" TRACE "-" PARENT "-ff", true},
        {"cc-" TRACE "-" PARENT "-01", true},
        {"01-" TRACE "-" PARENT "-01-what-the future.may bring", true},
        {"01-" TRACE "-" PARENT "-01-", true},
    };
    static const char *const bad[] = {
        "",
        "00",
        "00-" TRACE "-" PARENT "-0",
        "00-" TRACE "-" PARENT "-01-",
        "00-" TRACE "-" PARENT "-01-more",
        "00-" TRACE "-" PARENT "-010",
        "01-" TRACE "-" PARENT "-01.more",
        "ff-" TRACE "-" PARENT "-01",
        "0-" TRACE "-" PARENT "-001",
        "0g-" TRACE "-" PARENT "-01",
        "00-" TRACE "-" PARENT "-0g",
        "00-00000000000000000000000000000000-" PARENT "-01",
        "00-" TRACE "-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01",
        "00-" TRACE "-B7AD6B7169203331-01",
        "00_" TRACE "-" PARENT "-01",
        "00-" TRACE "_" PARENT "-01",
        "00-" TRACE "-" PARENT "_01",
        "00-" TRACE "-" PARENT "-01, 00-" TRACE "-" PARENT "-01",
        "00-0af7651916cd43dd8448eb211c80319 -" PARENT "-01",
    };
    sp_trace trace;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!sp_traceparent_parse(text(good[i].text), &trace))
            fail_msg("not taken: %s", good[i].text);
        assert_memory_equal(trace.trace_id, TRACE, 32);
        assert_memory_equal(trace.parent_id, PARENT, 16);
        assert_int_equal(trace.sampled, good[i].sampled);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (sp_traceparent_parse(text(bad[i]), &trace))
            fail_msg("taken: %s", bad[i]);
    assert_false(sp_traceparent_parse(text(NULL), &trace));
}

static sp_request_marks *marks_of(const char *id, const char *traceparent)
{
    sp_text rare[SP_HEADER_RARE_COUNT] = {
        [SP_HEADER_X_REQUEST_ID - SP_HEADER_COUNT] = text(id),
        [SP_HEADER_TRACEPARENT - SP_HEADER_COUNT] = text(traceparent),
    };
    return sp_request_marks_read(&(sp_request){.rare = rare});
}

static void what_is_kept(void **state)
{
    char own[SP_REQUEST_ID_SIZE_MAX];
    sp_exchange ex = {.id = 0xab};
    (void)state;
    assert_null(sp_request_marks_read(&(sp_request){0}));
    assert_null(marks_of(NULL, NULL));
    assert_null(marks_of("not one", "neither"));
    assert_true(sp_text_equal(sp_request_id_of(&ex, own), SP_TEXT("00000000000000ab")));
    assert_null(sp_request_trace_of(&ex));

    ex.marks = marks_of(ID64, "nonsense");
    assert_true(sp_text_equal(sp_request_id_of(&ex, own), SP_TEXT(ID64)));
    assert_null(sp_request_trace_of(&ex));
    free(ex.marks);

    ex.marks = marks_of("not one", "00-" TRACE "-" PARENT "-01");
    assert_true(sp_text_equal(sp_request_id_of(&ex, own), SP_TEXT("00000000000000ab")));
    assert_memory_equal(sp_request_trace_of(&ex)->trace_id, TRACE, 32);
    free(ex.marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(traces),
        cmocka_unit_test(what_is_kept),
    };
    return cmocka_run_group_tests_name("request id", tests, NULL, NULL);
}
