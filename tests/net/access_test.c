/* SPDX-License-Identifier: MIT
 *
 * What the application tells the logs about its exchanges. That nothing else
 * gets there is shown end to end (tests/e2e/logging.test.mjs).
 */
#include "tests/net/app_stage.h"

#include "net/access.h"
#include "tests/net/log_text.h"

static sp_logger *logger;
static int pipe_fds[2];

static void start_logging(void)
{
    sp_logger_config config = {.level = SP_LEVEL_ERROR, .access_to_log_fd = true};
    assert_int_equal(pipe(pipe_fds), 0);
    config.log_fd = pipe_fds[1];
    config.stop_timeout_ms = 60000;
    assert_int_equal(sp_logger_start(&config, &logger), 0);
    app->config.logger = logger;
    ((sp_app_loop *)loop.app)->access = sp_access_log_create(logger);
}

static void stop_and_read(void)
{
    sp_app_loop *app_loop = loop.app;
    app->config.logger = NULL;
    sp_access_log_destroy(app_loop->access);
    app_loop->access = NULL;
    sp_logger_stop(logger);
    close(pipe_fds[1]);
    read_until_end(pipe_fds[0]);
}

/* A request that failed for our own reasons is an error of the log too, under
 * the id that the client was told. */
static void internal_errors_are_logged(void **state)
{
    (void)state;
    sign_up("a@b.de", "1");
    log_in("a@b.de", user_token);
    make_admin();
    log_in("a@b.de", admin_token);
    start_logging();
    profiles.fails = true;
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 500, "internal");
    profiles.fails = false;
    expect(ASK(SP_METHOD_GET, "/v1/concerts/7/seats", .accept = "text/html"), 406, NULL);
    expect(ASK(SP_METHOD_POST, "/v1/concerts", .body = concert_body, .token = admin_token), 404,
           "category_unknown");
    stop_and_read();
    assert_int_equal(count_lines("\"level\":\"error\",\"event\":\"request_failed\""), 1);
    const char *failed_id = strstr(text, "\"request_failed\",\"request_id\":\"");
    assert_non_null(failed_id);
    char same[64];
    snprintf(same, sizeof same, "\"event\":\"request\",\"request_id\":\"%.16s\"", failed_id + 31);
    assert_int_equal(count_lines(same), 1);
    assert_int_equal(count_lines("\"event\":\"request\""), 3);
    assert_int_equal(count_lines("\"route\":\"/v1/users/me\",\"status\":500"), 1);
    assert_int_equal(count_lines("\"route\":\"/v1/concerts/{id}/seats\",\"status\":406"), 1);
    assert_int_equal(count_lines("\"route\":\"/v1/concerts\",\"status\":404"), 1);
    assert_int_equal(count_lines("\"user\":1"), 2);
}

/* Without an access log nothing is written, and nothing breaks. */
static void errors_without_a_logger(void **state)
{
    (void)state;
    profiles.fails = true;
    expect_code(ASK(SP_METHOD_GET, "/v1/users/me", .token = user_token), 500, "internal");
    profiles.fails = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(internal_errors_are_logged),
        cmocka_unit_test(errors_without_a_logger),
    };
    return cmocka_run_group_tests_name("access", tests, set_up, tear_down);
}
