/* SPDX-License-Identifier: MIT
 *
 * Fields out of bodies, and events out of streams, cut at every byte.
 */
#include "bench/load_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/load_events.h"

static void fields_are_found_by_name(void **state)
{
    (void)state;
    sp_text body = SP_TEXT("{\"a\":\"x \\\"seq\\\":9\",\"holdId\":\"41\",\"seq\":7,\"big\":"
                           "1234567890123456789,\"ok\":true,\"not\":false}");
    assert_int_equal(sp_bench_load_body_number(body, "holdId"), 41);
    assert_int_equal(sp_bench_load_body_number(body, "seq"), 7); /* not the one in a string */
    assert_int_equal(sp_bench_load_body_number(body, "none"), 0);
    assert_int_equal(sp_bench_load_body_number(body, "big"), 123456789012345678);
    assert_true(sp_text_equal(sp_bench_load_body_text(body, "holdId"), SP_TEXT("41")));
    assert_null(sp_bench_load_body_text(body, "seq").bytes); /* no text */
    assert_true(sp_bench_load_body_is_true(body, "ok"));
    assert_false(sp_bench_load_body_is_true(body, "not"));
    assert_false(sp_bench_load_body_is_true(body, "none"));
    sp_text cut = SP_TEXT("{\"holdId\":\"4");
    assert_null(sp_bench_load_body_text(cut, "holdId").bytes);
    assert_int_equal(sp_bench_load_body_number((sp_text){NULL, 0}, "seq"), 0);
}

static char told[1024];

static void tell(void *context, const sp_bench_load_event *event)
{
    size_t size = strlen(told);
    (void)context;
    snprintf(told + size, sizeof told - size, "[%s %llu %.*s]", event->name,
             (unsigned long long)event->id, (int)event->data.size, event->data.bytes);
}

static void events_are_read_however_they_are_cut(void **state)
{
    static const char text[] = "retry: 1500\n\n"
                               "event: map\nid: 12\ndata: {\"seq\":12,\"status\":\"....\"}\n\n"
                               ": a comment\n\n"
                               "event: seats\nid: 15\ndata: {\"seq\":15,\"taken\":[1]}\n\n"
                               "event: orderEnd\nid: end\ndata: x\n\nevent: cut\nid: 99\ndata: y\n";
    static const char expected[] = "[map 12 {\"seq\":12,\"status\":][seats 15 "
                                   "{\"seq\":15,\"taken\":[][orderEnd 0 x]";
    (void)state;
    for (size_t pieces = 1; pieces < sizeof text; pieces++) {
        char line[25];
        sp_bench_load_events events = {.line = line, .line_capacity = sizeof line};
        told[0] = '\0';
        for (size_t at = 0; at < sizeof text - 1; at += pieces) {
            size_t left = sizeof text - 1 - at;
            sp_bench_load_events_read(&events, text + at, pieces < left ? pieces : left, tell,
                                      NULL);
        }
        assert_string_equal(told, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_name),
        cmocka_unit_test(events_are_read_however_they_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
