/* SPDX-License-Identifier: MIT
 *
 * /metrics and /v1/admin/stats through the application: who may, by which
 * listener, in which state of the server; and that what was asked is counted.
 */
#include "tests/net/app_stage.h"
#include "tests/net/exposition.h"

static sp_figures_sources sources;

static int set_up_ops(void **state)
{
    int code = set_up(state);
    if (code != 0)
        return code;
    sources = (sp_figures_sources){.version = "test",
                                   .metrics = loop.metrics,
                                   .queue = loop.queue,
                                   .queue_capacity = 16,
                                   .views = loop.views};
    app->config.figures = &sources;
    sign_up("admin@example.org", "1");
    make_admin();
    log_in("admin@example.org", admin_token);
    sign_up("user@example.org", "2");
    log_in("user@example.org", user_token);
    return 0;
}

static fake_answer ask_ops(sp_method method, const char *path)
{
    fake_exchange fake;
    given request = {.method = method, .target = path};
    begin_by(&fake, request, true);
    return fake_take_answer(&fake);
}

static void expect_page(fake_answer answer)
{
    static exposition page;
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "\r\nContent-Type: text/plain; version=0.0.4; "
                                        "charset=utf-8\r\n"));
    char length[64];
    snprintf(length, sizeof length, "\r\nContent-Length: %zu\r\n", answer.body_size);
    assert_non_null(strstr(answer.head, length));
    assert_non_null(strstr(answer.head, "Cache-Control: no-store"));
    exposition_read(&page, answer.body);
    assert_true(exposition_has(&page, "stagepick_build_info{version=\"test\"}"));
    free(answer.head);
}

static void metrics_are_an_admins(void **state)
{
    (void)state;
    expect_page(ASK(SP_METHOD_GET, "/metrics", .token = admin_token));
    expect_page(ASK(SP_METHOD_GET, "/metrics", .token = admin_token, .accept = "text/plain"));
    expect_page(ASK(SP_METHOD_GET, "/metrics", .token = admin_token,
                    .accept = "application/openmetrics-text"));
    expect_code(ASK(SP_METHOD_GET, "/metrics"), 401, "token_missing");
    expect_code(ASK(SP_METHOD_GET, "/metrics", .token = "Bearer x"), 401, "token_invalid");
    expect_code(ASK(SP_METHOD_GET, "/metrics", .token = user_token), 403, "role_required");
    expect_code(ASK(SP_METHOD_GET, "/v1/admin/stats"), 401, "token_missing");
    expect_code(ASK(SP_METHOD_GET, "/v1/admin/stats", .token = user_token), 403, "role_required");
    expect_code(ASK(SP_METHOD_POST, "/metrics", .token = admin_token), 405, "method_not_allowed");
    expect_code(ASK(SP_METHOD_GET, "/metrics?a=1", .token = admin_token), 422, "validation_failed");
    fake_answer head = ASK(SP_METHOD_HEAD, "/metrics", .token = admin_token);
    assert_int_equal(head.status, 200);
    assert_int_equal(head.body_size, 0);
    free(head.head);
}

/* Nothing there needs a token, and there is nothing but these. */
static void the_operators_listener(void **state)
{
    (void)state;
    expect_page(ask_ops(SP_METHOD_GET, "/metrics"));
    expect(ask_ops(SP_METHOD_GET, "/livez"), 200, "live");
    expect(ask_ops(SP_METHOD_GET, "/readyz"), 200, "ready");
    for (uint32_t i = 0; i < sp_routes_count; i++)
        if (strncmp(sp_routes[i].pattern, "/v1", 3) == 0)
            expect_code(ask_ops(sp_routes[i].method, sp_routes[i].pattern), 404, "route_unknown");
    expect_code(ask_ops(SP_METHOD_GET, "/"), 404, "route_unknown");
    expect_code(ask_ops(SP_METHOD_OPTIONS, "*"), 404, "route_unknown");
    expect_code(ask_ops(SP_METHOD_POST, "/metrics"), 405, "method_not_allowed");
}

