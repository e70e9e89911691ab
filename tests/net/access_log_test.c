/* SPDX-License-Identifier: MIT
 *
 * A line of the access log, field by field.
 */
#include "net/access_log.h"

#include "tests/net/log_text.h"

static sp_client_address address_of(const char *bytes)
{
    sp_client_address address;
    memcpy(address.bytes, bytes, sizeof address.bytes);
    return address;
}

static void test_access_lines(void **state)
{
    sp_client_address v4 = address_of("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x63");
    sp_client_address v6 = address_of("\x20\x01\x0d\xb8\0\1\0\2\xaa\xbb\xcc\xdd\0\0\0\7");
    const sp_access_entry entries[] = {
        {.request_id = SP_TEXT("abc-1"),
         .trace_id = SP_TEXT("4bf92f3577b34da6a3ce929d0e0e4736"),
         .method = SP_METHOD_POST,
         .route = "/v1/orders/{id}/cancel",
         .status = 201,
         .bytes = 532,
         .duration_us = 812,
         .user = 17,
         .client = &v4},
        {.request_id = SP_TEXT("2"), .status = 400, .duration_us = -1, .client = &v6},
        {.request_id = SP_TEXT("3"), .duration_us = 0, .method = SP_METHOD_HEAD},
    };
    (void)state;
    sp_logger *logger;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(sp_logger_start(&(sp_logger_config){.level = SP_LEVEL_ERROR,
                                                         .log_fd = fds[1],
                                                         .access_to_log_fd = true,
                                                         .stop_timeout_ms = 60000},
                                     &logger),
                     0);
    assert_true(sp_logger_has_access(logger));
    sp_access_log *log = sp_access_log_create(logger);
    for (int i = 0; i < 3; i++)
        sp_access_log_put(log, &entries[i]);
    sp_logger_stop(logger);
    close(fds[1]);
    read_until_end(fds[0]);
    sp_access_log_destroy(log);
    assert_int_equal(count_lines("\"event\":\"request\""), 3);
    assert_non_null(strstr(
        text, "\"request_id\":\"abc-1\",\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\","
              "\"method\":\"POST\",\"route\":\"/v1/orders/{id}/cancel\",\"status\":201,"
              "\"bytes\":532,\"duration_us\":812,\"user\":17,\"client\":\"192.0.2.0/24\"}\n"));
    assert_non_null(strstr(text, "\"request_id\":\"2\",\"trace_id\":null,\"method\":null,"
                                 "\"route\":null,\"status\":400,\"bytes\":0,\"duration_us\":null,"
                                 "\"user\":null,\"client\":\"2001:db8:1:2::/64\"}\n"));
    assert_non_null(strstr(text, "\"method\":\"HEAD\",\"route\":null,\"status\":null,\"bytes\":0,"
                                 "\"duration_us\":0,\"user\":null,\"client\":null}\n"));
    assert_int_equal(sp_access_status("HTTP/1.1 429 Too", 16), 429);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_access_lines),
    };
    return cmocka_run_group_tests_name("access log", tests, NULL, NULL);
}
