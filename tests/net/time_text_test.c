/* SPDX-License-Identifier: MIT */
#include "net/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "engine/limits.h"

static sp_text text_of(const char *string)
{
    return (sp_text){string, (uint32_t)strlen(string)};
}

static void check_print(sp_time_ms time, const char *wanted)
{
    char text[SP_TIME_TEXT_SIZE + 1] = {0};
    sp_time_print(time, text);
    assert_string_equal(text, wanted);
}

static void prints_rfc3339(void **state)
{
    (void)state;
    check_print(0, "1970-01-01T00:00:00.000Z");
    check_print(1, "1970-01-01T00:00:00.001Z");
    check_print(INT64_C(951782400000), "2000-02-29T00:00:00.000Z");
    check_print(INT64_C(1767323045678), "2026-01-02T03:04:05.678Z");
    check_print(SP_TIME_MAX, "9999-12-31T23:59:59.999Z");
}

/* libc knows the calendar: every 13 hours or so over 400 years, both ways. */
static void agrees_with_libc(void **state)
{
    (void)state;
    for (int64_t second = 1; second < INT64_C(400) * 366 * 86400; second += 47293) {
        char wanted[64], text[SP_TIME_TEXT_SIZE + 1] = {0}, date[SP_HTTP_DATE_SIZE + 1] = {0};
        struct tm parts;
        time_t seconds = (time_t)second;
        sp_time_ms back;
        assert_non_null(gmtime_r(&seconds, &parts));
        strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
        sp_time_print(second * 1000, text);
        assert_string_equal(text, wanted);
        strftime(wanted, sizeof wanted, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        sp_http_date_print(second * 1000, date);
        assert_string_equal(date, wanted);
        assert_true(sp_time_parse((sp_text){text, SP_TIME_TEXT_SIZE}, &back));
        assert_int_equal(back, second * 1000);
    }
}

static void parses_offsets_and_fractions(void **state)
{
    static const struct {
        const char *text;
        sp_time_ms time;
    } cases[] = {
        {"1970-01-01T00:00:01Z", 1000},
        {"2026-01-02T03:04:05Z", INT64_C(1767323045000)},
        {"2026-01-02t03:04:05z", INT64_C(1767323045000)},
        {"2026-01-02T05:34:05+02:30", INT64_C(1767323045000)},
        {"2026-01-01T22:04:05-05:00", INT64_C(1767323045000)},
        {"2026-01-02T03:04:05-00:00", INT64_C(1767323045000)},
        {"2026-01-02T03:04:05.6Z", INT64_C(1767323045600)},
        {"2026-01-02T03:04:05.67Z", INT64_C(1767323045670)},
        {"2026-01-02T03:04:05.6789999999999999999999Z", INT64_C(1767323045678)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2017-01-01T08:59:60+09:00", INT64_C(1483228800000)},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
        {"9999-12-31T23:59:59.999Z", SP_TIME_MAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_time_ms time = 0;
        if (!sp_time_parse(text_of(cases[i].text), &time))
            fail_msg("refused %s", cases[i].text);
        assert_int_equal(time, cases[i].time);
    }
}

static void refuses_anything_else(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-01-02",
        "2026-01-02T03:04:05",
        "2026-01-02 03:04:05Z",
        "2026-1-2T03:04:05Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-02T24:00:00Z",
        "2026-01-02T23:60:00Z",
        "2026-01-02T23:59:61Z",
        "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05.Z",
        "2026-01-02T03:04:05,5Z",
        "2026-01-02T03:04:05+2:00",
        "2026-01-02T03:04:05+0200",
        "2026-01-02T03:04:05+24:00",
        "2026-01-02T03:04:05+01:60",
        "2026-01-02T03:04:05ZZ",
        " 2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05Z ",
        "+026-01-02T03:04:05Z",
        "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "12026-01-02T03:04:05Z",
        "-026-01-02T03:04:05Z",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_time_ms time = 0;
        if (sp_time_parse(text_of(cases[i]), &time))
            fail_msg("took %s as %lld", cases[i], (long long)time);
    }
    sp_time_ms time;
    assert_false(sp_time_parse((sp_text){NULL, 0}, &time));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_rfc3339),
        cmocka_unit_test(agrees_with_libc),
        cmocka_unit_test(parses_offsets_and_fractions),
        cmocka_unit_test(refuses_anything_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