static void while_it_starts_or_has_failed(void **state)
{
    (void)state;
    atomic_store(&serving, false);
    expect_page(ask_ops(SP_METHOD_GET, "/metrics"));
    expect(ask_ops(SP_METHOD_GET, "/metrics"), 200, "stagepick_serving 0\n");
    expect(ask_ops(SP_METHOD_GET, "/livez"), 200, "live");
    expect_code(ask_ops(SP_METHOD_GET, "/readyz"), 503, "starting");
    expect_code(ASK(SP_METHOD_GET, "/metrics", .token = admin_token), 503, "starting");
    atomic_store(&serving, true);
    atomic_store(&failed, true);
    expect(ask_ops(SP_METHOD_GET, "/metrics"), 200, "stagepick_serving 0\n");
    expect_code(ASK(SP_METHOD_GET, "/metrics", .token = admin_token), 503, "stopping");
    atomic_store(&failed, false);
    expect(ask_ops(SP_METHOD_GET, "/metrics"), 200, "stagepick_serving 1\n");
}

static void stats_are_json(void **state)
{
    (void)state;
    expect_code(ASK(SP_METHOD_GET, "/v1/orders/9", .token = user_token), 404, "order_unknown");
    fake_answer answer = ASK(SP_METHOD_GET, "/v1/admin/stats", .token = admin_token);
    assert_int_equal(answer.status, 200);
    assert_non_null(strstr(answer.head, "\r\nContent-Type: application/json\r\n"));
    const char *detail;
    sp_json_reader *reader = sp_json_reader_create();
    assert_non_null(
        sp_json_read(reader, (sp_text){answer.body, (uint32_t)answer.body_size}, &detail));
    sp_json_reader_destroy(reader);
    assert_non_null(strstr(answer.body, "\"order_unknown\":1"));
    assert_non_null(strstr(answer.body, "\"queue\":{\"depth\":0,"));
    assert_non_null(strstr(answer.body, "\"users\":null"));
    assert_non_null(strstr(answer.body, "\"now\":\"2026-01-01T00:00:00.000Z\""));
    free(answer.head);
    expect_code(ASK(SP_METHOD_GET, "/v1/admin/stats", .token = admin_token, .accept = "text/html"),
                406, "not_acceptable");
}

/* A client that leaves while the pool is at work. */
static void a_client_that_leaves(void **state)
{
    fake_exchange fake;
    (void)state;
    begin_by(&fake, (given){.method = SP_METHOD_GET, .target = "/metrics"}, true);
    fake.ex.gone = true;
    fake_finish_work(&fake);
    assert_true(fake.abandoned && !fake.ready);
    fake_end(&fake);
    assert_int_equal(sp_counter_get(&sp_loop_metrics(&loop)->left), 1);
}

static uint64_t counted(uint32_t row, int status)
{
    return sp_counter_get(&sp_loop_metrics(&loop)->routes[row].statuses[sp_status_of(status)]);
}

static void answers_are_counted(void **state)
{
    uint32_t row = 0;
    const sp_metrics_loop *metrics = sp_loop_metrics(&loop);
    (void)state;
    while (strcmp(sp_routes[row].pattern, "/v1/concerts/{id}") != 0)
        row++;
    uint64_t before = counted(row, 404), unknown = counted(sp_routes_count, 404);
    uint64_t codes = sp_counter_get(&metrics->rejections[SP_CONCERT_UNKNOWN]);
    expect_code(ASK(SP_METHOD_GET, "/v1/concerts/7"), 404, "concert_unknown");
    expect(ASK(SP_METHOD_HEAD, "/v1/concerts/7"), 404, NULL);
    expect_code(ASK(SP_METHOD_GET, "/v1/concert/7"), 404, "route_unknown");
    assert_int_equal(counted(row, 404), before + 2);
    assert_int_equal(counted(sp_routes_count, 404), unknown + 1);
    assert_int_equal(sp_counter_get(&metrics->rejections[SP_CONCERT_UNKNOWN]), codes + 2);
    /* What the transport refuses has no route either. */
    sp_out out = {0};
    sp_app_ops_http.refuse(&loop, &(sp_refused){.outcome = SP_URI_TOO_LONG}, &out);
    sp_out_close(&out);
    assert_int_equal(counted(sp_routes_count, 414), 1);
    assert_int_equal(sp_counter_get(&metrics->rejections[SP_URI_TOO_LONG]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_are_an_admins),         cmocka_unit_test(the_operators_listener),
        cmocka_unit_test(while_it_starts_or_has_failed), cmocka_unit_test(stats_are_json),
        cmocka_unit_test(a_client_that_leaves),          cmocka_unit_test(answers_are_counted),
    };
    return cmocka_run_group_tests(tests, set_up_ops, tear_down);
}
